package identity

import (
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// installationOnly are the rights that only those have who run the installation.
const installationOnly = harrier.OperateConsole | harrier.ManageEngines

// place puts u where it is to belong, as by says, and checks that by may put it
// there with its role. Who runs the installation belongs to no organisation; all
// others to one, those of whom nothing is said to by's or the first, and there to
// its first group. It answers Invalid, naming the field, and Forbidden for a user
// who would have what by has not.
func (r *Room) place(ctx context.Context, by harrier.Actor, u *harrier.User, old harrier.User) error {
	a, err := r.access(ctx)
	if err != nil {
		return err
	}
	if id, own := u.Role.Own(); own {
		d, known := a.roles[id]
		if !known || !seesRole(by, d) {
			return harrier.Invalidf("role", "%q is not a role", u.Role)
		}
	}
	if u.AllSites && !old.AllSites && by.Narrow() && !by.AllSites {
		return harrier.Errorf(harrier.Forbidden, "you may not give all sites")
	}
	may := a.permissions(u.Role)
	if u.Role != old.Role && !by.May(may) {
		return harrier.Errorf(harrier.Forbidden, "you may not give a role that may do more than you")
	}
	if may&installationOnly != 0 {
		u.Organization, u.Group, u.ManagedUsers, u.ManagedObjects = 0, 0, nil, nil
		return nil
	}
	if u.Organization == 0 {
		u.Organization = by.Organization
	}
	if u.Organization == 0 {
		u.Organization = harrier.FirstOrganization
	}
	if _, ok := a.organizations[u.Organization]; !ok || !seesOrganization(by, u.Organization) {
		return harrier.Invalidf("orgID", "there is no organization %d", u.Organization)
	}
	if u.Group == 0 || old.Organization != u.Organization && u.Group == old.Group {
		u.Group = a.first(u.Organization)
		if by.Narrow() {
			u.Group = by.Group
		}
	}
	if u.Organization == old.Organization && u.Group == old.Group && slices.Equal(u.ManagedUsers, old.ManagedUsers) &&
		slices.Equal(u.ManagedObjects, old.ManagedObjects) && u.Role == old.Role && u.Responsible == old.Responsible {
		return nil
	}
	if g, ok := a.groups[u.Group]; !ok || g.Organization != u.Organization {
		return harrier.Invalidf("groupID", "there is no group %d", u.Group)
	}
	if !by.ManagesUsersOf(u.Organization, u.Group) {
		return harrier.Errorf(harrier.Forbidden, "you may not manage the users of group %d", u.Group)
	}
	return a.placeManaged(by, u, old, may)
}

// placeManaged checks the groups that u is to manage.
func (a *access) placeManaged(by harrier.Actor, u *harrier.User, old harrier.User, may harrier.Permission) error {
	for _, m := range []struct {
		field     string
		list, was *[]harrier.ID
		mine      []harrier.ID // groups that by manages; nil: all
		right     harrier.Permission
	}{
		{"managedUsersGroups", &u.ManagedUsers, &old.ManagedUsers, nil, harrier.ManageUsers},
		{"managedObjectsGroups", &u.ManagedObjects, &old.ManagedObjects, nil, harrier.EditAll},
	} {
		if by.Organization != 0 && by.Place != nil {
			m.mine = by.Place.Users
			if m.right == harrier.EditAll {
				m.mine = by.Place.Objects
			}
		}
		if *m.list == nil && m.mine != nil && may&m.right != 0 {
			*m.list = []harrier.ID{u.Group} // all would be more than by manages
		}
		if *m.list != nil {
			*m.list = distinct(*m.list)
		}
		for _, id := range *m.list {
			g, ok := a.groups[id]
			if !ok || g.Organization != u.Organization {
				return harrier.Invalidf(m.field, "there is no group %d", id)
			}
			if slices.Contains(*m.was, id) {
				continue
			}
			if m.mine != nil && !slices.Contains(m.mine, id) || !by.May(m.right) {
				return harrier.Errorf(harrier.Forbidden, "you do not manage group %d yourself", id)
			}
		}
	}
	l, ok := a.lists[u.Responsible]
	if u.Responsible != 0 && u.Responsible != old.Responsible && (!ok || by.LevelOn(l.Owner, harrier.SharedWith(l.Groups)) < harrier.MayView) {
		return harrier.Invalidf("responsibleAssetID", "there is no asset %d", u.Responsible)
	}
	return nil
}

// DeleteAndGive is Delete that makes the objects of the user another one's, to,
// of the same organisation. To 0 gives them to nobody: they stay where they are,
// for those who manage the objects of the user's group. It also answers Invalid
// for a user who can not have them.
func (r *Room) DeleteAndGive(ctx context.Context, by harrier.Actor, id, to harrier.ID) error {
	if to == 0 {
		return r.Delete(ctx, by, id)
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		from, err := r.changeable(ctx, by, id)
		if err != nil {
			return err
		}
		heir, err := r.visible(ctx, by, to)
		if harrier.KindOf(err) == harrier.NotFound && err != nil || err == nil && (to == id || heir.Organization != from.Organization) {
			return harrier.Invalidf("migrateUserID", "there is no user %d who can have the objects", to)
		}
		if err != nil {
			return err
		}
		if err := r.Delete(ctx, by, id); err != nil {
			return err
		}
		if err := r.store.GiveObjects(ctx, id, to); err != nil {
			return err
		}
		return r.Record(ctx, by, "user.objects", object(to), fmt.Sprintf("of user %d", id))
	})
}
