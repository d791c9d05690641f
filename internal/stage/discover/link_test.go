package discover

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// onLink is an answer by ARP of the machine with that number.
func onLink(machine byte) Answer {
	item := sweep.Ask(sweep.Neighbour, 0)
	return Answer{Alive: true, Known: true, Item: item, Reply: sweep.Reply{Item: item, State: sweep.Open, MAC: [6]byte{2, 0, 0, 0, 0, machine}}, Reason: Neighbour}
}

// Addresses of a net on the link, by the machine that answers for each, and
// which of them answer anything else.
func TestLink(t *testing.T) {
	const proxy = "02:00:00:00:00:01 answers on the link for the addresses of 10.1.2.0/24"
	all := func(int) byte { return 1 }
	for _, c := range []struct {
		name    string
		machine func(i int) byte // 0: nobody answers
		pinged  func(i int) bool
		n       int
		set     harrier.Settings
		alive   int
		dead    map[string]int
	}{
		{"proxy ARP for all", all, nil, 254, harrier.Settings{}, 0, map[string]int{proxy: 254}},
		{"hosts behind it", all, func(i int) bool { return i%50 == 0 }, 254, harrier.Settings{}, 5, map[string]int{proxy: 249}},
		{"fast discovery", all, nil, 254, harrier.Settings{FastDiscovery: true}, 254, nil},
		{"a host with the whole net", all, func(int) bool { return true }, 254, harrier.Settings{}, 254, nil},
		{"one short of enough", all, nil, leastAlike - 1, harrier.Settings{}, leastAlike - 1, nil},
		{"just enough", all, nil, leastAlike, harrier.Settings{}, 0, map[string]int{proxy: leastAlike}},
		{"only the link may be asked", all, nil, 254, harrier.Settings{NoICMP: true, NoTCPPing: true}, 0, map[string]int{proxy: 254}},
		{"each its own", func(i int) byte { return byte(i) }, nil, 254, harrier.Settings{}, 254, nil},
		{"virtual routers", func(i int) byte { return byte(i/3 + 1) }, nil, 254, harrier.Settings{}, 254, nil},
		{"proxy ARP and some neighbours", func(i int) byte { return byte(max(1, i-200)) }, nil, 254, harrier.Settings{}, 53, map[string]int{proxy: 201}},
		{"proxy ARP for some, others silent", func(i int) byte {
			if i < 30 {
				return 1
			}
			return 0
		}, nil, 254, harrier.Settings{}, 0, map[string]int{NoAnswer: 225, proxy: 29}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{}
				b := w.book()
				b.ping = func(ctx context.Context, a netip.Addr, s harrier.Settings) (Answer, error) {
					i := int(a.As4()[3])
					switch time.Sleep(20 * time.Millisecond); {
					case c.machine(i) == 0, s.NoARP && (c.pinged == nil || !c.pinged(i)):
						time.Sleep(time.Second)
						return silent.first, ctx.Err()
					case s.NoARP:
						return pinged.first, ctx.Err()
					}
					return onLink(c.machine(i)), ctx.Err()
				}
				began := time.Now()
				alive, dead := w.result(t.Context(), t, b, c.set, "10.1.2.1", c.n)
				if len(alive) != c.alive || fmt.Sprint(dead) != fmt.Sprint(c.dead) && len(dead)+len(c.dead) > 0 {
					t.Errorf("%d alive, dead %v; want %d, %v", len(alive), dead, c.alive, c.dead)
				}
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// A neighbour that has few addresses is not held for those that take long.
func TestLinkStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		b := w.book()
		b.ping = func(_ context.Context, a netip.Addr, _ harrier.Settings) (Answer, error) {
			if a.As4()[3] == 1 {
				return onLink(1), nil
			}
			time.Sleep(time.Hour) // its packets wait for their turn
			return silent.first, nil
		}
		began := time.Now()
		var others sync.WaitGroup
		v := b.Enter(netip.MustParseAddr("10.1.2.1"))
		for i := range 40 {
			other := b.Enter(netip.AddrFrom4([4]byte{10, 1, 2, byte(i + 2)}))
			others.Go(func() {
				defer other.Leave()
				_, _ = other.Ping(t.Context(), harrier.Settings{}) // silent
			})
		}
		a, err := v.Ping(t.Context(), harrier.Settings{})
		if took := time.Since(began); err != nil || !a.Alive || took > linkWait {
			t.Errorf("Ping = %+v, %v after %v; want a host within %v", a, err, took, linkWait)
		}
		v.Leave()
		b.Close()
		others.Wait()
	})
}
