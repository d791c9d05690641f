package pipeline_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/semaphore"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/pipeline"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/probe/question"
	"github.com/harrier-scan/harrier/internal/stage/identify"
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
	way := netio.New(plan.Guard, plan.Exclude, netio.Pace{Rate: plan.Settings.RatePPS})
	defer way.Close()
	err = pipeline.Run(t.Context(), nil, tools, pipeline.Batch{
		Targets: ts, Plan: plan, Net: way,
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

// When what was found can not be published any more, because another engine has
// the batch by now, no further host is asked anything.
func TestPublishFails(t *testing.T) {
	const port, hosts = 17006, 60
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var asked atomic.Int64
	set := tools()
	set.Identify = func(ctx context.Context, t probe.Target) (harrier.Service, error) {
		asked.Add(1)
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
		return harrier.Service{Endpoint: t.Endpoint, Name: "something"}, nil
	}
	targets, err := harrier.ParseTargets("127.1.29.1-" + strconv.Itoa(hosts))
	if err != nil {
		t.Fatal(err)
	}
	gone := harrier.Errorf(harrier.Conflict, "the batch is not in your hands")
	plan := harrier.Plan{Settings: harrier.Settings{Ports: "T:" + strconv.Itoa(port)}, Checks: []harrier.VulnID{1}}
	way := netio.New(plan.Guard, plan.Exclude, netio.Pace{})
	defer way.Close()
	err = pipeline.Run(t.Context(), nil, set, pipeline.Batch{
		Targets: targets, Plan: plan, Net: way, Hosts: semaphore.NewWeighted(1),
		Publish: func(_ context.Context, r harrier.Result) error {
			if slices.ContainsFunc(r.Services, func(s harrier.Service) bool { return s.Name != "" }) {
				return gone
			}
			return nil
		},
	})
	if !errors.Is(err, gone) || asked.Load() == 0 || asked.Load() > hosts/2 {
		t.Errorf("Run = %v after %d of %d hosts were asked; want what Publish says, after few", err, asked.Load(), hosts)
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

// listen opens the ports from first on at addr.
func listen(t *testing.T, addr string, first, n int) {
	t.Helper()
	for port := first; port < first+n; port++ {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(addr, strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	}
}

// A host on which every port is open and none answers is not asked for a day.
func TestTarpit(t *testing.T) {
	const ports, asked = 400, identify.MaxStrangers + identify.DefaultParallel // some are asked beside each other
	listen(t, "127.1.26.1", 18000, ports)
	var n atomic.Int32
	set := tools()
	set.Identify = func(context.Context, probe.Target) (harrier.Service, error) {
		n.Add(1)
		return harrier.Service{}, nil
	}
	l := run(t, "127.1.26.1", harrier.Plan{Settings: harrier.Settings{Ports: "T:18000-18399"}, Checks: []harrier.VulnID{1}}, set)
	c := l.coverage["127.1.26.1"]
	if c == nil || len(c.Open) != ports || !c.Complete || n.Load() > asked {
		t.Fatalf("%d ports were asked, coverage %+v; want at most %d and %d open ports", n.Load(), c, asked, ports)
	}
	for _, o := range c.Open {
		if outcome, _ := c.Outcome(1, o.Endpoint); outcome != harrier.Failed {
			t.Errorf("outcome at %v = %v; want failed", o.Endpoint, outcome)
		}
	}
}

// What was not seen of a service is not clean: the inside of TLS that stays
// silent, and TLS on a fragile host, which is not asked for it.
func TestHalfSeen(t *testing.T) {
	listen(t, "127.1.26.2", 18300, 1)
	here := harrier.Endpoint{Protocol: harrier.TCP, Port: 18300}
	absent := func(context.Context, check.Target) (harrier.Verdict, string, error) { return harrier.Absent, "", nil }
	web := check.Check{CheckInfo: harrier.CheckInfo{ID: 1, Safe: true}, Run: absent, Applies: func(s harrier.Service) bool { return s.Name == "http" }}
	secure := check.Check{CheckInfo: harrier.CheckInfo{ID: 2, Safe: true}, Run: absent, Applies: func(s harrier.Service) bool { return s.TLS }}
	for _, c := range []struct {
		service     harrier.Service
		gentle      bool
		web, secure harrier.Outcome
	}{
		{harrier.Service{Name: "http"}, false, harrier.Clean, harrier.Clean},
		{harrier.Service{Name: "http", TLS: true}, false, harrier.Clean, harrier.Clean},
		{harrier.Service{Name: "tls", TLS: true}, false, harrier.Failed, harrier.Clean},
		{harrier.Service{Name: "http"}, true, harrier.Clean, harrier.Failed},
	} {
		set := tools()
		set.Checks = []check.Check{web, secure}
		set.Identify = func(context.Context, probe.Target) (harrier.Service, error) { return c.service, nil }
		l := run(t, "127.1.26.2", harrier.Plan{Settings: harrier.Settings{Ports: "T:18300", Gentle: c.gentle}, Checks: []harrier.VulnID{1, 2}}, set)
		got := l.coverage["127.1.26.2"]
		for id, want := range map[harrier.VulnID]harrier.Outcome{1: c.web, 2: c.secure} {
			if outcome, reason := got.Outcome(id, here); outcome != want {
				t.Errorf("%s, TLS %v, gentle %v: check %d is %v (%s); want %v", c.service.Name, c.service.TLS, c.gentle, id, outcome, reason, want)
			}
		}
	}
}

// What can not be read of a plan is told as the reason, and claims nothing.
func TestBadPorts(t *testing.T) {
	l := run(t, "127.1.23.9", harrier.Plan{Settings: harrier.Settings{Ports: "T:nonsense"}, Checks: []harrier.VulnID{1}}, tools())
	if c := l.coverage["127.1.23.9"]; c == nil || c.Complete || c.Reason == "" || c.Totals().Clean != 0 {
		t.Errorf("coverage with ports that can not be read = %+v; want incomplete with the reason", c)
	}
}

// UDP ports that do not answer are named with the host: they are open or
// filtered, and nothing about them is clean. What did answer goes along to the
// identification.
func TestOpenFiltered(t *testing.T) {
	addr := netip.MustParseAddr("127.1.27.1")
	listen := func(port uint16) *net.UDPConn {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, port)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	listen(17010)
	listen(17011)
	clock := listen(123)
	go func() {
		b := make([]byte, 1500)
		for {
			_, from, err := clock.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, _ = clock.WriteToUDPAddrPort([]byte("what?"), from)
		}
	}()
	set := tools()
	var heard atomic.Pointer[question.Heard]
	set.Identify = func(_ context.Context, t probe.Target) (harrier.Service, error) {
		heard.Store(&t.Heard)
		return harrier.Service{Name: "something"}, nil
	}
	l := run(t, addr.String(), harrier.Plan{Settings: harrier.Settings{Ports: "U:123,17009-17012", UDP: true}, Checks: []harrier.VulnID{1}}, set)
	c := l.coverage[addr.String()]
	if c == nil || !slices.Equal(c.OpenFiltered, []harrier.PortRange{{First: 17010, Last: 17011}}) {
		t.Fatalf("coverage = %+v; want 17010-17011 open|filtered", c)
	}
	for port, want := range map[uint16]harrier.Outcome{123: harrier.Clean, 17009: harrier.Clean, 17010: harrier.Skipped, 17012: harrier.Clean} {
		if got, reason := c.Outcome(1, harrier.Endpoint{Protocol: harrier.UDP, Port: port}); got != want {
			t.Errorf("outcome at %d = %v (%s); want %v", port, got, reason, want)
		}
	}
	if h := heard.Load(); h == nil || string(h.Reply) != "what?" || !slices.Equal(h.Question, question.First(123)) {
		t.Errorf("the identification was told of %+v; want the answer to the first question", h)
	}
}
