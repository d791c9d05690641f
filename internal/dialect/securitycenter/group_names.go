package securitycenter

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// theGroup is how the group that an organisation began with is called: its id in
// this API is 0 in every organisation.
var theGroup = ref{"0", "Full Access", "Full Access group"}

// groups tells the groups that by may see by their ids. They are read when the
// first is asked for.
type groups struct {
	by    harrier.Actor
	load  func() ([]harrier.Group, error)
	known map[harrier.ID]harrier.Group
}

func (a api) groups(ctx context.Context, by harrier.Actor) *groups {
	return &groups{by: by, load: func() ([]harrier.Group, error) { return a.Identity.Groups(ctx, by) }}
}

// groupID is the id of a group in this API.
func groupID(g harrier.Group) string {
	if g.First {
		return theGroup.ID
	}
	return sid(g.ID)
}

// ref names a group: the first one for none and for one that by does not see.
func (g *groups) ref(id harrier.ID) ref {
	if g.known == nil {
		g.known = map[harrier.ID]harrier.Group{}
		list, _ := g.load() // without them all have the name of the first
		for _, one := range list {
			g.known[one.ID] = one
		}
	}
	one, ok := g.known[id]
	if !ok {
		return theGroup
	}
	return ref{groupID(one), one.Name, one.Description}
}

func (g *groups) refs(ids []harrier.ID) []ref {
	out := []ref{}
	for _, id := range ids {
		out = append(out, g.ref(id))
	}
	return out
}

// owner names the group of the user whom an object belongs to.
func (g *groups) owner(id harrier.ID) ref { return g.ref(g.by.GroupOf(id)) }

// granted are the groups that grants share an object with; what is everybody's is
// shared with the first.
func (g *groups) granted(grants []harrier.Grant) []ref {
	out := []ref{}
	for _, one := range grants {
		if (one.Everybody() || one.Group != 0) && one.Level >= harrier.MayView {
			if r := g.ref(one.Group); !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// groupByID returns the group that a request names. It answers NotFound.
func (a api) groupByID(ctx context.Context, by harrier.Actor, id string, organization harrier.ID) (harrier.Group, error) {
	if organization == 0 {
		organization = by.Organization
	}
	if organization == 0 {
		organization = harrier.FirstOrganization
	}
	if id == theGroup.ID {
		return a.Identity.FirstGroup(ctx, by, organization)
	}
	g, err := a.Identity.Group(ctx, by, idOf(id))
	if err == nil && g.First {
		err = harrier.Errorf(harrier.NotFound, "no group %s", id)
	}
	return g, err
}

// sharedWith reads with whom an object is to be shared. It answers a fault for a
// group that there is not.
func (a api) sharedWith(ctx context.Context, by harrier.Actor, list givens) ([]harrier.ID, error) {
	var out []harrier.ID
	for _, one := range list {
		g, err := a.groupByID(ctx, by, sid(one), 0)
		if err != nil {
			if harrier.KindOf(err) == harrier.NotFound {
				err = harrier.Errorf(harrier.Invalid, "Group #%d does not exist.", one)
			}
			return nil, err
		}
		if !slices.Contains(out, g.ID) {
			out = append(out, g.ID)
		}
	}
	return out, nil
}

// grantsOf puts the groups of a request in the place of those that grants speak
// of; what single users were given stays.
func (a api) grantsOf(ctx context.Context, by harrier.Actor, list givens, old []harrier.Grant) ([]harrier.Grant, error) {
	ids, err := a.sharedWith(ctx, by, list)
	if err != nil {
		return nil, err
	}
	var out []harrier.Grant
	for _, g := range old {
		if g.User != 0 {
			out = append(out, g)
		}
	}
	return append(out, harrier.SharedWith(ids)...), nil
}
