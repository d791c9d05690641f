package report

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Once begins a report of a definition that is kept nowhere: it is removed like
// one of a scan on demand. It answers Invalid for a definition that breaks a
// rule or names what by does not have, and otherwise like Launch.
func (r *Room) Once(ctx context.Context, by harrier.Actor, d harrier.ReportDefinition) (harrier.Report, error) {
	d.ID = 0
	if err := r.check(ctx, by, &d); err != nil {
		return harrier.Report{}, err
	}
	return r.launch(ctx, by, d, 0)
}

// Of lists the reports of a definition that by may see, by rising id. It answers
// NotFound for a definition that by may not see.
func (r *Room) Of(ctx context.Context, by harrier.Actor, definition harrier.ID) ([]harrier.Report, error) {
	d, err := r.Definition(ctx, by, definition)
	if err != nil {
		return nil, err
	}
	list, err := r.Store.ReportsOf(ctx, definition)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(rep harrier.Report) bool { return !seesReport(by, rep, d) })
	for i := range list {
		list[i] = r.withProgress(list[i])
	}
	return list, nil
}

// DeleteWithReports removes a definition and those of its reports that by may
// remove. It answers NotFound and Forbidden like DeleteDefinition.
func (r *Room) DeleteWithReports(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	list, err := r.Of(ctx, by, id)
	if err != nil {
		return err
	}
	if err := r.DeleteDefinition(ctx, by, id); err != nil {
		return err
	}
	for _, rep := range list {
		if by.LevelOn(rep.Owner, nil) < harrier.Owns {
			continue
		}
		if err := ignoreMissing(r.Delete(ctx, by, rep.ID)); err != nil {
			return err
		}
	}
	return nil
}

// outermost is the scan of the sites, or of all when there are none, that ended
// last, or first.
func (r *Room) outermost(ctx context.Context, by harrier.Actor, scope harrier.Scope) (harrier.ID, error) {
	sites := scope.Sites
	if scope.First && len(sites) == 0 {
		latest, err := r.Scans.Latest(ctx, by)
		if err != nil {
			return 0, err
		}
		sites = slices.Collect(maps.Keys(latest))
	}
	list, err := r.sources(ctx, by, sites)
	if err != nil {
		return 0, err
	}
	var found harrier.Scan
	for _, sc := range list {
		later := cmp.Or(sc.Ended.Compare(found.Ended), cmp.Compare(sc.ID, found.ID))
		if found.ID == 0 || later > 0 && !scope.First || later < 0 && scope.First {
			found = sc
		}
	}
	if found.ID == 0 {
		return 0, harrier.Invalidf("scans", "no scan has ended yet")
	}
	return found.ID, nil
}

// sources lists the scans that have ended, by rising id: all of the sites, or
// the last of each site when none is named.
func (r *Room) sources(ctx context.Context, by harrier.Actor, sites []harrier.ID) ([]harrier.Scan, error) {
	found := map[harrier.ID]harrier.Scan{}
	for _, id := range sites {
		list, err := r.Scans.Of(ctx, by, id)
		if err := ignoreMissing(err); err != nil {
			return nil, err
		}
		for _, sc := range list {
			found[sc.ID] = sc
		}
	}
	if len(sites) == 0 {
		latest, err := r.Scans.Latest(ctx, by)
		if err != nil {
			return nil, err
		}
		for _, sc := range latest {
			found[sc.ID] = sc
		}
	}
	maps.DeleteFunc(found, func(_ harrier.ID, sc harrier.Scan) bool { return !sc.Status.Ended() })
	list := slices.Collect(maps.Values(found))
	slices.SortFunc(list, func(a, b harrier.Scan) int { return int(a.ID - b.ID) })
	return list, nil
}
