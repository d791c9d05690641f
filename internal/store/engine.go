package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

var engines = table[harrier.Engine]{
	name: "engine", noun: "engine", taken: "an engine with this UUID exists already",
	columns: "uuid name pool version hostname raw started last_seen running",
	row: func(e *harrier.Engine) []any {
		return []any{
			longName{&e.UUID},
			&e.Name, &e.Pool, &e.Version, &e.Hostname, &e.Raw,
			moment{&e.Started},
			moment{&e.LastSeen},
			&e.Running,
		}
	},
	id:   func(e *harrier.Engine) *harrier.ID { return &e.ID },
	uuid: func(e *harrier.Engine) *harrier.UUID { return &e.UUID },
}

// PutEngine stores e over the one with its UUID, or as a new one, and gives it
// the ID.
func (db *DB) PutEngine(ctx context.Context, e *harrier.Engine) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if e.UUID.IsZero() {
			return engines.insert(ctx, db, e)
		}
		found, err := db.one(ctx, "SELECT id FROM engine WHERE uuid = $1", []any{e.UUID.String()}, &e.ID)
		switch {
		case err != nil:
			return fmt.Errorf("put engine: %w", err)
		case found:
			return engines.update(ctx, db, e)
		}
		return engines.insert(ctx, db, e)
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
