package asset

import (
	"cmp"
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Order is one key of an order of assets: a field that Value tells.
type Order struct {
	Field string
	Desc  bool
}

// Place is where in an ordered list to begin: behind an asset with these values
// of the sort keys (without "id") and this ID, whether it is there still or not;
// or, with ID zero, after Offset assets.
type Place struct {
	Values []any // int64, float64 or string, as Value tells them
	ID     harrier.ID
	Offset int
}

// Value tells a field that assets can be ordered by: int64, float64 or string;
// false for what they can not be ordered by.
func Value(a *harrier.Asset, field string) (any, bool) {
	switch field {
	case "id":
		return int64(a.ID), true
	case "last_seen":
		return a.LastSeen.UnixMicro(), true
	case "critical":
		return int64(a.Open[harrier.Critical]), true
	case "high":
		return int64(a.Open[harrier.High]), true
	case "medium":
		return int64(a.Open[harrier.Medium]), true
	case "total":
		return int64(a.Open.Total() - a.Open[harrier.Info]), true
	case "risk":
		return a.RiskScore(), true
	case "importance":
		return int64(cmp.Or(a.Importance, 100)), true
	case "fqdn":
		return a.FQDN, true
	case "mac":
		return a.MAC, true
	case "device_type":
		return a.DeviceType, true
	case "os":
		return a.OS, true
	case "address":
		if !a.Addr.IsValid() {
			return "", true
		}
		return a.Addr.StringExpanded(), true
	}
	if slices.Contains(harrier.OSFields, field) {
		return harrier.PartsOfOS(a.OS, a.OSCPE, a.DeviceType).Value(field), true
	}
	return nil, false
}

// Walk lists the assets that e holds for, in the order of keys and then of IDs,
// these in the direction of the last key: at most limit from a place on, and how
// many e holds for in all. Every page of a walk by the places of last assets
// costs as much as the first where there is one key and it is a number; other
// orders are worked out anew for each. It answers Invalid for what assets can not
// be searched or ordered by.
func (r *Room) Walk(ctx context.Context, by harrier.Actor, e harrier.Expr, keys []Order, at Place, limit int) ([]harrier.Asset, int, error) {
	if len(keys) == 0 {
		keys = []Order{{Field: "id"}}
	}
	var none harrier.Asset
	for _, k := range keys {
		if _, known := Value(&none, k.Field); !known {
			return nil, 0, harrier.Invalidf("sort", "%q can not be sorted by", k.Field)
		}
	}
	first, _ := Value(&none, keys[0].Field)
	if _, text := first.(string); text || len(keys) > 1 { // of texts the databases have orders of their own
		return r.walkSorted(ctx, by, e, keys, at, limit)
	}
	page := Page{Sort: keys[0].Field, Desc: keys[0].Desc, Limit: limit, Offset: at.Offset}
	if at.ID == 0 {
		return r.Assets(ctx, by, e, page)
	}
	_, total, err := r.Assets(ctx, by, e, Page{Limit: 1})
	if err != nil {
		return nil, 0, err
	}
	rest := behind(keys[0], at)
	if e != nil {
		rest = harrier.And{e, rest}
	}
	page.Offset = 0
	list, _, err := r.Assets(ctx, by, rest, page)
	return list, total, err
}

// behind is the condition that an asset comes after a place in the order of a
// number.
func behind(key Order, at Place) harrier.Expr {
	than := harrier.Gt
	if key.Desc {
		than = harrier.Lt
	}
	id := harrier.Cmp{Field: "id", Op: than, Values: []any{int64(at.ID)}}
	if key.Field == "id" || len(at.Values) == 0 {
		return id
	}
	return harrier.Or{
		harrier.Cmp{Field: key.Field, Op: than, Values: at.Values[:1]},
		harrier.And{harrier.Cmp{Field: key.Field, Op: harrier.Eq, Values: at.Values[:1]}, id},
	}
}

// ranked is an asset with the values of its sort keys.
type ranked struct {
	harrier.Asset
	values []any
}

// walkSorted is Walk over all assets that e holds for.
func (r *Room) walkSorted(ctx context.Context, by harrier.Actor, e harrier.Expr, keys []Order, at Place, limit int) ([]harrier.Asset, int, error) {
	all, total, err := r.Assets(ctx, by, e, Page{})
	if err != nil {
		return nil, 0, err
	}
	compare := func(a, b ranked) int {
		for i, k := range keys {
			c := compareValues(a.values[i], b.values[i])
			if k.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		c := cmp.Compare(a.ID, b.ID)
		if keys[len(keys)-1].Desc {
			c = -c
		}
		return c
	}
	list := make([]ranked, len(all))
	for i := range all {
		list[i] = ranked{all[i], make([]any, len(keys))}
		for k, key := range keys {
			list[i].values[k], _ = Value(&all[i], key.Field)
		}
	}
	slices.SortFunc(list, compare)
	from := min(at.Offset, len(list))
	if at.ID != 0 {
		last := ranked{Asset: harrier.Asset{ID: at.ID}, values: make([]any, len(keys))}
		given := at.Values
		for k, key := range keys {
			switch {
			case key.Field == "id":
				last.values[k] = int64(at.ID)
			case len(given) > 0:
				last.values[k], given = given[0], given[1:]
			}
		}
		found := false
		if from, found = slices.BinarySearchFunc(list, last, compare); found {
			from++
		}
	}
	out := []harrier.Asset{}
	for _, one := range list[from:min(len(list), from+limit)] {
		out = append(out, one.Asset)
	}
	return out, total, nil
}

// compareValues orders texts, and numbers; what is neither is equal.
func compareValues(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y)
		}
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	}
	return 0
}
