package route

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier/internal/needs"
)

var namespaces atomic.Int64

// namespace is a network namespace that lasts as long as the test.
type namespace struct {
	t    testing.TB
	name string
}

// newNamespace makes one and runs commands of ip in it, one a line.
func newNamespace(t testing.TB, commands string) *namespace {
	needs.Binary(t, "ip", "iproute2")
	needs.Root(t)
	n := &namespace{t, fmt.Sprintf("hrr%d-%d", os.Getpid(), namespaces.Add(1))}
	n.run("", "netns", "add", n.name)
	t.Cleanup(func() { n.run("", "netns", "del", n.name) })
	n.batch("link set lo up\n" + commands)
	return n
}

func (n *namespace) run(stdin string, args ...string) string {
	n.t.Helper()
	cmd := exec.Command("ip", args...)
	cmd.Stdin = strings.NewReader(stdin)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		n.t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// batch runs commands of ip, one a line, and those that start with -6 last.
func (n *namespace) batch(commands string) {
	n.t.Helper()
	var v6, others strings.Builder
	for line := range strings.Lines(commands) {
		if rest, ok := strings.CutPrefix(line, "-6 "); ok {
			v6.WriteString(rest)
		} else {
			others.WriteString(line)
		}
	}
	n.run(others.String(), "-n", n.name, "-batch", "-")
	if v6.Len() > 0 {
		n.run(v6.String(), "-n", n.name, "-6", "-batch", "-")
	}
}

func (n *namespace) open() *Table {
	n.t.Helper()
	type opened struct {
		table *Table
		err   error
	}
	got := make(chan opened)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		var o opened
		defer func() { got <- o }()
		f, err := os.Open("/run/netns/" + n.name)
		if o.err = err; err != nil {
			return
		}
		defer f.Close()
		if o.err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); o.err == nil {
			o.table, o.err = Open()
		}
	}()
	o := <-got
	if o.err != nil {
		n.t.Fatalf("Open: %v", o.err)
	}
	n.t.Cleanup(o.table.Close)
	return o.table
}

// system is what ip route get tells.
type system struct {
	Type, Dst, Gateway, Dev, Prefsrc, From string
	Via                                    struct{ Host string }
	Metrics                                []struct{ MTU int }
}

// get asks ip, for each of the lines as "192.0.2.1" or "192.0.2.1 from
// 198.51.100.1"; who has no route is missing.
func (n *namespace) get(lines ...string) map[string]system {
	n.t.Helper()
	cmd := exec.Command("ip", "-n", n.name, "-d", "-j", "-force", "-batch", "-")
	cmd.Stdin = strings.NewReader("route get " + strings.Join(lines, "\nroute get ") + "\n")
	out, _ := cmd.Output() // fails if one has no route
	found := map[string]system{}
	d := json.NewDecoder(strings.NewReader(string(out)))
	for d.More() {
		var list []system
		if err := d.Decode(&list); err != nil {
			n.t.Fatalf("ip route get: %v in %s", err, out)
		}
		for _, s := range list {
			found[s.Dst] = s
		}
	}
	return found
}

// agree compares a path with what ip told.
func agree(t testing.TB, to netip.Addr, p Path, err error, s system, ok bool) {
	t.Helper()
	switch {
	case err != nil && (!ok || s.Type == "broadcast" || s.Type == "multicast"):
		return
	case err != nil || !ok:
		t.Errorf("Path(%v) = %+v, %v; but ip says %+v, %v", to, p, err, s, ok)
		return
	}
	gateway := s.Gateway + s.Via.Host
	next := gateway
	if next == "" && p.OnLink {
		next = to.WithZone("").String()
	}
	mine := ""
	if p.Next.IsValid() {
		mine = p.Next.String()
	} else if gateway != "" { // a link without resolution hides it
		next = ""
	}
	if p.Local != (s.Type == "local") || p.Name != s.Dev || mine != next || s.Prefsrc != "" && p.From.String() != s.Prefsrc {
		t.Errorf("Path(%v) = %+v; but ip says %+v", to, p, s)
	}
	if !p.Prefix.Contains(to.WithZone("")) {
		t.Errorf("Path(%v).Prefix = %v", to, p.Prefix)
	}
}
