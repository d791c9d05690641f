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

// errBudget stops a gentle identification from asking more.
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
	mu        sync.Mutex
	failed    error // the last failure to connect
	kept      *wire // where the banner came from; for Learn
}

func newTalk(t Target) *talk {
	x := &talk{Target: t, s: &harrier.Service{Endpoint: t.Endpoint}}
	x.budget.Store(64)
	if t.Gentle {
		x.budget.Store(2)
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
func (x *talk) open(ctx context.Context) (*wire, error) {
	w, err := x.openPlain(ctx)
	if err != nil || x.inside == nil {
		return w, err
	}
	secure := tls.Client(w.Conn, x.inside)
	if err := secure.HandshakeContext(ctx); err != nil {
		w.Close()
		return nil, err
	}
	w.Conn = secure
	return w, nil
}

func (x *talk) openPlain(ctx context.Context) (*wire, error) {
	if x.budget.Add(-1) < 0 {
		return nil, errBudget
	}
	dialing, cancel := context.WithTimeout(ctx, x.Timeout)
	defer cancel()
	conn, err := x.Dial(dialing, string(x.Protocol), netip.AddrPortFrom(x.Addr, x.Port))
	if err != nil {
		x.mu.Lock()
		x.failed = err
		x.mu.Unlock()
		return nil, err
	}
	x.connected.Add(1)
	if x.Protocol == harrier.UDP {
		conn = &metered{conn, &x.datagrams}
	}
	w := &wire{Conn: conn, quiet: x.silence(), limit: x.Timeout}
	w.bind(ctx)
	return w, nil
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
	_, err := w.Write(b)
	return err
}

// read returns what the peer says until done reports that it is complete, the
// peer hangs up or falls silent, or the limits are reached. It fails only when
// nothing came at all.
func (w *wire) read(done func([]byte) bool) ([]byte, error) {
	end := time.Now().Add(w.limit)
	var got []byte
	chunk := make([]byte, 4096)
	for len(got) < maxReply {
		until := end
		if pause := w.quiet; len(got) > 0 {
			if done != nil {
				pause *= 4 // more is known to be due
			}
			until = earlier(end, time.Now().Add(pause))
		}
		if err := w.SetReadDeadline(until); err != nil {
			return answer(got, err)
		}
		if w.ended.Load() {
			return answer(got, context.Canceled)
		}
		n, err := w.Read(chunk)
		got = append(got, chunk[:n]...)
		if err != nil {
			return answer(got, err)
		}
		if done != nil && done(got) {
			break
		}
	}
	return got, nil
}

func answer(got []byte, err error) ([]byte, error) {
	if len(got) > 0 {
		return got, nil
	}
	return nil, err
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
