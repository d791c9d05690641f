package engine_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/engine"
)

// TestProperties: an engine asks for its properties, and says which it follows.
func TestProperties(t *testing.T) {
	b := bus.Memory()
	id := harrier.NewUUID(time.Now())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() {
		_ = b.ServeProperties(ctx, func(_ context.Context, engine harrier.UUID) (map[string]string, error) {
			if engine != id {
				t.Errorf("engine %s asks; want %s", engine, id)
			}
			return map[string]string{harrier.EngineParallel: "1"}, nil
		})
	})
	running.Go(func() { _ = engine.New(b, engine.Config{UUID: id, Beat: 10 * time.Millisecond}).Run(ctx) })
	told := false
	_ = b.WatchBeats(ctx, func(h harrier.Heartbeat) {
		if h.Properties[harrier.EngineParallel] == "1" {
			told = true
			cancel()
		}
	})
	running.Wait()
	if !told {
		t.Error("no heartbeat tells the properties")
	}
}
