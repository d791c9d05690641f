package store

import (
	"context"

	"github.com/harrier-scan/harrier"
)

var savedQueries = table[harrier.SavedQuery]{
	name: "saved_query", noun: "query", taken: "a query with this UUID exists already",
	columns: "uuid name description tags kind tool definition owner groups created modified",
	row: func(q *harrier.SavedQuery) []any {
		return []any{
			longName{&q.UUID},
			&q.Name, &q.Description, &q.Tags, &q.Kind, &q.Tool, &q.Definition, &q.Owner,
			document{&q.Groups},
			moment{&q.Created},
			moment{&q.Modified},
		}
	},
	id:   func(q *harrier.SavedQuery) *harrier.ID { return &q.ID },
	uuid: func(q *harrier.SavedQuery) *harrier.UUID { return &q.UUID },
}

// InsertSavedQuery stores q and gives it an ID.
func (db *DB) InsertSavedQuery(ctx context.Context, q *harrier.SavedQuery) error {
	return savedQueries.insert(ctx, db, q)
}

// UpdateSavedQuery stores q over the one with its ID.
func (db *DB) UpdateSavedQuery(ctx context.Context, q *harrier.SavedQuery) error {
	return savedQueries.update(ctx, db, q)
}

// DeleteSavedQuery removes a query.
func (db *DB) DeleteSavedQuery(ctx context.Context, id harrier.ID) error {
	return savedQueries.delete(ctx, db, id)
}

// SavedQuery returns a query.
func (db *DB) SavedQuery(ctx context.Context, id harrier.ID) (harrier.SavedQuery, error) {
	return savedQueries.byID(ctx, db, id)
}

// SavedQueries returns all queries by rising ID.
func (db *DB) SavedQueries(ctx context.Context) ([]harrier.SavedQuery, error) {
	return savedQueries.list(ctx, db, "ORDER BY id")
}
