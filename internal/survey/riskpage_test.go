package survey

import (
	"cmp"
	"slices"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestRiskPage: pages are parts of what Risks lists, whichever findings in between
// are no risks, and however many reads it takes.
func TestRiskPage(t *testing.T) {
	e := newEstate(t, 30, 24)
	v, err := e.view(t.Context(), reader, e.site)
	must(t, err)
	v.site.Options.Survey = &harrier.Survey{Kind: harrier.SurveyOwn, Backports: map[string]bool{"urn:component:application:server:1.22": true}}
	for _, tt := range []struct {
		backports map[string]bool
		risks     int
	}{
		{nil, 29 * 22}, // 24 findings on each, of which two have ended; one address is nobody's
		{map[string]bool{"urn:component:application:server:1.22": false, "urn:component:application:other": false}, 29 * 11},
		{map[string]bool{"urn:component:application:acme": false, "urn:component:": false}, 29 * 11},
		{map[string]bool{"urn:component:application:acme": true, "urn:component:application:other:server": false}, 29 * 22},
	} {
		v.site.Options.Survey.Backports = tt.backports
		all, err := e.Risks(t.Context(), reader, v, false)
		must(t, err)
		if len(all) != tt.risks {
			t.Fatalf("%d risks with %v; want %d", len(all), tt.backports, tt.risks)
		}
		one, kind := all[len(all)/2], all[0].Kind
		pages := []RiskPage{
			{Limit: 10, Desc: true},
			{},
			{Desc: true},
			{ByLastSeen: true},
			{ByLastSeen: true, Desc: true, Limit: 7, Offset: 3},
			{Limit: 10},
			{Limit: 600},
			{Limit: 100, Offset: len(all) - 50},
			{Limit: 10, Offset: len(all)},
			{Limit: 10, Offset: 1 << 31},
			{Links: map[harrier.UUID]bool{one.Link: true, {1}: true}, Limit: 5},
			{Links: map[harrier.UUID]bool{one.Link: true}, Limit: 5, Offset: 1},
			{Kinds: map[harrier.UUID]bool{kind: true}, Limit: 20, Offset: 5},
			{Links: map[harrier.UUID]bool{one.Link: true}, Kinds: map[harrier.UUID]bool{{1}: true}},
		}
		if tt.backports != nil { // the rest is as without
			pages = pages[:1]
		}
		for _, p := range pages {
			want := slices.DeleteFunc(slices.Clone(all), func(k Risk) bool { return p.Links != nil && !p.Links[k.Link] || p.Kinds != nil && !p.Kinds[k.Kind] })
			slices.SortFunc(want, func(a, b Risk) int {
				x, y := a.FirstSeen(), b.FirstSeen()
				if p.ByLastSeen {
					x, y = a.LastSeen(), b.LastSeen()
				}
				return cmp.Or(x.Compare(y), cmp.Compare(a.ID, b.ID))
			})
			if p.Desc {
				slices.Reverse(want)
			}
			if n, err := e.CountRisks(t.Context(), reader, v, p); err != nil || n != len(want) {
				t.Errorf("count of %+v = %d, %v; want %d", p, n, err, len(want))
			}
			want = want[min(p.Offset, len(want)):]
			if p.Limit > 0 {
				want = want[:min(p.Limit, len(want))]
			}
			got, err := e.RiskPage(t.Context(), reader, v, p)
			must(t, err)
			if !slices.EqualFunc(got, want, func(a, b Risk) bool { return a.ID == b.ID && a.Node == b.Node }) {
				t.Errorf("page %+v has %d risks that are not the %d wanted", p, len(got), len(want))
			}
		}
	}
	if _, err := e.RiskPage(t.Context(), harrier.Actor{User: 2}, v, RiskPage{}); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("without the right to read findings: %v; want Forbidden", err)
	}
}
