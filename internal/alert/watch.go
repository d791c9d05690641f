package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
)

const (
	// toldKey is the setting with the time up to which all scans were told of, in
	// microseconds since 1970.
	toldKey = "alert.told"
	// lateness is how much later than its stored time of change a scan's change may
	// become visible.
	lateness = time.Hour
)

// look tells of what happened since the last time, and evaluates what is due.
func (r *Room) look(ctx context.Context) error {
	return errors.Join(r.tellScans(ctx), r.tellEvents(ctx), r.evaluateDue(ctx))
}

// tellScans tells of scans whose state is another than the one that was told
// last.
func (r *Room) tellScans(ctx context.Context) error {
	mark, err := r.mark(ctx)
	if err != nil {
		return err
	}
	began := r.now()
	list, err := r.Store.ScansToTell(ctx, mark.Add(-lateness))
	if err != nil {
		return err
	}
	var errs []error
	for _, sc := range list {
		if err := r.tellScan(ctx, sc); err != nil {
			errs = append(errs, fmt.Errorf("tell of scan %d: %w", sc.ID, err))
		}
	}
	if err := errors.Join(errs...); err != nil || began.Sub(mark) < time.Minute {
		return err
	}
	return r.Store.SetValue(ctx, toldKey, strconv.FormatInt(began.UnixMicro(), 10))
}

func (r *Room) mark(ctx context.Context) (time.Time, error) {
	text, known, err := r.Store.Value(ctx, toldKey)
	if err != nil || !known {
		return time.Time{}, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMicro(n), err
}

// kindsOf are the events between two states of a scan.
func kindsOf(was, is harrier.ScanStatus) []harrier.EventKind {
	var out []harrier.EventKind
	if was == "" && is != harrier.ScanImported {
		out = append(out, harrier.ScanLaunched)
	}
	switch {
	case is == harrier.ScanPaused:
		out = append(out, harrier.ScanHeld)
	case is == harrier.ScanRunning && (was == harrier.ScanPaused || was == harrier.ScanResuming):
		out = append(out, harrier.ScanGoesOn)
	case is == harrier.ScanStopped || is == harrier.ScanAborted:
		out = append(out, harrier.ScanFailed, harrier.ScanEnded)
	case is == harrier.ScanCompleted || is == harrier.ScanImported:
		out = append(out, harrier.ScanEnded)
	}
	return out
}

// tellScan tells of one scan: what it needs is read first, then everything that
// follows is stored with the state that it follows from.
func (r *Room) tellScan(ctx context.Context, sc harrier.Scan) error {
	was, err := r.Store.Told(ctx, sc.ID)
	if err != nil {
		return err
	}
	site, err := r.Store.Site(ctx, sc.Site)
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		return err
	}
	kinds := kindsOf(was, sc.Status)
	var alerts []harrier.Alert
	if len(kinds) > 0 {
		if alerts, err = r.Store.Alerts(ctx); err != nil {
			return err
		}
	}
	var todo []func(context.Context) error
	var whole *summary
	sum := func(by harrier.Actor) (*summary, error) {
		if by.Narrow() {
			return r.summarise(ctx, by, sc)
		}
		if whole == nil {
			whole, err = r.summarise(ctx, by, sc)
		}
		return whole, err
	}
	for _, a := range alerts {
		h, by, err := r.happening(ctx, a, kinds, sc, site, sum)
		if err != nil {
			return fmt.Errorf("alert %d: %w", a.ID, err)
		}
		if h != nil {
			todo = append(todo, func(ctx context.Context) error { return r.act(ctx, a, by, *h) })
		}
	}
	if sc.Status.Ended() && sc.Status != harrier.ScanImported && site.Emails != "" {
		m, err := r.siteMail(ctx, site, sc, sum)
		if err != nil {
			return err
		}
		todo = append(todo, func(ctx context.Context) error { return r.mail(ctx, sc.Owner, m) })
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		for _, do := range todo {
			if err := do(ctx); err != nil {
				return err
			}
		}
		if sc.Status.Ended() {
			if err := r.evaluateSoon(ctx); err != nil {
				return err
			}
		}
		return r.Store.PutTold(ctx, sc.ID, sc.Status)
	})
}

// siteMail is what the addresses of a site are sent of a scan: what its owner may
// see of it, and all of one whose owner is gone.
func (r *Room) siteMail(ctx context.Context, site harrier.Site, sc harrier.Scan, sum func(harrier.Actor) (*summary, error)) (harrier.Mail, error) {
	by, err := r.People.ActorOf(ctx, site.Owner, via)
	if err != nil && !is(err, harrier.NotFound) && !is(err, harrier.Unauthenticated) {
		return harrier.Mail{}, err
	}
	if !by.SeesRepository(sc.Repository) {
		return harrier.Mail{}, nil
	}
	s, err := sum(by)
	if err != nil {
		return harrier.Mail{}, err
	}
	return s.mail(site), nil
}

// happening is what an alert is to tell of a scan, nil for nothing, and on whose
// behalf.
func (r *Room) happening(ctx context.Context, a harrier.Alert, kinds []harrier.EventKind, sc harrier.Scan, site harrier.Site, sum func(harrier.Actor) (*summary, error)) (*happening, harrier.Actor, error) {
	var by harrier.Actor
	if a.Disabled || len(a.Events) == 0 || a.Site != 0 && a.Site != sc.Site {
		return nil, by, nil
	}
	at := slices.IndexFunc(kinds, func(k harrier.EventKind) bool { return slices.Contains(a.Events, k) })
	fresh := slices.Contains(a.Events, harrier.FindingsNew) && sc.Status.Ended()
	if at < 0 && !fresh {
		return nil, by, nil
	}
	by, ok, err := r.behalf(ctx, a)
	if err != nil || !ok || by.LevelOnSite(site) < harrier.MayView || !by.SeesRepository(sc.Repository) {
		return nil, by, err
	}
	h := happening{At: r.now(), Scan: &sc}
	if sc.Status.Ended() {
		if h.Summary, err = sum(by); err != nil {
			return nil, by, err
		}
	}
	if fresh {
		if h.Count, err = r.countNew(ctx, by, h.Summary, a.Filter); err != nil {
			return nil, by, err
		}
	}
	switch {
	case fresh && h.Count > 0:
		h.Kind = harrier.FindingsNew
		h.Title = fmt.Sprintf("%d new findings in scan %q", h.Count, sc.Name)
	case at >= 0:
		h.Kind = kinds[at]
		h.Title = titleOf(h.Kind, sc)
	default:
		return nil, by, nil
	}
	h.Key = fmt.Sprintf("scan %d %s %d", sc.ID, h.Kind, sc.Modified.UnixMicro())
	return &h, by, nil
}

func titleOf(k harrier.EventKind, sc harrier.Scan) string {
	switch k {
	case harrier.ScanLaunched:
		return fmt.Sprintf("scan %q was launched", sc.Name)
	case harrier.ScanHeld:
		return fmt.Sprintf("scan %q was paused", sc.Name)
	case harrier.ScanGoesOn:
		return fmt.Sprintf("scan %q goes on", sc.Name)
	default:
		return fmt.Sprintf("scan %q is %s", sc.Name, sc.Status)
	}
}

// behalf is the owner of an alert as somebody who acts; false for one that is
// gone or disabled, whose alerts rest.
func (r *Room) behalf(ctx context.Context, a harrier.Alert) (harrier.Actor, bool, error) {
	by, err := r.People.ActorOf(ctx, a.Owner, via)
	if is(err, harrier.NotFound) || is(err, harrier.Unauthenticated) {
		return by, false, nil
	}
	return by, err == nil, err
}

// tellEvents tells of events that are not in the store.
func (r *Room) tellEvents(ctx context.Context) error {
	for {
		select {
		case e := <-r.events:
			if err := r.tellEvent(ctx, e); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (r *Room) tellEvent(ctx context.Context, e harrier.Event) error {
	alerts, err := r.Store.Alerts(ctx)
	if err != nil {
		return err
	}
	for _, a := range alerts {
		if a.Disabled || !slices.Contains(a.Events, e.Kind) {
			continue
		}
		by, ok, err := r.behalf(ctx, a)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		h := happening{
			Kind: e.Kind, At: e.At, Title: fmt.Sprintf("engine %q was lost", e.Detail),
			Key: fmt.Sprintf("%s %s %d", e.Kind, e.Detail, e.At.UnixMicro()),
		}
		if err := r.Store.InTx(ctx, func(ctx context.Context) error { return r.act(ctx, a, by, h) }); err != nil {
			return err
		}
	}
	return nil
}
