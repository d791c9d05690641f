package bus

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/harrier-scan/harrier"
)

// Config is how a Server runs. The zero value but for Dir works: it is reached
// from this process only.
type Config struct {
	Dir     string        // where the streams are kept
	Listen  string        // "host:port" for engines elsewhere; "" opens no port
	TLS     *tls.Config   // of the listener; needed with Listen
	Token   string        // what engines elsewhere show; needed with Listen
	AckWait time.Duration // how long an engine may be silent about a job; 0 means DefaultAckWait
	// ResultBytes is how much the results that are not consumed yet may take on
	// disk before publishers wait; 0 means 256 MiB.
	ResultBytes int64
}

// Check answers Invalid, naming the field, for a configuration that can not be
// served.
func (c Config) Check() error {
	if c.Dir == "" {
		return harrier.Invalidf("bus dir", "must not be empty")
	}
	if c.Listen == "" {
		return nil
	}
	if _, _, err := splitListen(c.Listen); err != nil {
		return err
	}
	if c.TLS == nil {
		return harrier.Invalidf("bus tls", "a bus that listens needs a certificate")
	}
	if c.Token == "" {
		return harrier.Invalidf("bus token", "a bus that listens needs a token")
	}
	return nil
}

func splitListen(listen string) (string, int, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, harrier.Invalidf("bus listen", "%q is not host:port", listen)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", 0, harrier.Invalidf("bus listen", "%q is not host:port", listen)
	}
	if n == 0 {
		return host, natsserver.RANDOM_PORT, nil
	}
	return host, int(n), nil
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

// Server is an embedded NATS server with its streams on disk.
type Server struct {
	ns    *natsserver.Server
	token string

	mu    sync.Mutex
	conns []*Conn
}

// Serve starts a server and makes its streams. Every write is on disk before
// it is acknowledged. Ctx limits the start only: Close ends the server. It
// answers Invalid for a configuration that Check refuses and Unavailable when
// the port is taken or the folder can not be used.
func Serve(ctx context.Context, c Config) (*Server, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	opts := &natsserver.Options{
		ServerName: "harrier", DontListen: c.Listen == "", NoLog: true, NoSigs: true,
		JetStream: true, StoreDir: c.Dir, SyncAlways: true, DisableJetStreamBanner: true,
		MaxPayload: maxMessage, Authorization: c.Token, TLSConfig: c.TLS, TLSTimeout: 5,
	}
	if c.Listen == "" {
		opts.TLSConfig, opts.Authorization = nil, ""
	} else {
		opts.Host, opts.Port, _ = splitListen(c.Listen) // Check has read it
	}
	if err := cmp.Or(checkFree(ctx, c.Listen), checkFolder(c.Dir)); err != nil {
		return nil, err
	}
	ns, err := natsserver.NewServer(opts)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the bus does not start in %s", c.Dir).Because(err)
	}
	ns.Start() // returns once the server is up, or has failed
	s := &Server{ns: ns, token: opts.Authorization}
	if !ns.JetStreamEnabled() || !ns.ReadyForConnections(startWait(ctx)) {
		s.Close()
		return nil, harrier.Errorf(harrier.Unavailable, "the bus does not start in %s", c.Dir)
	}
	if err := s.makeStreams(ctx, c); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// checkFree tells a port that is taken before the server, which would end the
// program, finds it.
func checkFree(ctx context.Context, listen string) error {
	if listen == "" {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "the bus can not listen on %s", listen).Because(err)
	}
	return l.Close()
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

func (s *Server) makeStreams(ctx context.Context, c Config) error {
	conn, err := s.Connect(ctx)
	if err != nil {
		return err
	}
	ackWait, resultBytes := c.AckWait, c.ResultBytes
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
		if _, err := conn.js.CreateOrUpdateStream(ctx, cfg); err != nil {
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
	c, err := connect(ctx, "", nats.InProcessServer(s.ns), nats.Token(s.token))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
	return c, nil
}

// URL is where engines elsewhere find the server; "" when it does not listen.
func (s *Server) URL() string {
	if s.ns.Addr() == nil {
		return ""
	}
	return s.ns.ClientURL()
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

// Dial connects to a server elsewhere. The connection mends itself for ever;
// Dial answers Unavailable when there is none at first, and Unauthenticated
// when the token is refused.
func Dial(ctx context.Context, url, token string, config *tls.Config) (*Conn, error) {
	opts := []nats.Option{nats.Token(token)}
	if config != nil {
		opts = append(opts, nats.Secure(config))
	}
	return connect(ctx, url, opts...)
}

func connect(ctx context.Context, url string, opts ...nats.Option) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	opts = append(
		opts, nats.Name("harrier"), nats.MaxReconnects(-1), nats.ReconnectWait(250*time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, 500*time.Millisecond), nats.Timeout(5*time.Second),
		nats.PingInterval(10*time.Second), nats.MaxPingsOutstanding(3), nats.IgnoreAuthErrorAbort(),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // errors come back from the calls; the default prints them
	)
	nc, err := nats.Connect(url, opts...)
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return nil, harrier.Errorf(harrier.Unauthenticated, "the bus at %s refuses the token", url).Because(err)
	case err != nil:
		return nil, harrier.Errorf(harrier.Unavailable, "the bus at %s does not answer", url).Because(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("open jetstream: %w", err)
	}
	return &Conn{nc: nc, js: js, consumers: map[string]jetstream.Consumer{}}, nil
}
