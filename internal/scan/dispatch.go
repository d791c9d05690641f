package scan

import (
	"context"
	"fmt"
	"slices"
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
		more, err := r.surveyed(ctx, sc)
		if err != nil || more {
			g.nextLook = time.Time{}
			return err
		}
		return r.completed(ctx, sc)
	}
	pool, err := r.pool(ctx, sc)
	if err != nil {
		return err
	}
	if err := r.note(ctx, sc, pool, w); err != nil {
		return err
	}
	open = open[:min(len(open), r.Window)]
	if g.former == nil {
		g.former = map[int]bool{}
		for _, b := range open {
			g.former[b.Number] = sc.Created.Before(r.born)
		}
	}
	for _, b := range open {
		at, handed := g.published[b.Number]
		if handed && w.batches[b.Number] { // in an engine's hands: its end may be on its way when it no longer is
			g.published[b.Number] = now
			continue
		}
		if handed && now.Sub(at) < publishAgain {
			continue
		}
		// The end of a batch may have been said, but not taken in, when the console
		// was killed, or since the batch was handed out.
		if err := r.publish(ctx, pool.name, sc, b, handed || g.former[b.Number]); err != nil {
			return err
		}
		g.published[b.Number] = now
	}
	return nil
}

func (r *Room) publish(ctx context.Context, pool string, sc harrier.Scan, b harrier.Batch, again bool) error {
	ctx, done := context.WithTimeout(ctx, talkFor)
	defer done()
	job := harrier.Job{Scan: sc.ID, ScanUUID: sc.UUID, Batch: b.Number, Targets: b.Targets, Plan: sc.Plan, Again: again}
	if err := r.Bus.PublishJob(ctx, pool, job); err != nil {
		return fmt.Errorf("publish batch %d: %w", b.Number, err)
	}
	return nil
}

// queue is where the jobs of a scan go, and what to say when nobody takes them.
type queue struct{ name, silent string }

// pool is the queue of a scan: that of the engine that its site names, else
// that of the site's pool, else that of the pool that is there for its targets. Nobody else takes the work of an engine that is gone.
func (r *Room) pool(ctx context.Context, sc harrier.Scan) (queue, error) {
	of := func(pool string) queue {
		return queue{poolOr(pool), fmt.Sprintf("none of pool %q answers", poolOr(pool))}
	}
	s, err := r.Store.Site(ctx, sc.Site)
	if harrier.KindOf(err) == harrier.NotFound {
		return of(""), nil
	}
	if err == nil {
		err = r.bind(ctx, sc, &s)
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

// bind gives the site of a scan the engine, or the pool, that the scan goes to.
func (r *Room) bind(ctx context.Context, sc harrier.Scan, s *harrier.Site) error {
	if sc.Terms.Engine != 0 {
		s.Engine = sc.Terms.Engine
	}
	if s.Engine != 0 {
		return nil
	}
	pool, pools, err := r.zone(ctx, *s)
	switch {
	case harrier.KindOf(err) == harrier.Invalid: // what was launched before is gone on with
	case err != nil:
		return err
	case pool == "":
		s.Pool = poolFor(sc, pools)
	default:
		s.Pool = pool
	}
	return nil
}

// poolFor is the pool that is there for what a scan looks at; "" for none.
func poolFor(sc harrier.Scan, pools []harrier.Pool) string {
	if !slices.ContainsFunc(pools, func(p harrier.Pool) bool { return p.Targets != "" }) {
		return ""
	}
	targets, err := harrier.ParseTargets(sc.Targets)
	if err != nil {
		return ""
	}
	p, _ := targets.For(pools)
	return p.Name
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

// launchScheduled launches the site by each of its schedules that is due, and
// moves its next run on, in one transaction. What can not be launched, because
// it is being scanned or is wrong, is left out.
func (r *Room) launchScheduled(ctx context.Context, id harrier.ID) error {
	now := r.now()
	var launched []harrier.Scan
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		launched = nil
		s, err := r.Store.Site(ctx, id)
		if err != nil || s.NextRun.IsZero() || s.NextRun.After(now) {
			return err
		}
		due := r.dueRuns(&s, now)
		if s.Options.Survey != nil && !s.Options.Survey.Enabled {
			due = nil // it was switched off
		}
		if s.NextRun, err = r.nextRun(s, now); err != nil {
			return err
		}
		if err := r.Store.UpdateSite(ctx, &s); err != nil {
			return err
		}
		by := harrier.System
		by.User, by.Via = s.Owner, "schedule"
		for i, run := range due {
			if run.Continue {
				if on, err := r.goOn(ctx, s, run, now); err != nil {
					return err
				} else if on {
					continue
				}
			}
			sc, err := r.launch(ctx, by, s, Launch{
				Scheduled: true, Continue: run.Continue, Queue: s.Schedule.After != 0 || i > 0,
				Targets: run.Targets, Variant: run.Variant, MaxDuration: run.MaxDuration,
			})
			if kind := harrier.KindOf(err); err != nil && kind != harrier.Internal && kind != harrier.Unavailable { // nothing is stored of it
				r.Log.WarnContext(ctx, "scheduled scan not launched", "site", id, "err", err)
				continue
			}
			if err != nil {
				return err
			}
			launched = append(launched, sc)
			if s, err = r.Store.Site(ctx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, sc := range launched {
		r.launched(ctx, sc)
	}
	return nil
}

// dueRuns are those of the schedules of s that have a run between its next run
// and now; a plain one when the next run comes from no calendar. Further runs
// that were the last of their schedule and have targets of their own are gone
// from s then.
func (r *Room) dueRuns(s *harrier.Site, now time.Time) []harrier.FurtherRun {
	var due []harrier.FurtherRun
	is := func(run harrier.FurtherRun) bool {
		at, err := r.Next(run.Schedule, s.NextRun.Add(-time.Microsecond))
		return err == nil && !at.IsZero() && !at.After(now)
	}
	if plain := (harrier.FurtherRun{Schedule: s.Schedule}); is(plain) {
		due = append(due, plain)
	}
	var kept []harrier.FurtherRun
	for _, run := range s.Options.Further {
		if is(run) {
			due = append(due, run)
			if next, err := r.Next(run.Schedule, now); run.Targets != "" && err == nil && next.IsZero() {
				continue
			}
		}
		kept = append(kept, run)
	}
	s.Options.Further = kept
	if len(due) == 0 {
		due = append(due, harrier.FurtherRun{})
	}
	return due
}

// nextRun is when the site runs after now; a schedule that can not be read
// runs never again.
func (r *Room) nextRun(s harrier.Site, now time.Time) (time.Time, error) {
	return s.Next(now, func(when harrier.Schedule, after time.Time) (time.Time, error) {
		at, err := r.Next(when, after)
		if err != nil && harrier.KindOf(err) == harrier.Invalid {
			return time.Time{}, nil
		}
		return at, err
	})
}
