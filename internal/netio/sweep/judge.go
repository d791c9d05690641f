package sweep

import "time"

// sliceTime is how long the present slice lasts: as long as an answer may take,
// and twice that when the rate is found, for then there is no hurry to judge.
func (c *core) sliceTime() time.Duration {
	if c.turn.mean == 0 {
		return oddSlice
	}
	length := c.turn.wait()
	if c.control.slow {
		length *= 2
	}
	return min(time.Duration(c.stretch*float64(max(length, minSlice))), maxSlice)
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
