package identity

import (
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// ProfileStore keeps profiles.
type ProfileStore interface {
	InsertProfile(ctx context.Context, p *harrier.Profile) error
	UpdateProfile(ctx context.Context, p *harrier.Profile) error
	DeleteProfile(ctx context.Context, id harrier.ID) error
	Profile(ctx context.Context, id harrier.ID) (harrier.Profile, error)
	Profiles(ctx context.Context) ([]harrier.Profile, error)
}

// Profiles lists all profiles, by rising ID. It answers Forbidden to those who do
// not run the installation, as do all that follow.
func (r *Room) Profiles(ctx context.Context, by harrier.Actor) ([]harrier.Profile, error) {
	if err := mayOperate(by); err != nil {
		return nil, err
	}
	return r.store.Profiles(ctx)
}

// CreateProfile stores p and gives it its ID, UUID and times. It answers Invalid
// for one that breaks its rules, and Conflict for a name that is taken.
func (r *Room) CreateProfile(ctx context.Context, by harrier.Actor, p *harrier.Profile) error {
	if err := mayOperate(by); err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	made := *p
	now := r.now().UTC()
	made.ID, made.UUID, made.Created, made.Modified = 0, harrier.NewUUID(now), now, now
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.store.InsertProfile(ctx, &made); err != nil {
			return err
		}
		return r.Record(ctx, by, "profile.create", fmt.Sprintf("profile %d", made.ID), made.Name)
	})
	if err == nil {
		*p = made
	}
	return err
}

// UpdateProfile stores p over the profile with its ID; what it takes away is
// refused from then on. It answers NotFound, and otherwise as CreateProfile.
func (r *Room) UpdateProfile(ctx context.Context, by harrier.Actor, p *harrier.Profile) error {
	if err := mayOperate(by); err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	changed := *p
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		old, err := r.store.Profile(ctx, p.ID)
		if err != nil {
			return err
		}
		changed.UUID, changed.Created, changed.Modified = old.UUID, old.Created, r.now().UTC()
		if err := r.store.UpdateProfile(ctx, &changed); err != nil {
			return err
		}
		return r.Record(ctx, by, "profile.update", fmt.Sprintf("profile %d", p.ID), changed.Name)
	})
	if err == nil {
		*p = changed
	}
	return err
}

// DeleteProfile removes a profile. It answers NotFound, and Conflict for one that
// an organisation has.
func (r *Room) DeleteProfile(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if err := mayOperate(by); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		all, err := r.store.Organizations(ctx)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(all, func(o harrier.Organization) bool { return o.Profile == id && id != 0 }); i >= 0 {
			return harrier.Errorf(harrier.Conflict, "profile %d is that of organization %q", id, all[i].Name)
		}
		if err := r.store.DeleteProfile(ctx, id); err != nil {
			return err
		}
		return r.Record(ctx, by, "profile.delete", fmt.Sprintf("profile %d", id), "")
	})
}
