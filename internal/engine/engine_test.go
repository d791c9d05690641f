package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/bus/bustest"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/engine"
	"github.com/harrier-scan/harrier/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// port is where the servers of these tests listen.
const port = 17001

// server says banner to everybody who connects to addr.
func server(t *testing.T, addr, banner string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", fmt.Sprintf("%s:%d", addr, port))
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte(banner))
			c.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
}

// identify takes the first word of the banner as the service's name.
func identify(ctx context.Context, t probe.Target) (harrier.Service, error) {
	line, err := readLine(ctx, t.Dial, netip.AddrPortFrom(t.Addr, t.Port))
	name, _, _ := strings.Cut(line, " ")
	return harrier.Service{Endpoint: t.Endpoint, Name: name, Banner: line, Certainty: harrier.Certain}, err
}

func readLine(ctx context.Context, dial func(context.Context, string, netip.AddrPort) (net.Conn, error), to netip.AddrPort) (string, error) {
	c, err := dial(ctx, "tcp", to)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line), err
}

func define(id harrier.VulnID, run func(context.Context, check.Target) (harrier.Verdict, string, error)) check.Check {
	return check.Check{
		CheckInfo: harrier.CheckInfo{ID: id, Name: "test", Safe: true},
		Applies:   func(s harrier.Service) bool { return s.Name == "demo" }, Run: run,
	}
}

// The checks of these tests.
const (
	bad       harrier.VulnID = 900_001 + iota // the banner says so
	faulty                                    // panics
	unsafe                                    // must not run
	unsure                                    // can not tell
	whole                                     // looks at the host
	elsewhere                                 // planned, but run by the console
)

var planned = []harrier.VulnID{bad, faulty, unsafe, unsure, whole, elsewhere}

func checks() []check.Check {
	list := []check.Check{
		define(bad, func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
			line, err := readLine(ctx, t.Dial, t.AddrPort())
			switch {
			case err != nil:
				return harrier.Unknown, "", err
			case strings.HasSuffix(line, " bad"):
				return harrier.Present, line, nil
			}
			return harrier.Absent, "", nil
		}),
		define(faulty, func(context.Context, check.Target) (harrier.Verdict, string, error) { panic("index out of range") }),
		define(unsafe, func(context.Context, check.Target) (harrier.Verdict, string, error) {
			return harrier.Present, "ran", nil
		}),
		define(unsure, func(context.Context, check.Target) (harrier.Verdict, string, error) {
			return harrier.Unknown, "", nil
		}),
		define(whole, func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
			return harrier.Present, fmt.Sprint(len(t.Services), " services"), nil
		}),
	}
	list[2].Safe = false
	list[4].HostLevel, list[4].Applies = true, nil
	return list
}

// console keeps what a console would of the results of one scan.
type console struct {
	mu       sync.Mutex
	results  []harrier.Result
	coverage map[string][]harrier.Coverage // by Name|Addr
	present  map[string][]harrier.Instance
	dead     []harrier.Span
	ends     []harrier.Result
}

func newConsole() *console {
	return &console{coverage: map[string][]harrier.Coverage{}, present: map[string][]harrier.Instance{}}
}

func (c *console) fold(_ context.Context, group []harrier.Result) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range group {
		c.results = append(c.results, r)
		key := ""
		if r.Host != nil {
			key = r.Host.Name + "|" + r.Host.Addr.String()
		}
		for _, o := range r.Observations {
			c.present[key] = append(c.present[key], o.Instance())
		}
		if r.Coverage != nil {
			c.coverage[key] = append(c.coverage[key], *r.Coverage)
		}
		if r.Dead != nil {
			c.dead = r.Dead
		}
		if r.Done != nil {
			c.ends = append(c.ends, r)
		}
	}
	return nil
}

func (c *console) count(of func(*console) int) func() int {
	return func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return of(c)
	}
}

func ends(c *console) int { return len(c.ends) }

func covered(c *console) int { return len(c.coverage) }

// start runs parts until the test ends.
func start(t *testing.T, parts ...func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, p := range parts {
		running.Go(func() { _ = p(ctx) })
	}
	stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// until waits for count to reach n.
func until(t *testing.T, what string, count func() int, n int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); count() < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: %d after 30 s; want %d", what, count(), n)
		}
	}
}

func job(t *testing.T, targets string, set harrier.Settings) harrier.Job {
	t.Helper()
	ts, err := harrier.ParseTargets(targets)
	if err != nil {
		t.Fatal(err)
	}
	return harrier.Job{Scan: 1, Batch: 1, Targets: ts, Plan: harrier.Plan{Settings: set, Checks: planned}}
}

func publish(t *testing.T, b bustest.Bus, j harrier.Job) {
	t.Helper()
	if err := b.PublishJob(t.Context(), "", j); err != nil {
		t.Fatal(err)
	}
}

func config() engine.Config {
	return engine.Config{Name: "test", Beat: 100 * time.Millisecond, Checks: checks(), Identify: identify}
}

func TestBatch(t *testing.T) {
	server(t, "127.1.4.1", "demo 1 bad\n")
	server(t, "127.1.4.2", "demo 1 good\n")
	server(t, "127.1.4.3", "\n") // nobody knows what it is
	server(t, "127.1.4.4", "demo 1 bad\n")
	server(t, "127.1.4.5", "demo 1 bad\n")
	b, c := bus.Memory(), newConsole()
	j := job(t, "127.1.4.1-6,shop.example[127.1.4.1]", harrier.Settings{Ports: "T:17000-17002"})
	j.Plan.Guard.Never = []netip.Prefix{netip.MustParsePrefix("127.1.4.4/32")}
	j.Plan.Guard.Fragile = []netip.Prefix{netip.MustParsePrefix("127.1.4.2/32")}
	j.Plan.Exclude = harrier.Targets{{First: netip.MustParseAddr("127.1.4.5"), Last: netip.MustParseAddr("127.1.4.5")}}
	publish(t, b, j)
	set := config()
	var mu sync.Mutex
	reached := map[netip.Addr]int{}
	set.Saw = func(_ string, to netip.AddrPort) {
		mu.Lock()
		defer mu.Unlock()
		reached[to.Addr()]++
	}
	start(t, engine.New(b, set).Run, func(ctx context.Context) error { return b.ConsumeResults(ctx, c.fold) })
	until(t, "ends", c.count(ends), 1)

	c.mu.Lock()
	defer c.mu.Unlock()
	if end := c.ends[0].Done; end.Stopped || end.Error != "" || c.results[len(c.results)-1].Done != end {
		t.Errorf("the batch ended with %+v; want a plain end, as the last result", end)
	}
	for i, r := range c.results {
		if r.Seq != i+1 || r.Attempt != 1 || r.Engine != "test" {
			t.Errorf("result %d is %d/%d by %q; want 1/%d by test", i+1, r.Attempt, r.Seq, r.Engine, i+1)
		}
	}
	here := harrier.Endpoint{Protocol: harrier.TCP, Port: port}
	for host, want := range map[string][]harrier.Instance{
		"127.1.4.1|127.1.4.1":    {{Vulnerability: bad, Endpoint: here}, {Vulnerability: whole}},
		"shop.example|127.1.4.1": {{Vulnerability: bad, Endpoint: here}, {Vulnerability: whole}},
		"127.1.4.2|127.1.4.2":    {{Vulnerability: whole}},
		"127.1.4.3|127.1.4.3":    {{Vulnerability: whole}},
		"127.1.4.6|127.1.4.6":    {{Vulnerability: whole}},
		"127.1.4.4|127.1.4.4":    nil,
		"127.1.4.5|127.1.4.5":    nil,
	} {
		got := c.present[host]
		slices.SortFunc(got, harrier.Instance.Compare)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("observations of %s (-want +got):\n%s", host, diff)
		}
	}
	for host, want := range map[string]map[harrier.VulnID]harrier.Outcome{
		"127.1.4.1|127.1.4.1": {bad: harrier.Vulnerable, faulty: harrier.Failed, unsafe: harrier.Skipped, unsure: harrier.Failed, elsewhere: harrier.Clean},
		"127.1.4.2|127.1.4.2": {bad: harrier.Clean, faulty: harrier.Failed, unsafe: harrier.Skipped, unsure: harrier.Failed, elsewhere: harrier.Clean},
		"127.1.4.3|127.1.4.3": {bad: harrier.Failed, unsafe: harrier.Skipped},
		"127.1.4.6|127.1.4.6": {bad: harrier.Clean, unsafe: harrier.Skipped, elsewhere: harrier.Clean},
	} {
		if len(c.coverage[host]) != 1 {
			t.Fatalf("%d coverages of %s; want one", len(c.coverage[host]), host)
		}
		got := c.coverage[host][0]
		if !got.Complete || !got.Totals().Balanced() || got.Planned != len(planned) || got.Ports.String() != "T:17000-17002" {
			t.Errorf("coverage of %s = %+v; want all ports, complete", host, got)
		}
		for id, want := range want {
			if outcome, reason := got.Outcome(id, here); outcome != want {
				t.Errorf("outcome of %d on %s = %v (%s); want %v", id, host, outcome, reason, want)
			}
		}
	}
	want := []harrier.Span{
		{Target: harrier.Target{First: netip.MustParseAddr("127.1.4.4"), Last: netip.MustParseAddr("127.1.4.4")}, Count: 1, Reason: "127.1.4.4 must never be scanned"},
		{Target: harrier.Target{First: netip.MustParseAddr("127.1.4.5"), Last: netip.MustParseAddr("127.1.4.5")}, Count: 1, Reason: "127.1.4.5 is excluded from the scan"},
	}
	if diff := cmp.Diff(want, c.dead, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("dead (-want +got):\n%s", diff)
	}
	mu.Lock()
	defer mu.Unlock()
	if n := reached[netip.MustParseAddr("127.1.4.4")] + reached[netip.MustParseAddr("127.1.4.5")]; n != 0 {
		t.Errorf("%d packets to hosts that must not be scanned; want none", n)
	}
	for _, r := range c.results {
		if r.Host != nil && r.Host.Fragile != (r.Host.Name == "127.1.4.2") {
			t.Errorf("host %s: fragile is %v", r.Host.Name, r.Host.Fragile)
		}
	}
}

// The first finding is out long before the last host is told of, though hosts
// are met in no order.
func TestStreams(t *testing.T) {
	for i := 1; i <= 200; i += 5 {
		server(t, fmt.Sprintf("127.1.5.%d", i), "demo 1 bad\n")
	}
	b, c := bus.Memory(), newConsole()
	publish(t, b, job(t, "127.1.5.1-200", harrier.Settings{Ports: "T:17000-17010", MaxHosts: 2}))
	start(t, engine.New(b, config()).Run, func(ctx context.Context) error { return b.ConsumeResults(ctx, c.fold) })
	until(t, "ends", c.count(ends), 1)
	first := slices.IndexFunc(c.results, func(r harrier.Result) bool { return len(r.Observations) > 0 })
	known, last := map[string]bool{}, 0 // where the last new host comes
	for i, r := range c.results {
		if r.Host != nil && !known[r.Host.Name] {
			known[r.Host.Name], last = true, i
		}
	}
	if len(known) != 200 || first < 0 || first > last/2 {
		t.Errorf("first finding is result %d, the last of %d hosts comes at %d; want the finding long before", first, len(known), last)
	}
}

func TestStop(t *testing.T) {
	for _, command := range []harrier.Command{harrier.Stop, harrier.Kill} {
		b, c := bus.Memory(), newConsole()
		publish(t, b, job(t, "127.1.6.1-50", harrier.Settings{Ports: "T:1-5000", RatePPS: 200, MaxHosts: 1}))
		stop := start(t, engine.New(b, config()).Run, func(ctx context.Context) error { return b.ConsumeResults(ctx, c.fold) })
		until(t, "results", c.count(func(c *console) int { return len(c.results) }), 4)
		time.Sleep(300 * time.Millisecond)
		began := time.Now()
		if err := b.SetCommand(t.Context(), 1, command); err != nil {
			t.Fatal(err)
		}
		until(t, "ends", c.count(ends), 1)
		if took := time.Since(began); took > 20*time.Second { // the scan itself takes minutes
			t.Errorf("%s took %v; want it at once", command, took)
		}
		second := job(t, "127.1.6.51-99", harrier.Settings{})
		second.Batch = 2
		publish(t, b, second) // of the same scan: nothing is done for it
		until(t, "ends", c.count(ends), 2)
		stop()
		for _, end := range c.ends {
			if !end.Done.Stopped {
				t.Errorf("batch %d ended with %+v after %s; want stopped", end.Batch, end.Done, command)
			}
		}
		if n := len(c.coverage); n == 0 || n > 17 {
			t.Errorf("%d hosts have a coverage after %s; want those in hand", n, command)
		}
		for host, list := range c.coverage {
			if v := list[0]; v.Complete || v.Reason != "scan stopped" || v.Ports.Count(harrier.TCP) >= 5000 || !v.Totals().Balanced() {
				t.Errorf("coverage of %s after %s: complete %v, %q, %d ports; want what was looked at", host, command, v.Complete, v.Reason, v.Ports.Count(harrier.TCP))
			}
		}
	}
}

func TestPause(t *testing.T) {
	server(t, "127.1.7.1", "demo 1 bad\n")
	b, c := bus.Memory(), newConsole()
	var mu sync.Mutex
	var packets int
	var last time.Time
	set := config()
	set.Saw = func(string, netip.AddrPort) {
		mu.Lock()
		defer mu.Unlock()
		packets++
		last = time.Now()
	}
	sent := func() int {
		mu.Lock()
		defer mu.Unlock()
		return packets
	}
	held := make(chan struct{}, 64)
	publish(t, b, job(t, "127.1.7.1-3", harrier.Settings{Ports: "T:1-800,17001", RatePPS: 1000}))
	start(
		t, engine.New(b, set).Run,
		func(ctx context.Context) error { return b.ConsumeResults(ctx, c.fold) },
		func(ctx context.Context) error {
			return b.WatchBeats(ctx, func(h harrier.Heartbeat) {
				if len(h.Active) == 1 && h.Active[0].Held {
					select {
					case held <- struct{}{}:
					default:
					}
				}
			})
		},
	)
	until(t, "packets", sent, 50)
	paused := time.Now()
	if err := b.SetCommand(t.Context(), 1, harrier.Pause); err != nil {
		t.Fatal(err)
	}
	select {
	case <-held:
	case <-time.After(5 * time.Second):
		t.Error("no heartbeat tells of the pause")
	}
	time.Sleep(1500 * time.Millisecond)
	mu.Lock()
	if late := last.Sub(paused); late > time.Second {
		t.Errorf("a packet left %v after the pause; want none after a second", late)
	}
	mu.Unlock()
	if n := c.count(ends)(); n != 0 {
		t.Fatalf("the batch ended while paused")
	}
	if err := b.SetCommand(t.Context(), 1, harrier.Resume); err != nil {
		t.Fatal(err)
	}
	until(t, "ends", c.count(ends), 1)
	if got := c.coverage["127.1.7.1|127.1.7.1"]; len(got) != 1 || !got[0].Complete || got[0].Ports.String() != "T:1-800,17001" {
		t.Errorf("coverage after a pause = %+v; want a complete one", got)
	}
	if got := c.present["127.1.7.1|127.1.7.1"]; len(got) != 2 {
		t.Errorf("observations after a pause = %v; want two", got)
	}
}

// answering is a bus that answers every heartbeat with the command that it knows,
// as the way to a console elsewhere does.
type answering struct {
	*bus.MemoryBus
	beats  atomic.Int64
	follow chan func(harrier.ID, harrier.Command)
}

func (b *answering) Beat(ctx context.Context, h harrier.Heartbeat) error {
	follow := <-b.follow
	follow(1, harrier.Resume)
	b.follow <- follow
	b.beats.Add(1)
	return b.MemoryBus.Beat(ctx, h)
}

func (b *answering) WatchCommands(ctx context.Context, follow func(harrier.ID, harrier.Command)) error {
	b.follow <- follow
	<-ctx.Done()
	return ctx.Err()
}

// TestBeatsAreFew: a command that an engine follows already asks for no further
// heartbeat.
func TestBeatsAreFew(t *testing.T) {
	b := &answering{MemoryBus: bus.Memory(), follow: make(chan func(harrier.ID, harrier.Command), 1)}
	set := config()
	set.Beat = time.Hour
	start(t, engine.New(b, set).Run)
	until(t, "heartbeats", func() int { return int(b.beats.Load()) }, 2)
	time.Sleep(200 * time.Millisecond)
	if n := b.beats.Load(); n > 3 {
		t.Errorf("%d heartbeats; want those at the start and after the first command", n)
	}
}

// While results can not leave the scan itself stands still.
func TestBackPressure(t *testing.T) {
	b, c := bus.Memory(), newConsole()
	var mu sync.Mutex
	hosts := map[netip.Addr]bool{}
	set := config()
	set.Saw = func(_ string, to netip.AddrPort) {
		mu.Lock()
		defer mu.Unlock()
		hosts[to.Addr()] = true
	}
	seen := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(hosts)
	}
	publish(t, b, job(t, "127.1.8.1-127.1.19.255", harrier.Settings{Ports: "T:17001"}))
	start(t, engine.New(b, set).Run)
	until(t, "hosts", seen, 1)
	for last := -1; last != seen(); time.Sleep(time.Second) {
		last = seen()
	}
	if n := seen(); n == 0 || n > 2200 {
		t.Errorf("%d hosts were scanned with nobody to take their results; want less than what the bus and the sweep hold", n)
	}
	start(t, func(ctx context.Context) error { return b.ConsumeResults(ctx, c.fold) })
	until(t, "ends", c.count(ends), 1)
	if len(c.coverage) != 12*256-1 {
		t.Errorf("%d hosts have a coverage; want %d", len(c.coverage), 12*256-1)
	}
}

// A batch that is handed out again while it runs here is not run twice.
func TestAdopts(t *testing.T) {
	b, c := bus.Memory(), newConsole()
	b.AckWait = 200 * time.Millisecond
	set := config()
	set.Beat = time.Hour // never tells of progress
	publish(t, b, job(t, "127.1.20.1", harrier.Settings{Ports: "T:1-300", RatePPS: 200}))
	start(t, engine.New(b, set).Run, func(ctx context.Context) error { return b.ConsumeResults(ctx, c.fold) })
	until(t, "ends", c.count(ends), 1)
	time.Sleep(600 * time.Millisecond)
	if n := c.count(ends)(); n != 1 || len(c.coverage["127.1.20.1|127.1.20.1"]) != 1 {
		t.Errorf("%d ends, %d coverages; want one each", n, len(c.coverage["127.1.20.1|127.1.20.1"]))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if d, err := b.FetchJob(ctx, ""); err == nil {
		t.Errorf("the job is still queued, attempt %d", d.Attempt)
	}
}
