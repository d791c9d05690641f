package sweep

import "time"

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
	c.spacing = c.every()
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
		at, limit := c.base.Add(now), h.Limit.Load()
		if !limit.AllowN(at, 1) {
			lack := max(0.05, 1-limit.TokensAt(at))
			c.toSleep(h, now+time.Duration(lack/float64(limit.Limit())*float64(time.Second)))
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
	spacing := c.spacing
	if h.capped() { // else one of as many hosts as the spacing paid for all canaries
		spacing += int(c.canaries & 1)
	}
	if g.since < spacing {
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
	if i < 0 && !h.laps.full() {
		if h.pos = h.settled.next(h.pos, n); h.pos < n {
			i = h.pos
			h.pos++
			h.laps.asked++
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
	case h.laps.on, !h.ending && (c.wantsPass(h) || h.mayLimit()):
		c.toSleep(h, h.lastSent+wait)
	case !h.ending && h.hasCanary && !h.First && !h.NoProof && h.left > 0:
		h.ending, h.confirm = true, true // it stays in the ring for that
	case h.First: // there is no silence to be believed of a port
		h.ending = true
		c.toSleep(h, h.lastSent+max(lastWait, wait))
	case h.signAt == 0: // most likely nobody is there
		h.ending = true
		c.toSleep(h, h.lastSent+max(lastWait, wait))
	default:
		h.ending = true
		c.toSleep(h, h.lastSent+max(lastWait, 2*wait))
	}
}

// confirmsOf is how often h is asked whether it still answers: one that never
// did no more often than its ports.
func (c *core) confirmsOf(h *host) int {
	if h.signAt == 0 {
		return min(confirms, c.tries(h)-1)
	}
	return confirms
}

// wantsPass reports whether the questions without an answer are asked again.
func (c *core) wantsPass(h *host) bool {
	return !h.laps.done && (h.pass+1 < c.tries(h) || c.slowAnswers(h))
}

// slowAnswers reports whether h answers some of the questions of each pass: it
// limits how many it answers, as many systems do with resets and ICMP errors.
func (c *core) slowAnswers(h *host) bool {
	if h.NoLimits || h.pass == 0 || h.pass >= extraTries || h.Tries > 0 && h.pass+1 >= h.Tries {
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
		if h.pos < h.Plan.Len() && !h.laps.full() || len(h.redo) > 0 || h.confirm { // it slept for want of a token
			c.toRing(h)
			continue
		}
		switch {
		case h.left == 0:
			c.finish(h)
		case h.laps.on:
			c.lapEnded(h, now)
		case c.wantsPass(h): // even if it was ending: meanwhile others may have shown that the way loses
			c.newPass(h, now)
		case !h.ending && h.mayLimit():
			c.startLaps(h, now)
		case h.proven < h.Plan.Len() && h.hasCanary && !h.First && !h.NoProof && h.confirmed < c.confirmsOf(h):
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
	h.ending, h.confirmed = false, 0
	h.pos, h.passBegan, h.passLeft, h.sampleAt = 0, now, h.left, 0
	h.mark = [2]struct {
		at  time.Duration
		pos int
	}{}
	h.proven = 0
	c.toRing(h)
}
