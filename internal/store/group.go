package store

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/harrier-scan/harrier"
)

// What belongs to many assets or hosts at once: a statement and its way to the
// database cost as much as what it does for dozens of rows.

// byKeys makes PostgreSQL find rows by its indexes, and by itself, for the rest of
// the transaction of ctx. It keeps the plan of a statement that was made while a
// table was small, and would go through the whole table for every few rows when an
// import has made it large; and to begin processes that help takes longer than to
// read what some hosts have.
func (db *DB) byKeys(ctx context.Context) error {
	t := db.tx(ctx)
	if t == nil || t.keyed || db.driver != postgresDialect {
		return nil
	}
	t.keyed = true
	for _, text := range []string{"SET LOCAL enable_seqscan = off", "SET LOCAL max_parallel_workers_per_gather = 0"} {
		if _, err := db.exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// in asks with one statement for the rows whose column has one of the values:
// each is called with a condition and its arguments, the first of them args, for
// some values at a time. The values are int64 or string.
func in[V int64 | string](db *DB, column string, values []V, args []any, each func(condition string, args []any) error) error {
	if db.driver == postgresDialect {
		for part := range slices.Chunk(values, maxBatch) {
			if err := each(fmt.Sprintf("%s = ANY($%d)", column, len(args)+1), append(slices.Clip(args), part)); err != nil {
				return err
			}
		}
		return nil
	}
	condition := column + " IN (" + parameters(len(args)+1, manyAtOnce) + ")"
	for part := range slices.Chunk(values, manyAtOnce) {
		all := slices.Clip(args)
		for i := range manyAtOnce { // so that the statement is the same and stays prepared
			all = append(all, part[min(i, len(part)-1)])
		}
		if err := each(condition, all); err != nil {
			return err
		}
	}
	return nil
}

// numbers are IDs as the database has them.
func numbers(ids []harrier.ID) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}

// AssetsAt returns the assets of a repository that have one of the addresses, by
// rising ID.
func (db *DB) AssetsAt(ctx context.Context, repository harrier.ID, at []netip.Addr) ([]harrier.Asset, error) {
	if err := db.byKeys(ctx); err != nil {
		return nil, err
	}
	var out []harrier.Asset
	texts := make([]string, len(at))
	for i, a := range at {
		texts[i] = addrText(a)
	}
	err := in(db, "addr", texts, []any{int64(repository)}, func(condition string, args []any) error {
		tail := "WHERE repository = $1 AND addr <> '' AND " + condition
		if db.driver == postgresDialect { // whose index is asked for each address only so
			tail = `WHERE addr <> '' AND id = ANY(ARRAY(SELECT a.id FROM unnest($2::text[]) AS r (addr) CROSS JOIN LATERAL
				(SELECT id FROM asset WHERE repository = $1 AND addr = r.addr OFFSET 0) AS a))`
		}
		list, err := assets.list(ctx, db, tail, args...)
		out = append(out, list...)
		return err
	})
	if err != nil {
		return nil, err
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
	err := in(db, "asset", numbers(of), nil, func(condition string, args []any) error {
		list, err := db.findingsWhere(ctx, condition, args)
		if err != nil {
			return err
		}
		slices.SortFunc(list, compareInstances) // they mostly are in this order: the database would sort them anew
		t.remember(list...)
		for _, f := range list {
			out[f.Asset] = append(out[f.Asset], f)
		}
		return nil
	})
	return out, err
}

// findingsWhere reads findings in the transaction of ctx with PostgreSQL's driver
// below database/sql, whose conversions take longer than the rest; without a
// transaction as findings does.
func (db *DB) findingsWhere(ctx context.Context, condition string, args []any) (list []*harrier.Finding, err error) {
	t := db.tx(ctx)
	if t == nil || db.driver != postgresDialect {
		return db.findings(ctx, "WHERE "+condition, args...)
	}
	if ctx, err = t.enter(ctx); err != nil {
		return nil, err
	}
	var chains []*harrier.Finding // those that have older intervals
	err = t.w.conn.Raw(func(conn any) error {
		rows, err := conn.(*stdlib.Conn).Conn().Query(ctx, "SELECT "+findingColumns+" FROM finding WHERE "+condition, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		var n [13]int64 // the columns before the texts
		for rows.Next() {
			f := new(harrier.Finding)
			var protocol string
			var origin int64
			if err := rows.Scan(&n[0], &n[1], &n[2], &protocol, &n[4], &f.Key, &n[6], &n[7], &n[8], &n[9], &n[10], &n[11], &n[12],
				&f.Source, &f.Service, &f.Evidence, &origin); err != nil {
				return err
			}
			f.ID, f.Asset, f.Vulnerability = harrier.ID(n[0]), harrier.ID(n[1]), harrier.VulnID(n[2])
			f.Endpoint = harrier.Endpoint{Protocol: harrier.Protocol(protocol), Port: uint16(n[4])}
			f.Severity, f.Certainty, f.LastScan = harrier.Severity(n[6]), harrier.Certainty(n[7]), harrier.ID(n[8])
			f.Intervals, f.Origin = chain(int(n[9]), n[10], n[11], n[12]), harrier.Origin(origin)
			if list = append(list, f); n[9] > 0 {
				chains = append(chains, f)
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read findings: %w", t.fault(err))
	}
	return list, db.olderIntervals(ctx, chains)
}

// ServicesOfAll is ServicesOf for many assets, by asset.
func (db *DB) ServicesOfAll(ctx context.Context, of []harrier.ID) (map[harrier.ID][]harrier.Service, error) {
	out := map[harrier.ID][]harrier.Service{}
	err := in(db, "asset", numbers(of), nil, func(condition string, args []any) error {
		list, err := db.services(ctx, "WHERE "+condition+" ORDER BY asset, protocol, port", args...)
		for _, s := range list {
			out[s.Asset] = append(out[s.Asset], s)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read services of assets: %w", err)
	}
	return out, nil
}

// InsertAssets is InsertAsset for many.
func (db *DB) InsertAssets(ctx context.Context, list []*harrier.Asset) error {
	if len(list) == 0 {
		return nil
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := db.byKeys(ctx); err != nil {
			return err
		}
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
		uuids := make([]string, len(list))
		for i, a := range list {
			uuids[i] = a.UUID.String()
		}
		err = in(db, "uuid", uuids, nil, func(condition string, args []any) error {
			return db.rows(ctx, "SELECT id, uuid FROM asset WHERE "+condition, args, func(scan func(...any) error) error {
				var id harrier.ID
				var uuid harrier.UUID
				if err := scan(&id, longName{&uuid}); err != nil {
					return err
				}
				byUUID[uuid].ID = id
				return nil
			})
		})
		if err != nil {
			return fmt.Errorf("insert assets: %w", err)
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
		if err := db.byKeys(ctx); err != nil {
			return err
		}
		names := map[harrier.ID][]string{}
		rows := make([][]any, 0, len(list))
		ids := make([]int64, len(list))
		for i, a := range list {
			ids[i] = int64(a.ID)
		}
		err := in(db, "id", ids, nil, func(condition string, args []any) error {
			return db.rows(ctx, "SELECT id, names FROM asset WHERE "+condition, args, func(scan func(...any) error) error {
				var id harrier.ID
				var known []string
				err := scan(&id, document{&known})
				names[id] = known
				return err
			})
		})
		if err != nil {
			return fmt.Errorf("update assets: %w", err)
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
	ids := make([]int64, len(list))
	for i, a := range list {
		ids[i] = int64(a.ID)
		for _, name := range a.Names {
			rows = append(rows, []any{int64(a.ID), clean(name)})
		}
	}
	err := in(db, "asset", ids, nil, func(condition string, args []any) error {
		_, err := db.exec(ctx, "DELETE FROM asset_name WHERE "+condition, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("names of assets: %w", err)
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
		if err := db.byKeys(ctx); err != nil {
			return err
		}
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
	if len(order) == 0 {
		return nil
	}
	names := make([]string, len(order))
	for i, k := range order {
		names[i] = k.name
	}
	err := in(db, "name", names, []any{int64(list[0].Scan)}, func(condition string, args []any) error {
		text := "SELECT name, addr, idx FROM scan_host WHERE scan = $1 AND " + condition
		if db.driver == postgresDialect { // see AssetsAt
			text = `SELECT h.name, h.addr, h.idx FROM unnest($2::text[]) AS r (name) CROSS JOIN LATERAL
				(SELECT name, addr, idx FROM scan_host WHERE scan = $1 AND name = r.name OFFSET 0) AS h`
		}
		return db.rows(ctx, text, args, func(scan func(...any) error) error {
			var k title
			var index int
			err := scan(&k.name, &k.addr, &index)
			for _, h := range fresh[k] {
				h.Index = index
			}
			return err
		})
	})
	if err != nil {
		return err
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
