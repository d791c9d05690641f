package finding

import (
	"context"
	"encoding/json"
	"time"

	"github.com/harrier-scan/harrier"
)

const microsecond = time.Microsecond

// UndoMerge takes a merge back. The asset that had gone comes back with its
// names, numbers and all that it had; the other one is again what it was. What
// came after the merge (findings that were seen or closed since, services and
// identifiers seen since, hosts of later scans) stays with the asset that the
// merge left. The scans will not make the same merge again by themselves.
//
// It answers Forbidden without the right to edit everybody's objects, NotFound
// for a merge outside of by's scope, Conflict for one that is undone already or has a later
// one built upon it.
func (r *Room) UndoMerge(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Merge, error) {
	if !by.May(harrier.EditAll) {
		return harrier.Merge{}, harrier.Errorf(harrier.Forbidden, "you may not undo merges")
	}
	var m harrier.Merge
	err := r.mend(ctx, func(ctx context.Context) error {
		var err error
		if m, err = r.Store.Merge(ctx, id); err != nil {
			return err
		}
		if !seesWhole(by, m.Repository) {
			return harrier.Errorf(harrier.NotFound, "no merge %d", id)
		}
		if err := r.undoable(ctx, m); err != nil {
			return err
		}
		if err := r.unfuse(ctx, &m); err != nil {
			return err
		}
		m.Undone, m.UndoneBy = r.Now().UTC().Truncate(microsecond), by.Name
		if err := r.Store.UpdateMerge(ctx, &m); err != nil {
			return err
		}
		return r.record(ctx, by, "asset.unmerge", m)
	})
	return m, err
}

func (r *Room) undoable(ctx context.Context, m harrier.Merge) error {
	if !m.Undone.IsZero() {
		return harrier.Errorf(harrier.Conflict, "merge %d is undone already", m.ID)
	}
	all, err := r.Store.Merges(ctx)
	if err != nil {
		return err
	}
	for _, later := range all { // newest first
		if later.ID > m.ID && later.Undone.IsZero() && (later.Into == m.Into || later.From == m.Into) {
			return harrier.Errorf(harrier.Conflict, "merge %d came later: undo it first", later.ID)
		}
	}
	return nil
}

func (r *Room) unfuse(ctx context.Context, m *harrier.Merge) error {
	now, err := r.state(ctx, m.Into)
	if err != nil {
		return err
	}
	back := m.Detail.From.Asset
	if err := r.Store.RestoreAsset(ctx, &back); err != nil {
		return err
	}
	for _, step := range []func(ctx context.Context, m *harrier.Merge, now harrier.AssetState) error{
		r.unfuseFindings, r.unfuseServices, r.unfuseIdentifiers,
	} {
		if err := step(ctx, m, now); err != nil {
			return err
		}
	}
	into := unjoinAsset(m.Detail.Into.Asset, m.Detail.Merged.Asset, now.Asset)
	if err := r.Store.UpdateAsset(ctx, &into); err != nil {
		return err
	}
	for _, a := range []harrier.Asset{into, back} {
		if err := r.rethink(ctx, a); err != nil {
			return err
		}
	}
	return r.Store.GiveHosts(ctx, m.Detail.Hosts, m.From)
}

func (r *Room) unfuseFindings(ctx context.Context, m *harrier.Merge, now harrier.AssetState) error {
	d := &m.Detail
	current, mine, merged := byInstance(now.Findings), byInstance(d.Into.Findings), byInstance(d.Merged.Findings)
	var restore, save, fresh []*harrier.Finding
	for _, f := range d.From.Findings {
		is := current[f.Instance]
		was, both := merged[f.Instance]
		if !both { // the very finding had moved
			was = f
			was.Asset = m.Into
			save = append(save, &f)
			if rest := since(m, harrier.Finding{Asset: m.Into, Instance: f.Instance}, was, is); len(rest.Intervals) > 0 {
				fresh = append(fresh, &rest)
			}
			continue
		}
		restore = append(restore, &f)
		rest := since(m, mine[f.Instance], was, is)
		save = append(save, &rest)
	}
	if err := r.Store.RestoreFindings(ctx, restore); err != nil {
		return err
	}
	if err := r.Store.SaveFindings(ctx, save); err != nil {
		return err
	}
	return r.Store.SaveFindings(ctx, fresh) // where others have just left
}

func byInstance(list []harrier.Finding) map[harrier.Instance]harrier.Finding {
	out := make(map[harrier.Instance]harrier.Finding, len(list))
	for _, f := range list {
		out[f.Instance] = f
	}
	return out
}

// since returns f with what happened to it after a merge: was is what the merge
// made of it, is what it became.
func since(m *harrier.Merge, f, was, is harrier.Finding) harrier.Finding {
	if same(was, is) {
		return f
	}
	id, chain := f.ID, append([]harrier.Interval(nil), f.Intervals...)
	f = is
	f.ID = id
	open := func() *harrier.Interval {
		if n := len(chain); n > 0 && chain[n-1].Closed.IsZero() {
			return &chain[n-1]
		}
		return nil
	}
	for n, i := range is.Intervals {
		var before harrier.Interval // what the merge had of this interval
		if n < len(was.Intervals) {
			before = was.Intervals[n]
		}
		seen := i.LastSeen.After(before.LastSeen)
		closed := before.Closed.IsZero() && !i.Closed.IsZero()
		last := open()
		switch {
		case n < len(was.Intervals) && !seen && !closed: // nothing happened
		case last != nil:
			last.LastSeen, last.Closed = later(last.LastSeen, i.LastSeen), i.Closed
		case seen: // seen again after the merge, at a moment that is not kept
			from := i.Opened
			if n < len(was.Intervals) {
				from = later(before.LastSeen, m.At)
				from = earlier(from, i.LastSeen)
			}
			chain = append(chain, harrier.Interval{Opened: from, LastSeen: i.LastSeen, Closed: i.Closed})
		}
	}
	f.Intervals = chain
	return f
}

func (r *Room) unfuseServices(ctx context.Context, m *harrier.Merge, now harrier.AssetState) error {
	d := &m.Detail
	of := func(list []harrier.Service) map[harrier.Endpoint]harrier.Service {
		out := map[harrier.Endpoint]harrier.Service{}
		for _, s := range list {
			s.Asset = 0
			out[s.Endpoint] = s
		}
		return out
	}
	current, mine, merged := of(now.Services), of(d.Into.Services), of(d.Merged.Services)
	var gone []harrier.Endpoint
	var put []harrier.Service
	for e, s := range of(d.From.Services) {
		was, both := merged[e]
		if !both {
			was = s
		}
		is, there := current[e]
		switch {
		case !there || !same(is, was): // it went or was seen since
		case both:
			put = append(put, mine[e])
		default:
			gone = append(gone, e)
		}
	}
	if err := r.Store.DeleteServices(ctx, m.Into, gone); err != nil {
		return err
	}
	if err := r.replaceServices(ctx, m.Into, put); err != nil {
		return err
	}
	return r.Store.PutServices(ctx, m.From, d.From.Services)
}

func (r *Room) unfuseIdentifiers(ctx context.Context, m *harrier.Merge, now harrier.AssetState) error {
	d := &m.Detail
	of := func(list []harrier.Identifier) map[idKey]harrier.Identifier {
		out := map[idKey]harrier.Identifier{}
		for _, i := range list {
			out[idKey{i.Kind, i.Value}] = i
		}
		return out
	}
	current, mine, merged := of(now.Identifiers), of(d.Into.Identifiers), of(d.Merged.Identifiers)
	var gone, put []harrier.Identifier
	for k, i := range of(d.From.Identifiers) {
		was, both := merged[k]
		if !both {
			was = i
		}
		is, there := current[k]
		switch {
		case !there || !same(is, was):
		case both:
			put = append(put, mine[k])
		default:
			gone = append(gone, i)
		}
	}
	if err := r.Store.DeleteIdentifiers(ctx, m.Into, gone); err != nil {
		return err
	}
	if err := r.Store.PutIdentifiers(ctx, m.Into, m.Repository, put); err != nil {
		return err
	}
	return r.Store.PutIdentifiers(ctx, m.From, m.Repository, d.From.Identifiers)
}

// unjoinAsset returns what an asset is without what a merge brought: every
// field that still is what the merge made of it is what it was before.
func unjoinAsset(before, merged, now harrier.Asset) harrier.Asset {
	undo := func(field func(a *harrier.Asset) any) bool { return same(field(&merged), field(&now)) }
	for _, group := range []struct {
		field func(a *harrier.Asset) any
		back  func(a *harrier.Asset)
	}{
		{func(a *harrier.Asset) any { return a.Addr }, func(a *harrier.Asset) { a.Addr = before.Addr }},
		{func(a *harrier.Asset) any { return a.MAC }, func(a *harrier.Asset) { a.MAC = before.MAC }},
		{func(a *harrier.Asset) any { return a.FQDN }, func(a *harrier.Asset) { a.FQDN = before.FQDN }},
		{func(a *harrier.Asset) any { return a.NetBIOS }, func(a *harrier.Asset) { a.NetBIOS = before.NetBIOS }},
		{func(a *harrier.Asset) any { return a.Names }, func(a *harrier.Asset) { a.Names = before.Names }},
		{
			func(a *harrier.Asset) any { return []any{a.OS, a.OSConfidence, a.OSMethod, a.OSCPE} },
			func(a *harrier.Asset) {
				a.OS, a.OSConfidence, a.OSMethod, a.OSCPE = before.OS, before.OSConfidence, before.OSMethod, before.OSCPE
			},
		},
		{func(a *harrier.Asset) any { return a.DeviceType }, func(a *harrier.Asset) { a.DeviceType = before.DeviceType }},
		{func(a *harrier.Asset) any { return a.LastSeen }, func(a *harrier.Asset) { a.LastSeen = before.LastSeen }},
		{func(a *harrier.Asset) any { return a.LastScan }, func(a *harrier.Asset) { a.LastScan = before.LastScan }},
	} {
		if undo(group.field) {
			group.back(&now)
		}
	}
	now.FirstSeen = before.FirstSeen
	return now
}

// same reports whether two values are kept alike.
func same(a, b any) bool {
	x, err := json.Marshal(a)
	if err != nil {
		return false
	}
	y, err := json.Marshal(b)
	return err == nil && string(x) == string(y)
}
