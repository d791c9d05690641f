// Package wiretest is the far end of a network for tests: peers that answer
// what a test tells them to, over connections in memory that know deadlines.
//
// A dialer made here has the form of probe.Dialer and of the dialers of checks.
// Peers run until their connection is closed from the other side.
package wiretest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Dialer opens a connection to a peer.
type Dialer = func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error)

// ErrRefused is what Refuse answers.
var ErrRefused = errors.New("connection refused")

// Refuse refuses every connection.
func Refuse() Dialer {
	return func(context.Context, string, netip.AddrPort) (net.Conn, error) { return nil, ErrRefused }
}

// Answer returns a dialer whose peer reads once, answers reply and hangs up.
// An empty reply hangs up without a word.
func Answer(reply string) Dialer {
	return Serve(func(c net.Conn) {
		if read(c) == nil {
			return
		}
		_, _ = io.WriteString(c, reply)
	})
}

// Banner returns a dialer whose peer says greeting at once and then reads until
// the other side hangs up.
func Banner(greeting string) Dialer {
	return Serve(func(c net.Conn) {
		_, _ = io.WriteString(c, greeting)
		_, _ = io.Copy(io.Discard, c)
	})
}

// Silence returns a dialer whose peer reads and never says a word.
func Silence() Dialer { return Banner("") }

// Step is one turn of a Script: the peer waits for Expect (any bytes when it is
// nil, none when Unasked) and then says Say. It hangs up when what comes does
// not begin with Expect.
type Step struct {
	Unasked bool   // say without waiting
	Expect  []byte // prefix of what must come
	Say     string
}

// Script returns a dialer each of whose connections plays steps in order and
// then reads until the other side hangs up.
func Script(steps ...Step) Dialer {
	return Serve(func(c net.Conn) {
		for _, s := range steps {
			if !s.Unasked {
				got := read(c)
				if got == nil || len(got) < len(s.Expect) || string(got[:len(s.Expect)]) != string(s.Expect) {
					return
				}
			}
			if _, err := io.WriteString(c, s.Say); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, c)
	})
}

// Replies returns a dialer whose peer answers every request by the longest key
// that the request begins with; the key "" answers everything else. A request
// without an answer is read and ignored. The connection stays open.
func Replies(byPrefix map[string]string) Dialer {
	return Serve(func(c net.Conn) {
		for {
			got := read(c)
			if got == nil {
				return
			}
			best, found := "", false
			for prefix := range byPrefix {
				if len(prefix) <= len(got) && string(got[:len(prefix)]) == prefix && (!found || len(prefix) > len(best)) {
					best, found = prefix, true
				}
			}
			if !found {
				continue
			}
			if _, err := io.WriteString(c, byPrefix[best]); err != nil {
				return
			}
		}
	})
}

// Serve returns a dialer whose every connection is served by peer in a
// goroutine of its own; the connection is closed when peer returns. Writes do
// not wait for the reader.
func Serve(peer func(net.Conn)) Dialer {
	return func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		near, far := Pipe(network, to)
		go func() {
			defer far.Close()
			peer(far)
		}()
		return near, nil
	}
}

// read returns what one read brings, nil at the end.
func read(c net.Conn) []byte {
	b := make([]byte, 64<<10)
	n, err := c.Read(b)
	if err != nil && n == 0 {
		return nil
	}
	return b[:n]
}

// Recorder wraps a dialer and keeps what went over its connections.
type Recorder struct {
	Dial Dialer // where connections really go

	mu     sync.Mutex
	dialed []netip.AddrPort
	sent   []byte
	heard  []byte
}

// Dialer returns the recording dialer.
func (r *Recorder) Dialer() Dialer {
	return func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
		r.mu.Lock()
		r.dialed = append(r.dialed, to)
		r.mu.Unlock()
		c, err := r.Dial(ctx, network, to)
		if err != nil {
			return nil, err
		}
		return &recorded{Conn: c, r: r}, nil
	}
}

// Dialed returns where connections were asked for, in order.
func (r *Recorder) Dialed() []netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]netip.AddrPort(nil), r.dialed...)
}

// Sent returns all that was sent, over all connections.
func (r *Recorder) Sent() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.sent)
}

// Heard returns all that came back, over all connections.
func (r *Recorder) Heard() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.heard)
}

type recorded struct {
	net.Conn
	r *Recorder
}

func (c *recorded) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.r.mu.Lock()
	c.r.heard = append(c.r.heard, b[:n]...)
	c.r.mu.Unlock()
	return n, err
}

func (c *recorded) Write(b []byte) (int, error) {
	c.r.mu.Lock()
	c.r.sent = append(c.r.sent, b...)
	c.r.mu.Unlock()
	return c.Conn.Write(b)
}

// Wait is a pause that a peer may make; it ends early when the other side hangs
// up.
func Wait(c net.Conn, d time.Duration) {
	_ = c.SetReadDeadline(time.Now().Add(d))
	_, _ = c.Read(make([]byte, 1))
	_ = c.SetReadDeadline(time.Time{})
}
