package finding

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/harrier-scan/harrier"
)

// errUnsettled says that hosts still wait to be recognised: the result has to
// be folded again, in another transaction.
var errUnsettled = errors.New("some hosts wait to be recognised")

// settleAtOnce is how many hosts that waited are recognised in a transaction.
const settleAtOnce = 256

// settleLast recognises the hosts that wait when the last batch of a scan ends:
// then everything that could have a better claim has been seen.
func (f *folding) settleLast(ctx context.Context, s *scan, batch int) error {
	batches, err := f.Store.Batches(ctx, s.ID)
	if err != nil {
		return err
	}
	for _, b := range batches {
		if !b.Done && b.Number != batch {
			return nil
		}
	}
	return f.settle(ctx, s, settleAtOnce)
}

// settleEnded recognises the hosts that still wait in scans which ended before
// their last batch did, when the next scan of their repository begins.
func (f *folding) settleEnded(ctx context.Context, next harrier.Scan) error {
	ids, err := f.Store.WaitingScans(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		sc, err := f.Store.Scan(ctx, id)
		if harrier.KindOf(err) == harrier.NotFound || err == nil && (id == next.ID || sc.Repository != next.Repository || !sc.Status.Ended()) {
			continue
		}
		if err != nil {
			return err
		}
		s, err := f.openPlain(ctx, sc)
		if err != nil {
			return err
		}
		if err := f.settle(ctx, s, math.MaxInt); err != nil { // few, as engines tell the end of most
			return err
		}
	}
	return nil
}

// waiting is a host that waits, and what it may be.
type waiting struct {
	row   harrier.ScanHost
	sight harrier.Sight
	among candidates
	best  harrier.Decision // seen by itself
}

// settle recognises the hosts of a scan that wait, all judged together: the
// best matches first, and none where two hosts have as good a claim. It answers
// errUnsettled when there are more than atOnce.
func (f *folding) settle(ctx context.Context, s *scan, atOnce int) error {
	f.settling = true
	defer func() { f.settling = false }()
	if err := f.flush(ctx); err != nil {
		return err
	}
	rows, err := f.Store.Waiting(ctx, s.ID)
	if err != nil || len(rows) == 0 {
		return err
	}
	if s.tracking == harrier.TrackByIP {
		return f.settleByAddress(ctx, s, rows, atOnce)
	}
	list := make([]*waiting, len(rows))
	for i, row := range rows {
		if list[i], err = f.waitingHost(ctx, s, row); err != nil {
			return err
		}
	}
	countOthers(list)
	for _, w := range list {
		if w.among, err = f.candidates(ctx, s, keyOf(s.ID, w.row.Host), &w.sight); err != nil {
			return err
		}
		w.best = w.among.decide(s, w.sight)
	}
	slices.SortStableFunc(list, func(a, b *waiting) int {
		return cmp.Or(cmp.Compare(b.best.Score, a.best.Score), cmp.Compare(a.row.Index, b.row.Index))
	})
	for _, w := range list[:min(len(list), atOnce)] {
		if err := f.settleOne(ctx, s, w, list); err != nil {
			return err
		}
	}
	if len(list) > atOnce {
		return errUnsettled
	}
	return nil
}

func (f *folding) waitingHost(ctx context.Context, s *scan, row harrier.ScanHost) (*waiting, error) {
	services, err := f.Store.WaitingServices(ctx, s.ID, row.Index)
	if err != nil {
		return nil, err
	}
	w := &waiting{row: row, sight: harrier.Sight{Addr: row.Addr, Identifiers: harrier.Identifiers(row.Host, services)}}
	if !row.Done {
		return w, nil
	}
	c, err := f.Store.HostCoverage(ctx, s.ID, row.Index)
	if err == nil && c != nil && c.Alive && c.Complete {
		w.sight.Looked = c.Ports
	}
	return w, err
}

// countOthers notes at how many other addresses the hosts that wait show the
// same.
func countOthers(list []*waiting) {
	at := map[idKey]map[string]bool{}
	for _, w := range list {
		for _, i := range w.sight.Identifiers {
			k := idKey{i.Kind, i.Value}
			if at[k] == nil {
				at[k] = map[string]bool{}
			}
			at[k][w.row.Addr.String()] = true
		}
	}
	for _, w := range list {
		for n, i := range w.sight.Identifiers {
			w.sight.Identifiers[n].Others = len(at[idKey{i.Kind, i.Value}]) - 1
		}
	}
}

// settleOne recognises one of the hosts that waited.
func (f *folding) settleOne(ctx context.Context, s *scan, w *waiting, all []*waiting) error {
	h, err := f.host(ctx, s, w.row.Host)
	if err != nil {
		return err
	}
	if h.asset != nil {
		return f.Store.DeleteWaiting(ctx, s.ID, w.row.Index)
	}
	// Anew: others may have become one of its candidates.
	others := slices.Clone(w.sight.Identifiers)
	for n := range w.sight.Identifiers {
		w.sight.Identifiers[n].Others = 0
	}
	if w.among, err = f.candidates(ctx, s, h.key, &w.sight); err != nil {
		return err
	}
	for n := range w.sight.Identifiers {
		w.sight.Identifiers[n].Others = max(w.sight.Identifiers[n].Others, others[n].Others)
	}
	d := w.among.decide(s, w.sight)
	if d.Asset != 0 && slices.ContainsFunc(all, func(o *waiting) bool {
		return o != w && o.row.Addr != w.row.Addr && o.best.Rivals(d.Match)
	}) {
		d = harrier.Decision{}
	}
	if err := f.recognised(ctx, s, h, w.sight, w.among, d); err != nil {
		return err
	}
	return f.closeSettled(ctx, s, h)
}

// settleByAddress recognises hosts that waited where the address is the
// identity. It answers errUnsettled when there are more than atOnce.
func (f *folding) settleByAddress(ctx context.Context, s *scan, rows []harrier.ScanHost, atOnce int) error {
	for _, row := range rows[:min(len(rows), atOnce)] {
		h, err := f.host(ctx, s, row.Host)
		if err != nil {
			return err
		}
		if h.asset != nil {
			if err := f.Store.DeleteWaiting(ctx, s.ID, row.Index); err != nil {
				return err
			}
			continue
		}
		h.waits = true
		if err := f.recogniseByAddress(ctx, s, h); err != nil {
			return err
		}
		if err := f.closeSettled(ctx, s, h); err != nil {
			return err
		}
	}
	if len(rows) > atOnce {
		return errUnsettled
	}
	return nil
}

// closeSettled does for a host that waited what the end of its run does for
// others.
func (f *folding) closeSettled(ctx context.Context, s *scan, h *host) error {
	if h.coverage == nil {
		return nil
	}
	if h.judged == nil { // it comes from the store
		if err := f.derive(ctx, s, h); err != nil {
			return err
		}
	} else if err := f.learnIdentifiers(ctx, s, h.asset, identifiers(h)); err != nil {
		return err
	}
	h.asset.rethink = true
	return f.close(ctx, s, h)
}

// Settle takes the results of a scan over that waited for their assets to be
// known: of a scan that was held back, all of them. The scan must not be held
// any more, and go on. It may be called again after a failure, or for a scan
// in which nothing waits.
func (r *Room) Settle(ctx context.Context, id harrier.ID) error {
	for {
		err := r.settleSome(ctx, id)
		if !errors.Is(err, errUnsettled) {
			return err
		}
	}
}

// settleSome settles some hosts of a scan in one transaction; it answers
// errUnsettled when there are more.
func (r *Room) settleSome(ctx context.Context, id harrier.ID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	more := false
	err := r.alone(ctx, func(ctx context.Context, f *folding) error {
		s, err := f.scan(ctx, id)
		if err != nil || s == nil || s.Held {
			return err
		}
		err = f.settle(ctx, s, settleAtOnce)
		if more = errors.Is(err, errUnsettled); err != nil && !more {
			return err
		}
		if err := f.flush(ctx); err != nil {
			return err
		}
		return f.mergeAll(ctx)
	})
	if err == nil && more {
		return errUnsettled
	}
	return err
}

// alone runs do in a transaction of its own, over what is in memory. The caller
// holds mu.
func (r *Room) alone(ctx context.Context, do func(ctx context.Context, f *folding) error) error {
	var f *folding
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		if f != nil {
			r.cache.clear()
		}
		f = newFolding(r)
		return do(ctx, f)
	})
	if err != nil || f == nil || len(f.merges) > 0 {
		r.cache.clear()
		return err
	}
	r.cache.trim()
	return nil
}
