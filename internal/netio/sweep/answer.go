package sweep

import "time"

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
		c.control.late(c.total[s].began)
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
		} else if !h.laps.on { // else it was no loss
			h.group.late++
		}
		if h.group.first+h.group.late > 20000 {
			h.group.first /= 2
			h.group.late /= 2
		}
	}
	if a.State == Closed && a.Item.Kind() == SYN {
		h.resets++
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
	if a.State == Open || h.First || a.Traits != nil {
		h.replies = append(h.replies, Reply{a.Item, a.State, a.Self, rtt, a.TTL, a.Window, a.MAC, a.Type, a.Code, a.DF, a.IPID, a.Traits})
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
	if k := a.Item.Kind(); !a.State.Answered() || k == UDP || k == Neighbour || k == Stack {
		return // answers of these kinds do not tell which probe they are for, or cost the host more
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
	case h.proven < h.mark[1].pos && h.pass+1 >= c.tries(h):
		h.proven = h.mark[1].pos
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
