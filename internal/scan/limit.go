package scan

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// limitOf is how long after its start a scan has to be over; 0 for no limit.
func limitOf(sc harrier.Scan) time.Duration {
	return time.Duration(cmp.Or(sc.Terms.Until, sc.Plan.Settings.MaxDuration))
}

func reachedLimit(limit time.Duration) string {
	return fmt.Sprintf("the scan reached its time limit of %s", limit)
}

// goOn resumes the scan of a site that paused at its time limit, for as long
// again; false when there is none. It runs in a transaction.
func (r *Room) goOn(ctx context.Context, s harrier.Site, run harrier.FurtherRun, now time.Time) (bool, error) {
	active, err := r.Store.ActiveScans(ctx)
	if err != nil {
		return false, err
	}
	for _, sc := range active {
		if sc.Site != s.ID || !sc.Terms.AtLimit || sc.Status != harrier.ScanPaused {
			continue
		}
		windows, err := r.freezes(ctx)
		if err != nil {
			return false, err
		}
		if w, err := r.holder(ctx, windows, sc); err != nil {
			return false, err
		} else if w != nil && w.HoldRunning {
			return true, nil // the run after this one goes on with it
		}
		sc.Status, sc.Modified = harrier.ScanResuming, now
		sc.Terms.AtLimit, sc.Terms.Until = false, harrier.Duration(now.Sub(sc.Started))+run.MaxDuration
		sc.Reason = strings.TrimSuffix(strings.TrimSuffix(sc.Reason, reachedLimit(time.Duration(run.MaxDuration))), "; ")
		return true, r.Store.UpdateScan(ctx, &sc)
	}
	return false, nil
}
