package securitycenter

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// sharedObjects are the objects that by may see and that are shared with a group.
func (a api) sharedObjects(ctx context.Context, by harrier.Actor, group harrier.ID) (map[string][]ref, error) {
	out := map[string][]ref{"assets": {}, "policies": {}, "queries": {}, "credentials": {}, "auditFiles": {}}
	lists, err := a.AssetLists.All(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, l := range lists {
		if slices.Contains(l.Groups, group) {
			out["assets"] = append(out["assets"], ref{sid(l.ID), l.Name, l.Description})
		}
	}
	audits, err := a.Policies.AuditFiles(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, f := range audits {
		if slices.Contains(f.Groups, group) {
			out["auditFiles"] = append(out["auditFiles"], ref{sid(f.ID), f.Name, f.Description})
		}
	}
	queries, err := a.Findings.Queries(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, s := range queries {
		if slices.Contains(s.Groups, group) {
			out["queries"] = append(out["queries"], ref{sid(s.ID), s.Name, s.Description})
		}
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
			if slices.ContainsFunc(p.Grants, func(g harrier.Grant) bool { return g.Group == group }) {
				out[key] = append(out[key], ref{sid(p.ID), p.Name, p.Description})
			}
		}
	}
	return out, nil
}

// groupMembers finds whom a request takes into a group and what it shares with
// it: nothing is changed before all of it is found. It answers a fault for what
// by may not see.
func (a api) groupMembers(ctx context.Context, by harrier.Actor, in groupRequest, g harrier.Group) (join []harrier.User, share []func(group harrier.ID) error, err error) {
	for _, id := range orNone(in.Users) {
		u, err := a.Identity.User(ctx, by, id)
		if err != nil || u.Organization != g.Organization {
			return nil, nil, noObject("User", sid(id), "use")
		}
		join = append(join, u)
	}
	add := func(groups []harrier.ID, group harrier.ID) []harrier.ID {
		if slices.Contains(groups, group) {
			return groups
		}
		return append(slices.Clone(groups), group)
	}
	for _, id := range orNone(in.Assets) {
		l, err := a.AssetLists.List(ctx, by, id)
		if err != nil {
			return nil, nil, missing(err, "Asset", sid(id), "use")
		}
		share = append(share, func(group harrier.ID) error {
			l.Groups = add(l.Groups, group)
			return a.AssetLists.Update(ctx, by, &l)
		})
	}
	for _, id := range orNone(in.Queries) {
		s, err := a.Findings.Query(ctx, by, id)
		if err != nil {
			return nil, nil, missing(err, "Query", sid(id), "use")
		}
		share = append(share, func(group harrier.ID) error {
			s.Groups = add(s.Groups, group)
			return a.Findings.UpdateQuery(ctx, by, &s)
		})
	}
	for _, id := range append(orNone(in.Policies), orNone(in.Credentials)...) {
		p, err := a.Policies.Policy(ctx, by, id)
		if err != nil {
			return nil, nil, missing(err, "Policy", sid(id), "use")
		}
		share = append(share, func(group harrier.ID) error {
			if !slices.ContainsFunc(p.Grants, func(one harrier.Grant) bool { return one.Group == group }) {
				p.Grants = append(slices.Clone(p.Grants), harrier.Grant{Group: group, Level: harrier.MayView})
			}
			return a.Policies.Update(ctx, by, &p)
		})
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
