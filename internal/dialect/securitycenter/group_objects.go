package securitycenter

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// shareable is an object that can be shared with groups.
type shareable struct {
	ref
	id     harrier.ID
	with   func(group harrier.ID) bool
	change func(group harrier.ID, with bool) error
}

// shareables are the objects that by may see and that can be shared with groups,
// by the keys under which groups have them.
func (a api) shareables(ctx context.Context, by harrier.Actor) (map[string][]shareable, error) {
	out := map[string][]shareable{}
	add := func(key string, id harrier.ID, name, description string, groups []harrier.ID, store func([]harrier.ID) error) {
		out[key] = append(out[key], shareable{
			ref{sid(id), name, description},
			id, func(group harrier.ID) bool { return slices.Contains(groups, group) },
			func(group harrier.ID, with bool) error {
				without := slices.DeleteFunc(slices.Clone(groups), func(g harrier.ID) bool { return g == group })
				if with {
					without = append(without, group)
				}
				return store(without)
			},
		})
	}
	lists, err := a.AssetLists.All(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, l := range lists {
		add("assets", l.ID, l.Name, l.Description, l.Groups, func(groups []harrier.ID) error { l.Groups = groups; return a.AssetLists.Update(ctx, by, &l) })
	}
	audits, err := a.Policies.AuditFiles(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, f := range audits {
		add("auditFiles", f.ID, f.Name, f.Description, f.Groups, func(groups []harrier.ID) error {
			f.Groups = groups
			return a.Policies.UpdateAuditFile(ctx, by, &f, nil)
		})
	}
	queries, err := a.Findings.Queries(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, s := range queries {
		add("queries", s.ID, s.Name, s.Description, s.Groups, func(groups []harrier.ID) error { s.Groups = groups; return a.Findings.UpdateQuery(ctx, by, &s) })
	}
	dashboards, err := a.Alerts.Dashboards(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, d := range dashboards {
		add("dashboardTabs", d.ID, d.Name, d.Description, d.Groups, func(groups []harrier.ID) error {
			_, err := a.Alerts.ChangeDashboard(ctx, by, d.ID, func(_ context.Context, d *harrier.Dashboard) error { d.Groups = groups; return nil })
			return err
		})
	}
	policies, err := a.Policies.Policies(ctx, by)
	if err != nil {
		return nil, err
	}
	credentials, err := a.credentials(ctx, by)
	if err != nil {
		return nil, err
	}
	for key, list := range map[string][]harrier.Policy{"policies": policies, "credentials": credentials} {
		for _, p := range list {
			var groups []harrier.ID
			for _, g := range p.Grants {
				if g.Group != 0 {
					groups = append(groups, g.Group)
				}
			}
			add(key, p.ID, p.Name, p.Description, groups, func(groups []harrier.ID) error {
				kept := slices.DeleteFunc(slices.Clone(p.Grants), func(g harrier.Grant) bool { return g.Group != 0 && !slices.Contains(groups, g.Group) })
				for _, id := range groups {
					if !slices.ContainsFunc(kept, func(g harrier.Grant) bool { return g.Group == id }) {
						kept = append(kept, harrier.Grant{Group: id, Level: harrier.MayView})
					}
				}
				p.Grants = kept
				return a.Policies.Update(ctx, by, &p)
			})
		}
	}
	return out, nil
}

// sharedObjects are the objects that by may see and that are shared with a group.
func (a api) sharedObjects(ctx context.Context, by harrier.Actor, group harrier.ID) (map[string][]ref, error) {
	all, err := a.shareables(ctx, by)
	out := map[string][]ref{}
	for _, kind := range groupKinds {
		out[kind.key] = []ref{}
		for _, o := range all[kind.key] {
			if o.with(group) {
				out[kind.key] = append(out[kind.key], o.ref)
			}
		}
	}
	return out, err
}

// groupKinds are the kinds of objects that groups have, with what one is called.
var groupKinds = []struct {
	key, noun string
	of        func(groupRequest) *givens
}{
	{"assets", "Asset", func(r groupRequest) *givens { return r.Assets }},
	{"queries", "Query", func(r groupRequest) *givens { return r.Queries }},
	{"policies", "Policy", func(r groupRequest) *givens { return r.Policies }},
	{"credentials", "Credential", func(r groupRequest) *givens { return r.Credentials }},
	{"auditFiles", "Audit File", func(r groupRequest) *givens { return r.AuditFiles }},
	{"dashboardTabs", "Dashboard", func(r groupRequest) *givens { return r.Dashboards }},
}

// groupMembers finds whom a request takes into a group and what it shares with
// it, and no longer shares: what was shared and is not in a list that the request
// gives. Nothing is changed before all of it is found. It answers a fault for
// what by may not see.
func (a api) groupMembers(ctx context.Context, by harrier.Actor, in groupRequest, g harrier.Group) (join []harrier.User, share []func(group harrier.ID) error, err error) {
	for _, id := range orNone(in.Users) {
		u, err := a.Identity.User(ctx, by, id)
		if err != nil || u.Organization != g.Organization {
			return nil, nil, noObject("User", sid(id), "use")
		}
		join = append(join, u)
	}
	all, err := a.shareables(ctx, by)
	if err != nil {
		return nil, nil, err
	}
	for _, kind := range groupKinds {
		named := kind.of(in)
		if named == nil {
			continue
		}
		ids := named.ids()
		for _, id := range ids {
			if !slices.ContainsFunc(all[kind.key], func(o shareable) bool { return o.id == id }) {
				return nil, nil, noObject(kind.noun, sid(id), "use")
			}
		}
		for _, o := range all[kind.key] {
			if with := slices.Contains(ids, o.id); with != (g.ID != 0 && o.with(g.ID)) {
				share = append(share, func(group harrier.ID) error { return o.change(group, with) })
			}
		}
	}
	return join, share, nil
}

func orNone(list *givens) []harrier.ID {
	if list == nil {
		return nil
	}
	return list.ids()
}

// fillGroup takes users into a group and shares objects with it.
func (a api) fillGroup(ctx context.Context, by harrier.Actor, g harrier.Group, join []harrier.User, share []func(harrier.ID) error) error {
	for _, u := range join {
		if u.Group == g.ID {
			continue
		}
		u.Group = g.ID
		if err := a.Identity.Update(ctx, by, &u); err != nil {
			return err
		}
	}
	for _, do := range share {
		if err := do(g.ID); err != nil {
			return err
		}
	}
	return nil
}
