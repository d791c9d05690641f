package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// besideAssets: what stands beside many assets is what stands beside each.
func besideAssets(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	a, b := newAsset(t, db, 1), newAsset(t, db, 2)
	ids := []harrier.ID{a.ID, b.ID}
	list := make([]harrier.Identifier, 2)
	for i := range list {
		fill(&list[i], i+1)
		list[i].Others = 0
	}
	must(t, db.PutIdentifiers(ctx, a.ID, a.Repository, list))
	if diff := cmp.Diff(map[harrier.ID][]harrier.Identifier{a.ID: list}, got(db.IdentifiersOf(ctx, ids))(t)); diff != "" {
		t.Errorf("IdentifiersOf (-want +got):\n%s", diff)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var last harrier.ID
	var met []harrier.Encounter
	for i, site := range []harrier.ID{7, 7, 5} {
		began := at.Add(time.Duration(i) * time.Hour)
		s := harrier.Scan{Site: site, Repository: 1, Status: harrier.ScanCompleted, Owner: harrier.ID(i), Name: "s", Created: began, Started: began}
		e := harrier.Encounter{Site: site, Owner: s.Owner, Name: "s", At: began}
		if i > 0 {
			s.Ended = began.Add(time.Minute)
			e.At = s.Ended
		}
		must(t, db.InsertScan(ctx, &s))
		e.Scan = s.ID
		met = append(met, e)
		twin := harrier.ScanHost{Scan: s.ID, Index: 2, Asset: a.ID, Host: harrier.Host{Name: "the same under another name"}}
		must(t, db.PutScanHost(ctx, &twin))
		h := harrier.ScanHost{Scan: s.ID, Index: 1, Asset: a.ID, Host: harrier.Host{Name: "a", Started: began, Ended: began.Add(time.Minute)}}
		must(t, db.PutScanHost(ctx, &h))
		last = s.ID
	}
	a.LastScan = last
	must(t, db.UpdateAsset(ctx, &a))
	if diff := cmp.Diff(map[harrier.ID][]harrier.ID{a.ID: {5, 7}}, got(db.SitesOf(ctx, ids))(t)); diff != "" {
		t.Errorf("SitesOf (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[harrier.ID][]harrier.Encounter{a.ID: met}, got(db.EncountersOf(ctx, ids))(t)); diff != "" {
		t.Errorf("EncountersOf (-want +got):\n%s", diff)
	}
	want := map[harrier.ID]harrier.Look{a.ID: {Started: at.Add(2 * time.Hour), Ended: at.Add(2*time.Hour + time.Minute)}}
	if diff := cmp.Diff(want, got(db.LastLooks(ctx, ids))(t)); diff != "" {
		t.Errorf("LastLooks (-want +got):\n%s", diff)
	}
	seats := got(db.ScanSeats(ctx))(t)
	if len(seats) != 3 || seats[2].ID != last || seats[2].Site != 5 || seats[2].Repository != 1 {
		t.Errorf("ScanSeats = %+v; want three by rising ID", seats)
	}
}

// keysAndProperties: keys are found by their hash and end with their user, those of
// organisations do not; an engine's properties are replaced together.
func keysAndProperties(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	u := harrier.User{Name: "ann"}
	must(t, db.InsertUser(ctx, &u))
	own, all := harrier.APIKey{Name: "x", Hash: "h1", User: u.ID}, harrier.APIKey{Name: "y", Hash: "h2", User: u.ID, ForAll: true}
	must(t, db.InsertAPIKey(ctx, &own))
	must(t, db.InsertAPIKey(ctx, &all))
	if err := db.InsertAPIKey(ctx, &harrier.APIKey{Hash: "h1"}); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("the same key again: %v; want Conflict", err)
	}
	if k := got(db.APIKeyByHash(ctx, "h2"))(t); k.ID != all.ID {
		t.Errorf("APIKeyByHash = %+v", k)
	}
	must(t, db.DeleteUser(ctx, u.ID))
	if list := got(db.APIKeys(ctx))(t); len(list) != 1 || list[0].ID != all.ID {
		t.Errorf("keys of a user who is gone: %+v; want the organisation's", list)
	}
	if _, err := db.APIKeyByHash(ctx, "h1"); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("a key that is gone: %v; want NotFound", err)
	}
	one, other := harrier.NewUUID(time.Now()), harrier.NewUUID(time.Now())
	must(t, db.PutEngineProperties(ctx, one, map[string]string{"a": "1", "b": "2"}))
	must(t, db.PutEngineProperties(ctx, other, map[string]string{"a": "3"}))
	must(t, db.PutEngineProperties(ctx, one, map[string]string{"b": "4"}))
	want := map[harrier.UUID]map[string]string{one: {"b": "4"}, other: {"a": "3"}}
	if diff := cmp.Diff(want, got(db.EngineProperties(ctx))(t)); diff != "" {
		t.Errorf("EngineProperties (-want +got):\n%s", diff)
	}
}
