package identity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
)

// AccessStore keeps organisations, groups and own roles, and tells what says who
// sees what.
type AccessStore interface {
	OrganizationStore
	ProfileStore
	GroupStore
	RoleStore
	Seats(ctx context.Context) ([]harrier.Seat, error)
	AssetLists(ctx context.Context) ([]harrier.AssetList, error)
	Repositories(ctx context.Context) ([]harrier.Repository, error)
	Sites(ctx context.Context) ([]harrier.Site, error)
	// AccessVersion is another number whenever one of these is another.
	AccessVersion(ctx context.Context) (int64, error)
	GiveObjects(ctx context.Context, from, to harrier.ID) error
}

// OrganizationStore keeps organisations.
type OrganizationStore interface {
	InsertOrganization(ctx context.Context, o *harrier.Organization) error
	UpdateOrganization(ctx context.Context, o *harrier.Organization) error
	DeleteOrganization(ctx context.Context, id harrier.ID) error
	Organization(ctx context.Context, id harrier.ID) (harrier.Organization, error)
	Organizations(ctx context.Context) ([]harrier.Organization, error)
}

// GroupStore keeps groups.
type GroupStore interface {
	InsertGroup(ctx context.Context, g *harrier.Group) error
	UpdateGroup(ctx context.Context, g *harrier.Group) error
	DeleteGroup(ctx context.Context, id harrier.ID) error
	Group(ctx context.Context, id harrier.ID) (harrier.Group, error)
	Groups(ctx context.Context) ([]harrier.Group, error)
}

// RoleStore keeps roles that are not built in.
type RoleStore interface {
	InsertRole(ctx context.Context, d *harrier.RoleDefinition) error
	UpdateRole(ctx context.Context, d *harrier.RoleDefinition) error
	DeleteRole(ctx context.Context, id harrier.ID) error
	Role(ctx context.Context, id harrier.ID) (harrier.RoleDefinition, error)
	RoleDefinitions(ctx context.Context) ([]harrier.RoleDefinition, error)
}

// access is who sees what, as it was at one version. It is never changed.
type access struct {
	version       int64
	at            time.Time
	organizations map[harrier.ID]harrier.Organization
	groups        map[harrier.ID]harrier.Group
	roles         map[harrier.ID]harrier.RoleDefinition
	seats         map[harrier.ID]harrier.Seat
	lists         map[harrier.ID]harrier.AssetList
	repositories  []harrier.ID
	sights        map[harrier.ID]sight // by group
	sites         []siteSight          // for groups whose members see by sites
}

// sight is what the members of a group see.
type sight struct {
	repositories []harrier.ID
	narrow       bool
	scope        harrier.Expr
	within       harrier.Expr // the repositories, as a condition; nil: all
	lists        harrier.Or   // what lists say, of one that is narrow
}

// freshAccess is how long who sees what is remembered while nothing changes:
// rules that count days go with the time.
const freshAccess = time.Minute

// access returns who sees what now.
func (r *Room) access(ctx context.Context) (*access, error) {
	version, err := r.store.AccessVersion(ctx)
	if err != nil {
		return nil, err
	}
	now := r.now()
	if a := r.seen.Load(); a != nil && a.version == version && now.Sub(a.at) < freshAccess && !now.Before(a.at) {
		return a, nil
	}
	a, err := r.readAccess(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("read who sees what: %w", err)
	}
	a.version = version // of before it was read: what changed meanwhile is read again
	r.seen.Store(a)
	return a, nil
}

func (r *Room) readAccess(ctx context.Context, now time.Time) (*access, error) {
	a := &access{at: now, seats: map[harrier.ID]harrier.Seat{}, sights: map[harrier.ID]sight{}}
	var err error
	if a.organizations, err = byID(ctx, r.store.Organizations, func(o harrier.Organization) harrier.ID { return o.ID }); err != nil {
		return nil, err
	}
	if a.groups, err = byID(ctx, r.store.Groups, func(g harrier.Group) harrier.ID { return g.ID }); err != nil {
		return nil, err
	}
	if a.roles, err = byID(ctx, r.store.RoleDefinitions, func(d harrier.RoleDefinition) harrier.ID { return d.ID }); err != nil {
		return nil, err
	}
	if a.lists, err = byID(ctx, r.store.AssetLists, func(l harrier.AssetList) harrier.ID { return l.ID }); err != nil {
		return nil, err
	}
	seats, err := r.store.Seats(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range seats {
		a.seats[s.User] = s
	}
	repositories, err := r.store.Repositories(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range repositories {
		a.repositories = append(a.repositories, one.ID)
	}
	for _, g := range a.groups {
		if a.sights[g.ID], err = a.sightOf(g); err != nil {
			// A list that was good and is not any more holds nothing.
			r.log.WarnContext(ctx, "a list that says what a group sees can not be read", "group", g.ID, "err", err)
		}
	}
	return a, r.readSites(ctx, a)
}

func byID[T any](ctx context.Context, list func(context.Context) ([]T, error), id func(T) harrier.ID) (map[harrier.ID]T, error) {
	all, err := list(ctx)
	out := make(map[harrier.ID]T, len(all))
	for _, v := range all {
		out[id(v)] = v
	}
	return out, err
}

// sightOf works out what the members of g see. Lists that can not be read hold
// nothing; the error tells of the last of them.
func (a *access) sightOf(g harrier.Group) (sight, error) {
	o := a.organizations[g.Organization]
	have := slices.DeleteFunc(slices.Clone(a.repositories), func(id harrier.ID) bool {
		return !slices.Contains(o.Repositories, id) || !g.First && !slices.Contains(g.Repositories, id)
	})
	s := sight{repositories: append([]harrier.ID{}, have...)} // a list also of all: there may be more tomorrow
	parts := harrier.And{}
	if len(have) < len(a.repositories) {
		values := make([]any, len(have))
		for i, id := range have {
			values[i] = int64(id)
		}
		s.within = harrier.Cmp{Field: "repository", Op: harrier.Eq, Values: values}
		parts = append(parts, s.within)
	}
	var fault error
	if !g.First && !slices.Contains(g.Lists, harrier.EverythingList) {
		s.narrow = true
		some := harrier.Or{}
		for _, id := range g.Lists {
			e, err := members.ByID(id, a.at, a.list)
			if err != nil {
				fault = err
				continue
			}
			some = append(some, e)
		}
		s.lists = some
		parts = append(parts, some)
	}
	switch len(parts) {
	case 0:
	case 1:
		s.scope = parts[0]
	default:
		s.scope = parts
	}
	return s, fault
}

func (a *access) list(id harrier.ID) (harrier.AssetList, error) {
	l, ok := a.lists[id]
	if !ok {
		return l, harrier.Errorf(harrier.NotFound, "no asset list %d", id)
	}
	return l, nil
}

// permissions is what a role lets a user of an organisation do.
func (a *access) permissions(role harrier.Role) harrier.Permission {
	id, own := role.Own()
	if !own {
		return role.Permissions()
	}
	return a.roles[id].Permissions
}

// first is the group that an organisation began with.
func (a *access) first(organization harrier.ID) harrier.ID {
	for _, g := range a.groups {
		if g.Organization == organization && g.First {
			return g.ID
		}
	}
	return 0
}

// actor returns u as one who acts.
func (r *Room) actor(ctx context.Context, u harrier.User, via string) (harrier.Actor, error) {
	a, err := r.access(ctx)
	if err != nil {
		return harrier.Actor{}, err
	}
	return a.actor(u, via), nil
}

func (a *access) actor(u harrier.User, via string) harrier.Actor {
	who := harrier.Actor{
		User: u.ID, Name: u.Name, Role: u.Role, Permissions: a.permissions(u.Role), Via: via,
		Organization: u.Organization, Group: u.Group, Place: &harrier.Standing{Seats: a.seats},
	}
	if u.Organization == 0 {
		return who
	}
	who.Permissions &^= installationOnly
	who.AllSites = u.AllSites
	s, ok := a.sights[u.Group]
	if !ok || a.groups[u.Group].Organization != u.Organization {
		s = sight{repositories: []harrier.ID{}, narrow: true, scope: harrier.Or{}} // nothing
	}
	if s.narrow && a.groups[u.Group].BySites {
		s.scope = s.with(a.shown(u))
	}
	who.Scope, who.Place.Repositories, who.Place.Narrow = s.scope, s.repositories, s.narrow
	who.Place.Users, who.Place.Objects = u.ManagedUsers, u.ManagedObjects
	who.Place.Entrusted = len(u.ManagedObjects) > 0
	if !a.groups[u.Group].First {
		if who.Place.Users == nil {
			who.Place.Users = []harrier.ID{u.Group}
		}
		if who.Place.Objects == nil {
			who.Place.Objects = []harrier.ID{u.Group}
		}
	}
	return who
}

// Permissions is what a role lets its users do.
func (r *Room) Permissions(ctx context.Context, role harrier.Role) (harrier.Permission, error) {
	a, err := r.access(ctx)
	if err != nil {
		return 0, err
	}
	return a.permissions(role), nil
}
