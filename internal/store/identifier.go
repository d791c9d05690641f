package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// maxAlike is how many assets with the same identifier are looked at: what more
// have in common identifies none.
const maxAlike = 16

// AssetsAlike returns the assets of a repository that have the address or one
// of the identifiers of a host, with their identifiers, by rising ID: the
// candidates for harrier.Tracking.Recognise. Of those that share an identifier
// it returns the ones that were seen last.
func (db *DB) AssetsAlike(ctx context.Context, repository harrier.ID, s harrier.Sight) ([]harrier.Known, error) {
	list, err := db.AssetsLike(ctx, repository, harrier.Host{Addr: s.Addr})
	if err != nil {
		return nil, err
	}
	met := map[harrier.ID]bool{}
	for _, a := range list {
		met[a.ID] = true
	}
	var ids []any
	for _, i := range s.Identifiers {
		err := db.rows(ctx, `SELECT asset FROM asset_identifier WHERE value = $1 AND kind = $2 AND repository = $3
			ORDER BY last_seen DESC LIMIT $4`,
			[]any{clean(i.Value), clean(string(i.Kind)), int64(repository), int64(maxAlike)}, func(scan func(...any) error) error {
				var id harrier.ID
				err := scan(&id)
				if !met[id] {
					met[id], ids = true, append(ids, int64(id))
				}
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read identifiers: %w", err)
		}
	}
	if len(ids) > 0 {
		more, err := assets.list(ctx, db, "WHERE id IN ("+placeholders(len(ids))+")", ids...)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	slices.SortFunc(list, func(a, b harrier.Asset) int { return cmp.Compare(a.ID, b.ID) })
	out := make([]harrier.Known, len(list))
	for i, a := range list {
		out[i].Asset = a
		if out[i].Identifiers, err = db.Identifiers(ctx, a.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Identifiers returns what identifies an asset, by kind and value.
func (db *DB) Identifiers(ctx context.Context, asset harrier.ID) ([]harrier.Identifier, error) {
	var out []harrier.Identifier
	err := db.rows(ctx, `SELECT kind, value, source, first_seen, last_seen, shared FROM asset_identifier WHERE asset = $1
		ORDER BY kind, value`, []any{int64(asset)}, func(scan func(...any) error) error {
		var i harrier.Identifier
		err := scan(&i.Kind, &i.Value, &i.Source, moment{&i.First}, moment{&i.Last}, &i.Shared)
		out = append(out, i)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read identifiers of asset %d: %w", asset, err)
	}
	return out, nil
}

// PutIdentifiers stores identifiers of an asset over those with the same kind
// and value, or as new ones.
func (db *DB) PutIdentifiers(ctx context.Context, asset, repository harrier.ID, list []harrier.Identifier) error {
	rows := make([][]any, len(list))
	for n, i := range list {
		rows[n] = []any{
			int64(asset), clean(string(i.Kind)), clean(i.Value), int64(repository), clean(i.Source),
			micros(i.First), micros(i.Last), i.Shared,
		}
	}
	_, err := db.bulk(ctx, `INSERT INTO asset_identifier (asset, kind, value, repository, source, first_seen, last_seen, shared)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (asset, kind, value) DO UPDATE SET source = excluded.source, first_seen = excluded.first_seen,
		last_seen = excluded.last_seen, shared = excluded.shared`, rows)
	if err != nil {
		return fmt.Errorf("put identifiers of asset %d: %w", asset, err)
	}
	return nil
}

// DeleteIdentifiers removes identifiers of an asset, by kind and value.
func (db *DB) DeleteIdentifiers(ctx context.Context, asset harrier.ID, list []harrier.Identifier) error {
	for _, i := range list {
		if _, err := db.exec(ctx, "DELETE FROM asset_identifier WHERE asset = $1 AND kind = $2 AND value = $3",
			int64(asset), clean(string(i.Kind)), clean(i.Value)); err != nil {
			return fmt.Errorf("delete identifier: %w", err)
		}
	}
	return nil
}

// WaitingServices returns the services of a host that waits to be recognised.
func (db *DB) WaitingServices(ctx context.Context, scan harrier.ID, index int) ([]harrier.Service, error) {
	data, err := db.hostData(ctx, "host_waiting", scan, index)
	if err != nil || data == nil {
		return nil, err
	}
	var list []harrier.Service
	return list, db.pack.fromJSON(data, &list)
}

// PutWaiting stores the services of a host that waits to be recognised.
func (db *DB) PutWaiting(ctx context.Context, scan harrier.ID, index int, list []harrier.Service) error {
	data, err := db.pack.json(list)
	if err != nil {
		return fmt.Errorf("put waiting host: %w", err)
	}
	return db.putHostData(ctx, "host_waiting", scan, index, data)
}

// DeleteWaiting notes that a host does not wait any more.
func (db *DB) DeleteWaiting(ctx context.Context, scan harrier.ID, index int) error {
	_, err := db.exec(ctx, "DELETE FROM host_waiting WHERE id = $1", hostKey(scan, index))
	return err
}

// Waiting returns the hosts of a scan that wait to be recognised, by rising
// index.
func (db *DB) Waiting(ctx context.Context, scan harrier.ID) ([]harrier.ScanHost, error) {
	return db.hosts(ctx, "WHERE scan = $1 AND idx IN (SELECT id - $2 FROM host_waiting WHERE id > $2 AND id < $3) ORDER BY idx",
		int64(scan), hostKey(scan, 0), hostKey(scan+1, 0))
}

// WaitingScans returns the scans that have hosts which wait, by rising ID.
func (db *DB) WaitingScans(ctx context.Context) ([]harrier.ID, error) {
	var out []harrier.ID
	err := db.rows(ctx, "SELECT DISTINCT id / 4294967296 FROM host_waiting ORDER BY 1", nil, func(scan func(...any) error) error {
		var id harrier.ID
		err := scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}

// PutRecognition stores why a host was held to be an asset.
func (db *DB) PutRecognition(ctx context.Context, r harrier.Recognition) error {
	data, err := db.pack.json(r.Match)
	if err != nil {
		return fmt.Errorf("put recognition: %w", err)
	}
	_, err = db.exec(ctx, `INSERT INTO host_recognition (id, asset, data) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET asset = excluded.asset, data = excluded.data`, hostKey(r.Scan, r.Index), int64(r.Asset), data)
	if err != nil {
		return fmt.Errorf("put recognition: %w", err)
	}
	return nil
}

// Recognitions returns why hosts were held to be an asset, newest first, at
// most limit.
func (db *DB) Recognitions(ctx context.Context, asset harrier.ID, limit int) ([]harrier.Recognition, error) {
	var out []harrier.Recognition
	err := db.rows(ctx, "SELECT id, data FROM host_recognition WHERE asset = $1 ORDER BY id DESC LIMIT $2",
		[]any{int64(asset), int64(limit)}, func(scan func(...any) error) error {
			var id int64
			var data []byte
			if err := scan(&id, &data); err != nil {
				return err
			}
			r := harrier.Recognition{Scan: harrier.ID(id >> 32), Index: int(id & 0xffffffff)}
			if err := db.pack.fromJSON(data, &r.Match); err != nil {
				return err
			}
			r.Asset = asset
			out = append(out, r)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read recognitions of asset %d: %w", asset, err)
	}
	return out, nil
}
