// Package console builds, starts and ends the real program for tests, and
// talks to it as a script would.
package console

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Build compiles the program, once for each test, and returns its path.
func Build(t testing.TB) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "harrier")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", bin, "github.com/harrier-scan/harrier/cmd/harrier")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// FreeAddr returns a loopback address that nobody listens on at the moment.
func FreeAddr(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Process is a running program.
type Process struct {
	t    testing.TB
	cmd  *exec.Cmd
	out  output
	done chan struct{}
	once sync.Once
}

// Start starts the program with args. Whoever starts it ends it.
func Start(t testing.TB, bin string, args ...string) *Process {
	t.Helper()
	return StartCommand(t, exec.CommandContext(context.Background(), bin, args...))
}

// StartCommand starts cmd, which may run the program elsewhere.
func StartCommand(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{t: t, cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	cmd.Env = append(os.Environ(), "GOTRACEBACK=all")
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // how it ended shows in its output
	}()
	return p
}

// Kill ends the program with SIGKILL and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // gone already is fine
	<-p.done
	p.once.Do(func() {
		text := p.out.String()
		for _, bad := range []string{"panic:", "DATA RACE", "level=ERROR"} {
			if strings.Contains(text, bad) {
				p.t.Errorf("%s wrote %q:\n%s", filepath.Base(p.cmd.Path), bad, text)
			}
		}
	})
}

// Stop asks the program to end and reports whether it did so in time, with
// success.
func (p *Process) Stop(within time.Duration) bool {
	_ = p.cmd.Process.Signal(os.Interrupt) // gone already is fine
	select {
	case <-p.done:
		return p.cmd.ProcessState.Success()
	case <-time.After(within):
		p.Kill()
		return false
	}
}

// Output is what the program has written so far, to either stream.
func (p *Process) Output() string { return p.out.String() }

var password = regexp.MustCompile(`(?m)^\s*Password:\s+(\S+)$`)

// Password waits for the generated password of a new console.
func (p *Process) Password() string {
	p.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if m := password.FindStringSubmatch(p.out.String()); m != nil {
			return m[1]
		}
		select {
		case <-p.done:
			p.t.Fatalf("the console ended:\n%s", p.out.String())
		default:
		}
	}
	p.t.Fatalf("no password was printed:\n%s", p.out.String())
	return ""
}

// output keeps what a program writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps b.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

// String is all that was written.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
