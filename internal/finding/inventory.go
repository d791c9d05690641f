package finding

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

// TakeInventory stores the list of an asset's packages in the place of an
// earlier one, and folds what is known of them: it is complete, so that a package
// that is not in it is gone. It answers Forbidden without the right to edit
// everybody's objects, Invalid for a list whose distribution is not known, and
// NotFound for an unknown asset.
func (r *Room) TakeInventory(ctx context.Context, by harrier.Actor, id harrier.ID, inv harrier.Inventory) (opened, closed int, err error) {
	switch {
	case !by.May(harrier.EditAll):
		return 0, 0, harrier.Errorf(harrier.Forbidden, "you may not edit assets")
	case inv.Ecosystem() == "":
		return 0, 0, harrier.Invalidf("distro", "%q is no distribution whose packages are known", inv.Distro)
	}
	err = r.mend(ctx, func(ctx context.Context) error {
		f := newFolding(r)
		a, err := f.asset(ctx, id)
		if err != nil {
			return err
		}
		if !by.SeesRepository(a.Repository) || by.Narrow() {
			return harrier.Errorf(harrier.NotFound, "no asset %d", id)
		}
		if inv.Collected.IsZero() {
			inv.Collected = r.Now()
		}
		if err := r.Store.PutInventory(ctx, id, inv); err != nil {
			return err
		}
		if r.Judge != nil {
			if opened, closed, err = f.compare(ctx, a); err != nil {
				return err
			}
			a.rethink = true
		}
		return f.flush(ctx)
	})
	if err != nil {
		r.mu.Lock()
		r.cache.clear()
		r.mu.Unlock()
	}
	return opened, closed, err
}

// compare folds what is known of all of an asset's software, whose list of
// packages is complete, into its findings. What its last scan was told to look
// for is what counts.
func (f *folding) compare(ctx context.Context, a *asset) (opened, closed int, err error) {
	plan, err := f.lastPlan(ctx, a.LastScan)
	if err != nil {
		return 0, 0, err
	}
	known, err := f.knownOf(ctx, a.Asset, a.services)
	if err != nil {
		return 0, 0, err
	}
	present, _ := f.Judge.Observations(known, plan.set)
	seen := map[harrier.Instance]bool{}
	for _, o := range present {
		if !plan.planned.Has(o.Vulnerability) {
			continue
		}
		o = tidy(o)
		i := o.Instance()
		seen[i] = true
		fi := a.findings[i]
		if fi == nil {
			fi = &harrier.Finding{Asset: a.ID, Instance: i}
			a.findings[i] = fi
		}
		change := f.known(ctx, fi, o, known.Now, harrier.FromScan, a.LastScan)
		a.touched[i] = a.touched[i] || change != harrier.Unchanged
		if change == harrier.Opened {
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
		gone := !stands && isPackage(i.Key)
		if stands {
			if gone, err = f.Judge.Denies(subject, i.Vulnerability, known.Now); err != nil {
				return opened, closed, err
			}
		}
		if gone && fi.Fold(harrier.Absent, known.Now) == harrier.Closed {
			fi.Origin = harrier.FromScan
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
