package identity

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Organizations lists the organisations that by may see, by rising ID: all to
// those who run the installation, to others their own.
func (r *Room) Organizations(ctx context.Context, by harrier.Actor) ([]harrier.Organization, error) {
	all, err := r.store.Organizations(ctx)
	if err != nil {
		return nil, fmt.Errorf("list organizations: %w", err)
	}
	return slices.DeleteFunc(all, func(o harrier.Organization) bool { return !seesOrganization(by, o.ID) }), nil
}

func seesOrganization(by harrier.Actor, id harrier.ID) bool {
	return by.Organization == id || by.Organization == 0 && by.May(harrier.ReadOwn)
}

// Organization returns an organisation. It answers NotFound for one that by may
// not see.
func (r *Room) Organization(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Organization, error) {
	o, err := r.store.Organization(ctx, id)
	if err == nil && !seesOrganization(by, id) {
		err = harrier.Errorf(harrier.NotFound, "no organization %d", id)
	}
	if err != nil {
		return harrier.Organization{}, err
	}
	return o, nil
}

func mayOperate(by harrier.Actor) error {
	if !by.May(harrier.OperateConsole) || by.Organization != 0 {
		return harrier.Errorf(harrier.Forbidden, "you may not change organizations")
	}
	return nil
}

// CreateOrganization stores o with a first group, and gives it its ID, UUID and
// times. It answers Forbidden to those who do not run the installation, Invalid
// for one that breaks its rules or names a repository that does not exist, and
// Conflict for a name that is taken.
func (r *Room) CreateOrganization(ctx context.Context, by harrier.Actor, o *harrier.Organization) error {
	if err := mayOperate(by); err != nil {
		return err
	}
	now := r.now().UTC()
	made := *o
	made.ID, made.UUID, made.Created, made.Modified = 0, harrier.NewUUID(now), now, now
	if made.Scores == [4]int{} {
		made.Scores = harrier.DefaultScores
	}
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.checkOrganization(ctx, &made); err != nil {
			return err
		}
		if err := r.store.InsertOrganization(ctx, &made); err != nil {
			return err
		}
		first := harrier.Group{
			UUID: harrier.NewUUID(now), Organization: made.ID, Name: "Full Access", Description: "Full Access group", First: true,
			Repositories: []harrier.ID{}, Lists: []harrier.ID{harrier.EverythingList}, Created: now, Modified: now,
		}
		if err := r.store.InsertGroup(ctx, &first); err != nil {
			return err
		}
		return r.Record(ctx, by, "organization.create", fmt.Sprintf("organization %d", made.ID), made.Name)
	})
	if err != nil {
		return fmt.Errorf("create organization: %w", err)
	}
	*o = made
	return nil
}

// UpdateOrganization stores o over the organisation with its ID. It answers
// NotFound, and otherwise as CreateOrganization.
func (r *Room) UpdateOrganization(ctx context.Context, by harrier.Actor, o *harrier.Organization) error {
	if _, err := r.Organization(ctx, by, o.ID); err != nil {
		return err
	}
	if err := mayOperate(by); err != nil {
		return err
	}
	changed := *o
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		old, err := r.store.Organization(ctx, o.ID)
		if err != nil {
			return err
		}
		changed.UUID, changed.Created, changed.Modified = old.UUID, old.Created, r.now().UTC()
		if err := r.checkOrganization(ctx, &changed); err != nil {
			return err
		}
		if err := r.store.UpdateOrganization(ctx, &changed); err != nil {
			return err
		}
		return r.Record(ctx, by, "organization.update", fmt.Sprintf("organization %d", o.ID), changed.Name)
	})
	if err != nil {
		return fmt.Errorf("update organization: %w", err)
	}
	*o = changed
	return nil
}

// DeleteOrganization removes an organisation with its groups and own roles. Its
// repositories stay. It answers NotFound, Forbidden, and Conflict for the first
// one and for one that has users.
func (r *Room) DeleteOrganization(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if _, err := r.Organization(ctx, by, id); err != nil {
		return err
	}
	if err := mayOperate(by); err != nil {
		return err
	}
	if id == harrier.FirstOrganization {
		return harrier.Errorf(harrier.Conflict, "the first organization stays")
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		users, err := r.store.Users(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(users, func(u harrier.User) bool { return u.Organization == id }) {
			return harrier.Errorf(harrier.Conflict, "organization %d has users", id)
		}
		if err := r.store.DeleteOrganization(ctx, id); err != nil {
			return err
		}
		return r.Record(ctx, by, "organization.delete", fmt.Sprintf("organization %d", id), "")
	})
}

func (r *Room) checkOrganization(ctx context.Context, o *harrier.Organization) error {
	if err := o.Check(); err != nil {
		return err
	}
	if o.ZoneSelection == "" {
		o.ZoneSelection = harrier.ZoneAuto
	}
	if !slices.Contains(harrier.ZoneSelections, o.ZoneSelection) {
		return harrier.Invalidf("zoneSelection", "%q is none of %v", o.ZoneSelection, harrier.ZoneSelections)
	}
	if o.Profile != 0 {
		if _, err := r.store.Profile(ctx, o.Profile); harrier.KindOf(err) == harrier.NotFound {
			return harrier.Invalidf("profile", "there is no profile %d", o.Profile)
		} else if err != nil {
			return err
		}
	}
	all, err := r.store.Repositories(ctx)
	if err != nil {
		return err
	}
	o.Repositories = distinct(o.Repositories)
	for _, id := range o.Repositories {
		if !slices.ContainsFunc(all, func(v harrier.Repository) bool { return v.ID == id }) {
			return harrier.Invalidf("repositories", "there is no repository %d", id)
		}
	}
	return nil
}

// distinct returns the IDs, each once, rising; never nil.
func distinct(ids []harrier.ID) []harrier.ID {
	set := map[harrier.ID]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return append([]harrier.ID{}, slices.Sorted(maps.Keys(set))...)
}
