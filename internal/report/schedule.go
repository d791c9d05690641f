package report

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

// launchEvery is how often it is looked for reports that are due.
const launchEvery = 30 * time.Second

// Heard takes in that something happened. It never blocks.
func (r *Room) Heard(e harrier.Event) {
	if e.Kind != harrier.ScanEnded {
		return
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Room) launchOften(ctx context.Context) error {
	t := time.NewTicker(launchEvery)
	defer t.Stop()
	for {
		for what, do := range map[string]func(context.Context) error{"schedules": r.launchDue, "scans": r.launchAfter} {
			if err := do(ctx); err != nil && ctx.Err() == nil {
				r.Log.ErrorContext(ctx, "reports not launched", "of", what, "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-t.C:
		}
	}
}

// launchDue begins the reports whose time has come. One that was missed while
// the console was away is made up for once; one that can not be begun because
// too many wait is tried again.
func (r *Room) launchDue(ctx context.Context) error {
	if r.Next == nil {
		return nil
	}
	r.launching.Lock()
	defer r.launching.Unlock()
	due, err := r.Store.DueReportDefinitions(ctx, r.now())
	if err != nil {
		return err
	}
	for _, d := range due {
		if err := r.launchScheduled(ctx, d.ID); err != nil {
			return err
		}
	}
	return nil
}

// launchScheduled moves the next run on and begins the report. The report is
// begun first: a crash between the two makes it twice, never not at all.
func (r *Room) launchScheduled(ctx context.Context, id harrier.ID) error {
	d, err := r.Store.ReportDefinition(ctx, id)
	if err != nil || d.NextRun.IsZero() || d.NextRun.After(r.now()) {
		return ignoreMissing(err)
	}
	if err := r.launchFor(ctx, d); harrier.KindOf(err) == harrier.Unavailable {
		return err
	} else if err != nil {
		r.Log.WarnContext(ctx, "scheduled report not launched", "definition", id, "err", err)
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		d, err := r.Store.ReportDefinition(ctx, id)
		if err != nil {
			return ignoreMissing(err)
		}
		next, err := r.Next(d.Schedule, r.now())
		if err != nil && harrier.KindOf(err) != harrier.Invalid {
			return err
		}
		d.NextRun = next // zero for a schedule that can not be read
		return r.Store.UpdateReportDefinition(ctx, &d)
	})
}

// launchFor begins a report in the name of its definition's owner.
func (r *Room) launchFor(ctx context.Context, d harrier.ReportDefinition) error {
	by, err := r.actor(ctx, d.Owner)
	if err != nil {
		return err
	}
	by.Via = "schedule"
	_, err = r.launch(ctx, by, d, 0)
	return err
}

// launchAfter begins the reports that are wanted after scans: of each definition
// that a scan has touched which has ended since its last report was asked for. The
// question is asked of what is stored, so that nothing is missed by a restart.
func (r *Room) launchAfter(ctx context.Context) error {
	all, err := r.Store.ReportDefinitions(ctx)
	if err != nil {
		return err
	}
	for _, d := range all {
		if !d.AfterScan {
			continue
		}
		since := d.Created
		reports, err := r.Store.ReportsOf(ctx, d.ID)
		if err != nil {
			return err
		}
		if n := len(reports); n > 0 {
			since = reports[n-1].Created
		}
		touched, err := r.touched(ctx, d, since)
		if err != nil {
			return err
		}
		if !touched {
			continue
		}
		if err := r.launchFor(ctx, d); harrier.KindOf(err) == harrier.Unavailable {
			return err
		} else if err != nil {
			r.Log.WarnContext(ctx, "report after a scan not launched", "definition", d.ID, "err", err)
		}
	}
	return nil
}

// touched reports whether a scan has ended after an instant that is of a site of
// the definition's, or that saw something last which it is about.
func (r *Room) touched(ctx context.Context, d harrier.ReportDefinition, since time.Time) (bool, error) {
	if len(d.Scope.Scans) > 0 {
		return false, nil
	}
	if len(d.Scope.Sites) > 0 {
		if ended, err := r.lastEnd(ctx, d); err != nil || ended.After(since) {
			return err == nil, err
		}
	}
	by, err := r.actor(ctx, d.Owner)
	if err != nil {
		r.Log.WarnContext(ctx, "report after a scan not launched", "definition", d.ID, "err", err)
		return false, nil
	}
	latest, err := r.Scans.Latest(ctx, by)
	if err != nil {
		return false, err
	}
	var within harrier.Expr
	for _, sc := range latest {
		if !sc.Status.Ended() || !sc.Ended.After(since) {
			continue
		}
		if d.Scope.Last || d.Scope.First {
			return len(d.Scope.Sites) == 0, nil
		}
		if r.Findings == nil || len(d.Scope.Assets)+len(d.Scope.AssetLists)+len(d.Scope.Tags) == 0 {
			return false, nil
		}
		if within == nil {
			scope := d.Scope
			scope.Sites = nil // they were looked at above
			if within, err = r.within(ctx, by, scope); err != nil {
				r.Log.WarnContext(ctx, "report after a scan not launched", "definition", d.ID, "err", err)
				return false, nil // it is the definition's fault, and others follow
			}
		}
		sums, err := r.Findings.Sums(ctx, by, harrier.And{within, eq("last_scan", int64(sc.ID))}, harrier.SumQuery{By: harrier.ByAsset, Limit: 1})
		if err != nil || sums.Groups > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// lastEnd is when the last scan of the definition's sites ended.
func (r *Room) lastEnd(ctx context.Context, d harrier.ReportDefinition) (time.Time, error) {
	var last time.Time
	for _, id := range d.Scope.Sites {
		s, err := r.Store.Site(ctx, id)
		if err != nil || s.LastScan == 0 {
			if err := ignoreMissing(err); err != nil {
				return last, err
			}
			continue
		}
		sc, err := r.Scans.Scan(ctx, harrier.System, s.LastScan)
		if err := ignoreMissing(err); err != nil {
			return last, err
		}
		if sc.Status.Ended() && sc.Ended.After(last) {
			last = sc.Ended
		}
	}
	return last, nil
}

func ignoreMissing(err error) error {
	if harrier.KindOf(err) == harrier.NotFound {
		return nil
	}
	return err
}
