package pipeline_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sync/semaphore"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/pipeline"
	"github.com/harrier-scan/harrier/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ledger keeps what a batch publishes.
type ledger struct {
	mu       sync.Mutex
	coverage map[string]*harrier.Coverage // by host name
	hosts    map[string]harrier.Host
	dead     []harrier.Span
}

func (l *ledger) publish(_ context.Context, r harrier.Result) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Host != nil {
		l.hosts[r.Host.Name] = *r.Host
	}
	if r.Coverage != nil {
		l.coverage[r.Host.Name] = r.Coverage
	}
	if r.Dead != nil {
		l.dead = r.Dead
	}
	return nil
}

func tools() pipeline.Tools {
	return pipeline.Tools{
		Resolver: net.DefaultResolver, Log: slog.New(slog.DiscardHandler),
		Identify: func(_ context.Context, t probe.Target) (harrier.Service, error) {
			return harrier.Service{Endpoint: t.Endpoint, Name: "something"}, nil
		},
	}
}

func run(t *testing.T, targets string, plan harrier.Plan, tools pipeline.Tools) *ledger {
	t.Helper()
	ts, err := harrier.ParseTargets(targets)
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{coverage: map[string]*harrier.Coverage{}, hosts: map[string]harrier.Host{}}
	err = pipeline.Run(t.Context(), nil, tools, pipeline.Batch{
		Targets: ts, Plan: plan, Net: netio.New(plan.Guard, plan.Exclude, netio.Pace{Rate: plan.Settings.RatePPS}),
		Hosts: semaphore.NewWeighted(int64(pipeline.MaxHosts(plan.Settings))), Publish: l.publish,
	})
	if err != nil {
		t.Fatalf("Run(%s) = %v", targets, err)
	}
	return l
}

// A scan that only looks for hosts closes nothing.
func TestDiscoverOnly(t *testing.T) {
	l := run(t, "127.1.23.1-3", harrier.Plan{Settings: harrier.Settings{DiscoverOnly: true}, Checks: []harrier.VulnID{1, 2}}, tools())
	for _, name := range []string{"127.1.23.1", "127.1.23.2", "127.1.23.3"} {
		c := l.coverage[name]
		if c == nil || !c.Alive || c.Totals() != (harrier.Totals{Planned: 2, Skipped: 2}) || l.hosts[name].Ended.IsZero() {
			t.Errorf("coverage of %s = %+v; want alive with both checks skipped, and ended", name, c)
		}
	}
}

// A fault on one host ends nothing on the others.
func TestFaults(t *testing.T) {
	set := tools()
	set.Identify = func(_ context.Context, t probe.Target) (harrier.Service, error) {
		if t.Addr == netip.MustParseAddr("127.1.24.1") {
			panic("bad bytes")
		}
		return harrier.Service{Name: "something"}, nil
	}
	set.OS = func(h harrier.Host, _ []harrier.Service) harrier.Host {
		if h.Name == "127.1.24.2" {
			panic("no idea")
		}
		h.OS = "some system"
		return h
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":17002")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	here := harrier.Endpoint{Protocol: harrier.TCP, Port: 17002}
	got := run(t, "127.1.24.1-3", harrier.Plan{Settings: harrier.Settings{Ports: "T:17002"}, Checks: []harrier.VulnID{1}}, set)
	for name, want := range map[string]harrier.Outcome{"127.1.24.1": harrier.Failed, "127.1.24.2": harrier.Clean, "127.1.24.3": harrier.Clean} {
		c := got.coverage[name]
		if c == nil || !c.Complete {
			t.Fatalf("coverage of %s = %+v; want a complete one", name, c)
		}
		if outcome, reason := c.Outcome(1, here); outcome != want {
			t.Errorf("outcome on %s = %v (%s); want %v", name, outcome, reason, want)
		}
	}
	if os := got.hosts["127.1.24.3"].OS; os != "some system" {
		t.Errorf("system of the last host = %q; want it told", os)
	}
}

// What can not be read of a plan is told as the reason, and claims nothing.
func TestBadPorts(t *testing.T) {
	l := run(t, "127.1.23.9", harrier.Plan{Settings: harrier.Settings{Ports: "T:nonsense"}, Checks: []harrier.VulnID{1}}, tools())
	if c := l.coverage["127.1.23.9"]; c == nil || c.Complete || c.Reason == "" || c.Totals().Clean != 0 {
		t.Errorf("coverage with ports that can not be read = %+v; want incomplete with the reason", c)
	}
}
