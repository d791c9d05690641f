package storetest

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// accessVersion changes everything that says who sees what, and some things that
// do not.
func accessVersion(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	o := got(db.Organization(ctx, harrier.FirstOrganization))(t)
	if diff := cmp.Diff([]harrier.ID{harrier.DefaultRepository}, o.Repositories); diff != "" || o.Name != "Harrier" || o.UUID.IsZero() || o.Scores != harrier.DefaultScores {
		t.Errorf("the first organisation is %+v; want Harrier with the default repository", o)
	}
	g := got(db.Group(ctx, harrier.FullAccess))(t)
	if !g.First || g.Organization != o.ID || !slices.Equal(g.Lists, []harrier.ID{harrier.EverythingList}) {
		t.Errorf("the first group is %+v", g)
	}
	u := harrier.User{Name: "ann", Organization: 1, Group: 1}
	l := harrier.AssetList{Name: "l"}
	r := harrier.Repository{Name: "r"}
	d := harrier.RoleDefinition{Name: "d"}
	last := got(db.AccessVersion(ctx))(t)
	step := func(what string, changes bool, do func() error) {
		t.Helper()
		must(t, do())
		now := got(db.AccessVersion(ctx))(t)
		if (now != last) != changes {
			t.Errorf("%s: the version changed: %v; want %v", what, now != last, changes)
		}
		last = now
	}
	step("new user", true, func() error { return db.InsertUser(ctx, &u) })
	step("sign-in", false, func() error { u.LastLogin = at(1); return db.UpdateUser(ctx, &u) })
	step("another group", true, func() error { u.Group = 2; return db.UpdateUser(ctx, &u) })
	step("new list", true, func() error { return db.InsertAssetList(ctx, &l) })
	step("changed list", true, func() error { l.Definition = "x"; return db.UpdateAssetList(ctx, &l) })
	step("no list", true, func() error { return db.DeleteAssetList(ctx, l.ID) })
	step("new repository", true, func() error { return db.InsertRepository(ctx, &r) })
	step("new role", true, func() error { return db.InsertRole(ctx, &d) })
	step("changed role", true, func() error { d.Permissions = 1; return db.UpdateRole(ctx, &d) })
	step("changed group", true, func() error { return db.UpdateGroup(ctx, &g) })
	step("changed organisation", true, func() error { return db.UpdateOrganization(ctx, &o) })
	step("new site", false, func() error { return db.InsertSite(ctx, &harrier.Site{Name: "s"}) })
	bySites := harrier.Group{Name: "by sites", Organization: 1, BySites: true}
	step("group by sites", true, func() error { return db.InsertGroup(ctx, &bySites) })
	site := harrier.Site{Name: "t"}
	step("new site, where sites count", true, func() error { return db.InsertSite(ctx, &site) })
	step("next run of the site", false, func() error { site.NextRun = at(1); return db.UpdateSite(ctx, &site) })
	step("targets of the site", true, func() error { site.Targets = "192.0.2.1"; return db.UpdateSite(ctx, &site) })
	step("grants of the site", true, func() error { site.Grants = []harrier.Grant{{User: 1, Level: 16}}; return db.UpdateSite(ctx, &site) })
	step("no site", true, func() error { return db.DeleteSite(ctx, site.ID) })
	if g := got(db.Group(ctx, bySites.ID))(t); !g.BySites {
		t.Errorf("the group is %+v; want it by sites", g)
	}
	step("user gone", true, func() error { return db.DeleteUser(ctx, u.ID) })
	if d.ID <= 1_000_000 {
		t.Errorf("an own role has the ID %d; want one above 1000000", d.ID)
	}
	if diff := cmp.Diff([]harrier.Seat{{User: u.ID, Organization: 1, Group: 2}}, got(db.Seats(ctx))(t)); diff != "" {
		t.Errorf("where the user belonged who is gone (-want +got):\n%s", diff)
	}
}

func givenObjects(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	mine, others := harrier.Site{Name: "mine", Owner: 7}, harrier.Site{Name: "others", Owner: 8}
	must(t, db.InsertSite(ctx, &mine))
	must(t, db.InsertSite(ctx, &others))
	l := harrier.AssetList{Name: "l", Owner: 7}
	must(t, db.InsertAssetList(ctx, &l))
	must(t, db.GiveObjects(ctx, 7, 9))
	for what, have := range map[string][2]harrier.ID{
		"site":         {got(db.Site(ctx, mine.ID))(t).Owner, 9},
		"other's site": {got(db.Site(ctx, others.ID))(t).Owner, 8},
		"asset list":   {got(db.AssetList(ctx, l.ID))(t).Owner, 9},
	} {
		if have[0] != have[1] {
			t.Errorf("the %s belongs to %d; want %d", what, have[0], have[1])
		}
	}
}

// manyRanges searches by more ranges than a statement has room for parameters.
func manyRanges(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	want := 0
	for i := range 200 {
		a := harrier.Asset{Repository: 1, Addr: netip.AddrFrom4([4]byte{10, 0, byte(i), 1})}
		must(t, db.InsertAsset(ctx, &a))
		if i%2 == 0 {
			want++
			must(t, db.SaveFindings(ctx, []*harrier.Finding{{
				Asset: a.ID, Instance: harrier.Instance{Vulnerability: 1, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 1}},
				Intervals: []harrier.Interval{{Opened: at(1), LastSeen: at(1)}},
			}}))
		}
	}
	var ranges []any
	for i := range 9000 { // every second network
		a, b := netip.AddrFrom4([4]byte{10, byte(i >> 7), byte(2 * i), 1}), netip.AddrFrom4([4]byte{10, byte(i >> 7), byte(2 * i), 9})
		ranges = append(ranges, fmt.Sprintf("%s-%s", a, b))
	}
	within := harrier.Or{harrier.Cmp{Field: "address", Op: harrier.In, Values: ranges}, harrier.Cmp{Field: "fqdn", Op: harrier.Eq, Values: []any{"x"}}}
	_, n, err := db.SearchAssets(ctx, within, store.Page{Limit: 1})
	must(t, err)
	_, f, err := db.SearchFindings(ctx, harrier.And{within, harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}}}, store.Page{Limit: 1})
	must(t, err)
	_, out, err := db.SearchAssets(ctx, harrier.Not{Of: within}, store.Page{Limit: 1})
	must(t, err)
	if n != want || f != want || out != 200-want {
		t.Errorf("%d assets, %d findings, %d assets outside; want %d, %d and %d", n, f, out, want, want, 200-want)
	}
}
