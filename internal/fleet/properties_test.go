package fleet

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestProperties: what an engine is told is stored, told to the engine that asks,
// and shown as followed once the engine says so.
func TestProperties(t *testing.T) {
	db, err := store.Open(t.Context(), ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	b := bus.Memory()
	r := New(Config{Store: db, Bus: b})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	defer running.Wait()
	defer cancel()
	e := harrier.Engine{UUID: harrier.NewUUID(time.Now()), Name: "branch", Started: time.Now()}
	beat := func(p map[string]string) {
		if err := r.See(ctx, harrier.Heartbeat{Engine: e, Properties: p}); err != nil {
			t.Fatal(err)
		}
	}
	beat(nil)
	op := harrier.Actor{User: 1, Permissions: harrier.Operator.Permissions()}
	list, err := r.Engines(ctx, op)
	if err != nil || len(list) != 1 {
		t.Fatalf("engines %v, %v", list, err)
	}
	id := list[0].ID
	if err := r.SetProperties(ctx, op, id, map[string]string{harrier.EngineParallel: "2", "other": "x"}, nil); err != nil {
		t.Fatal(err)
	}
	if p, err := r.Properties(ctx, op); err != nil || p[e.UUID].Followed || p[e.UUID].Values["other"] != "x" {
		t.Errorf("before the engine knows: %+v, %v", p, err)
	}
	var told map[string]string
	for end := time.Now().Add(10 * time.Second); told == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		told, _ = b.AskProperties(ctx, e.UUID)
	}
	if harrier.EngineLimit(told, harrier.EngineParallel) != 2 {
		t.Errorf("the engine is told %v", told)
	}
	beat(told)
	if p, err := r.Properties(ctx, op); err != nil || !p[e.UUID].Followed || p[e.UUID].Told.IsZero() {
		t.Errorf("when the engine follows: %+v, %v", p, err)
	}
	if err := r.SetProperties(ctx, op, id, nil, []string{"other", "nobody"}); err != nil {
		t.Fatal(err)
	}
	if p, _ := r.Properties(ctx, op); len(p[e.UUID].Values) != 1 {
		t.Errorf("after one is gone: %+v", p)
	}
	for what, tt := range map[string]struct {
		err  error
		want harrier.Kind
	}{
		"no right":    {r.SetProperties(ctx, harrier.Actor{User: 2, Permissions: harrier.Administrator.Permissions()}, id, nil, nil), harrier.Forbidden},
		"no engine":   {r.SetProperties(ctx, op, 99, nil, nil), harrier.NotFound},
		"no number":   {r.SetProperties(ctx, op, id, map[string]string{harrier.EngineRate: "fast"}, nil), harrier.Invalid},
		"no name":     {r.SetProperties(ctx, op, id, map[string]string{" ": "x"}, nil), harrier.Invalid},
		"a colon":     {r.SetProperties(ctx, op, id, map[string]string{"a:b": "x"}, nil), harrier.Invalid},
		"a long one":  {r.SetProperties(ctx, op, id, map[string]string{"a": strings.Repeat("x", 5000)}, nil), harrier.Invalid},
		"who is this": {second(r.Properties(ctx, harrier.Actor{})), harrier.Forbidden},
	} {
		if harrier.KindOf(tt.err) != tt.want || tt.err == nil {
			t.Errorf("%s: %v; want %v", what, tt.err, tt.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }
