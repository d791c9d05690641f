package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier"
)

// maxReply bounds what is kept of one answer.
const maxReply = 64 << 10

// maxConnections bounds what one identification opens, and gentleConnections
// what it does at a fragile host.
const (
	maxConnections    = 192
	gentleConnections = 2
)

// errBudget stops an identification from asking more.
var errBudget = errors.New("no further connection is allowed")

// talk is one identification: the target, the way to open connections and the
// service as far as it is known.
type talk struct {
	Target
	s         *harrier.Service
	inside    *tls.Config  // not nil: connections speak TLS
	budget    atomic.Int32 // connections that may still be opened
	datagrams atomic.Int32 // that may still be sent over UDP
	connected atomic.Int32 // connections that were opened
	opened    atomic.Int32 // connections that are open now
	over      atomic.Int64 // when the last one ended, in nanoseconds since 1970; 0 for none
	mu        sync.Mutex
	failed    error  // the last failure to connect
	kept      *wire  // where the banner came from; for Learn
	told      int    // bytes of facts
	closer    string // the protocol that is looked into, for the trace
	start     func() // starts the clock of the endpoint

	answered, silent atomic.Bool  // something came back at all; nothing did within a wait
	shut             atomic.Bool  // the endpoint closes a connection over which nothing was asked
	crowded          atomic.Int32 // how sure it is that only one connection at a time is served: weakly, certain
	alone            atomic.Bool  // one connection is opened at a time
	odd              atomic.Int32 // the port's number among the host's odd ones; 0: it is none yet

	fault   any // guarded by mu: a panic in a goroutine of ours
	began   time.Time
	tracing sync.Mutex // orders calls of Trace
}

// safely calls f in a goroutine of the identification. A panic there becomes
// one of the goroutine that called Identify, where it can be dealt with.
func (x *talk) safely(f func()) {
	defer func() {
		if p := recover(); p != nil {
			x.mu.Lock()
			x.fault = p
			x.mu.Unlock()
		}
	}()
	f()
}

// surface continues a panic that safely stopped.
func (x *talk) surface() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fault != nil {
		panic(x.fault)
	}
}

func newTalk(t Target) *talk {
	if t.Peer == nil {
		t.Peer = NewPeer(0)
	}
	x := &talk{Target: t, s: &harrier.Service{Endpoint: t.Endpoint}, start: func() {}, began: time.Now()}
	x.budget.Store(maxConnections)
	if t.Gentle {
		x.budget.Store(gentleConnections)
	}
	x.datagrams.Store(allowed(t))
	return x
}

// bannerWait is how long a silent server is taken to be one that waits for a
// question: eight round trips, within bounds.
func (x *talk) bannerWait() time.Duration {
	if x.RTT <= 0 {
		return min(500*time.Millisecond, x.Timeout)
	}
	return min(max(8*x.RTT, 300*time.Millisecond), 2*time.Second, x.Timeout)
}

// patience is how long an answer may take before the next kind of question is
// asked beside it.
func (x *talk) patience() time.Duration { return min(600*time.Millisecond+6*x.RTT, x.Timeout) }

// silence is the pause after which an answer whose end can not be seen is
// taken to be complete.
func (x *talk) silence() time.Duration {
	return min(200*time.Millisecond+4*x.RTT, x.Timeout)
}

func (x *talk) dialError() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.failed
}

// open makes a connection, inside TLS when the service is. It is closed at the
// latest when ctx ends; the caller closes it.
func (x *talk) open(ctx context.Context) (*wire, error) { return x.openAs(ctx, x.closer) }

// openAs is open for a question by name.
func (x *talk) openAs(ctx context.Context, question string) (*wire, error) {
	w, err := x.openPlainAs(ctx, question)
	if err != nil || x.inside == nil {
		return w, err
	}
	conn := &limited{Conn: w.Conn, left: maxHandshake}
	secure := tls.Client(conn, x.inside)
	shaking, cancel := context.WithTimeout(ctx, x.Timeout)
	defer cancel()
	if err := secure.HandshakeContext(shaking); err != nil {
		w.Close()
		return nil, err
	}
	conn.freed = true
	w.Conn, w.inside = secure, true
	return w, nil
}

func (x *talk) openPlain(ctx context.Context) (*wire, error) { return x.openPlainAs(ctx, x.closer) }

func (x *talk) openPlainAs(ctx context.Context, question string) (*wire, error) {
	if x.budget.Add(-1) < 0 {
		return nil, errBudget
	}
	others := x.opened.Load()
	dialing, cancel := context.WithTimeout(ctx, x.Timeout)
	defer cancel()
	began := time.Now()
	conn, err := x.dial(dialing)
	if err != nil {
		x.mu.Lock()
		x.failed = err
		x.mu.Unlock()
		if others > 0 && ctx.Err() == nil {
			x.crowd(certainly)
		}
		x.step(Step{Question: question, Took: time.Since(began), Outcome: "not connected: " + err.Error()})
		return nil, err
	}
	x.connected.Add(1)
	x.opened.Add(1)
	if x.Protocol == harrier.UDP {
		conn = &metered{conn, &x.datagrams}
	}
	w := &wire{Conn: conn, x: x, question: question, quiet: x.silence(), limit: x.Timeout}
	w.bind(ctx)
	return w, nil
}

// dial connects. A port that serves one connection at a time may need a while
// to notice that the last one is over.
func (x *talk) dial(ctx context.Context) (net.Conn, error) {
	for tries := 0; ; tries++ {
		conn, err := x.Dial(ctx, string(x.Protocol), netip.AddrPortFrom(x.Addr, x.Port))
		if err == nil || !x.alone.Load() || tries == 2 || !pause(ctx, x.silence()) {
			return conn, err
		}
	}
}

// ask opens a connection, sends hello and returns the answer.
func (x *talk) ask(ctx context.Context, hello []byte, done func([]byte) bool) ([]byte, error) {
	w, err := x.open(ctx)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return w.ask(hello, done)
}

// greeted returns the connection over which a server that speaks first said
// banner, or a new one, and its greeting, which is noted as the banner. Without
// any connection the greeting is banner.
func (x *talk) greeted(ctx context.Context, done func([]byte) bool, banner []byte) (*wire, []byte) {
	w := x.kept
	x.kept = nil
	if w == nil {
		x.s.Banner = printable(banner)
		fresh, err := x.open(ctx)
		if err != nil {
			return nil, banner
		}
		w, banner = fresh, nil
	}
	if len(banner) == 0 || !done(banner) {
		more, err := w.read(done)
		if banner = append(banner, more...); err != nil {
			w.Close()
			return nil, banner
		}
	}
	x.s.Banner = printable(banner)
	return w, banner
}

// wire is a connection with limits.
type wire struct {
	net.Conn
	quiet   time.Duration // see talk.silence
	limit   time.Duration // for one answer
	ended   atomic.Bool   // its context is over
	release func() bool

	x        *talk // whose it is; nil in tests
	question string
	inside   bool // what is said is inside TLS
	sent     int  // bytes since something was heard
	closed   bool
}

// bind ends the connection's reads and writes with ctx.
func (w *wire) bind(ctx context.Context) {
	conn := w.Conn
	w.release = context.AfterFunc(ctx, func() {
		w.ended.Store(true)
		_ = conn.SetDeadline(time.Unix(1, 0)) // wakes a read or write that waits
	})
}

// keep frees the connection of its context; false when that is over already.
func (w *wire) keep() bool { return w.release() }

// Close closes the connection.
func (w *wire) Close() error {
	w.release()
	if w.x != nil && !w.closed {
		w.closed = true
		w.x.opened.Add(-1)
		w.x.over.Store(time.Now().UnixNano())
	}
	return w.Conn.Close()
}

// ask sends hello and returns the answer.
func (w *wire) ask(hello []byte, done func([]byte) bool) ([]byte, error) {
	if err := w.send(hello); err != nil {
		return nil, err
	}
	return w.read(done)
}

func (w *wire) send(b []byte) error {
	if err := w.SetWriteDeadline(time.Now().Add(w.limit)); err != nil {
		return err
	}
	if w.ended.Load() {
		return context.Canceled
	}
	n, err := w.Write(b)
	w.sent += n
	return err
}

// read returns what the peer says until done reports that it is complete, the
// peer hangs up or falls silent, or the limits are reached. It fails only when
// nothing came at all.
func (w *wire) read(done func([]byte) bool) ([]byte, error) {
	began := time.Now()
	got, err := w.receive(done, began.Add(w.limit))
	w.heard(got, err, began)
	if len(got) > 0 {
		return got, nil
	}
	return nil, err
}

// Done is asked after every piece of an answer up to so many pieces, then only
// when something substantial has come: a peer that sends byte by byte must not
// have all of it read again for each.
const (
	smallPieces = 256
	substantial = 2 << 10
)

// receive is read; it answers, beside an error, what came before it.
func (w *wire) receive(done func([]byte) bool, end time.Time) ([]byte, error) {
	var got []byte
	chunk := make([]byte, 4096)
	for pieces, seen := 0, 0; len(got) < maxReply; pieces++ {
		until := end
		if pause := w.quiet; len(got) > 0 {
			if done != nil {
				pause *= 4 // more is known to be due
			}
			until = earlier(end, time.Now().Add(pause))
		}
		if err := w.SetReadDeadline(until); err != nil {
			return got, err
		}
		if w.ended.Load() {
			return got, context.Canceled
		}
		n, err := w.Read(chunk[:min(len(chunk), maxReply-len(got))])
		got = append(got, chunk[:n]...)
		if err != nil {
			return got, err
		}
		if done != nil && (pieces < smallPieces || len(got)-seen >= substantial) {
			seen = len(got)
			if done(got) {
				break
			}
		}
	}
	return got, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
