package scan

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// freshSums is how long the sums of a scan that goes on are kept.
const freshSums = time.Second

// sumCache keeps the sums of scans that go on for a moment, since every reader
// of a list asks for them.
type sumCache struct {
	mu   sync.Mutex
	kept map[harrier.ID]keptSums
}

type keptSums struct {
	at  time.Time
	sum tally
}

func newSumCache() *sumCache { return &sumCache{kept: map[harrier.ID]keptSums{}} }

func (c *sumCache) get(id harrier.ID, now time.Time) (tally, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.kept[id]
	return k.sum, ok && now.Sub(k.at) < freshSums && !now.Before(k.at)
}

func (c *sumCache) put(id harrier.ID, t tally, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[id] = keptSums{now, t}
}

func (c *sumCache) drop(id harrier.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept, id)
}

// tally is what the rows of a scan add up to.
type tally struct {
	done, alive int
	present     harrier.Counts
	coverage    harrier.Totals
}

// tallyOf adds hosts and spans up; checks is how many checks were planned for
// each.
func tallyOf(hosts []harrier.ScanHost, spans []harrier.Span, checks int) tally {
	var t tally
	for _, h := range hosts {
		if h.Alive {
			t.alive++
		}
		if h.Done {
			t.done++
		}
		t.present = plus(t.present, h.Present)
		t.coverage = t.coverage.Add(h.Coverage)
	}
	for _, s := range spans {
		if !notReached(s) {
			t.done += s.Count
		}
		n := s.Count * checks
		t.coverage = t.coverage.Add(harrier.Totals{Planned: n, Skipped: n})
	}
	return t
}

func (t tally) into(sc *harrier.Scan) {
	sc.HostsDone, sc.HostsAlive, sc.Present, sc.Coverage = t.done, t.alive, t.present, t.coverage
}

// withSums fills the sums of a scan that goes on; those of one that has ended
// are stored with it.
func (r *Room) withSums(ctx context.Context, sc harrier.Scan) (harrier.Scan, error) {
	if sc.Status.Ended() {
		return sc, nil
	}
	now := r.Now()
	t, fresh := r.sums.get(sc.ID, now)
	if !fresh {
		hosts, err := r.Store.ScanHosts(ctx, sc.ID)
		if err != nil {
			return sc, err
		}
		spans, err := r.Store.Dead(ctx, sc.ID)
		if err != nil {
			return sc, err
		}
		dead, _ := account(nil, hosts, spans, "")
		t = tallyOf(hosts, dead, len(sc.Plan.Checks))
		r.sums.put(sc.ID, t, now)
	}
	t.into(&sc)
	return sc, nil
}

// allTargets joins what the batches of a scan hold.
func allTargets(batches []harrier.Batch) harrier.Targets {
	var out harrier.Targets
	for _, b := range batches {
		out = append(out, b.Targets...)
	}
	return slices.Clip(out)
}
