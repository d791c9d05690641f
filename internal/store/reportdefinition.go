package store

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

var reportDefinitions = table[harrier.ReportDefinition]{
	name: "report_definition", noun: "report definition", taken: "a report definition with this UUID exists already",
	columns: "uuid name description owner template format options scope schedule next_run after_scan recipients groups keep given created modified own_template users mail",
	row: func(d *harrier.ReportDefinition) []any {
		return []any{
			longName{&d.UUID},
			&d.Name, &d.Description, &d.Owner, &d.Template, &d.Format,
			document{&d.Options},
			document{&d.Scope},
			document{&d.Schedule},
			moment{&d.NextRun},
			&d.AfterScan,
			document{&d.Recipients},
			document{&d.Groups},
			&d.Keep,
			document{&d.Given},
			moment{&d.Created},
			moment{&d.Modified},
			&d.OwnTemplate,
			document{&d.Users},
			document{&d.Mail},
		}
	},
	id:   func(d *harrier.ReportDefinition) *harrier.ID { return &d.ID },
	uuid: func(d *harrier.ReportDefinition) *harrier.UUID { return &d.UUID },
}

// InsertReportDefinition stores d and gives it an ID.
func (db *DB) InsertReportDefinition(ctx context.Context, d *harrier.ReportDefinition) error {
	return reportDefinitions.insert(ctx, db, d)
}

// UpdateReportDefinition stores d over the one with its ID.
func (db *DB) UpdateReportDefinition(ctx context.Context, d *harrier.ReportDefinition) error {
	return reportDefinitions.update(ctx, db, d)
}

// DeleteReportDefinition removes a definition; its reports stay.
func (db *DB) DeleteReportDefinition(ctx context.Context, id harrier.ID) error {
	return reportDefinitions.delete(ctx, db, id)
}

// ReportDefinition returns a definition.
func (db *DB) ReportDefinition(ctx context.Context, id harrier.ID) (harrier.ReportDefinition, error) {
	return reportDefinitions.byID(ctx, db, id)
}

// ReportDefinitions returns all definitions by rising ID.
func (db *DB) ReportDefinitions(ctx context.Context) ([]harrier.ReportDefinition, error) {
	return reportDefinitions.list(ctx, db, "ORDER BY id")
}

// DueReportDefinitions returns the definitions whose next run is not after now,
// the longest due first.
func (db *DB) DueReportDefinitions(ctx context.Context, now time.Time) ([]harrier.ReportDefinition, error) {
	return reportDefinitions.list(ctx, db, "WHERE next_run > 0 AND next_run <= $1 ORDER BY next_run, id", micros(now))
}
