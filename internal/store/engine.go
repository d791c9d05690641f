package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

var engines = table[harrier.Engine]{
	name: "engine", noun: "engine", taken: "an engine with this UUID exists already",
	columns: `uuid name pool version hostname raw started last_seen running address port pubkey box enrolled expires
		revoked protocol parallel given scans created`,
	row: func(e *harrier.Engine) []any {
		return []any{
			longName{&e.UUID},
			&e.Name, &e.Pool, &e.Version, &e.Hostname, &e.Raw,
			moment{&e.Started},
			moment{&e.LastSeen},
			&e.Running, &e.Address, &e.Port, &e.Key, &e.Box,
			moment{&e.Enrolled},
			moment{&e.Expires},
			moment{&e.Revoked},
			&e.Protocol, &e.Parallel,
			document{&e.Given},
			document{&e.Scans},
			moment{&e.Created},
		}
	},
	id:   func(e *harrier.Engine) *harrier.ID { return &e.ID },
	uuid: func(e *harrier.Engine) *harrier.UUID { return &e.UUID },
}

// InsertEngine stores e and gives it an ID.
func (db *DB) InsertEngine(ctx context.Context, e *harrier.Engine) error {
	return engines.insert(ctx, db, e)
}

// UpdateEngine stores e over the one with its ID.
func (db *DB) UpdateEngine(ctx context.Context, e *harrier.Engine) error {
	return engines.update(ctx, db, e)
}

// PutEngine stores what an engine says of itself: over the same of the one with
// its UUID, whose other fields stay as they are, or as a new one. It gives e the
// ID.
func (db *DB) PutEngine(ctx context.Context, e *harrier.Engine) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		known, found, err := engines.where(ctx, db, "uuid = $1", e.UUID.String())
		switch {
		case err != nil:
			return fmt.Errorf("put engine: %w", err)
		case !found:
			return engines.insert(ctx, db, e)
		}
		e.ID = known.ID
		if !known.Remote() {
			known.Name, known.Pool = e.Name, e.Pool
		}
		known.Version, known.Protocol, known.Hostname, known.Raw = e.Version, e.Protocol, e.Hostname, e.Raw
		known.Started, known.LastSeen, known.Running, known.Parallel = e.Started, e.LastSeen, e.Running, e.Parallel
		known.Scans = e.Scans
		return engines.update(ctx, db, &known)
	})
}

// DeleteEngine removes an engine.
func (db *DB) DeleteEngine(ctx context.Context, id harrier.ID) error {
	return engines.delete(ctx, db, id)
}

// Engine returns an engine.
func (db *DB) Engine(ctx context.Context, id harrier.ID) (harrier.Engine, error) {
	return engines.byID(ctx, db, id)
}

// Engines returns all engines by rising ID.
func (db *DB) Engines(ctx context.Context) ([]harrier.Engine, error) {
	return engines.list(ctx, db, "ORDER BY id")
}
