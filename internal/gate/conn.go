package gate

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
)

// Conn is an engine's connection to the console: what package engine calls a
// bus. The connection mends itself for ever. Its methods may overlap.
type Conn struct {
	id  *Identity
	nc  *nats.Conn
	log *slog.Logger

	mu      sync.Mutex
	tickets map[batch]*work // in hand
	follow  func(scan harrier.ID, c harrier.Command)
	told    commanded // before somebody followed
	said    harrier.Heartbeat
	link    context.Context // ends when the connection is lost
	cut     context.CancelFunc
}

type batch struct {
	scan   harrier.ID
	number int
}

// work is a batch in hand. The newest delivery counts.
type work struct {
	ticket  []byte
	attempt int
}

// Dial connects an enrolled engine to the console at an address, or waits for
// the console's call. While the console is away it tries again. It answers
// Unauthenticated when the console refuses the engine or is another one.
func Dial(ctx context.Context, id *Identity, address string, by *Caller, log *slog.Logger) (*Conn, error) {
	if !id.Enrolled() {
		return nil, harrier.Errorf(harrier.Unauthenticated, "the engine is not enrolled: it needs a token")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Conn{id: id, log: log, tickets: map[batch]*work{}, told: commanded{}}
	c.lost()
	config := trusts(func(authority []byte) bool { return string(authority) == string(id.paper().Authority) })
	config.GetClientCertificate = id.certificate
	var err error
	c.nc, err = reach(ctx, address, by, []nats.Option{
		nats.Secure(config), nats.TLSHandshakeFirst(), nats.CustomInboxPrefix(inbox(id.UUID())), nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond), nats.ReconnectJitter(250*time.Millisecond, 500*time.Millisecond), nats.Timeout(5 * time.Second),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), nats.IgnoreAuthErrorAbort(), nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			c.lost()
			if err != nil {
				log.Warn("console lost", "err", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			log.Info("console is back")
			go c.again()
		}),
	})
	return c, err
}

// Close ends the connection.
func (c *Conn) Close() { c.nc.Close() }

// lost ends what waits for an answer over the connection that is lost: it does
// not come any more.
func (c *Conn) lost() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut != nil {
		c.cut()
	}
	c.link, c.cut = context.WithCancel(context.Background())
}

// again tells a console that is back at once what is in hand: it may have
// forgotten to whom it gave what.
func (c *Conn) again() {
	c.mu.Lock()
	h := c.said
	c.mu.Unlock()
	if err := c.Beat(context.Background(), h); err != nil {
		c.log.Debug("heartbeat not sent", "err", err)
	}
}

func ask[T any](ctx context.Context, c *Conn, verb string, in any) (T, error) {
	c.mu.Lock()
	link := c.link
	c.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(link, cancel)()
	return request[T](ctx, c.nc, subject(c.id.UUID(), verb), in)
}

// FetchJob waits for work and takes it in hand. The console knows whose work
// that is; pool plays no part. It waits on while the console is away.
func (c *Conn) FetchJob(ctx context.Context, _ string) (*bus.Delivery, error) {
	for told := ""; ; {
		h, err := ask[handout](ctx, c, verbFetch, struct{}{})
		switch {
		case ctx.Err() != nil:
			if len(h.Ticket) > 0 { // came in the moment of parting: give it back at once
				last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
				_, _ = ask[struct{}](last, c, verbSettle, settle{Ticket: h.Ticket, How: "nak"})
				cancel()
			}
			return nil, ctx.Err()
		case c.nc.IsClosed():
			return nil, harrier.Errorf(harrier.Unavailable, "the bus was closed")
		case err != nil:
			if m := harrier.MessageOf(err); m != told && harrier.KindOf(err) != harrier.Unavailable {
				told = m
				c.log.WarnContext(ctx, "the console gives no work", "err", err)
			}
			wait(ctx, time.Second)
			continue
		case len(h.Ticket) == 0:
			continue
		}
		return c.deliver(h), nil
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// deliver takes a handout in hand.
func (c *Conn) deliver(h handout) *bus.Delivery {
	name := batch{h.Job.Scan, h.Job.Batch}
	c.mu.Lock()
	if w := c.tickets[name]; w != nil && w.attempt < h.Attempt { // it runs here already, under its first attempt
		w.ticket, w.attempt = h.Ticket, h.Attempt
	} else {
		c.tickets[name] = &work{h.Ticket, h.Attempt}
	}
	c.mu.Unlock()
	if h.Command != "" {
		c.command(h.Job.Scan, h.Command)
	}
	how := func(ctx context.Context, s settle) error {
		s.Ticket = h.Ticket
		_, err := ask[struct{}](ctx, c, verbSettle, s)
		return err
	}
	leave := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.tickets, name)
	}
	return bus.Deliver(h.Job, h.Attempt,
		func(ctx context.Context) error {
			defer leave()
			return how(ctx, settle{How: "ack"})
		},
		func(ctx context.Context) error { return how(ctx, settle{How: "progress"}) },
		func(ctx context.Context, delay time.Duration) error {
			defer leave()
			return how(ctx, settle{How: "nak", Delay: delay})
		},
	)
}

func (c *Conn) ticket(scan harrier.ID, number int) ([]byte, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.tickets[batch{scan, number}]; w != nil {
		return w.ticket, w.attempt
	}
	return nil, 0
}

// PublishResult stores r on the console. It waits while that is away or takes
// nothing, and returns ctx's error when that ends first. It answers Conflict
// when the batch was given to another engine, Forbidden when it was never given
// to this one, and Invalid for a result that is too large.
func (c *Conn) PublishResult(ctx context.Context, r harrier.Result) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		t, attempt := c.ticket(r.Scan, r.Batch)
		if t == nil {
			return harrier.Errorf(harrier.Conflict, "the batch is not in hand any more")
		}
		r.Attempt = attempt
		_, err := ask[struct{}](ctx, c, verbResult, said{t, r})
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case c.nc.IsClosed() || harrier.KindOf(err) != harrier.Unavailable:
			return err
		}
		wait(ctx, pause)
	}
}

// WatchCommands calls follow with the last commands of the scans that this
// engine works on and with each change, until ctx ends; it then returns ctx's
// error.
func (c *Conn) WatchCommands(ctx context.Context, follow func(scan harrier.ID, c harrier.Command)) error {
	sub, err := c.nc.Subscribe(commands(c.id.UUID()), func(m *nats.Msg) {
		var told commanded
		if json.Unmarshal(m.Data, &told) == nil {
			for scan, what := range told {
				c.command(scan, what)
			}
		}
	})
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "the bus was closed").Because(err)
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only when the connection is gone, and the subscription with it
	c.mu.Lock()
	c.follow = follow
	told := c.told
	c.told = commanded{}
	c.mu.Unlock()
	for scan, what := range told {
		follow(scan, what)
	}
	<-ctx.Done()
	return ctx.Err()
}

func (c *Conn) command(scan harrier.ID, what harrier.Command) {
	c.mu.Lock()
	follow := c.follow
	if follow == nil {
		c.told[scan] = what
	}
	c.mu.Unlock()
	if follow != nil {
		follow(scan, what)
	}
}

// Beat tells the console that the engine lives, and learns the commands about
// its scans. It does not wait for a console that is away.
func (c *Conn) Beat(ctx context.Context, h harrier.Heartbeat) error {
	if !c.nc.IsConnected() {
		return harrier.Errorf(harrier.Unavailable, "the console does not answer")
	}
	h.Engine.Protocol = harrier.EngineProtocol
	in := beat{Heartbeat: h}
	c.mu.Lock()
	c.said = h
	for _, w := range c.tickets {
		in.Tickets = append(in.Tickets, w.ticket)
	}
	c.mu.Unlock()
	told, err := ask[commanded](ctx, c, verbBeat, in)
	for scan, what := range told {
		c.command(scan, what)
	}
	return err
}

// AskDone asks the console for the hosts of a batch that it has completely, as
// bus.Conn does.
func (c *Conn) AskDone(ctx context.Context, scan harrier.ID, number int) ([]string, error) {
	t, _ := c.ticket(scan, number)
	return ask[[]string](ctx, c, verbDone, asking{t})
}

// AskProperties asks the console what this engine is to do otherwise, as
// bus.Conn does; of another one it is told nothing.
func (c *Conn) AskProperties(ctx context.Context, _ harrier.UUID) (map[string]string, error) {
	return ask[map[string]string](ctx, c, verbProperties, struct{}{})
}

// Renew keeps the certificate good until ctx ends: it is renewed at half of its
// life.
func (c *Conn) Renew(ctx context.Context) error {
	for {
		if d := time.Until(c.id.halfLife()); d > 0 {
			wait(ctx, d)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if err := c.renew(ctx); err != nil {
			if ctx.Err() == nil {
				c.log.WarnContext(ctx, "certificate not renewed", "err", err)
			}
			wait(ctx, 10*time.Second)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (c *Conn) renew(ctx context.Context) error {
	asked, err := c.id.ask(c.id.Name())
	if err != nil {
		return err
	}
	p, err := ask[papers](ctx, c, verbRenew, asked)
	if err != nil {
		return err
	}
	if string(p.Authority) != string(c.id.paper().Authority) {
		return errOther
	}
	p.Token = c.id.paper().Token
	if err := c.id.take(p); err != nil {
		return err
	}
	// The connection ends with the certificate that it was made with. It is made
	// anew with the new one, at a moment of ours.
	return c.nc.ForceReconnect()
}
