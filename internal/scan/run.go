package scan

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
)

// How Run takes its time.
const (
	lookEvery     = 250 * time.Millisecond // at the state of scans, when nothing wakes it
	idleEvery     = 5 * time.Second        // the same while no scan goes on
	scheduleEvery = time.Second
	pauseAtLeast  = 300 * time.Millisecond // for a beat that follows the command
	stopAtLeast   = time.Second            // pollers shall be able to see it
	settleAtLast  = 4 * time.Second        // engines that have not followed by then are not waited for
	publishAgain  = time.Minute            // jobs that no engine has in hand, in case the bus lost them
	talkFor       = 5 * time.Second        // to the bus, about one thing
)

// going is what Run knows of a scan that goes on and can do without after a
// restart.
type going struct {
	mu        sync.Mutex
	told      harrier.Command   // what engines were told last; "" for nothing yet
	published map[int]time.Time // batches that were handed out, and when
	former    map[int]bool      // those that an earlier console may have handed out; nil: not looked yet
	nextLook  time.Time         // at its open batches
	looks     time.Duration     // how long the last one took
}

func (r *Room) goingOn(id harrier.ID) *going {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.going[id]
	if g == nil {
		g = &going{published: map[int]time.Time{}}
		r.going[id] = g
	}
	return g
}

// Run does what makes scans go on, until ctx ends: it starts queued ones,
// hands out batches, follows commands, keeps limits and schedules, and ends
// scans. Failures of the store or the bus are logged and tried again.
func (r *Room) Run(ctx context.Context) error {
	r.beats.listen(r.Now())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.watch(ctx) })
	g.Go(func() error { return r.loop(ctx) })
	return g.Wait()
}

// watch listens to the engines.
func (r *Room) watch(ctx context.Context) error {
	for ctx.Err() == nil {
		err := r.Bus.WatchBeats(ctx, func(h harrier.Heartbeat) {
			if r.beats.see(h, r.Now()) {
				r.nudge()
			}
		})
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "no heartbeats", "err", err)
			wait(ctx, time.Second)
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (r *Room) loop(ctx context.Context) error {
	r.recall(ctx)
	look := time.NewTimer(0)
	defer look.Stop()
	var scheduled time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		case <-r.wake:
		}
		if now := r.Now(); now.Sub(scheduled) >= scheduleEvery || now.Before(scheduled) {
			scheduled = now
			r.report(ctx, "schedules", r.launchDue(ctx))
			r.beats.forget(now)
		}
		busy, err := r.step(ctx)
		r.report(ctx, "scans", err)
		if busy {
			look.Reset(lookEvery)
		} else {
			look.Reset(idleEvery)
		}
	}
}

func (r *Room) report(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		r.Log.ErrorContext(ctx, "not done yet", "what", what, "err", err)
	}
}

// recall has the bus cleaned up after scans that ended shortly before a
// restart, in case that was cut short.
func (r *Room) recall(ctx context.Context) {
	latest, err := r.Store.LatestScans(ctx)
	r.report(ctx, "recall of ended scans", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, sc := range latest {
		if sc.Status.Ended() && sc.Status != harrier.ScanImported && r.Now().Sub(sc.Ended) < 24*time.Hour {
			r.leftovers[sc.ID] = wanted(sc.Status)
		}
	}
}

// step looks once at every scan that goes on and does what is due. It reports
// whether there is anything to look at again soon.
func (r *Room) step(ctx context.Context) (busy bool, err error) {
	errs := []error{r.clean(ctx), r.tellAll(ctx)}
	windows, err := r.freezes(ctx)
	if err != nil {
		return true, err
	}
	active, err := r.Store.ActiveScans(ctx)
	if err != nil {
		return true, err
	}
	free := r.MaxRunning - slots(active)
	goes := map[harrier.ID]bool{} // sites of which an earlier scan has not ended
	for _, sc := range active {
		later := sc.Status == harrier.ScanQueued && r.Now().Before(sc.Terms.NotBefore)
		first := !goes[sc.Site] && !later
		goes[sc.Site] = goes[sc.Site] || !later
		if sc, err = r.freeze(ctx, sc, windows); err != nil {
			errs = append(errs, err)
			continue
		}
		held, err := r.holder(ctx, windows, sc)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if sc.Status == harrier.ScanQueued && free > 0 && first && held == nil {
			free--
			if sc, err = r.start(ctx, sc); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		if err := r.advance(ctx, sc); err != nil && harrier.KindOf(err) != harrier.NotFound { // deleted meanwhile
			errs = append(errs, fmt.Errorf("scan %d: %w", sc.ID, err))
		}
	}
	return len(active) > 0 || errs[0] != nil, errors.Join(errs...)
}

// clean removes what the bus still has of scans that have ended. Engines that
// come back later must still learn that a scan was stopped.
func (r *Room) clean(ctx context.Context) error {
	r.mu.Lock()
	for id := range r.active {
		if _, goes := r.going[id]; !goes && r.Now().Sub(r.active[id]) > time.Hour {
			delete(r.active, id)
		}
	}
	todo := make(map[harrier.ID]harrier.Command, len(r.leftovers))
	for id, c := range r.leftovers {
		todo[id] = c
	}
	r.mu.Unlock()
	for id, c := range todo {
		ctx, done := context.WithTimeout(ctx, talkFor)
		err := r.Bus.DropScan(ctx, id)
		if err == nil && c != harrier.Resume {
			err = r.Bus.SetCommand(ctx, id, c)
		}
		done()
		if err != nil {
			return fmt.Errorf("clean up scan %d: %w", id, err)
		}
		r.mu.Lock()
		delete(r.leftovers, id)
		r.mu.Unlock()
	}
	return nil
}

// change stores what do makes of a scan, unless its state has changed since it
// was read. It returns the scan as stored.
func (r *Room) change(ctx context.Context, sc harrier.Scan, do func(ctx context.Context, sc *harrier.Scan) error) (harrier.Scan, error) {
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		stored, err := r.Store.Scan(ctx, sc.ID)
		if err != nil {
			return err
		}
		same := stored.Status == sc.Status
		if sc = stored; !same {
			return nil
		}
		return do(ctx, &sc)
	})
	return sc, err
}

func (r *Room) become(ctx context.Context, sc harrier.Scan, s harrier.ScanStatus) (harrier.Scan, error) {
	return r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
		sc.Status, sc.Modified = s, r.now()
		return r.Store.UpdateScan(ctx, sc)
	})
}

func (r *Room) start(ctx context.Context, sc harrier.Scan) (harrier.Scan, error) {
	return r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
		sc.Status, sc.Modified, sc.Reason = harrier.ScanRunning, r.now(), withoutWait(sc.Reason)
		if sc.Started.IsZero() {
			sc.Started = sc.Modified
		}
		return r.Store.UpdateScan(ctx, sc)
	})
}

// advance does what is due for one scan.
func (r *Room) advance(ctx context.Context, sc harrier.Scan) error {
	now := r.Now()
	if limit := limitOf(sc); limit > 0 && !sc.Started.IsZero() && now.Sub(sc.Started) >= limit && sc.Status != harrier.ScanStopping && !sc.Terms.AtLimit {
		var err error
		if sc, err = r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
			sc.Status, sc.Modified = harrier.ScanStopping, r.now()
			if sc.Terms.Continue {
				sc.Status, sc.Terms.AtLimit = harrier.ScanPausing, true
			}
			sc.Reason = also(withoutWait(sc.Reason), reachedLimit(time.Duration(sc.Plan.Settings.MaxDuration)))
			return r.Store.UpdateScan(ctx, sc)
		}); err != nil {
			return err
		}
	}
	if limit := time.Duration(sc.Terms.Inactivity); limit > 0 && r.idle(sc, now) >= limit {
		var err error
		if sc, err = r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
			sc.Status, sc.Modified = harrier.ScanStopping, r.now()
			sc.Reason = also(withoutWait(sc.Reason), fmt.Sprintf("the scan brought no result for %s", limit))
			return r.Store.UpdateScan(ctx, sc)
		}); err != nil {
			return err
		}
	}
	if err := r.tellEngines(ctx, sc); err != nil {
		return err
	}
	since := now.Sub(sc.Modified)
	w := r.beats.work(sc.ID)
	var err error
	switch sc.Status {
	case harrier.ScanRunning, harrier.ScanResuming:
		if sc.Status == harrier.ScanResuming && (w.sending || since >= pauseAtLeast) {
			if sc, err = r.become(ctx, sc, harrier.ScanRunning); err != nil {
				return err
			}
		}
		return r.handOut(ctx, sc, w)
	case harrier.ScanPausing:
		if since >= settleAtLast || since >= pauseAtLeast && !w.sending {
			_, err = r.become(ctx, sc, harrier.ScanPaused)
		}
	case harrier.ScanStopping:
		if since >= settleAtLast || since >= stopAtLeast && len(w.batches) == 0 {
			return r.stopped(ctx, sc)
		}
	default:
	}
	return err
}

// idle is how long a running scan has brought nothing although engines work on
// it. What was held, waited, or came before the console started does not count.
func (r *Room) idle(sc harrier.Scan, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, known := r.active[sc.ID]
	if sc.Status != harrier.ScanRunning || len(r.beats.work(sc.ID).batches) == 0 || !known {
		r.active[sc.ID] = now
		return 0
	}
	return now.Sub(last)
}

func (r *Room) tellEngines(ctx context.Context, sc harrier.Scan) error {
	if sc.Status == harrier.ScanQueued {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, talkFor)
	defer done()
	return r.command(ctx, sc)
}

// finish ends a scan unless its state has changed.
func (r *Room) finish(ctx context.Context, sc harrier.Scan, s harrier.ScanStatus, missing string) error {
	over := false
	sc, err := r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
		over = true
		return r.end(ctx, sc, s, missing, "")
	})
	if err == nil && over {
		r.ended(ctx, sc)
	}
	return err
}

// waits begins the part of a reason that says that a scan waits for an engine.
const waits = "waiting for an engine"

// withoutWait returns reason without that part, and without what freeze windows
// say.
func withoutWait(reason string) string {
	var kept []string
	for part := range strings.SplitSeq(reason, "; ") {
		if part != "" && !strings.HasPrefix(part, waits) && !strings.HasPrefix(part, frozenBy) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "; ")
}

// WaitsForEngine reports whether a scan goes on and no engine answers that could
// take it up.
func WaitsForEngine(sc harrier.Scan) bool {
	return !sc.Status.Ended() && strings.Contains(sc.Reason, waits)
}
