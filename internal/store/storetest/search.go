package storetest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// world is random data to be searched, with what the words say of its fields.
type world struct {
	r        *rand.Rand
	vulns    map[harrier.VulnID]harrier.Vulnerability
	assets   map[harrier.ID]harrier.Asset
	services map[harrier.ID][]harrier.Service
	findings []harrier.Finding
}

// words are what texts are made of: cases, accents, and what LIKE and SQL mean
// something by.
var words = []string{"ssh", "SSH", "Open", "100%", "a_b", `c:\x`, "É", "é", "o'k", "日本", "", "open", "-1"}

func (w *world) text() string { return words[w.r.IntN(len(words))] + words[w.r.IntN(len(words))] }

func newWorld(t *testing.T, db *store.DB) *world {
	w := &world{
		r: rand.New(rand.NewPCG(3, 4)), vulns: map[harrier.VulnID]harrier.Vulnerability{},
		assets: map[harrier.ID]harrier.Asset{}, services: map[harrier.ID][]harrier.Service{},
	}
	ctx, r := t.Context(), w.r
	for i := range 6 {
		v := harrier.Vulnerability{
			ID: harrier.VulnID(i), Slug: fmt.Sprint("slug-", i), UUID: harrier.UUID{1, byte(i)}, Name: w.text(), Family: w.text(),
			CVSS3Score: float64(r.IntN(20)) / 2, EPSS: float64(r.IntN(4)) / 4, Exploited: r.IntN(2) == 0, Published: at(r.IntN(5)),
		}
		for range r.IntN(3) {
			v.CVEs = append(v.CVEs, w.text())
		}
		w.vulns[v.ID] = v
		must(t, db.PutVulnerabilities(ctx, []harrier.Vulnerability{v}))
	}
	for i := range 6 {
		a := harrier.Asset{
			Repository: harrier.ID(1 + r.IntN(2)), Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), FQDN: w.text(),
			OS: w.text(), FirstSeen: at(r.IntN(5)), LastSeen: at(r.IntN(5)), OSConfidence: r.IntN(4),
		}
		for range r.IntN(3) {
			a.Names = append(a.Names, w.text())
		}
		must(t, db.InsertAsset(ctx, &a))
		for port := range r.IntN(4) {
			w.services[a.ID] = append(w.services[a.ID], harrier.Service{
				Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(port)}, Name: w.text(), Product: w.text(), Version: w.text(),
			})
		}
		must(t, db.PutServices(ctx, a.ID, w.services[a.ID]))
		w.assets[a.ID] = a
	}
	w.makeFindings(t, db)
	return w
}

func (w *world) makeFindings(t *testing.T, db *store.DB) {
	r := w.r
	for id := range harrier.ID(6) {
		for vuln := range 9 { // three of them without a definition
			f := &harrier.Finding{
				Asset: id + 1, Severity: harrier.Severity(r.IntN(5)), Service: w.text(), Evidence: w.text(), Source: w.text(),
				Certainty: harrier.Certainty(r.IntN(3)), LastScan: harrier.ID(r.IntN(3)),
			}
			f.Vulnerability, f.Port, f.Key = harrier.VulnID(vuln), uint16(r.IntN(4)), w.text()
			for i := range 1 + r.IntN(2) {
				f.Fold(harrier.Present, at(10*i+r.IntN(5)))
				if r.IntN(2) == 0 || i == 0 {
					f.Fold(harrier.Absent, at(10*i+5+r.IntN(3)))
				}
			}
			must(t, db.SaveFindings(t.Context(), []*harrier.Finding{f}))
			w.findings = append(w.findings, *f)
			if f.Open() {
				a := w.assets[f.Asset]
				a.Open[f.Severity]++
				w.assets[f.Asset] = a
			}
		}
	}
}

// finding tells the fields of f.
func (w *world) finding(f harrier.Finding) func(string) []any {
	a := w.assets[f.Asset]
	v, known := w.vulns[f.Vulnerability]
	last := f.Intervals[len(f.Intervals)-1]
	own := map[string]any{
		"id": int64(f.ID), "asset": int64(f.Asset), "repository": int64(a.Repository), "vulnerability": int64(f.Vulnerability),
		"severity": int64(f.Severity), "certainty": int64(f.Certainty), "port": int64(f.Port), "key": f.Key, "service": f.Service,
		"evidence": f.Evidence, "source": f.Source, "last_scan": int64(f.LastScan), "first_seen": f.FirstSeen().UnixMicro(),
		"last_seen": f.LastSeen().UnixMicro(), "opened": last.Opened.UnixMicro(), "open": f.Open(), "mitigated": f.Mitigated(),
		"state": map[bool]string{true: "open", false: "closed"}[f.Open()], "address": a.Addr.String(), "fqdn": a.FQDN, "os": a.OS,
	}
	if known {
		for k, value := range map[string]any{
			"name": v.Name, "family": v.Family, "slug": v.Slug, "cvss3": v.CVSS3Score, "epss": v.EPSS, "exploited": v.Exploited,
			"published": v.Published.UnixMicro(),
		} {
			own[k] = value
		}
	}
	return func(field string) []any {
		switch field {
		case "host":
			return list(a.Names)
		case "cve":
			return list(v.CVEs)
		}
		if value, ok := own[field]; ok {
			return []any{value}
		}
		return nil
	}
}

// asset tells the fields of a.
func (w *world) asset(a harrier.Asset) func(string) []any {
	own := map[string]any{
		"id": int64(a.ID), "repository": int64(a.Repository), "address": a.Addr.String(), "fqdn": a.FQDN, "os": a.OS,
		"os_confidence": int64(a.OSConfidence), "first_seen": a.FirstSeen.UnixMicro(), "last_seen": a.LastSeen.UnixMicro(),
		"info": int64(a.Open[0]), "low": int64(a.Open[1]), "high": int64(a.Open[3]), "critical": int64(a.Open[4]),
	}
	return func(field string) []any {
		var out []any
		switch field {
		case "host":
			return list(a.Names)
		case "port", "product", "service", "version":
			for _, s := range w.services[a.ID] {
				out = append(out, map[string]any{"port": int64(s.Port), "product": s.Product, "service": s.Name, "version": s.Version}[field])
			}
			return out
		case "vulnerability", "cve":
			for _, f := range w.findings {
				switch {
				case f.Asset != a.ID || !f.Open():
				case field == "vulnerability":
					out = append(out, int64(f.Vulnerability))
				default:
					out = append(out, list(w.vulns[f.Vulnerability].CVEs)...)
				}
			}
			return out
		}
		return []any{own[field]}
	}
}

func list(texts []string) []any {
	var out []any
	for _, s := range texts {
		out = append(out, s)
	}
	return out
}

var (
	findingFields = strings.Fields(`id asset repository vulnerability severity certainty port key service evidence source
		last_scan first_seen last_seen opened open mitigated state address fqdn os name family slug cvss3 epss exploited
		published host cve`)
	assetFields = strings.Fields(`id repository address fqdn os os_confidence first_seen last_seen info low high critical
		host port product service version vulnerability cve`)
	ops = []harrier.Op{harrier.Eq, harrier.Ne, harrier.Lt, harrier.Le, harrier.Gt, harrier.Ge, harrier.Contains, harrier.Lacks}
)

// expr returns a random condition; half of its values are some that the field
// has, or near to them.
func (w *world) expr(depth int, fields []string, some func(field string) []any) harrier.Expr {
	kind := w.r.IntN(6)
	if depth == 0 {
		kind = 5
	}
	parts := func() []harrier.Expr {
		out := make([]harrier.Expr, w.r.IntN(4))
		for i := range out {
			out[i] = w.expr(depth-1, fields, some)
		}
		return out
	}
	switch kind {
	case 0, 1:
		return harrier.And(parts())
	case 2, 3:
		return harrier.Or(parts())
	case 4:
		return harrier.Not{Of: w.expr(depth-1, fields, some)}
	}
	c := harrier.Cmp{Field: fields[w.r.IntN(len(fields))], Op: ops[w.r.IntN(len(ops))]}
	for range w.r.IntN(4) {
		c.Values = append(c.Values, w.value(some(c.Field)))
	}
	return c
}

func (w *world) value(near []any) any {
	if len(near) > 0 && w.r.IntN(2) == 0 {
		switch v := near[w.r.IntN(len(near))].(type) {
		case int64:
			return []any{v, v + 1, float64(v), float64(v) - 0.5}[w.r.IntN(4)]
		case string:
			return []any{v, strings.ToUpper(v), strings.ToLower(v)}[w.r.IntN(3)]
		default:
			return v
		}
	}
	return []any{
		int64(w.r.IntN(5)), float64(w.r.IntN(10)) / 2, w.r.IntN(2) == 0, words[w.r.IntN(len(words))], 1e300, -1e300, "%", "_",
	}[w.r.IntN(8)]
}

func searchMatches(t *testing.T, dsn string) {
	db := open(t, dsn)
	w := newWorld(t, db)
	ctx, hits := t.Context(), 0
	for range 500 {
		one := w.findings[w.r.IntN(len(w.findings))]
		e := w.expr(2, findingFields, w.finding(one))
		var want, have []harrier.ID
		for _, f := range w.findings {
			if harrier.Matches(e, w.finding(f)) {
				want = append(want, f.ID)
			}
		}
		for _, f := range got3(t)(db.SearchFindings(ctx, e, store.Page{Sort: "id"})) {
			have = append(have, f.ID)
		}
		if !slices.Equal(want, have) {
			t.Fatalf("SearchFindings(%#v) = %v; want %v", e, have, want)
		}
		if n := got(db.CountFindings(ctx, e))(t); n.Total() != len(want) {
			t.Fatalf("CountFindings(%#v) = %v; want %d in all", e, n, len(want))
		}
		if len(want) > 0 && len(want) < len(w.findings) {
			hits++
		}
	}
	for range 250 {
		e := w.expr(2, assetFields, w.asset(w.assets[harrier.ID(1+w.r.IntN(6))]))
		var want, have []harrier.ID
		for id := range harrier.ID(6) {
			if harrier.Matches(e, w.asset(w.assets[id+1])) {
				want = append(want, id+1)
			}
		}
		found, total, err := db.SearchAssets(ctx, e, store.Page{})
		must(t, err)
		for _, a := range found {
			have = append(have, a.ID)
		}
		if !slices.Equal(want, have) || total != len(want) {
			t.Fatalf("SearchAssets(%#v) = %v, %d; want %v", e, have, total, want)
		}
		if len(want) > 0 && len(want) < 6 {
			hits++
		}
	}
	if hits < 130 { // else the conditions tell nothing
		t.Errorf("only %d conditions held for some and not for others", hits)
	}
}

func pages(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	w := newWorld(t, db)
	ids := func(list []harrier.Finding) []harrier.ID {
		var out []harrier.ID
		for _, f := range list {
			out = append(out, f.ID)
		}
		return out
	}
	byDefault := slices.Clone(w.findings)
	slices.SortFunc(byDefault, func(a, b harrier.Finding) int {
		switch {
		case a.Severity != b.Severity:
			return int(b.Severity) - int(a.Severity)
		case !a.LastSeen().Equal(b.LastSeen()):
			return b.LastSeen().Compare(a.LastSeen())
		}
		return int(b.ID - a.ID)
	})
	whole := got3(t)(db.SearchFindings(ctx, nil, store.Page{}))
	if diff := cmp.Diff(ids(byDefault), ids(whole)); diff != "" {
		t.Errorf("the order of findings (-want +got):\n%s", diff)
	}
	for i := range whole {
		if diff := cmp.Diff(byDefault[i], whole[i]); diff != "" {
			t.Errorf("a finding in a search (-want +got):\n%s", diff)
		}
	}
	for _, order := range []string{"", "id", "last_seen", "severity", "name", "address", "evidence_is_not"} {
		for _, desc := range []bool{false, true} {
			p := store.Page{Sort: order, Desc: desc}
			all, _, err := db.SearchFindings(ctx, nil, p)
			if order == "evidence_is_not" {
				if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), order) {
					t.Errorf("sorting by %s: %v; want Invalid, naming it", order, err)
				}
				continue
			}
			must(t, err)
			var byOffset, byKey []harrier.ID
			for p.Limit = 7; p.Offset < len(all); p.Offset += 7 {
				part, total, err := db.SearchFindings(ctx, nil, p)
				must(t, err)
				if byOffset = append(byOffset, ids(part)...); total != len(all) {
					t.Errorf("total of a page is %d; want %d", total, len(all))
				}
			}
			for p.Offset = 0; ; {
				p.NoTotal = true
				part, total, err := db.SearchFindings(ctx, nil, p)
				must(t, err)
				if total != -1 {
					t.Errorf("total %d; want none", total)
				}
				if len(part) == 0 {
					break
				}
				byKey = append(byKey, ids(part)...)
				p.After = part[len(part)-1].ID
			}
			if !slices.Equal(byOffset, ids(all)) || !slices.Equal(byKey, ids(all)) {
				t.Errorf("sorted by %q: pages by offset %v, by key %v; want %v", order, byOffset, byKey, ids(all))
			}
		}
	}
	worst, total, err := db.SearchAssets(ctx, nil, store.Page{Sort: "critical", Desc: true, Limit: 2})
	must(t, err)
	if total != 6 || len(worst) != 2 || worst[0].Open[4] < worst[1].Open[4] || worst[0].Open != w.assets[worst[0].ID].Open {
		t.Errorf("the worst two of %d assets are %v; want the counts of their findings", total, worst)
	}
}

func badSearches(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	many := make(harrier.Or, 1000)
	deep := harrier.Expr(harrier.And{})
	for range 1000 {
		deep = harrier.Not{Of: deep}
	}
	for name, e := range map[string]harrier.Expr{
		"colour":   harrier.Cmp{Field: "colour", Op: harrier.Eq, Values: []any{"red"}},
		"id":       harrier.Cmp{Field: "id", Op: "~", Values: []any{int64(1)}},
		"port":     harrier.Cmp{Field: "port", Op: harrier.Eq, Values: []any{1}}, // an int is none of the types
		"evidence": harrier.Cmp{Field: "evidence", Op: harrier.Contains, Values: []any{strings.Repeat("x", 5000)}},
		"x' OR 1":  harrier.And{harrier.Not{Of: harrier.Cmp{Field: "x' OR 1"}}},
		"parts":    many,
		"more":     deep,
	} {
		_, _, err := db.SearchFindings(ctx, e, store.Page{})
		_, errCount := db.CountFindings(ctx, e)
		for _, err := range []error{err, errCount} {
			if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), name) {
				t.Errorf("a search by %s = %v; want Invalid, naming it", name, err)
			}
		}
	}
}
