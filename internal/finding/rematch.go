package finding

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Sizes of what Rematch does at a time.
const (
	subjectPage = 2000
	assetGroup  = 64 // assets in one transaction, while which nothing is folded
)

// Rematched says what new knowledge did.
type Rematched struct {
	Subjects int // software that was compared
	Changed  int // of which something else is known now
	Assets   int // that were looked at again
	Opened   int // findings, reopened ones among them
	Closed   int
	Took     time.Duration
}

// Rematch compares what is stored of assets with what is known now, without a
// packet: findings open that the knowledge brings, and close that it denies. What
// it is only silent about stays. Keys are those of the statements that changed;
// nil stands for all.
//
// It may be repeated, and called while scans run: each group of assets is one
// transaction. After an error, or a crash, it is to be called again with nil.
func (r *Room) Rematch(ctx context.Context, keys []string) (Rematched, error) {
	began := time.Now()
	var sum Rematched
	if r.Judge == nil {
		return sum, nil
	}
	do := func(list []harrier.Subject) error { return r.rejudge(ctx, list, &sum) }
	if keys != nil {
		list, err := r.Store.SubjectsAsking(ctx, keys)
		if err != nil {
			return sum, err
		}
		for part := range slices.Chunk(list, subjectPage) {
			if err := do(part); err != nil {
				return sum, err
			}
		}
		sum.Took = time.Since(began)
		return sum, nil
	}
	for after := harrier.ID(0); ; {
		list, err := r.Store.Subjects(ctx, after, subjectPage)
		if err != nil {
			return sum, err
		}
		if len(list) == 0 {
			break
		}
		after = list[len(list)-1].ID
		if err := do(list); err != nil {
			return sum, err
		}
	}
	if err := r.Store.ForgetSubjects(ctx); err != nil {
		return sum, err
	}
	sum.Took = time.Since(began)
	return sum, nil
}

// rejudge compares subjects, and looks again at the assets that have one of
// which something else is known than before. Their verdicts are stored when the
// assets are.
func (r *Room) rejudge(ctx context.Context, list []harrier.Subject, sum *Rematched) error {
	now := r.Now()
	var changed []harrier.Subject
	for _, s := range list {
		var verdict string
		switch err := safely(func() (err error) { verdict, err = r.Judge.Verdict(s.Text, now); return err }); {
		case errors.As(err, new(fault)):
			r.Log.ErrorContext(ctx, "software not compared", "subject", s.Text, "err", err)
			continue
		case err != nil:
			return fmt.Errorf("judge subject %d: %w", s.ID, err)
		}
		if verdict != s.Verdict {
			s.Verdict = verdict
			changed = append(changed, s)
		}
	}
	sum.Subjects += len(list)
	sum.Changed += len(changed)
	if len(changed) == 0 {
		return nil
	}
	due, silent, texts := map[harrier.ID]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range changed {
		texts[s.Text] = true
	}
	group := make([]harrier.ID, 0, assetGroup)
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		err := r.rematchAssets(ctx, group, texts, silent, sum)
		group = group[:0]
		return err
	}
	for _, s := range changed {
		for after := harrier.ID(0); ; {
			assets, err := r.Store.AssetsWith(ctx, s.ID, after, subjectPage)
			if err != nil {
				return err
			}
			if len(assets) == 0 {
				break
			}
			after = assets[len(assets)-1]
			for _, id := range assets {
				if due[id] {
					continue
				}
				due[id] = true
				if group = append(group, id); len(group) == assetGroup {
					if err := flush(); err != nil {
						return err
					}
				}
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	for i := range changed {
		if silent[changed[i].Text] {
			changed[i].Verdict += silentMark
		}
	}
	return r.Store.PutVerdicts(ctx, changed)
}

// silentMark is behind the stored verdict on a subject of which findings are open
// about which nothing is known any more. It makes the next comparison look at the
// assets again: that such a finding is denied by then does not show in a verdict.
const silentMark = " silent"

// rematchAssets looks again at the changed subjects of some assets, in one
// transaction, and notes in silent those whose findings stay open without
// anybody's word.
func (r *Room) rematchAssets(ctx context.Context, ids []harrier.ID, changed, silent map[string]bool, sum *Rematched) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var opened, closed, met int
	var f *folding
	var fresh []harrier.ID // not in the cache before
	for _, id := range ids {
		if r.cache.assets[id] == nil {
			fresh = append(fresh, id)
		}
	}
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		if f != nil { // the store tries again: what is in memory has gone ahead
			r.cache.clear()
		}
		f, opened, closed, met = newFolding(r), 0, 0, 0
		f.changed = changed
		for _, id := range ids {
			a, err := f.asset(ctx, id)
			if harrier.KindOf(err) == harrier.NotFound { // merged since
				continue
			}
			if err != nil {
				return err
			}
			var up, down int
			switch err := safely(func() (err error) { up, down, err = f.rematch(ctx, a); return err }); {
			case errors.As(err, new(fault)):
				r.Log.ErrorContext(ctx, "software not compared", "asset", id, "err", err)
			case err != nil:
				return fmt.Errorf("asset %d: %w", id, err)
			}
			opened, closed, met = opened+up, closed+down, met+1
		}
		return f.flush(ctx)
	})
	if err != nil {
		r.cache.clear()
		return err
	}
	for _, id := range fresh { // the whole estate may come by, and no host of a scan needs them
		delete(r.cache.assets, id)
	}
	maps.Copy(silent, f.silent)
	sum.Assets, sum.Opened, sum.Closed = sum.Assets+met, sum.Opened+opened, sum.Closed+closed
	return nil
}

// rematch opens and closes what is known of an asset by now. What its last scan
// was told to look for is what counts.
func (f *folding) rematch(ctx context.Context, a *asset) (opened, closed int, err error) {
	return f.compare(ctx, a, harrier.FromKnowledge)
}

// compare folds what is known of an asset's software into its findings. Origin
// says what is new: the knowledge, or the list of packages, which then is
// complete.
func (f *folding) compare(ctx context.Context, a *asset, origin harrier.Origin) (opened, closed int, err error) {
	plan, err := f.lastPlan(ctx, a.LastScan)
	if err != nil {
		return 0, 0, err
	}
	known, err := f.knownOf(ctx, a.Asset, a.services)
	if err != nil {
		return 0, 0, err
	}
	if f.changed != nil {
		known.Of = func(subject string) bool { return f.changed[subject] }
	}
	present, _ := f.Judge.Observations(known, plan.set)
	seen := map[harrier.Instance]bool{}
	for _, o := range present {
		if !plan.planned.Has(o.Vulnerability) {
			continue
		}
		o = tidy(o)
		seen[o.Instance()] = true
		if f.known(ctx, a, o, known.Now, origin) {
			opened++
		}
	}
	subjects := map[place]string{}
	for _, p := range f.Judge.Things(known) {
		subjects[place{p.Endpoint, p.Key}] = p.Subject
	}
	for i, fi := range a.findings {
		if !i.Vulnerability.OfContent() || !fi.Open() || seen[i] {
			continue
		}
		subject, stands := subjects[place{i.Endpoint, i.Key}]
		if f.changed != nil && !f.changed[subject] {
			continue
		}
		gone := !stands && origin == harrier.FromScan && isPackage(i.Key)
		if stands {
			if gone, err = f.Judge.Denies(subject, i.Vulnerability, known.Now); err != nil {
				return opened, closed, err
			}
			if !gone {
				f.silent[subject] = true
			}
		}
		if gone && fi.Fold(harrier.Absent, known.Now) == harrier.Closed {
			fi.Origin = origin
			a.touched[i] = true
			closed++
		}
	}
	return opened, closed, nil
}

// isPackage reports whether the key of a finding names an installed package:
// "deb/debian/12 openssh".
func isPackage(key string) bool {
	ecosystem, _, ok := strings.Cut(key, " ")
	return ok && strings.Contains(ecosystem, "/")
}

// known folds what knowledge says into the finding that it is about, and
// reports whether that opens it.
func (f *folding) known(ctx context.Context, a *asset, o harrier.Observation, now time.Time, origin harrier.Origin) bool {
	i := o.Instance()
	fi := a.findings[i]
	if fi != nil && fi.Open() {
		severity := f.graded(ctx, o.Vulnerability)
		if fi.Certainty != o.Certainty || fi.Source != o.Source || fi.Severity != severity {
			fi.Certainty, fi.Source, fi.Severity, fi.Evidence = o.Certainty, o.Source, severity, o.Evidence
			a.touched[i] = true
		}
		return false
	}
	if fi == nil {
		fi = &harrier.Finding{Asset: a.ID, Instance: i}
		a.findings[i] = fi
	}
	switch fi.Fold(harrier.Present, now) {
	case harrier.Opened, harrier.Reopened:
	default:
		return false
	}
	f.content[o.Vulnerability] = true
	fi.Severity = f.graded(ctx, o.Vulnerability)
	fi.Service, fi.Evidence, fi.Certainty, fi.Source = o.Service, o.Evidence, o.Certainty, o.Source
	fi.Origin, fi.LastScan = origin, a.LastScan
	a.touched[i] = true
	return true
}

// graded is severity, asked once for a group of assets.
func (f *folding) graded(ctx context.Context, id harrier.VulnID) harrier.Severity {
	s, met := f.grades[id]
	if !met {
		s = f.severity(ctx, id, nil)
		f.grades[id] = s
	}
	return s
}

// plan is what a scan was told to look for.
type plan struct {
	planned *harrier.IDs
	set     harrier.Settings
}

// lastPlan is the plan of a scan; that of one that is gone leaves nothing out.
func (f *folding) lastPlan(ctx context.Context, id harrier.ID) (plan, error) {
	if p, met := f.plans[id]; met {
		return p, nil
	}
	var p plan
	sc, err := f.Store.Scan(ctx, id)
	switch {
	case harrier.KindOf(err) == harrier.NotFound:
		p.planned = everything
	case err != nil:
		return p, err
	default:
		p.planned, p.set = sc.Plan.Planned(f.Family), sc.Plan.Settings
	}
	f.plans[id] = p
	return p, nil
}

// everything plans all that content knows.
var everything = harrier.Plan{Checks: []harrier.VulnID{harrier.FamilyCheck(0)}}.Planned(func(harrier.VulnID) harrier.VulnID { return harrier.FamilyCheck(0) })
