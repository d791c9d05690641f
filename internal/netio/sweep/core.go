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

	own   float64 // packets a second that it answers, learned; 0: no limit known
	ownBk bucket

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
	h.canary, h.hasCanary = j.Witness, j.Known && j.Witness.Kind() != UDP && j.Witness.Kind() != Neighbour
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
func (h *host) capped() bool { return h.Limit != nil && h.Limit.Limit() != rate.Inf }

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

// compose appends what is to be sent now to buf, up to its capacity. When that
// is nothing, wait says when to ask again at the latest; 0 means that only a
// new job or an answer brings something.
func (c *core) compose(now time.Duration, buf []Probe) (_ []Probe, wait time.Duration) {
	c.roll(now)
	c.wakeUp(now)
	burst := min(max(c.control.rate/1000, 4), float64(cap(buf)))
	c.bucket.fill(c.control.rate, 2*burst, now)
	if c.bucket.tokens < burst && len(c.ring) > 0 {
		return buf, c.bucket.when(burst, c.control.rate)
	}
	room := min(int(c.bucket.tokens), cap(buf))
	idle := 0 // groups in a row that had nothing
	for len(buf) < room && len(c.ring) > 0 && idle < len(c.ring) {
		if c.limit != nil && c.limit.TokensAt(c.base.Add(now)) < 1 {
			wait = time.Duration(float64(time.Second) / float64(c.limit.Limit()))
			break
		}
		if c.cur >= len(c.ring) {
			c.cur = 0
		}
		g := c.ring[c.cur]
		c.cur++
		before := len(buf)
		if buf = c.fromGroup(g, now, buf); len(buf) == before {
			idle++
			continue
		}
		idle = 0
		if c.limit != nil {
			c.limit.AllowN(c.base.Add(now), 1)
		}
	}
	if len(buf) > 0 {
		c.bucket.tokens -= float64(len(buf))
		return buf, 0
	}
	if wait == 0 {
		wait = c.next(now)
	}
	return buf, wait
}

// next is how long until something is due by the clock; 0 when nothing is.
func (c *core) next(now time.Duration) time.Duration {
	wait := time.Duration(0)
	if len(c.sleep) > 0 {
		wait = max(c.sleep[0].wake-now, 50*time.Microsecond)
	}
	for _, g := range c.ring {
		w := 50 * time.Microsecond
		if g.limited { // it is out of tokens
			w = g.bucket.when(1, g.control.rate)
		}
		if wait == 0 || w < wait {
			wait = w
		}
	}
	return wait
}

// fromGroup appends one probe to a host of g, if g may have one now.
func (c *core) fromGroup(g *group, now time.Duration, buf []Probe) []Probe {
	if g.limited {
		g.bucket.fill(g.control.rate, max(4, g.control.rate/500), now)
		if g.bucket.tokens < 1 {
			return buf
		}
	}
	for range len(g.hosts) {
		if len(g.hosts) == 0 {
			break
		}
		if g.cur >= len(g.hosts) {
			g.cur = 0
		}
		h := g.hosts[g.cur]
		if !c.mayHave(h, now) {
			continue // it sleeps now; another one took its place in the ring
		}
		p, ok := c.canaryFor(g, h, now)
		if !ok {
			if h.state != ready {
				continue // it has stopped answering
			}
			if p, ok = c.question(h, now); !ok {
				continue // its pass has ended
			}
			g.cur++
		}
		s := c.slice % kept
		g.slices[s].probes++
		c.total[s].probes++
		g.since++
		c.sent++
		if g.limited {
			g.bucket.tokens--
		}
		return append(buf, p)
	}
	return buf
}

// mayHave takes a token for a packet to h, or lets h sleep until there is one.
func (c *core) mayHave(h *host, now time.Duration) bool {
	if h.own > 0 {
		h.ownBk.fill(h.own, max(2, h.own/50), now)
		if h.ownBk.tokens < 1 {
			c.toSleep(h, now+h.ownBk.when(1, h.own))
			return false
		}
	}
	if h.capped() {
		at := c.base.Add(now)
		if !h.Limit.AllowN(at, 1) {
			lack := max(0.05, 1-h.Limit.TokensAt(at))
			c.toSleep(h, now+time.Duration(lack/float64(h.Limit.Limit())*float64(time.Second)))
			return false
		}
	}
	if h.own > 0 {
		h.ownBk.tokens--
	}
	return true
}

// canaryFor is a canary, if one is due: to h itself or to another host of the
// subnet.
func (c *core) canaryFor(g *group, h *host, now time.Duration) (Probe, bool) {
	if g.since < c.every() {
		return Probe{}, false
	}
	p := Probe{Tag: uint8(tagCanary + c.slice%kept), Wait: unknownWait}
	switch {
	case h.hasCanary && h.signAt > 0 && !h.ending && !h.gone:
		if h.canaries++; c.isGone(h, now) {
			return Probe{}, false
		}
		p.Addr, p.Item = h.Addr, h.canary
		c.note(h, now)
	case g.witness != nil && !g.witness.capped() && g.witness.own == 0:
		p.Addr, p.Item = g.witness.Addr, g.witness.canary
		c.note(g.witness, now)
	case g.hasPast && g.witness == nil:
		p.Addr, p.Item = g.past, g.pastItem
	default:
		return Probe{}, false
	}
	g.since = 0
	c.canaries++
	s := c.slice % kept
	g.slices[s].sent++
	c.total[s].sent++
	return p, true
}

func (c *core) note(h *host, now time.Duration) {
	h.sent++
	h.lastSent = now
}

// crawling is a rate at which one would wait long for a judgement.
const crawling = 2500

// every is how many probes there are to a canary: some fifty canaries a slice,
// and more of them while the rate is still being found.
func (c *core) every() int {
	perSlice, least := c.control.rate*c.sliceTime().Seconds(), 28.0
	switch {
	case c.control.rate < crawling:
		least = 4
	case !c.control.slow:
		least = 8
	}
	return int(min(max(perSlice/48, least), 64))
}

// isGone looks whether a host has stopped answering. Such a one is left alone:
// at once for good if the job says so, else but for a question now and then,
// for it may only be cut off for some seconds.
func (c *core) isGone(h *host, now time.Duration) bool {
	if h.canaries < goneCanaries || now-h.signAt < max(signWait, 3*c.waitOf(h)) {
		return false
	}
	h.gone, h.watched = true, 0
	if h.StopSilent {
		c.giveUp(h)
	} else {
		c.toSleep(h, now+watchPause)
	}
	return true
}

func (c *core) giveUp(h *host) {
	h.gaveUp = true
	c.finish(h)
}

// question is the next question to h. Without one h has been put to sleep, or
// is finished.
func (c *core) question(h *host, now time.Duration) (Probe, bool) {
	if h.confirm {
		h.confirm = false
		h.confirmed++
		c.note(h, now)
		return Probe{Addr: h.Addr, Item: h.canary, Tag: tagConfirm, Wait: c.waitOf(h)}, true
	}
	if h.gone {
		h.watched++
		c.toSleep(h, now+watchPause<<h.watched)
		return Probe{}, false
	}
	if h.Flight > 0 && h.flying >= h.Flight {
		c.toSleep(h, now+failPause)
		return Probe{}, false
	}
	i := -1
	for len(h.redo) > 0 && i < 0 {
		i = int(h.redo[len(h.redo)-1])
		h.redo = h.redo[:len(h.redo)-1]
		if h.settled.has(i) {
			i = -1
		}
	}
	n := h.Plan.Len()
	if i < 0 {
		if h.pos = h.settled.next(h.pos, n); h.pos < n {
			i = h.pos
			h.pos++
		}
	}
	if i < 0 {
		if c.passEnded(h); h.confirm {
			return c.question(h, now)
		}
		return Probe{}, false
	}
	p := Probe{Addr: h.Addr, Item: h.Plan.Item(i), Tag: uint8(min(h.pass, maxTries-1)), Wait: c.waitOf(h)}
	if h.pass > 0 {
		p.Wait = min(2*p.Wait, mostWait)
	}
	if now-h.mark[0].at > c.waitOf(h) {
		h.mark[1], h.mark[0].at, h.mark[0].pos = h.mark[0], now, h.pos
	}
	// What is asked again is not measured: the answer may be to either.
	if h.sampleAt == 0 || p.Item == h.sample || now-h.sampleAt > time.Second {
		h.sample, h.sampleAt = p.Item, now
	}
	h.flying++
	c.note(h, now)
	return p, true
}

// passEnded lets a host sleep until the last answers of its pass are in. After
// the last one it is also asked whether it still answers: only then its silence
// says something.
func (c *core) passEnded(h *host) {
	wait := c.waitOf(h)
	switch {
	case !h.ending && c.wantsPass(h):
		c.toSleep(h, h.lastSent+wait)
	case !h.ending && h.hasCanary && !h.First && h.left > 0:
		h.ending, h.confirm = true, true // it stays in the ring for that
	case h.First: // there is no silence to be believed of a port
		h.ending = true
		c.toSleep(h, h.lastSent+max(lastWait, wait))
	default:
		h.ending = true
		c.toSleep(h, h.lastSent+max(lastWait, 2*wait))
	}
}

// wantsPass reports whether the questions without an answer are asked again.
func (c *core) wantsPass(h *host) bool { return h.pass+1 < c.tries(h) || c.slowAnswers(h) }

// slowAnswers reports whether h answers some of the questions of each pass: it
// limits how many it answers, as many systems do with resets and ICMP errors.
func (c *core) slowAnswers(h *host) bool {
	if h.pass == 0 || h.pass >= extraTries || h.Tries > 0 && h.pass+1 >= h.Tries {
		return false
	}
	share := float64(h.passLeft-h.left) / float64(h.passLeft)
	return h.passLeft >= 20 && share >= goodPass && share <= mostPass
}

// wakeUp looks after hosts whose time has come.
func (c *core) wakeUp(now time.Duration) {
	for len(c.sleep) > 0 && c.sleep[0].wake <= now {
		h := c.sleep[0]
		if h.gone {
			if h.watched >= watches {
				c.giveUp(h)
				continue
			}
			h.confirm = true
			c.toRing(h)
			continue
		}
		if h.pos < h.Plan.Len() || len(h.redo) > 0 || h.confirm { // it slept for want of a token
			c.toRing(h)
			continue
		}
		switch {
		case h.left == 0:
			c.finish(h)
		case !h.ending && c.wantsPass(h):
			c.newPass(h, now)
		case h.proven < h.Plan.Len() && h.hasCanary && !h.First && h.confirmed < confirms:
			h.ending, h.confirm = true, true
			c.toRing(h)
		default:
			c.finish(h)
		}
	}
}

func (c *core) newPass(h *host, now time.Duration) {
	if c.slowAnswers(h) && c.lossOf(h.group) < lossy || h.own > 0 {
		answered := float64(h.passLeft - h.left)
		h.own = max(20, answered/max((h.lastSent-h.passBegan).Seconds(), 0.05))
	}
	h.pass++
	h.pos, h.passBegan, h.passLeft, h.sampleAt = 0, now, h.left, 0
	h.mark = [2]struct {
		at  time.Duration
		pos int
	}{}
	h.proven = 0
	c.toRing(h)
}

// answer takes in what came back.
func (c *core) answer(a *Answer, now time.Duration) {
	if a.Tag >= tagCanary {
		c.canaryBack(a)
	}
	for h := c.hosts[a.Addr]; h != nil; {
		other := h.other
		c.answerTo(h, a, now)
		h = other
	}
}

// again notes a question that failed on our own side. It does not count as a
// try while anything else succeeds, and the host waits a little.
func (c *core) again(h *host, i int, now time.Duration) {
	if h.failing == 0 {
		h.failing = max(now, 1)
	}
	if now-h.failing > failTime {
		if h.untold == nil {
			h.untold = newSet(h.Plan.Len())
		}
		h.untold.add(i)
		return
	}
	h.redo = append(h.redo, uint32(i))
	// The longer nothing succeeds, the longer the pause.
	if pause := max(failPause, (now-h.failing)/8); h.state == ready || h.state == asleep && h.wake > now+pause {
		c.toSleep(h, now+pause)
	}
}

func (c *core) canaryBack(a *Answer) {
	if !a.State.Answered() {
		return
	}
	s := int(a.Tag) - tagCanary
	if (c.slice-s+kept)%kept >= 2 { // its slice was judged without it
		c.stretch = min(c.stretch*1.1, maxStretch)
	}
	if g := c.groups[subnet(a.Addr)]; g != nil && g.slices[s].back < g.slices[s].sent {
		g.slices[s].back++
		c.total[s].back++
	}
}

func (c *core) answerTo(h *host, a *Answer, now time.Duration) {
	i := h.Plan.index(a.Item)
	canary := a.Tag >= tagCanary || a.Tag == tagConfirm
	if i < 0 && !(h.hasCanary && a.Item == h.canary) {
		return
	}
	if !canary {
		h.flying = max(0, h.flying-1)
	}
	if h.NoResets && a.State == Closed && a.Item.Kind() != UDP {
		return
	}
	switch a.State {
	case Silent:
		return
	case Local:
		if i >= 0 && !canary && !h.settled.has(i) && !h.over {
			c.again(h, i, now)
		}
		return
	case Open, Closed, Unreachable:
	}
	rtt := c.measure(h, a, now)
	alive := a.State.Answered() || a.Self
	if alive {
		c.signOfLife(h, a, now)
	}
	if i < 0 || h.settled.has(i) || h.over {
		return
	}
	h.settled.add(i)
	h.left--
	h.failing = 0
	if a.State.Answered() && !canary {
		if a.Tag == 0 {
			h.group.first++
		} else {
			h.group.late++
		}
		if h.group.first+h.group.late > 20000 {
			h.group.first /= 2
			h.group.late /= 2
		}
	}
	switch a.State {
	case Open:
		if h.open == nil {
			h.open = newSet(h.Plan.Len())
		}
		h.open.add(i)
	case Unreachable:
		if h.refused == nil {
			h.refused = newSet(h.Plan.Len())
		}
		h.refused.add(i)
	default:
	}
	if a.State == Open || h.First {
		h.replies = append(h.replies, Reply{a.Item, a.State, a.Self, rtt, a.TTL, a.Window, a.MAC, a.Type, a.Code})
		h.tell()
	}
	if h.left == 0 || h.First && (alive || h.NoRoute && a.State == Unreachable) {
		c.finish(h)
	}
}

// measure takes the round trip time of an answer, if it is known.
func (c *core) measure(h *host, a *Answer, now time.Duration) time.Duration {
	rtt := a.RTT
	if h.sampleAt > 0 && a.Item == h.sample && a.Tag < maxTries && int(a.Tag) == min(h.pass, maxTries-1) {
		c.turn.add(now - h.sampleAt)
		at := now
		if !a.At.IsZero() {
			at = a.At.Sub(c.base)
		}
		if rtt == 0 {
			rtt = at - h.sampleAt
		}
		h.sampleAt = 0
	}
	if rtt <= 0 || rtt > time.Minute {
		return 0
	}
	h.trip.add(rtt)
	h.group.trip.add(rtt)
	c.trip.add(rtt)
	return rtt
}

func (c *core) signOfLife(h *host, a *Answer, now time.Duration) {
	h.canaries, h.signAt = 0, max(now, 1)
	if h.gone {
		h.gone, h.confirmed = false, 0
		if h.state == asleep {
			c.toRing(h)
		}
	}
	// A closed port is the better canary: to ask it again disturbs no service.
	if k := a.Item.Kind(); !a.State.Answered() || k == UDP || k == Neighbour {
		return // answers of these kinds do not tell which probe they are for
	}
	guess := h.Guess && a.Item != h.canary
	h.Guess = false
	if guess || !h.hasCanary || a.State == Closed && a.Item.Kind() == SYN && (h.canary.Kind() != SYN || a.Tag == 0) && h.canary != a.Item && !h.closedCanary() {
		h.canary, h.hasCanary = a.Item, true
	}
	if h.group.witness == nil {
		h.group.witness = h
	}
	switch {
	case a.Tag == tagConfirm:
		h.proven = h.Plan.Len()
	case h.pass+1 >= c.tries(h):
		h.proven = max(h.proven, h.mark[1].pos)
	}
}

// closedCanary reports whether the canary is known to be a closed port.
func (h *host) closedCanary() bool {
	i := h.Plan.index(h.canary)
	return i >= 0 && h.canary.Kind() == SYN && h.settled.has(i) && (h.open == nil || !h.open.has(i)) && (h.refused == nil || !h.refused.has(i))
}

// report is what is known of h.
func (h *host) report() Report {
	return Report{
		Sent: h.sent, Passes: h.pass + 1, Alive: h.signAt > 0, GaveUp: h.gaveUp,
		plan: h.Plan, settled: h.settled, open: h.open, refused: h.refused, untold: h.untold, proven: h.proven,
	}
}

func (c *core) sliceTime() time.Duration {
	if c.turn.mean == 0 {
		return oddSlice
	}
	return min(time.Duration(c.stretch*float64(max(2*c.turn.wait(), minSlice))), maxSlice)
}

// roll ends the present slice when its time is over and judges the one before,
// whose canaries had a whole slice to come back.
func (c *core) roll(now time.Duration) {
	length := c.sliceTime()
	if now-c.began < length {
		return
	}
	present := c.slice % kept
	c.total[present].took = now - c.began
	before := (c.slice + kept - 1) % kept
	c.judge(before, now)
	c.stretch = max(1, c.stretch*0.98)
	c.slice++
	c.began = now
	fresh := c.slice % kept
	c.total[fresh] = count{began: now}
	for _, g := range c.groups {
		g.slices[fresh] = count{}
	}
}

// judge looks at a slice. A subnet that loses much more than the others gets a
// rate of its own; what all lose is the way that they share.
func (c *core) judge(s int, now time.Duration) {
	all := c.total[s]
	if all.took == 0 {
		return
	}
	for _, g := range c.groups {
		own := g.slices[s]
		if own.probes == 0 {
			continue
		}
		own.took, own.began = all.took, all.began
		if g.recent.sent >= 8*maxSample {
			g.recent.sent, g.recent.back = g.recent.sent/2, g.recent.back/2
		}
		g.recent.sent += own.sent
		g.recent.back += own.back
		switch {
		case g.limited:
			g.control.add(own, now)
			if g.control.rate > c.control.rate {
				g.limited = false
			}
		case own.sent >= minSample/2 && all.sent-own.sent >= minSample/2:
			rest := count{sent: all.sent - own.sent, back: all.back - own.back}
			if own.lost() > 2*rest.lost()+2*lossy {
				g.limited = true
				g.control = newControl()
				g.control.rate = float64(own.probes) / own.took.Seconds()
				g.control.loss = own.lost()
				g.control.cut(g.control.rate, own.lost(), now)
				g.bucket = bucket{last: now}
			}
		default:
		}
		if g.limited {
			all.sent -= own.sent
			all.back -= own.back
		}
	}
	c.control.add(all, now)
	if c.total[s].sent == 0 && float64(all.probes) > c.control.rate*all.took.Seconds()/2 && !c.control.slow {
		// Nothing answers, so nothing can be learned: silence is no reason to wait.
		c.control.rate = min(1.5*c.control.rate, maxRate)
	}
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
	*s = old[:len(old)-1]
	return last
}
