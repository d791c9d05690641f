package vuln

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// TestSearch walks through a catalogue in several orders, and compares what is
// found with what the words say.
func TestSearch(t *testing.T) {
	r, ctx := New(open(t)), t.Context()
	var content []harrier.Vulnerability
	for i := range 57 {
		content = append(content, harrier.Vulnerability{
			ID: harrier.VulnID(900_100 + i), Slug: fmt.Sprintf("slug-%02d", i*7%57), Name: fmt.Sprint("name ", i%5), Family: "General", Severity: harrier.Severity(i % 5),
			CVSS3Score: float64(i % 11), CVSS3Vector: []string{"", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}[i%2], CVEs: []string{fmt.Sprint("CVE-2024-", i)},
			Modified: time.Date(2026, 1, 1+i%9, 0, 0, 0, 0, time.UTC), Exploited: i%3 == 0,
		})
	}
	if err := r.Load(ctx, content, nil); err != nil {
		t.Fatal(err)
	}
	is := func(field string, op harrier.Op, values ...any) harrier.Expr {
		return harrier.Cmp{Field: field, Op: op, Values: values}
	}
	for _, e := range []harrier.Expr{
		nil, is("severity", harrier.Ge, int64(3)), is("slug", harrier.Eq, "SLUG-03", "slug-50", "none"),
		is("modified_at", harrier.Ge, time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).UnixMicro()), is("category", harrier.Eq, "cisa kev"),
		harrier.And{is("cvss3_av", harrier.Eq, "network"), harrier.Not{Of: is("name", harrier.Contains, "3")}},
		is("cve", harrier.Ends, "7"),
	} {
		for _, sort := range [][]harrier.Order{nil, {{Field: "slug"}}, {{Field: "modified_at", Desc: true}}, {{Field: "cvss3_av"}, {Field: "name", Desc: true}}, {{Field: "exploited"}}} {
			var want []harrier.VulnID
			for i := range content {
				if harrier.Matches(e, content[i].Values) {
					want = append(want, content[i].ID)
				}
			}
			var have []harrier.VulnID
			var at [][]any
			for w := (harrier.Walk{Sort: sort, Limit: 4}); ; {
				page, err := r.Search(ctx, e, w)
				if err != nil || page.Total != len(want) {
					t.Fatalf("%#v by %v: %d in all, %v; want %d", e, sort, page.Total, err, len(want))
				}
				if len(page.Rows) == 0 {
					break
				}
				for _, v := range page.Rows {
					have = append(have, v.ID)
				}
				at = append(at, page.Positions...)
				w.After = page.Last()
			}
			if !slices.IsSortedFunc(at, func(a, b []any) int { return harrier.ComparePositions(sort, a, b) }) {
				t.Errorf("%#v by %v: at %v", e, sort, at)
			}
			slices.Sort(have)
			if !slices.Equal(have, want) {
				t.Errorf("%#v by %v: %v; want %v", e, sort, have, want)
			}
		}
	}
	for _, bad := range []harrier.Walk{{Sort: []harrier.Order{{Field: "cve"}}}, {After: []any{}}, {Limit: -1}} {
		if _, err := r.Search(ctx, nil, bad); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("%+v: %v; want Invalid", bad, err)
		}
	}
	if _, err := r.Search(ctx, is("port", harrier.Eq, int64(1)), harrier.Walk{}); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("a field of findings: %v; want Invalid", err)
	}
}
