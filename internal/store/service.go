package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// ServicesOf returns the services of an asset in the order of their endpoints.
func (db *DB) ServicesOf(ctx context.Context, asset harrier.ID) ([]harrier.Service, error) {
	out, err := db.services(ctx, "WHERE asset = $1 ORDER BY protocol, port", int64(asset))
	if err != nil {
		return nil, fmt.Errorf("read services of asset %d: %w", asset, err)
	}
	return out, nil
}

func (db *DB) services(ctx context.Context, tail string, args ...any) ([]harrier.Service, error) {
	var out []harrier.Service
	err := db.rows(ctx, "SELECT asset, data, first_seen, last_seen FROM service "+tail, args, func(scan func(...any) error) error {
		var asset harrier.ID
		var data []byte
		var first, last int64
		if err := scan(&asset, &data, &first, &last); err != nil {
			return err
		}
		var s harrier.Service
		if err := db.pack.fromJSON(data, &s); err != nil {
			return err
		}
		s.Asset, s.FirstSeen, s.LastSeen = asset, fromMicros(first), fromMicros(last)
		out = append(out, s)
		return nil
	})
	return out, err
}

// PutServices stores services of an asset over those at the same endpoints,
// which keep their FirstSeen, or as new ones.
func (db *DB) PutServices(ctx context.Context, asset harrier.ID, services []harrier.Service) error {
	const put = `INSERT INTO service (asset, protocol, port, name, tls, product, version, cpe, first_seen, last_seen, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (asset, protocol, port) DO UPDATE SET name = excluded.name, tls = excluded.tls,
		product = excluded.product, version = excluded.version, cpe = excluded.cpe, last_seen = excluded.last_seen,
		data = excluded.data`
	return db.InTx(ctx, func(ctx context.Context) error {
		rows := make([][]any, len(services))
		for i, s := range services {
			data, err := db.pack.json(s)
			if err != nil {
				return fmt.Errorf("put service %s: %w", s.Endpoint, err)
			}
			if rows[i], err = arguments([]any{
				&asset, &s.Protocol, &s.Port, &s.Name, &s.TLS, &s.Product, &s.Version, &s.CPE,
				moment{&s.FirstSeen},
				moment{&s.LastSeen},
				&data,
			}); err != nil {
				return fmt.Errorf("put service %s: %w", s.Endpoint, err)
			}
		}
		if _, err := db.bulk(ctx, put, rows); err != nil {
			return fmt.Errorf("put services of asset %d: %w", asset, err)
		}
		db.touchServices(ctx, asset, services)
		return nil
	})
}

// DeleteServices removes the services of an asset at the endpoints; where there
// is none, nothing happens.
func (db *DB) DeleteServices(ctx context.Context, asset harrier.ID, at []harrier.Endpoint) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, e := range at {
			if _, err := db.exec(ctx, "DELETE FROM service WHERE asset = $1 AND protocol = $2 AND port = $3",
				int64(asset), clean(string(e.Protocol)), int64(e.Port)); err != nil {
				return fmt.Errorf("delete service %s: %w", e, err)
			}
		}
		db.touchNoServices(ctx, asset, at)
		return nil
	})
}
