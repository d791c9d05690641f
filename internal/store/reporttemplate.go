package store

import (
	"context"

	"github.com/harrier-scan/harrier"
)

var reportTemplates = table[harrier.ReportTemplate]{
	name: "report_template", noun: "report template", taken: "a report template with this UUID exists already",
	columns: "uuid name description owner chapters columns given created modified",
	row: func(t *harrier.ReportTemplate) []any {
		return []any{
			longName{&t.UUID},
			&t.Name, &t.Description, &t.Owner,
			document{&t.Chapters},
			document{&t.Columns},
			document{&t.Given},
			moment{&t.Created},
			moment{&t.Modified},
		}
	},
	id:   func(t *harrier.ReportTemplate) *harrier.ID { return &t.ID },
	uuid: func(t *harrier.ReportTemplate) *harrier.UUID { return &t.UUID },
}

// InsertReportTemplate stores t and gives it an ID.
func (db *DB) InsertReportTemplate(ctx context.Context, t *harrier.ReportTemplate) error {
	return reportTemplates.insert(ctx, db, t)
}

// UpdateReportTemplate stores t over the one with its ID.
func (db *DB) UpdateReportTemplate(ctx context.Context, t *harrier.ReportTemplate) error {
	return reportTemplates.update(ctx, db, t)
}

// DeleteReportTemplate removes a template.
func (db *DB) DeleteReportTemplate(ctx context.Context, id harrier.ID) error {
	return reportTemplates.delete(ctx, db, id)
}

// ReportTemplate returns a template.
func (db *DB) ReportTemplate(ctx context.Context, id harrier.ID) (harrier.ReportTemplate, error) {
	return reportTemplates.byID(ctx, db, id)
}

// ReportTemplates returns all templates by rising ID.
func (db *DB) ReportTemplates(ctx context.Context) ([]harrier.ReportTemplate, error) {
	return reportTemplates.list(ctx, db, "ORDER BY id")
}
