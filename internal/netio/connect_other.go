//go:build !linux

package netio

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// connect is one attempt, by package net.
func connect(ctx context.Context, to netip.AddrPort, wait time.Duration) State {
	c, err := (&net.Dialer{Timeout: wait}).DialContext(ctx, "tcp", to.String())
	if err != nil {
		if ctx.Err() != nil {
			return Local
		}
		return Classify(err)
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // where it fails the close is an orderly one
	}
	_ = c.Close()
	return Open
}
