package sweep

import "time"

// The figures of the rate control.
const (
	startRate = 15_000.0 // probes a second to begin with
	minRate   = 200.0    // and at least
	maxRate   = 4e6      // no machine does more

	lossy     = 0.08 // share of canaries that congestion loses, over what chance does
	lossless  = 0.03
	minSample = 16 // canaries to judge by
	maxSample = 64 // and to forget earlier ones after

	safety  = 0.97 // of what got through is the new rate
	mostCut = 8.0  // at a time: a burst that nothing of gets through tells little
	gentle  = 0.25 // growth a second after a cut, to begin with
	widened = 6.0  // so far above what once got through that it is history
	unknown = 4.0  // growth per judgement while nothing is known of the way; 2 later
	common  = 25e4 // what most ways and machines bear: above, growth is careful

	kept     = 8 // slices that are remembered; tags tell as many apart
	minSlice = 20 * time.Millisecond
	maxSlice = 500 * time.Millisecond
	oddSlice = 50 * time.Millisecond // while no round trip was measured
)

// count is what happened in a slice of time.
type count struct {
	probes     int // that were sent, canaries among them
	sent, back int // canaries
	took       time.Duration
	began      time.Duration
}

// control steers a rate by the loss of canaries.
//
// Source: the multiplicative part is that of TCP's slow start and recovery
// (RFC 5681), with a measured share of losses instead of single ones, so that
// what is lost by chance slows nothing down.
type control struct {
	rate    float64 // probes a second
	slow    bool    // it was cut: grow carefully
	ceiling float64 // what got through when it was last cut
	cutAt   time.Duration
	chance  float64 // loss that does not depend on the rate
	loss    float64 // the latest judgement
	sum     count   // slices to be judged together
	judged  time.Duration

	clean int // judgements without loss since the last cut

	from time.Duration // when the first slice of sum began
	cuts []cutNote     // the latest, the oldest first

	// The first of the cuts that follow each other, and what was lost at half of
	// its rate and below: when that is as much, it is chance.
	series struct{ rate, loss float64 }
	low    count
}

// cutNote is what a cut was made for, and what it ended.
type cutNote struct {
	from, to   time.Duration // the slices that were judged began in [from, to)
	sent, lost int           // canaries of theirs
	before     control       // without its own cuts
}

// mostCuts is how many cuts are remembered: canaries come late, not for ever.
const mostCuts = 4

// late takes in a canary that came back after its slice, which began at that
// time, was judged. A cut for canaries that were not lost, only late, is taken
// back: on a busy machine answers lie in the socket for longer than any round
// trip.
func (c *control) late(began time.Duration) {
	for i := range c.cuts {
		n := &c.cuts[i]
		if began < n.from || began >= n.to || n.lost == 0 {
			continue
		}
		n.lost--
		if float64(n.lost)/float64(n.sent)-n.before.chance < lossless {
			earlier := c.cuts[:i]
			*c = n.before
			c.cuts, c.sum, c.cutAt = earlier, count{}, n.to
			return
		}
	}
}

func newControl() control { return control{rate: startRate} }

// add takes a slice that ended so long ago that its canaries are back, and
// judges when there is enough to judge by.
func (c *control) add(s count, now time.Duration) {
	if s.began < c.cutAt { // sent at a rate that is history
		return
	}
	if c.sum.sent == 0 {
		c.from = s.began
	}
	c.sum.probes += s.probes
	c.sum.sent += s.sent
	c.sum.back += s.back
	c.sum.took += s.took
	if c.sum.sent < minSample {
		return
	}
	sum := c.sum
	sum.began = s.began
	c.judge(sum, now)
	c.judged = now
	if sum.sent >= maxSample || c.cutAt == now {
		c.sum = count{}
	} else {
		c.sum = count{sum.probes / 2, sum.sent / 2, sum.back / 2, sum.took / 2, 0}
	}
}

func (c *control) judge(s count, now time.Duration) {
	c.loss = s.lost()
	reached := float64(s.probes) / max(s.took.Seconds(), 1e-6)
	c.doubt(s)
	c.chance = min(c.chance, c.loss)
	over := c.loss - c.chance
	switch {
	case over > lossy:
		n := cutNote{from: c.from, to: s.began + 1, sent: s.sent, lost: s.sent - s.back, before: *c}
		n.before.cuts = nil
		c.cuts = append(c.cuts[max(0, len(c.cuts)+1-mostCuts):], n)
		c.cut(reached, over, now)
	case over >= lossless:
	case reached < c.rate/2: // the rate is not what holds us up, or it was sent at an earlier one
	case !c.slow && c.ceiling == 0 && unknown*c.rate <= common:
		c.rate = min(unknown*c.rate, maxRate)
	case !c.slow, c.rate > widened*c.ceiling:
		c.slow = false
		c.rate = min(2*c.rate, maxRate)
	default: // the longer nothing is lost, the faster
		step := 1 + float64(c.clean)/4
		c.rate *= 1 + gentle*step*step*min(now-c.judged, maxSlice).Seconds()
		c.clean++
	}
}

// doubt asks, after cuts, whether they changed the loss at all.
func (c *control) doubt(s count) {
	if c.series.rate == 0 || c.rate > c.series.rate/2 {
		return
	}
	c.low.sent += s.sent
	c.low.back += s.back
	if c.low.sent < maxSample {
		return
	}
	if loss := c.low.lost(); loss > 0.6*c.series.loss {
		c.chance, c.rate, c.slow = max(loss, c.loss), c.series.rate, false
	}
	c.series.rate = 0
}

func (c *control) cut(reached, over float64, now time.Duration) {
	if c.series.rate == 0 {
		c.series.rate, c.series.loss, c.low = c.rate, c.loss, count{}
	}
	// Less than the rate is reached when there are pauses: what was lost was
	// lost at the rate.
	passed := max(min(reached, c.rate), 0.75*c.rate) * (1 - over)
	c.ceiling, c.slow, c.cutAt, c.clean = max(passed, minRate), true, now, 0
	c.rate = max(passed*safety, c.rate/mostCut, minRate)
}

// lost is the share of the canaries that did not come back.
func (s count) lost() float64 {
	if s.sent == 0 {
		return 0
	}
	return max(0, 1-float64(s.back)/float64(s.sent))
}

// bucket hands out what may be sent at a rate.
type bucket struct {
	tokens float64
	last   time.Duration
}

// fill brings the tokens up to date; burst is how many are kept at most.
func (b *bucket) fill(rate, burst float64, now time.Duration) {
	b.tokens = min(b.tokens+(now-b.last).Seconds()*rate, burst)
	b.last = now
}

// when is how long it takes to have n tokens.
func (b *bucket) when(n, rate float64) time.Duration {
	return max(time.Duration((n-b.tokens)/rate*float64(time.Second)), 50*time.Microsecond)
}

// trip estimates a round trip time.
//
// Source: RFC 6298.
type trip struct{ mean, swing time.Duration }

func (t *trip) add(d time.Duration) {
	if d <= 0 || d > time.Minute {
		return
	}
	if t.mean == 0 {
		t.mean, t.swing = d, d/2
		return
	}
	t.swing += ((t.mean - d).Abs() - t.swing) / 4
	t.mean += (d - t.mean) / 8
}

// wait is for how long an answer is waited for; 0 when nothing was measured.
func (t *trip) wait() time.Duration {
	if t.mean == 0 {
		return 0
	}
	return t.mean + 4*t.swing
}
