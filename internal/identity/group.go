package identity

import (
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Groups lists the groups of by's organisation, by rising ID; those of all to
// those who run the installation.
func (r *Room) Groups(ctx context.Context, by harrier.Actor) ([]harrier.Group, error) {
	all, err := r.store.Groups(ctx)
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	return slices.DeleteFunc(all, func(g harrier.Group) bool { return !seesOrganization(by, g.Organization) }), nil
}

// Group returns a group. It answers NotFound for one of another organisation.
func (r *Room) Group(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Group, error) {
	g, err := r.store.Group(ctx, id)
	if err == nil && !seesOrganization(by, g.Organization) {
		err = harrier.Errorf(harrier.NotFound, "no group %d", id)
	}
	if err != nil {
		return harrier.Group{}, err
	}
	return g, nil
}

// FirstGroup returns the group that an organisation began with. It answers
// NotFound like Organization.
func (r *Room) FirstGroup(ctx context.Context, by harrier.Actor, organization harrier.ID) (harrier.Group, error) {
	a, err := r.access(ctx)
	if err != nil {
		return harrier.Group{}, err
	}
	g, ok := a.groups[a.first(organization)]
	if !ok || !seesOrganization(by, organization) {
		return harrier.Group{}, harrier.Errorf(harrier.NotFound, "no organization %d", organization)
	}
	return g, nil
}

// CreateGroup stores g and gives it its ID, UUID and times. Without an
// organisation it is of by's, or of the first one. Nobody lets others see more
// than they do: the repositories must be by's, the lists in by's sight, and by
// whoever does not see everything in their repositories must name lists that say
// what they see themselves. It answers Forbidden to those who do not manage
// users, Invalid, naming the field, and Conflict for a name that is taken.
func (r *Room) CreateGroup(ctx context.Context, by harrier.Actor, g *harrier.Group) error {
	if !by.May(harrier.ManageUsers) {
		return harrier.Errorf(harrier.Forbidden, "you may not change groups")
	}
	now := r.now().UTC()
	made := *g
	made.ID, made.UUID, made.First, made.Created, made.Modified = 0, harrier.NewUUID(now), false, now, now
	switch {
	case by.Organization != 0:
		made.Organization = by.Organization
	case made.Organization == 0:
		made.Organization = harrier.FirstOrganization
	}
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.checkGroup(ctx, by, &made, harrier.Group{}); err != nil {
			return err
		}
		if err := r.store.InsertGroup(ctx, &made); err != nil {
			return err
		}
		return r.Record(ctx, by, "group.create", fmt.Sprintf("group %d", made.ID), made.Name)
	})
	if err != nil {
		return fmt.Errorf("create group: %w", err)
	}
	*g = made
	return nil
}

// UpdateGroup stores g over the group with its ID; its organisation stays. What
// changes for its members does so with their next request. It answers NotFound,
// Conflict for an organisation's first group, and otherwise as CreateGroup.
func (r *Room) UpdateGroup(ctx context.Context, by harrier.Actor, g *harrier.Group) error {
	changed := *g
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		old, err := r.managedGroup(ctx, by, g.ID)
		if err != nil {
			return err
		}
		changed.UUID, changed.Organization, changed.First = old.UUID, old.Organization, false
		changed.Created, changed.Modified = old.Created, r.now().UTC()
		if err := r.checkGroup(ctx, by, &changed, old); err != nil {
			return err
		}
		if err := r.store.UpdateGroup(ctx, &changed); err != nil {
			return err
		}
		return r.Record(ctx, by, "group.update", fmt.Sprintf("group %d", g.ID), changed.Name)
	})
	if err != nil {
		return fmt.Errorf("update group: %w", err)
	}
	*g = changed
	return nil
}

// DeleteGroup removes a group. It answers NotFound, Forbidden, and Conflict for
// an organisation's first group and for one that has users.
func (r *Room) DeleteGroup(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		g, err := r.managedGroup(ctx, by, id)
		if err != nil {
			return err
		}
		users, err := r.store.Users(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(users, func(u harrier.User) bool { return u.Group == id }) {
			return harrier.Errorf(harrier.Conflict, "group %q has users", g.Name)
		}
		if err := r.store.DeleteGroup(ctx, id); err != nil {
			return err
		}
		return r.Record(ctx, by, "group.delete", fmt.Sprintf("group %d", id), g.Name)
	})
}

// managedGroup returns a group that by may change.
func (r *Room) managedGroup(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Group, error) {
	g, err := r.Group(ctx, by, id)
	switch {
	case err != nil:
		return g, err
	case !by.ManagesUsersOf(g.Organization, id) || by.Narrow() && id == by.Group:
		return g, harrier.Errorf(harrier.Forbidden, "you may not change groups")
	case g.First:
		return g, harrier.Errorf(harrier.Conflict, "the group %q can not be changed", g.Name)
	}
	return g, nil
}

// maxScope is how many conditions may say what a group sees.
const maxScope = 200

// checkGroup answers Invalid for a group that breaks its rules or lets its
// members see more than by does, as far as it differs from old.
func (r *Room) checkGroup(ctx context.Context, by harrier.Actor, g *harrier.Group, old harrier.Group) error {
	if err := g.Check(); err != nil {
		return err
	}
	a, err := r.access(ctx)
	if err != nil {
		return err
	}
	o, ok := a.organizations[g.Organization]
	if !ok {
		return harrier.Invalidf("orgID", "there is no organization %d", g.Organization)
	}
	g.Repositories, g.Lists = distinct(g.Repositories), distinct(g.Lists)
	for _, id := range g.Repositories {
		if !slices.Contains(old.Repositories, id) && (!slices.Contains(o.Repositories, id) || !by.SeesRepository(id)) {
			return harrier.Invalidf("repositories", "there is no repository %d", id)
		}
	}
	own := a.groups[by.Group].Lists
	for _, id := range g.Lists {
		if slices.Contains(old.Lists, id) {
			continue
		}
		l, known := a.lists[id]
		s := a.seats[l.Owner]
		if s.Organization == 0 {
			s.Organization = harrier.FirstOrganization
		}
		known = known && s.Organization == g.Organization && by.LevelOn(l.Owner, harrier.SharedWith(l.Groups)) >= harrier.MayView
		if id != harrier.EverythingList && !known {
			return harrier.Invalidf("definingAssets", "there is no asset %d", id)
		}
		if by.Narrow() && !slices.Contains(own, id) {
			return harrier.Invalidf("definingAssets", "asset %d is not one of those that say what you see", id)
		}
	}
	if g.BySites && !old.BySites && by.Narrow() && !a.groups[by.Group].BySites {
		return harrier.Invalidf("bySites", "you do not see by sites yourself")
	}
	s, err := a.sightOf(*g)
	if err != nil {
		return err
	}
	if parts(s.scope) > maxScope {
		return harrier.Invalidf("definingAssets", "come to more than %d conditions", maxScope)
	}
	return nil
}

// parts counts what e is made of.
func parts(e harrier.Expr) int {
	n := 1
	switch e := e.(type) {
	case harrier.And:
		for _, p := range e {
			n += parts(p)
		}
	case harrier.Or:
		for _, p := range e {
			n += parts(p)
		}
	case harrier.Not:
		n += parts(e.Of)
	case harrier.Has:
		n += parts(e.Of)
	case harrier.OfAsset:
		n += parts(e.Of)
	}
	return n
}
