package securitycenter

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// pluginRow is what searches compare without reading whole definitions.
type pluginRow struct {
	id                         harrier.VulnID
	name, family               string
	added, modified, published int64 // unix seconds; -1 when not known
}

// pluginIndex keeps the rows of one content: reading hundreds of thousands of
// definitions again for each page would take seconds.
type pluginIndex struct {
	mu      sync.Mutex
	version string
	dated   bool // rows have their dates
	rows    []pluginRow
}

// of returns the rows of all plugins by rising number. They may not be changed.
func (x *pluginIndex) of(ctx context.Context, a api, dated bool) ([]pluginRow, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	version := a.Vulns.ContentVersion(ctx) + " " + strconv.Itoa(len(a.Vulns.All(ctx)))
	if x.version == version && x.rows != nil && (x.dated || !dated) {
		return x.rows, nil
	}
	var rows []pluginRow
	for _, f := range a.Vulns.Families(ctx) {
		_, list, err := a.Vulns.Family(ctx, f.ID)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			rows = append(rows, pluginRow{id: v.ID, name: v.Name, family: f.Name, added: -1, modified: -1, published: -1})
		}
	}
	slices.SortFunc(rows, func(x, y pluginRow) int { return cmp.Compare(x.id, y.id) })
	if dated {
		for i := range rows {
			v, err := a.Vulns.Vulnerability(ctx, rows[i].id)
			if err != nil {
				return nil, err
			}
			rows[i].added, rows[i].modified, rows[i].published = seconds(stime(v.Added)), seconds(stime(changed(v))), seconds(stime(v.Published))
		}
	}
	x.version, x.dated, x.rows = version, dated, rows
	return rows, nil
}

func seconds(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // of our own making
	return n
}

// pluginFilter is one condition of a search.
type pluginFilter struct {
	field, op, value string
	kind             string // of xrefs: "CVE"; "" for any
}

// pluginSearch is a request for plugins.
//
// Source: securitycenter-api.md, section 6.1.
type pluginSearch struct {
	filters    []pluginFilter
	family     *family
	sort       string
	descending bool
	since      int64
	kind       string
	start, end int // end below zero: no end
}

var (
	pluginFilterFields = []string{
		"copyright", "cpe", "description", "exploitAvailable", "family", "id", "modifiedTime", "name", "patchModDate", "patchPubDate", "pluginModDate",
		"pluginPubDate", "riskFactor", "sourceFile", "type", "version", "vprScore", "vulnPubDate", "xrefs",
	}
	pluginOperators  = []string{"eq", "gt", "gte", "like", "lt", "lte"}
	pluginSortFields = []string{"modifiedTime", "id", "name", "family", "type"}
	pluginKinds      = []string{"active", "all", "compliance", "custom", "lce", "notPassive", "passive"}
)

func newPluginSearch(q *query) (pluginSearch, error) {
	s := pluginSearch{sort: cmp.Or(q.param("sortField"), "id"), kind: cmp.Or(q.param("type"), "all"), end: -1}
	if field := q.param("filterField"); field != "" {
		s.filters = append(s.filters, pluginFilter{field: field, op: cmp.Or(q.param("op"), "eq"), value: q.param("value")})
	}
	if text := q.param("filters"); text != "" {
		var list []struct {
			Field kit.Text `json:"filterField"`
			Op    kit.Text `json:"filterOperator"`
			Value kit.Text `json:"filterString"`
		}
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return s, harrier.Errorf(harrier.Invalid, "The value for 'filters' is no list of filters.")
		}
		for _, f := range list {
			s.filters = append(s.filters, pluginFilter{field: string(f.Field), op: cmp.Or(string(f.Op), "eq"), value: string(f.Value)})
		}
	}
	for i := range s.filters {
		f := &s.filters[i]
		f.field, f.kind, _ = strings.Cut(f.field, ":")
		f.op = strings.ToLower(f.op)
		if !slices.Contains(pluginFilterFields, f.field) {
			return s, harrier.Errorf(harrier.Invalid, "The filter '%s' is invalid (valid filters: %s).", f.field, strings.Join(pluginFilterFields, ", "))
		}
		if !slices.Contains(pluginOperators, f.op) {
			return s, harrier.Errorf(harrier.Invalid, "The operator '%s' is invalid (valid operators: %s).", f.op, strings.Join(pluginOperators, ", "))
		}
	}
	if !slices.Contains(pluginSortFields, s.sort) {
		return s, harrier.Errorf(harrier.Invalid, "The sort field '%s' is invalid (valid fields: %s).", s.sort, strings.Join(pluginSortFields, ", "))
	}
	switch strings.ToUpper(q.param("sortDirection")) {
	case "", "ASC":
	case "DESC":
		s.descending = true
	default:
		return s, harrier.Errorf(harrier.Invalid, "The sort direction '%s' is neither ASC nor DESC.", q.param("sortDirection"))
	}
	if !slices.Contains(pluginKinds, s.kind) {
		return s, harrier.Errorf(harrier.Invalid, "The type '%s' is invalid (valid types: %s).", s.kind, strings.Join(pluginKinds, ", "))
	}
	return s, s.window(q)
}

// window reads since and the offsets.
func (s *pluginSearch) window(q *query) error {
	for _, p := range []struct {
		name string
		set  func(int64)
	}{
		{"since", func(n int64) { s.since = n }},
		{"startOffset", func(n int64) { s.start = int(n) }},
		{"endOffset", func(n int64) { s.end = int(n) }},
	} {
		text := strings.TrimSpace(q.param(p.name))
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return harrier.Errorf(harrier.Invalid, "The value '%s' for '%s' is not a number.", text, p.name)
		}
		p.set(n)
	}
	if s.end >= 0 && s.end < s.start {
		return harrier.Errorf(harrier.Invalid, "'endOffset' must not be less than 'startOffset'.")
	}
	return nil
}

// dated reports whether rows need their dates.
func (s pluginSearch) dated() bool {
	return s.sort == "modifiedTime" || s.since > 0 ||
		slices.ContainsFunc(s.filters, func(f pluginFilter) bool { return strings.HasSuffix(f.field, "Date") || f.field == "modifiedTime" })
}

// searchPlugins returns the numbers of the plugins in the window of a search.
func (a api) searchPlugins(ctx context.Context, s pluginSearch) ([]harrier.VulnID, error) {
	if s.kind != "all" && s.kind != "active" && s.kind != "notPassive" || s.family != nil && s.family.passive {
		return nil, nil
	}
	rows, err := a.plugins.of(ctx, a, s.dated())
	if err != nil {
		return nil, err
	}
	ids := familyIDs(a.familyTable(ctx))
	inOrder := s.sort == "id" && !s.descending
	var hits []pluginRow
	for _, r := range a.candidates(ctx, s, rows) {
		if s.end >= 0 && inOrder && len(hits) >= s.end {
			break
		}
		ok, err := a.fits(ctx, s, r, ids)
		if err != nil {
			return nil, err
		}
		if ok {
			hits = append(hits, r)
		}
	}
	slices.SortStableFunc(hits, s.order(ids))
	if s.start >= len(hits) {
		return nil, nil
	}
	if s.end >= 0 {
		hits = hits[:min(s.end, len(hits))]
	}
	var out []harrier.VulnID
	for _, r := range hits[s.start:] {
		out = append(out, r.id)
	}
	return out, nil
}

func familyIDs(table []family) map[string]int {
	out := map[string]int{}
	for _, f := range table {
		if !f.passive {
			out[f.name] = f.id
		}
	}
	return out
}

// candidates narrows the rows down for a search by one whole CVE: content has
// at most one vulnerability for it, so that the others need not be read.
func (a api) candidates(ctx context.Context, s pluginSearch, rows []pluginRow) []pluginRow {
	for _, f := range s.filters {
		name := strings.ToUpper(strings.TrimPrefix(strings.TrimSpace(f.value), "CVE:"))
		if f.field != "xrefs" || f.kind != "" && !strings.EqualFold(f.kind, "CVE") || f.op != "eq" && f.op != "like" || !harrier.IsCVE(name) {
			continue
		}
		want := harrier.VulnID(-1)
		if v, err := a.Vulns.BySlug(ctx, strings.ToLower(name)); err == nil {
			want = v.ID
		} else if id, ok := harrier.CVENumber(name); ok {
			want = id
		}
		var out []pluginRow
		for _, r := range rows {
			if !r.id.OfContent() || r.id == want {
				out = append(out, r)
			}
		}
		return out
	}
	return rows
}

// order is how hits are sorted; those that are alike stay by rising number.
func (s pluginSearch) order(family map[string]int) func(x, y pluginRow) int {
	return func(x, y pluginRow) int {
		n := 0
		switch s.sort {
		case "id":
			n = cmp.Compare(x.id, y.id)
		case "name":
			n = strings.Compare(x.name, y.name)
		case "family":
			n = cmp.Compare(family[x.family], family[y.family])
		case "modifiedTime":
			n = cmp.Compare(x.modified, y.modified)
		}
		if s.descending {
			n = -n
		}
		return n
	}
}

// fits reports whether a plugin is meant. What the row does not tell is read.
func (a api) fits(ctx context.Context, s pluginSearch, r pluginRow, families map[string]int) (bool, error) {
	if s.family != nil && r.family != s.family.name || s.since > 0 && r.modified <= s.since {
		return false, nil
	}
	var whole *pluginItem
	for _, f := range s.filters {
		var have string
		switch f.field {
		case "id":
			have = vid(r.id)
		case "name":
			have = r.name
		case "family":
			have = strconv.Itoa(families[r.family])
			if _, err := strconv.Atoi(strings.TrimSpace(f.value)); err != nil {
				have = r.family
			}
		case "type":
			have = "active"
		case "pluginPubDate":
			have = strconv.FormatInt(r.added, 10)
		case "pluginModDate", "modifiedTime":
			have = strconv.FormatInt(r.modified, 10)
		case "vulnPubDate":
			have = strconv.FormatInt(r.published, 10)
		default:
			if whole == nil {
				v, err := a.Vulns.Vulnerability(ctx, r.id)
				if err != nil {
					return false, err
				}
				w := a.newPlugin(ctx, v)
				whole = &w
			}
			have = whole.text(f.field)
		}
		if f.field == "xrefs" {
			if !f.matchesReference(have) {
				return false, nil
			}
			continue
		}
		if !f.matches(have) {
			return false, nil
		}
	}
	return true, nil
}

// text is what a filter compares of a plugin beyond its row.
func (w *pluginItem) text(field string) string {
	switch field {
	case "copyright":
		return w.Copyright
	case "cpe":
		return w.CPE
	case "description":
		return w.Description
	case "exploitAvailable":
		return cmp.Or(w.ExploitAvailable, "false")
	case "patchModDate":
		return w.PatchModified
	case "patchPubDate":
		return w.PatchPublished
	case "riskFactor":
		return w.RiskFactor
	case "sourceFile":
		return w.SourceFile
	case "version":
		return w.Version
	case "vprScore":
		return w.VPRScore
	case "xrefs":
		return w.XRefs
	}
	return ""
}

// matches compares as numbers when both are, else as text in any case.
func (f pluginFilter) matches(have string) bool {
	if f.op == "like" {
		return strings.Contains(strings.ToLower(have), strings.ToLower(f.value))
	}
	n := strings.Compare(strings.ToLower(have), strings.ToLower(f.value))
	x, errX := strconv.ParseFloat(have, 64)
	y, errY := strconv.ParseFloat(strings.TrimSpace(f.value), 64)
	if errX == nil && errY == nil {
		n = cmp.Compare(x, y)
	}
	switch f.op {
	case "eq":
		return n == 0
	case "gt":
		return n > 0
	case "gte":
		return n >= 0
	case "lt":
		return n < 0
	}
	return n <= 0
}

// matchesReference reports whether one of the references of the filter's kind
// fits.
func (f pluginFilter) matchesReference(have string) bool {
	for r := range strings.SplitSeq(have, ", ") {
		kind, name, ok := strings.Cut(r, ":")
		if !ok || f.kind != "" && !strings.EqualFold(kind, f.kind) {
			continue
		}
		if f.kind == "" && f.op == "like" && (pluginFilter{op: "like", value: f.value}).matches(r) || f.matches(name) {
			return true
		}
	}
	return false
}
