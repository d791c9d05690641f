package storetest

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// many is more than one statement of a group takes.
const many = 70

// groups compares what is done for many at once with what is done singly.
func groups(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	var list []*harrier.Asset
	var at []netip.Addr
	var ids []harrier.ID
	for i := range many {
		a := newAsset(t, db, 10*i+1)
		a.Repository, a.Addr = harrier.DefaultRepository, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		must(t, db.UpdateAsset(ctx, &a))
		s := harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(i)}, Name: "http"}
		must(t, db.PutServices(ctx, a.ID, []harrier.Service{s}))
		must(t, db.SaveFindings(ctx, []*harrier.Finding{newFinding(a.ID, i, closedChain()...)}))
		list, at, ids = append(list, &a), append(at, a.Addr), append(ids, a.ID)
	}
	check := func(ctx context.Context) {
		t.Helper()
		findings, services := got(db.FindingsOfAll(ctx, ids))(t), got(db.ServicesOfAll(ctx, ids))(t)
		for i, a := range got(db.AssetsAt(ctx, harrier.DefaultRepository, at))(t) {
			if diff := cmp.Diff(got(db.Asset(ctx, ids[i]))(t), a, exact); diff != "" {
				t.Errorf("AssetsAt, asset %d (-want +got):\n%s", i, diff)
			}
			if diff := cmp.Diff(got(db.FindingsOf(ctx, a.ID))(t), findings[a.ID], exact); diff != "" {
				t.Errorf("FindingsOfAll, asset %d (-want +got):\n%s", i, diff)
			}
			if diff := cmp.Diff(got(db.ServicesOf(ctx, a.ID))(t), services[a.ID], exact); diff != "" || len(services[a.ID]) != 1 {
				t.Errorf("ServicesOfAll, asset %d (-want +got):\n%s", i, diff)
			}
		}
	}
	check(ctx)
	must(t, db.InTx(ctx, func(ctx context.Context) error { check(ctx); return nil }))
	if list := got(db.AssetsAt(ctx, harrier.DefaultRepository+1, at))(t); len(list) != 0 {
		t.Errorf("%d assets of another repository; want none", len(list))
	}
	for i, a := range list {
		a.OS = "changed"
		if i%2 == 0 {
			a.Names = []string{"renamed", "zz"}
		}
	}
	must(t, db.UpdateAssets(ctx, list))
	for _, a := range list {
		have := got(db.Asset(ctx, a.ID))(t)
		if have.OS != "changed" || !slices.Equal(have.Names, a.Names) {
			t.Errorf("asset after UpdateAssets = %+v; want %+v", have, *a)
		}
	}
	named := harrier.Cmp{Field: "host", Op: harrier.Eq, Values: []any{"renamed"}}
	if _, n, err := db.SearchAssets(ctx, named, store.Page{Limit: 1}); err != nil || n != many/2 {
		t.Errorf("%d assets by their new name, %v; want %d", n, err, many/2)
	}
	gone := *list[0]
	gone.ID = 1 << 40
	if err := db.UpdateAssets(ctx, []*harrier.Asset{&gone}); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("UpdateAssets of one that is gone = %v; want NotFound", err)
	}
}

func groupsOfHosts(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	known := harrier.ScanHost{Scan: 3, Host: harrier.Host{Name: "known.example"}}
	must(t, db.PutScanHost(ctx, &known))
	other := harrier.ScanHost{Scan: 4, Host: harrier.Host{Name: "host-9"}}
	must(t, db.PutScanHost(ctx, &other))
	hosts := make([]harrier.ScanHost, many)
	var list []*harrier.ScanHost
	seen := map[int][]harrier.Observation{}
	for i := range hosts {
		h := &hosts[i]
		fill(h, 10*i+1)
		h.Scan, h.Index, h.Addr, h.Name = 3, 0, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), "host"
		list = append(list, h)
	}
	again := harrier.ScanHost{Scan: 3, Done: true, Host: harrier.Host{Name: "known.example"}}
	list = slices.Insert(list, many/2, &again)
	must(t, db.PutScanHosts(ctx, list))
	must(t, db.PutScanHosts(ctx, list))
	if again.Index != 1 || hosts[0].Index != 2 || hosts[many-1].Index != many+1 {
		t.Fatalf("indexes %d, %d, %d; want 1, 2, %d", again.Index, hosts[0].Index, hosts[many-1].Index, many+1)
	}
	for i := range hosts {
		var o harrier.Observation
		fill(&o, i+1)
		seen[hosts[i].Index] = []harrier.Observation{o}
		c := &harrier.Coverage{Alive: true, Planned: i}
		must(t, db.PutHostCoverage(ctx, 3, hosts[i].Index, c))
	}
	must(t, db.PutObservations(ctx, 3, seen))
	must(t, db.PutObservations(ctx, 4, map[int][]harrier.Observation{1: seen[2]}))
	all := got(db.ScanHosts(ctx, 3))(t)
	for after := 0; after < len(all); after += 20 {
		want := all[after:min(after+20, len(all))]
		if diff := cmp.Diff(want, got(db.ScanHostsFrom(ctx, 3, after, 20))(t), exact); diff != "" {
			t.Errorf("ScanHostsFrom %d (-want +got):\n%s", after, diff)
		}
	}
	observed, covered := got(db.ObservationsBetween(ctx, 3, 5, 40))(t), got(db.CoverageBetween(ctx, 3, 5, 40))(t)
	if len(observed) != 36 || len(covered) != 36 {
		t.Errorf("%d and %d hosts from 5 to 40; want 36", len(observed), len(covered))
	}
	for i := 5; i <= 40; i++ {
		if diff := cmp.Diff(got(db.HostObservations(ctx, 3, i))(t), observed[i], exact); diff != "" || len(observed[i]) != 1 {
			t.Errorf("observations of host %d (-want +got):\n%s", i, diff)
		}
		if diff := cmp.Diff(got(db.HostCoverage(ctx, 3, i))(t), covered[i], exact); diff != "" {
			t.Errorf("coverage of host %d (-want +got):\n%s", i, diff)
		}
	}
}
