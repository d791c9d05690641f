package raw

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier/internal/needs"
)

// asProgram makes the test binary a program that calls Early and then tells
// what it may still do.
const asProgram = "HRW_PROGRAM"

// account is what the program tells.
type account struct {
	PID        int
	Args       []string
	Dir, Input string
	Mark       string // an environment variable
	Handover   bool   // the sockets are still in the environment
	Name       string
	Caps       map[string]string // set: value, where the threads agree
	Threads    int
	Early      string
	Allowed    bool
	NewSocket  string // how making a packet socket ends
	Sessions   int    // that Open gave, until it refused
	Refused    string
	Answers    int // to SYNs at closed ports of loopback, of each session once
	Child      string
}

func program() int {
	if len(os.Args) < 2 || os.Args[1] != "told" {
		return 3
	}
	a := account{PID: os.Getpid(), Args: os.Args}
	if err := Early(3); err != nil {
		a.Early = err.Error()
	}
	a.Mark = os.Getenv("HRW_MARK")
	_, a.Handover = os.LookupEnv(handover)
	a.Dir, _ = os.Getwd()
	input, _ := io.ReadAll(os.Stdin)
	a.Input = string(input)
	name, _ := os.ReadFile("/proc/self/comm")
	a.Name = strings.TrimSpace(string(name))
	a.Caps, a.Threads = threadCaps()
	a.Allowed = Allowed()
	if fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM, 0); err != nil {
		a.NewSocket = err.Error()
	} else {
		_ = unix.Close(fd)
	}
	for range 2 { // what is given back is used again
		if err := a.sessions(); err != nil {
			a.Refused += err.Error()
		}
	}
	child, err := exec.CommandContext(context.Background(), "/bin/sh", "-c", "grep -E 'Cap|NoNew' /proc/self/status").CombinedOutput()
	a.Child = fmt.Sprint(string(child), err)
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		return 4
	}
	return 7 // to be told from a mishap
}

// sessions opens as many as there are and has each ask something.
func (a *account) sessions() error {
	var open []*Session
	defer func() {
		for _, s := range open {
			_ = s.Close()
		}
	}()
	a.Sessions = 0
	for range 4 {
		s, err := Open(ports)
		if err != nil {
			a.Refused = err.Error() + ";"
			break
		}
		open = append(open, s)
		a.Sessions++
		out := []Out{
			{Data: tcp(lo4, lo4, 61440, 9, syn), Hop: Hop{Index: loopback, Type: IPv4}},
			{Data: tcp(lo6, lo6, 61440, 9, syn), Hop: Hop{Index: loopback, Type: IPv6}},
		}
		if n, err := s.Send(out); n != 2 || err != nil || out[0].Err != nil || out[1].Err != nil {
			return errors.Join(fmt.Errorf("sent %d", n), err, out[0].Err, out[1].Err)
		}
		got := 0
		for until := time.Now().Add(5 * time.Second); got < 2 && time.Now().Before(until); {
			if err := s.Next(time.Second, func(in []In) { got += len(in) }); err != nil {
				return err
			}
		}
		a.Answers += got
	}
	return nil
}

// threadCaps returns the capability sets of all threads; a set in which they
// differ has all values.
func threadCaps() (map[string]string, int) {
	sets := map[string]string{}
	files, _ := filepath.Glob("/proc/self/task/*/status")
	for _, f := range files {
		data, _ := os.ReadFile(f)
		for line := range strings.Lines(string(data)) {
			key, value, _ := strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			if (strings.HasPrefix(key, "Cap") && key != "CapBnd" || key == "NoNewPrivs") && !strings.Contains(sets[key], value) {
				sets[key] += value
			}
		}
	}
	return sets, len(files)
}

const none = "0000000000000000"

// TestEarly runs a program that has the capability in one of the ways there
// are, in a namespace of its own.
func TestEarly(t *testing.T) {
	ns := namespace(t, "")
	setpriv, setcap := needs.Binary(t, "setpriv", "util-linux"), needs.Binary(t, "setcap", "libcap2-bin")
	nobody := []string{setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"}
	few := fmt.Sprintf("%016x", 1<<unix.CAP_NET_BIND_SERVICE|1<<unix.CAP_DAC_OVERRIDE|1<<unix.CAP_FOWNER)
	bind := fmt.Sprintf("%016x", 1<<unix.CAP_NET_BIND_SERVICE)
	for name, c := range map[string]struct {
		file string // capabilities of the file
		by   []string
		caps string // permitted and effective afterwards
		raw  bool
		env  string
	}{
		"file capability":           {"cap_net_raw+ep", nobody, none, true, ""},
		"file capability permitted": {"cap_net_raw+p", nobody, none, true, ""},
		"two file capabilities":     {"cap_net_raw,cap_net_bind_service+ep", nobody, bind, true, ""},
		"ambient capability":        {"", append(slices.Clone(nobody), "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw"), none, true, ""},
		"superuser":                 {"", nil, few, true, ""},
		"superuser without":         {"", []string{setpriv, "--bounding-set=-net_raw"}, "", false, ""},
		"ordinary user":             {"", nobody, none, false, ""},
		"file capability, kept":     {"cap_net_raw+ep", nobody, "0000000000002000", true, "HARRIER_PRIVILEGES=keep"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := readable(t)
			self, err := os.ReadFile("/proc/self/exe")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "hrwprogram")
			if err := os.WriteFile(path, self, 0o755); err != nil {
				t.Fatal(err)
			}
			if c.file != "" {
				command(t, setcap, c.file, path)
			}
			args := append(append([]string{"netns", "exec", ns}, c.by...), path, "told", "a b", "")
			cmd := exec.CommandContext(t.Context(), "ip", args...)
			cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader("what it was told"), os.Stderr
			cmd.Env = append(os.Environ(), asProgram+"=1", "HRW_MARK=x=y z", c.env)
			out, err := cmd.Output()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 7 {
				t.Fatalf("the program ended with %v: %s", err, out)
			}
			var a account
			if err := json.Unmarshal(out, &a); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			if a.PID != cmd.Process.Pid {
				t.Errorf("process %d; want %d", a.PID, cmd.Process.Pid)
			}
			if want := []string{path, "told", "a b", ""}; !slices.Equal(a.Args, want) || a.Dir != dir || a.Input != "what it was told" || a.Mark != "x=y z" || a.Name != "hrwprogram" {
				t.Errorf("the program has %q in %s, reads %q, mark %q, name %q", a.Args, a.Dir, a.Input, a.Mark, a.Name)
			}
			if a.Early != "" || a.Handover {
				t.Errorf("Early = %s, sockets in the environment: %v", a.Early, a.Handover)
			}
			kept, dropped := c.env != "", c.raw && c.env == ""
			if c.caps != "" && (a.Caps["CapEff"] != c.caps || a.Caps["CapPrm"] != c.caps) || a.Threads < 2 {
				t.Errorf("%d threads with %v; want %s", a.Threads, a.Caps, c.caps)
			}
			if dropped && (a.Caps["NoNewPrivs"] != "1" || a.Caps["CapInh"] != none || a.Caps["CapAmb"] != none) {
				t.Errorf("the threads have %v", a.Caps)
			}
			if (a.NewSocket == "") != kept {
				t.Errorf("making a packet socket: %q; want that it fails unless capabilities are kept", a.NewSocket)
			}
			sessions, answers, refused := 0, 0, "raw sockets need CAP_NET_RAW;"
			switch {
			case kept:
				sessions, answers, refused = 4, 16, ""
			case c.raw:
				sessions, answers, refused = 3, 12, ErrBusy.Error()+";"
			}
			if a.Allowed != c.raw || a.Sessions != sessions || a.Answers != answers || a.Refused != refused {
				t.Errorf("Allowed %v, %d sessions, %d answers, then %q; want %v, %d, %d, %q", a.Allowed, a.Sessions, a.Answers, a.Refused, c.raw, sessions, answers, refused)
			}
			child := none // what is neither the superuser's nor ambient ends with the program
			if c.by == nil {
				child = few
			}
			if dropped && (!strings.Contains(a.Child, "CapPrm:\t"+child) || !strings.Contains(a.Child, "CapEff:\t"+child)) {
				t.Errorf("a program that it starts has\n%s; want %s", a.Child, child)
			}
		})
	}
}

// TestEarlyForged hands descriptors over that are none of Early's.
func TestEarlyForged(t *testing.T) {
	for _, list := range []string{"0,1,2,3", "77,78,79", "x", ""} {
		t.Setenv(handover, list)
		err := Early(1)
		if _, ok := os.LookupEnv(handover); ok {
			t.Errorf("%q is still set", list)
		}
		if err == nil && (list != "x" && list != "" || os.Geteuid() == 0) {
			t.Errorf("Early with %q = nil; want an error", list)
		}
		if pool.size != 0 {
			t.Errorf("Early with %q filled the pool", list)
		}
	}
}
