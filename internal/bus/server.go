package bus

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/harrier-scan/harrier"
)

// Config is how a bus is kept. For a Server, the zero value but for Dir works.
type Config struct {
	Dir      string        // where the streams of a Server are kept
	Replicas int           // of the streams in a cluster elsewhere; 0 means 1
	AckWait  time.Duration // how long an engine may be silent about a job; 0 means DefaultAckWait
	// ResultBytes is how much the results that are not consumed yet may take on
	// disk before publishers wait; 0 means 256 MiB.
	ResultBytes int64
}

// maxMessage is the size of the largest job or result.
const maxMessage = 8 << 20

// The streams. The jobs stream keeps one message per (pool, scan, batch), so
// that a repeat is refused by the subject and not by a window of time. The
// results stream is a log that is trimmed from the front. Of commands the last
// one per scan is kept.
const (
	jobStream     = "JOBS"
	resultStream  = "RESULTS"
	commandStream = "COMMANDS"
)

// Server is an embedded NATS server with its streams on disk. It opens no port:
// only this process reaches it.
type Server struct {
	ns *natsserver.Server

	mu    sync.Mutex
	conns []*Conn
}

// Serve starts a server and makes its streams. Every write is on disk before
// it is acknowledged. Ctx limits the start only: Close ends the server. It
// answers Invalid without a folder and Unavailable when that can not be used.
func Serve(ctx context.Context, c Config) (*Server, error) {
	if c.Dir == "" {
		return nil, harrier.Invalidf("bus dir", "must not be empty")
	}
	opts := &natsserver.Options{
		ServerName: "harrier", DontListen: true, NoLog: true, NoSigs: true,
		JetStream: true, StoreDir: c.Dir, SyncAlways: true, DisableJetStreamBanner: true, MaxPayload: maxMessage,
	}
	if err := checkFolder(c.Dir); err != nil {
		return nil, err
	}
	ns, err := natsserver.NewServer(opts)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the bus does not start in %s", c.Dir).Because(err)
	}
	ns.Start() // returns once the server is up, or has failed
	s := &Server{ns: ns}
	if !ns.JetStreamEnabled() || !ns.ReadyForConnections(startWait(ctx)) {
		s.Close()
		return nil, harrier.Errorf(harrier.Unavailable, "the bus does not start in %s", c.Dir)
	}
	conn, err := s.Connect(ctx)
	if err == nil {
		err = conn.makeStreams(ctx, c)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// checkFolder tells a folder that can not be written to before the server does,
// which would wait for a long time first.
func checkFolder(dir string) error {
	fault := harrier.Errorf(harrier.Unavailable, "the bus can not write to %s", dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Because(err)
	}
	f, err := os.CreateTemp(dir, "probe-")
	if err != nil {
		return fault.Because(err)
	}
	_ = f.Close() // nothing was written
	if err := os.Remove(f.Name()); err != nil {
		return fault.Because(err)
	}
	return nil
}

func startWait(ctx context.Context) time.Duration {
	wait := 20 * time.Second
	if end, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(end))
	}
	return wait
}

func (c *Conn) makeStreams(ctx context.Context, config Config) error {
	ackWait, resultBytes := config.AckWait, config.ResultBytes
	if ackWait == 0 {
		ackWait = DefaultAckWait
	}
	if resultBytes == 0 {
		resultBytes = 256 << 20
	}
	for _, cfg := range []jetstream.StreamConfig{{
		Name: jobStream, Subjects: []string{"job.>"}, Storage: jetstream.FileStorage,
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
		MaxMsgsPerSubject: 1, DiscardNewPerSubject: true,
		Metadata: map[string]string{ackWaitKey: ackWait.String()},
	}, {
		Name: resultStream, Subjects: []string{"result.>"}, Storage: jetstream.FileStorage,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxBytes: resultBytes, Duplicates: 10 * time.Minute,
	}, {
		Name: commandStream, Subjects: []string{"command.>"}, Storage: jetstream.FileStorage,
		Retention: jetstream.LimitsPolicy, MaxMsgsPerSubject: 1,
	}} {
		cfg.Replicas = config.Replicas
		if _, err := c.js.CreateOrUpdateStream(ctx, cfg); err != nil {
			return harrier.Errorf(harrier.Unavailable, "the bus can not make its stream %s", cfg.Name).Because(err)
		}
	}
	return nil
}

// ackWaitKey names, in the jobs stream's metadata, the wait for
// acknowledgements, so that engines elsewhere set their consumers up alike.
const ackWaitKey = "harrier.ack_wait"

// Connect returns a connection within this process. It ends with the server.
func (s *Server) Connect(ctx context.Context) (*Conn, error) {
	c, err := connect(ctx, "", nats.InProcessServer(s.ns))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
	return c, nil
}

// Close ends the connections of this process and the server, and waits until
// its files are closed.
func (s *Server) Close() {
	s.mu.Lock()
	conns := s.conns
	s.conns = nil
	s.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
	s.ns.Shutdown()
	s.ns.WaitForShutdown()
}

// Elsewhere is a NATS server, or a cluster of them, with JetStream, that an
// operator keeps.
type Elsewhere struct {
	URL         string // addresses, comma separated: nats://host:4222, tls://host:4222
	Credentials string // file of a user (.creds); "": none, or user and password in URL
	CA          string // file of the authority that signed the server's certificate, PEM; "": the system's
}

// Dial connects to a server elsewhere and makes its streams. The connection
// mends itself for ever. It answers Unavailable when there is none at first and
// Unauthenticated when it is refused. Dir and SyncAlways are the server's own
// affair: an operator who wants what is acknowledged to outlive a loss of power
// sets sync_interval: always there, or has three replicas.
func Dial(ctx context.Context, at Elsewhere, c Config) (*Conn, error) {
	var opts []nats.Option
	if at.Credentials != "" {
		opts = append(opts, nats.UserCredentials(at.Credentials))
	}
	if at.CA != "" {
		opts = append(opts, nats.RootCAs(at.CA))
	}
	conn, err := connect(ctx, at.URL, opts...)
	if err != nil {
		return nil, err
	}
	if err := conn.makeStreams(ctx, c); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func connect(ctx context.Context, address string, opts ...nats.Option) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	opts = append(
		opts, nats.Name("harrier"), nats.MaxReconnects(-1), nats.ReconnectWait(250*time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, 500*time.Millisecond), nats.Timeout(5*time.Second),
		nats.PingInterval(10*time.Second), nats.MaxPingsOutstanding(3), nats.IgnoreAuthErrorAbort(),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // errors come back from the calls; the default prints them
	)
	nc, err := nats.Connect(address, opts...)
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return nil, harrier.Errorf(harrier.Unauthenticated, "the bus at %s refuses the console", redacted(address)).Because(err)
	case err != nil:
		return nil, harrier.Errorf(harrier.Unavailable, "the bus at %s does not answer", redacted(address)).Because(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("open jetstream: %w", err)
	}
	return &Conn{nc: nc, js: js, began: time.Now(), consumers: map[string]jetstream.Consumer{}}, nil
}

// redacted is a list of addresses without passwords.
func redacted(list string) string {
	parts := strings.Split(list, ",")
	for i, p := range parts {
		if u, err := url.Parse(p); err == nil {
			parts[i] = u.Redacted()
		} else {
			parts[i] = "an address"
		}
	}
	return strings.Join(parts, ",")
}
