package scan

import (
	"context"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/calendar"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	owner  = harrier.Actor{User: 1, Name: "ann", Permissions: harrier.Analyst.Permissions()}
	checks = []harrier.VulnID{100, 101, 102}
)

// policies plans three checks for everybody.
type policies struct {
	db       *store.DB
	guard    harrier.Guard
	settings harrier.Settings
}

func (p *policies) Plan(context.Context, harrier.Policy) (harrier.Plan, error) {
	return harrier.Plan{Checks: checks, Settings: p.settings}, nil
}

func (p *policies) Copy(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Policy, error) {
	c, err := p.db.Policy(ctx, id)
	c.ID, c.UUID, c.Owner = 0, harrier.UUID{}, by.User
	if err != nil {
		return c, err
	}
	return c, p.db.InsertPolicy(ctx, &c)
}
func (p *policies) Guard(context.Context) (harrier.Guard, error) { return p.guard, nil }

type catalog struct{}

func (catalog) Vulnerability(_ context.Context, id harrier.VulnID) (harrier.Vulnerability, error) {
	return harrier.Vulnerability{ID: id, Severity: harrier.Severity(id % harrier.Severities)}, nil
}

func (catalog) Remember(context.Context, []harrier.VulnID) error { return nil }

// house is a console's part that scans, over a database that outlives it.
type house struct {
	*Room
	db       *store.DB
	bus      *bus.MemoryBus
	policies *policies
	findings *finding.Room
	mu       sync.Mutex
	events   []harrier.Event
}

func build(t testing.TB, db *store.DB, change ...func(*Config)) *house {
	t.Helper()
	h := &house{db: db, bus: bus.Memory(), policies: &policies{db: db}}
	h.findings = finding.New(finding.Config{
		Store: db, Bus: h.bus, Catalog: catalog{}, Folded: func(id harrier.ID) { h.Folded(id) },
		Facts: func(match.Context, harrier.Host, []harrier.Service, *harrier.IDs) []harrier.Observation { return nil },
	})
	c := Config{
		Store: db, Bus: h.bus, Policies: h.policies, Findings: h.findings, Next: calendar.Next, BatchSize: 16,
		Tell: func(e harrier.Event) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.events = append(h.events, e)
		},
	}
	for _, f := range change {
		f(&c)
	}
	h.Room = New(c)
	return h
}

func openStore(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// run runs the rooms; the function that it returns ends them like a crash: what
// is not stored is lost.
func (h *house) run(t testing.TB) (crash func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() { _ = h.Run(ctx) })
	wg.Go(func() { _ = h.findings.Run(ctx) })
	return func() { cancel(); wg.Wait() }
}

func (h *house) site(t testing.TB, targets string, change ...func(*harrier.Site)) harrier.Site {
	t.Helper()
	p := harrier.Policy{Name: "basic", Owner: 1}
	must(t, h.db.InsertPolicy(t.Context(), &p))
	s := harrier.Site{Name: "lan", Owner: 1, Targets: targets, Policy: p.ID, Repository: harrier.DefaultRepository}
	for _, f := range change {
		f(&s)
	}
	must(t, h.db.InsertSite(t.Context(), &s))
	return s
}

func (h *house) launch(t testing.TB, s harrier.Site) harrier.Scan {
	t.Helper()
	sc, err := h.Launch(t.Context(), owner, s.ID, Launch{})
	must(t, err)
	return sc
}

func (h *house) status(t testing.TB, id harrier.ID) harrier.ScanStatus {
	t.Helper()
	sc, err := h.Scan(t.Context(), owner, id)
	must(t, err)
	return sc.Status
}

// await waits until the scan is in state s, for at most d.
func (h *house) await(t testing.TB, id harrier.ID, s harrier.ScanStatus, d time.Duration) harrier.Scan {
	t.Helper()
	for end := time.Now().Add(d); ; time.Sleep(20 * time.Millisecond) {
		sc, err := h.Scan(t.Context(), owner, id)
		must(t, err)
		if sc.Status == s {
			return sc
		}
		if time.Now().After(end) {
			t.Fatalf("scan %d is %s (%s) after %s; want %s", id, sc.Status, sc.Reason, d, s)
		}
	}
}

// engine takes batches one by one as a real one does, and says of every address
// with an even last byte that it is vulnerable to 103, and of the odd ones that
// they are silent.
type engine struct {
	h     *house
	id    harrier.UUID
	takes time.Duration // for one host
	mu    sync.Mutex
	does  map[harrier.ID]harrier.Command
	now   *harrier.Activity
	done  int            // batches
	facts []harrier.Fact // that a survey brings, one after the other
}

func (h *house) engine(t testing.TB, takes time.Duration) (e *engine, kill func()) {
	t.Helper()
	e = &engine{h: h, id: harrier.NewUUID(time.Now()), takes: takes, does: map[harrier.ID]harrier.Command{}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = h.bus.WatchCommands(ctx, func(id harrier.ID, c harrier.Command) {
			e.mu.Lock()
			e.does[id] = c
			e.mu.Unlock()
			e.beat(ctx)
		})
	})
	wg.Go(func() {
		for ctx.Err() == nil {
			e.beat(ctx)
			sleep(ctx, 2*time.Second)
		}
	})
	wg.Go(func() {
		for {
			d, err := h.bus.FetchJob(ctx, harrier.LocalPool)
			if err != nil {
				return
			}
			e.work(ctx, d)
		}
	})
	return e, func() { cancel(); wg.Wait() }
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (e *engine) beat(ctx context.Context) {
	e.mu.Lock()
	b := harrier.Heartbeat{Engine: harrier.Engine{UUID: e.id, Name: "local", Pool: harrier.LocalPool}}
	if e.now != nil {
		a := *e.now
		a.Held = e.does[a.Scan] == harrier.Pause
		b.Active = []harrier.Activity{a}
	}
	e.mu.Unlock()
	_ = e.h.bus.Beat(ctx, b)
}

func (e *engine) told(id harrier.ID) harrier.Command {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.does[id]
}

func (e *engine) work(ctx context.Context, d *bus.Delivery) {
	e.mu.Lock()
	e.now = &harrier.Activity{Scan: d.Job.Scan, Batch: d.Job.Batch}
	e.mu.Unlock()
	e.beat(ctx)
	seq := 0
	say := func(r harrier.Result) {
		seq++
		r.Scan, r.Batch, r.Attempt, r.Seq = d.Job.Scan, d.Job.Batch, d.Attempt, seq
		_ = e.h.bus.PublishResult(ctx, r)
	}
	stopped := false
	if d.Job.Plan.Survey != nil && len(d.Job.Targets) == 0 {
		if stopped = e.survey(ctx, d, say); ctx.Err() != nil {
			return
		}
	}
	for _, t := range d.Job.Targets {
		for a := range t.Addrs() {
			for e.told(d.Job.Scan) == harrier.Pause && ctx.Err() == nil {
				_ = d.InProgress(ctx)
				sleep(ctx, 100*time.Millisecond)
			}
			if c := e.told(d.Job.Scan); c == harrier.Stop || c == harrier.Kill {
				stopped = true
				break
			}
			sleep(ctx, e.takes)
			if ctx.Err() != nil {
				return
			}
			e.host(say, a)
		}
	}
	say(harrier.Result{Done: &harrier.BatchDone{At: time.Now(), Stopped: stopped}})
	_ = d.Ack(ctx)
	e.mu.Lock()
	e.now = nil
	e.done++
	e.mu.Unlock()
	e.beat(ctx)
}

func (e *engine) host(say func(harrier.Result), a netip.Addr) {
	if b := a.As16(); b[15]%2 == 1 {
		say(harrier.Result{Dead: []harrier.Span{{Target: harrier.Target{First: a, Last: a}, Count: 1, Reason: "no answer"}}})
		return
	}
	now := time.Now()
	h := harrier.Host{Name: a.String(), Addr: a, Alive: true, Started: now}
	at := harrier.Endpoint{Protocol: harrier.TCP, Port: 80}
	say(harrier.Result{Host: &h, Observations: []harrier.Observation{{Vulnerability: 101, Endpoint: at, At: now}}})
	end := h
	end.Ended = now
	say(harrier.Result{Host: &end, Coverage: &harrier.Coverage{Alive: true, Complete: true, Ports: harrier.AllPorts, Open: []harrier.Open{{Endpoint: at, Known: true}}}})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// onlyFast leaves out a test of many virtual hours under the race detector; make
// test runs it without.
func onlyFast(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
}
