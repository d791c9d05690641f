// Package fleet is the room of engines: it enrols those that stand elsewhere,
// keeps their pools, knows how they are from their heartbeats and notices when
// one falls silent.
package fleet

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
)

// Store is what the room keeps in the database. The methods are those of the
// store package.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	InsertEngine(ctx context.Context, e *harrier.Engine) error
	UpdateEngine(ctx context.Context, e *harrier.Engine) error
	PutEngine(ctx context.Context, e *harrier.Engine) error
	DeleteEngine(ctx context.Context, id harrier.ID) error
	Engine(ctx context.Context, id harrier.ID) (harrier.Engine, error)
	Engines(ctx context.Context) ([]harrier.Engine, error)
	InsertPool(ctx context.Context, p *harrier.Pool) error
	UpdatePool(ctx context.Context, p *harrier.Pool) error
	DeletePool(ctx context.Context, id harrier.ID) error
	Pool(ctx context.Context, id harrier.ID) (harrier.Pool, error)
	Pools(ctx context.Context) ([]harrier.Pool, error)
	Beside
}

// Beside is the rest of what the room keeps in the database.
type Beside interface {
	InsertEngineToken(ctx context.Context, t harrier.EngineToken) error
	EngineToken(ctx context.Context, hash string) (harrier.EngineToken, error)
	UseEngineToken(ctx context.Context, hash string, at time.Time) error
	ProfileOf(ctx context.Context, organization harrier.ID) (harrier.Profile, error)
	Sites(ctx context.Context) ([]harrier.Site, error)
	UpdateSite(ctx context.Context, s *harrier.Site) error
	AppendAudit(ctx context.Context, e *harrier.AuditEntry) error
	PropertyStore
}

// Bus is how engines are heard: a method of the bus package.
type Bus interface {
	WatchBeats(ctx context.Context, see func(harrier.Heartbeat)) error
	ServeProperties(ctx context.Context, properties func(ctx context.Context, engine harrier.UUID) (map[string]string, error)) error
}

// How the room takes its time.
const (
	storeEvery = 30 * time.Second // a heartbeat is stored, unless something changed
	lookEvery  = 5 * time.Second  // for engines that have fallen silent
)

// Config is what a Room needs. Store and Bus must be given.
type Config struct {
	Store Store
	Bus   Bus
	Tell  func(harrier.Event) // hears of lost engines; must not block; nil: nobody
	// Changed is told that an engine was enrolled, revoked or deleted; must not
	// block; nil: nobody is. Others may have changed the store, too.
	Changed func()
	// Present makes of the secret part of a token what an engine is given; nil: the
	// same.
	Present func(secret string) string
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: none
}

// Room is the room of engines. Its methods may overlap.
type Room struct {
	Config
	mu   sync.Mutex
	seen map[harrier.UUID]*seen

	shared shared
}

// seen is an engine as it was heard of last.
type seen struct {
	harrier.Engine
	stored harrier.Engine // what the database has; zero for nothing yet
	lost   bool

	properties map[string]string // that it follows
}

// New returns the room.
func New(c Config) *Room {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Present == nil {
		c.Present = func(secret string) string { return secret }
	}
	if c.Changed == nil {
		c.Changed = func() {}
	}
	if c.Tell == nil {
		c.Tell = func(harrier.Event) {}
	}
	return &Room{Config: c, seen: map[harrier.UUID]*seen{}}
}

// Run listens to engines until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	if err := r.recall(ctx); err != nil && ctx.Err() == nil {
		r.Log.ErrorContext(ctx, "known engines not read", "err", err)
	}
	beats := make(chan harrier.Heartbeat, 64)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.tellProperties(ctx) })
	g.Go(func() error { return r.listen(ctx, beats) })
	g.Go(func() error { return r.loop(ctx, beats) })
	return g.Wait()
}

// recall takes up what is stored, so that an engine that fell silent while the
// console was away is noticed.
func (r *Room) recall(ctx context.Context) error {
	list, err := r.Store.Engines(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range list {
		if r.seen[e.UUID] == nil { // else it has spoken already
			r.seen[e.UUID] = &seen{Engine: e, stored: e, lost: !e.Alive(r.Now())}
		}
	}
	return nil
}

func (r *Room) listen(ctx context.Context, beats chan<- harrier.Heartbeat) error {
	for ctx.Err() == nil {
		err := r.Bus.WatchBeats(ctx, func(h harrier.Heartbeat) {
			select {
			case beats <- h:
			case <-ctx.Done():
			}
		})
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "no heartbeats", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
	return nil
}

func (r *Room) loop(ctx context.Context, beats <-chan harrier.Heartbeat) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case h := <-beats:
			if err := r.See(ctx, h); err != nil && ctx.Err() == nil {
				r.Log.ErrorContext(ctx, "engine not stored", "engine", h.Engine.Name, "err", err)
			}
		case <-look.C:
			r.look(ctx)
		}
	}
}

// See takes one heartbeat in. Run calls it. When an engine was heard of is told
// by the console's clock, not by the engine's.
func (r *Room) See(ctx context.Context, h harrier.Heartbeat) error {
	if h.Engine.UUID.IsZero() {
		return nil
	}
	e := h.Engine
	e.LastSeen, e.Running, e.Scans = r.Now().UTC(), len(h.Active), nil
	for _, a := range h.Active {
		e.Scans = append(e.Scans, a.Scan)
	}
	slices.Sort(e.Scans)
	e.Scans = slices.Compact(e.Scans)
	r.mu.Lock()
	s := r.seen[e.UUID]
	if s == nil {
		s = &seen{}
		r.seen[e.UUID] = s
	}
	back := s.lost || s.LastSeen.IsZero()
	s.Engine, s.lost, s.properties = e, false, h.Properties
	due := s.stored.LastSeen.IsZero() || e.LastSeen.Sub(s.stored.LastSeen) >= storeEvery || !same(e, s.stored)
	r.mu.Unlock()
	if back {
		r.Log.InfoContext(ctx, "engine is here", "engine", e.Name, "pool", e.Pool, "version", e.Version)
	}
	if !due {
		return nil
	}
	if err := r.Store.PutEngine(ctx, &e); err != nil {
		return err
	}
	r.mu.Lock()
	s.stored = e
	r.mu.Unlock()
	return nil
}

// same reports whether two heartbeats describe the same process.
func same(a, b harrier.Engine) bool {
	return a.Name == b.Name && a.Pool == b.Pool && a.Version == b.Version && a.Hostname == b.Hostname &&
		a.Raw == b.Raw && a.Protocol == b.Protocol && a.Parallel == b.Parallel && a.Started.UnixMicro() == b.Started.UnixMicro()
}

// look tells of engines that have fallen silent, once each.
func (r *Room) look(ctx context.Context) {
	now := r.Now()
	var lost []harrier.Engine
	r.mu.Lock()
	for _, s := range r.seen {
		if !s.lost && !s.Alive(now) {
			s.lost = true
			lost = append(lost, s.Engine)
		}
	}
	r.mu.Unlock()
	slices.SortFunc(lost, func(a, b harrier.Engine) int { return int(a.ID - b.ID) })
	for _, e := range lost {
		r.Log.WarnContext(ctx, "engine lost", "engine", e.Name, "pool", e.Pool)
		r.Tell(harrier.Event{Kind: harrier.EngineLost, At: now.UTC(), Detail: e.Name})
	}
}
