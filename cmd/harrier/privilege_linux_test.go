package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier/internal/needs"
	built "github.com/harrier-scan/harrier/test/console"
)

// TestServeGivesPrivilegesUp starts a console as the superuser and looks at it
// from outside, as ps would, then ends it by a signal.
func TestServeGivesPrivilegesUp(t *testing.T) {
	needs.Root(t)
	ns := fmt.Sprintf("hrw%dc", os.Getpid())
	ip(t, "netns", "add", ns)
	defer ip(t, "netns", "del", ns)
	ip(t, "-n", ns, "link", "set", "lo", "up")
	path := built.Build(t)
	dir := filepath.Dir(path)
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", ns, path, "serve", "--data", "data", "--listen", "127.0.0.1:3780")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "answers on"); {
		continue // it is ready then
	}
	proc := "/proc/" + strconv.Itoa(cmd.Process.Pid)
	for _, want := range []struct{ file, line string }{
		{"status", "Name:\tharrier"},
		{"status", fmt.Sprintf("CapPrm:\t%016x", 1<<unix.CAP_NET_BIND_SERVICE|1<<unix.CAP_DAC_OVERRIDE|1<<unix.CAP_FOWNER)},
		{"status", fmt.Sprintf("CapEff:\t%016x", 1<<unix.CAP_NET_BIND_SERVICE|1<<unix.CAP_DAC_OVERRIDE|1<<unix.CAP_FOWNER)},
		{"status", "NoNewPrivs:\t1"},
		{"cmdline", "harrier\x00serve\x00--data\x00data\x00--listen\x00127.0.0.1:3780\x00"},
	} {
		data, err := os.ReadFile(filepath.Join(proc, want.file))
		if err != nil || !strings.Contains(string(data), want.line) {
			t.Errorf("%s = %q, %v; want %q in it", want.file, data, err, want.line)
		}
	}
	if n := packetSockets(t, proc); n != 2*rawSessions {
		t.Errorf("the console has %d packet sockets; want %d", n, 2*rawSessions)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v; want a good end", err)
	}
}

// packetSockets counts the packet sockets that a process has open.
func packetSockets(t *testing.T, proc string) int {
	t.Helper()
	// sk RefCnt Type Proto Iface R Rmem User Inode
	table, err := os.ReadFile(proc + "/net/packet")
	files, err2 := filepath.Glob(proc + "/fd/*")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{}
	for _, f := range files {
		to, err := os.Readlink(f)
		if err == nil {
			open[to] = true
		}
	}
	n := 0
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) == 9 && open["socket:["+fields[8]+"]"] {
			n++
		}
	}
	return n
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(context.Background(), needs.Binary(t, "ip", "iproute2"), args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v\n%s", args, err, out)
	}
}

func TestOnlyScannersMakeSockets(t *testing.T) {
	for _, args := range [][]string{nil, {"version"}, {"user", "list"}, {"config"}, {"--help"}} {
		if err := early(args); err != nil { // would not return if it did something
			t.Errorf("early(%q) = %v", args, err)
		}
	}
}
