package pipeline

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// deadBook keeps the hosts of a batch that did not answer or were refused, in as
// few spans as they make. Its methods may overlap.
type deadBook struct {
	mu    sync.Mutex
	spans []harrier.Span // in order, neighbours of one reason joined
	fresh []harrier.Span // as they came
	count int
	told  int // how many of them were published
}

// maxFresh is how many are kept as they came: to join them takes a moment.
const maxFresh = 1024

func (d *deadBook) add(t harrier.Target, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count++
	if d.fresh = append(d.fresh, harrier.Span{Target: t, Count: t.Count(), Reason: reason}); len(d.fresh) >= max(maxFresh, len(d.spans)) {
		d.join()
	}
}

// news reports whether hosts were added since it was last asked.
func (d *deadBook) news() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := d.count > d.told
	d.told = d.count
	return fresh
}

// merged returns all of them, with neighbours of one reason in one span.
func (d *deadBook) merged() []harrier.Span {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.join()
	return slices.Clone(d.spans)
}

// join puts what is fresh to the rest. The caller holds mu.
func (d *deadBook) join() {
	all := append(d.spans, d.fresh...)
	slices.SortFunc(all, func(a, b harrier.Span) int {
		return cmp.Or(a.Target.First.Compare(b.Target.First), cmp.Compare(a.Target.Name, b.Target.Name))
	})
	out := all[:0]
	for _, s := range all {
		if n := len(out); n > 0 && joins(out[n-1], s) {
			out[n-1].Target.Last = s.Target.Last
			out[n-1].Count += s.Count
			continue
		}
		out = append(out, s)
	}
	clear(all[len(out):])
	d.spans, d.fresh = out, d.fresh[:0]
}

func joins(a, b harrier.Span) bool {
	return a.Reason == b.Reason && a.Target.IsRange() && b.Target.IsRange() && a.Target.Last.Next() == b.Target.First
}

// tellInterval is how often a batch that goes on tells of new dead hosts. The
// list is whole each time: it replaces the one before.
const tellInterval = 10 * time.Second

func (r *run) tellDead(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(tellInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-done:
			return
		case <-tick.C:
		}
		if r.dead.news() && r.batch.Publish(ctx, harrier.Result{Dead: r.dead.merged()}) != nil {
			return // the last list, at the end of the batch, is the one that counts
		}
	}
}

func (r *run) publishDead(ctx context.Context) error {
	if spans := r.dead.merged(); len(spans) > 0 {
		return r.batch.Publish(ctx, harrier.Result{Dead: spans})
	}
	return nil
}
