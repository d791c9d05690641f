package asset

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/search"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestSearch finds assets by sentences, groups among them, within the scope of
// who asks.
func TestSearch(t *testing.T) {
	ctx := t.Context()
	db, err := store.Open(ctx, ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for i := range 9 {
		a := harrier.Asset{
			Repository: harrier.DefaultRepository, Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), FQDN: fmt.Sprintf("host%d.example", i+1),
			FirstSeen: time.Unix(int64(i), 0), LastSeen: time.Unix(int64(i), 0),
		}
		if err := db.InsertAsset(ctx, &a); err != nil {
			t.Fatal(err)
		}
	}
	boss := harrier.Actor{User: 1, Permissions: harrier.Operator.Permissions()}
	lists := NewLists(db, time.Now)
	for _, l := range []*harrier.AssetList{
		{Name: "Low half", Kind: "static", Definition: "192.0.2.1-192.0.2.4", Tags: "Lab, old"},
		{Name: "Even", Kind: "static", Definition: "192.0.2.2,192.0.2.4,192.0.2.6,192.0.2.8"},
	} {
		if err := lists.Create(ctx, boss, l); err != nil {
			t.Fatal(err)
		}
	}
	narrow := harrier.Actor{User: 2, Permissions: harrier.Viewer.Permissions(), Scope: harrier.Cmp{Field: "address", Op: harrier.In, Values: []any{"192.0.2.3-192.0.2.6"}}}
	r := New(db, nil, nil)
	for _, c := range []struct {
		by   harrier.Actor
		text string
		want []harrier.ID
	}{
		{boss, "", []harrier.ID{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{boss, "groups = 'low HALF'", []harrier.ID{1, 2, 3, 4}},
		{boss, "groups = 'low half' && groups = even", []harrier.ID{2, 4}},
		{boss, "groups != even", []harrier.ID{1, 3, 5, 7, 9}},
		{boss, "groups IS NULL", []harrier.ID{5, 7, 9}},
		{boss, "tags.custom = 'Low half'", []harrier.ID{1, 2, 3, 4}},
		{boss, "tags.custom = lab || tags = old", nil}, // the list's own labels
		{boss, "tags CONTAINS 'ev'", []harrier.ID{2, 4, 6, 8}},
		{boss, "groups LIKE '^L' || name = host9.example", []harrier.ID{1, 2, 3, 4, 9}},
		{narrow, "", []harrier.ID{3, 4, 5, 6}},
		{narrow, "name CONTAINS host && ip != 192.0.2.4", []harrier.ID{3, 5, 6}},
		{narrow, "!(ip = 192.0.2.4)", []harrier.ID{3, 5, 6}},
		{narrow, "groups = even", nil}, // it is not shared
	} {
		e, err := search.Assets(c.text, search.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var have []harrier.ID
		for w := (harrier.Walk{Limit: 2}); ; {
			page, err := r.Search(ctx, c.by, e, w)
			if err != nil {
				t.Fatalf("%s: %v", c.text, err)
			}
			if page.Total != len(c.want) {
				t.Errorf("%s: %d in all; want %d", c.text, page.Total, len(c.want))
			}
			if len(page.Rows) == 0 {
				break
			}
			for _, a := range page.Rows {
				have = append(have, a.ID)
			}
			w.After = page.Last()
		}
		if !slices.Equal(have, c.want) {
			t.Errorf("user %d, %s: %v; want %v", c.by.User, c.text, have, c.want)
		}
	}
	if _, err := r.Search(ctx, harrier.Actor{User: 3}, nil, harrier.Walk{}); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("who may not read findings: %v; want Forbidden", err)
	}
	if _, err := r.Search(ctx, boss, nil, harrier.Walk{Sort: []harrier.Order{{Field: "group"}}}); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("sorted by group: %v; want Invalid", err)
	}
}
