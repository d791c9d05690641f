package storetest

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

func identifiers(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	a, b := newAsset(t, db, 1), newAsset(t, db, 2)
	list := make([]harrier.Identifier, 2)
	for i := range list {
		fill(&list[i], i+1)
		list[i].Others = 0
	}
	must(t, db.PutIdentifiers(ctx, a.ID, a.Repository, list))
	must(t, db.PutIdentifiers(ctx, b.ID, b.Repository, list[:1]))
	if diff := cmp.Diff(list, got(db.Identifiers(ctx, a.ID))(t)); diff != "" {
		t.Errorf("identifiers (-want +got):\n%s", diff)
	}
	list[1].Shared, list[1].Last = false, list[0].Last
	must(t, db.PutIdentifiers(ctx, a.ID, a.Repository, list[1:]))
	if diff := cmp.Diff(list, got(db.Identifiers(ctx, a.ID))(t)); diff != "" {
		t.Errorf("changed identifiers (-want +got):\n%s", diff)
	}
	for what, tt := range map[string]struct {
		repository harrier.ID
		sight      harrier.Sight
		want       []harrier.ID
	}{
		"both have the first":        {1, harrier.Sight{Identifiers: list[:1]}, []harrier.ID{a.ID, b.ID}},
		"one has the second":         {1, harrier.Sight{Identifiers: list[1:]}, []harrier.ID{a.ID}},
		"by address":                 {1, harrier.Sight{Addr: b.Addr}, []harrier.ID{b.ID}},
		"by all":                     {1, harrier.Sight{Addr: b.Addr, Identifiers: list}, []harrier.ID{a.ID, b.ID}},
		"in another repository":      {2, harrier.Sight{Addr: b.Addr, Identifiers: list}, nil},
		"the value of another kind":  {1, harrier.Sight{Identifiers: []harrier.Identifier{{Kind: "other", Value: list[0].Value}}}, nil},
		"an address that nobody has": {1, harrier.Sight{Addr: netip.MustParseAddr("203.0.113.1")}, nil},
	} {
		var ids []harrier.ID
		for _, k := range got(db.AssetsAlike(ctx, tt.repository, tt.sight))(t) {
			ids = append(ids, k.ID)
			if k.ID == a.ID && len(k.Identifiers) != 2 {
				t.Errorf("%s: asset %d with the identifiers %v; want both", what, a.ID, k.Identifiers)
			}
		}
		if diff := cmp.Diff(tt.want, ids); diff != "" {
			t.Errorf("%s: AssetsAlike (-want +got):\n%s", what, diff)
		}
	}
	must(t, db.DeleteIdentifiers(ctx, a.ID, list[:1]))
	if diff := cmp.Diff(list[1:], got(db.Identifiers(ctx, a.ID))(t)); diff != "" {
		t.Errorf("after one is gone (-want +got):\n%s", diff)
	}
}

func waitingHosts(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	var s harrier.Service
	fill(&s, 1)
	for _, scan := range []harrier.ID{3, 4} {
		for range 2 {
			h := harrier.ScanHost{Scan: scan}
			fill(&h.Host, int(scan))
			h.Name += string(rune('a' + len(got(db.ScanHosts(ctx, scan))(t))))
			must(t, db.PutScanHost(ctx, &h))
		}
	}
	must(t, db.PutWaiting(ctx, 3, 2, []harrier.Service{s}))
	must(t, db.PutWaiting(ctx, 4, 1, nil))
	if diff := cmp.Diff([]harrier.Service{s}, got(db.WaitingServices(ctx, 3, 2))(t)); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]harrier.ID{3, 4}, got(db.WaitingScans(ctx))(t)); diff != "" {
		t.Errorf("scans (-want +got):\n%s", diff)
	}
	if list := got(db.Waiting(ctx, 3))(t); len(list) != 1 || list[0].Index != 2 {
		t.Errorf("Waiting(3) = %+v; want host 2", list)
	}
	must(t, db.DeleteWaiting(ctx, 3, 2))
	if list := got(db.Waiting(ctx, 3))(t); len(list) != 0 {
		t.Errorf("Waiting(3) = %+v; want none", list)
	}

	r := harrier.Recognition{Scan: 4, Index: 1, Match: harrier.Match{Asset: 7, Score: 60, Reasons: []harrier.Reason{{Kind: harrier.IDMAC, Value: "x", Points: 60}}}}
	must(t, db.PutRecognition(ctx, r))
	list := got(db.Recognitions(ctx, 7, 10))(t)
	if len(list) != 1 || list[0].Scan != 4 || list[0].Index != 1 || list[0].Score != 60 || len(list[0].Reasons) != 1 {
		t.Errorf("Recognitions = %+v; want %+v", list, r)
	}
}

func mergeRecords(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	var m harrier.Merge
	fill(&m, 1)
	m.ID = 0
	must(t, db.InsertMerge(ctx, &m))
	back := got(db.Merge(ctx, m.ID))(t)
	// What a chain of pointers hides from fill is not kept.
	if diff := cmp.Diff(m, back, exact); diff != "" {
		t.Errorf("merge (-want +got):\n%s", diff)
	}
	m.UndoneBy = "somebody else"
	must(t, db.UpdateMerge(ctx, &m))
	short := m
	short.Detail = harrier.MergeDetail{}
	if diff := cmp.Diff([]harrier.Merge{short}, got(db.Merges(ctx))(t), exact); diff != "" {
		t.Errorf("merges (-want +got):\n%s", diff)
	}
	if _, err := db.Merge(ctx, 99); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Merge(99) = %v; want NotFound", err)
	}
}

// restored deletes findings and an asset and puts them back under their numbers.
func restored(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	a, b := newAsset(t, db, 1), newAsset(t, db, 2)
	f, g := newFinding(a.ID, 1, closedChain()...), newFinding(a.ID, 2, closedChain()...)
	must(t, db.SaveFindings(ctx, []*harrier.Finding{f, g}))
	if err := db.DeleteAsset(ctx, a.ID); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("DeleteAsset with findings = %v; want Conflict", err)
	}
	must(t, db.DeleteFindings(ctx, []harrier.ID{f.ID, g.ID}))
	compareCounts(t, db)
	must(t, db.DeleteAsset(ctx, a.ID))
	if _, err := db.Asset(ctx, a.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Asset = %v; want NotFound", err)
	}
	again := a
	must(t, db.RestoreAsset(ctx, &again))
	if diff := cmp.Diff(a, got(db.Asset(ctx, a.ID))(t), exact); diff != "" {
		t.Errorf("asset (-want +got):\n%s", diff)
	}
	if err := db.RestoreAsset(ctx, &again); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("RestoreAsset twice = %v; want Conflict", err)
	}
	must(t, db.RestoreFindings(ctx, []*harrier.Finding{f, g}))
	compareCounts(t, db)
	if diff := cmp.Diff([]*harrier.Finding{f, g}, got(db.FindingsOf(ctx, a.ID))(t)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	byVuln := harrier.Cmp{Field: "vulnerability", Op: harrier.Eq, Values: []any{int64(f.Vulnerability)}}
	list, n, err := db.SearchFindings(ctx, byVuln, store.Page{})
	if must(t, err); n != 1 || list[0].ID != f.ID {
		t.Errorf("by vulnerability: %+v; want finding %d", list, f.ID)
	}
	if err := db.RestoreFindings(ctx, []*harrier.Finding{f}); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("RestoreFindings twice = %v; want Conflict", err)
	}
	if err := db.DeleteFindings(ctx, []harrier.ID{99}); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("DeleteFindings(99) = %v; want NotFound", err)
	}
	compareCounts(t, db)

	h := harrier.ScanHost{Scan: 3, Asset: a.ID}
	fill(&h.Host, 1)
	must(t, db.PutScanHost(ctx, &h))
	hosts := got(db.HostsOf(ctx, a.ID))(t)
	must(t, db.GiveHosts(ctx, append(hosts, harrier.HostRef{Scan: 9, Index: 9}), b.ID))
	if diff := cmp.Diff([]harrier.HostRef{{Scan: 3, Index: 1}}, got(db.HostsOf(ctx, b.ID))(t)); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
}
