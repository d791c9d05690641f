package netio

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// heard sums what Released is told.
type heard struct {
	mu    sync.Mutex
	total map[netip.Addr]int
	calls int
}

func (h *heard) on(n *Net) *Net {
	h.total = map[netip.Addr]int{}
	n.Released = func(a netip.Addr, f Flight) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.calls++
		h.total[a] += f.Total()
		if f.Total() == 0 || f.First.IsZero() || f.Last.Before(f.First) {
			panic("a flight without packets or times")
		}
	}
	return n
}

func TestReleased(t *testing.T) {
	var told heard
	n := told.on(New(harrier.Guard{}, nil, Pace{}))
	a, silent, kept := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")
	send := func(h *host, a netip.Addr) { n.note(h, SYN, netip.AddrPortFrom(a, 1), time.Now().UnixNano()) }
	for _, to := range []netip.Addr{a, a, silent, kept} {
		if err := n.Declare(to, 0); err != nil {
			t.Fatal(err)
		}
	}
	late := n.hosts[a]
	send(late, a)
	send(n.hosts[kept], kept)
	n.Release(a)
	n.Release(silent)
	if told.calls != 0 {
		t.Errorf("told of %v before the last release", told.total)
	}
	n.Release(a)
	if told.total[a] != 1 || told.calls != 1 {
		t.Errorf("told of %v; want one packet to %v", told.total, a)
	}
	send(late, a) // it was on its way
	if told.total[a] != 2 {
		t.Errorf("told of %d packets; want the late one too", told.total[a])
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if told.total[kept] != 1 || told.calls != 3 {
		t.Errorf("told of %v at the end; want what was never released too, and nothing of the silent one", told.total)
	}
}

// Packets that leave while their target is released are told of exactly once.
func TestReleasedMeanwhile(t *testing.T) {
	var told heard
	n := told.on(New(harrier.Guard{}, nil, Pace{}))
	a := netip.MustParseAddr("127.0.0.1")
	const rounds, lanes, packets = 200, 4, 50
	for range rounds {
		if err := n.Declare(a, 0); err != nil {
			t.Fatal(err)
		}
		h := n.hosts[a]
		var sending sync.WaitGroup
		for range lanes {
			sending.Go(func() {
				for range packets {
					n.note(h, SYN, netip.AddrPortFrom(a, 1), time.Now().UnixNano())
				}
			})
		}
		n.Release(a)
		sending.Wait()
	}
	if got := told.total[a]; got != rounds*lanes*packets {
		t.Errorf("told of %d packets; want %d", got, rounds*lanes*packets)
	}
}
