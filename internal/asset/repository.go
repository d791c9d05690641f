package asset

import (
	"context"
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

// All lists all repositories by rising id: whoever may scan must name one. It
// answers Forbidden without the right to read anything.
func (r *Repositories) All(ctx context.Context, by harrier.Actor) ([]harrier.Repository, error) {
	if !by.May(harrier.ReadOwn) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not read repositories")
	}
	return r.store.Repositories(ctx)
}

// Repository returns one repository. It answers NotFound and Forbidden.
func (r *Repositories) Repository(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Repository, error) {
	if !by.May(harrier.ReadOwn) {
		return harrier.Repository{}, harrier.Errorf(harrier.Forbidden, "you may not read repositories")
	}
	return r.store.Repository(ctx, id)
}

// Create stores a repository and gives it an ID and a UUID. It answers
// Forbidden without the right to operate the console, and Invalid without a
// name.
func (r *Repositories) Create(ctx context.Context, by harrier.Actor, v *harrier.Repository) error {
	if err := mayOperate(by); err != nil {
		return err
	}
	if err := checkRepository(v); err != nil {
		return err
	}
	v.Created = r.now().UTC()
	v.UUID = harrier.NewUUID(v.Created)
	return r.store.InsertRepository(ctx, v)
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
		return r.store.DeleteRepository(ctx, id)
	})
}

func mayOperate(by harrier.Actor) error {
	if !by.May(harrier.OperateConsole) {
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
