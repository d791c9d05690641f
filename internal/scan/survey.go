package scan

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// cut makes the batches of a scan of s. A survey begins with one that has no
// targets: what to scan is what it finds.
func (r *Room) cut(s harrier.Site, told, exclude string, guard harrier.Guard) (pieces, error) {
	if s.Options.Survey == nil {
		return cutTargets(told, exclude, guard, r.BatchSize)
	}
	var p pieces
	if len(s.Options.Survey.Seeds) == 0 {
		return p, harrier.Invalidf("seeds", "there are none to begin with")
	}
	if exclude != "" {
		var err error
		if p.exclude, err = harrier.ParseTargets(exclude); err != nil {
			return p, harrier.Invalidf("exclude", "%s", harrier.MessageOf(err))
		}
	}
	p.batches = []harrier.Targets{nil}
	return p, nil
}

// surveyed adds the batches of what a survey found, once, when it has ended. It
// reports whether there are some.
func (r *Room) surveyed(ctx context.Context, sc harrier.Scan) (bool, error) {
	if sc.Plan.Survey == nil || sc.Plan.Survey.Passive || r.Surface == nil {
		return false, nil
	}
	more := false
	_, err := r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
		more = false
		batches, err := r.Store.Batches(ctx, sc.ID)
		if err != nil || len(batches) != 1 || !batches[0].Done { // they are there already
			return err
		}
		found, err := r.Surface(ctx, *sc)
		if err != nil {
			return err
		}
		wanted := found.Subtract(sc.Plan.Exclude)
		left := wanted.Subtract(sc.Plan.Guard.Targets())
		sc.Forbidden = planned(wanted) - planned(left)
		sc.Reason = also(sc.Reason, guarded(wanted, left, sc.Plan.Guard, sc.Forbidden))
		if planned(left) > MaxTargets {
			sc.Reason = also(sc.Reason, "more was found than one scan can look at: nothing of it was scanned")
			left = nil
		}
		var list []harrier.Batch
		for b := range left.Batches(batchSize(planned(left), r.BatchSize)) {
			list = append(list, harrier.Batch{Scan: sc.ID, Number: len(list) + 2, Targets: b})
		}
		sc.HostsTotal += planned(left)
		if more = len(list) > 0; more {
			if err := r.Store.InsertBatches(ctx, sc.ID, list); err != nil {
				return err
			}
		}
		return r.Store.UpdateScan(ctx, sc)
	})
	return more, err
}
