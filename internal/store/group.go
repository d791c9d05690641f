package store

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// What belongs to many assets or hosts at once: a statement and its way to the
// database cost as much as what it does for dozens of rows.

// AssetsAt returns the assets of a repository that have one of the addresses, by
// rising ID.
func (db *DB) AssetsAt(ctx context.Context, repository harrier.ID, at []netip.Addr) ([]harrier.Asset, error) {
	var out []harrier.Asset
	for part := range slices.Chunk(at, manyAtOnce) {
		args := []any{int64(repository)}
		for i := range manyAtOnce {
			args = append(args, addrText(part[min(i, len(part)-1)]))
		}
		list, err := assets.list(ctx, db, "WHERE repository = $1 AND addr <> '' AND addr IN ("+parameters(2, manyAtOnce)+")", args...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b harrier.Asset) int { return int(a.ID - b.ID) })
	return slices.CompactFunc(out, func(a, b harrier.Asset) bool { return a.ID == b.ID }), nil
}

// FindingsOfAll is FindingsOf for many assets, by asset.
func (db *DB) FindingsOfAll(ctx context.Context, of []harrier.ID) (map[harrier.ID][]*harrier.Finding, error) {
	out := make(map[harrier.ID][]*harrier.Finding, len(of))
	t := db.tx(ctx)
	if t != nil && db.driver == sqliteDialect { // where a statement has no way to go
		for _, id := range of {
			list, err := db.FindingsOf(ctx, id)
			if err != nil {
				return nil, err
			}
			out[id] = list
		}
		return out, nil
	}
	for part := range slices.Chunk(of, manyAtOnce) {
		list, err := db.findings(ctx, "WHERE asset IN ("+placeholders(manyAtOnce)+") ORDER BY asset, vuln, protocol, port, instance", idArguments(part)...)
		if err != nil {
			return nil, err
		}
		t.remember(list...)
		for _, f := range list {
			out[f.Asset] = append(out[f.Asset], f)
		}
	}
	return out, nil
}

// ServicesOfAll is ServicesOf for many assets, by asset.
func (db *DB) ServicesOfAll(ctx context.Context, of []harrier.ID) (map[harrier.ID][]harrier.Service, error) {
	out := map[harrier.ID][]harrier.Service{}
	for part := range slices.Chunk(of, manyAtOnce) {
		list, err := db.services(ctx, "WHERE asset IN ("+placeholders(manyAtOnce)+") ORDER BY asset, protocol, port", idArguments(part)...)
		if err != nil {
			return nil, fmt.Errorf("read services of assets: %w", err)
		}
		for _, s := range list {
			out[s.Asset] = append(out[s.Asset], s)
		}
	}
	return out, nil
}

// InsertAssets is InsertAsset for many.
func (db *DB) InsertAssets(ctx context.Context, list []*harrier.Asset) error {
	if len(list) == 0 {
		return nil
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		rows, byUUID := make([][]any, len(list)), make(map[harrier.UUID]*harrier.Asset, len(list))
		for i, a := range list {
			if a.UUID.IsZero() {
				a.UUID = harrier.NewUUID(time.Now())
			}
			byUUID[a.UUID] = a
			var err error
			if rows[i], err = arguments(assets.row(a)); err != nil {
				return fmt.Errorf("insert assets: %w", err)
			}
		}
		n, err := db.bulk(ctx, assets.insertsAll(), rows)
		if err != nil {
			return fmt.Errorf("insert assets: %w", err)
		}
		if int(n) != len(list) {
			err := harrier.Errorf(harrier.Conflict, "%s", assets.taken)
			db.tx(ctx).broken = err // some are there
			return err
		}
		var names [][]any
		for part := range slices.Chunk(list, manyAtOnce) {
			args := make([]any, manyAtOnce)
			for i := range args {
				args[i] = part[min(i, len(part)-1)].UUID.String()
			}
			err := db.rows(ctx, "SELECT id, uuid FROM asset WHERE uuid IN ("+placeholders(manyAtOnce)+")", args, func(scan func(...any) error) error {
				var id harrier.ID
				var uuid harrier.UUID
				if err := scan(&id, longName{&uuid}); err != nil {
					return err
				}
				byUUID[uuid].ID = id
				return nil
			})
			if err != nil {
				return fmt.Errorf("insert assets: %w", err)
			}
		}
		for _, a := range list {
			a.Open, a.Importance = harrier.Counts{}, 100
			db.tx(ctx).placeAsset(a.ID, a.Repository)
			db.touchAsset(ctx, a)
			for _, name := range a.Names {
				names = append(names, []any{int64(a.ID), clean(name)})
			}
		}
		if _, err := db.bulk(ctx, putName, names); err != nil {
			return fmt.Errorf("names of assets: %w", err)
		}
		return nil
	})
}

const putName = "INSERT INTO asset_name (asset, name) VALUES ($1, $2) ON CONFLICT DO NOTHING"

// UpdateAssets is UpdateAsset for many, none twice.
func (db *DB) UpdateAssets(ctx context.Context, list []*harrier.Asset) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		names := map[harrier.ID][]string{}
		rows := make([][]any, 0, len(list))
		for part := range slices.Chunk(list, manyAtOnce) {
			ids := make([]harrier.ID, len(part))
			for i, a := range part {
				ids[i] = a.ID
			}
			err := db.rows(ctx, "SELECT id, names FROM asset WHERE id IN ("+placeholders(manyAtOnce)+")", idArguments(ids),
				func(scan func(...any) error) error {
					var id harrier.ID
					var known []string
					err := scan(&id, document{&known})
					names[id] = known
					return err
				})
			if err != nil {
				return fmt.Errorf("update assets: %w", err)
			}
		}
		var renamed []*harrier.Asset
		for _, a := range list {
			known, found := names[a.ID]
			if !found {
				return assets.missing(a.ID)
			}
			if !slices.Equal(known, a.Names) {
				renamed = append(renamed, a)
			}
			args, err := arguments(assets.row(a))
			if err != nil {
				return fmt.Errorf("update asset %d: %w", a.ID, err)
			}
			rows = append(rows, append(args, int64(a.ID)))
		}
		assets.texts()
		if _, err := db.bulk(ctx, assets.updates, rows); err != nil {
			return fmt.Errorf("update assets: %w", err)
		}
		for _, a := range list {
			db.touchAsset(ctx, a)
		}
		return db.rename(ctx, renamed)
	})
}

// rename stores the names of assets in place of those that they had.
func (db *DB) rename(ctx context.Context, list []*harrier.Asset) error {
	var rows [][]any
	for part := range slices.Chunk(list, manyAtOnce) {
		ids := make([]harrier.ID, len(part))
		for i, a := range part {
			ids[i] = a.ID
			for _, name := range a.Names {
				rows = append(rows, []any{int64(a.ID), clean(name)})
			}
		}
		if _, err := db.exec(ctx, "DELETE FROM asset_name WHERE asset IN ("+placeholders(manyAtOnce)+")", idArguments(ids)...); err != nil {
			return fmt.Errorf("names of assets: %w", err)
		}
	}
	if _, err := db.bulk(ctx, putName, rows); err != nil {
		return fmt.Errorf("names of assets: %w", err)
	}
	return nil
}

// PutScanHosts is PutScanHost for hosts of one scan, none twice.
func (db *DB) PutScanHosts(ctx context.Context, list []*harrier.ScanHost) error {
	if len(list) == 0 {
		return nil
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := db.number(ctx, list); err != nil {
			return fmt.Errorf("put hosts: %w", err)
		}
		rows := make([][]any, len(list))
		for i, h := range list {
			var err error
			if rows[i], err = arguments(hostRow(h)); err != nil {
				return fmt.Errorf("put hosts: %w", err)
			}
		}
		if _, err := db.bulk(ctx, putHost, rows); err != nil {
			return fmt.Errorf("put hosts: %w", err)
		}
		return nil
	})
}

// number gives hosts of one scan without an index that of the host with their
// name and address, or the scan's next one.
func (db *DB) number(ctx context.Context, list []*harrier.ScanHost) error {
	type title struct{ name, addr string }
	fresh := map[title][]*harrier.ScanHost{} // several where names differ in what no text holds
	var order []title
	for _, h := range list {
		if h.Index == 0 {
			k := title{clean(h.Name), addrText(h.Addr)}
			if fresh[k] = append(fresh[k], h); len(fresh[k]) == 1 {
				order = append(order, k)
			}
		}
	}
	for part := range slices.Chunk(order, manyAtOnce) {
		args := []any{int64(list[0].Scan)}
		for i := range manyAtOnce {
			args = append(args, part[min(i, len(part)-1)].name)
		}
		err := db.rows(ctx, "SELECT name, addr, idx FROM scan_host WHERE scan = $1 AND name IN ("+parameters(2, manyAtOnce)+")", args,
			func(scan func(...any) error) error {
				var k title
				var index int
				err := scan(&k.name, &k.addr, &index)
				for _, h := range fresh[k] {
					h.Index = index
				}
				return err
			})
		if err != nil {
			return err
		}
	}
	if len(order) == 0 {
		return nil
	}
	var last int
	if _, err := db.one(ctx, "SELECT coalesce(max(idx), 0) FROM scan_host WHERE scan = $1", []any{int64(list[0].Scan)}, &last); err != nil {
		return err
	}
	for _, k := range order {
		if fresh[k][0].Index == 0 {
			last++
			for _, h := range fresh[k] {
				h.Index = last
			}
		}
	}
	return nil
}

// PutObservations is PutHostObservations for hosts of one scan, by their index.
func (db *DB) PutObservations(ctx context.Context, scan harrier.ID, of map[int][]harrier.Observation) error {
	rows := make([][]any, 0, len(of))
	for _, index := range slices.Sorted(maps.Keys(of)) {
		rows = append(rows, []any{hostKey(scan, index), db.pack.fromObservations(of[index])})
	}
	if _, err := db.bulk(ctx, `INSERT INTO host_observations (id, data) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET data = excluded.data`, rows); err != nil {
		return fmt.Errorf("put host_observations: %w", err)
	}
	return nil
}

// ScanHostsFrom returns hosts of a scan with an index above after, by rising
// index, at most limit of them.
func (db *DB) ScanHostsFrom(ctx context.Context, scan harrier.ID, after, limit int) ([]harrier.ScanHost, error) {
	return db.hosts(ctx, "WHERE scan = $1 AND idx > $2 ORDER BY idx LIMIT $3", int64(scan), int64(after), int64(limit))
}

// ObservationsBetween returns what a scan observed on the hosts from one index to
// another, both included, by index, each as HostObservations does.
func (db *DB) ObservationsBetween(ctx context.Context, scan harrier.ID, first, last int) (map[int][]harrier.Observation, error) {
	out := map[int][]harrier.Observation{}
	err := db.hostDataBetween(ctx, "host_observations", scan, first, last, func(index int, data []byte) error {
		list, err := db.pack.observations(data)
		out[index] = list
		return err
	})
	return out, err
}

// CoverageBetween returns the coverage of the hosts from one index to another,
// both included, by index, each as HostCoverage does.
func (db *DB) CoverageBetween(ctx context.Context, scan harrier.ID, first, last int) (map[int]*harrier.Coverage, error) {
	out := map[int]*harrier.Coverage{}
	err := db.hostDataBetween(ctx, "host_coverage", scan, first, last, func(index int, data []byte) error {
		c, err := db.pack.coverage(data)
		out[index] = c
		return err
	})
	return out, err
}

func (db *DB) hostDataBetween(ctx context.Context, from string, scan harrier.ID, first, last int, each func(index int, data []byte) error) error {
	err := db.rows(ctx, "SELECT id, data FROM "+from+" WHERE id >= $1 AND id <= $2", []any{hostKey(scan, first), hostKey(scan, last)},
		func(scan func(...any) error) error {
			var id int64
			var data []byte
			if err := scan(&id, &data); err != nil {
				return err
			}
			index := int(id & (1<<32 - 1))
			if err := each(index, data); err != nil {
				return fmt.Errorf("host %d: %w", index, err)
			}
			return nil
		})
	if err != nil {
		return fmt.Errorf("read %s of scan %d: %w", from, scan, err)
	}
	return nil
}
