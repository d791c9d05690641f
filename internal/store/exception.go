package store

import (
	"context"

	"github.com/harrier-scan/harrier"
)

var exceptions = table[harrier.Exception]{
	name: "exception", noun: "exception", taken: "an exception with this UUID exists already",
	columns: "uuid vuln host hide recast reason owner created expires repository protocol port scope state reviewer reviewed remark given",
	row: func(e *harrier.Exception) []any {
		return []any{
			longName{&e.UUID},
			&e.Vulnerability, &e.Host, &e.Hide, &e.Recast, &e.Reason, &e.Owner,
			moment{&e.Created},
			moment{&e.Expires},
			&e.Repository, &e.Protocol, &e.Port, &e.Scope, &e.State, &e.Reviewer,
			moment{&e.Reviewed},
			&e.Remark,
			document{&e.Given},
		}
	},
	id:   func(e *harrier.Exception) *harrier.ID { return &e.ID },
	uuid: func(e *harrier.Exception) *harrier.UUID { return &e.UUID },
}

// InsertException stores e and gives it an ID.
func (db *DB) InsertException(ctx context.Context, e *harrier.Exception) error {
	return db.changeExceptions(ctx, func(ctx context.Context) error { return exceptions.insert(ctx, db, e) })
}

// UpdateException stores e over the one with its ID.
func (db *DB) UpdateException(ctx context.Context, e *harrier.Exception) error {
	return db.changeExceptions(ctx, func(ctx context.Context) error { return exceptions.update(ctx, db, e) })
}

// DeleteException removes an exception.
func (db *DB) DeleteException(ctx context.Context, id harrier.ID) error {
	return db.changeExceptions(ctx, func(ctx context.Context) error { return exceptions.delete(ctx, db, id) })
}

// Exception returns an exception.
func (db *DB) Exception(ctx context.Context, id harrier.ID) (harrier.Exception, error) {
	return exceptions.byID(ctx, db, id)
}

// Exceptions returns all exceptions by rising ID, expired ones too.
func (db *DB) Exceptions(ctx context.Context) ([]harrier.Exception, error) {
	return exceptions.list(ctx, db, "ORDER BY id")
}

// changeExceptions notes that f changes exceptions.
func (db *DB) changeExceptions(ctx context.Context, f func(ctx context.Context) error) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		err := f(ctx)
		if err == nil {
			db.touchExceptions(ctx)
		}
		return err
	})
}
