package ports

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/test/netbed"
)

// TestProhibited is about firewalls that say so: a port that one refuses is not
// open, and a host that refuses itself is there.
func TestProhibited(t *testing.T) {
	w := use(t, netbed.Rules("prohibit", `
chain in { type filter hook input priority 0;
 ip daddr 10.77.140.1 tcp dport != 22 reject with icmp type admin-prohibited
 ip daddr 10.77.140.2 reject with icmp type admin-prohibited
 ip daddr 10.77.140.3 drop
 ip6 daddr fd77::140:1 tcp dport != 22 reject with icmpv6 type admin-prohibited
 ip6 daddr fd78::240 reject with icmpv6 type admin-prohibited
}`))
	w.address(t, "fd78::240/64") // Linux refuses by the address itself only if an interface has it
	for _, how := range [][]string{{"--ping", "icmp,tcp"}, {"--connect"}} {
		got := w.hosts(t, append(how, "-p", "22,80,81", "10.77.140.0/30", "fd77::140:1", "fd78::240")...)
		for _, want := range []struct {
			addr  string
			alive bool
			ports []uint16
		}{
			{"10.77.140.0", true, []uint16{22, 80}},
			{"10.77.140.1", true, []uint16{22}},
			{"10.77.140.2", true, nil},
			{"10.77.140.3", false, nil},
			{"fd77::140:1", true, []uint16{22}},
			{"fd78::240", true, nil},
		} {
			h := got[netip.MustParseAddr(want.addr)]
			if how[0] == "--connect" && want.ports == nil {
				want.alive = h.Alive // who said it is not to be seen by connecting
			}
			if h.Alive != want.alive || !slices.Equal(portsOf(h), want.ports) {
				t.Errorf("%v: %s: alive %v (%s), open %v; want %v, %v", how, want.addr, h.Alive, h.Reason, portsOf(h), want.alive, want.ports)
			}
		}
	}
}

// TestHalfOpen demands that a raw scan leaves the target no connection that is
// half open: the scanner's kernel ends them.
func TestHalfOpen(t *testing.T) {
	w := use(t, netbed.Clean())
	ports := some(100)
	truth := len(netbed.Truth(netip.MustParsePrefix("10.77.141.0/28"), ports, netbed.EveryHost))
	if found := w.open(t, "10.77.141.0/28", ports); len(found) != truth {
		t.Errorf("%d ports were found open; want %d", len(found), truth)
	}
	var left []byte
	for range 20 { // the last resets are on their way
		var err error
		if left, err = w.TargetCommand(t.Context(), "ss", "-Htn", "state", "syn-recv").Output(); err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("half open are still:\n%s", left)
}
