package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/engine"
	"github.com/harrier-scan/harrier/internal/flight"
)

// However a batch ends, its record has all that left: for each address as many
// packets as were seen, and a sum that agrees.
func TestFlight(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, b *bus.MemoryBus, stop func()){
		"completed": nil,
		"stopped": func(t *testing.T, b *bus.MemoryBus, _ func()) {
			if err := b.SetCommand(t.Context(), 1, harrier.Stop); err != nil {
				t.Fatal(err)
			}
		},
		"given back": func(_ *testing.T, _ *bus.MemoryBus, stop func()) { stop() },
	} {
		t.Run(name, func(t *testing.T) {
			server(t, "127.1.22.1", "demo 1 bad\n")
			server(t, "127.1.22.2", "\n")
			set := config()
			dir := t.TempDir()
			set.Flight = flight.OpenFolder(dir, 0, slog.New(slog.DiscardHandler)).Begin
			var mu sync.Mutex
			seen := map[netip.Addr]uint64{}
			set.Saw = func(_ string, to netip.AddrPort) {
				mu.Lock()
				defer mu.Unlock()
				seen[to.Addr()]++
			}
			settings := harrier.Settings{Ports: "T:17000-17002"}
			if end != nil {
				settings = harrier.Settings{Ports: "T:1-65000", RatePPS: 300, MaxHosts: 4}
			}
			b, c := bus.Memory(), newConsole()
			publish(t, b, job(t, "127.1.22.1-20", settings))
			stop := start(t, engine.New(b, set).Run, func(ctx context.Context) error { return b.ConsumeResults(ctx, c.fold) })
			if end == nil {
				until(t, "ends", c.count(ends), 1)
			} else {
				until(t, "results", c.count(func(c *console) int { return len(c.results) }), 4)
				until(t, "addresses", func() int {
					mu.Lock()
					defer mu.Unlock()
					return len(seen)
				}, 2)
				end(t, b, stop)
			}
			stop()
			checkFlight(t, dir, seen)
		})
	}
}

func checkFlight(t *testing.T, dir string, seen map[netip.Addr]uint64) {
	t.Helper()
	if len(seen) < 2 {
		t.Fatalf("packets to %d addresses were seen; want several", len(seen))
	}
	for addr, want := range seen {
		answers, _, err := flight.Search(dir, addr)
		if err != nil || len(answers) != 1 {
			t.Fatalf("Search of %s = %+v, %v; want one scan", addr, answers, err)
		}
		if a := answers[0]; a.Missing != "" || a.Target != flight.IsTarget || a.Scan != 1 || a.Engine != "test" {
			t.Errorf("Search of %s = %+v; want a whole record of scan 1", addr, a)
		}
		got := uint64(0)
		for _, n := range flight.Sum(answers[0].Sent) {
			got += n
		}
		if got != want {
			t.Errorf("%d packets to %s are recorded; want %d", got, addr, want)
		}
	}
	answers, _, err := flight.Search(dir, netip.MustParseAddr("127.1.22.99"))
	if err != nil || len(answers) != 1 || len(answers[0].Sent) > 0 || answers[0].Missing != "" || answers[0].Target != flight.NoTarget {
		t.Errorf("Search of an address that was no target = %+v, %v; want nothing, for sure", answers, err)
	}
}

// A scan for which no record can be made is scanned all the same.
func TestFlightFails(t *testing.T) {
	server(t, "127.1.23.1", "demo 1 bad\n")
	set := config()
	set.Flight = func(flight.Scan) (*flight.Record, error) { return nil, errors.New("read-only file system") }
	b, c := bus.Memory(), newConsole()
	publish(t, b, job(t, "127.1.23.1", harrier.Settings{Ports: "T:17001"}))
	start(t, engine.New(b, set).Run, func(ctx context.Context) error { return b.ConsumeResults(ctx, c.fold) })
	until(t, "ends", c.count(ends), 1)
	if end := c.ends[0].Done; end.Stopped || end.Error != "" || len(c.coverage) != 1 {
		t.Errorf("the batch ended with %+v and %d hosts; want a plain end and one", end, len(c.coverage))
	}
}
