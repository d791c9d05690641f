package store

import (
	"context"
	"fmt"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

// mostRows is how many rows the copy in memory tells at once: more of them SQL
// finds itself, which has to read them anyway.
const mostRows = 10_000

// ofColumns is p for the copy in memory; false for what SQL reads as fast.
func (p Page) ofColumns() (columns.Page, bool) {
	out := columns.Page{Sort: p.Sort, Desc: p.Desc, Limit: p.Limit, Offset: p.Offset, After: p.After}
	if p.Limit == 0 {
		out.Limit = mostRows + 1
	}
	return out, p.Limit <= mostRows && p.Limit >= 0 && p.Offset >= 0
}

// findingsFromView answers a page of findings from the copy in memory, judged
// ones when at is not nil; false when SQL has to. What was deleted after the
// copy had answered is left out.
func (db *DB) findingsFromView(ctx context.Context, e harrier.Expr, p Page, at *time.Time) ([]harrier.JudgedFinding, int, bool, error) {
	page, ok := p.ofColumns()
	if !ok {
		return nil, 0, false, nil
	}
	var rows []columns.Row
	var total int
	out := []harrier.JudgedFinding{}
	ok, err := db.answer(ctx, e, func(c *columns.View, e harrier.Expr) (err error) {
		rows, total, err = c.Findings(e, page, at)
		if len(rows) > mostRows {
			return columns.ErrUnknown
		}
		return err
	}, func() error {
		found, err := db.findingsByID(ctx, rows)
		out = out[:0]
		for _, r := range rows {
			if f := found[r.ID]; f != nil {
				out = append(out, harrier.JudgedFinding{Finding: *f, Accepted: r.Accepted, Recast: r.Recast})
				out[len(out)-1].Severity = r.Severity
			}
		}
		return err
	})
	if p.NoTotal {
		total = -1
	}
	return out, total, ok, err
}

func (db *DB) findingsByID(ctx context.Context, rows []columns.Row) (map[harrier.ID]*harrier.Finding, error) {
	ids := make([]harrier.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	out := make(map[harrier.ID]*harrier.Finding, len(ids))
	err := byIDs(ids, func(where string, args []any) error {
		list, err := db.findings(ctx, where, args...)
		for _, f := range list {
			out[f.ID] = f
		}
		return err
	})
	return out, err
}

// byIDs calls read with the condition that the id is one of ids, for some at a
// time.
func byIDs(ids []harrier.ID, read func(where string, args []any) error) error {
	const most = 1000
	for len(ids) > 0 {
		part := ids[:min(most, len(ids))]
		ids = ids[len(part):]
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = int64(id)
		}
		if err := read("WHERE id IN ("+placeholders(len(args))+")", args); err != nil {
			return err
		}
	}
	return nil
}

// assetsFromView answers a page of assets from the copy in memory; false when
// SQL has to.
func (db *DB) assetsFromView(ctx context.Context, e harrier.Expr, p Page) ([]harrier.Asset, int, bool, error) {
	page, ok := p.ofColumns()
	if !ok {
		return nil, 0, false, nil
	}
	var ids []harrier.ID
	var total int
	var out []harrier.Asset
	ok, err := db.answer(ctx, e, func(c *columns.View, e harrier.Expr) (err error) {
		ids, total, err = c.Assets(e, page)
		if len(ids) > mostRows {
			return columns.ErrUnknown
		}
		return err
	}, func() error {
		found := make(map[harrier.ID]harrier.Asset, len(ids))
		err := byIDs(ids, func(where string, args []any) error {
			list, err := assets.list(ctx, db, where, args...)
			for _, a := range list {
				found[a.ID] = a
			}
			return err
		})
		out = out[:0]
		for _, id := range ids {
			if a, ok := found[id]; ok {
				out = append(out, a)
			}
		}
		return err
	})
	if p.NoTotal {
		total = -1
	}
	return out, total, ok, err
}

// FindingsBetween tells for each of the assets what changed on it between two
// instants. It is answered from all intervals.
func (db *DB) FindingsBetween(ctx context.Context, ids []harrier.ID, from, to time.Time) ([]harrier.Delta, error) {
	out := make([]harrier.Delta, len(ids))
	ok, err := db.answer(ctx, nil, func(c *columns.View, _ harrier.Expr) error {
		for i, id := range ids {
			out[i] = c.Between(id, from, to)
		}
		return nil
	}, nil)
	if ok || err != nil {
		return out, err
	}
	for i, id := range ids {
		list, err := db.findings(ctx, findingsOfAsset, int64(id))
		if err != nil {
			return nil, fmt.Errorf("compare findings: %w", err)
		}
		out[i] = harrier.Delta{}
		for _, f := range list {
			out[i].Add(f, from, to)
		}
		out[i].Sort()
	}
	return out, nil
}
