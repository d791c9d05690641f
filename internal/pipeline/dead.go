package pipeline

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// deadBook keeps the hosts of a batch that did not answer or were refused. Its
// methods may overlap.
type deadBook struct {
	mu    sync.Mutex
	spans []harrier.Span
	told  int // how many of them were published
}

func (d *deadBook) add(t harrier.Target, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spans = append(d.spans, harrier.Span{Target: t, Count: t.Count(), Reason: reason})
}

// news reports whether hosts were added since it was last asked.
func (d *deadBook) news() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := len(d.spans) > d.told
	d.told = len(d.spans)
	return fresh
}

// merged returns all of them, with neighbours of one reason in one span.
func (d *deadBook) merged() []harrier.Span {
	d.mu.Lock()
	spans := slices.Clone(d.spans)
	d.mu.Unlock()
	slices.SortFunc(spans, func(a, b harrier.Span) int {
		return cmp.Or(a.Target.First.Compare(b.Target.First), cmp.Compare(a.Target.Name, b.Target.Name))
	})
	var out []harrier.Span
	for _, s := range spans {
		if n := len(out); n > 0 && joins(out[n-1], s) {
			out[n-1].Target.Last = s.Target.Last
			out[n-1].Count += s.Count
			continue
		}
		out = append(out, s)
	}
	return out
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
