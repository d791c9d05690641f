package store

import (
	"context"

	"github.com/harrier-scan/harrier"
)

var dashboards = table[harrier.Dashboard]{
	name: "dashboard", noun: "dashboard", taken: "a dashboard with this UUID exists already",
	columns: "uuid name description tags owner groups arrangement components created modified",
	row: func(d *harrier.Dashboard) []any {
		return []any{
			longName{&d.UUID},
			&d.Name, &d.Description, &d.Tags, &d.Owner,
			document{&d.Groups},
			&d.Columns,
			document{&d.Components},
			moment{&d.Created},
			moment{&d.Modified},
		}
	},
	id:   func(d *harrier.Dashboard) *harrier.ID { return &d.ID },
	uuid: func(d *harrier.Dashboard) *harrier.UUID { return &d.UUID },
}

// InsertDashboard stores d and gives it an ID.
func (db *DB) InsertDashboard(ctx context.Context, d *harrier.Dashboard) error {
	return dashboards.insert(ctx, db, d)
}

// UpdateDashboard stores d over the one with its ID.
func (db *DB) UpdateDashboard(ctx context.Context, d *harrier.Dashboard) error {
	return dashboards.update(ctx, db, d)
}

// DeleteDashboard removes a dashboard.
func (db *DB) DeleteDashboard(ctx context.Context, id harrier.ID) error {
	return dashboards.delete(ctx, db, id)
}

// Dashboard returns a dashboard.
func (db *DB) Dashboard(ctx context.Context, id harrier.ID) (harrier.Dashboard, error) {
	return dashboards.byID(ctx, db, id)
}

// Dashboards returns all dashboards by rising ID.
func (db *DB) Dashboards(ctx context.Context) ([]harrier.Dashboard, error) {
	return dashboards.list(ctx, db, "ORDER BY id")
}
