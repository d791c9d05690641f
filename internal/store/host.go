package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// hostKey is the key of what belongs to one host of a scan: the hosts of one
// scan are neighbours.
func hostKey(scan harrier.ID, index int) int64 { return int64(scan)<<32 | int64(index) }

const hostColumns = `scan, idx, asset, name, addr, done, info0, low1, medium2, high3, critical4,
	planned, clean, vulnerable, skipped, failed, host`

func hostRow(h *harrier.ScanHost) []any {
	p, c := &h.Present, &h.Coverage
	return []any{
		&h.Scan, &h.Index, &h.Asset, &h.Name,
		address{&h.Addr},
		&h.Done, &p[0], &p[1], &p[2], &p[3], &p[4],
		&c.Planned, &c.Clean, &c.Vulnerable, &c.Skipped, &c.Failed,
		document{&h.Host},
	}
}

// ScanHosts returns the hosts of a scan by rising index.
func (db *DB) ScanHosts(ctx context.Context, scan harrier.ID) ([]harrier.ScanHost, error) {
	return db.hosts(ctx, "WHERE scan = $1 ORDER BY idx", int64(scan))
}

// ScanHost returns one host of a scan.
func (db *DB) ScanHost(ctx context.Context, scan harrier.ID, index int) (harrier.ScanHost, error) {
	list, err := db.hosts(ctx, "WHERE scan = $1 AND idx = $2", int64(scan), int64(index))
	if err == nil && len(list) == 0 {
		err = harrier.Errorf(harrier.NotFound, "no host %d in scan %d", index, scan)
	}
	if err != nil {
		return harrier.ScanHost{}, err
	}
	return list[0], nil
}

// ScanHostByName returns the host of a scan that has both the name and the
// address, "" for none.
func (db *DB) ScanHostByName(ctx context.Context, scan harrier.ID, name, addr string) (harrier.ScanHost, error) {
	list, err := db.hosts(ctx, "WHERE scan = $1 AND name = $2 AND addr = $3", int64(scan), clean(name), clean(addr))
	if err == nil && len(list) == 0 {
		err = harrier.Errorf(harrier.NotFound, "no host %s in scan %d", name, scan)
	}
	if err != nil {
		return harrier.ScanHost{}, err
	}
	return list[0], nil
}

// ScanHostOf returns the host of a scan that belongs to an asset: the last one,
// where several do.
func (db *DB) ScanHostOf(ctx context.Context, scan, asset harrier.ID) (harrier.ScanHost, error) {
	if asset == 0 {
		return harrier.ScanHost{}, harrier.Errorf(harrier.NotFound, "no host without an asset")
	}
	list, err := db.hosts(ctx, "WHERE asset = $1 AND asset > 0 AND scan = $2 ORDER BY idx DESC LIMIT 1", int64(asset), int64(scan))
	if err == nil && len(list) == 0 {
		err = harrier.Errorf(harrier.NotFound, "no host of asset %d in scan %d", asset, scan)
	}
	if err != nil {
		return harrier.ScanHost{}, err
	}
	return list[0], nil
}

func (db *DB) hosts(ctx context.Context, tail string, args ...any) ([]harrier.ScanHost, error) {
	var out []harrier.ScanHost
	err := db.rows(ctx, "SELECT "+hostColumns+" FROM scan_host "+tail, args, func(scan func(...any) error) error {
		var h harrier.ScanHost
		if err := scan(hostRow(&h)...); err != nil {
			return err
		}
		out = append(out, h)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read hosts: %w", err)
	}
	return out, nil
}

const putHost = "INSERT INTO scan_host (" + hostColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (scan, idx) DO UPDATE SET asset = excluded.asset, name = excluded.name, addr = excluded.addr,
		done = excluded.done, info0 = excluded.info0, low1 = excluded.low1, medium2 = excluded.medium2,
		high3 = excluded.high3, critical4 = excluded.critical4, planned = excluded.planned, clean = excluded.clean,
		vulnerable = excluded.vulnerable, skipped = excluded.skipped, failed = excluded.failed, host = excluded.host`

// PutScanHost stores h over the one with its index. With an index of zero it
// gets that of the host with its name and address, or the scan's next one.
func (db *DB) PutScanHost(ctx context.Context, h *harrier.ScanHost) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if h.Index == 0 {
			_, err := db.one(ctx, `SELECT coalesce((SELECT idx FROM scan_host WHERE scan = $1 AND name = $2 AND addr = $3),
				(SELECT max(idx) + 1 FROM scan_host WHERE scan = $1), 1)`,
				[]any{int64(h.Scan), clean(h.Name), addrText(h.Addr)}, &h.Index)
			if err != nil {
				return fmt.Errorf("put host: %w", err)
			}
		}
		args, err := arguments(hostRow(h))
		if err != nil {
			return fmt.Errorf("put host: %w", err)
		}
		if _, err := db.tryExec(ctx, putHost, args...); err != nil {
			return fmt.Errorf("put host: %w", err)
		}
		return nil
	})
}

// HostObservations returns what a scan observed on a host, in the order in
// which it was put; nil for nothing.
func (db *DB) HostObservations(ctx context.Context, scan harrier.ID, index int) ([]harrier.Observation, error) {
	data, err := db.hostData(ctx, "host_observations", scan, index)
	if err != nil || data == nil {
		return nil, err
	}
	list, err := db.pack.observations(data)
	if err != nil {
		return nil, fmt.Errorf("observations of host %d in scan %d: %w", index, scan, err)
	}
	return list, nil
}

// PutHostObservations stores all that a scan observed on a host, in place of
// what was there.
func (db *DB) PutHostObservations(ctx context.Context, scan harrier.ID, index int, list []harrier.Observation) error {
	return db.putHostData(ctx, "host_observations", scan, index, db.pack.fromObservations(list))
}

// HostCoverage returns the coverage of a host in a scan, or nil while there is
// none. Enabled is not kept: the scan's plan has it.
func (db *DB) HostCoverage(ctx context.Context, scan harrier.ID, index int) (*harrier.Coverage, error) {
	data, err := db.hostData(ctx, "host_coverage", scan, index)
	if err != nil || data == nil {
		return nil, err
	}
	c, err := db.pack.coverage(data)
	if err != nil {
		return nil, fmt.Errorf("coverage of host %d in scan %d: %w", index, scan, err)
	}
	return c, nil
}

// PutHostCoverage stores the coverage of a host in a scan, in place of what
// was there.
func (db *DB) PutHostCoverage(ctx context.Context, scan harrier.ID, index int, c *harrier.Coverage) error {
	return db.putHostData(ctx, "host_coverage", scan, index, db.pack.fromCoverage(c))
}

func (db *DB) hostData(ctx context.Context, from string, scan harrier.ID, index int) ([]byte, error) {
	var data []byte
	_, err := db.one(ctx, "SELECT data FROM "+from+" WHERE id = $1", []any{hostKey(scan, index)}, &data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", from, err)
	}
	return data, nil
}

func (db *DB) putHostData(ctx context.Context, to string, scan harrier.ID, index int, data []byte) error {
	_, err := db.exec(ctx, "INSERT INTO "+to+` (id, data) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET data = excluded.data`, hostKey(scan, index), data)
	if err != nil {
		return fmt.Errorf("put %s: %w", to, err)
	}
	return nil
}

// PutDead stores the hosts of a batch that did not answer, in place of what was
// said of this batch before.
func (db *DB) PutDead(ctx context.Context, scan harrier.ID, batch int, spans []harrier.Span) error {
	args, err := arguments([]any{&scan, &batch, document{spans}})
	if err != nil {
		return fmt.Errorf("put dead hosts: %w", err)
	}
	_, err = db.exec(ctx, `INSERT INTO dead (scan, batch, spans) VALUES ($1, $2, $3)
		ON CONFLICT (scan, batch) DO UPDATE SET spans = excluded.spans`, args...)
	if err != nil {
		return fmt.Errorf("put dead hosts: %w", err)
	}
	return nil
}

// Dead returns the hosts of a scan that did not answer, in the order of its
// batches.
func (db *DB) Dead(ctx context.Context, scan harrier.ID) ([]harrier.Span, error) {
	var out []harrier.Span
	err := db.rows(ctx, "SELECT spans FROM dead WHERE scan = $1 ORDER BY batch", []any{int64(scan)},
		func(scan func(...any) error) error {
			var spans []harrier.Span
			if err := scan(document{&spans}); err != nil {
				return err
			}
			out = append(out, spans...)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read dead hosts: %w", err)
	}
	return out, nil
}
