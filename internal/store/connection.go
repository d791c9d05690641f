package store

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var connections = table[harrier.Connection]{
	name: "discovery_connection", noun: "discovery connection", taken: "a discovery connection with this name exists already",
	columns: "uuid name name_key address port protocol kind account engine sealed given created modified",
	row: func(c *harrier.Connection) []any {
		return []any{
			longName{&c.UUID},
			&c.Name, derived(func() any { return strings.ToLower(c.Name) }), &c.Address, &c.Port, &c.Protocol, &c.Kind, &c.User, &c.Engine,
			document{&c.Sealed},
			document{&c.Given},
			moment{&c.Created},
			moment{&c.Modified},
		}
	},
	id:   func(c *harrier.Connection) *harrier.ID { return &c.ID },
	uuid: func(c *harrier.Connection) *harrier.UUID { return &c.UUID },
}

// InsertConnection stores c and gives it an ID. It answers Conflict when the name
// is taken, in whatever case.
func (db *DB) InsertConnection(ctx context.Context, c *harrier.Connection) error {
	return connections.insert(ctx, db, c)
}

// UpdateConnection stores c over the one with its ID.
func (db *DB) UpdateConnection(ctx context.Context, c *harrier.Connection) error {
	return connections.update(ctx, db, c)
}

// DeleteConnection removes a connection.
func (db *DB) DeleteConnection(ctx context.Context, id harrier.ID) error {
	return connections.delete(ctx, db, id)
}

// Connection returns a connection.
func (db *DB) Connection(ctx context.Context, id harrier.ID) (harrier.Connection, error) {
	return connections.byID(ctx, db, id)
}

// Connections returns all connections by rising ID.
func (db *DB) Connections(ctx context.Context) ([]harrier.Connection, error) {
	return connections.list(ctx, db, "ORDER BY id")
}
