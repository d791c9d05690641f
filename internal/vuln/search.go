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

// line is what searches of the whole catalogue ask most, of one definition:
// some hundred bytes, so that all of them are held in memory.
type line struct {
	id                         harrier.VulnID
	severity                   harrier.Severity
	exploited, exploit         bool
	slug                       string
	added, modified, published int64
	cvss, cvss2, cvss3, epss   float64
	risk                       float64
	severityScore              int64
}

func lineOf(v *harrier.Vulnerability) line {
	number := func(field string) int64 { n, _ := v.Values(field)[0].(int64); return n }
	decimal := func(field string) float64 { f, _ := v.Values(field)[0].(float64); return f }
	return line{
		id: v.ID, severity: v.Severity, exploited: v.Exploited, exploit: v.Exploit, slug: strings.Clone(v.Slug),
		added: number("added_at"), modified: number("modified_at"), published: number("published"),
		cvss: decimal("cvss"), cvss2: v.CVSS2Score, cvss3: v.CVSS3Score, epss: v.EPSS, risk: decimal("risk"), severityScore: number("severity_score"),
	}
}

// value tells a field; false for one that only the definition has.
func (l *line) value(field string) (any, bool) {
	switch field {
	case "vulnerability":
		return int64(l.id), true
	case "severity":
		return int64(l.severity), true
	case "exploited":
		return l.exploited, true
	case "exploit":
		return l.exploit, true
	case "slug":
		return l.slug, true
	case "added_at":
		return l.added, true
	case "modified_at":
		return l.modified, true
	case "published":
		return l.published, true
	case "cvss":
		return l.cvss, true
	case "cvss2":
		return l.cvss2, true
	case "cvss3":
		return l.cvss3, true
	case "epss":
		return l.epss, true
	case "risk":
		return l.risk, true
	case "severity_score":
		return l.severityScore, true
	}
	return nil, false
}

// lines are all definitions, by slug, as of one state of the catalogue.
type lines struct {
	catalog *catalog
	version string // of the content
	list    []line

	lock    sync.Mutex
	answers map[string][]int // of the conditions that were asked last: who they hold for
}

// maxAnswers is how many answers are kept for those who page through them.
const maxAnswers = 16

// searched keeps the lines; one caller makes them, others wait.
type searched struct {
	making sync.Mutex
	last   *lines
}

// everything returns the lines of the catalogue as it is now.
func (r *Room) everything(ctx context.Context) (*lines, error) {
	r.searched.making.Lock()
	defer r.searched.making.Unlock()
	c, version := r.catalog.Load(), r.ContentVersion(ctx)
	if last := r.searched.last; last != nil && last.catalog == c && last.version == version {
		return last, nil
	}
	out := &lines{catalog: c, version: version, answers: map[string][]int{}}
	seen := map[harrier.VulnID]bool{}
	for i := range c.all {
		out.list = append(out.list, lineOf(&c.all[i]))
		seen[c.all[i].ID] = true
	}
	add := func(id harrier.VulnID) error {
		if seen[id] {
			return ctx.Err()
		}
		seen[id] = true
		v, found, err := r.ofContent(ctx, id)
		if err == nil && found {
			out.list = append(out.list, lineOf(&v))
		}
		return cmp.Or(err, ctx.Err())
	}
	if k := r.known(); k != nil {
		for _, f := range k.Families() {
			list, err := k.Family(f.Name, 0, 0)
			if err != nil {
				return nil, fmt.Errorf("search vulnerabilities: %w", err)
			}
			for _, l := range list {
				if err := add(l.ID); err != nil {
					return nil, fmt.Errorf("search vulnerabilities: %w", err)
				}
			}
		}
	}
	for _, id := range r.kept.all() { // content that is gone and had findings
		if err := add(id); err != nil {
			return nil, fmt.Errorf("search vulnerabilities: %w", err)
		}
	}
	slices.SortFunc(out.list, func(a, b line) int { return cmp.Or(cmp.Compare(a.slug, b.slug), cmp.Compare(a.id, b.id)) })
	r.searched.last = out
	return out, nil
}

// Search returns a part of the catalogue: of the definitions that e holds for,
// in the fields of harrier.Vulnerability.Values. It answers Invalid, naming the
// field, for what can not be searched or sorted by.
func (r *Room) Search(ctx context.Context, e harrier.Expr, w harrier.Walk) (harrier.Found[harrier.Vulnerability], error) {
	out := harrier.Found[harrier.Vulnerability]{Total: -1}
	if err := checkFields(e); err != nil {
		return out, err
	}
	var none harrier.Vulnerability
	for _, o := range w.Sort {
		if len(none.Values(o.Field)) != 1 && !slices.Contains(optional, o.Field) {
			return out, harrier.Invalidf("sort", "%q can not be sorted by", o.Field)
		}
	}
	if w.Limit < 0 || w.Offset < 0 || w.After != nil && len(w.After) != len(w.Sort)+1 {
		return out, harrier.Invalidf("after", "is no position in this order")
	}
	all, err := r.everything(ctx)
	if err != nil {
		return out, err
	}
	hits, err := r.holding(ctx, all, e)
	if err != nil {
		return out, err
	}
	if !w.NoTotal {
		out.Total = len(hits)
	}
	page, positions, err := r.page(ctx, all, hits, w)
	if err != nil {
		return out, err
	}
	for i, n := range page {
		v, err := r.Vulnerability(ctx, all.list[n].id)
		if harrier.KindOf(err) == harrier.NotFound {
			continue // content changed meanwhile
		}
		if err != nil {
			return out, err
		}
		out.Rows, out.Positions = append(out.Rows, v), append(out.Positions, positions[i])
	}
	return out, nil
}

// optional are fields with one value or none.
var optional = []string{
	"cvss2_text", "cvss2_av", "cvss2_ac", "cvss2_au", "cvss2_c", "cvss2_i", "cvss2_a", "cvss3_text", "cvss3_av", "cvss3_ac", "cvss3_pr", "cvss3_ui",
	"cvss3_s", "cvss3_c", "cvss3_i", "cvss3_a", "pci_notes",
}

// plain are the fields of definitions that harrier.VulnerabilityFields are not.
var plain = []string{
	"vulnerability", "slug", "name", "family", "description", "severity", "cvss2", "cvss3", "epss", "exploited", "exploit", "published", "cve",
}

func checkFields(e harrier.Expr) error {
	parts := func(list []harrier.Expr) error {
		for _, p := range list {
			if err := checkFields(p); err != nil {
				return err
			}
		}
		return nil
	}
	switch e := e.(type) {
	case nil:
		return nil
	case harrier.And:
		return parts(e)
	case harrier.Or:
		return parts(e)
	case harrier.Not:
		return checkFields(e.Of)
	case harrier.Cmp:
		if _, ok := harrier.VulnerabilityFields[e.Field]; ok || slices.Contains(plain, e.Field) {
			return nil
		}
		return harrier.Invalidf(e.Field, "can not be searched by")
	}
	return harrier.Errorf(harrier.Invalid, "a condition on vulnerabilities can not be a %T", e)
}

// holding returns which lines e holds for.
func (r *Room) holding(ctx context.Context, all *lines, e harrier.Expr) ([]int, error) {
	key := fmt.Sprintf("%#v", e)
	all.lock.Lock()
	hits, ok := all.answers[key]
	all.lock.Unlock()
	if ok {
		return hits, nil
	}
	holds := harrier.NewMatcher(e)
	hits = []int{}
	for n := range all.list {
		l := &all.list[n]
		// Half of what is asked needs no definition: see whether this does.
		missing := false
		yes := holds(func(field string) []any {
			value, ok := l.value(field)
			missing = missing || !ok
			return []any{value}
		})
		if missing {
			v, err := r.Vulnerability(ctx, l.id)
			if err != nil && harrier.KindOf(err) != harrier.NotFound {
				return nil, err
			}
			yes = err == nil && holds(v.Values)
		}
		if yes {
			hits = append(hits, n)
		}
		if n&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	all.lock.Lock()
	defer all.lock.Unlock()
	if len(all.answers) >= maxAnswers {
		clear(all.answers)
	}
	if len(key) < 1<<20 {
		all.answers[key] = hits
	}
	return hits, nil
}

// page picks a page out of the lines, with the positions.
func (r *Room) page(ctx context.Context, all *lines, hits []int, w harrier.Walk) (list []int, positions [][]any, err error) {
	type row struct {
		n        int
		position []any
	}
	var rows []row
	most := w.Offset + w.Limit
	order := func() {
		slices.SortFunc(rows, func(a, b row) int { return harrier.ComparePositions(w.Sort, a.position, b.position) })
		if w.Limit > 0 && len(rows) > most {
			rows = rows[:most]
		}
	}
	for _, n := range hits {
		at, err := r.position(ctx, &all.list[n], w.Sort)
		if err != nil {
			return nil, nil, err
		}
		if w.After != nil && harrier.ComparePositions(w.Sort, at, w.After) <= 0 {
			continue
		}
		if rows = append(rows, row{n, at}); w.Limit > 0 && len(rows) >= 2*most+64 {
			order()
		}
	}
	order()
	for _, r := range rows[min(w.Offset, len(rows)):] {
		list, positions = append(list, r.n), append(positions, r.position)
	}
	return list, positions, nil
}

func (r *Room) position(ctx context.Context, l *line, sort []harrier.Order) ([]any, error) {
	out := make([]any, 0, len(sort)+1)
	var v *harrier.Vulnerability
	for _, o := range sort {
		value, ok := l.value(o.Field)
		if !ok {
			if v == nil {
				full, err := r.Vulnerability(ctx, l.id)
				if err != nil && harrier.KindOf(err) != harrier.NotFound {
					return nil, err
				}
				v = &full
			}
			value = ""
			if list := v.Values(o.Field); len(list) > 0 {
				value = list[0]
			}
		}
		if b, is := value.(bool); is {
			value = map[bool]int64{true: 1}[b]
		}
		out = append(out, value)
	}
	return append(out, int64(l.id)), nil
}
