package storetest

import (
	"net/netip"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

func scanLife(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	going := harrier.Scan{Status: harrier.ScanRunning}
	must(t, db.InsertScan(ctx, &going))
	over := harrier.Scan{Status: harrier.ScanStopped, Told: harrier.ToldLaunch}
	must(t, db.InsertScan(ctx, &over))
	must(t, db.InsertScan(ctx, &harrier.Scan{Status: harrier.ScanRunning, Told: harrier.ToldLaunch}))
	must(t, db.InsertScan(ctx, &harrier.Scan{Status: harrier.ScanCompleted, Told: harrier.ToldEnd}))
	untold := func(what string, want ...harrier.ID) {
		t.Helper()
		list := got(db.UntoldScans(ctx))(t)
		if len(list) != len(want) {
			t.Fatalf("%s: %d scans to be told of; want %d", what, len(list), len(want))
		}
		for i := range want {
			if list[i].ID != want[i] {
				t.Errorf("%s: scan %d is to be told of; want %d", what, list[i].ID, want[i])
			}
		}
	}
	untold("at first", going.ID, over.ID)
	must(t, db.SetTold(ctx, going.ID, harrier.ToldLaunch))
	must(t, db.SetTold(ctx, over.ID, harrier.ToldEnd))
	must(t, db.SetTold(ctx, over.ID, harrier.ToldLaunch))
	untold("at last")

	var ids []harrier.ID
	for _, a := range []harrier.Asset{
		{Addr: netip.MustParseAddr("192.0.2.1"), LastSeen: at},
		{Addr: netip.MustParseAddr("192.0.2.9"), LastSeen: at},
		{Addr: netip.MustParseAddr("192.0.2.10"), LastSeen: at.Add(time.Hour)},
		{Addr: netip.MustParseAddr("192.0.2.200"), LastSeen: at},
		{Addr: netip.MustParseAddr("2001:db8::9"), LastSeen: at},
		{Addr: netip.MustParseAddr("192.0.2.5"), LastSeen: at, Repository: 2},
	} {
		if a.Repository == 0 {
			a.Repository = 1
		}
		must(t, db.InsertAsset(ctx, &a))
		ids = append(ids, a.ID)
	}
	first, last := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.99")
	list := got(db.SilentAssets(ctx, 1, first, last, at.Add(time.Minute), 0, 9))(t)
	if len(list) != 2 || list[0].ID != ids[0] || list[1].ID != ids[1] {
		t.Errorf("SilentAssets = %d assets; want the two of the range that were not seen since", len(list))
	}
	if list = got(db.SilentAssets(ctx, 1, first, last, at.Add(time.Minute), ids[0], 1))(t); len(list) != 1 || list[0].ID != ids[1] {
		t.Errorf("SilentAssets after the first = %d assets; want the second", len(list))
	}
	if list = got(db.SilentAssets(ctx, 1, first, last, at, 0, 9))(t); len(list) != 0 {
		t.Errorf("SilentAssets before they were seen = %d assets; want none", len(list))
	}

	h := harrier.ScanHost{Scan: over.ID, Host: harrier.Host{Name: "a", Alive: true}}
	must(t, db.PutScanHost(ctx, &h))
	must(t, db.PutWaiting(ctx, over.ID, h.Index, nil))
	must(t, db.DropWaiting(ctx, going.ID))
	if waiting := got(db.Waiting(ctx, over.ID))(t); len(waiting) != 1 {
		t.Errorf("%d hosts wait; want 1", len(waiting))
	}
	must(t, db.DropWaiting(ctx, over.ID))
	if waiting := got(db.Waiting(ctx, over.ID))(t); len(waiting) != 0 {
		t.Errorf("%d hosts wait after all were dropped; want none", len(waiting))
	}
}
