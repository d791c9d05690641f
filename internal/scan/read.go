package scan

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Judged is an observation as it shows: with its severity after the exceptions.
type Judged struct {
	harrier.Observation
	Severity harrier.Severity
}

// HostResult is one host of a scan with what was found on it, after the
// exceptions: hidden observations are missing, recast ones have their new
// severity, and Present counts what is left.
type HostResult struct {
	harrier.ScanHost
	Observations []Judged          // in the order of Instance.Compare
	Coverage     *harrier.Coverage // nil until the host has ended, and for imported ones
}

// Scan returns a scan with its sums as they stand. It answers NotFound for one
// that by may not see.
func (r *Room) Scan(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Scan, error) {
	sc, err := r.Store.Scan(ctx, id)
	if err != nil {
		return harrier.Scan{}, err
	}
	return r.visible(ctx, by, sc)
}

// ByUUID returns the scan with the long name uuid, like Scan.
func (r *Room) ByUUID(ctx context.Context, by harrier.Actor, uuid harrier.UUID) (harrier.Scan, error) {
	sc, err := r.Store.ScanByUUID(ctx, uuid)
	if err != nil {
		return harrier.Scan{}, err
	}
	return r.visible(ctx, by, sc)
}

func (r *Room) visible(ctx context.Context, by harrier.Actor, sc harrier.Scan) (harrier.Scan, error) {
	level, err := r.level(ctx, by, sc.Site)
	if err != nil {
		return harrier.Scan{}, err
	}
	if level < harrier.MayView || !by.SeesRepository(sc.Repository) {
		return harrier.Scan{}, harrier.Errorf(harrier.NotFound, "no scan %d", sc.ID)
	}
	return r.summed(ctx, by, sc)
}

// level says how far by may go with the scans of a site; NoAccess for a site
// that is gone.
func (r *Room) level(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Level, error) {
	s, err := r.Store.Site(ctx, id)
	switch {
	case harrier.KindOf(err) == harrier.NotFound:
		return by.LevelOn(0, nil), nil
	case err != nil:
		return harrier.NoAccess, err
	}
	return by.LevelOnSite(s), nil
}

// controlled returns the site if by may run scans of it. It answers NotFound
// for one that by may not see and Forbidden for one that by may only view.
func (r *Room) controlled(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Site, error) {
	s, err := r.Store.Site(ctx, id)
	if err != nil {
		return harrier.Site{}, err
	}
	level := by.LevelOnSite(s)
	switch {
	case level < harrier.MayView:
		return harrier.Site{}, harrier.Errorf(harrier.NotFound, "no site %d", id)
	case level < harrier.MayControl || !by.May(harrier.RunScans):
		return harrier.Site{}, harrier.Errorf(harrier.Forbidden, "you may not control scans of %q", s.Name)
	case s.Repository != 0 && !by.SeesRepository(s.Repository):
		return harrier.Site{}, harrier.Errorf(harrier.Forbidden, "you may not use the repository of %q", s.Name)
	}
	return s, nil
}

// Of lists the scans of a site, oldest first. It answers NotFound for a site
// that by may not see.
func (r *Room) Of(ctx context.Context, by harrier.Actor, site harrier.ID) ([]harrier.Scan, error) {
	s, err := r.Store.Site(ctx, site)
	if err != nil {
		return nil, err
	}
	if by.LevelOnSite(s) < harrier.MayView {
		return nil, harrier.Errorf(harrier.NotFound, "no site %d", site)
	}
	list, err := r.Store.ScansOf(ctx, site)
	if err != nil {
		return nil, err
	}
	return r.allWithSums(ctx, by, list)
}

// Latest returns the newest scan of each site that by may see and that was
// ever scanned, by site.
func (r *Room) Latest(ctx context.Context, by harrier.Actor) (map[harrier.ID]harrier.Scan, error) {
	seen, err := r.visibleSites(ctx, by)
	if err != nil {
		return nil, err
	}
	all, err := r.Store.LatestScans(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[harrier.ID]harrier.Scan, len(all))
	for site, sc := range all {
		if !seen[site] || !by.SeesRepository(sc.Repository) {
			continue
		}
		if out[site], err = r.summed(ctx, by, sc); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Active lists the scans that go on and that by may see, oldest first.
func (r *Room) Active(ctx context.Context, by harrier.Actor) ([]harrier.Scan, error) {
	seen, err := r.visibleSites(ctx, by)
	if err != nil {
		return nil, err
	}
	all, err := r.Store.ActiveScans(ctx)
	if err != nil {
		return nil, err
	}
	var list []harrier.Scan
	for _, sc := range all {
		if seen[sc.Site] {
			list = append(list, sc)
		}
	}
	return r.allWithSums(ctx, by, list)
}

func (r *Room) visibleSites(ctx context.Context, by harrier.Actor) (map[harrier.ID]bool, error) {
	sites, err := r.Store.Sites(ctx)
	if err != nil {
		return nil, err
	}
	seen := make(map[harrier.ID]bool, len(sites))
	for _, s := range sites {
		seen[s.ID] = by.LevelOnSite(s) >= harrier.MayView
	}
	return seen, nil
}

func (r *Room) allWithSums(ctx context.Context, by harrier.Actor, list []harrier.Scan) ([]harrier.Scan, error) {
	list = slices.DeleteFunc(list, func(sc harrier.Scan) bool { return !by.SeesRepository(sc.Repository) })
	for i := range list {
		var err error
		if list[i], err = r.summed(ctx, by, list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Hosts lists the hosts of a scan that answered or were named singly, by rising
// index, their counts after the exceptions. It answers NotFound like Scan.
func (r *Room) Hosts(ctx context.Context, by harrier.Actor, scan harrier.ID) ([]harrier.ScanHost, error) {
	v, err := r.view(ctx, by, scan)
	if err != nil {
		return nil, err
	}
	hosts, err := r.hosts(ctx, by, scan)
	if err != nil {
		return nil, err
	}
	for i := range hosts {
		if !v.touches(hosts[i].Host) {
			continue
		}
		res, err := v.host(ctx, hosts[i])
		if err != nil {
			return nil, err
		}
		hosts[i] = res.ScanHost
	}
	return hosts, nil
}

// Host returns one host of a scan by its index. It answers NotFound for a host
// that does not exist, and like Scan.
func (r *Room) Host(ctx context.Context, by harrier.Actor, scan harrier.ID, index int) (HostResult, error) {
	v, err := r.view(ctx, by, scan)
	if err != nil {
		return HostResult{}, err
	}
	h, err := r.host(ctx, by, scan, index)
	if err != nil {
		return HostResult{}, err
	}
	res, err := v.host(ctx, h)
	if err != nil {
		return HostResult{}, err
	}
	res.Coverage, err = v.coverage(ctx, index)
	return res, err
}

// Past is one sight of an asset: the scan and what it saw there.
type Past struct {
	harrier.Scan
	Host harrier.ScanHost // its counts after the exceptions
}

// Past lists the scans that met an asset and that by may see, oldest first. Who may
// see the asset is for the caller to know.
func (r *Room) Past(ctx context.Context, by harrier.Actor, asset harrier.ID) ([]Past, error) {
	refs, err := r.Store.HostsOf(ctx, asset)
	if err != nil {
		return nil, err
	}
	var out []Past
	for _, ref := range refs {
		sc, err := r.Scan(ctx, by, ref.Scan)
		var h HostResult
		if err == nil {
			h, err = r.Host(ctx, by, ref.Scan, ref.Index)
		}
		switch {
		case harrier.KindOf(err) == harrier.NotFound:
			continue
		case err != nil:
			return nil, err
		}
		out = append(out, Past{sc, h.ScanHost})
	}
	slices.SortFunc(out, func(a, b Past) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// Results yields all hosts of a scan by rising index, one at a time. An error
// ends it.
func (r *Room) Results(ctx context.Context, by harrier.Actor, scan harrier.ID) iter.Seq2[HostResult, error] {
	return func(yield func(HostResult, error) bool) {
		v, err := r.view(ctx, by, scan)
		if err != nil {
			yield(HostResult{}, err)
			return
		}
		for last, more := 0, true; more; {
			var page []HostResult
			if page, last, more, err = v.page(ctx, last); err != nil {
				yield(HostResult{}, err)
				return
			}
			for _, res := range page {
				if !yield(res, nil) {
					return
				}
			}
		}
	}
}

// Vulnerabilities sums a scan up by vulnerability and severity, after the
// exceptions: gravest first, then by number.
func (r *Room) Vulnerabilities(ctx context.Context, by harrier.Actor, scan harrier.ID) ([]harrier.ScanVuln, error) {
	v, err := r.view(ctx, by, scan)
	if err != nil {
		return nil, err
	}
	return v.vulnerabilities(ctx)
}

// Dead lists the targets that did not answer, and in a scan that has ended
// those that it did not get to, each with the reason. Somebody who does not see
// all of the repository is told of none.
func (r *Room) Dead(ctx context.Context, by harrier.Actor, scan harrier.ID) ([]harrier.Span, error) {
	if _, err := r.Scan(ctx, by, scan); err != nil || by.Narrow() {
		return nil, err
	}
	spans, err := r.Store.Dead(ctx, scan)
	if err != nil || len(spans) == 0 {
		return nil, err
	}
	hosts, err := r.Store.ScanHosts(ctx, scan)
	if err != nil {
		return nil, err
	}
	dead, _ := account(nil, hosts, spans, "")
	return dead, nil
}

// Delete removes a scan that has ended with its results, or one that still waits
// to begin; findings stay. It
// answers Conflict while the scan goes on, NotFound like Scan, and Forbidden
// below the right to configure its site.
func (r *Room) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if _, err := r.Scan(ctx, by, id); err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		sc, err := r.Store.Scan(ctx, id)
		if err != nil {
			return err
		}
		if level, err := r.level(ctx, by, sc.Site); err != nil {
			return err
		} else if level < harrier.MayConfigure {
			return harrier.Errorf(harrier.Forbidden, "you may not delete scans of %q", sc.Name)
		}
		if !sc.Status.Ended() && (sc.Status != harrier.ScanQueued || !sc.Started.IsZero()) {
			return harrier.Errorf(harrier.Conflict, "Can not delete an active scan")
		}
		if err := r.Store.DeleteScan(ctx, id); err != nil {
			return err
		}
		return r.relink(ctx, sc)
	})
}

// relink makes the site of a deleted scan point to the newest one that is left.
func (r *Room) relink(ctx context.Context, gone harrier.Scan) error {
	s, err := r.Store.Site(ctx, gone.Site)
	if harrier.KindOf(err) == harrier.NotFound {
		return nil
	}
	if err != nil || s.LastScan != gone.ID {
		return err
	}
	left, err := r.Store.ScansOf(ctx, s.ID)
	if err != nil {
		return err
	}
	s.LastScan = 0
	if n := len(left); n > 0 {
		s.LastScan = left[n-1].ID
	}
	return r.Store.UpdateSite(ctx, &s)
}
