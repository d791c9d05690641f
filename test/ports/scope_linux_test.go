package ports

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/test/netbed"
)

// scopes are the ways to ask. Each gets addresses that nothing has asked yet.
var scopes = []struct {
	name   string
	args   []string
	routed bool // whether addresses behind a router are asked
}{
	{"syn", []string{"--no-ping", "-p", "T:22,81,20001"}, true},
	{"connect", []string{"--no-ping", "--connect", "-p", "T:22,81,20001"}, true},
	{"udp", []string{"--no-ping", "-p", "U:53,161,20001"}, true},
	{"ping", []string{"-p", "T:22"}, true},
	{"ping by connecting", []string{"--connect", "-p", "T:22"}, true},
	{"ping arp", []string{"--ping", "arp", "-p", "T:22"}, false},
	{"ping icmp", []string{"--ping", "icmp", "-p", "T:22"}, true},
	{"ping tcp", []string{"--ping", "tcp", "-p", "T:22"}, true},
	{"ping udp", []string{"--ping", "udp", "-p", "T:22"}, true},
}

// TestScope demands that no frame reaches, or asks for, an address that is
// excluded or not in the target list, and that the others are asked. The scans
// run together: addresses of all are looked at together, since the kernel goes
// on to look for a neighbour when the scan that wanted it is over.
func TestScope(t *testing.T) {
	w := use(t, netbed.Clean())
	end := w.watch(t)
	may, must := slices.Clone(gateways), []netip.Addr(nil)
	t.Run("scans", func(t *testing.T) {
		for k, s := range scopes {
			routed := []string{fmt.Sprintf("10.77.%d.16/29", 100+k), fmt.Sprintf("fd77::%x:10/125", 0x100+k)}
			linked := []string{fmt.Sprintf("10.78.0.%d/30", 16+4*k), fmt.Sprintf("fd78::%x/126", 0x100+4*k)}
			exclude := []string{
				fmt.Sprintf("10.77.%d.20-10.77.%[1]d.22", 100+k), fmt.Sprintf("fd77::%x:14/126", 0x100+k),
				fmt.Sprintf("10.78.0.%d/31", 18+4*k), fmt.Sprintf("fd78::%x/127", 0x102+4*k),
			}
			all := append(slices.Clone(routed), linked...)
			may = append(may, without(all, exclude)...)
			must = append(must, without(linked, exclude)...)
			if s.routed {
				must = append(must, without(routed, exclude)...)
			}
			args := append(append(slices.Clone(s.args), "--exclude", strings.Join(exclude, ",")), all...)
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				w.hosts(t, args...)
			})
		}
	})
	inScope(t, end(), may, must)
}

// TestGuard demands the same of package netio itself: not even what asks for
// it reaches an address of the guard's.
func TestGuard(t *testing.T) {
	w := use(t, netbed.Clean())
	end := w.watch(t)
	w.inside(t, "guard")
	all := without(guarded, guardNever)
	inScope(t, end(), append(slices.Clone(gateways), all...), all)
}

var gateways = []netip.Addr{netip.MustParseAddr("10.78.0.2"), netip.MustParseAddr("fd78::2")}

// without lists the addresses of nets that exclude, nets or ranges, leaves.
func without(nets, exclude []string) []netip.Addr {
	var left []netip.Addr
	for _, n := range nets {
		p := netip.MustParsePrefix(n)
		for a := p.Masked().Addr(); p.Contains(a); a = a.Next() {
			if !inAny(a, exclude) {
				left = append(left, a)
			}
		}
	}
	return left
}

func inAny(a netip.Addr, list []string) bool {
	for _, e := range list {
		if first, last, ok := strings.Cut(e, "-"); ok {
			if netip.MustParseAddr(first).Compare(a) <= 0 && a.Compare(netip.MustParseAddr(last)) <= 0 {
				return true
			}
		} else if netip.MustParsePrefix(e).Contains(a) {
			return true
		}
	}
	return false
}

// inScope looks who was asked. What the kernel says to groups and by link-local
// addresses is its own affair.
func inScope(t *testing.T, seen []netbed.Seen, may, must []netip.Addr) {
	t.Helper()
	asked := map[netip.Addr]int{}
	for _, s := range seen {
		if !s.To.IsMulticast() && !s.To.IsLinkLocalUnicast() {
			asked[s.To]++
		}
	}
	for _, a := range must {
		if asked[a] == 0 {
			t.Errorf("%v was not asked", a)
		}
	}
	for _, a := range may {
		delete(asked, a)
	}
	for a, n := range asked {
		t.Errorf("%d frames went to or asked for %v, which is out of scope", n, a)
	}
}
