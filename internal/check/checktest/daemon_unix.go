//go:build unix

package checktest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
)

// Daemon runs a server until the test ends and waits until port accepts
// connections. It skips the test when there is no such program.
func Daemon(t *testing.T, port uint16, name string, args ...string) {
	t.Helper()
	run(t, nil, name, args...)
	wait(t, name, port)
}

// DaemonAs is Daemon for servers that do not run as root: they run as user id
// where the test has the right to become it.
func DaemonAs(t *testing.T, id uint32, port uint16, name string, args ...string) {
	t.Helper()
	var as *syscall.Credential
	if os.Getuid() == 0 {
		as = &syscall.Credential{Uid: id, Gid: id}
	}
	run(t, as, name, args...)
	wait(t, name, port)
}

// Path finds a program, also where only root looks and where PostgreSQL keeps
// its own, or ends the test as package needs does.
func Path(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"/usr/lib/postgresql/15/bin/", "/usr/lib/postgresql/16/bin/", "/usr/lib/postgresql/17/bin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	return needs.Binary(t, name, "that has "+name)
}

// run starts a program in the foreground and ends it, by its process id, when
// the test ends.
func run(t *testing.T, as *syscall.Credential, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), Path(t, name), args...)
	cmd.Dir = t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if as != nil {
		cmd.Dir = "/" // the test's own folder is the test's user's alone
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		done := make(chan struct{})
		go func() { defer close(done); _ = cmd.Wait() }()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-done
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // children that outlived their parent
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("%s said:\n%s", name, said)
		}
		_ = log.Close()
	})
}

func wait(t *testing.T, name string, port uint16) {
	t.Helper()
	to := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		d := net.Dialer{Timeout: time.Second}
		if c, err := d.DialContext(t.Context(), "tcp", to); err == nil {
			_ = c.Close()
			return
		}
	}
	t.Fatalf("%s does not listen on %s", name, to)
}
