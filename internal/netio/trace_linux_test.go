package netio

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
)

// TestTrace finds the way through two routers, one of which tells nothing in
// the second case.
func TestTrace(t *testing.T) {
	needs.Root(t)
	needs.Binary(t, "ip", "iproute2")
	name := func(i int) string { return fmt.Sprintf("hrtr%d-%d", os.Getpid(), i) }
	run := func(format string, args ...any) {
		t.Helper()
		line := fmt.Sprintf(format, args...)
		if out, err := exec.CommandContext(t.Context(), "ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", line, err, out)
		}
	}
	// 0 is the scanner, 1 and 2 are routers, 3 is the target.
	for i := range 4 {
		run("netns add %s", name(i))
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name(i)).Run() })
		run("-n %s link set lo up", name(i))
	}
	for i := range 3 {
		run("-n %s link add right type veth peer name left netns %s", name(i), name(i+1))
		run("-n %s addr add 10.9.%d.1/24 dev right", name(i), i)
		run("-n %s addr add 10.9.%d.2/24 dev left", name(i+1), i)
		run("-n %s addr add fd09:%d::1/64 dev right nodad", name(i), i)
		run("-n %s addr add fd09:%d::2/64 dev left nodad", name(i+1), i)
		run("-n %s link set right up", name(i))
		run("-n %s link set left up", name(i+1))
	}
	for i := range 4 {
		inNamespace(t, name(i), func() {
			for _, file := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
				if err := os.WriteFile("/proc/sys/net/"+file, []byte("1"), 0); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile("/proc/sys/net/ipv6/icmp/ratelimit", []byte("0"), 0); err != nil {
				t.Fatal(err)
			}
		})
	}
	run("-n %s route add default via 10.9.0.2", name(0))
	run("-n %s -6 route add default via fd09:0::2", name(0))
	run("-n %s route add 10.9.2.0/24 via 10.9.1.2", name(1))
	run("-n %s -6 route add fd09:2::/64 via fd09:1::2", name(1))
	run("-n %s route add 10.9.0.0/24 via 10.9.1.1", name(2))
	run("-n %s -6 route add fd09:0::/64 via fd09:1::1", name(2))
	run("-n %s route add default via 10.9.2.1", name(3))
	run("-n %s -6 route add default via fd09:2::1", name(3))
	var listener net.Listener
	inNamespace(t, name(3), func() {
		l, err := net.Listen("tcp", ":8080") //nolint:gosec // of a namespace of its own
		if err != nil {
			t.Fatal(err)
		}
		listener = l
	})
	defer listener.Close()

	n := New(harrier.Guard{}, harrier.Targets{}, Pace{})
	defer n.Close()
	for _, c := range []struct {
		target, want string
		sent         uint32
	}{
		{"10.9.2.2:8080", "10.9.0.1 10.9.0.2 10.9.1.2 10.9.2.2", 8},
		{"10.9.2.2:81", "10.9.0.1 10.9.0.2 10.9.1.2 10.9.2.2", 8}, // a refusal is the target's too
		{"[fd09:2::2]:8080", "fd09::1 fd09::2 fd09:1::2 fd09:2::2", 8},
		{"10.9.0.2:81", "10.9.0.1 10.9.0.2", 2},
	} {
		to := netip.MustParseAddrPort(c.target)
		if err := n.Declare(to.Addr(), 0); err != nil {
			t.Fatal(err)
		}
		inNamespace(t, name(0), func() {
			for range 20 { // IPv6 works up to a second later than the link
				c, err := net.DialTimeout("tcp", to.String(), time.Second)
				if err == nil {
					c.Close()
				}
				if err == nil || Classify(err) == Closed {
					break
				}
			}
			hops, reached, err := n.Trace(t.Context(), to)
			var got []string
			for _, h := range hops {
				got = append(got, h.Addr.String())
			}
			if err != nil || !reached || strings.Join(got, " ") != c.want {
				t.Errorf("Trace(%s) = %v, %v, %v; want %s", to, got, reached, err, c.want)
			}
		})
		if sent := n.Flight(to.Addr()).Counts[Connection]; sent != c.sent {
			t.Errorf("the flight record of %s has %d connections; want %d", to, sent, c.sent)
		}
		n.Release(to.Addr())
	}
	if _, _, err := n.Trace(t.Context(), netip.MustParseAddrPort("10.9.2.2:8080")); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("Trace to what is no target = %v; want Forbidden", err)
	}
}

// inNamespace calls do on a thread in a namespace. Goroutines that do starts
// are not there.
func inNamespace(t *testing.T, name string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		f, err := os.Open("/run/netns/" + name)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
			t.Error(err)
			return
		}
		do()
	}()
	<-done
}
