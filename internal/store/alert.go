package store

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

var alerts = table[harrier.Alert]{
	name: "alert", noun: "alert", taken: "an alert with this UUID exists already",
	columns: `uuid name description owner disabled site events filter condition schedule every_time actions
		holds last_triggered last_evaluated next_run given created modified`,
	row: func(a *harrier.Alert) []any {
		return []any{
			longName{&a.UUID},
			&a.Name, &a.Description, &a.Owner, &a.Disabled, &a.Site,
			document{&a.Events},
			document{&a.Filter},
			document{&a.Trigger},
			document{&a.Schedule},
			&a.EveryTime,
			document{&a.Actions},
			&a.Holds,
			moment{&a.LastTriggered},
			moment{&a.LastEvaluated},
			moment{&a.NextRun},
			document{&a.Given},
			moment{&a.Created},
			moment{&a.Modified},
		}
	},
	id:   func(a *harrier.Alert) *harrier.ID { return &a.ID },
	uuid: func(a *harrier.Alert) *harrier.UUID { return &a.UUID },
}

// InsertAlert stores a and gives it an ID.
func (db *DB) InsertAlert(ctx context.Context, a *harrier.Alert) error {
	return alerts.insert(ctx, db, a)
}

// UpdateAlert stores a over the one with its ID.
func (db *DB) UpdateAlert(ctx context.Context, a *harrier.Alert) error {
	return alerts.update(ctx, db, a)
}

// DeleteAlert removes an alert.
func (db *DB) DeleteAlert(ctx context.Context, id harrier.ID) error {
	return alerts.delete(ctx, db, id)
}

// Alert returns an alert.
func (db *DB) Alert(ctx context.Context, id harrier.ID) (harrier.Alert, error) {
	return alerts.byID(ctx, db, id)
}

// Alerts returns all alerts by rising ID.
func (db *DB) Alerts(ctx context.Context) ([]harrier.Alert, error) {
	return alerts.list(ctx, db, "ORDER BY id")
}

// DueAlerts returns the alerts whose next run is not later than now, by rising
// ID.
func (db *DB) DueAlerts(ctx context.Context, now time.Time) ([]harrier.Alert, error) {
	return alerts.list(ctx, db, "WHERE next_run > 0 AND next_run <= $1 ORDER BY id", micros(now))
}

// ScansToTell returns the scans that were modified since t and whose state is
// not the one that PutTold was given last, by rising ID and without their
// plans.
func (db *DB) ScansToTell(ctx context.Context, t time.Time) ([]harrier.Scan, error) {
	return scans.list(ctx, db, `WHERE modified >= $1 AND NOT EXISTS
		(SELECT 1 FROM alert_told t WHERE t.scan = scan.id AND t.status = scan.status) ORDER BY id`, micros(t))
}

// Told returns the state of a scan that PutTold was given last; "" for none.
func (db *DB) Told(ctx context.Context, scan harrier.ID) (harrier.ScanStatus, error) {
	var s string
	_, err := db.one(ctx, "SELECT status FROM alert_told WHERE scan = $1", []any{int64(scan)}, &s)
	return harrier.ScanStatus(s), err
}

// PutTold notes the state of a scan that was told of.
func (db *DB) PutTold(ctx context.Context, scan harrier.ID, s harrier.ScanStatus) error {
	_, err := db.exec(ctx, `INSERT INTO alert_told (scan, status) VALUES ($1, $2)
		ON CONFLICT (scan) DO UPDATE SET status = excluded.status`, int64(scan), string(s))
	return err
}

// CountAlert counts one more time that an alert acts on a scan, and returns the
// count.
func (db *DB) CountAlert(ctx context.Context, alert, scan harrier.ID) (n int, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.exec(ctx, `INSERT INTO alert_count (alert, scan, n) VALUES ($1, $2, 1)
			ON CONFLICT (alert, scan) DO UPDATE SET n = alert_count.n + 1`, int64(alert), int64(scan)); err != nil {
			return err
		}
		_, err := db.one(ctx, "SELECT n FROM alert_count WHERE alert = $1 AND scan = $2", []any{int64(alert), int64(scan)}, &n)
		return err
	})
	return n, err
}

// ForgetTold removes what PutTold and CountAlert kept of scans that are gone.
func (db *DB) ForgetTold(ctx context.Context) error {
	for _, table := range []string{"alert_told", "alert_count"} {
		if _, err := db.exec(ctx, "DELETE FROM "+table+" WHERE scan NOT IN (SELECT id FROM scan)"); err != nil {
			return err
		}
	}
	return nil
}
