package scan

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

// completed ends a scan whose batches have all ended: what was held back is
// taken over, and hosts that are silent for too long lose their findings. Every
// step can be taken again.
func (r *Room) completed(ctx context.Context, sc harrier.Scan) error {
	sc, err := r.letGo(ctx, sc)
	if err != nil {
		return err
	}
	if age := sc.Terms.Silence; age != nil && r.Findings != nil {
		n, err := r.Findings.Silence(ctx, sc.ID, time.Duration(*age))
		if err != nil {
			return err
		}
		if n > 0 {
			r.Log.InfoContext(ctx, "silent hosts lost their findings", "scan", sc.ID, "findings", n)
		}
	}
	return r.finish(ctx, sc, harrier.ScanCompleted, notReported)
}

// stopped ends a scan that was stopped before its end.
func (r *Room) stopped(ctx context.Context, sc harrier.Scan) error {
	if sc.Terms.Unfinished != harrier.DiscardResults {
		var err error
		if sc, err = r.letGo(ctx, sc); err != nil {
			return err
		}
	}
	return r.finish(ctx, sc, harrier.ScanStopped, notStopped)
}

// letGo has results taken over that wait or were held back.
func (r *Room) letGo(ctx context.Context, sc harrier.Scan) (harrier.Scan, error) {
	if sc.Held {
		var err error
		if sc, err = r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
			sc.Held = false
			return r.Store.UpdateScan(ctx, sc)
		}); err != nil {
			return sc, err
		}
	}
	if r.Findings == nil {
		return sc, nil
	}
	return sc, r.Findings.Settle(ctx, sc.ID)
}

// follow makes the sites due that come after the site of a scan which has ended
// with results. Run launches them, after a restart too.
func (r *Room) follow(ctx context.Context, sc harrier.Scan) error {
	if !sc.Useful() {
		return nil
	}
	sites, err := r.Store.Sites(ctx)
	if err != nil {
		return err
	}
	for _, s := range sites {
		if s.Schedule.After != sc.Site || !s.Schedule.Enabled || sc.Site == 0 {
			continue
		}
		s.NextRun = r.now()
		if err := r.Store.UpdateSite(ctx, &s); err != nil {
			return err
		}
	}
	return nil
}
