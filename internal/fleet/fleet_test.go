package fleet

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counting counts how often an engine is stored.
type counting struct {
	*store.DB
	mu   sync.Mutex
	puts int
}

func (c *counting) PutEngine(ctx context.Context, e *harrier.Engine) error {
	c.mu.Lock()
	c.puts++
	c.mu.Unlock()
	return c.DB.PutEngine(ctx, e)
}

func TestFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), ":memory:")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		s, b := &counting{DB: db}, bus.Memory()
		var lost []harrier.Event
		r := New(Config{Store: s, Bus: b, Tell: func(e harrier.Event) { lost = append(lost, e) }})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = r.Run(ctx) })
		synctest.Wait()
		e := harrier.Engine{UUID: harrier.NewUUID(time.Now()), Name: "branch", Pool: "dmz", LastSeen: time.Now().Add(-time.Hour)}
		for range 120 { // four minutes
			_ = b.Beat(ctx, harrier.Heartbeat{Engine: e, Active: []harrier.Activity{{Scan: 1, Batch: 1}}})
			time.Sleep(2 * time.Second)
		}
		synctest.Wait()
		if s.puts < 7 || s.puts > 9 {
			t.Errorf("stored %d times in four minutes; want every 30 seconds", s.puts)
		}
		viewer := harrier.Actor{User: 1, Permissions: harrier.Viewer.Permissions()}
		list, err := r.Engines(t.Context(), viewer)
		if err != nil || len(list) != 1 || list[0].ID == 0 || list[0].Running != 1 || !list[0].Alive(time.Now()) {
			t.Fatalf("Engines = %+v, %v; want one that is alive, by the console's clock", list, err)
		}
		if _, err := r.Engines(t.Context(), harrier.Actor{}); harrier.KindOf(err) != harrier.Forbidden {
			t.Errorf("Engines of nobody = %v; want Forbidden", err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(lost) != 1 || lost[0].Kind != harrier.EngineLost || lost[0].Detail != "branch" {
			t.Errorf("events = %+v; want one lost engine", lost)
		}
		cancel()
		wg.Wait()
		// A new console does not tell of what was lost before.
		r = New(Config{Store: s, Bus: b, Tell: func(e harrier.Event) { lost = append(lost, e) }})
		ctx, cancel = context.WithCancel(t.Context())
		wg.Go(func() { _ = r.Run(ctx) })
		time.Sleep(5 * time.Minute)
		cancel()
		wg.Wait()
		if len(lost) != 1 {
			t.Errorf("events after a restart = %+v; want no more", lost)
		}
	})
}
