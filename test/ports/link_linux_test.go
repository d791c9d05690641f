package ports

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/test/netbed"
)

// TestLink is about the scanner's own link: neighbours are found by ARP and
// neighbour discovery even if they drop all else, and asked for ports then.
func TestLink(t *testing.T) {
	w := use(t, netbed.Rules("mute", `
chain in { type filter hook input priority 0;
 ip daddr 10.78.0.201 drop
 ip6 daddr fd78::201 meta l4proto != icmpv6 drop
 ip6 daddr fd78::201 icmpv6 type != nd-neighbor-solicit drop
 ip6 daddr fe80::201 meta l4proto != icmpv6 drop
 ip6 daddr fe80::201 icmpv6 type != nd-neighbor-solicit drop
}`))
	for _, addr := range []string{"10.78.0.201/24", "10.78.0.202/24", "fd78::201/64", "fd78::202/64", "fe80::201/64", "fe80::202/64"} {
		w.address(t, addr)
	}
	if out, err := w.Command(t.Context(), "ip", "addr", "replace", "fe80::1/64", "dev", netbed.ScannerInterface, "nodad").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	end := w.watch(t)
	got := w.hosts(t, "-p", "22,81", "10.78.0.200-10.78.0.203", "fd78::200-fd78::203", "fe80::201%scan0", "fe80::202%scan0", "fe80::203%scan0")
	seen := end()
	for _, want := range []struct {
		addr, reason string
		ports        []uint16
	}{
		{"10.78.0.200", "", nil},
		{"10.78.0.201", "arp", nil},
		{"10.78.0.202", "arp", []uint16{22}},
		{"10.78.0.203", "", nil},
		{"fd78::200", "", nil},
		{"fd78::201", "ndp", nil},
		{"fd78::202", "ndp", []uint16{22}},
		{"fe80::201%scan0", "ndp", nil},
		{"fe80::202%scan0", "ndp", []uint16{22}},
		{"fe80::203%scan0", "", nil},
	} {
		a := netip.MustParseAddr(want.addr)
		h, asked := got[a], 0
		for _, s := range seen {
			if s.To == a.WithZone("") && s.Flags&tcpSYN != 0 {
				asked++
			}
		}
		if alive := want.reason != ""; h.Alive != alive || alive && (h.Reason != want.reason || asked == 0) || !alive && asked > 0 {
			t.Errorf("%v: alive %v by %q, %d questions; want %q", a, h.Alive, h.Reason, asked, want.reason)
		}
		if ports := portsOf(h); !slices.Equal(ports, want.ports) {
			t.Errorf("%v: ports %v are open; want %v", a, ports, want.ports)
		}
	}
}

// address gives the target one more address on the link.
func (w *world) address(t *testing.T, addr string) {
	t.Helper()
	args := []string{"addr", "replace", addr, "dev", "target0"}
	if strings.Contains(addr, "::") {
		args = append(args, "nodad")
	}
	if out, err := w.TargetCommand(t.Context(), "ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func portsOf(h seenHost) []uint16 {
	var ports []uint16
	for _, s := range h.Services {
		ports = append(ports, s.Port)
	}
	slices.Sort(ports)
	return ports
}

// TestOwn scans the scanner itself, by its loopback and its own address.
func TestOwn(t *testing.T) {
	w := use(t, netbed.Clean())
	var in net.Listener
	err := w.InScanner(func() (err error) {
		var lc net.ListenConfig
		in, err = lc.Listen(t.Context(), "tcp", ":8099")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	end := w.watch(t)
	got := w.hosts(t, "-p", "8098-8100", "127.0.0.1", "::1", "10.78.0.1", "fd78::1")
	for _, a := range []string{"127.0.0.1", "::1", "10.78.0.1", "fd78::1"} {
		if h := got[netip.MustParseAddr(a)]; !h.Alive || !slices.Equal(portsOf(h), []uint16{8099}) {
			t.Errorf("%s: %+v; want port 8099 open", a, h)
		}
	}
	for _, s := range end() {
		if s.To == netbed.ScannerAddr || s.To == netbed.ScannerAddr6 || s.To.IsLoopback() {
			t.Errorf("a frame for %v left the scanner", s.To)
		}
	}
}

// TestNoWay demands that targets without a way are dead at once.
func TestNoWay(t *testing.T) {
	w := use(t, netbed.Clean())
	for _, route := range []string{"blackhole 10.79.0.0/24", "unreachable 10.79.1.0/24", "prohibit 10.79.2.0/24", "-6 blackhole fd79::/64", "-6 unreachable fd80::/64"} {
		args := strings.Fields(route)
		if args[0] == "-6" {
			args = append([]string{"-6", "route", "add"}, args[1:]...)
		} else {
			args = append([]string{"route", "add"}, args...)
		}
		if out, err := w.Command(t.Context(), "ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	nets := []string{"10.79.0.0/29", "10.79.1.0/29", "10.79.2.0/29", "10.80.0.0/29", "fd79::/125", "fd80::/125", "fd81::/125"}
	end := w.watch(t)
	began := time.Now()
	t.Run("scans", func(t *testing.T) {
		for _, how := range [][]string{{"--ping", "arp,icmp,tcp"}, {"--connect"}, {"--no-ping"}, {"--no-ping", "--connect"}} {
			t.Run(strings.Join(how, " "), func(t *testing.T) {
				t.Parallel()
				for a, h := range w.hosts(t, append(append([]string{"-p", "22,81"}, how...), nets...)...) {
					if len(h.Services) > 0 || h.Alive && how[0] != "--no-ping" {
						t.Errorf("%v: %+v; want nothing", a, h)
					}
				}
			})
		}
	})
	t.Logf("took %v", time.Since(began).Round(10*time.Millisecond))
	inScope(t, end(), gateways, nil)
}
