package asset

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// RepositoryStore holds repositories. The methods are those of the store
// package.
type RepositoryStore interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	InsertRepository(ctx context.Context, r *harrier.Repository) error
	UpdateRepository(ctx context.Context, r *harrier.Repository) error
	DeleteRepository(ctx context.Context, id harrier.ID) error
	Repository(ctx context.Context, id harrier.ID) (harrier.Repository, error)
	Repositories(ctx context.Context) ([]harrier.Repository, error)
	AssetsIn(ctx context.Context, repository harrier.ID) (int, error)
	UserStore
}

// UserStore holds who uses repositories.
type UserStore interface {
	Organizations(ctx context.Context) ([]harrier.Organization, error)
	UpdateOrganization(ctx context.Context, o *harrier.Organization) error
	Groups(ctx context.Context) ([]harrier.Group, error)
	UpdateGroup(ctx context.Context, g *harrier.Group) error
}

// Repositories is the part of the room that keeps repositories. Its methods may
// overlap.
type Repositories struct {
	store RepositoryStore
	now   func() time.Time
}

// NewRepositories returns the repositories over store.
func NewRepositories(store RepositoryStore, now func() time.Time) *Repositories {
	return &Repositories{store, now}
}

// All lists the repositories that by may use, by rising id: whoever may scan must
// name one. It answers Forbidden without the right to read anything.
func (r *Repositories) All(ctx context.Context, by harrier.Actor) ([]harrier.Repository, error) {
	if !by.May(harrier.ReadOwn) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not read repositories")
	}
	all, err := r.store.Repositories(ctx)
	return slices.DeleteFunc(all, func(v harrier.Repository) bool { return !by.SeesRepository(v.ID) }), err
}

// Repository returns one repository. It answers Forbidden, and NotFound for one
// that by may not use.
func (r *Repositories) Repository(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Repository, error) {
	if !by.May(harrier.ReadOwn) {
		return harrier.Repository{}, harrier.Errorf(harrier.Forbidden, "you may not read repositories")
	}
	if !by.SeesRepository(id) {
		return harrier.Repository{}, harrier.Errorf(harrier.NotFound, "no repository %d", id)
	}
	return r.store.Repository(ctx, id)
}

// Create stores a repository, for the first organisation to use, and gives it an
// ID and a UUID. It answers Forbidden without the right to operate the console,
// and Invalid without a name.
func (r *Repositories) Create(ctx context.Context, by harrier.Actor, v *harrier.Repository) error {
	if err := mayOperate(by); err != nil {
		return err
	}
	if err := checkRepository(v); err != nil {
		return err
	}
	v.Created = r.now().UTC()
	v.UUID = harrier.NewUUID(v.Created)
	return r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.store.InsertRepository(ctx, v); err != nil {
			return err
		}
		return r.assign(ctx, v.ID, []harrier.ID{harrier.FirstOrganization})
	})
}

// Assign says which organisations use a repository. It answers NotFound,
// Forbidden, and Invalid for an organisation that does not exist.
func (r *Repositories) Assign(ctx context.Context, by harrier.Actor, id harrier.ID, organizations []harrier.ID) error {
	if err := mayOperate(by); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.store.Repository(ctx, id); err != nil {
			return err
		}
		return r.assign(ctx, id, organizations)
	})
}

func (r *Repositories) assign(ctx context.Context, id harrier.ID, organizations []harrier.ID) error {
	all, err := r.store.Organizations(ctx)
	if err != nil {
		return err
	}
	for _, o := range organizations {
		if !slices.ContainsFunc(all, func(v harrier.Organization) bool { return v.ID == o }) {
			return harrier.Invalidf("organizations", "there is no organization %d", o)
		}
	}
	for _, o := range all {
		has, want := slices.Contains(o.Repositories, id), slices.Contains(organizations, o.ID)
		switch {
		case has == want:
			continue
		case want:
			o.Repositories = append(o.Repositories, id)
		default:
			o.Repositories = without(o.Repositories, id)
		}
		if err := r.store.UpdateOrganization(ctx, &o); err != nil {
			return err
		}
	}
	return nil
}

// Users are the organisations that use a repository, by rising id, as far as by
// may see them.
func (r *Repositories) Users(ctx context.Context, by harrier.Actor, id harrier.ID) ([]harrier.Organization, error) {
	all, err := r.store.Organizations(ctx)
	return slices.DeleteFunc(all, func(o harrier.Organization) bool {
		return !slices.Contains(o.Repositories, id) || by.Organization != 0 && by.Organization != o.ID
	}), err
}

// leave takes a repository that is to be deleted from those who use it.
func (r *Repositories) leave(ctx context.Context, id harrier.ID) error {
	if err := r.assign(ctx, id, nil); err != nil {
		return err
	}
	groups, err := r.store.Groups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if !slices.Contains(g.Repositories, id) {
			continue
		}
		g.Repositories = without(g.Repositories, id)
		if err := r.store.UpdateGroup(ctx, &g); err != nil {
			return err
		}
	}
	return nil
}

func without(list []harrier.ID, id harrier.ID) []harrier.ID {
	return slices.DeleteFunc(list, func(other harrier.ID) bool { return other == id })
}

// Update stores name, description and tracking. It answers NotFound, Forbidden
// and Invalid.
func (r *Repositories) Update(ctx context.Context, by harrier.Actor, v *harrier.Repository) error {
	if err := mayOperate(by); err != nil {
		return err
	}
	if err := checkRepository(v); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.store.Repository(ctx, v.ID)
		if err != nil {
			return err
		}
		v.UUID, v.Created = have.UUID, have.Created
		return r.store.UpdateRepository(ctx, v)
	})
}

// Delete removes a repository. It answers NotFound, Forbidden, and Conflict for
// the default one and one that has assets.
func (r *Repositories) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if err := mayOperate(by); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.store.Repository(ctx, id); err != nil {
			return err
		}
		n, err := r.store.AssetsIn(ctx, id)
		switch {
		case err != nil:
			return err
		case id == harrier.DefaultRepository:
			return harrier.Errorf(harrier.Conflict, "the default repository stays")
		case n > 0:
			return harrier.Errorf(harrier.Conflict, "repository %d has %d assets", id, n)
		}
		if err := r.leave(ctx, id); err != nil {
			return err
		}
		return r.store.DeleteRepository(ctx, id)
	})
}

func mayOperate(by harrier.Actor) error {
	if !by.May(harrier.OperateConsole) || by.Organization != 0 {
		return harrier.Errorf(harrier.Forbidden, "you may not change repositories")
	}
	return nil
}

func checkRepository(v *harrier.Repository) error {
	v.Name = strings.TrimSpace(v.Name)
	switch {
	case v.Name == "":
		return harrier.Invalidf("name", "a repository needs a name")
	case len(v.Name) > maxName || len(v.Description) > maxDefinition:
		return harrier.Invalidf("name", "name or description are too long")
	}
	return nil
}
