package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// resolve replaces comparisons with what only the JSON of definitions has by
// such with the vulnerabilities that they hold for, when there is a copy in
// memory to be asked.
func (db *DB) resolve(ctx context.Context, e harrier.Expr) (harrier.Expr, error) {
	var err error
	parts := func(list []harrier.Expr) []harrier.Expr {
		out := make([]harrier.Expr, len(list))
		for i, p := range list {
			if out[i], err = db.resolve(ctx, p); err != nil {
				return nil
			}
		}
		return out
	}
	switch e := e.(type) {
	case harrier.And:
		return harrier.And(parts(e)), err
	case harrier.Or:
		return harrier.Or(parts(e)), err
	case harrier.Not:
		of, err := db.resolve(ctx, e.Of)
		return harrier.Not{Of: of}, err
	case harrier.Has:
		of, err := db.resolve(ctx, e.Of)
		return harrier.Has{Of: of}, err
	case harrier.OfAsset: // its fields are not those of findings
		return e, nil
	case harrier.Cmp:
		if f := assetFields[e.Field]; f.asked {
			return db.resolveAssets(ctx, e)
		}
		f, ok := findingFields[e.Field]
		if !ok || f.body == "" && !strings.HasPrefix(f.decimal, inBody) {
			return e, nil
		}
		return db.resolveBody(ctx, f, e)
	}
	return e, nil
}

// resolveAssets replaces a comparison with what only SQL has by the assets that
// it holds for.
func (db *DB) resolveAssets(ctx context.Context, e harrier.Cmp) (harrier.Expr, error) {
	negative := e.Op == harrier.Ne || e.Op == harrier.Lacks
	if negative {
		e.Op = opposite[e.Op]
	}
	where := condition{db: db, fields: assetFields}
	text, err := where.compare(e)
	if err != nil {
		return nil, err
	}
	out := harrier.Cmp{Field: "id", Op: harrier.Eq}
	err = db.rows(ctx, "SELECT id FROM asset WHERE "+text, where.args, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		out.Values = append(out.Values, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search assets: %w", err)
	}
	if negative {
		return harrier.Not{Of: out}, nil
	}
	return out, nil
}

// maxBodies is how many answers about the JSON of definitions are kept.
const maxBodies = 64

func (db *DB) resolveBody(ctx context.Context, f field, e harrier.Cmp) (harrier.Expr, error) {
	// What is kept has to be as new as the copy.
	c, _, release := db.read(ctx)
	if c == nil {
		return e, nil
	}
	release()
	out := harrier.Cmp{Field: "vulnerability", Op: harrier.Eq}
	negative := e.Op == harrier.Ne || e.Op == harrier.Lacks
	if negative {
		e.Op = opposite[e.Op]
	}
	f.within = ""
	where := condition{db: db, fields: map[string]field{e.Field: f}}
	text := where.positive(f, e)
	bodies, key := &db.view.bodies, text+fmt.Sprint(where.args...)
	bodies.Lock()
	ids, known := bodies.ids[key]
	turn := bodies.turn
	bodies.Unlock()
	if !known {
		err := db.rows(ctx, "SELECT id FROM vulnerability WHERE "+text, where.args, func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("search definitions: %w", err)
		}
		bodies.Lock()
		if len(bodies.ids) >= maxBodies || bodies.ids == nil {
			bodies.ids = map[string][]any{}
		}
		if bodies.turn == turn {
			bodies.ids[key] = ids
		}
		bodies.Unlock()
	}
	out.Values = ids
	if negative {
		return harrier.Not{Of: out}, nil
	}
	return out, nil
}

// forgetBodies forgets what definitions were asked when they changed.
func (v *view) forgetBodies(c changes) {
	if !c.vulns {
		return
	}
	v.bodies.Lock()
	defer v.bodies.Unlock()
	v.bodies.ids = nil
	v.bodies.turn++
}
