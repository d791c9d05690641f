package store

import (
	"context"

	"github.com/harrier-scan/harrier"
)

var freezes = table[harrier.Freeze]{
	name: "freeze_window", noun: "freeze window", taken: "a freeze window with this UUID exists already",
	columns: `uuid name description owner schedule duration targets hold_running created modified`,
	row: func(f *harrier.Freeze) []any {
		return []any{
			longName{&f.UUID},
			&f.Name, &f.Description, &f.Owner,
			document{&f.Schedule},
			&f.Duration, &f.Targets, &f.HoldRunning,
			moment{&f.Created},
			moment{&f.Modified},
		}
	},
	id:   func(f *harrier.Freeze) *harrier.ID { return &f.ID },
	uuid: func(f *harrier.Freeze) *harrier.UUID { return &f.UUID },
}

// InsertFreeze stores f and gives it an ID.
func (db *DB) InsertFreeze(ctx context.Context, f *harrier.Freeze) error {
	return freezes.insert(ctx, db, f)
}

// UpdateFreeze stores f over the one with its ID.
func (db *DB) UpdateFreeze(ctx context.Context, f *harrier.Freeze) error {
	return freezes.update(ctx, db, f)
}

// DeleteFreeze removes a freeze window.
func (db *DB) DeleteFreeze(ctx context.Context, id harrier.ID) error {
	return freezes.delete(ctx, db, id)
}

// Freeze returns a freeze window.
func (db *DB) Freeze(ctx context.Context, id harrier.ID) (harrier.Freeze, error) {
	return freezes.byID(ctx, db, id)
}

// Freezes returns all freeze windows by rising ID.
func (db *DB) Freezes(ctx context.Context) ([]harrier.Freeze, error) {
	return freezes.list(ctx, db, "ORDER BY id")
}
