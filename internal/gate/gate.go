package gate

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
)

// CertificateLife is how long an engine's certificate is good; it is renewed at
// half of that.
const CertificateLife = 24 * time.Hour

// Fleet is the room of engines: who they are.
type Fleet interface {
	Engines(ctx context.Context, by harrier.Actor) ([]harrier.Engine, error)
	Pools(ctx context.Context, by harrier.Actor) ([]harrier.Pool, error)
	Admits(ctx context.Context, token string) error
	Enrol(ctx context.Context, token string, asked harrier.Engine) (harrier.Engine, error)
	Renewed(ctx context.Context, id harrier.UUID, expires time.Time) error
}

// Bus is what the gate needs of the console's bus: methods of bus.Conn.
type Bus interface {
	TryJob(ctx context.Context, pool string) (*bus.Delivery, error)
	Again(handle string) (*bus.Delivery, error)
	PublishResult(ctx context.Context, r harrier.Result) error
	WatchCommands(ctx context.Context, follow func(scan harrier.ID, c harrier.Command)) error
	Beat(ctx context.Context, h harrier.Heartbeat) error
	AskDone(ctx context.Context, scan harrier.ID, batch int) ([]string, error)
	AskProperties(ctx context.Context, engine harrier.UUID) (map[string]string, error)
}

// Authority signs certificates; it is that of the pki package.
type Authority interface {
	Engine(id harrier.UUID, key any, now time.Time, life time.Duration) ([]byte, error)
	Certificate() *x509.Certificate
}

// Config is what a gate needs. All but Now, Log, Life and Redeliver must be
// given.
type Config struct {
	Listen    string          // "host:port"
	TLS       tls.Certificate // of the console, signed by Authority
	Authority Authority
	Fleet     Fleet
	Bus       Bus
	Box       Box
	// Logins returns what a job's scan signs in with, to be sealed for the engine
	// that takes the job; nil: nothing.
	Logins    func(context.Context, harrier.Job) ([]harrier.Login, error)
	Redeliver time.Duration    // after which silence a batch is given away; 0: bus.DefaultAckWait
	Life      time.Duration    // of certificates; 0: CertificateLife
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: none
}

// Gate is an open gate. It lets nobody do anything before Run.
type Gate struct {
	Config
	ns     *natsserver.Server
	secret string // of the console's own connection
	given  *given
	nudge  chan struct{}

	mu       sync.Mutex
	engines  map[harrier.UUID]known
	holds    map[harrier.UUID]map[harrier.ID]bool // scans that each engine works on, proved by tickets
	commands commanded
	links    map[harrier.UUID]map[uint64]bool // connections of each engine
	expected map[harrier.UUID]bool            // were there when the console ended, and did not speak since
	until    time.Time                        // when they are not waited for any more
	nc       *nats.Conn
}

// known is an engine as it is known now, and the queues that it may take from.
type known struct {
	harrier.Engine
	queues []string
}

// Open takes the port. It answers Invalid for an address that can not be read
// and Unavailable when it is taken.
func Open(ctx context.Context, c Config) (*Gate, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Redeliver == 0 {
		c.Redeliver = bus.DefaultAckWait
	}
	if c.Life == 0 {
		c.Life = CertificateLife
	}
	host, port, err := net.SplitHostPort(c.Listen)
	n, numErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numErr != nil {
		return nil, harrier.Invalidf("bus_listen", "%q is not host:port", c.Listen)
	}
	// The server would end the program when the port is taken.
	probe, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "engines can not be listened for on %s", c.Listen).Because(err)
	}
	_ = probe.Close() // nothing was taken in
	g := &Gate{
		Config: c, secret: rand.Text(), given: newGiven(), nudge: make(chan struct{}, 1), engines: map[harrier.UUID]known{},
		holds: map[harrier.UUID]map[harrier.ID]bool{}, commands: commanded{}, links: map[harrier.UUID]map[uint64]bool{},
	}
	opts := &natsserver.Options{
		ServerName: "harrier-gate", Host: host, Port: int(n), NoLog: true, NoSigs: true, MaxPayload: maxMessage,
		TLSConfig: g.tls(), TLSHandshakeFirst: true, TLSTimeout: 5, AuthTimeout: 5, MaxConn: 4096, MaxSubs: 16, MaxControlLine: 1024,
		PingInterval: 10 * time.Second, MaxPingsOut: 2, CustomClientAuthentication: admission{g}, NoSystemAccount: true,
	}
	if n == 0 {
		opts.Port = natsserver.RANDOM_PORT
	}
	if g.ns, err = natsserver.NewServer(opts); err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the gate for engines does not open").Because(err)
	}
	g.ns.Start()
	if !g.ns.ReadyForConnections(20 * time.Second) {
		g.Close()
		return nil, harrier.Errorf(harrier.Unavailable, "the gate for engines does not open on %s", c.Listen)
	}
	g.nc, err = nats.Connect("", nats.InProcessServer(g.ns), nats.Token(g.secret), nats.MaxReconnects(-1), nats.Name("console"),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		g.Close()
		return nil, harrier.Errorf(harrier.Unavailable, "the gate for engines does not open").Because(err)
	}
	return g, nil
}

// tls are the settings of the listener. Certificates are asked for and proved
// in the handshake, and judged in admission, where it can be said why one is
// refused. Sessions are not resumed, so that each connection is judged anew.
func (g *Gate) tls() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{g.TLS}, MinVersion: tls.VersionTLS13, ClientAuth: tls.RequestClientCert, SessionTicketsDisabled: true,
	}
}

// Addr is where engines find the gate.
func (g *Gate) Addr() string { return g.ns.Addr().String() }

// Close ends all connections and gives the port back.
func (g *Gate) Close() {
	if g.nc != nil {
		g.nc.Close()
	}
	g.ns.Shutdown()
	g.ns.WaitForShutdown()
}

// Changed makes the gate look at the fleet at once.
func (g *Gate) Changed() {
	select {
	case g.nudge <- struct{}{}:
	default: // it will
	}
}

// lookEvery is how soon what another process changed in the fleet is in force.
const lookEvery = time.Second

// Run serves engines until ctx ends.
func (g *Gate) Run(ctx context.Context) error {
	if err := g.look(ctx); err != nil && ctx.Err() == nil {
		g.Log.ErrorContext(ctx, "engines not read", "err", err)
	}
	g.expect(g.Now())
	grp, ctx := errgroup.WithContext(ctx)
	grp.Go(func() error { return g.keepLooking(ctx) })
	grp.Go(func() error { return g.Bus.WatchCommands(ctx, g.command) })
	grp.Go(func() error { return g.dialOut(ctx) })
	grp.Go(func() error { return g.serve(ctx) })
	err := grp.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// rejoin is how long work is kept back after a start for engines that had some
// in hand to say so.
const rejoin = 5 * time.Second

// expect notes which engines were there a moment ago, with batches in hand. Until each of
// them has spoken nothing is handed out, for the bus may offer their batches
// anew.
func (g *Gate) expect(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.expected, g.until = map[harrier.UUID]bool{}, time.Now().Add(min(rejoin, g.Redeliver))
	for id, e := range g.engines {
		if e.Trusted() && e.Alive(now) {
			g.expected[id] = true
		}
	}
}

// rejoined reports whether nobody is expected any more.
func (g *Gate) rejoined() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.expected) == 0 || time.Now().After(g.until)
}

func (g *Gate) keepLooking(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-g.nudge:
		}
		if err := g.look(ctx); err != nil && ctx.Err() == nil {
			g.Log.ErrorContext(ctx, "engines not read", "err", err)
		}
	}
}

// look takes up who is trusted now and cuts off who is not any more.
func (g *Gate) look(ctx context.Context) error {
	list, err := g.Fleet.Engines(ctx, harrier.System)
	if err != nil {
		return err
	}
	pools, err := g.Fleet.Pools(ctx, harrier.System)
	if err != nil {
		return err
	}
	now := map[harrier.UUID]known{}
	for _, e := range list {
		k := known{Engine: e, queues: []string{e.Queue()}}
		for _, p := range pools {
			for _, m := range p.Members {
				if m == e.ID {
					k.queues = append(k.queues, p.Name)
				}
			}
		}
		now[e.UUID] = k
	}
	var cut []uint64
	g.mu.Lock()
	for id, links := range g.links {
		if e := now[id]; !e.Trusted() || string(e.Key) != string(g.engines[id].Key) {
			for link := range links {
				cut = append(cut, link)
			}
			delete(g.links, id)
			delete(g.holds, id)
			g.Log.WarnContext(ctx, "engine cut off: it is not trusted any more", "engine", g.engines[id].Name)
		}
	}
	g.engines = now
	g.mu.Unlock()
	for _, link := range cut {
		_ = g.ns.DisconnectClientByID(link) // gone already is fine
	}
	return nil
}

// trusted returns the engine, or Forbidden when it is not trusted now.
func (g *Gate) trusted(id harrier.UUID) (known, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, found := g.engines[id]
	if !found || !e.Trusted() {
		return known{}, harrier.Errorf(harrier.Forbidden, "this engine is not trusted")
	}
	return e, nil
}

// command takes up a command and tells the engines that work on the scan.
func (g *Gate) command(scan harrier.ID, c harrier.Command) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.commands[scan] = c
	for id, scans := range g.holds {
		if scans[scan] {
			_ = g.nc.Publish(commands(id), encode(commanded{scan: c})) // lost with the connection; the next heartbeat asks
		}
	}
}

// last is the last command about a scan; Resume when there is none.
func (g *Gate) last(scan harrier.ID) harrier.Command {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, told := g.commands[scan]; told {
		return c
	}
	return harrier.Resume
}

// serve answers requests until ctx ends.
func (g *Gate) serve(ctx context.Context) error {
	var working sync.WaitGroup
	defer working.Wait()
	places := make(chan struct{}, 1024) // requests at a time; the rest waits in the server
	in := make(chan *nats.Msg, 1024)
	for _, s := range []string{"engine.>", "enrol.>"} {
		sub, err := g.nc.ChanSubscribe(s, in)
		if err != nil {
			return fmt.Errorf("listen to engines: %w", err)
		}
		defer func() { _ = sub.Unsubscribe() }() // fails only when the connection is gone, and the subscription with it
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m := <-in:
			places <- struct{}{}
			working.Go(func() {
				defer func() { <-places }()
				g.request(ctx, m)
			})
		}
	}
}

// request answers one request. The answer goes to the asker's own inbox or
// nowhere: the console may publish anywhere, and must not be made to.
func (g *Gate) request(ctx context.Context, m *nats.Msg) {
	parts := strings.Split(m.Subject, ".")
	if len(parts) == 2 && parts[0] == "enrol" {
		if strings.HasPrefix(m.Reply, "_INBOX."+parts[1]+".") {
			_ = g.nc.Publish(m.Reply, encode(g.enrol(ctx, m.Data)))
		}
		return
	}
	id, err := harrier.ParseUUID(parts[1])
	if len(parts) != 3 || err != nil || !strings.HasPrefix(m.Reply, inbox(id)+".") {
		return
	}
	e, err := g.trusted(id)
	var answer []byte
	if err != nil {
		answer = encode(fail[struct{}](err))
	} else {
		answer = g.answer(ctx, e, parts[2], m.Data)
	}
	_ = g.nc.Publish(m.Reply, answer) // whoever asked asks again
}
