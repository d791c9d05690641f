package sweep

import "time"

// The figures of the search for a limit of resets: many systems and firewalls
// send only so many a second.
const (
	fewResets = 20   // closed ports that answered, and silent ones, for it to be worth a look
	trialRate = 50.0 // questions a second of the first lap
	leastLap  = 20   // questions of a lap
	lapTime   = 500 * time.Millisecond
	limitTime = 15 * time.Second // for all laps over a host
	slowest   = 20.0             // questions a second
)

// laps is how a host that may limit its resets is asked its silent questions
// again: in short laps at a pace of its own, the first of which shows whether
// there is a limit.
type laps struct {
	on, done bool
	began    time.Duration
	first    bool
	vain     int // laps in a row without an answer
	asked    int // of the present lap
	size     int // how many it has
}

func (l *laps) full() bool { return l.on && l.asked >= l.size }

// mayLimit reports whether the silence of h may be a limit of resets: some
// closed ports answered and others did not.
func (h *host) mayLimit() bool {
	return !h.NoLimits && !h.First && !h.laps.done && h.Tries == 0 && !h.capped() && h.resets >= fewResets && h.left >= fewResets
}

// startLaps begins the first lap.
func (c *core) startLaps(h *host, now time.Duration) {
	h.laps = laps{on: true, done: true, first: true, began: now}
	h.own, h.ownBk, h.pos = trialRate, bucket{last: now}, 0
	c.lap(h, leastLap, now)
}

func (c *core) lap(h *host, size int, now time.Duration) {
	if h.pos >= h.Plan.Len() {
		h.pos = 0
	}
	h.laps.asked, h.laps.size = 0, size
	h.passBegan, h.passLeft, h.sampleAt = now, h.left, 0
	c.toRing(h)
}

// lapEnded judges a lap when its answers are in: the next is faster while
// nearly all are answered, and as fast as answers came otherwise.
func (c *core) lapEnded(h *host, now time.Duration) {
	answered := float64(h.passLeft - h.left)
	share := answered / float64(max(h.laps.asked, 1))
	if answered > 0 {
		h.laps.vain = 0
	} else {
		h.laps.vain++
	}
	if h.laps.vain > 1 || h.laps.first && share < 0.5 || now-h.laps.began > limitTime {
		h.laps.on, h.own, h.pos = false, 0, h.Plan.Len()
		if c.passEnded(h); h.confirm {
			c.toRing(h)
		}
		return
	}
	h.laps.first = false
	if share > mostPass {
		h.own *= 2
	} else {
		h.own = max(slowest, answered/max((h.lastSent-h.passBegan).Seconds(), 0.05))
	}
	c.lap(h, max(leastLap, int(h.own*lapTime.Seconds())), now)
}
