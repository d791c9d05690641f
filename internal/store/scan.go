package store

import (
	"context"
	"fmt"
	"reflect"

	"github.com/harrier-scan/harrier"
)

var scans = table[harrier.Scan]{
	name: "scan", noun: "scan", taken: "a scan with this UUID exists already",
	columns: `uuid site repository owner name status reason targets alt_targets scheduled policy policy_name template
		engine created started ended modified hosts_total hosts_done hosts_alive forbidden present coverage
		terms held discarded told frozen`,
	row: func(s *harrier.Scan) []any {
		return []any{
			longName{&s.UUID},
			&s.Site, &s.Repository, &s.Owner, &s.Name, &s.Status, &s.Reason, &s.Targets, &s.AltTargets,
			&s.Scheduled, &s.PolicyID, &s.PolicyName, &s.Template, &s.Engine,
			moment{&s.Created},
			moment{&s.Started},
			moment{&s.Ended},
			moment{&s.Modified},
			&s.HostsTotal, &s.HostsDone, &s.HostsAlive, &s.Forbidden,
			document{&s.Present},
			document{&s.Coverage},
			document{&s.Terms},
			&s.Held, &s.Discarded, &s.Told, &s.Frozen,
		}
	},
	id:   func(s *harrier.Scan) *harrier.ID { return &s.ID },
	uuid: func(s *harrier.Scan) *harrier.UUID { return &s.UUID },
}

// InsertScan stores s, with its plan, and gives it an ID.
func (db *DB) InsertScan(ctx context.Context, s *harrier.Scan) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := scans.insert(ctx, db, s); err != nil {
			return err
		}
		return db.keepPlan(ctx, s)
	})
}

// UpdateScan stores s over the one with its ID. A plan that is kept already
// never changes; one is kept if there was none.
func (db *DB) UpdateScan(ctx context.Context, s *harrier.Scan) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := scans.update(ctx, db, s); err != nil {
			return err
		}
		return db.keepPlan(ctx, s)
	})
}

func (db *DB) keepPlan(ctx context.Context, s *harrier.Scan) error {
	if isZeroPlan(s.Plan) {
		return nil
	}
	known := 0
	if _, err := db.one(ctx, "SELECT 1 FROM scan_plan WHERE scan = $1", []any{int64(s.ID)}, &known); err != nil || known == 1 {
		return err
	}
	data, err := db.pack.json(s.Plan)
	if err != nil {
		return fmt.Errorf("keep plan: %w", err)
	}
	_, err = db.exec(ctx, "INSERT INTO scan_plan (scan, plan) VALUES ($1, $2)", int64(s.ID), data)
	return err
}

// DeleteScan removes a scan with its hosts, observations, coverage and
// batches. Assets and findings stay.
func (db *DB) DeleteScan(ctx context.Context, id harrier.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := scans.delete(ctx, db, id); err != nil {
			return err
		}
		delete(db.tx(ctx).vulns, id)
		for _, part := range []string{"scan_plan", "batch", "scan_host", "scan_vulns", "dead"} {
			if _, err := db.exec(ctx, "DELETE FROM "+part+" WHERE scan = $1", int64(id)); err != nil {
				return fmt.Errorf("delete scan %d: %w", id, err)
			}
		}
		for _, part := range []string{"host_observations", "host_coverage", "host_waiting", "host_recognition"} {
			if _, err := db.exec(ctx, "DELETE FROM "+part+" WHERE id BETWEEN $1 AND $2",
				hostKey(id, 0), hostKey(id+1, 0)-1); err != nil {
				return fmt.Errorf("delete scan %d: %w", id, err)
			}
		}
		return nil
	})
}

// Scan returns a scan with its plan.
func (db *DB) Scan(ctx context.Context, id harrier.ID) (harrier.Scan, error) {
	s, err := scans.byID(ctx, db, id)
	if err != nil {
		return s, err
	}
	return s, db.readPlan(ctx, &s)
}

// ScanByUUID returns a scan with its plan.
func (db *DB) ScanByUUID(ctx context.Context, uuid harrier.UUID) (harrier.Scan, error) {
	s, found, err := scans.where(ctx, db, "uuid = $1", uuid.String())
	switch {
	case err != nil:
		return s, err
	case !found:
		return s, harrier.Errorf(harrier.NotFound, "no scan %s", uuid)
	}
	return s, db.readPlan(ctx, &s)
}

// ScansOf returns the scans of a site, oldest first, without their plans.
func (db *DB) ScansOf(ctx context.Context, site harrier.ID) ([]harrier.Scan, error) {
	return scans.list(ctx, db, "WHERE site = $1 ORDER BY id", int64(site))
}

// LatestScans returns the newest scan of each site that has one, by site,
// without their plans.
func (db *DB) LatestScans(ctx context.Context) (map[harrier.ID]harrier.Scan, error) {
	list, err := scans.list(ctx, db, "WHERE id IN (SELECT max(id) FROM scan GROUP BY site)")
	out := make(map[harrier.ID]harrier.Scan, len(list))
	for _, s := range list {
		out[s.Site] = s
	}
	return out, err
}

// ActiveScans returns the scans that have not ended, with their plans, by
// rising ID.
func (db *DB) ActiveScans(ctx context.Context) ([]harrier.Scan, error) {
	list, err := scans.list(ctx, db, "WHERE status NOT IN ($1, $2, $3, $4) ORDER BY id", string(harrier.ScanStopped),
		string(harrier.ScanCompleted), string(harrier.ScanAborted), string(harrier.ScanImported))
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := db.readPlan(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (db *DB) readPlan(ctx context.Context, s *harrier.Scan) error {
	var data []byte
	found, err := db.one(ctx, "SELECT plan FROM scan_plan WHERE scan = $1", []any{int64(s.ID)}, &data)
	if err == nil && found {
		err = db.pack.fromJSON(data, &s.Plan)
	}
	if err != nil {
		return fmt.Errorf("read plan of scan %d: %w", s.ID, err)
	}
	return nil
}

// isZeroPlan reports whether p says nothing.
func isZeroPlan(p harrier.Plan) bool {
	return len(p.Checks) == 0 && len(p.Exclude) == 0 && len(p.Guard.Never) == 0 && len(p.Guard.Fragile) == 0 &&
		reflect.ValueOf(p.Settings).IsZero()
}
