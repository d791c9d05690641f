package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// exceptionsOf makes rules of every kind, some over.
func (w *world) exceptionsOf(t *testing.T, db *store.DB) []harrier.Exception {
	var out []harrier.Exception
	for i := range 12 {
		e := harrier.Exception{Vulnerability: harrier.VulnID(w.r.IntN(4)), Hide: i%3 == 0, Recast: harrier.Severity(w.r.IntN(5))}
		switch w.r.IntN(4) {
		case 0:
			e.Host = "10.0.0.1,10.0.0.3"
		case 1:
			e.Port = strconv.Itoa(w.r.IntN(3))
		case 2:
			e.Repository = harrier.ID(1 + w.r.IntN(2))
		}
		switch w.r.IntN(4) {
		case 0:
			e.Expires = at(5) // over
		case 1:
			e.Expires = at(900)
		}
		if w.r.IntN(5) == 0 {
			e.State = harrier.UnderReview
		}
		must(t, db.InsertException(t.Context(), &e))
		out = append(out, e)
	}
	return out
}

// judge is what the rules make of f at at(100): the naive way.
func (w *world) judge(rules []harrier.Exception, f harrier.Finding) harrier.JudgedFinding {
	out, a := harrier.JudgedFinding{Finding: f}, w.assets[f.Asset]
	for _, e := range rules {
		if !e.Applies(f.Vulnerability, at(100), append(slices.Clone(a.Names), a.Addr.String(), a.FQDN)...) ||
			e.Repository != 0 && e.Repository != a.Repository || e.Port != "" && e.Port != fmt.Sprint(f.Port) {
			continue
		}
		out.Accepted = 0
		if e.Hide {
			out.Accepted = e.ID
		} else {
			out.Severity, out.Recast = e.Recast, e.ID
		}
	}
	return out
}

// keys are the groups of f; zero counts and hosts.
func (w *world) keys(by harrier.Grouping, f harrier.JudgedFinding) []harrier.Sum {
	a := w.assets[f.Asset]
	v, known := w.vulns[f.Vulnerability]
	class := func(n int) []harrier.Sum {
		b := a.Addr.As4()
		return []harrier.Sum{{Key: fmt.Sprintf("%X", b[:n]), Repository: a.Repository}}
	}
	switch by {
	case harrier.ByAsset:
		return []harrier.Sum{{ID: f.Asset}}
	case harrier.ByVulnerability:
		return []harrier.Sum{{ID: harrier.ID(f.Vulnerability), Severity: f.Severity}}
	case harrier.BySeverity:
		return []harrier.Sum{{Severity: f.Severity}}
	case harrier.ByPort:
		return []harrier.Sum{{ID: harrier.ID(f.Port)}}
	case harrier.ByProtocol:
		return []harrier.Sum{{Key: string(f.Protocol)}}
	case harrier.ByRepository:
		return []harrier.Sum{{ID: a.Repository}}
	case harrier.ByFamily:
		if known {
			return []harrier.Sum{{Key: v.Family}}
		}
	case harrier.ByCVE:
		var out []harrier.Sum
		for _, c := range slices.Compact(slices.Sorted(slices.Values(v.CVEs))) {
			out = append(out, harrier.Sum{Key: c})
		}
		return out
	case harrier.ByFQDN:
		if a.FQDN != "" {
			return []harrier.Sum{{Key: a.FQDN, Repository: a.Repository}}
		}
	case harrier.ByOS:
		if a.OS != "" {
			return []harrier.Sum{{Key: a.OS}}
		}
	case harrier.ByClassA:
		return class(1)
	case harrier.ByClassB:
		return class(2)
	case harrier.ByClassC:
		return class(3)
	default: // by what the findings of this world have not
	}
	return nil
}

// sums counts the naive way, in the order of keys.
func (w *world) sums(by harrier.Grouping, list []harrier.JudgedFinding) []harrier.Sum {
	type group struct {
		harrier.Sum
		hosts map[harrier.ID]bool
	}
	found := map[harrier.Sum]*group{}
	var order []*group
	for _, f := range list {
		for _, key := range w.keys(by, f) {
			g := found[key]
			if g == nil {
				g = &group{key, map[harrier.ID]bool{}}
				found[key], order = g, append(order, g)
			}
			g.Counts[f.Severity]++
			g.hosts[f.Asset] = true
			g.Severity = max(g.Severity, f.Severity)
		}
	}
	var out []harrier.Sum
	for _, g := range order {
		if by == harrier.ByVulnerability || by == harrier.ByCVE || by == harrier.ByOS {
			g.Hosts = len(g.hosts)
		}
		out = append(out, g.Sum)
	}
	slices.SortFunc(out, func(a, b harrier.Sum) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Severity, b.Severity))
	})
	return out
}

var groupings = []harrier.Grouping{
	harrier.ByAsset, harrier.ByVulnerability, harrier.BySeverity, harrier.ByPort, harrier.ByProtocol, harrier.ByFamily,
	harrier.ByCVE, harrier.ByFQDN, harrier.ByClassA, harrier.ByClassB, harrier.ByClassC, harrier.ByOS, harrier.ByRepository,
}

// sumsMatch holds the counts to naive ones, without exceptions and under some.
func sumsMatch(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	w := newWorld(t, db)
	var rules []harrier.Exception
	for round := range 2 {
		if round == 1 {
			rules = w.exceptionsOf(t, db)
		}
		all := make([]harrier.JudgedFinding, len(w.findings))
		for i, f := range w.findings {
			all[i] = w.judge(rules, f)
		}
		for _, e := range []harrier.Expr{
			nil, compare("open", harrier.Eq, true), compare("severity", harrier.Ge, int64(2)),
			harrier.And{compare("severity", harrier.Ne, int64(1)), compare("port", harrier.Le, int64(2))},
			compare("accepted", harrier.Eq, true),
			harrier.Not{Of: compare("recast", harrier.Eq, true)},
		} {
			kept := []harrier.JudgedFinding{}
			for _, f := range all {
				get := w.finding(f.Finding)
				if harrier.Matches(e, func(field string) []any {
					switch field {
					case "accepted":
						return []any{f.Accepted != 0}
					case "recast":
						return []any{f.Recast != 0}
					}
					return get(field)
				}) {
					kept = append(kept, f)
				}
			}
			found, total, err := db.JudgedFindings(ctx, e, store.Page{Sort: "id"}, at(100))
			must(t, err)
			if diff := gocmp.Diff(kept, found); diff != "" || total != len(kept) {
				t.Fatalf("JudgedFindings(%#v), %d of %d (-want +got):\n%s", e, total, len(kept), diff)
			}
			for _, by := range groupings {
				checkSums(t, db, by, e, w.sums(by, kept))
			}
		}
	}
}

func checkSums(t *testing.T, db *store.DB, by harrier.Grouping, e harrier.Expr, want []harrier.Sum) {
	t.Helper()
	have, err := db.SumFindings(t.Context(), e, harrier.SumQuery{By: by}, at(100))
	must(t, err)
	if diff := gocmp.Diff(want, have.Rows); diff != "" {
		t.Fatalf("SumFindings(%#v) by %s (-want +got):\n%s", e, by, diff)
	}
	var counts harrier.Counts
	hosts := 0
	for _, s := range want {
		hosts += s.Hosts
		for i, n := range s.Counts {
			counts[i] += n
		}
	}
	if have.Groups != len(want) || have.Counts != counts || have.Hosts != hosts {
		t.Errorf("SumFindings by %s: %d groups, %v, %d hosts; want %d, %v, %d", by, have.Groups, have.Counts, have.Hosts, len(want), counts, hosts)
	}
	if e != nil { // the pages of one question are enough
		return
	}
	for _, sort := range []string{"total", "score", "high", "severity"} {
		var parts []harrier.Sum
		size := 1 + len(want)/2
		for from := 0; from <= len(want); from += size {
			p, err := db.SumFindings(t.Context(), e, harrier.SumQuery{By: by, Sort: sort, Desc: true, Limit: size, Offset: from}, at(100))
			must(t, err)
			if p.Groups != len(want) {
				t.Errorf("%d groups from %d; want %d", p.Groups, from, len(want))
			}
			parts = append(parts, p.Rows...)
		}
		value := map[string]func(harrier.Sum) int{
			"total": harrier.Sum.Total, "score": harrier.Sum.Score,
			"high": func(s harrier.Sum) int { return s.Counts[harrier.High] }, "severity": func(s harrier.Sum) int { return int(s.Severity) },
		}[sort]
		if len(parts) != len(want) || !slices.IsSortedFunc(parts, func(a, b harrier.Sum) int { return value(b) - value(a) }) {
			t.Errorf("pages by %s: %v", sort, parts)
		}
	}
}

func compare(field string, op harrier.Op, v ...any) harrier.Cmp {
	return harrier.Cmp{Field: field, Op: op, Values: v}
}

// searchWords looks for what only some fields know: ranges of addresses,
// regular expressions, and what another finding of the asset says.
func searchWords(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	w := newWorld(t, db)
	for _, e := range []harrier.Expr{
		compare("address", harrier.In, "10.0.0.1-10.0.0.3", "10.0.0.5-10.0.0.5"), compare("address", harrier.In),
		compare("evidence", harrier.Like, "^o.*n$", "É"), compare("name", harrier.Like, "s{2}h"), compare("host", harrier.Like, "b$"),
		harrier.Not{Of: compare("fqdn", harrier.Like, "a_b")},
		compare("port", harrier.Like, "1"),
	} {
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
			t.Errorf("SearchFindings(%#v) = %v; want %v", e, have, want)
		}
	}
	of := harrier.And{compare("port", harrier.Eq, int64(1)), compare("severity", harrier.Ge, int64(3))}
	hosts := map[harrier.ID]bool{}
	for _, f := range w.findings {
		hosts[f.Asset] = hosts[f.Asset] || f.Open() && harrier.Matches(of, w.finding(f))
	}
	for _, f := range got3(t)(db.SearchFindings(ctx, harrier.Has{Of: of}, store.Page{})) {
		if !hosts[f.Asset] {
			t.Errorf("Has finds finding %d of asset %d", f.ID, f.Asset)
		}
	}
	list, _, err := db.SearchAssets(ctx, harrier.Has{Of: of}, store.Page{})
	must(t, err)
	for _, a := range list {
		if !hosts[a.ID] {
			t.Errorf("Has finds asset %d", a.ID)
		}
		delete(hosts, a.ID)
	}
	for id, has := range hosts {
		if has {
			t.Errorf("Has does not find asset %d", id)
		}
	}
	for _, e := range []harrier.Expr{
		compare("address", harrier.In, "10.0.0.9-10.0.0.1"), compare("port", harrier.In, "10.0.0.1-10.0.0.1"), compare("name", harrier.Like, "("),
	} {
		if _, _, err := db.SearchFindings(ctx, e, store.Page{}); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("SearchFindings(%#v): %v; want Invalid", e, err)
		}
	}
	// What only the JSON of a definition has.
	for _, field := range []string{"added", "modified", "aliases", "cwes", "cpes", "cvss2_vector", "cvss3_vector", "cvss4_vector", "exploits", "solution"} {
		if _, _, err := db.SearchFindings(ctx, compare(field, harrier.Contains, "x"), store.Page{}); err != nil {
			t.Errorf("SearchFindings by %s: %v", field, err)
		}
	}
	if list := got3(t)(db.SearchFindings(ctx, compare("cvss4", harrier.Eq, 0.0), store.Page{})); len(list) != len(w.findings)*6/9 {
		t.Errorf("%d findings have no score of version 4", len(list))
	}
	if list := got3(t)(db.SearchFindings(ctx, compare("added", harrier.Ge, "0001-01-01"), store.Page{})); len(list) != len(w.findings)*6/9 {
		t.Errorf("%d findings were added at some time", len(list))
	}
}
