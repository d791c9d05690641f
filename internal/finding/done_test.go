package finding

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
)

// TestDone shows what an engine is told that takes up a batch of another.
func TestDone(t *testing.T) {
	db := open(t)
	r := room(db)
	sc := begin(t, db, day, []harrier.VulnID{100}, "192.0.2.1-192.0.2.3", "192.0.2.9,www.example.com")
	named := hostAt("192.0.2.50", day)
	named.Name = "www.example.com"
	for _, h := range []*harrier.Host{hostAt("192.0.2.1", day), hostAt("192.0.2.9", day), named} {
		fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Host: ends(h, time.Second), Coverage: complete(harrier.AllPorts)})
	}
	fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Host: hostAt("192.0.2.2", day)}) // still going on
	for batch, want := range map[int][]string{
		1: {"192.0.2.1|192.0.2.1"}, 2: {"192.0.2.9|192.0.2.9", "www.example.com|192.0.2.50"}, 3: nil,
	} {
		if got, err := r.done(t.Context(), sc.ID, batch); err != nil || !slices.Equal(got, want) {
			t.Errorf("done(%d) = %q, %v; want %q", batch, got, err, want)
		}
	}
}

// TestDead adds silent targets up over messages and restarts.
func TestDead(t *testing.T) {
	db := open(t)
	sc := begin(t, db, day, nil, "192.0.2.0/28", "192.0.2.16/28,www.example.com")
	span := func(s string) harrier.Span {
		list, err := harrier.ParseTargets(s)
		must(t, err)
		return harrier.Span{Target: list[0], Count: list[0].Count(), Reason: "no answer"}
	}
	for _, one := range []struct {
		batch int
		span  string
	}{{1, "192.0.2.1-192.0.2.4"}, {2, "192.0.2.16"}, {1, "192.0.2.9"}, {2, "www.example.com"}, {1, "192.0.2.9"}} {
		fold(t, room(db), harrier.Result{Scan: sc.ID, Batch: one.batch, Dead: []harrier.Span{span(one.span)}})
	}
	got, err := db.Dead(t.Context(), sc.ID)
	must(t, err)
	want := []harrier.Span{span("192.0.2.1-192.0.2.4"), span("192.0.2.9"), span("192.0.2.16"), span("www.example.com")}
	if !slices.Equal(got, want) {
		t.Errorf("dead = %v; want %v", got, want)
	}
}

// TestGivenUp shows which ends of batches are final.
func TestGivenUp(t *testing.T) {
	for _, tt := range []struct {
		status harrier.ScanStatus
		done   harrier.BatchDone
		open   int
	}{
		{harrier.ScanRunning, harrier.BatchDone{}, 0},
		{harrier.ScanRunning, harrier.BatchDone{Stopped: true}, 1}, // the engine was stopped, not the scan
		{harrier.ScanStopping, harrier.BatchDone{Stopped: true}, 0},
		{harrier.ScanRunning, harrier.BatchDone{Error: "out of memory"}, 0},
	} {
		db := open(t)
		told := 0
		r := room(db)
		r.Folded = func(harrier.ID) { told++ }
		sc := begin(t, db, day, nil, "192.0.2.1")
		finish(t, db, sc, tt.status)
		fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Attempt: 1, Engine: "near", Done: &tt.done})
		batches, err := db.OpenBatches(t.Context(), sc.ID)
		must(t, err)
		if len(batches) != tt.open || told != 1-tt.open {
			t.Errorf("%s, %+v: %d open, told %d times; want %d, %d", tt.status, tt.done, len(batches), told, tt.open, 1-tt.open)
		}
		stored, err := db.Scan(t.Context(), sc.ID)
		must(t, err)
		if want := tt.done.Error != ""; want != (stored.Reason == "batch 1: out of memory") {
			t.Errorf("%+v: reason %q", tt.done, stored.Reason)
		}
		if ran := stored.Engine == "near"; ran == (tt.open > 0) {
			t.Errorf("%s, %+v: the scan was done by %q", tt.status, tt.done, stored.Engine)
		}
	}
}

// TestRun folds over a bus.
func TestRun(t *testing.T) {
	db, b := open(t), bus.Memory()
	r := room(db)
	r.Bus = b
	sc := begin(t, db, day, []harrier.VulnID{100}, "192.0.2.1")
	folded := make(chan harrier.ID, 1)
	r.Folded = func(id harrier.ID) { folded <- id }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	h := ends(hostAt("192.0.2.1", day), time.Second)
	for i, res := range []harrier.Result{
		{Host: h, Observations: []harrier.Observation{observation(100, 80, day)}},
		{Host: h, Coverage: complete(harrier.AllPorts, 80)},
		{Done: &harrier.BatchDone{}},
	} {
		res.Scan, res.Batch, res.Attempt, res.Seq = sc.ID, 1, 1, i+1
		must(t, b.PublishResult(ctx, res))
	}
	if id := <-folded; id != sc.ID {
		t.Errorf("folded %d; want %d", id, sc.ID)
	}
	if got, err := b.AskDone(ctx, sc.ID, 1); err != nil || len(got) != 1 {
		t.Errorf("AskDone = %q, %v; want one host", got, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v; want nil", err)
	}
}

func TestExceptionPermissions(t *testing.T) {
	db := open(t)
	r := room(db)
	actor := func(user harrier.ID, role harrier.Role) harrier.Actor {
		return harrier.Actor{User: user, Permissions: role.Permissions()}
	}
	const ok = harrier.Kind(255)
	for _, tt := range []struct {
		name                   string
		by                     harrier.Actor
		create, see, own, list harrier.Kind
	}{
		{"owner", actor(1, harrier.Analyst), ok, ok, ok, ok},
		{"stranger", actor(2, harrier.Analyst), ok, harrier.NotFound, harrier.NotFound, harrier.Unavailable},
		{"viewer", actor(3, harrier.Viewer), harrier.Forbidden, harrier.NotFound, harrier.NotFound, harrier.Unavailable},
		{"credential manager", actor(5, harrier.CredentialManager), harrier.Forbidden, harrier.NotFound, harrier.NotFound, harrier.Forbidden},
		{"administrator", actor(4, harrier.Administrator), ok, ok, ok, harrier.Unavailable},
	} {
		check := func(what string, err error, want harrier.Kind) {
			t.Helper()
			got := ok
			if err != nil {
				got = harrier.KindOf(err)
			}
			if got != want {
				t.Errorf("%s of %s = %v; want %s", what, tt.name, err, want)
			}
		}
		e := harrier.Exception{Vulnerability: 100, Hide: true}
		must(t, r.CreateException(t.Context(), actor(1, harrier.Analyst), &e))
		check("create", r.CreateException(t.Context(), tt.by, &harrier.Exception{Vulnerability: 100}), tt.create)
		_, err := r.Exception(t.Context(), tt.by, e.ID)
		check("see", err, tt.see)
		changed := e
		changed.Owner, changed.Host = 99, " 192.0.2.1 "
		check("update", r.UpdateException(t.Context(), tt.by, &changed), tt.own)
		if got, _ := db.Exception(t.Context(), e.ID); got.Owner != 1 || (got.Host == "192.0.2.1") != (tt.own == ok) {
			t.Errorf("%s: stored %+v; want the owner to stay", tt.name, got)
		}
		if _, _, err := r.Findings(t.Context(), tt.by, nil, Page{}); tt.list != ok {
			check("findings", err, tt.list)
		}
		check("delete", r.DeleteException(t.Context(), tt.by, e.ID), tt.own)
	}
	for _, e := range []harrier.Exception{{}, {Vulnerability: 1, Recast: 5}} {
		if err := r.CreateException(t.Context(), actor(1, harrier.Analyst), &e); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("CreateException(%+v) = %v; want Invalid", e, err)
		}
	}
}
