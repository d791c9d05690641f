package nexpose

import (
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// What the API grants to one user, asset groups, is a group of the model: all
// users with the same asset groups are members of one, which is made when the
// first of them is. ownGroup marks it.
const ownGroup = "nexpose"

// listsOf are the asset lists that a user was granted; all tells that the user
// sees whatever the organisation does.
func listsOf(u harrier.User, groups map[harrier.ID]harrier.Group) (lists []harrier.ID, all bool) {
	g, known := groups[u.Group]
	if u.Organization == 0 || known && (g.First || slices.Contains(g.Lists, harrier.EverythingList)) {
		return nil, true
	}
	return g.Lists, false
}

func (a *api) groupsByID(ctx context.Context, by harrier.Actor) (map[harrier.ID]harrier.Group, error) {
	all, err := a.Identity.Groups(ctx, by)
	out := map[harrier.ID]harrier.Group{}
	for _, g := range all {
		out[g.ID] = g
	}
	return out, err
}

// groupFor is the group whose members see what lists hold; without any list,
// what the sites hold that each was granted.
func (a *api) groupFor(ctx context.Context, by harrier.Actor, organization harrier.ID, lists []harrier.ID) (harrier.ID, error) {
	all, err := a.Identity.Groups(ctx, by)
	if err != nil {
		return 0, err
	}
	lists = slices.Clone(lists)
	slices.Sort(lists)
	lists = slices.Compact(lists)
	bySites := len(lists) == 0 && !by.Narrow() // whoever sees a part only shows others no more
	for _, g := range all {
		have := slices.Clone(g.Lists)
		slices.Sort(have)
		if g.Organization == organization && g.Given[ownGroup] != "" && g.BySites == bySites && slices.Equal(have, lists) {
			return g.ID, a.share(ctx, by, lists, g.ID)
		}
	}
	o, err := a.Identity.Organization(ctx, by, organization)
	if err != nil {
		return 0, err
	}
	g := harrier.Group{Organization: organization, Name: groupName(lists, bySites), Lists: lists, BySites: bySites, Repositories: o.Repositories, Given: map[string]string{ownGroup: "access"}}
	if err := a.Identity.CreateGroup(ctx, by, &g); err != nil {
		return 0, err
	}
	return g.ID, a.share(ctx, by, lists, g.ID)
}

func groupName(lists []harrier.ID, bySites bool) string {
	if bySites {
		return "Own sites"
	}
	if len(lists) == 0 {
		return "No asset groups"
	}
	var names []string
	for _, id := range lists {
		names = append(names, ident(id))
	}
	name := "Asset groups " + strings.Join(names, ", ")
	if len(name) > 200 {
		name = name[:190] + " …"
	}
	return name
}

// share lets the members of a group see the lists themselves, not only what they
// hold.
func (a *api) share(ctx context.Context, by harrier.Actor, lists []harrier.ID, group harrier.ID) error {
	for _, id := range lists {
		l, err := a.AssetLists.List(ctx, by, id)
		if err != nil {
			return err
		}
		if slices.Contains(l.Groups, group) {
			continue
		}
		l.Groups = append(slices.Clone(l.Groups), group)
		if err := a.AssetLists.Update(ctx, by, &l); err != nil {
			return err
		}
	}
	return nil
}

// membersOf are the users who were granted a list; nobody to those who do not
// manage users.
func (a *api) membersOf(ctx context.Context, by harrier.Actor, id harrier.ID) ([]harrier.User, error) {
	if !by.May(harrier.ManageUsers) {
		return nil, nil
	}
	users, err := a.Identity.Users(ctx, by)
	if err != nil {
		return nil, err
	}
	groups, err := a.groupsByID(ctx, by)
	return slices.DeleteFunc(users, func(u harrier.User) bool {
		lists, _ := listsOf(u, groups)
		return !slices.Contains(lists, id)
	}), err
}

// setMembers grants a list to people and to nobody else. Those who see all of
// the organisation keep that.
func (a *api) setMembers(ctx context.Context, by harrier.Actor, id harrier.ID, people []harrier.ID) error {
	users, err := a.Identity.Users(ctx, by)
	if err != nil {
		return err
	}
	groups, err := a.groupsByID(ctx, by)
	if err != nil {
		return err
	}
	for _, u := range users {
		lists, all := listsOf(u, groups)
		wanted, has := slices.Contains(people, u.ID), slices.Contains(lists, id)
		if all || wanted == has {
			continue
		}
		lists = slices.DeleteFunc(slices.Clone(lists), func(l harrier.ID) bool { return l == id })
		if wanted {
			lists = append(lists, id)
		}
		if u.Group, err = a.groupFor(ctx, by, u.Organization, lists); err != nil {
			return err
		}
		if err := a.Identity.Update(ctx, by, &u); err != nil {
			return err
		}
	}
	return nil
}

// withdraw takes a list that is to go away from those whom it was granted to by
// this API.
func (a *api) withdraw(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	all, err := a.Identity.Groups(ctx, by)
	if err != nil {
		return err
	}
	for _, g := range all {
		if g.Given[ownGroup] == "" || !slices.Contains(g.Lists, id) {
			continue
		}
		g.Lists = slices.DeleteFunc(slices.Clone(g.Lists), func(l harrier.ID) bool { return l == id })
		if err := a.Identity.UpdateGroup(ctx, by, &g); err != nil {
			return err
		}
	}
	return nil
}

// grantSites gives a user the sites of want, and no others of those that by may
// share.
func (a *api) grantSites(ctx context.Context, by harrier.Actor, user harrier.ID, want func(harrier.ID) bool) error {
	sites, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return err
	}
	for _, s := range sites {
		if has := grantedTo(s, user); has == want(s.ID) || a.Sites.Level(by, s) < harrier.MayConfigure {
			continue
		} else if has {
			s.Grants = slices.DeleteFunc(slices.Clone(s.Grants), func(g harrier.Grant) bool { return g.User == user })
		} else {
			s.Grants = append(slices.Clone(s.Grants), harrier.Grant{User: user, Level: harrier.MayControl})
		}
		if err := a.Sites.Update(ctx, by, &s); err != nil {
			return err
		}
	}
	return nil
}

func grantedTo(s harrier.Site, user harrier.ID) bool {
	return slices.ContainsFunc(s.Grants, func(g harrier.Grant) bool { return g.User == user && g.Level >= harrier.MayView })
}
