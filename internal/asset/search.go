package asset

import (
	"context"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// Walker finds assets, part by part. The method is that of the store package.
type Walker interface {
	WalkAssets(ctx context.Context, e harrier.Expr, w harrier.Walk) (harrier.Found[harrier.Asset], error)
}

// Search returns a part of the assets in by's scope that e holds for, in any
// order, and where to go on. Beside the fields of the store, e may compare
// "group", the names of asset lists that by sees and that hold the asset. It
// answers Invalid, naming the field, for what can not be searched or sorted by.
func (r *Room) Search(ctx context.Context, by harrier.Actor, e harrier.Expr, w harrier.Walk) (harrier.Found[harrier.Asset], error) {
	if err := may(by); err != nil {
		return harrier.Found[harrier.Asset]{}, err
	}
	walker, ok := r.store.(Walker)
	if !ok {
		return harrier.Found[harrier.Asset]{}, harrier.Errorf(harrier.Unavailable, "assets can not be searched here")
	}
	e, err := r.withGroups(ctx, by, e)
	if err != nil {
		return harrier.Found[harrier.Asset]{}, err
	}
	return walker.WalkAssets(ctx, by.Within(e), w)
}

// groupFields are the fields that lists of assets tell.
var groupFields = map[string]func(l harrier.AssetList) []any{
	"group": func(l harrier.AssetList) []any { return []any{l.Name} },
}

// withGroups replaces comparisons of groupFields by the conditions of the lists
// that they hold for.
func (r *Room) withGroups(ctx context.Context, by harrier.Actor, e harrier.Expr) (harrier.Expr, error) {
	var lists *Lists
	var all []harrier.AssetList
	var walk func(e harrier.Expr) (harrier.Expr, error)
	parts := func(list []harrier.Expr) ([]harrier.Expr, error) {
		out := make([]harrier.Expr, len(list))
		for i, p := range list {
			var err error
			if out[i], err = walk(p); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	walk = func(e harrier.Expr) (harrier.Expr, error) {
		switch e := e.(type) {
		case harrier.And:
			list, err := parts(e)
			return harrier.And(list), err
		case harrier.Or:
			list, err := parts(e)
			return harrier.Or(list), err
		case harrier.Not:
			of, err := walk(e.Of)
			return harrier.Not{Of: of}, err
		case harrier.Cmp:
			of, ok := groupFields[e.Field]
			if !ok {
				return e, nil
			}
			if lists == nil {
				store, ok := r.store.(ListStore)
				if !ok {
					return nil, harrier.Invalidf(e.Field, "can not be searched by")
				}
				lists = NewLists(store, time.Now)
				var err error
				if all, err = lists.All(ctx, by); err != nil {
					return nil, err
				}
			}
			return memberOf(ctx, by, lists, all, e, of)
		}
		return e, nil
	}
	return walk(e)
}

// memberOf is the condition that an asset is in a list that e holds for.
func memberOf(
	ctx context.Context, by harrier.Actor, lists *Lists, all []harrier.AssetList, e harrier.Cmp, of func(harrier.AssetList) []any,
) (harrier.Expr, error) {
	negative := slices.Contains([]harrier.Op{harrier.Ne, harrier.Lacks}, e.Op)
	if negative {
		e.Op = map[harrier.Op]harrier.Op{harrier.Ne: harrier.Eq, harrier.Lacks: harrier.Contains}[e.Op]
	}
	some := harrier.Or{}
	for _, l := range all {
		if !harrier.Matches(e, func(string) []any { return of(l) }) {
			continue
		}
		in, err := lists.Members(ctx, by, l.ID)
		if err != nil {
			return nil, err
		}
		some = append(some, in)
	}
	if negative {
		return harrier.Not{Of: some}, nil
	}
	return some, nil
}
