package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Spots returns where the next assets have a subject: those with an ID above
// after, by rising ID, at most so many of them.
func (db *DB) Spots(ctx context.Context, subject, after harrier.ID, assets int) ([]harrier.Spot, error) {
	const text = `SELECT a.asset, h.repository, h.last_scan, h.os, h.os_cpe, a.protocol, a.port, a.instance, s.data
		FROM asset_thing a JOIN asset h ON h.id = a.asset
		LEFT JOIN service s ON s.asset = a.asset AND s.protocol = a.protocol AND s.port = a.port
		WHERE a.thing = $1 AND a.asset > $2 AND a.asset <= (SELECT max(asset) FROM (
			SELECT DISTINCT asset FROM asset_thing WHERE thing = $1 AND asset > $2 ORDER BY asset LIMIT $3) n)
		ORDER BY a.asset`
	var out []harrier.Spot
	t := db.tx(ctx)
	err := db.rows(ctx, text, []any{int64(subject), int64(after), int64(assets)}, func(scan func(...any) error) error {
		var p harrier.Spot
		var repository harrier.ID
		var data []byte
		if err := scan(&p.Asset, &repository, &p.LastScan, &p.OS, &p.OSCPE, &p.Protocol, &p.Port, &p.Key, &data); err != nil {
			return err
		}
		t.placeAsset(p.Asset, repository)
		if data != nil {
			if err := db.pack.fromJSON(data, &p.Service); err != nil {
				return err
			}
			p.Service.Asset = p.Asset
		}
		out = append(out, p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read where subject %d is: %w", subject, err)
	}
	return out, nil
}

// placeAsset notes the repository of an asset, see learnRepository. A nil t has
// no memory.
func (t *tx) placeAsset(asset, repository harrier.ID) {
	if t == nil {
		return
	}
	if t.repositories == nil {
		t.repositories = map[harrier.ID]harrier.ID{}
	}
	t.repositories[asset] = repository
}

// FindingsAt returns the findings of some vulnerabilities where the assets with
// IDs from first to last have a subject, with all of their intervals.
func (db *DB) FindingsAt(ctx context.Context, subject, first, last harrier.ID, vulns []harrier.VulnID) ([]*harrier.Finding, error) {
	var out []*harrier.Finding
	for part := range slices.Chunk(vulns, 500) {
		args := []any{int64(subject), int64(first), int64(last)}
		marks := make([]byte, 0, 5*len(part))
		for i, id := range part {
			if i > 0 {
				marks = append(marks, ',')
			}
			args = append(args, int64(id))
			marks = fmt.Appendf(marks, "$%d", len(args))
		}
		list, err := db.findings(ctx, `WHERE id IN (SELECT f.id FROM asset_thing a
			JOIN finding f ON f.asset = a.asset AND f.protocol = a.protocol AND f.port = a.port AND f.instance = a.instance
			WHERE a.thing = $1 AND a.asset BETWEEN $2 AND $3 AND f.vuln IN (`+string(marks)+`))`, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	db.tx(ctx).remember(out...)
	return out, nil
}

// PutAsks stores what is asked about subjects, by their IDs, where that differs
// from what is stored, and returns of how many it does.
func (db *DB) PutAsks(ctx context.Context, of map[harrier.ID][]string) (changed int, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		changed = 0
		for ids := range slices.Chunk(slices.Sorted(maps.Keys(of)), 500) {
			n, err := db.putAsks(ctx, ids, of)
			if err != nil {
				return fmt.Errorf("put what is asked: %w", err)
			}
			changed += n
		}
		return nil
	})
	return changed, err
}

func (db *DB) putAsks(ctx context.Context, ids []harrier.ID, of map[harrier.ID][]string) (changed int, err error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	have := map[harrier.ID][]string{}
	err = db.rows(ctx, "SELECT thing, name FROM thing_key WHERE thing IN ("+placeholders(len(args))+")", args, func(scan func(...any) error) error {
		var id harrier.ID
		var name string
		err := scan(&id, &name)
		have[id] = append(have[id], name)
		return err
	})
	if err != nil {
		return 0, err
	}
	var gone, fresh [][]any
	for _, id := range ids {
		asks := make([]string, len(of[id]))
		for i, a := range of[id] {
			asks[i] = clean(a)
		}
		slices.Sort(asks)
		asks = slices.Compact(asks)
		old := have[id]
		slices.Sort(old)
		if slices.Equal(asks, old) {
			continue
		}
		changed++
		for _, name := range old {
			if _, kept := slices.BinarySearch(asks, name); !kept {
				gone = append(gone, []any{name, int64(id)})
			}
		}
		for _, name := range asks {
			fresh = append(fresh, []any{name, int64(id)})
		}
	}
	for _, g := range gone {
		if _, err := db.exec(ctx, "DELETE FROM thing_key WHERE name = $1 AND thing = $2", g...); err != nil {
			return 0, err
		}
	}
	_, err = db.bulk(ctx, "INSERT INTO thing_key (name, thing) VALUES ($1, $2) ON CONFLICT DO NOTHING", fresh)
	return changed, err
}
