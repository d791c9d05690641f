// Package console wires everything: the store, the bus, the rooms, the
// dialects, the listeners and a local engine. It holds the lists of dialects
// and formats, and the configuration.
package console

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/gate"
	"github.com/harrier-scan/harrier/internal/pki"
	"github.com/harrier-scan/harrier/internal/secret"
	"github.com/harrier-scan/harrier/internal/server"
	"github.com/harrier-scan/harrier/internal/store"
)

// Console is a console that is open: its files are locked, its database is
// migrated, its listeners are taken. It does nothing before Run.
type Console struct {
	First FirstUser // of a new installation

	config  Config
	log     *slog.Logger
	core    *core
	content *contentWatch
	update  asked
	web     *server.Server
	bus     *bus.Server // nil: that of an operator is used
	gate    *gate.Gate  // nil: there are no engines elsewhere
	conn    *bus.Conn
	again   chan struct{} // somebody asked for a restart
	closers []func() error
}

// ErrRestart is why Run ended where an operator asked for a restart.
var ErrRestart = errors.New("the console was asked to begin again")

// FirstUser is the administrator that a new installation makes.
type FirstUser struct {
	Name, Password string
	Created        bool // false for an installation that has users
}

// Open opens everything that a console needs, or nothing. It answers
// Unavailable, naming it, for what can't be had: the data folder, the database,
// an address in use, another console on the same folder.
func Open(ctx context.Context, c Config, log *slog.Logger) (_ *Console, err error) {
	con := &Console{config: c, log: log, again: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			con.Close()
		}
	}()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the data folder %s can not be made", c.Data).Because(err)
	}
	unlock, err := lock(filepath.Join(c.Data, "lock"))
	if err != nil {
		return nil, err
	}
	con.closers = append(con.closers, unlock)
	authority, err := pki.Open(filepath.Join(c.Data, "tls"), time.Now())
	if err != nil {
		return nil, err
	}
	pair, err := serverPair(c, authority)
	if err != nil {
		return nil, err
	}
	if err = con.openCore(ctx, authority); err != nil {
		return nil, err
	}
	con.core.rooms.Restart = func() {
		select {
		case con.again <- struct{}{}:
		default: // it was asked already
		}
	}
	con.content = newContentWatch(c.Data, log, con.core.use)
	con.content.look(ctx)
	if c.FeedUpdate > 0 {
		con.update = newAsked()
		con.core.rooms.UpdateContent = con.update.ask
		con.core.rooms.Updating = con.update.going
	}
	con.web, err = server.Listen(ctx, server.Config{
		Listen: c.Listen, Proxies: c.Proxies, Drain: c.Drain, Log: log, Handler: handler(con.core.rooms, Dialects()),
		TLS: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		return nil, err
	}
	con.closers = append(con.closers, func() error { con.web.Close(); return nil })
	con.First.Name, con.First.Password, con.First.Created, err = con.core.rooms.Identity.First(ctx)
	return con, err
}

// openCore opens the database, the bus, the rooms over them and the gate for
// engines.
func (con *Console) openCore(ctx context.Context, authority *pki.Authority) error {
	c := con.config
	db, err := openStore(ctx, c.DSN)
	if err != nil {
		return err
	}
	con.closers = append(con.closers, db.Close)
	box, err := secret.Open(filepath.Join(c.Data, "secret.key"))
	if err != nil {
		return err
	}
	if err := con.openBus(ctx); err != nil {
		return err
	}
	if con.core, err = newCore(ctx, coreConfig{
		db: db, bus: con.conn, box: box, guard: c.Guard, idle: c.Idle, data: c.Data, mail: c.Mail, version: Version, log: con.log,
	}); err != nil {
		return err
	}
	con.closers = append(con.closers, con.core.knowledge.Close)
	if con.config.Engine {
		if err := announce(ctx, con.core.rooms.Fleet, own); err != nil {
			return err
		}
	}
	return con.openGate(ctx, authority, box)
}

// openStore opens the database; an error names it, without its password.
func openStore(ctx context.Context, dsn string) (*store.DB, error) {
	if !isPostgres(dsn) {
		claim(dsn)
	}
	db, err := store.Open(ctx, dsn)
	if err == nil {
		return db, nil
	}
	return nil, harrier.Errorf(harrier.KindOf(err), "%s: %s", DatabaseName(dsn), harrier.MessageOf(err)).Because(err)
}

// claim makes a database file that is not there yet, readable by its owner
// only: SQLite would let everybody read it, and gives its log the same mode. A
// failure is left to SQLite, which tells more of it.
func claim(path string) {
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
		_ = f.Close() // nothing was written
	}
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// DatabaseName is the address of a database as people may read it: without a
// password, also where it can't be told which part that is.
func DatabaseName(dsn string) string {
	if !isPostgres(dsn) {
		return dsn
	}
	u, err := url.Parse(dsn)
	if err != nil {
		scheme, _, _ := strings.Cut(dsn, "://")
		return scheme + "://…"
	}
	if q := u.Query(); q.Has("password") {
		q.Set("password", "xxxxx")
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

// openBus starts the message server, or connects to that of an operator.
func (con *Console) openBus(ctx context.Context) error {
	c := con.config
	config := bus.Config{Dir: filepath.Join(c.Data, "bus"), AckWait: c.Redeliver, Replicas: c.NATSReplicas}
	var err error
	if c.NATS != "" {
		con.conn, err = bus.Dial(ctx, bus.Elsewhere{URL: c.NATS, Credentials: c.NATSCredentials, CA: c.NATSCA}, config)
		if err != nil {
			return err
		}
		con.closers = append(con.closers, func() error { con.conn.Close(); return nil })
		return nil
	}
	config.Replicas = 0
	if con.bus, err = bus.Serve(ctx, config); err != nil {
		return err
	}
	con.closers = append(con.closers, func() error { con.bus.Close(); return nil })
	if con.conn, err = con.bus.Connect(ctx); err != nil {
		return err
	}
	con.closers = append(con.closers, func() error { con.conn.Close(); return nil })
	return nil
}

func serverPair(c Config, authority *pki.Authority) (tls.Certificate, error) {
	if c.TLSCert != "" {
		return pki.LoadPair(c.TLSCert, c.TLSKey)
	}
	return authority.Server(c.Host, time.Now())
}

// Addrs are the addresses that the console answers on.
func (con *Console) Addrs() []net.Addr { return con.web.Addrs() }

// Content tells which content is in force.
func (con *Console) Content() ContentState { return con.content.State() }

// Run serves until ctx ends: first the listeners drain, then the engine gives
// back what it has in hand, then the rooms end. Nothing acknowledged is lost
// however it ends.
func (con *Console) Run(ctx context.Context) error {
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return con.web.Run(running) })
	g.Go(func() error { return con.core.run(running) })
	g.Go(func() error { return con.content.run(running) })
	g.Go(func() error { return con.core.db.KeepView(running, con.log) })
	g.Go(func() error {
		select {
		case <-con.again:
			return ErrRestart
		case <-running.Done():
			return nil
		}
	})
	if every := con.config.FeedUpdate; every > 0 {
		g.Go(func() error { return updateContent(running, con.config.Data, firstUpdate, every, con.update, con.log) })
	}
	if con.gate != nil {
		g.Go(func() error { return con.gate.Run(running) })
	}
	if con.config.Engine {
		g.Go(func() error { return con.runEngine(running) })
	}
	con.log.InfoContext(ctx, "console started", "data", con.config.Data)
	err := g.Wait()
	con.log.InfoContext(context.WithoutCancel(ctx), "console ended")
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // as asked
	}
	return err
}

// runEngine runs the local engine: an ordinary client of the bus.
func (con *Console) runEngine(ctx context.Context) error {
	conn := con.conn
	if con.bus != nil {
		wire, err := con.bus.Connect(ctx)
		if err != nil {
			return err
		}
		defer wire.Close()
		conn = wire
	}
	templates, err := loadTechnologies(ifThere(technologiesFolder(con.config.Data)), con.log)
	if err != nil {
		return err
	}
	return newEngine(conn, EngineOptions{
		templates: templates, logins: con.core.logins, Name: own.Name, Pool: own.Pool, Beat: beat(con.config.Redeliver),
		record: recorder(cmp.Or(con.config.Flight, FlightFolder(con.config.Data)), con.log),
		rules:  rulesIn(FingerprintFolder(con.config.Data), con.log), Surface: con.config.Survey,
	}, con.log).Run(ctx)
}

// Close gives back everything that Open took.
func (con *Console) Close() {
	for i := len(con.closers) - 1; i >= 0; i-- {
		if err := con.closers[i](); err != nil {
			con.log.Warn("close", "err", err)
		}
	}
	con.closers = nil
}
