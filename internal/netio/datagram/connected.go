package datagram

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// connected asks each port over a connection of its own.
type connected struct {
	dial    func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	linger  time.Duration
	tell    func(peer, uint16, Answer)
	places  chan struct{}
	readers sync.WaitGroup

	mu    sync.Mutex
	links map[netip.AddrPort]*link // nil once closed
}

// link is the connection to one port.
type link struct {
	net.Conn
	until time.Time // guarded by connected.mu
}

func newConnected(dial func(context.Context, netip.AddrPort) (net.Conn, error), o Options, tell func(peer, uint16, Answer)) *connected {
	return &connected{dial: dial, linger: o.Linger, tell: tell, places: make(chan struct{}, o.Ports), links: map[netip.AddrPort]*link{}}
}

func (c *connected) send(ctx context.Context, to netip.AddrPort, question []byte) error {
	l, err := c.link(ctx, to)
	if err != nil {
		return err
	}
	_, err = l.Write(question)
	switch v := classify(err); {
	case err == nil:
		return nil
	case v.state == sweep.Closed:
		c.answer(to, v, nil) // of an earlier question, and the port is the same
		return nil
	}
	return harrier.Errorf(harrier.Unavailable, "nothing can be sent to %v", to).Because(err)
}

// link returns the connection to a port, and makes one when there is none.
func (c *connected) link(ctx context.Context, to netip.AddrPort) (*link, error) {
	if l := c.prolong(to); l != nil {
		return l, nil
	}
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn, err := c.dial(ctx, to)
	if err != nil {
		<-c.places
		if harrier.KindOf(err) != harrier.Internal || ctx.Err() != nil {
			return nil, err
		}
		return nil, harrier.Errorf(harrier.Unavailable, "no way to %v", to).Because(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.links == nil || c.links[to] != nil { // closed, or another was faster
		conn.Close()
		<-c.places
		if c.links == nil {
			return nil, net.ErrClosed
		}
		return c.links[to], nil
	}
	l := &link{Conn: conn, until: time.Now().Add(c.linger)}
	_ = l.SetReadDeadline(l.until) // fails only once it is closed
	c.links[to] = l
	c.readers.Go(func() { c.read(to, l) })
	return l, nil
}

// prolong returns the connection to a port, which will linger from now on; nil
// when there is none.
func (c *connected) prolong(to netip.AddrPort) *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.links[to]
	if l != nil {
		l.until = time.Now().Add(c.linger)
	}
	return l
}

func (c *connected) read(to netip.AddrPort, l *link) {
	defer func() {
		l.Close()
		<-c.places
	}()
	buf := make([]byte, 2048)
	for {
		n, err := l.Read(buf)
		v := classify(err)
		switch {
		case v.state != sweep.Local:
			c.answer(to, v, buf[:n])
		case !errors.Is(err, os.ErrDeadlineExceeded) || !c.again(to, l):
			c.forget(to, l)
			return
		}
	}
}

// again reports whether the connection was used of late, and lets it wait on.
func (c *connected) again(to netip.AddrPort, l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !time.Now().Before(l.until) || c.links[to] != l {
		delete(c.links, to)
		return false
	}
	return l.SetReadDeadline(l.until) == nil
}

func (c *connected) forget(to netip.AddrPort, l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.links[to] == l {
		delete(c.links, to)
	}
}

func (c *connected) answer(to netip.AddrPort, v verdict, payload []byte) {
	p, err := peerOf(to.Addr())
	if err != nil {
		return // its interface has just gone
	}
	c.tell(p, to.Port(), Answer{State: v.state, Prohibited: v.prohibited, Payload: payload, At: time.Now()})
}

func (c *connected) close() error {
	c.mu.Lock()
	for _, l := range c.links {
		l.Close()
	}
	c.links = nil
	c.mu.Unlock()
	c.readers.Wait()
	return nil
}

// classify reads the error of a connected socket. Such an error does not say
// who sent it.
func classify(err error) verdict {
	var number syscall.Errno
	switch {
	case err == nil:
		return verdict{state: sweep.Open}
	case !errors.As(err, &number):
		return nothing
	case slices.Contains(refused, number):
		return verdict{state: sweep.Closed}
	case slices.Contains(unreachable, number):
		return verdict{state: sweep.Unreachable}
	case slices.Contains(prohibited, number):
		return verdict{sweep.Unreachable, true}
	}
	return nothing
}
