package console

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/fingerprint"
	"github.com/harrier-scan/harrier/internal/secret"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/webtech/template"
)

// Local is a console without listeners: all rooms over a database and a bus in
// memory, and an engine. Scans from the command line run on one, and so do the
// tests of the dialects.
type Local struct {
	Rooms   kit.Rooms
	Surface surface.Options // how surveys are made; to be set before Run

	record    recordFunc              // before Run: of what is sent; nil: nothing is recorded
	rules     func() *fingerprint.Set // before Run: see EngineOptions
	templates *template.Set           // before Run: the technology templates; nil: none
	core      *core
	wires     *bus.MemoryBus
	closers   []func()
	ahead     atomic.Int64 // nanoseconds
}

// Later puts the clock of the rooms ahead by d more. What an engine says keeps its
// own times, so that what it sees from then on is older than what the rooms say.
func (l *Local) Later(d time.Duration) { l.ahead.Add(int64(d)) }

func (l *Local) now() time.Time { return time.Now().Add(time.Duration(l.ahead.Load())) }

// OpenLocal makes a Local that calls itself version.
func OpenLocal(ctx context.Context, version string, log *slog.Logger) (_ *Local, err error) {
	l := &Local{wires: bus.Memory()}
	l.closers = append(l.closers, l.wires.Close)
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	db, err := store.Open(ctx, ":memory:")
	if err != nil {
		return nil, err
	}
	l.closers = append(l.closers, func() { _ = db.Close() }) // nothing of it is kept
	dir, err := os.MkdirTemp("", "harrier-")
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "no temporary folder can be made").Because(err)
	}
	l.closers = append(l.closers, func() { _ = os.RemoveAll(dir) })
	box, err := secret.New(make([]byte, secret.KeySize)) // what it seals is gone with the process
	if err != nil {
		return nil, err
	}
	l.core, err = newCore(ctx, coreConfig{db: db, bus: l.wires, box: box, idle: time.Hour, data: dir, fleeting: true, version: version, log: log, now: l.now})
	if err != nil {
		return nil, err
	}
	l.closers = append(l.closers, func() { _ = l.core.knowledge.Close() }) // it was only read
	l.Rooms = l.core.rooms
	if err := announce(ctx, l.Rooms.Fleet, own); err != nil {
		return nil, err
	}
	return l, nil
}

// Run runs the rooms and the engine until ctx ends.
func (l *Local) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.core.run(ctx) })
	g.Go(func() error {
		return newEngine(l.wires, EngineOptions{logins: l.core.logins, Name: own.Name, Pool: own.Pool, Beat: 100 * time.Millisecond, record: l.record, rules: l.rules, templates: l.templates, Surface: l.Surface}, l.core.log).Run(ctx)
	})
	return g.Wait()
}

// Close gives everything back. It is called after Run has returned.
func (l *Local) Close() {
	for i := len(l.closers) - 1; i >= 0; i-- {
		l.closers[i]()
	}
}
