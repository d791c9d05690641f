package store

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

var reports = table[harrier.Report]{
	name: "report", noun: "report", taken: "a report with this token exists already",
	columns: "uuid token owner definition scan scope title template format options recipients status error steps done name path created started ended",
	row: func(r *harrier.Report) []any {
		return []any{
			longName{&r.UUID},
			&r.Token, &r.Owner, &r.Definition, &r.Scan,
			document{&r.Scope},
			&r.Title, &r.Template, &r.Format,
			document{&r.Options},
			document{&r.Recipients},
			&r.Status, &r.Error, &r.Steps, &r.Done, &r.Name,
			&r.Path,
			moment{&r.Created},
			moment{&r.Started},
			moment{&r.Ended},
		}
	},
	id:   func(r *harrier.Report) *harrier.ID { return &r.ID },
	uuid: func(r *harrier.Report) *harrier.UUID { return &r.UUID },
}

// InsertReport stores r and gives it an ID.
func (db *DB) InsertReport(ctx context.Context, r *harrier.Report) error {
	return reports.insert(ctx, db, r)
}

// UpdateReport stores r over the one with its ID.
func (db *DB) UpdateReport(ctx context.Context, r *harrier.Report) error {
	return reports.update(ctx, db, r)
}

// DeleteReport removes the record of a report; its file is the caller's.
func (db *DB) DeleteReport(ctx context.Context, id harrier.ID) error {
	return reports.delete(ctx, db, id)
}

// Report returns a report.
func (db *DB) Report(ctx context.Context, id harrier.ID) (harrier.Report, error) {
	return reports.byID(ctx, db, id)
}

// Reports returns all reports by rising ID.
func (db *DB) Reports(ctx context.Context) ([]harrier.Report, error) {
	return reports.list(ctx, db, "ORDER BY id")
}

// ReportByToken returns the report that token stands for.
func (db *DB) ReportByToken(ctx context.Context, token string) (harrier.Report, error) {
	r, found, err := reports.where(ctx, db, "token = $1 AND token <> ''", clean(token))
	if err == nil && !found {
		err = harrier.Errorf(harrier.NotFound, "no report has this token")
	}
	return r, err
}

// ReportsOf returns the reports of a definition by rising ID.
func (db *DB) ReportsOf(ctx context.Context, definition harrier.ID) ([]harrier.Report, error) {
	return reports.list(ctx, db, "WHERE definition = $1 AND definition > 0 ORDER BY id", int64(definition))
}

// UnendedReports returns the reports that wait or are being made, by rising ID.
func (db *DB) UnendedReports(ctx context.Context) ([]harrier.Report, error) {
	return reports.list(ctx, db, "WHERE status IN ('queued', 'running', 'stopping') ORDER BY id")
}

// ReportsBefore returns the reports made before t by rising ID.
func (db *DB) ReportsBefore(ctx context.Context, t time.Time) ([]harrier.Report, error) {
	return reports.list(ctx, db, "WHERE created < $1 ORDER BY id", micros(t))
}
