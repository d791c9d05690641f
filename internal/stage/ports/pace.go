package ports

import (
	"sync"
	"time"
)

// window bounds the probes of one host that are in flight.
//
// Source: slow start and halving as in TCP (RFC 5681), with probes for
// segments. Unlike there a loss alone halves nothing: probes are as small as
// packets get, and on a wire that loses one in a hundred for reasons of its own
// a smaller window would gain nothing and cost the waits of many.
type window struct {
	size, turn, max float64   // turn: where growth slows down
	loss            float64   // share of probes that were lost, of late
	halved          time.Time // a burst of losses halves once
}

// The share of lost probes that is taken for congestion, and over how many
// probes it is judged.
const (
	congested = 0.08
	judged    = 50
)

func newWindow(gentle bool) window {
	if gentle {
		return window{size: 1, turn: 1, max: 1}
	}
	return window{size: 48, turn: 384, max: 384}
}

func (w *window) room() int { return int(w.size) }

// grow is told of a probe that was answered.
func (w *window) grow() {
	w.loss -= w.loss / judged
	if w.size < w.turn {
		w.size++
	} else {
		w.size += 1 / w.size
	}
	w.size = min(w.size, w.max)
}

// silent is told that silence was no loss: the host answers all the while.
func (w *window) silent() { w.size = min(w.size*1.5, w.max) }

// lost is told of a probe that was lost.
func (w *window) lost() {
	if w.loss += (1 - w.loss) / judged; w.loss > congested {
		w.halve()
	}
}

// halve makes room for others, or for our own side.
func (w *window) halve() {
	if now := time.Now(); now.Sub(w.halved) > 100*time.Millisecond {
		w.halved = now
		w.turn = max(w.size/2, min(8, w.max))
		w.size = w.turn
	}
}

// The bounds of the wait for one answer.
const (
	firstWait = time.Second
	minWait   = 250 * time.Millisecond
	maxWait   = 3 * time.Second
)

// rtt estimates the round trip time.
//
// Source: RFC 6298, with a minimum that a busy machine keeps.
type rtt struct {
	mu          sync.Mutex
	mean, swing time.Duration // mean 0: nothing measured
}

// start takes over what was measured before.
func (r *rtt) start(measured time.Duration) {
	if measured > 0 {
		r.add(measured)
	}
}

// add takes in one measurement.
func (r *rtt) add(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mean == 0 {
		r.mean, r.swing = d, d/2
		return
	}
	r.swing += ((r.mean - d).Abs() - r.swing) / 4
	r.mean += (d - r.mean) / 8
}

// wait is how long to wait for an answer, longer with each try.
func (r *rtt) wait(tries int) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	base := firstWait
	if r.mean > 0 {
		base = min(max(r.mean+4*r.swing, minWait), maxWait/2)
	}
	return min(base<<min(tries, 4), maxWait)
}
