package columns

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// estate fills a view with n findings, whose IDs are some 15 apart, and returns
// them.
func estate(t *testing.T, n int) (*View, []Finding) {
	t.Helper()
	v, r := New(), rand.New(rand.NewPCG(1, 2))
	for i := range 50 {
		if err := v.PutAsset(&harrier.Asset{ID: harrier.ID(i + 1), Repository: 1}); err != nil {
			t.Fatal(err)
		}
	}
	var list []Finding
	for i := range n {
		f := Finding{
			ID: harrier.ID(i*15 + 1 + r.IntN(15)), Asset: harrier.ID(1 + i*50/n), Vulnerability: harrier.VulnID(r.IntN(300)), Severity: harrier.Severity(r.IntN(5)),
			Endpoint: harrier.Endpoint{Port: uint16(r.IntN(3))}, Span: Span{Opened: r.Int64N(1e6), Seen: 1e6 + r.Int64N(1e6)},
		}
		if r.IntN(10) == 0 {
			f.Closed = 3e6
		}
		list = append(list, f)
		if err := v.PutFinding(&f); err != nil {
			t.Fatal(err)
		}
	}
	v.Settle()
	return v, list
}

// TestFarPages holds pages of many rows, of which only parts are sorted, to a
// list that is sorted whole: keys that are all different, few, or one.
func TestFarPages(t *testing.T) {
	was := collected
	collected = 256
	defer func() { collected = was }()
	v, list := estate(t, 3*segmentRows/15)
	for sort, key := range map[string]func(f Finding) int64{
		"severity": func(f Finding) int64 { return int64(f.Severity)<<40 | f.Seen }, "port": func(f Finding) int64 { return int64(f.Endpoint.Port) },
		"last_scan": func(Finding) int64 { return 0 },
		"id":        func(f Finding) int64 { return int64(f.ID) },
	} {
		for _, desc := range []bool{false, true} {
			want := slices.SortedFunc(slices.Values(list), func(a, b Finding) int {
				c := cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a.ID, b.ID))
				if desc {
					return -c
				}
				return c
			})
			for _, offset := range []int{0, len(list) / 3, len(list) - 30, len(list)} {
				p := Page{Sort: sort, Desc: desc, Limit: 50, Offset: offset}
				checkPage(t, v, p, want, offset)
				if offset > 0 && offset < len(list) {
					p.Offset, p.After = 0, want[offset-1].ID
					checkPage(t, v, p, want, offset)
				}
			}
		}
	}
}

func checkPage(t *testing.T, v *View, p Page, all []Finding, offset int) {
	t.Helper()
	rows, total, err := v.Findings(nil, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want, have []harrier.ID
	for _, f := range all[offset:min(offset+p.Limit, len(all))] {
		want = append(want, f.ID)
	}
	for _, r := range rows {
		have = append(have, r.ID)
	}
	if !slices.Equal(want, have) || p.After == 0 && total != len(all) {
		t.Errorf("Findings(%+v) = %v, %d; want %v, %d", p, have, total, want, len(all))
	}
}

// TestSumsOverSegments counts findings that no single segment holds.
func TestSumsOverSegments(t *testing.T) {
	v, list := estate(t, 2*segmentRows/15)
	counts := map[harrier.ID]harrier.Counts{}
	hosts := map[[2]int64]map[harrier.ID]bool{}
	for _, f := range list {
		c := counts[f.Asset]
		c[f.Severity]++
		counts[f.Asset] = c
		k := [2]int64{int64(f.Vulnerability), int64(f.Severity)}
		if hosts[k] == nil {
			hosts[k] = map[harrier.ID]bool{}
		}
		hosts[k][f.Asset] = true
	}
	sums, err := v.Sums(nil, harrier.SumQuery{By: harrier.ByAsset}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sums.Rows {
		if s.Counts != counts[s.ID] {
			t.Errorf("asset %d has %v; want %v", s.ID, s.Counts, counts[s.ID])
		}
	}
	if sums.Groups != len(counts) || sums.Counts.Total() != len(list) {
		t.Errorf("%d groups of %d; want %d of %d", sums.Groups, sums.Counts.Total(), len(counts), len(list))
	}
	if sums, err = v.Sums(nil, harrier.SumQuery{By: harrier.ByVulnerability}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, s := range sums.Rows {
		if want := len(hosts[[2]int64{int64(s.ID), int64(s.Severity)}]); s.Hosts != want {
			t.Errorf("vulnerability %d at %v is on %d assets; want %d", s.ID, s.Severity, s.Hosts, want)
		}
	}
}

// TestMoves moves and removes findings, and asks about what is left.
func TestMoves(t *testing.T) {
	v, list := estate(t, 500)
	f := list[7]
	f.Asset, f.Closed, f.Older = 50, 0, []Span{{10, 20, 30}}
	f.Opened = 100
	if err := v.PutFinding(&f); err != nil {
		t.Fatal(err)
	}
	at := func(n int64) time.Time { return time.UnixMicro(n) }
	v.RemoveFinding(list[8].ID)
	v.RemoveFinding(list[8].ID)
	v.RemoveFinding(1 << 40)
	for _, c := range []struct {
		from, to int64
		want     harrier.Delta
	}{
		{5, 15, harrier.Delta{New: []harrier.ID{f.ID}}},
		{15, 50, harrier.Delta{Remediated: []harrier.ID{f.ID}}},
		{30, 100, harrier.Delta{New: []harrier.ID{f.ID}}},
		{29, 100, harrier.Delta{Same: []harrier.ID{f.ID}}},
		{40, 50, harrier.Delta{}},
	} {
		have := v.Between(50, at(c.from), at(c.to))
		only := func(ids []harrier.ID) []harrier.ID {
			return slices.DeleteFunc(ids, func(id harrier.ID) bool { return id != f.ID })
		}
		have.New, have.Remediated, have.Same = only(have.New), only(have.Remediated), only(have.Same)
		if diff := gocmp.Diff(c.want, have, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("between %d and %d (-want +got):\n%s", c.from, c.to, diff)
		}
	}
	if n, _ := v.Len(); n != len(list)-1 {
		t.Errorf("%d findings; want %d", n, len(list)-1)
	}
	for _, bad := range []Finding{{}, {ID: 1 << 40, Asset: 1}, {ID: 1, Asset: 1 << 40}} {
		if err := v.PutFinding(&bad); err == nil {
			t.Errorf("PutFinding(%+v) = nil", bad)
		}
	}
}
