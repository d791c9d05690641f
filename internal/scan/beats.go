package scan

import (
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// lostAfter is how long an engine may be silent before nothing more is
// expected of it.
const lostAfter = 30 * time.Second

// beats is what the engines said last. Its methods may overlap.
type beats struct {
	mu      sync.Mutex
	since   time.Time // when listening began
	engines map[harrier.UUID]beat
}

type beat struct {
	harrier.Heartbeat
	at time.Time
}

func newBeats() *beats { return &beats{engines: map[harrier.UUID]beat{}} }

// listen marks the begin of listening: nobody counts as lost before a while.
func (b *beats) listen(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.since = now
}

// see takes a heartbeat in and reports whether the engine has done anything.
func (b *beats) see(h harrier.Heartbeat, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, known := b.engines[h.Engine.UUID]
	b.engines[h.Engine.UUID] = beat{h, now}
	return !known || !slices.Equal(before.Active, h.Active)
}

// forget drops engines that have been silent for long.
func (b *beats) forget(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, e := range b.engines {
		if now.Sub(e.at) > lostAfter {
			delete(b.engines, id)
		}
	}
}

// work is what the engines do for one scan.
type work struct {
	batches map[int]bool // in hand
	sending bool         // for one of them packets leave
	engine  string       // the name of one of the engines
}

func (b *beats) work(scan harrier.ID) work {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := work{batches: map[int]bool{}}
	for _, e := range b.engines {
		for _, a := range e.Active {
			if a.Scan == scan {
				w.batches[a.Batch] = true
				w.sending = w.sending || !a.Held
				w.engine = e.Engine.Name
			}
		}
	}
	return w
}

// silent reports whether no engine that takes work from pool can be expected to
// do anything.
func (b *beats) silent(pool string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.engines {
		if (slices.Contains(e.Queues, pool) || len(e.Queues) == 0 && poolOr(e.Engine.Pool) == pool) && now.Sub(e.at) <= lostAfter {
			return false
		}
	}
	return now.Sub(b.since) > lostAfter
}

func poolOr(pool string) string {
	if pool == "" {
		return harrier.LocalPool
	}
	return pool
}
