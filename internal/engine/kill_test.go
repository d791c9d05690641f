package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/engine"
)

// An engine that dies in the middle of a batch loses nothing: the next one
// scans the hosts that the console does not have, and no other.
func TestKilledEngine(t *testing.T) {
	s, err := bus.Serve(t.Context(), bus.Config{Dir: t.TempDir(), AckWait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	connect := func() *bus.Conn {
		conn, err := s.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	c, home := newConsole(), connect()
	for i := range 5 {
		server(t, fmt.Sprint("127.1.21.", i*10+1), "demo 1 bad\n")
	}
	publish(t, home, job(t, "127.1.21.1-60", harrier.Settings{Ports: "T:17000-17002", RatePPS: 300, MaxHosts: 4}))
	start(
		t, func(ctx context.Context) error { return home.ConsumeResults(ctx, c.fold) },
		func(ctx context.Context) error {
			return home.ServeDone(ctx, func(context.Context, harrier.ID, int) ([]string, error) {
				c.mu.Lock()
				defer c.mu.Unlock()
				var done []string
				for host, list := range c.coverage {
					if list[0].Complete {
						done = append(done, host)
					}
				}
				return done, nil
			})
		},
	)
	first := connect()
	stop := start(t, engine.New(first, config()).Run)
	until(t, "covered hosts", c.count(covered), 10)
	first.Close() // it can say nothing more, not even that it ends
	stop()
	c.mu.Lock()
	before := len(c.coverage)
	c.mu.Unlock()
	if before == 60 {
		t.Fatal("the first engine was done before it died")
	}

	start(t, engine.New(connect(), config()).Run)
	until(t, "ends", c.count(ends), 1)
	if len(c.coverage) != 60 {
		t.Errorf("%d hosts have a coverage; want 60", len(c.coverage))
	}
	again := 0
	for host, list := range c.coverage {
		if !list[0].Complete {
			t.Errorf("coverage of %s is not complete: %s", host, list[0].Reason)
		}
		again += len(list) - 1
	}
	if again > 4 { // stored by the first engine, but folded after the second asked
		t.Errorf("%d hosts were scanned twice; want none that the console had", again)
	}
	for i := range 5 {
		host := fmt.Sprintf("127.1.21.%d|127.1.21.%[1]d", i*10+1)
		seen := map[harrier.Instance]bool{}
		for _, o := range c.present[host] {
			seen[o] = true
		}
		if len(seen) != 2 {
			t.Errorf("observations of %s = %v; want two", host, c.present[host])
		}
	}
	if a := c.ends[0].Attempt; a != 2 {
		t.Errorf("the batch ended at attempt %d; want 2", a)
	}
}

// A job that another engine may have had is begun with the question which of its
// hosts are done, also when the bus says that it is handed out for the first
// time.
func TestHadBefore(t *testing.T) {
	c, home := newConsole(), bus.Memory()
	asked := 0
	start(
		t, func(ctx context.Context) error { return home.ConsumeResults(ctx, c.fold) },
		func(ctx context.Context) error {
			return home.ServeDone(ctx, func(context.Context, harrier.ID, int) ([]string, error) {
				asked++
				return []string{"127.1.22.1|127.1.22.1"}, nil
			})
		},
	)
	for _, host := range []string{"127.1.22.1", "127.1.22.2"} {
		server(t, host, "demo 1 bad\n")
	}
	j := job(t, "127.1.22.1-2", harrier.Settings{Ports: "T:17001"})
	j.Again = true
	publish(t, home, j)
	start(t, engine.New(home, config()).Run)
	until(t, "ends", c.count(ends), 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.coverage) != 1 || c.coverage["127.1.22.2|127.1.22.2"] == nil || asked != 1 || c.ends[0].Attempt != 1 {
		t.Errorf("hosts %v were scanned at attempt %d after %d questions; want 127.1.22.2 alone at 1, after 1", c.coverage, c.ends[0].Attempt, asked)
	}
}
