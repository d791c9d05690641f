package identity

import (
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Roles lists the roles that are not built in and that users of by's
// organisation may have, by rising ID; those of all to those who run the
// installation.
func (r *Room) Roles(ctx context.Context, by harrier.Actor) ([]harrier.RoleDefinition, error) {
	all, err := r.store.RoleDefinitions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	return slices.DeleteFunc(all, func(d harrier.RoleDefinition) bool { return !seesRole(by, d) }), nil
}

func seesRole(by harrier.Actor, d harrier.RoleDefinition) bool {
	return d.Organization == 0 || seesOrganization(by, d.Organization)
}

// Role returns a role that is not built in. It answers NotFound for one of
// another organisation.
func (r *Room) Role(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.RoleDefinition, error) {
	d, err := r.store.Role(ctx, id)
	if err == nil && !seesRole(by, d) {
		err = harrier.Errorf(harrier.NotFound, "no role %d", id)
	}
	if err != nil {
		return harrier.RoleDefinition{}, err
	}
	return d, nil
}

// CreateRole stores d and gives it its ID, UUID, owner, organisation and times.
// It answers Forbidden to those who do not manage users and for permissions that
// by does not have, Invalid for a role that breaks its rules, and Conflict for a
// name that is taken.
func (r *Room) CreateRole(ctx context.Context, by harrier.Actor, d *harrier.RoleDefinition) error {
	now := r.now().UTC()
	made := *d
	made.ID, made.UUID, made.Owner, made.Created, made.Modified = 0, harrier.NewUUID(now), by.User, now, now
	made.Organization = by.Organization
	if err := mayDefine(by, &made); err != nil {
		return err
	}
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.store.InsertRole(ctx, &made); err != nil {
			return err
		}
		return r.Record(ctx, by, "role.create", fmt.Sprintf("role %d", made.ID), made.Name)
	})
	if err != nil {
		return fmt.Errorf("create role: %w", err)
	}
	*d = made
	return nil
}

// UpdateRole stores d over the role with its ID; whoever has the role may do what
// it says with their next request. It answers NotFound, and otherwise as
// CreateRole.
func (r *Room) UpdateRole(ctx context.Context, by harrier.Actor, d *harrier.RoleDefinition) error {
	changed := *d
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		old, err := r.ownRole(ctx, by, d.ID)
		if err != nil {
			return err
		}
		changed.UUID, changed.Organization, changed.Owner = old.UUID, old.Organization, old.Owner
		changed.Created, changed.Modified = old.Created, r.now().UTC()
		if err := mayDefine(by, &changed); err != nil {
			return err
		}
		if err := r.store.UpdateRole(ctx, &changed); err != nil {
			return err
		}
		return r.Record(ctx, by, "role.update", fmt.Sprintf("role %d", d.ID), changed.Name)
	})
	if err != nil {
		return fmt.Errorf("update role: %w", err)
	}
	*d = changed
	return nil
}

// DeleteRole removes a role. It answers NotFound, Forbidden, and Conflict while
// somebody has it.
func (r *Room) DeleteRole(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		d, err := r.ownRole(ctx, by, id)
		if err != nil {
			return err
		}
		users, err := r.store.Users(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(users, func(u harrier.User) bool { return u.Role == d.Role() }) {
			return harrier.Errorf(harrier.Conflict, "there are users with the role %q", d.Name)
		}
		if err := r.store.DeleteRole(ctx, id); err != nil {
			return err
		}
		return r.Record(ctx, by, "role.delete", fmt.Sprintf("role %d", id), d.Name)
	})
}

// ownRole returns a role that by may change: one of their organisation that may
// do no more than they.
func (r *Room) ownRole(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.RoleDefinition, error) {
	d, err := r.Role(ctx, by, id)
	if err == nil && (!by.May(harrier.ManageUsers) || !by.May(d.Permissions) || by.Organization != 0 && d.Organization != by.Organization) {
		err = harrier.Errorf(harrier.Forbidden, "you may not change roles")
	}
	return d, err
}

func mayDefine(by harrier.Actor, d *harrier.RoleDefinition) error {
	switch {
	case !by.May(harrier.ManageUsers):
		return harrier.Errorf(harrier.Forbidden, "you may not change roles")
	case !by.May(d.Permissions):
		return harrier.Errorf(harrier.Forbidden, "you may not make a role that may do more than you")
	}
	return d.Check()
}
