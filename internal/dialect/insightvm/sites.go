package insightvm

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// listSites lists the names of sites, each once. Whatever the body says is
// ignored.
//
// Source: section 9.1.
func (a api) listSites(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	p, err := q.page(usualSize, map[string]string{"name": "name", "type": "type"}, "name")
	if err != nil {
		return reply{}, err
	}
	const resource = "sites"
	last := ""
	if p.cursor != "" {
		values, err := p.position(resource, 1)
		if err != nil {
			return reply{}, err
		}
		last, _ = values[0].(string)
	}
	sites, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return reply{}, err
	}
	desc := false // all are of one type: the names alone tell them apart
	for _, o := range p.orders {
		if desc = o.desc; o.name == "name" {
			break
		}
	}
	compare := func(a, b string) int {
		c := cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
		if desc {
			return -c
		}
		return c
	}
	names := make([]string, len(sites))
	for i, s := range sites {
		names[i] = s.Name
	}
	slices.SortFunc(names, compare)
	names = slices.Compact(names)
	from := min(p.offset(), len(names))
	if p.cursor != "" {
		found := false
		if from, found = slices.BinarySearchFunc(names, last, compare); found {
			from++
		}
	}
	rows := []tag{}
	for _, name := range names[from:min(from+p.size, len(names))] {
		rows = append(rows, tag{name, "SITE"})
	}
	next := cursor{has: true}
	if n := len(rows); n > 0 {
		next = cursorOf(resource, p.orders, []any{rows[n-1].Name})
	}
	return q.paged(p, rows, len(rows), len(names), next, from+len(rows) < len(names)), nil
}
