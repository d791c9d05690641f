package vuln

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/harrier-scan/harrier"
)

// entry is a line of the catalogue with what it is mostly searched and sorted by.
type entry struct {
	id                         harrier.VulnID
	severity                   harrier.Severity
	score                      uint8
	slug, name                 string
	added, modified, published int64 // microseconds
	cvss2, cvss3, risk         float64
}

// listing is the whole catalogue by rising slug, as of one moment, and the
// answers to the last questions. It never changes but for these.
type listing struct {
	of      *catalog
	version string
	list    []entry

	mu      sync.Mutex
	answers []answer
}

// answer is what a condition holds for: places in the list.
type answer struct {
	question string
	places   []int32
}

// maxAnswers is how many answers are kept: clients walk through one page by page.
const maxAnswers = 8

func entryOf(v *harrier.Vulnerability) entry {
	number := func(field string) int64 {
		n, _ := v.Values(field)[0].(int64)
		return n
	}
	risk, _ := v.Values("risk")[0].(float64)
	return entry{
		id: v.ID, slug: strings.ToLower(v.Slug), name: v.Name, severity: v.Severity, score: uint8(min(v.SeverityScore(), 10)), //nolint:gosec // 1 to 10
		added: number("added_at"), modified: number("modified_at"), published: number("published"), cvss2: v.CVSS2Score, cvss3: v.CVSS3Score, risk: risk,
	}
}

// value tells a field that stands in the list itself.
func (e *entry) value(field string) (any, bool) {
	switch field {
	case "vulnerability":
		return int64(e.id), true
	case "slug":
		return e.slug, true
	case "name":
		return e.name, true
	case "severity":
		return int64(e.severity), true
	case "severity_score":
		return int64(e.score), true
	case "added_at":
		return e.added, true
	case "modified_at":
		return e.modified, true
	case "published":
		return e.published, true
	case "cvss2":
		return e.cvss2, true
	case "cvss3":
		return e.cvss3, true
	case "risk":
		return e.risk, true
	}
	return nil, false
}

// listed returns the catalogue as a list. The first question after a change of
// content waits until every definition was read.
func (r *Room) listed(ctx context.Context) (*listing, error) {
	version := r.ContentVersion(ctx)
	of := r.catalog.Load()
	r.listing.Lock()
	defer r.listing.Unlock()
	if l := r.listing.last; l != nil && l.of == of && l.version == version {
		return l, nil
	}
	l := &listing{of: of, version: version}
	for i := range of.all {
		l.list = append(l.list, entryOf(&of.all[i]))
	}
	if k := r.known(); k != nil {
		for _, f := range k.Families() {
			lights, err := k.Family(f.Name, 0, 0)
			if err != nil {
				return nil, fmt.Errorf("list the catalogue: %w", err)
			}
			for _, light := range lights {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				v, found, err := k.Vulnerability(light.ID)
				if err != nil {
					return nil, fmt.Errorf("list the catalogue: %w", err)
				}
				if found {
					l.list = append(l.list, entryOf(&v))
				}
			}
		}
	}
	slices.SortFunc(l.list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.slug, b.slug), cmp.Compare(a.id, b.id)) })
	r.listing.last = l
	return l, nil
}

// Search returns a part of the catalogue that e holds for, and where to go on. E
// is over the fields of harrier.Vulnerability.Values. The order is that of a Walk
// by vulnerability, severity, severity_score, slug, name, added_at, modified_at,
// published, cvss2, cvss3 or risk, slugs in lower case. It answers Invalid for
// another order.
func (r *Room) Search(ctx context.Context, e harrier.Expr, w harrier.Walk) (harrier.Found[harrier.Vulnerability], error) {
	out := harrier.Found[harrier.Vulnerability]{}
	var none entry
	for _, o := range w.Sort {
		if _, known := none.value(o.Field); !known {
			return out, harrier.Invalidf("sort", "%q can not be sorted by", o.Field)
		}
	}
	if w.After != nil && len(w.After) != len(w.Sort)+1 {
		return out, harrier.Invalidf("after", "is no position in this order")
	}
	l, err := r.listed(ctx)
	if err != nil {
		return out, err
	}
	places, err := r.holding(ctx, l, e)
	if err != nil {
		return out, err
	}
	position := func(at int32) []any {
		one := make([]any, 0, len(w.Sort)+1)
		for _, o := range w.Sort {
			v, _ := l.list[at].value(o.Field)
			one = append(one, v)
		}
		return append(one, int64(l.list[at].id))
	}
	if len(w.Sort) != 1 || w.Sort[0] != (harrier.Order{Field: "slug"}) { // the list is in that one
		positions := make(map[int32][]any, len(places))
		for _, at := range places {
			positions[at] = position(at)
		}
		places = slices.Clone(places)
		slices.SortFunc(places, func(a, b int32) int { return harrier.ComparePositions(w.Sort, positions[a], positions[b]) })
	}
	from := min(w.Offset, len(places))
	if w.After != nil {
		var found bool
		from, found = slices.BinarySearchFunc(places, w.After, func(at int32, after []any) int {
			return harrier.ComparePositions(w.Sort, position(at), after)
		})
		if found {
			from++
		}
	}
	end := len(places)
	if w.Limit > 0 {
		end = min(from+w.Limit, end)
	}
	if out.Total = len(places); w.NoTotal {
		out.Total = -1
	}
	for _, at := range places[from:end] {
		v, err := r.Vulnerability(ctx, l.list[at].id)
		if err != nil && harrier.KindOf(err) == harrier.NotFound { // the content is another one meanwhile
			continue
		}
		if err != nil {
			return out, err
		}
		out.Rows, out.Positions = append(out.Rows, v), append(out.Positions, position(at))
	}
	return out, nil
}

// holding returns the places of what e holds for. Definitions are read only where
// e asks for what the list does not have.
func (r *Room) holding(ctx context.Context, l *listing, e harrier.Expr) ([]int32, error) {
	question := fmt.Sprintf("%#v", e)
	l.mu.Lock()
	for _, a := range l.answers {
		if a.question == question {
			l.mu.Unlock()
			return a.places, nil
		}
	}
	l.mu.Unlock()
	holds, places := harrier.NewMatcher(e), []int32{}
	for i := range l.list {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		one := &l.list[i]
		var whole *harrier.Vulnerability
		if holds(func(field string) []any {
			if v, ok := one.value(field); ok {
				return []any{v}
			}
			if whole == nil {
				v, _ := r.Lookup(one.id) // one that is gone has no value
				whole = &v
			}
			return whole.Values(field)
		}) {
			places = append(places, int32(i)) //nolint:gosec // some hundred thousand
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.answers) >= maxAnswers {
		l.answers = l.answers[1:]
	}
	l.answers = append(slices.Clone(l.answers), answer{question, places})
	return places, nil
}
