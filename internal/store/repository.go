package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

var repositories = table[harrier.Repository]{
	name: "repository", noun: "repository", taken: "a repository with this UUID exists already",
	columns: "uuid name description tracking given created",
	row: func(r *harrier.Repository) []any {
		return []any{longName{&r.UUID}, &r.Name, &r.Description, &r.Tracking, document{&r.Given}, moment{&r.Created}}
	},
	id:   func(r *harrier.Repository) *harrier.ID { return &r.ID },
	uuid: func(r *harrier.Repository) *harrier.UUID { return &r.UUID },
}

// InsertRepository stores r and gives it an ID.
func (db *DB) InsertRepository(ctx context.Context, r *harrier.Repository) error {
	return repositories.insert(ctx, db, r)
}

// UpdateRepository stores r over the one with its ID.
func (db *DB) UpdateRepository(ctx context.Context, r *harrier.Repository) error {
	return repositories.update(ctx, db, r)
}

// DeleteRepository removes a repository; its assets stay.
func (db *DB) DeleteRepository(ctx context.Context, id harrier.ID) error {
	return repositories.delete(ctx, db, id)
}

// Repository returns a repository; harrier.DefaultRepository always exists in
// a new database.
func (db *DB) Repository(ctx context.Context, id harrier.ID) (harrier.Repository, error) {
	return repositories.byID(ctx, db, id)
}

// Repositories returns all repositories by rising ID.
func (db *DB) Repositories(ctx context.Context) ([]harrier.Repository, error) {
	return repositories.list(ctx, db, "ORDER BY id")
}

// AssetsIn counts the assets of a repository.
func (db *DB) AssetsIn(ctx context.Context, repository harrier.ID) (n int, err error) {
	if _, err := db.one(ctx, "SELECT count(*) FROM asset WHERE repository = $1", []any{int64(repository)}, &n); err != nil {
		return 0, fmt.Errorf("count assets: %w", err)
	}
	return n, nil
}
