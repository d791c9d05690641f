package store

import (
	"context"
	"fmt"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

// ChangesOf tells for each of the assets which of its findings that e holds for
// were open at the second of two instants only, at the first only, and with same
// at both. They show as they do under the exceptions at time at. It is answered
// from all intervals, so that every instant is exact, whatever scans went on
// then. It answers Invalid, naming the field, for what can not be searched by.
func (db *DB) ChangesOf(
	ctx context.Context, ids []harrier.ID, e harrier.Expr, from, to time.Time, same bool, at time.Time,
) ([]harrier.Changes, error) {
	e, err := db.prepare(ctx, e)
	if err != nil {
		return nil, err
	}
	c, j, err := db.judging(ctx, at)
	if err != nil {
		return nil, err
	}
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = int64(id)
	}
	within := harrier.And{harrier.Cmp{Field: "asset", Op: harrier.Eq, Values: values}}
	if e != nil {
		within = append(within, e)
	}
	where, err := c.where(within)
	if err != nil {
		return nil, err
	}
	deltas := map[harrier.ID]*harrier.Delta{}
	put := func(asset, id harrier.ID, first, second bool) {
		if first == second && (!first || !same) {
			return
		}
		if deltas[asset] == nil {
			deltas[asset] = new(harrier.Delta)
		}
		deltas[asset].Put(id, first, second)
	}
	ok, err := db.answer(ctx, within, func(v *columns.View, e harrier.Expr) error {
		clear(deltas)
		return v.Changes(e, from, to, at, put)
	}, nil)
	if err == nil && !ok {
		clear(deltas)
		err = db.changed(ctx, c, where, from, to, same, put)
	}
	if err != nil {
		return nil, err
	}
	return db.changes(ctx, ids, deltas, j)
}

// changed calls put for the findings that may have been open at one of the
// instants but, without same, not at both.
func (db *DB) changed(
	ctx context.Context, c condition, where string, from, to time.Time, same bool, put func(asset, id harrier.ID, first, second bool),
) error {
	first, second := "CAST("+c.parameter(from.UnixMicro())+" AS BIGINT)", "CAST("+c.parameter(to.UnixMicro())+" AS BIGINT)"
	open := func(at string) string { return "(opened <= " + at + " AND (closed = 0 OR closed > " + at + "))" }
	// One with older intervals may have been open in any of them.
	some := "(older > 0 OR " + open(first) + " <> " + open(second) + ")"
	if same {
		some = "(older > 0 OR " + open(first) + " OR " + open(second) + ")"
	}
	var list []*harrier.Finding
	var chains []*harrier.Finding
	err := db.rows(ctx, "SELECT id, asset, older, opened, last_seen, closed FROM finding WHERE "+where+" AND "+some, c.args,
		func(scan func(...any) error) error {
			f := new(harrier.Finding)
			var older int
			var opened, last, closed int64
			err := scan(&f.ID, &f.Asset, &older, &opened, &last, &closed)
			f.Intervals = chain(older, opened, last, closed)
			if list = append(list, f); older > 0 {
				chains = append(chains, f)
			}
			return err
		})
	if err != nil {
		return fmt.Errorf("compare findings: %w", err)
	}
	if err := db.olderIntervals(ctx, chains); err != nil {
		return err
	}
	for _, f := range list {
		put(f.Asset, f.ID, f.OpenAt(from), f.OpenAt(to))
	}
	return nil
}

// changes reads the findings of deltas.
func (db *DB) changes(ctx context.Context, ids []harrier.ID, deltas map[harrier.ID]*harrier.Delta, j judged) ([]harrier.Changes, error) {
	var rows []columns.Row
	for _, d := range deltas {
		d.Sort()
		for _, list := range [][]harrier.ID{d.New, d.Remediated, d.Same} {
			for _, id := range list {
				rows = append(rows, columns.Row{ID: id})
			}
		}
	}
	found, err := db.findingsByID(ctx, rows)
	if err != nil {
		return nil, fmt.Errorf("read findings: %w", err)
	}
	out := make([]harrier.Changes, len(ids))
	pick := func(list []harrier.ID) []harrier.JudgedFinding {
		some := make([]harrier.JudgedFinding, 0, len(list))
		for _, id := range list {
			if f := found[id]; f != nil { // else it is gone meanwhile
				some = append(some, harrier.JudgedFinding{Finding: *f})
			}
		}
		return some
	}
	for i, id := range ids {
		d := deltas[id]
		if d == nil {
			continue
		}
		out[i] = harrier.Changes{New: pick(d.New), Remediated: pick(d.Remediated), Same: pick(d.Same)}
		if !j.rules {
			continue
		}
		for _, list := range [][]harrier.JudgedFinding{out[i].New, out[i].Remediated, out[i].Same} {
			if err := db.judge(ctx, j, list); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
