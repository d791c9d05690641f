package scan

import (
	"context"
	"fmt"
	"time"

	"github.com/harrier-scan/harrier"
)

// handOut keeps up to Window jobs of a scan on the bus and ends the scan when
// no batch is open any more.
func (r *Room) handOut(ctx context.Context, sc harrier.Scan, w work) error {
	g := r.goingOn(sc.ID)
	now := r.Now()
	if now.Before(g.nextLook) {
		return nil
	}
	open, err := r.Store.OpenBatches(ctx, sc.ID)
	if err != nil {
		return err
	}
	// A look at a large scan costs; it may take a twentieth of the time.
	g.looks = r.Now().Sub(now)
	g.nextLook = r.Now().Add(20 * g.looks)
	if len(open) == 0 {
		return r.completed(ctx, sc)
	}
	pool, err := r.pool(ctx, sc)
	if err != nil {
		return err
	}
	if err := r.note(ctx, sc, pool, w); err != nil {
		return err
	}
	out := 0
	for _, b := range open {
		if out++; out > r.Window {
			break
		}
		at, handed := g.published[b.Number]
		if handed && w.batches[b.Number] { // in an engine's hands: its end may be on its way when it no longer is
			g.published[b.Number] = now
			continue
		}
		if handed && now.Sub(at) < publishAgain {
			continue
		}
		if err := r.publish(ctx, pool.name, sc, b); err != nil {
			return err
		}
		g.published[b.Number] = now
	}
	return nil
}

func (r *Room) publish(ctx context.Context, pool string, sc harrier.Scan, b harrier.Batch) error {
	ctx, done := context.WithTimeout(ctx, talkFor)
	defer done()
	job := harrier.Job{Scan: sc.ID, ScanUUID: sc.UUID, Batch: b.Number, Targets: b.Targets, Plan: sc.Plan}
	if err := r.Bus.PublishJob(ctx, pool, job); err != nil {
		return fmt.Errorf("publish batch %d: %w", b.Number, err)
	}
	return nil
}

// queue is where the jobs of a scan go, and what to say when nobody takes them.
type queue struct{ name, silent string }

// pool is the queue of a scan: that of the engine that its site names, else
// that of the site's pool. Nobody else takes the work of an engine that is gone.
func (r *Room) pool(ctx context.Context, sc harrier.Scan) (queue, error) {
	of := func(pool string) queue {
		return queue{poolOr(pool), fmt.Sprintf("none of pool %q answers", poolOr(pool))}
	}
	s, err := r.Store.Site(ctx, sc.Site)
	if harrier.KindOf(err) == harrier.NotFound {
		return of(""), nil
	}
	if err != nil || s.Engine == 0 {
		return of(s.Pool), err
	}
	engines, err := r.Store.Engines(ctx)
	if err != nil {
		return queue{}, err
	}
	for _, e := range engines {
		switch {
		case e.ID != s.Engine:
		case !e.Remote():
			return of(""), nil
		default:
			return queue{e.Queue(), fmt.Sprintf("engine %q does not answer", e.Name)}, nil
		}
	}
	return queue{harrier.Engine{}.Queue(), fmt.Sprintf("engine %d is gone", s.Engine)}, nil
}

// note keeps in the scan who works on it, and that nobody does.
func (r *Room) note(ctx context.Context, sc harrier.Scan, pool queue, w work) error {
	reason, engine := withoutWait(sc.Reason), sc.Engine
	if len(w.batches) == 0 && r.beats.silent(pool.name, r.Now()) {
		reason = also(reason, waits+": "+pool.silent)
	}
	if engine == "" {
		engine = w.engine
	}
	if reason == sc.Reason && engine == sc.Engine {
		return nil
	}
	_, err := r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
		sc.Reason, sc.Engine = reason, engine
		return r.Store.UpdateScan(ctx, sc)
	})
	return err
}

// launchDue starts the scans of sites whose time has come. A run that was
// missed while the console was away is made up for once.
func (r *Room) launchDue(ctx context.Context) error {
	if r.Next == nil {
		return nil
	}
	due, err := r.Store.DueSites(ctx, r.now())
	if err != nil {
		return err
	}
	for _, s := range due {
		if err := r.launchScheduled(ctx, s.ID); err != nil {
			return fmt.Errorf("site %d: %w", s.ID, err)
		}
	}
	return nil
}

// launchScheduled launches the site and moves its next run on in one
// transaction. When it can not be launched, because it is being scanned or is
// wrong, only the next run moves on.
func (r *Room) launchScheduled(ctx context.Context, id harrier.ID) error {
	now := r.now()
	try := func(launch bool) (sc harrier.Scan, err error) {
		err = r.Store.InTx(ctx, func(ctx context.Context) error {
			s, err := r.Store.Site(ctx, id)
			if err != nil || s.NextRun.IsZero() || s.NextRun.After(now) {
				return err
			}
			if s.NextRun, err = r.nextRun(s, now); err != nil {
				return err
			}
			if !launch {
				return r.Store.UpdateSite(ctx, &s)
			}
			by := harrier.System
			by.User, by.Via = s.Owner, "schedule"
			sc, err = r.launch(ctx, by, s, Launch{Scheduled: true, Queue: s.Schedule.After != 0})
			return err
		})
		return sc, err
	}
	sc, err := try(true)
	if err != nil {
		r.Log.WarnContext(ctx, "scheduled scan not launched", "site", id, "err", err)
		_, err = try(false)
		return err
	}
	if sc.ID != 0 {
		r.launched(ctx, sc)
	}
	return nil
}

// nextRun is when the site runs after now; a schedule that can not be read
// runs never again.
func (r *Room) nextRun(s harrier.Site, now time.Time) (time.Time, error) {
	if !s.Schedule.Planned() {
		return time.Time{}, nil
	}
	next, err := r.Next(s.Schedule, now)
	if harrier.KindOf(err) == harrier.Invalid {
		return time.Time{}, nil
	}
	return next, err
}
