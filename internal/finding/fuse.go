package finding

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Merge makes two assets of one repository one, because a person says so: into
// stays, and gets all that from has. UndoMerge takes it back. It answers
// Forbidden without the right to edit everybody's objects, NotFound for an asset
// outside of by's scope, Invalid for one asset twice or two repositories.
func (r *Room) Merge(ctx context.Context, by harrier.Actor, into, from harrier.ID) (harrier.Merge, error) {
	if !by.May(harrier.EditAll) {
		return harrier.Merge{}, harrier.Errorf(harrier.Forbidden, "you may not merge assets")
	}
	if into == from {
		return harrier.Merge{}, errItself(into)
	}
	m := harrier.Merge{Into: into, From: from, By: by.Name, Score: 100, Reasons: []harrier.Reason{{Points: 100, Note: "merged by hand"}}}
	err := r.mend(ctx, func(ctx context.Context) error {
		for _, id := range []harrier.ID{into, from} {
			if a, err := r.Store.Asset(ctx, id); err != nil {
				return err
			} else if !seesWhole(by, a.Repository) {
				return harrier.Errorf(harrier.NotFound, "no asset %d", id)
			}
		}
		if err := r.fuse(ctx, &m); err != nil {
			return err
		}
		return r.record(ctx, by, "asset.merge", m)
	})
	return m, err
}

// seesWhole reports whether by sees all of a repository: whoever sees a part only
// does not change what its assets are.
func seesWhole(by harrier.Actor, repository harrier.ID) bool {
	return by.SeesRepository(repository) && !by.Narrow()
}

// mend runs do in a transaction while nothing is folded.
func (r *Room) mend(ctx context.Context, do func(ctx context.Context) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cache.clear()
	return r.Store.InTx(ctx, do)
}

func (r *Room) record(ctx context.Context, by harrier.Actor, action string, m harrier.Merge) error {
	return r.Store.AppendAudit(ctx, &harrier.AuditEntry{
		At: r.Now().UTC(), Actor: by.Name, Via: by.Via, Action: action, Object: fmt.Sprintf("asset %d", m.Into),
		Detail: fmt.Sprintf("merge %d, asset %d", m.ID, m.From),
	})
}

// mergeAll merges what the transaction found to be one machine. It is called
// when all else is written.
func (f *folding) mergeAll(ctx context.Context) error {
	if len(f.merges) == 0 {
		return nil
	}
	before, err := f.Store.Merges(ctx)
	if err != nil {
		return err
	}
	for i := range f.merges {
		m := &f.merges[i]
		again := func(old harrier.Merge) bool {
			return !old.Undone.IsZero() && (old.Into == m.Into && old.From == m.From || old.Into == m.From && old.From == m.Into)
		}
		if slices.ContainsFunc(before, again) { // somebody knows better
			continue
		}
		switch err := f.fuse(ctx, m); {
		case harrier.KindOf(err) == harrier.NotFound: // it was merged just now
		case err != nil:
			return err
		default:
			if err := f.record(ctx, harrier.System, "asset.merge", *m); err != nil {
				return err
			}
		}
	}
	return nil
}

func errItself(id harrier.ID) error {
	return harrier.Invalidf("asset", "%d can not be merged with itself", id)
}

// fuse makes m.From a part of m.Into in the transaction of ctx, and stores m.
func (r *Room) fuse(ctx context.Context, m *harrier.Merge) error {
	if m.Into == m.From {
		return errItself(m.Into)
	}
	into, err := r.state(ctx, m.Into)
	if err != nil {
		return err
	}
	from, err := r.state(ctx, m.From)
	if err != nil {
		return err
	}
	if into.Asset.Repository != from.Asset.Repository {
		return harrier.Invalidf("asset", "%d and %d are in different repositories", m.Into, m.From)
	}
	m.Repository, m.FromUUID, m.At = into.Asset.Repository, from.Asset.UUID, r.Now().UTC().Truncate(microsecond)
	d := &m.Detail
	d.From, d.Into.Asset, d.Merged.Asset = from, into.Asset, joinAssets(into.Asset, from.Asset)
	if d.Hosts, err = r.Store.HostsOf(ctx, m.From); err != nil {
		return err
	}
	for _, step := range []func(ctx context.Context, m *harrier.Merge, into harrier.AssetState) error{
		r.fuseFindings, r.fuseServices, r.fuseIdentifiers,
	} {
		if err := step(ctx, m, into); err != nil {
			return err
		}
	}
	if err := r.Store.GiveHosts(ctx, d.Hosts, m.Into); err != nil {
		return err
	}
	if err := r.Store.DeleteAsset(ctx, m.From); err != nil {
		return err
	}
	if err := r.Store.UpdateAsset(ctx, &d.Merged.Asset); err != nil {
		return err
	}
	if err := r.rethink(ctx, d.Merged.Asset); err != nil {
		return err
	}
	return r.Store.InsertMerge(ctx, m)
}

// state reads all that is kept of an asset.
func (r *Room) state(ctx context.Context, id harrier.ID) (harrier.AssetState, error) {
	var s harrier.AssetState
	var err error
	if s.Asset, err = r.Store.Asset(ctx, id); err != nil {
		return s, err
	}
	findings, err := r.Store.FindingsOf(ctx, id)
	if err != nil {
		return s, err
	}
	for _, f := range findings {
		s.Findings = append(s.Findings, *f)
	}
	if s.Services, err = r.Store.ServicesOf(ctx, id); err != nil {
		return s, err
	}
	s.Identifiers, err = r.Store.Identifiers(ctx, id)
	return s, err
}

// fuseFindings moves the findings that only From has, and joins the lives of
// those that both have.
func (r *Room) fuseFindings(ctx context.Context, m *harrier.Merge, into harrier.AssetState) error {
	d := &m.Detail
	have := map[harrier.Instance]harrier.Finding{}
	for _, f := range into.Findings {
		have[f.Instance] = f
	}
	var gone []harrier.ID
	var save []*harrier.Finding
	for _, f := range d.From.Findings {
		mine, both := have[f.Instance]
		if !both {
			f.Asset = m.Into
			save = append(save, &f)
			continue
		}
		joined := joinFindings(mine, f)
		d.Into.Findings, d.Merged.Findings = append(d.Into.Findings, mine), append(d.Merged.Findings, joined)
		gone, save = append(gone, f.ID), append(save, &joined)
	}
	if err := r.Store.DeleteFindings(ctx, gone); err != nil {
		return err
	}
	return r.Store.SaveFindings(ctx, save)
}

func (r *Room) fuseServices(ctx context.Context, m *harrier.Merge, into harrier.AssetState) error {
	d := &m.Detail
	have := map[harrier.Endpoint]harrier.Service{}
	for _, s := range into.Services {
		have[s.Endpoint] = s
	}
	var put []harrier.Service
	for _, s := range d.From.Services {
		mine, both := have[s.Endpoint]
		s.Asset = m.Into
		if both {
			first := earlier(mine.FirstSeen, s.FirstSeen)
			d.Into.Services = append(d.Into.Services, mine)
			if mine.LastSeen.After(s.LastSeen) {
				s = mine
			}
			s.FirstSeen = first
			d.Merged.Services = append(d.Merged.Services, s)
		}
		put = append(put, s)
	}
	return r.replaceServices(ctx, m.Into, put)
}

// replaceServices stores services as they are, with their FirstSeen.
func (r *Room) replaceServices(ctx context.Context, asset harrier.ID, list []harrier.Service) error {
	at := make([]harrier.Endpoint, len(list))
	for i := range list {
		at[i] = list[i].Endpoint
	}
	if err := r.Store.DeleteServices(ctx, asset, at); err != nil {
		return err
	}
	return r.Store.PutServices(ctx, asset, list)
}

func (r *Room) fuseIdentifiers(ctx context.Context, m *harrier.Merge, into harrier.AssetState) error {
	d := &m.Detail
	have := map[idKey]harrier.Identifier{}
	for _, i := range into.Identifiers {
		have[idKey{i.Kind, i.Value}] = i
	}
	put := slices.Clone(d.From.Identifiers)
	for n, i := range put {
		if mine, both := have[idKey{i.Kind, i.Value}]; both {
			d.Into.Identifiers = append(d.Into.Identifiers, mine)
			put[n].First, put[n].Last, put[n].Shared = earlier(mine.First, i.First), later(mine.Last, i.Last), mine.Shared || i.Shared
			d.Merged.Identifiers = append(d.Merged.Identifiers, put[n])
		}
	}
	return r.Store.PutIdentifiers(ctx, m.Into, m.Repository, put)
}

// joinAssets returns what two assets are together: what was seen last stands.
func joinAssets(into, from harrier.Asset) harrier.Asset {
	a, old := into, from
	if from.LastSeen.After(into.LastSeen) {
		a, old = from, into
	}
	a.ID, a.UUID, a.Repository = into.ID, into.UUID, into.Repository
	for _, field := range []struct {
		to   *string
		from string
	}{{&a.MAC, old.MAC}, {&a.FQDN, old.FQDN}, {&a.NetBIOS, old.NetBIOS}, {&a.DeviceType, old.DeviceType}} {
		if *field.to == "" {
			*field.to = field.from
		}
	}
	if a.OS == "" {
		a.OS, a.OSConfidence, a.OSMethod, a.OSCPE = old.OS, old.OSConfidence, old.OSMethod, old.OSCPE
	}
	a.FirstSeen, a.LastSeen, a.LastScan = earlier(a.FirstSeen, old.FirstSeen), later(a.LastSeen, old.LastSeen), max(a.LastScan, old.LastScan)
	a.Names = slices.Concat(a.Names, old.Names)
	slices.SortFunc(a.Names, strings.Compare)
	a.Names = slices.Compact(a.Names)
	return a
}

// joinFindings returns the life of a finding that two assets had: it was open
// while it was open on one of them.
func joinFindings(into, from harrier.Finding) harrier.Finding {
	f := into
	if from.LastSeen().After(into.LastSeen()) {
		f = from
		f.ID, f.Asset = into.ID, into.Asset
	}
	all := slices.Concat(into.Intervals, from.Intervals)
	slices.SortStableFunc(all, func(a, b harrier.Interval) int { return a.Opened.Compare(b.Opened) })
	f.Intervals = nil
	for _, i := range all {
		n := len(f.Intervals)
		if n == 0 || !f.Intervals[n-1].Closed.IsZero() && !i.Opened.Before(f.Intervals[n-1].Closed) {
			f.Intervals = append(f.Intervals, i)
			continue
		}
		last := &f.Intervals[n-1]
		last.LastSeen = later(last.LastSeen, i.LastSeen)
		if i.Closed.IsZero() || last.Closed.IsZero() {
			last.Closed = noTime
		} else {
			last.Closed = later(last.Closed, i.Closed)
		}
	}
	return f
}
