package scan

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Launch says how one run of a site differs from what the site says.
type Launch struct {
	Targets   string // instead of the site's, see harrier.ParseTargets; "" for the site's own
	Scheduled bool   // by its schedule, not by a person
	// Variant is what it does otherwise than the policy says; nil: nothing.
	Variant     *harrier.Variant
	MaxDuration harrier.Duration // instead of the site's; 0 for the site's own
	Continue    bool             // see harrier.FurtherRun
	// Queue stores the scan also while others of the site go on: it starts when
	// they have ended. Else that is a Conflict.
	Queue bool
	// NoFreeze answers Conflict, because of ErrFrozen, where the scan would wait
	// for a freeze window to end.
	NoFreeze bool

	Name      string     // of the scan, for people; "" for the site's
	Exclude   string     // taken out of the targets, besides what the site excludes
	NotBefore time.Time  // it waits until then; zero: it does not
	Engine    harrier.ID // that runs it, instead of the site's; 0 for the site's own
	// Credentials are the sites whose credentials it signs in with, which the actor
	// must be allowed to control, instead of the site's; none for the site's own.
	Credentials []harrier.ID

	policies []harrier.ID // of Credentials
}

// ErrFrozen is why a scan is refused, see Launch.NoFreeze.
var ErrFrozen = errors.New("a freeze window is open")

// maxQueued is how many scans of a site there are that have not ended.
const maxQueued = 32

// Launch starts a scan of a site. The scan is stored with all its batches when
// Launch returns: running when a slot is free and no freeze window says
// otherwise, else queued. It answers
// NotFound and Forbidden for sites that by may not see or control, Forbidden for
// what the organisation of the site's owner may not use, see harrier.Profile, Conflict when it has too many assets and
// while another scan of the site goes on, see Launch.Queue, and Invalid for targets that can not
// be read, are empty, too many, or all taken out by exclusions or guard rules, and
// for a pool that the owner's organisation does not let its scans use.
func (r *Room) Launch(ctx context.Context, by harrier.Actor, site harrier.ID, l Launch) (harrier.Scan, error) {
	sc, told, err := r.LaunchWithin(ctx, by, site, l)
	if err != nil {
		return harrier.Scan{}, err
	}
	told()
	return sc, nil
}

// LaunchWithin is Launch as a part of the caller's transaction. Once that has been
// committed, the caller calls told, so that the scan begins at once; without that
// it begins soon.
func (r *Room) LaunchWithin(ctx context.Context, by harrier.Actor, site harrier.ID, l Launch) (sc harrier.Scan, told func(), err error) {
	err = r.Store.InTx(ctx, func(ctx context.Context) error {
		s, err := r.controlled(ctx, by, site)
		if err != nil {
			return err
		}
		if l.policies, err = r.credentials(ctx, by, l.Credentials); err != nil {
			return err
		}
		sc, err = r.launch(ctx, by, s, l)
		return err
	})
	return sc, func() { r.launched(context.WithoutCancel(ctx), sc) }, err
}

// credentials are the policies that have those of sites.
func (r *Room) credentials(ctx context.Context, by harrier.Actor, sites []harrier.ID) ([]harrier.ID, error) {
	var out []harrier.ID
	for _, id := range sites {
		s, err := r.controlled(ctx, by, id)
		if err != nil {
			return nil, err
		}
		out = append(out, s.Policy)
	}
	return out, nil
}

// launched tells of a scan once it is stored.
func (r *Room) launched(ctx context.Context, sc harrier.Scan) {
	r.Log.InfoContext(ctx, "scan launched", "scan", sc.ID, "site", sc.Site, "hosts", sc.HostsTotal, "status", sc.Status)
	r.Tell(harrier.Event{Kind: harrier.ScanLaunched, At: sc.Created, Site: sc.Site, Scan: sc.ID})
	r.nudge()
}

// launch stores a scan of s. It runs in a transaction.
func (r *Room) launch(ctx context.Context, by harrier.Actor, s harrier.Site, l Launch) (harrier.Scan, error) {
	active, err := r.Store.ActiveScans(ctx)
	if err != nil {
		return harrier.Scan{}, err
	}
	before, later := 0, 0
	for _, a := range active {
		if a.Site != s.ID {
			continue
		}
		if a.Status == harrier.ScanQueued && r.Now().Before(a.Terms.NotBefore) { // its time has not come
			if later++; later >= maxQueued {
				return harrier.Scan{}, harrier.Errorf(harrier.Conflict, "%d scans of %q wait for their time", later, s.Name)
			}
			continue
		}
		if before++; !l.Queue || before >= maxQueued {
			return harrier.Scan{}, harrier.Errorf(harrier.Conflict, "scan %d of %q is already running (%s)", a.ID, s.Name, a.Status)
		}
	}
	if s.Engine == 0 && l.Engine == 0 {
		if _, _, err := r.zone(ctx, s); err != nil {
			return harrier.Scan{}, err
		}
	}
	policy, err := r.Store.Policy(ctx, s.Policy)
	if err != nil {
		return harrier.Scan{}, err
	}
	if v := l.Variant; v != nil {
		policy.Name, policy.Template, policy.Settings, policy.Checks = v.Name, v.Template, v.Settings, v.Checks
	}
	plan, err := r.Policies.Plan(ctx, policy)
	if err != nil {
		return harrier.Scan{}, err
	}
	if plan.Guard, err = r.Policies.Guard(ctx); err != nil {
		return harrier.Scan{}, err
	}
	told := l.Targets
	other := strings.TrimSpace(told) != "" && told != s.Targets
	if strings.TrimSpace(told) == "" {
		if told, err = r.targets(ctx, s); err != nil {
			return harrier.Scan{}, err
		}
	}
	exclude, err := r.excluded(ctx, by, s)
	if err != nil {
		return harrier.Scan{}, err
	}
	if exclude = join(exclude, l.Exclude); l.Engine != 0 {
		if err := r.engineKnown(ctx, l.Engine); err != nil {
			return harrier.Scan{}, err
		}
	}
	cut, err := r.cut(s, told, exclude, plan.Guard)
	if err != nil {
		return harrier.Scan{}, err
	}
	if err := r.planSurvey(ctx, s, &plan); err != nil {
		return harrier.Scan{}, err
	}
	plan.Exclude = cut.exclude
	if limit := cmp.Or(l.MaxDuration, s.Options.MaxDuration); limit > 0 {
		plan.Settings.MaxDuration = limit
	}

	now := r.now()
	sc := harrier.Scan{
		UUID: harrier.NewUUID(now), Site: s.ID, Repository: s.Repository, Owner: by.User, Name: cmp.Or(l.Name, s.Name),
		Status: harrier.ScanQueued, Reason: cut.reason, Targets: joined(told), AltTargets: other, Scheduled: l.Scheduled,
		PolicyID: policy.ID, PolicyName: policy.Name, Template: policy.Template, Plan: plan,
		Created: now, Modified: now, HostsTotal: cut.count, Forbidden: cut.forbidden,
		Terms: s.Options.Terms, Held: s.Options.Terms.Unfinished == harrier.DiscardResults,
	}
	sc.Terms.Continue = l.Continue
	sc.Terms.NotBefore, sc.Terms.Engine, sc.Terms.Credentials = l.NotBefore, l.Engine, l.policies
	if sc.Repository == 0 {
		sc.Repository = harrier.DefaultRepository
	}
	if by.User == 0 {
		sc.Owner = s.Owner
	}
	if err := r.permitted(ctx, s, sc); err != nil {
		return harrier.Scan{}, err
	}
	windows, err := r.freezes(ctx)
	if err != nil {
		return harrier.Scan{}, err
	}
	if w, err := r.holder(ctx, windows, sc); err != nil {
		return harrier.Scan{}, err
	} else if w != nil && l.NoFreeze {
		return harrier.Scan{}, harrier.Errorf(harrier.Conflict, "scans of %q are %s", s.Name, w.reason()).Because(ErrFrozen)
	} else if w != nil {
		sc.Reason = also(sc.Reason, w.reason())
	} else if slots(active) < r.MaxRunning && before == 0 && !now.Before(l.NotBefore) {
		sc.Status, sc.Started = harrier.ScanRunning, now
	}
	if err := r.Store.InsertScan(ctx, &sc); err != nil {
		return harrier.Scan{}, err
	}
	batches := make([]harrier.Batch, len(cut.batches))
	for i, t := range cut.batches {
		batches[i] = harrier.Batch{Scan: sc.ID, Number: i + 1, Targets: t}
	}
	if err := r.Store.InsertBatches(ctx, sc.ID, batches); err != nil {
		return harrier.Scan{}, err
	}
	s.LastScan, s.LastRun, s.Read = sc.ID, now, false
	return sc, r.Store.UpdateSite(ctx, &s)
}

// engineKnown answers Invalid for an engine that there is not.
func (r *Room) engineKnown(ctx context.Context, id harrier.ID) error {
	engines, err := r.Store.Engines(ctx)
	if err == nil && !slices.ContainsFunc(engines, func(e harrier.Engine) bool { return e.ID == id }) {
		err = harrier.Invalidf("engine", "there is no engine %d", id)
	}
	return err
}

// slots counts the scans that use engines.
func slots(active []harrier.Scan) int {
	n := 0
	for _, a := range active {
		switch a.Status {
		case harrier.ScanRunning, harrier.ScanResuming, harrier.ScanPausing, harrier.ScanStopping:
			n++
		default:
		}
	}
	return n
}

// joined is a target list on one line, in its own words.
func joined(list string) string {
	return strings.Join(strings.FieldsFunc(list, func(c rune) bool { return strings.ContainsRune(", \t\r\n;", c) }), ",")
}
