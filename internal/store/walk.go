package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

// walkKey is something that assets are sorted by.
type walkKey struct {
	sql  string // an expression
	kind any    // a value of the type of its values
	// of works out what to sort by where it does not stand in the table; nil where
	// it does.
	of func(id harrier.ID, value string) any
}

// walkKey returns what to sort by for a field.
func (db *DB) walkKey(ctx context.Context, field string, altered *shown) (walkKey, error) {
	switch {
	case slices.Contains(harrier.OSFields, field):
		names, err := db.systems(ctx)
		return walkKey{systemKey, "", func(_ harrier.ID, key string) any { return names[key].Value(field) }}, err
	case tallied[field] != nil:
		counts, err := db.tallies(ctx, tallied[field])
		return walkKey{"''", int64(0), func(id harrier.ID, _ string) any { return int64(counts[id]) }}, err
	case field == "address":
		if db.driver == postgresDialect {
			return walkKey{sql: `encode(addr_key, 'hex') COLLATE "C"`, kind: ""}, nil
		}
		return walkKey{sql: "lower(hex(addr_key))", kind: ""}, nil
	}
	f := assetFields[field]
	switch {
	case shownFields[field] != nil && len(altered.assets) > 0:
		return altered.order(field), nil
	case f.sort == "":
		return walkKey{}, harrier.Invalidf("sort", "%q can not be sorted by", field)
	case f.decimal != "":
		return walkKey{sql: f.sort, kind: float64(0)}, nil
	case f.text == "":
		return walkKey{sql: f.sort, kind: int64(0)}, nil
	case db.driver == postgresDialect:
		return walkKey{sql: "(" + f.sort + `) COLLATE "C"`, kind: ""}, nil
	}
	return walkKey{sql: f.sort, kind: ""}, nil
}

// checkWalk answers Invalid for a position that is none in the order.
func checkWalk(keys []walkKey, w harrier.Walk) error {
	if w.Limit < 0 || w.Offset < 0 {
		return harrier.Invalidf("limit", "is negative")
	}
	if w.After == nil {
		return nil
	}
	bad := harrier.Invalidf("after", "is no position in this order")
	if len(w.After) != len(keys)+1 {
		return bad
	}
	for i, value := range w.After {
		var kind any = int64(0)
		if i < len(keys) {
			kind = keys[i].kind
		}
		if fmt.Sprintf("%T", kind) != fmt.Sprintf("%T", value) {
			return bad
		}
	}
	return nil
}

// WalkAssets returns a part of the assets that e holds for, with the counts of
// their open findings as they show under the exceptions that are in force now. It answers Invalid, naming the field, for what can not be
// searched or sorted by.
func (db *DB) WalkAssets(ctx context.Context, e harrier.Expr, w harrier.Walk) (harrier.Found[harrier.Asset], error) {
	out := harrier.Found[harrier.Asset]{Total: -1}
	altered := new(shown)
	e, err := preparer{db, ctx, altered}.expr(e, false)
	if err == nil {
		err = altered.read(ctx, db)
	}
	if err != nil {
		return out, err
	}
	keys := make([]walkKey, len(w.Sort))
	for i, o := range w.Sort {
		if keys[i], err = db.walkKey(ctx, o.Field, altered); err != nil {
			return out, err
		}
	}
	if err := checkWalk(keys, w); err != nil {
		return out, err
	}
	c := condition{db: db, fields: assetFields}
	where, err := c.where(e)
	if err != nil {
		return out, err
	}
	var ids []harrier.ID
	fetch := func() error { return db.fetchAssets(ctx, ids, altered, &out) }
	total := 0
	ok, err := db.answer(ctx, e, func(v *columns.View, e harrier.Expr) (err error) {
		if w.Limit == 0 || w.Limit > mostRows {
			return columns.ErrUnknown
		}
		ids, out.Positions, total, err = v.Walk(e, w, altered.counts())
		return err
	}, fetch)
	if err != nil {
		return out, err
	}
	if !ok {
		if ids, out.Positions, err = db.walk(ctx, c, where, keys, w); err != nil {
			return out, err
		}
		if !w.NoTotal {
			if _, err := db.one(ctx, "SELECT count(*) FROM asset WHERE "+where, c.args, &total); err != nil {
				return out, fmt.Errorf("count assets: %w", err)
			}
		}
		if err := fetch(); err != nil {
			return out, err
		}
	}
	if !w.NoTotal {
		out.Total = total
	}
	return out, nil
}

// fetchAssets reads the rows of ids, which are those of the positions of out, with
// what shows of their open findings. What is gone meanwhile is left out.
func (db *DB) fetchAssets(ctx context.Context, ids []harrier.ID, altered *shown, out *harrier.Found[harrier.Asset]) error {
	found := make(map[harrier.ID]harrier.Asset, len(ids))
	err := byIDs(ids, func(where string, args []any) error {
		list, err := assets.list(ctx, db, where, args...)
		for _, a := range list {
			if one := altered.assets[a.ID]; one != nil {
				a.Open = one.Open
			}
			found[a.ID] = a
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read assets: %w", err)
	}
	out.Rows = out.Rows[:0]
	var positions [][]any
	for i, id := range ids {
		if a, ok := found[id]; ok {
			out.Rows, positions = append(out.Rows, a), append(positions, out.Positions[i])
		}
	}
	out.Positions = positions
	return nil
}

// walk returns the IDs and positions of a page.
func (db *DB) walk(ctx context.Context, c condition, where string, keys []walkKey, w harrier.Walk) (ids []harrier.ID, positions [][]any, err error) {
	apart := slices.ContainsFunc(keys, func(k walkKey) bool { return k.of != nil })
	c.args = slices.Clone(c.args)
	text := "SELECT id"
	for _, k := range keys {
		text += ", " + k.sql
	}
	text += " FROM asset WHERE " + where
	if !apart {
		if w.After != nil {
			text += " AND " + c.behind(keys, w)
		}
		text += " ORDER BY "
		for i, k := range keys {
			text += k.sql + direction(w.Sort[i].Desc) + ", "
		}
		text += "id" + page(&c, harrier.SumQuery{Limit: w.Limit, Offset: w.Offset})
	}
	type row struct {
		id       harrier.ID
		position []any
	}
	var rows []row
	err = db.rows(ctx, text, c.args, func(scan func(...any) error) error {
		r := row{position: make([]any, 0, len(keys)+1)}
		numbers, decimals, texts := make([]int64, len(keys)), make([]float64, len(keys)), make([]string, len(keys))
		to := []any{&r.id}
		for i, k := range keys {
			_, whole := k.kind.(int64)
			_, decimal := k.kind.(float64)
			switch {
			case decimal && k.of == nil:
				to = append(to, &decimals[i])
			case whole && k.of == nil:
				to = append(to, &numbers[i])
			default:
				to = append(to, &texts[i])
			}
		}
		if err := scan(to...); err != nil {
			return err
		}
		for i, k := range keys {
			switch v := to[i+1].(type) {
			case *int64:
				r.position = append(r.position, *v)
			case *float64:
				r.position = append(r.position, *v)
			default:
				if k.of != nil {
					r.position = append(r.position, k.of(r.id, texts[i]))
				} else {
					r.position = append(r.position, texts[i])
				}
			}
		}
		r.position = append(r.position, int64(r.id))
		if !apart || w.After == nil || harrier.ComparePositions(w.Sort, r.position, w.After) > 0 {
			rows = append(rows, r)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("search assets: %w", err)
	}
	if apart {
		slices.SortFunc(rows, func(a, b row) int { return harrier.ComparePositions(w.Sort, a.position, b.position) })
		rows = rows[min(w.Offset, len(rows)):]
		if w.Limit > 0 {
			rows = rows[:min(w.Limit, len(rows))]
		}
	}
	for _, r := range rows {
		ids, positions = append(ids, r.id), append(positions, r.position)
	}
	return ids, positions, nil
}

func direction(desc bool) string {
	if desc {
		return " DESC"
	}
	return ""
}

// behind is the condition that a row comes after a position. The first key
// bounds the rows by itself, so that an index on it serves.
func (c *condition) behind(keys []walkKey, w harrier.Walk) string {
	values := make([]string, len(w.After))
	for i, v := range w.After {
		kind := map[string]string{"int64": "BIGINT", "float64": "DOUBLE PRECISION", "string": "TEXT"}[fmt.Sprintf("%T", v)]
		if s, ok := v.(string); ok {
			v = clean(s)
		}
		values[i] = "CAST(" + c.parameter(v) + " AS " + kind + ")"
	}
	text := "id > " + values[len(keys)]
	for i := len(keys) - 1; i >= 0; i-- {
		than := ">"
		if w.Sort[i].Desc {
			than = "<"
		}
		first := strings.Join([]string{keys[i].sql, than, values[i]}, " ")
		text = "(" + first + " OR (" + keys[i].sql + " = " + values[i] + " AND " + text + "))"
		if i == 0 {
			text = "(" + keys[i].sql + " " + than + "= " + values[i] + " AND " + text + ")"
		}
	}
	return text
}
