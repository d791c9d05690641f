package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

var merges = table[harrier.Merge]{
	name: "asset_merge", noun: "merge", taken: "the merge exists already",
	columns: "repository into_asset from_asset from_uuid at who scan score reasons undone undone_by",
	row: func(m *harrier.Merge) []any {
		return []any{
			&m.Repository, &m.Into, &m.From,
			longName{&m.FromUUID},
			moment{&m.At},
			&m.By, &m.Scan, &m.Score,
			document{&m.Reasons},
			moment{&m.Undone},
			&m.UndoneBy,
		}
	},
	id: func(m *harrier.Merge) *harrier.ID { return &m.ID },
}

// InsertMerge stores m with its Detail and gives it an ID.
func (db *DB) InsertMerge(ctx context.Context, m *harrier.Merge) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := merges.insert(ctx, db, m); err != nil {
			return err
		}
		data, err := db.pack.json(m.Detail)
		if err != nil {
			return fmt.Errorf("insert merge: %w", err)
		}
		_, err = db.exec(ctx, "INSERT INTO asset_merge_detail (id, data) VALUES ($1, $2)", int64(m.ID), data)
		return err
	})
}

// UpdateMerge stores m over the one with its ID; the Detail stays as it was.
func (db *DB) UpdateMerge(ctx context.Context, m *harrier.Merge) error {
	return merges.update(ctx, db, m)
}

// Merge returns a merge with its Detail.
func (db *DB) Merge(ctx context.Context, id harrier.ID) (harrier.Merge, error) {
	m, err := merges.byID(ctx, db, id)
	if err != nil {
		return m, err
	}
	var data []byte
	found, err := db.one(ctx, "SELECT data FROM asset_merge_detail WHERE id = $1", []any{int64(id)}, &data)
	if err == nil && found {
		err = db.pack.fromJSON(data, &m.Detail)
	}
	if err != nil {
		return m, fmt.Errorf("read merge %d: %w", id, err)
	}
	return m, nil
}

// Merges returns all merges, newest first, without their Detail.
func (db *DB) Merges(ctx context.Context) ([]harrier.Merge, error) {
	return merges.list(ctx, db, "ORDER BY id DESC")
}

// HostsOf names the hosts of scans that are an asset.
func (db *DB) HostsOf(ctx context.Context, asset harrier.ID) ([]harrier.HostRef, error) {
	var out []harrier.HostRef
	err := db.rows(ctx, "SELECT scan, idx FROM scan_host WHERE asset = $1 AND asset > 0 ORDER BY scan, idx", []any{int64(asset)},
		func(scan func(...any) error) error {
			var h harrier.HostRef
			err := scan(&h.Scan, &h.Index)
			out = append(out, h)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read hosts of asset %d: %w", asset, err)
	}
	return out, nil
}

// GiveHosts makes hosts of scans, those that still exist, belong to an asset.
func (db *DB) GiveHosts(ctx context.Context, hosts []harrier.HostRef, asset harrier.ID) error {
	rows, why := make([][]any, len(hosts)), make([][]any, len(hosts))
	for i, h := range hosts {
		rows[i] = []any{int64(asset), int64(h.Scan), int64(h.Index)}
		why[i] = []any{int64(asset), hostKey(h.Scan, h.Index)}
	}
	if _, err := db.bulk(ctx, "UPDATE scan_host SET asset = $1 WHERE scan = $2 AND idx = $3", rows); err != nil {
		return fmt.Errorf("give hosts: %w", err)
	}
	if _, err := db.bulk(ctx, "UPDATE host_recognition SET asset = $1 WHERE id = $2", why); err != nil {
		return fmt.Errorf("give hosts: %w", err)
	}
	return nil
}

// DeleteAsset removes an asset with its services, software, names and identifiers. Its
// findings must have been moved or deleted before, else it answers Conflict.
func (db *DB) DeleteAsset(ctx context.Context, id harrier.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		n := 0
		if _, err := db.one(ctx, "SELECT count(*) FROM finding WHERE asset = $1", []any{int64(id)}, &n); err != nil {
			return fmt.Errorf("delete asset %d: %w", id, err)
		}
		if n > 0 {
			return harrier.Errorf(harrier.Conflict, "asset %d has %d findings", id, n)
		}
		if err := assets.delete(ctx, db, id); err != nil {
			return err
		}
		for _, part := range []string{"asset_name", "asset_identifier", "service", "asset_thing", "inventory"} {
			if _, err := db.exec(ctx, "DELETE FROM "+part+" WHERE asset = $1", int64(id)); err != nil {
				return fmt.Errorf("delete asset %d: %w", id, err)
			}
		}
		delete(db.tx(ctx).repositories, id)
		db.touchNoAsset(ctx, id)
		return nil
	})
}

// RestoreAsset stores an asset that was deleted under its own ID. It answers
// Conflict for one that exists.
func (db *DB) RestoreAsset(ctx context.Context, a *harrier.Asset) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		args, err := arguments(assets.row(a))
		if err != nil {
			return fmt.Errorf("restore asset: %w", err)
		}
		assets.texts()
		text := "INSERT INTO asset (id, " + assets.columnList() + ") VALUES (" + placeholders(len(args)+1) + ") ON CONFLICT DO NOTHING"
		n, err := db.exec(ctx, text, append([]any{int64(a.ID)}, args...)...)
		switch {
		case err != nil:
			return fmt.Errorf("restore asset %d: %w", a.ID, err)
		case n == 0:
			return harrier.Errorf(harrier.Conflict, "asset %d exists", a.ID)
		}
		a.Open = harrier.Counts{}
		if a.Importance > 0 {
			if err := db.SetImportance(ctx, a.ID, a.Importance); err != nil {
				return err
			}
		}
		db.touchAsset(ctx, a)
		return db.putNames(ctx, a)
	})
}

// DeleteFindings removes findings, and counts them out. It answers NotFound
// for an unknown ID; the transaction can then only be rolled back.
func (db *DB) DeleteFindings(ctx context.Context, ids []harrier.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		s := newSaver(db, db.tx(ctx))
		stubs := make([]*harrier.Finding, len(ids))
		for i, id := range ids {
			stubs[i] = &harrier.Finding{ID: id}
		}
		db.touchNoFindings(ctx, ids)
		if err := s.read(ctx, stubs); err != nil {
			return err
		}
		for _, id := range ids {
			old, ok := s.t.known[id]
			if !ok {
				return harrier.Errorf(harrier.NotFound, "no finding %d", id)
			}
			if err := s.t.learnRepository(ctx, old.Asset); err != nil {
				return err
			}
			s.add(old, -1)
			delete(s.t.known, id)
			for _, text := range []string{"DELETE FROM finding_interval WHERE finding = $1", "DELETE FROM finding WHERE id = $1"} {
				if _, err := db.exec(ctx, text, int64(id)); err != nil {
					return fmt.Errorf("delete finding %d: %w", id, err)
				}
			}
			s.t.fresh = slices.DeleteFunc(s.t.fresh, func(v vulnOf) bool { return v.finding == id })
		}
		return s.count(ctx)
	})
}

// RestoreFindings stores findings that were deleted under their own IDs. It
// answers Conflict where another finding has the ID or the instance; the
// transaction can then only be rolled back.
func (db *DB) RestoreFindings(ctx context.Context, list []*harrier.Finding) error {
	if len(list) == 0 {
		return nil
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		s := newSaver(db, db.tx(ctx))
		if err := s.check(ctx, list); err != nil {
			return err
		}
		// What was deleted may have been left out when finding_vuln was filled.
		if err := db.forgetVulns(ctx); err != nil {
			return err
		}
		rows := make([][]any, len(list))
		for i, f := range list {
			rows[i] = s.row(nil, f, f.ID)
			s.add(f, 1)
		}
		n, err := db.bulk(ctx, insertFinding, rows)
		if err != nil {
			return err
		}
		if int(n) != len(list) {
			s.t.broken = harrier.Errorf(harrier.Conflict, "a finding with the same ID or instance exists")
			return s.t.broken
		}
		if err := s.putOlder(ctx, list); err != nil {
			return err
		}
		s.t.remember(list...)
		db.touchFindings(ctx, list)
		return s.count(ctx)
	})
}
