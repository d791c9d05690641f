package scan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// FreezeStore keeps freeze windows.
type FreezeStore interface {
	InsertFreeze(ctx context.Context, f *harrier.Freeze) error
	UpdateFreeze(ctx context.Context, f *harrier.Freeze) error
	DeleteFreeze(ctx context.Context, id harrier.ID) error
	Freeze(ctx context.Context, id harrier.ID) (harrier.Freeze, error)
	Freezes(ctx context.Context) ([]harrier.Freeze, error)
}

// window is a freeze window that is open now.
type window struct {
	harrier.Freeze
	until        time.Time
	organization harrier.ID // of its owner; zero: the installation
}

// frozenBy begins the part of a reason that says that a freeze window holds a
// scan.
const frozenBy = "held by the freeze window"

func (w *window) reason() string {
	return fmt.Sprintf("%s %q until %s", frozenBy, w.Name, w.until.UTC().Format(time.RFC3339))
}

// windows are those that are open now.
type windows []window

// holder returns the window that holds a scan, nil when none does. A window of
// an organisation holds the scans of its own sites; the installation's people
// work in the first organisation. One of the installation holds all.
func (r *Room) holder(ctx context.Context, l windows, sc harrier.Scan) (*window, error) {
	if len(l) == 0 {
		return nil, nil
	}
	home, err := r.homeOf(ctx, sc)
	if err != nil {
		return nil, err
	}
	targets, _ := harrier.ParseTargets(sc.Targets) // none for what can not be read: only windows for all meet them
	for i := range l {
		if w := &l[i]; (w.organization == 0 || w.organization == home) && w.Meets(targets) {
			return w, nil
		}
	}
	return nil, nil
}

// homeOf is the organisation that a scan belongs to: that of its site.
func (r *Room) homeOf(ctx context.Context, sc harrier.Scan) (harrier.ID, error) {
	owner := sc.Owner
	switch s, err := r.Store.Site(ctx, sc.Site); {
	case err == nil:
		owner = s.Owner
	case harrier.KindOf(err) != harrier.NotFound:
		return 0, err
	}
	seats, err := r.organizations(ctx)
	return cmp.Or(seats[owner], harrier.FirstOrganization), err
}

// organizations tells where everybody belongs.
func (r *Room) organizations(ctx context.Context) (map[harrier.ID]harrier.ID, error) {
	list, err := r.Store.Seats(ctx)
	out := make(map[harrier.ID]harrier.ID, len(list))
	for _, s := range list {
		out[s.User] = s.Organization
	}
	return out, err
}

func (l windows) byID(id harrier.ID) bool {
	for _, w := range l {
		if w.ID == id {
			return true
		}
	}
	return false
}

// freezes returns the windows that are open now. One whose schedule can not be
// read never is.
func (r *Room) freezes(ctx context.Context) (windows, error) {
	if r.Next == nil {
		return nil, nil
	}
	all, err := r.Store.Freezes(ctx)
	if err != nil {
		return nil, err
	}
	var open windows
	for _, f := range all {
		if until, err := f.Until(r.Now(), r.Next); err == nil && !until.IsZero() {
			open = append(open, window{Freeze: f, until: until})
		}
	}
	if len(open) == 0 {
		return nil, nil
	}
	seats, err := r.organizations(ctx)
	for i := range open {
		open[i].organization = seats[open[i].Owner]
	}
	return open, err
}

// freeze holds a scan that goes on when a window says so, and lets it go on when
// that window is over. What a person paused stays paused.
func (r *Room) freeze(ctx context.Context, sc harrier.Scan, open windows) (harrier.Scan, error) {
	w, err := r.holder(ctx, open, sc)
	if err != nil {
		return sc, err
	}
	switch {
	case sc.Frozen == 0 && w != nil && w.HoldRunning && (sc.Status == harrier.ScanRunning || sc.Status == harrier.ScanResuming):
		return r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
			sc.Status, sc.Modified, sc.Frozen = harrier.ScanPausing, r.now(), w.ID
			sc.Reason = also(withoutWait(sc.Reason), w.reason())
			return r.Store.UpdateScan(ctx, sc)
		})
	case sc.Frozen != 0 && !open.byID(sc.Frozen) && (sc.Status == harrier.ScanPaused || sc.Status == harrier.ScanPausing):
		return r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
			sc.Status, sc.Modified, sc.Frozen = harrier.ScanResuming, r.now(), 0
			sc.Reason = withoutWait(sc.Reason)
			return r.Store.UpdateScan(ctx, sc)
		})
	}
	return sc, nil
}

// Freezes lists the freeze windows of by's organisation and of the installation
// by rising ID.
func (r *Room) Freezes(ctx context.Context, by harrier.Actor) ([]harrier.Freeze, error) {
	if !by.May(harrier.ReadOwn) {
		return nil, nil
	}
	list, err := r.Store.Freezes(ctx)
	return slices.DeleteFunc(list, func(f harrier.Freeze) bool { return !seesFreeze(by, f) }), err
}

// Freeze returns a freeze window of by's organisation or of the installation, or
// NotFound.
func (r *Room) Freeze(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Freeze, error) {
	f, err := r.Store.Freeze(ctx, id)
	if err == nil && (!by.May(harrier.ReadOwn) || !seesFreeze(by, f)) {
		return harrier.Freeze{}, harrier.Errorf(harrier.NotFound, "no freeze window %d", id)
	}
	return f, err
}

// seesFreeze reports whether f may hold by's scans.
func seesFreeze(by harrier.Actor, f harrier.Freeze) bool {
	return by.Organization == 0 || by.OwnOrganization(f.Owner) == 0 || by.OwnOrganization(f.Owner) == by.Organization
}

// MayEditFreeze reports whether by may change f: those of the installation are
// changed by its own people alone.
func (r *Room) MayEditFreeze(by harrier.Actor, f harrier.Freeze) bool {
	return mayFreeze(by) == nil && (by.Organization == 0 || by.OwnOrganization(f.Owner) == by.Organization)
}

// editable returns a freeze window that by may change, NotFound or Forbidden.
func (r *Room) editable(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Freeze, error) {
	f, err := r.Freeze(ctx, by, id)
	if err == nil && !r.MayEditFreeze(by, f) {
		return f, harrier.Errorf(harrier.Forbidden, "freeze window %d is not your organization's", id)
	}
	return f, err
}

// FrozenUntil returns when a freeze window that is open now ends, the zero time
// when it is not open.
func (r *Room) FrozenUntil(f harrier.Freeze) time.Time {
	if r.Next == nil {
		return time.Time{}
	}
	until, err := f.Until(r.Now(), r.Next)
	if err != nil {
		return time.Time{}
	}
	return until
}

// PutFreeze stores a freeze window: a new one when it has no ID. It answers
// Forbidden below the right to edit everything, NotFound, and Invalid, naming
// the field.
func (r *Room) PutFreeze(ctx context.Context, by harrier.Actor, f *harrier.Freeze) error {
	if err := mayFreeze(by); err != nil {
		return err
	}
	if err := f.Check(); err != nil {
		return err
	}
	if r.Next != nil {
		planned := f.Schedule
		planned.Enabled = true // one that is off must be right too
		if _, err := r.Next(planned, time.Time{}); err != nil {
			return err
		}
	}
	defer r.nudge()
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		f.Modified = r.now()
		if f.ID == 0 {
			f.UUID, f.Owner, f.Created = harrier.NewUUID(f.Modified), by.User, f.Modified
			return r.Store.InsertFreeze(ctx, f)
		}
		old, err := r.editable(ctx, by, f.ID)
		if err != nil {
			return err
		}
		f.UUID, f.Owner, f.Created = old.UUID, old.Owner, old.Created
		return r.Store.UpdateFreeze(ctx, f)
	})
}

// DeleteFreeze removes a freeze window; what it held goes on. It answers
// Forbidden and NotFound.
func (r *Room) DeleteFreeze(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if err := mayFreeze(by); err != nil {
		return err
	}
	defer r.nudge()
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.editable(ctx, by, id); err != nil {
			return err
		}
		return r.Store.DeleteFreeze(ctx, id)
	})
}

func mayFreeze(by harrier.Actor) error {
	if !by.May(harrier.FreezeScans) {
		return harrier.Errorf(harrier.Forbidden, "you may not change freeze windows")
	}
	return nil
}
