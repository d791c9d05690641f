package scan

import (
	"context"
	"iter"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Imported is what a file says about one host.
type Imported = harrier.Imported

// Import stores a finished scan that a file tells of, under a new site or, when
// site has an ID, under that one. Of scan it takes what the file says: Name,
// Targets, Plan, PolicyName, Template, Started and Ended. All or nothing: an
// error that hosts yield leaves no trace. Findings are opened or seen again and
// none is closed, since a file proves no absence. It answers Forbidden without
// the right to edit sites, and Invalid for a site that breaks its own rules or
// lies in a folder that by does not see.
func (r *Room) Import(ctx context.Context, by harrier.Actor, site *harrier.Site, scan harrier.Scan, hosts iter.Seq2[Imported, error]) (harrier.Scan, error) {
	return r.ImportAnd(ctx, by, site, scan, hosts, func(context.Context) error { return nil })
}

// ImportAnd is Import with something to be done at last in the same transaction,
// when all hosts have come.
func (r *Room) ImportAnd(ctx context.Context, by harrier.Actor, site *harrier.Site, scan harrier.Scan, hosts iter.Seq2[Imported, error], last func(ctx context.Context) error) (harrier.Scan, error) {
	if r.Findings == nil {
		return harrier.Scan{}, harrier.Errorf(harrier.Unavailable, "nothing can be imported here")
	}
	if !by.May(harrier.EditSites) {
		return harrier.Scan{}, harrier.Errorf(harrier.Forbidden, "you may not import scans")
	}
	sc := scan
	err := r.Findings.Import(ctx, func(ctx context.Context, fold FoldHost) error {
		if err := r.importSite(ctx, by, site); err != nil {
			return err
		}
		sc = r.importScan(by, *site, scan)
		if err := r.Store.InsertScan(ctx, &sc); err != nil {
			return err
		}
		for h, err := range hosts {
			if err != nil {
				return err
			}
			if err := fold(ctx, &sc, h); err != nil {
				return err
			}
		}
		return nil
	}, func(ctx context.Context) error {
		if err := r.importSums(ctx, site, &sc); err != nil {
			return err
		}
		return last(ctx)
	})
	if err != nil {
		return harrier.Scan{}, err
	}
	r.Log.InfoContext(ctx, "scan imported", "scan", sc.ID, "site", sc.Site, "hosts", sc.HostsTotal)
	return sc, nil
}

func (r *Room) importSite(ctx context.Context, by harrier.Actor, site *harrier.Site) error {
	if site.ID != 0 {
		have, err := r.controlled(ctx, by, site.ID)
		*site = have
		return err
	}
	if err := site.Check(); err != nil {
		return err
	}
	if err := r.checkFolder(ctx, by, site.Folder); err != nil {
		return err
	}
	now := r.now()
	if site.Owner == 0 {
		site.Owner = by.User
	}
	if site.Repository == 0 {
		site.Repository = harrier.DefaultRepository
		if have := by.Repositories(); len(have) > 0 && !slices.Contains(have, site.Repository) {
			site.Repository = have[0]
		}
	}
	if !by.SeesRepository(site.Repository) {
		return harrier.Invalidf("repository", "there is no %d", site.Repository)
	}
	if site.UUID.IsZero() {
		site.UUID = harrier.NewUUID(now)
	}
	site.Created, site.Modified = now, now
	return r.Store.InsertSite(ctx, site)
}

// checkFolder answers Invalid for a folder that by does not see: what lies in
// such a one could be found by nobody.
func (r *Room) checkFolder(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if id == 0 {
		return nil
	}
	f, err := r.Store.Folder(ctx, id)
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		return err
	}
	if err != nil || f.Kind == harrier.CustomFolder && f.Owner != by.User {
		return harrier.Invalidf("folder", "no folder %d", id)
	}
	return nil
}

func (r *Room) importScan(by harrier.Actor, site harrier.Site, said harrier.Scan) harrier.Scan {
	now := r.now()
	sc := said
	sc.ID, sc.UUID, sc.Site, sc.Repository, sc.Owner = 0, harrier.NewUUID(now), site.ID, site.Repository, by.User
	sc.Status, sc.Created, sc.Modified, sc.Told = harrier.ScanImported, now, now, harrier.ToldEnd
	if sc.Name == "" {
		sc.Name = site.Name
	}
	if sc.Started.IsZero() {
		sc.Started = now
	}
	if sc.Ended.IsZero() {
		sc.Ended = now
	}
	return sc
}

// importSums counts what was stored.
func (r *Room) importSums(ctx context.Context, site *harrier.Site, sc *harrier.Scan) error {
	hosts, err := r.Store.ScanHosts(ctx, sc.ID)
	if err != nil {
		return err
	}
	sc.HostsTotal, sc.HostsDone = len(hosts), len(hosts)
	sc.HostsAlive, sc.Present = 0, harrier.Counts{}
	for _, h := range hosts {
		if h.Alive {
			sc.HostsAlive++
		}
		sc.Present = plus(sc.Present, h.Present)
	}
	if err := r.Store.UpdateScan(ctx, sc); err != nil {
		return err
	}
	site.LastScan, site.LastRun, site.Read = sc.ID, sc.Ended, false
	return r.Store.UpdateSite(ctx, site)
}

func plus(a, b harrier.Counts) harrier.Counts {
	for i := range a {
		a[i] += b[i]
	}
	return a
}
