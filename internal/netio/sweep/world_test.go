package sweep

import (
	"container/heap"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// world is a network in which time passes by events only. It stands for the
// transport, the way and the hosts.
type world struct {
	t    *testing.T
	core *core
	rng  *rand.Rand
	now  time.Duration
	cost time.Duration // of sending one probe

	rtt     time.Duration
	jitter  time.Duration
	loss    float64                           // each way
	every   time.Duration                     // so often we do not look for answers
	busy    time.Duration                     // for so long
	way     map[netip.Prefix]*policer         // a bottleneck to a subnet; of the zero prefix: to all
	machine func(a netip.Addr) *machine       // who is at an address
	known   map[netip.Addr]*machine           // as made by machine
	spy     func(now time.Duration, p *Probe) // sees everything that leaves

	events events
	sent   int
	hosts  []*host
}

// machine is a host of a world.
type machine struct {
	open     map[uint16]bool
	quiet    bool   // drops what is not open
	drops    uint16 // likewise from this port on
	barred   uint16 // our own side never manages to ask this port
	dead     bool
	diesAt   time.Duration
	resets   float64 // RSTs a second at most; 0: no limit
	tokens   float64
	last     time.Duration
	received int
}

// policer lets so many packets a second pass and drops the rest.
type policer struct {
	rate, burst, tokens float64
	last                time.Duration
	dropped             int
}

func (p *policer) pass(now time.Duration) bool {
	p.tokens = min(p.tokens+(now-p.last).Seconds()*p.rate, p.burst)
	p.last = now
	if p.tokens < 1 {
		p.dropped++
		return false
	}
	p.tokens--
	return true
}

type event struct {
	at     time.Duration
	answer Answer
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

func newWorld(t *testing.T) *world {
	return &world{
		t: t, core: newCore(nil, time.Now()), rng: rand.New(rand.NewPCG(1, 2)), cost: 7 * time.Microsecond, rtt: 200 * time.Microsecond,
		way: map[netip.Prefix]*policer{}, known: map[netip.Addr]*machine{},
		machine: func(netip.Addr) *machine { return &machine{open: map[uint16]bool{80: true}} },
	}
}

func (w *world) lost() bool { return w.loss > 0 && w.rng.Float64() < w.loss }

// receive is what happens to a probe.
func (w *world) receive(p *Probe) {
	w.sent++
	if w.spy != nil {
		w.spy(w.now, p)
	}
	if w.lost() {
		return
	}
	for _, key := range []netip.Prefix{{}, subnet(p.Addr)} {
		if way := w.way[key]; way != nil && !way.pass(w.now) {
			return
		}
	}
	m := w.known[p.Addr]
	if m == nil {
		m = w.machine(p.Addr)
		w.known[p.Addr] = m
	}
	m.received++
	a := Answer{Addr: p.Addr, Item: p.Item, Tag: p.Tag, State: Closed}
	switch {
	case m.barred != 0 && m.barred == p.Item.Port():
		a.State = Local
	case m.dead, m.diesAt > 0 && w.now > m.diesAt:
		return
	case m.open[p.Item.Port()] || p.Item.Kind() == Echo:
		a.State = Open
	case m.quiet, m.drops != 0 && p.Item.Port() >= m.drops:
		return
	case m.resets > 0:
		m.tokens = min(m.tokens+(w.now-m.last).Seconds()*m.resets, m.resets/10)
		m.last = w.now
		if m.tokens < 1 {
			return
		}
		m.tokens--
	}
	if w.lost() {
		return
	}
	back := w.now + w.rtt
	if w.jitter > 0 {
		back += time.Duration(w.rng.Int64N(int64(w.jitter)))
	}
	if w.every > 0 && back%w.every < w.busy {
		back += w.busy - back%w.every
	}
	heap.Push(&w.events, event{back, a})
}

// ask adds a job.
func (w *world) ask(j Job) *host {
	h := w.core.add(j, w.now)
	w.hosts = append(w.hosts, h)
	return h
}

// run lets time pass until all jobs are over, at most so long.
func (w *world) run(most time.Duration) {
	w.t.Helper()
	buf := make([]Probe, 0, batch)
	for w.left() > 0 {
		if w.now > most {
			w.t.Fatalf("%d of %d jobs are not over after %v: sent %d, rate %.0f, loss %.3f", w.left(), len(w.hosts), w.now, w.sent, w.core.control.rate, w.core.control.loss)
		}
		for len(w.events) > 0 && w.events[0].at <= w.now {
			e := heap.Pop(&w.events).(event)
			w.core.answer(&e.answer, max(w.now, e.at))
		}
		var wait time.Duration
		buf, wait = w.core.compose(w.now, buf[:0])
		if len(buf) > 0 {
			for i := range buf {
				w.now += w.cost
				w.receive(&buf[i])
			}
			continue
		}
		until := time.Duration(1 << 62)
		if wait > 0 {
			until = w.now + wait
		}
		if len(w.events) > 0 {
			until = min(until, w.events[0].at)
		}
		if until == 1<<62 {
			if w.left() > 0 {
				w.t.Fatalf("nothing happens any more, with %d jobs left", w.left())
			}
			return
		}
		w.now = max(until, w.now+1)
	}
}

func (w *world) left() int {
	n := 0
	for len(w.hosts) > 0 && w.hosts[0].over {
		w.hosts = w.hosts[1:]
	}
	for _, h := range w.hosts {
		if !h.over {
			n++
			break // one is enough to go on
		}
	}
	return n
}

// ports is a plan of so many TCP ports from 1 on.
func ports(n int) *Plan {
	items := make([]Item, n)
	for i := range items {
		items[i] = Ask(SYN, uint16(i+1))
	}
	return NewPlan(items)
}

func addr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}
