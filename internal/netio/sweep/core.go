package sweep

import (
	"container/heap"
	"net/netip"
	"time"

	"golang.org/x/time/rate"
)

// The meaning of tags: up to maxTries tries, the question at the end whether
// the host still answers, and canaries by their slice.
const (
	maxTries   = 6
	tagConfirm = 6
	tagCanary  = 8
)

// The waits for answers.
const (
	unknownWait = time.Second            // while no round trip was measured
	leastWait   = 80 * time.Millisecond  // before a question is asked again: machines are busy
	lastWait    = 500 * time.Millisecond // before silence is believed
	mostWait    = 3 * time.Second
	signWait    = time.Second // no sign of life for so long, and canaries lost: the host is gone
)

// When our own side fails, it is tried again after a pause, for so long.
const (
	failPause = 5 * time.Millisecond
	failTime  = 30 * time.Second
)

const (
	goneCanaries = 5 // lost in a row: the host stopped answering
	watches      = 4 // how often it is asked then, at growing distances
	watchPause   = time.Second
	confirms     = 3   // how often it is asked whether it still answers
	goodPass     = 0.2 // share of a pass that is answered by a host which answers only so fast,
	mostPass     = 0.8 // and above which it is just loss that is made good
	maxStretch   = 10.0
	extraTries   = 20 // passes over a host that answers no faster, while they bring something
)

// host is one job in progress.
type host struct {
	Job
	other *host // another job at the same address
	group *group

	settled, open, refused set
	left                   int // questions without an answer
	pass, pos              int
	passBegan              time.Duration
	passLeft               int           // when the pass began
	redo                   []uint32      // questions that failed on our own side
	failing                time.Duration // since when nothing else came back; 0: it is not so
	sent                   int
	flying                 int // questions, but for canaries, that nothing came back for
	lastSent               time.Duration

	canary    Item // what it answered, to be asked again
	hasCanary bool
	canaries  int           // sent since the last sign of life
	signAt    time.Duration // of the last sign of life; 0: none
	mark      [2]struct {   // where it stood, one wait and two waits ago
		at  time.Duration
		pos int
	}
	proven    int
	confirmed int  // how often it was asked at the end whether it still answers
	confirm   bool // it is to be asked that
	ending    bool // all passes are done
	gaveUp    bool
	gone      bool // it has stopped answering
	watched   int  // how often it was asked since
	untold    set  // questions that our own side never managed to ask; may be nil

	sample   Item // whose round trip is being measured
	sampleAt time.Duration
	trip     trip

	own    float64 // packets a second that it answers, learned; 0: no limit known
	ownBk  bucket
	resets int // closed ports that answered
	laps   laps

	state   place
	wake    time.Duration
	index   int // in the heap, or in its group's ring
	replies []Reply
	notify  chan struct{}
	over    bool
}

// place is where a host waits for its turn.
type place uint8

const (
	nowhere place = iota
	ready         // in its group's ring
	asleep        // in the heap
)

// group is the hosts of one subnet: packets to them share the last part of
// their way.
type group struct {
	key     netip.Prefix
	hosts   []*host // ready ones, in a ring
	cur     int
	members int
	ringed  bool // in the core's ring
	index   int

	limited bool // has a rate of its own, lower than what the others bear
	control control
	bucket  bucket
	slices  [kept]count // by number modulo slices; the fields of time are the core's
	since   int         // probes since the last canary
	recent  count       // canaries of late, forgotten by half now and then

	witness     *host // that answered and is still asked
	past        netip.Addr
	pastItem    Item // an answer of a host whose job is over
	hasPast     bool
	first, late float64 // answers to the first try, and to later ones; forgotten slowly
	trip        trip
}

// core is the state of a Sweeper: which host is asked what next. It knows no
// goroutine and no clock; times are since its beginning.
type core struct {
	limit *rate.Limiter // hard cap over all; nil: none
	base  time.Time     // for limiters

	hosts  map[netip.Addr]*host
	groups map[netip.Prefix]*group
	ring   []*group // that have ready hosts
	cur    int
	sleep  sleepers

	control control
	bucket  bucket
	trip    trip
	turn    trip // from asking to having the answer in hand: busy machines read late
	slice   int  // number of the present one
	spacing int  // probes to a canary, now
	began   time.Duration
	total   [kept]count
	stretch float64 // of the time of a slice: answers come late

	sent, canaries int64
}

func newCore(limit *rate.Limiter, base time.Time) *core {
	return &core{limit: limit, base: base, hosts: map[netip.Addr]*host{}, groups: map[netip.Prefix]*group{}, control: newControl(), stretch: 1}
}

func subnet(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits) // both are in range
	return p
}

// maxGroups is how many subnets are remembered after their last host.
const maxGroups = 4096

// add takes a job in.
func (c *core) add(j Job, now time.Duration) *host {
	n := j.Plan.Len()
	h := &host{Job: j, settled: newSet(n), left: n, passBegan: now, passLeft: n, lastSent: now, notify: make(chan struct{}, 1)}
	if j.RTT > 0 {
		h.trip.add(j.RTT)
	}
	h.canary, h.hasCanary = j.Witness, j.Known && j.Witness.Kind() != UDP && j.Witness.Kind() != Neighbour && j.Witness.Kind() != Stack
	key := subnet(j.Addr)
	g := c.groups[key]
	if g == nil {
		if len(c.groups) > maxGroups {
			c.forget()
		}
		g = &group{key: key, control: newControl()}
		c.groups[key] = g
	}
	h.group = g
	g.members++
	h.other = c.hosts[j.Addr]
	c.hosts[j.Addr] = h
	if n == 0 {
		c.finish(h)
		return h
	}
	c.toRing(h)
	return h
}

// forget drops subnets without hosts.
func (c *core) forget() {
	for key, g := range c.groups {
		if g.members == 0 {
			delete(c.groups, key)
		}
	}
}

// drop takes a host out: its job is over, or nobody waits for it any more.
func (c *core) drop(h *host) {
	if h.over {
		return
	}
	c.away(h)
	h.over = true
	if c.hosts[h.Addr] == h {
		if h.other == nil {
			delete(c.hosts, h.Addr)
		} else {
			c.hosts[h.Addr] = h.other
		}
	} else {
		for o := c.hosts[h.Addr]; o != nil; o = o.other {
			if o.other == h {
				o.other = h.other
				break
			}
		}
	}
	g := h.group
	g.members--
	if g.witness == h {
		g.witness = nil
	}
	if g.members == 0 {
		g.hosts = nil
	}
}

// finish ends a job.
func (c *core) finish(h *host) {
	if h.over {
		return
	}
	if h.hasCanary && h.signAt > 0 && !h.capped() {
		h.group.past, h.group.pastItem, h.group.hasPast = h.Addr, h.canary, true
	}
	c.drop(h)
	h.tell()
}

// tell wakes who waits for the host.
func (h *host) tell() {
	select {
	case h.notify <- struct{}{}:
	default:
	}
}

// capped reports whether only so many packets a second may go to h.
func (h *host) capped() bool { return h.Limit != nil && h.Limit.Load() != nil }

// release forgets an address as a witness: nothing may be sent to it any more.
func (c *core) release(a netip.Addr) {
	if g := c.groups[subnet(a)]; g != nil && g.past == a {
		g.hasPast = false
	}
}

// away takes a host out of the place where it waits.
func (c *core) away(h *host) {
	switch h.state {
	case ready:
		g := h.group
		last := len(g.hosts) - 1
		g.hosts[h.index] = g.hosts[last]
		g.hosts[h.index].index = h.index
		g.hosts[last] = nil // what is over must not be held
		g.hosts = g.hosts[:last]
		if last == 0 {
			c.outOfRing(g)
		}
	case asleep:
		heap.Remove(&c.sleep, h.index)
	case nowhere:
	}
	h.state = nowhere
}

func (c *core) outOfRing(g *group) {
	if !g.ringed {
		return
	}
	last := len(c.ring) - 1
	c.ring[g.index] = c.ring[last]
	c.ring[g.index].index = g.index
	c.ring[last] = nil
	c.ring = c.ring[:last]
	g.ringed = false
}

func (c *core) toRing(h *host) {
	c.away(h)
	g := h.group
	h.state, h.index = ready, len(g.hosts)
	g.hosts = append(g.hosts, h)
	if !g.ringed {
		g.ringed, g.index = true, len(c.ring)
		c.ring = append(c.ring, g)
	}
}

func (c *core) toSleep(h *host, until time.Duration) {
	c.away(h)
	h.state, h.wake = asleep, until
	heap.Push(&c.sleep, h)
}

// waitOf is how long an answer of h is waited for.
func (c *core) waitOf(h *host) time.Duration {
	least, most := max(leastWait, 2*c.turn.wait(), h.MinWait), mostWait
	if h.MaxWait > 0 {
		most = h.MaxWait
	}
	wait := max(unknownWait, h.MinWait)
	switch all := c.trip.wait(); {
	case h.trip.mean > 0:
		wait = h.trip.wait()
	case h.group.trip.mean > 0:
		wait = h.group.trip.wait()
	case all > 0:
		wait = 2 * all
	}
	return min(max(wait, least), most)
}

// tries is how often a question to h is asked that stays without an answer:
// so often that loss explains next to no silence.
func (c *core) tries(h *host) int {
	most := maxTries
	if h.First && h.Tries > 0 {
		return min(h.Tries, maxTries)
	}
	if h.Tries > 0 {
		most = min(h.Tries, maxTries)
	}
	loss := c.lossOf(h.group)
	n, rest := 2, loss*loss
	for ; rest > 2e-5 && n < most; n++ {
		rest *= loss
	}
	return min(n, most)
}

// lossOf is the share of questions to a subnet that are lost on the way.
func (c *core) lossOf(g *group) float64 {
	loss := 0.0
	if g.recent.sent >= minSample {
		loss = g.recent.lost()
	}
	if all := g.first + g.late; all >= 50 {
		loss = max(loss, g.late/all)
	}
	return min(loss, 0.5)
}

// sleepers is a heap of hosts by when they wake up.
type sleepers []*host

func (s sleepers) Len() int           { return len(s) }
func (s sleepers) Less(i, j int) bool { return s[i].wake < s[j].wake }
func (s sleepers) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (s *sleepers) Push(x any) {
	h := x.(*host)
	h.index = len(*s)
	*s = append(*s, h)
}

func (s *sleepers) Pop() any {
	old := *s
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return last
}
