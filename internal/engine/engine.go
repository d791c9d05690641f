// Package engine is the life of an engine: it takes batches from the queue of
// its pool, runs them through the pipeline, sends results back, tells that it
// lives and follows commands.
//
// It keeps nothing that matters. A batch leaves the queue only after its end
// was stored as a result; if the engine dies before, the batch goes to another
// one, which leaves out the hosts that the console has completely.
package engine

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/flight"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/pipeline"
	"github.com/harrier-scan/harrier/internal/probe"
)

// Bus is what an engine needs of one.
type Bus interface {
	FetchJob(ctx context.Context, pool string) (*bus.Delivery, error)
	PublishResult(ctx context.Context, r harrier.Result) error
	WatchCommands(ctx context.Context, follow func(scan harrier.ID, c harrier.Command)) error
	Beat(ctx context.Context, h harrier.Heartbeat) error
	AskDone(ctx context.Context, scan harrier.ID, batch int) ([]string, error)
	AskProperties(ctx context.Context, engine harrier.UUID) (map[string]string, error)
}

// Config is how an engine runs. The zero value works, but recognises no
// service and runs no check.
type Config struct {
	UUID     harrier.UUID  // by which consoles know it again; zero means a new one
	Name     string        // "" means the host name
	Pool     string        // whose queue it serves; "" means LocalPool
	Version  string        // of the program
	Parallel int           // batches at a time; 0 means 8
	Beat     time.Duration // between heartbeats, well below the bus's wait for acknowledgements; 0 means 5 s
	Checks   []check.Check // active checks
	Identify func(ctx context.Context, t probe.Target) (harrier.Service, error)
	OS       func(h harrier.Host, services []harrier.Service) harrier.Host
	Resolver pipeline.Resolver // nil means the system's
	// Survey makes the survey of a scan over net, and publishes what it finds. It
	// ends early, without an error, when ctx does. Nil: this engine makes none.
	Survey func(ctx context.Context, net *netio.Net, plan harrier.Plan, publish func(context.Context, harrier.Result) error) error
	// Logins returns what a job's scan signs in with; nil: nothing.
	Logins func(context.Context, harrier.Job) ([]harrier.Login, error)
	Saw    func(network string, to netip.AddrPort)
	Flight func(flight.Scan) (*flight.Record, error) // begins the record of what is sent for a scan; nil: there is none
	Log    *slog.Logger                              // nil means none
}

// Engine is one engine. Use New.
type Engine struct {
	bus   Bus
	c     Config
	tools pipeline.Tools
	self  harrier.Engine
	nudge chan struct{} // a heartbeat is wanted at once

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when a batch ends or is held
	commands map[harrier.ID]harrier.Command
	scans    map[harrier.ID]*scan
	batches  map[batchName]*batch

	properties map[string]string // never changed, only replaced
}

type batchName struct {
	scan  harrier.ID
	batch int
}

// New returns an engine that works for the consoles behind b.
func New(b Bus, c Config) *Engine {
	host, _ := os.Hostname() // "" will do
	c.Name, c.Pool = cmp.Or(c.Name, host, "engine"), cmp.Or(c.Pool, harrier.LocalPool)
	c.Parallel, c.Beat = cmp.Or(c.Parallel, 8), cmp.Or(c.Beat, 5*time.Second)
	if c.UUID.IsZero() {
		c.UUID = harrier.NewUUID(time.Now())
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Identify == nil {
		c.Identify = unknown
	}
	return &Engine{
		bus: b, c: c, nudge: make(chan struct{}, 1), changed: make(chan struct{}),
		tools:    pipeline.Tools{Checks: c.Checks, Identify: c.Identify, OS: c.OS, Resolver: c.Resolver, Log: c.Log},
		self:     harrier.Engine{UUID: c.UUID, Name: c.Name, Pool: c.Pool, Version: c.Version, Hostname: host, Raw: netio.MayRaw(), Parallel: c.Parallel},
		commands: map[harrier.ID]harrier.Command{}, scans: map[harrier.ID]*scan{}, batches: map[batchName]*batch{},
	}
}

// unknown recognises nothing.
func unknown(_ context.Context, t probe.Target) (harrier.Service, error) {
	return harrier.Service{Endpoint: t.Endpoint}, nil
}

// Run works until ctx ends, gives back the batches in hand, and returns nil
// then. It returns earlier, with the error, when the bus was closed.
func (e *Engine) Run(ctx context.Context) error {
	e.self.Started = time.Now().UTC()
	e.c.Log.InfoContext(ctx, "engine started", "engine", e.c.Name)
	g, work := errgroup.WithContext(ctx)
	g.Go(func() error { return e.beat(work) })
	g.Go(func() error { return e.bus.WatchCommands(work, e.follow) })
	g.Go(func() error { return e.fetch(work) })
	err := g.Wait()
	e.c.Log.InfoContext(ctx, "engine ended", "engine", e.c.Name)
	select {
	case <-ctx.Done(): // told to end: that is no failure
		return nil
	default:
		return err
	}
}

// fetch takes jobs while there is room, and waits for their ends.
func (e *Engine) fetch(ctx context.Context) error {
	var working sync.WaitGroup
	defer working.Wait()
	for {
		if err := e.room(ctx); err != nil {
			return err
		}
		d, err := e.bus.FetchJob(ctx, e.c.Pool)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case harrier.KindOf(err) == harrier.Unavailable:
			return fmt.Errorf("fetch a job: %w", err)
		case err != nil:
			e.c.Log.ErrorContext(ctx, "job not read", "err", err)
			continue
		}
		if b := e.begin(ctx, d); b != nil {
			working.Go(func() {
				defer e.finish(b)
				e.work(ctx, b)
			})
		}
	}
}

// room waits until fewer batches run than may. Held ones do not count: a scan
// that is paused must not keep others from running.
func (e *Engine) room(ctx context.Context) error {
	for {
		e.mu.Lock()
		running, changed := 0, e.changed
		parallel := e.c.Parallel
		if most := harrier.EngineLimit(e.properties, harrier.EngineParallel); most > 0 {
			parallel = most
		}
		for _, b := range e.batches {
			if !b.scan.net.Held() {
				running++
			}
		}
		e.mu.Unlock()
		if running < parallel {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// beat tells of the engine now and then, and at once when nudged.
func (e *Engine) beat(ctx context.Context) error {
	tick := time.NewTicker(e.c.Beat)
	defer tick.Stop()
	for {
		e.learn(ctx)
		if err := e.bus.Beat(ctx, e.heartbeat()); err != nil && ctx.Err() == nil {
			e.c.Log.DebugContext(ctx, "heartbeat not sent", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-e.nudge:
		}
	}
}

// learn asks the console for the properties of this engine, and follows them
// from the next batch on. It goes on with the last ones while nobody answers.
func (e *Engine) learn(ctx context.Context) {
	have, err := e.bus.AskProperties(ctx, e.c.UUID)
	if err != nil {
		return // nobody is there to be asked, or knows: the next beat asks again
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if maps.Equal(e.properties, have) {
		return
	}
	e.properties = have
	e.tellRoom()
	e.c.Log.InfoContext(ctx, "engine properties changed", "engine", e.c.Name, "properties", len(have))
}

func (e *Engine) heartbeat() harrier.Heartbeat {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := harrier.Heartbeat{Engine: e.self, Queues: []string{e.c.Pool}}
	h.Engine.LastSeen, h.Engine.Running = time.Now().UTC(), len(e.batches)
	h.Properties = e.properties
	for name, b := range e.batches {
		h.Active = append(h.Active, harrier.Activity{Scan: name.scan, Batch: name.batch, Held: b.scan.net.Held()})
	}
	return h
}
