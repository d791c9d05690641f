package sweep

import (
	"net/netip"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// scores counts how many questions of the jobs ended in each state.
func scores(hosts []*host) (states [5]int, passes int) {
	for _, h := range hosts {
		r := h.report()
		for i := range h.Plan.Len() {
			states[r.State(i)]++
		}
		passes = max(passes, r.Passes)
	}
	return states, passes
}

func askAll(w *world, hosts int, plan *Plan) []*host {
	var all []*host
	for i := range hosts {
		all = append(all, w.ask(Job{Addr: addr(i), Plan: plan, RTT: w.rtt}))
	}
	return all
}

// What a network does to probes changes how long it takes, never what is found.
func TestNetworks(t *testing.T) {
	open := map[uint16]bool{22: true, 80: true, 443: true, 999: true}
	for name, test := range map[string]struct {
		hosts, ports int
		world        func(w *world)
		ideal        time.Duration // how long it takes if nothing is done in vain
		most         float64       // of that
		frames       float64       // a question, at most
		passes       int           // at most
		silent       int           // questions whose silence is to be proven
	}{
		"clean":      {256, 1000, func(*world) {}, 1792 * time.Millisecond, 1.25, 1.07, 1, 0},
		"bottleneck": {64, 1000, func(w *world) { w.way[netip.Prefix{}] = &policer{rate: 10000, burst: 500} }, 6400 * time.Millisecond, 1.15, 1.20, 6, 0},
		"loss":       {256, 1000, func(w *world) { w.loss = 0.01 }, 1792 * time.Millisecond, 2, 1.15, 4, 0},
		"heavy loss": {64, 1000, func(w *world) { w.loss = 0.05 }, 448 * time.Millisecond, 14, 1.4, 6, 0},
		"filtered": {64, 1000, func(w *world) {
			w.machine = func(netip.Addr) *machine { return &machine{open: open, quiet: true} }
		}, 448 * time.Millisecond, 5, 2.2, 2, 64 * 996},
		"filtered and loss": {64, 1000, func(w *world) {
			w.loss = 0.01
			w.machine = func(netip.Addr) *machine { return &machine{open: open, quiet: true} }
		}, 448 * time.Millisecond, 9, 4.3, 4, 64 * 996},
		"busy": {256, 1000, func(w *world) { w.every, w.busy = 300*time.Millisecond, 120*time.Millisecond }, 1792 * time.Millisecond, 3, 1.15, 2, 0},
		"busy, many hosts": {65536, 4, func(w *world) {
			w.every, w.busy = 300*time.Millisecond, 120*time.Millisecond
			w.machine = func(netip.Addr) *machine { return &machine{open: map[uint16]bool{1: true, 2: true, 3: true, 4: true}} }
		}, 1792 * time.Millisecond, 3, 1.15, 2, 0},
		"far":      {1, 65535, func(w *world) { w.rtt = 20 * time.Millisecond }, 459 * time.Millisecond, 2.5, 1.07, 1, 0},
		"far away": {4, 20000, func(w *world) { w.rtt, w.jitter = 300*time.Millisecond, 100*time.Millisecond }, 560 * time.Millisecond, 14, 1.07, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.machine = func(netip.Addr) *machine { return &machine{open: open} }
			test.world(w)
			all := askAll(w, test.hosts, ports(test.ports))
			w.run(5 * time.Minute)
			got, passes := scores(all)
			questions := test.hosts * test.ports
			frames := float64(w.sent) / float64(questions)
			t.Logf("%v (ideal %v, %.2f), %.3f frames a question, %d passes, %d canaries, rate at the end %.0f, states %v", w.now, test.ideal, float64(w.now)/float64(test.ideal), frames, passes, w.core.canaries, w.core.control.rate, got)
			if want := test.hosts * 4; got[Open] != want {
				t.Errorf("%d open; want %d", got[Open], want)
			}
			if got[Silent] != test.silent || got[Local] != 0 {
				t.Errorf("%d silent, %d unknown; want %d, 0", got[Silent], got[Local], test.silent)
			}
			if frames > test.frames || passes > test.passes {
				t.Errorf("%.3f frames a question in %d passes; want at most %.3f, %d", frames, passes, test.frames, test.passes)
			}
			if float64(w.now) > test.most*float64(test.ideal) {
				t.Errorf("took %v; want at most %.2f of %v", w.now, test.most, test.ideal)
			}
		})
	}
}

// A branch that bears less does not slow the others down.
func TestBranch(t *testing.T) {
	w := newWorld(t)
	w.way[subnet(addr(0x100))] = &policer{rate: 2000, burst: 100}
	plan := ports(1000)
	var slow, fast []*host
	for i := range 32 {
		fast = append(fast, w.ask(Job{Addr: addr(i), Plan: plan, RTT: w.rtt}), w.ask(Job{Addr: addr(0x200 + i), Plan: plan, RTT: w.rtt}))
		slow = append(slow, w.ask(Job{Addr: addr(0x100 + i), Plan: plan, RTT: w.rtt}))
	}
	var fastOver time.Duration
	w.spy = func(now time.Duration, p *Probe) {
		if k := subnet(p.Addr); k != subnet(addr(0x100)) {
			fastOver = now
		}
	}
	w.run(time.Minute)
	if got, _ := scores(append(slow, fast...)); got[Open] != 96 || got[Silent]+got[Local] != 0 {
		t.Errorf("states %v; want 96 open, none silent", got)
	}
	t.Logf("the others were through after %v, all after %v", fastOver, w.now)
	if fastOver > 4*time.Second || w.now > 25*time.Second {
		t.Errorf("the others were through after %v, all after %v; want some 1 s and 17 s", fastOver, w.now)
	}
}

// The silence of a host that is gone proves nothing, and it is left alone.
func TestGone(t *testing.T) {
	for _, stop := range []bool{false, true} {
		w := newWorld(t)
		w.core.limit = rate.NewLimiter(2000, 40)
		w.machine = func(a netip.Addr) *machine {
			m := &machine{open: map[uint16]bool{80: true}}
			if a == addr(3) {
				m.diesAt = 2 * time.Second
			}
			return m
		}
		plan := ports(5000)
		var all []*host
		for i := range 4 {
			all = append(all, w.ask(Job{Addr: addr(i), Plan: plan, RTT: w.rtt, StopSilent: stop}))
		}
		w.run(2 * time.Minute)
		r := all[3].report()
		got, _ := scores(all[3:])
		t.Logf("stop %v: %v, gave up %v, sent %d", stop, got, r.GaveUp, r.Sent)
		if !r.GaveUp || r.Sent > 2000 {
			t.Errorf("gave up %v, %d sent; want it to be left alone", r.GaveUp, r.Sent)
		}
		if got[Silent] > 0 || got[Local] < 1000 || got[Closed] < 100 {
			t.Errorf("states %v; want closed ones from before, and nothing said of the rest", got)
		}
		if got, _ := scores(all[:3]); got[Open] != 3 || got[Closed] != 3*4999 {
			t.Errorf("the others: %v; want all", got)
		}
	}
}

// A host that is cut off for some seconds is found whole.
func TestCutOff(t *testing.T) {
	w := newWorld(t)
	w.core.limit = rate.NewLimiter(2000, 40)
	m := &machine{open: map[uint16]bool{80: true, 4999: true}}
	w.machine = func(netip.Addr) *machine { return m }
	h := w.ask(Job{Addr: addr(1), Plan: ports(5000), RTT: w.rtt})
	w.spy = func(now time.Duration, _ *Probe) { m.dead = now > time.Second && now < 5*time.Second }
	w.run(time.Minute)
	got, _ := scores([]*host{h})
	t.Logf("%v in %v, %d sent", got, w.now, w.sent)
	if got[Open] != 2 || got[Closed] != 4998 || w.sent > 9000 {
		t.Errorf("states %v, %d sent; want all, and little in vain", got, w.sent)
	}
}

// A host that answers only so many questions a second is asked at its pace in
// the end.
func TestFewResets(t *testing.T) {
	w := newWorld(t)
	w.machine = func(a netip.Addr) *machine {
		m := &machine{open: map[uint16]bool{80: true, 900: true}}
		if a == addr(7) {
			m.resets = 200
		}
		return m
	}
	all := askAll(w, 32, ports(1000))
	w.run(2 * time.Minute)
	got, passes := scores(all)
	t.Logf("%v in %v, %d passes, %d sent", got, w.now, passes, w.sent)
	if got[Open] != 64 || got[Local] != 0 {
		t.Errorf("states %v; want 64 open and nothing unknown", got)
	}
}

// Caps hold over any second, for all and for each host.
func TestCaps(t *testing.T) {
	w := newWorld(t)
	w.core.limit = rate.NewLimiter(1000, 20)
	var limit Limit
	limit.Store(rate.NewLimiter(40, 1))
	capped := w.ask(Job{Addr: addr(1), Plan: ports(200), Limit: &limit})
	free := w.ask(Job{Addr: addr(2), Plan: ports(8000)})
	var times, of []time.Duration
	w.spy = func(now time.Duration, p *Probe) {
		times = append(times, now)
		if p.Addr == addr(1) {
			of = append(of, now)
		}
	}
	w.run(time.Minute)
	within := func(name string, at []time.Duration, most int) {
		for i := range at {
			if j := i + most; j < len(at) && at[j]-at[i] < time.Second {
				t.Fatalf("%s: %d packets within %v; want at most %d a second", name, most+1, at[j]-at[i], most)
			}
		}
	}
	within("all", times, 1050)
	within("one host", of, 42)
	if got, _ := scores([]*host{capped, free}); got[Open] != 2 || got[Closed] != 8198 {
		t.Errorf("states %v; want 2 open, all others closed", got)
	}
	t.Logf("%v for %d packets, %d to the capped host", w.now, len(times), len(of))
	if w.now > 12*time.Second {
		t.Errorf("took %v; want some 9 s", w.now)
	}
}

// Host discovery ends with the first sign of life, and is not slowed down by
// addresses where nobody is.
func TestFirst(t *testing.T) {
	w := newWorld(t)
	w.machine = func(a netip.Addr) *machine {
		return &machine{dead: a.As4()[3]%16 != 3, open: map[uint16]bool{443: true}, quiet: true}
	}
	plan := NewPlan([]Item{Ask(Echo, 0), Ask(SYN, 443), Ask(SYN, 80)})
	var all []*host
	for i := range 16384 {
		all = append(all, w.ask(Job{Addr: addr(i), Plan: plan, First: true}))
	}
	w.run(time.Minute)
	alive := 0
	for _, h := range all {
		if r := h.report(); r.Unsettled() < plan.Len() {
			alive++
		}
	}
	t.Logf("%d of 16384 alive in %v, %d sent", alive, w.now, w.sent)
	if alive != 1024 {
		t.Errorf("%d alive; want 1024", alive)
	}
	if w.now > 10*time.Second {
		t.Errorf("took %v; want a few seconds", w.now)
	}
	if len(w.core.hosts) != 0 || len(w.core.ring) != 0 || len(w.core.sleep) != 0 {
		t.Errorf("%d hosts, %d groups, %d sleepers are left; want none", len(w.core.hosts), len(w.core.ring), len(w.core.sleep))
	}
}

// A question that our own side never manages to ask stays unknown and holds up
// nothing else.
func TestBarred(t *testing.T) {
	w := newWorld(t)
	w.machine = func(netip.Addr) *machine { return &machine{open: map[uint16]bool{80: true}, barred: 500} }
	all := askAll(w, 8, ports(1000))
	w.run(5 * time.Minute)
	got, _ := scores(all)
	t.Logf("%v in %v, %d sent", got, w.now, w.sent)
	if got[Open] != 8 || got[Closed] != 8*998 || got[Local] != 8 || w.sent > 16000 {
		t.Errorf("states %v, %d sent; want all but one port of each host", got, w.sent)
	}
}
