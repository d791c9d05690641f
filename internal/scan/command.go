package scan

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// Command pauses, resumes, stops or kills a scan that goes on. The state that
// it leads to is stored when Command returns; Run settles it when the engines
// have followed. It answers NotFound and Forbidden for scans of sites that by
// may not see or control, Conflict when the command does not fit the state,
// and Unavailable when the engines can not be told now; Run goes on trying.
func (r *Room) Command(ctx context.Context, by harrier.Actor, scan harrier.ID, c harrier.Command) error {
	return r.commanded(ctx, by, scan, c, nil)
}

// CommandWithin is Command in a transaction of the caller, who calls told when
// that is stored: the engines are told then.
func (r *Room) CommandWithin(ctx context.Context, by harrier.Actor, scan harrier.ID, c harrier.Command) (told func(ctx context.Context), err error) {
	sc, err := r.decided(ctx, by, scan, c, nil)
	return func(ctx context.Context) { r.heard(ctx, by, sc, c) }, err
}

// StopAs stops a scan, and says what becomes of its results whatever its site
// says. It answers as Command does, and Invalid when they are to be discarded
// and were not held back for that.
func (r *Room) StopAs(ctx context.Context, by harrier.Actor, scan harrier.ID, as harrier.Unfinished) error {
	return r.commanded(ctx, by, scan, harrier.Stop, func(sc *harrier.Scan) error {
		if as == harrier.DiscardResults && !sc.Held && !sc.Started.IsZero() {
			return harrier.Invalidf("type", "the results of scan %d were taken over as they came; they can not be discarded", sc.ID)
		}
		sc.Terms.Unfinished = as
		return nil
	})
}

func (r *Room) commanded(ctx context.Context, by harrier.Actor, scan harrier.ID, c harrier.Command, alter func(*harrier.Scan) error) error {
	sc, err := r.decided(ctx, by, scan, c, alter)
	if err == nil {
		r.heard(ctx, by, sc, c)
	}
	return err
}

// decided stores what a command leads to, with what alter changes.
func (r *Room) decided(ctx context.Context, by harrier.Actor, scan harrier.ID, c harrier.Command, alter func(*harrier.Scan) error) (sc harrier.Scan, err error) {
	err = r.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if sc, err = r.Store.Scan(ctx, scan); err != nil {
			return err
		}
		if _, err := r.controlled(ctx, by, sc.Site); err != nil {
			return err
		}
		after, err := sc.Status.After(c)
		if err != nil {
			return err
		}
		if alter != nil {
			if err := alter(&sc); err != nil {
				return err
			}
		}
		if c == harrier.Resume {
			windows, err := r.freezes(ctx)
			if err != nil {
				return err
			}
			if w, err := r.holder(ctx, windows, sc); err != nil {
				return err
			} else if w != nil && w.HoldRunning {
				return harrier.Errorf(harrier.Conflict, "scan %d is %s", sc.ID, w.reason())
			}
			if sc.Frozen = 0; sc.Terms.AtLimit { // by hand, for as long again
				sc.Terms.AtLimit, sc.Terms.Until = false, harrier.Duration(r.now().Sub(sc.Started))+sc.Plan.Settings.MaxDuration
			}
		}
		if after == harrier.ScanAborted {
			return r.end(ctx, &sc, after, notKilled, "")
		}
		sc.Status, sc.Modified = after, r.now()
		return r.Store.UpdateScan(ctx, &sc)
	})
	return sc, err
}

// heard tells of a command that is stored, and the engines.
func (r *Room) heard(ctx context.Context, by harrier.Actor, sc harrier.Scan, c harrier.Command) {
	r.Log.InfoContext(ctx, "scan commanded", "scan", sc.ID, "command", c, "user", by.Name)
	if sc.Status.Ended() {
		r.ended(ctx, sc)
		return
	}
	if err := r.command(ctx, sc); err != nil {
		r.Log.WarnContext(ctx, "engines not told yet", "scan", sc.ID, "err", err)
	}
	r.nudge()
}

// wanted is what engines are to do about a scan in state s.
func wanted(s harrier.ScanStatus) harrier.Command {
	switch s {
	case harrier.ScanPausing, harrier.ScanPaused:
		return harrier.Pause
	case harrier.ScanStopping, harrier.ScanStopped:
		return harrier.Stop
	case harrier.ScanAborted:
		return harrier.Kill
	default:
		return harrier.Resume
	}
}

// command tells the engines what to do about sc, unless they were told so.
func (r *Room) command(ctx context.Context, sc harrier.Scan) error {
	g := r.goingOn(sc.ID)
	g.mu.Lock()
	defer g.mu.Unlock()
	c := wanted(sc.Status)
	if g.told == c {
		return nil
	}
	if err := r.Bus.SetCommand(ctx, sc.ID, c); err != nil {
		return err
	}
	g.told = c
	return nil
}
