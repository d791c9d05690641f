package netio

import (
	"context"
	"net"
	"net/netip"
	"sync"
)

// conn is a connection to a target. Its writes wait while the Net is held, and
// those of a datagram connection are paced.
type conn struct {
	net.Conn
	net      *Net
	host     *host
	to       netip.AddrPort
	datagram bool
	once     sync.Once
	closed   chan struct{}
}

// Write sends p. It returns net.ErrClosed when the connection is closed while
// it waits.
func (c *conn) Write(p []byte) (int, error) {
	ctx := closing{context.Background(), c.closed}
	var err error
	if c.datagram {
		err = c.net.pass(ctx, c.host, "udp", c.to, false)
	} else {
		_, err = c.net.gate.wait(ctx)
	}
	if err != nil {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// Close ends the connection. Further calls do nothing.
func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.closed)
		err = c.Conn.Close()
		c.net.files.give()
	})
	return err
}

// closing is a context that ends when the connection is closed. It lives as
// long as the connection and costs a write no goroutine.
type closing struct {
	context.Context
	closed <-chan struct{}
}

// Done is closed with the connection.
func (c closing) Done() <-chan struct{} { return c.closed }

// Err is context.Canceled once the connection is closed.
func (c closing) Err() error {
	select {
	case <-c.closed:
		return context.Canceled
	default:
		return nil
	}
}
