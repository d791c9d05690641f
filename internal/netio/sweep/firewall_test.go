package sweep

import (
	"net/netip"
	"testing"
	"time"
)

// A host that limits its resets is asked at its pace, in bounded time, unless the
// job says otherwise; the others are not slowed down.
func TestLaps(t *testing.T) {
	for _, test := range []struct {
		hosts    int
		resets   float64
		noLimits bool
		closed   [2]int // of the host's 998 closed ports are found, at least and at most
	}{
		{8, 100, false, [2]int{998, 998}},
		{8, 100, true, [2]int{1, 400}},
		{32, 200, false, [2]int{998, 998}},
		{32, 200, true, [2]int{1, 400}},
		{128, 100, false, [2]int{998, 998}},
		{32, 8, false, [2]int{0, 400}}, // so few that it is as good as silent
	} {
		w := newWorld(t)
		w.machine = func(a netip.Addr) *machine {
			m := &machine{open: map[uint16]bool{80: true, 900: true}}
			if a == addr(7) {
				m.resets = test.resets
			}
			return m
		}
		var limited *host
		for i := range test.hosts {
			if h := w.ask(Job{Addr: addr(i), Plan: ports(1000), RTT: w.rtt, NoLimits: test.noLimits}); i == 7 {
				limited = h
			}
		}
		w.run(30 * time.Second)
		got, _ := scores([]*host{limited})
		t.Logf("%+v: %v, %d sent to it, all in %v", test, got, limited.sent, w.now)
		if got[Open] != 2 || got[Local] != 0 || got[Closed] < test.closed[0] || got[Closed] > test.closed[1] {
			t.Errorf("%+v: states %v", test, got)
		}
	}
}

// The search for a limit costs a host that has none, but a filter, next to
// nothing.
func TestNoLaps(t *testing.T) {
	took := func(noLimits bool) (time.Duration, int) {
		w := newWorld(t)
		open := map[uint16]bool{80: true}
		w.machine = func(netip.Addr) *machine { return &machine{open: open, drops: 500} }
		h := w.ask(Job{Addr: addr(1), Plan: ports(1000), RTT: w.rtt, NoLimits: noLimits})
		w.run(time.Minute)
		if got, _ := scores([]*host{h}); got[Open] != 1 || got[Closed] != 498 || got[Silent] != 501 {
			t.Errorf("states %v; want 1 open, 498 closed, 501 silent", got)
		}
		return w.now, w.sent
	}
	with, sent := took(false)
	without, least := took(true)
	t.Logf("%v, %d sent; without %v, %d", with, sent, without, least)
	if with > without+2*time.Second || sent > least+3*leastLap {
		t.Errorf("%v, %d sent; want little more than %v, %d", with, sent, without, least)
	}
}

// Silence that need not be proven is not.
func TestNoProof(t *testing.T) {
	w := newWorld(t)
	w.machine = func(netip.Addr) *machine { return &machine{open: map[uint16]bool{80: true}, quiet: true} }
	var confirmed int
	w.spy = func(_ time.Duration, p *Probe) {
		if p.Tag == tagConfirm {
			confirmed++
		}
	}
	h := w.ask(Job{Addr: addr(1), Plan: ports(1000), RTT: w.rtt, NoProof: true})
	w.run(time.Minute)
	if got, _ := scores([]*host{h}); got[Open] != 1 || confirmed != 0 {
		t.Errorf("states %v, asked %d times at the end; want 1 open, never", got, confirmed)
	}
}
