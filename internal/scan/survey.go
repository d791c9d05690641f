package scan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// cut makes the batches of a scan of s. A survey begins with one that has no
// targets: what to scan is what it finds.
func (r *Room) cut(s harrier.Site, told, exclude string, guard harrier.Guard) (pieces, error) {
	if s.Options.Survey == nil {
		return cutTargets(told, exclude, guard, r.BatchSize)
	}
	var p pieces
	if len(s.Options.Survey.Seeds) == 0 {
		return p, harrier.Invalidf("seeds", "there are none to begin with")
	}
	if exclude != "" {
		var err error
		if p.exclude, err = harrier.ParseTargets(exclude); err != nil {
			return p, harrier.Invalidf("exclude", "%s", harrier.MessageOf(err))
		}
	}
	p.batches = []harrier.Targets{nil}
	return p, nil
}

// Surveys tell what the surveys of scans found.
type Surveys interface {
	// Checks are the numbers of what surveys look for, besides what policies plan.
	Checks() []harrier.VulnID
	// Results tell of the risks of a survey that has ended, as an engine tells of
	// hosts. They are the same whenever they are asked for.
	Results(ctx context.Context, sc harrier.Scan) ([]harrier.Result, error)
	// Known are names that earlier surveys of a site found and that are there yet, in
	// lower case; at most harrier.MaxKnown.
	Known(ctx context.Context, site harrier.ID) ([]string, error)
	// Remarks say what a survey that has ended could not ask.
	Remarks(ctx context.Context, sc harrier.Scan) ([]string, error)
	// Targets are to be scanned now.
	Targets(ctx context.Context, sc harrier.Scan) (harrier.Targets, error)
}

// planSurvey puts the survey of a site into the plan of its scan.
func (r *Room) planSurvey(ctx context.Context, s harrier.Site, plan *harrier.Plan) (err error) {
	if s.Options.Survey == nil {
		return nil
	}
	plan.Survey = s.Options.Survey.Plan()
	if r.Surveys != nil {
		plan.Checks = slices.Concat(plan.Checks, r.Surveys.Checks())
		slices.Sort(plan.Checks)
		plan.Checks = slices.Compact(plan.Checks)
		plan.Survey.Known, err = r.Surveys.Known(ctx, s.ID)
	}
	return err
}

// remarks is what a survey could not ask, in one line.
func (r *Room) remarks(ctx context.Context, sc harrier.Scan) (string, error) {
	const most = 3
	list, err := r.Surveys.Remarks(ctx, sc)
	if err != nil || len(list) == 0 {
		return "", err
	}
	text := strings.Join(list[:min(len(list), most)], "; ")
	if n := len(list) - most; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return text, nil
}

// surveyed takes in what a survey found, once, when it has ended: its risks, and
// the batches of what is to be scanned. It reports whether there are some.
func (r *Room) surveyed(ctx context.Context, sc harrier.Scan) (bool, error) {
	if sc.Plan.Survey == nil || r.Surveys == nil {
		return false, nil
	}
	if only, err := r.onlySurveyed(ctx, sc); err != nil || !only {
		return false, err
	}
	results, err := r.Surveys.Results(ctx, sc)
	if err != nil {
		return false, err
	}
	if err := r.Findings.Fold(ctx, results); err != nil {
		return false, err
	}
	remarks, err := r.remarks(ctx, sc)
	if err != nil || sc.Plan.Survey.Passive && remarks == "" {
		return false, err
	}
	more := false
	_, err = r.change(ctx, sc, func(ctx context.Context, sc *harrier.Scan) error {
		more = false
		if only, err := r.onlySurveyed(ctx, *sc); err != nil || !only {
			return err
		}
		sc.Reason = also(sc.Reason, remarks)
		if sc.Plan.Survey.Passive {
			return r.Store.UpdateScan(ctx, sc)
		}
		found, err := r.Surveys.Targets(ctx, *sc)
		if err != nil {
			return err
		}
		wanted := found.Subtract(sc.Plan.Exclude)
		left := wanted.Subtract(sc.Plan.Guard.Targets())
		sc.Forbidden = planned(wanted) - planned(left)
		sc.Reason = also(sc.Reason, guarded(wanted, left, sc.Plan.Guard, sc.Forbidden))
		if planned(left) > MaxTargets {
			sc.Reason = also(sc.Reason, "more was found than one scan can look at: nothing of it was scanned")
			left = nil
		}
		var list []harrier.Batch
		for b := range left.Batches(batchSize(planned(left), r.BatchSize)) {
			list = append(list, harrier.Batch{Scan: sc.ID, Number: len(list) + 2, Targets: b})
		}
		sc.HostsTotal += planned(left)
		if more = len(list) > 0; more {
			if err := r.Store.InsertBatches(ctx, sc.ID, list); err != nil {
				return err
			}
		}
		return r.Store.UpdateScan(ctx, sc)
	})
	return more, err
}

// onlySurveyed reports whether a scan has done its survey, and knows of nothing
// else to do yet.
func (r *Room) onlySurveyed(ctx context.Context, sc harrier.Scan) (bool, error) {
	batches, err := r.Store.Batches(ctx, sc.ID)
	return len(batches) == 1 && batches[0].Done, err
}

// mailSurvey writes that a survey is complete to every user who wishes for that
// and may see the scan; not again to its owner, where the scan says so already.
func (r *Room) mailSurvey(ctx context.Context, sc harrier.Scan) error {
	if sc.Status != harrier.ScanCompleted || r.Actor == nil || r.Mail == nil {
		return nil
	}
	planned, err := r.Store.Scan(ctx, sc.ID)
	if err != nil || planned.Plan.Survey == nil {
		return err
	}
	users, err := r.Store.Users(ctx)
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.Given[harrier.GivenSurveyMail] != "true" || u.Disabled || u.Email == "" || u.ID == sc.Owner && sc.Terms.MailEnd {
			continue
		}
		by, err := r.Actor(ctx, u.ID)
		if err == nil {
			_, err = r.Scan(ctx, by, sc.ID)
		}
		switch kind := harrier.KindOf(err); {
		case err == nil:
		case kind == harrier.NotFound || kind == harrier.Forbidden || kind == harrier.Unauthenticated:
			continue
		default:
			return err
		}
		m, to := endMail(sc), sc
		m.Key, to.Owner = fmt.Sprintf("scan %s complete for %s", sc.UUID, u.UUID), 0
		if err := r.mail(ctx, m, to, u.Email); err != nil {
			return err
		}
	}
	return nil
}
