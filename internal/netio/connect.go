package netio

import (
	"context"
	"net/netip"
	"time"
)

// Connect finds out the state of a TCP port of a declared target: it completes
// the handshake, if the port lets it, and ends the connection at once. Rtt is
// the time to the answer; 0 without one. Wait counts from when the packet may
// leave.
//
// The connection is ended by a reset. An orderly close would leave one socket
// for each open port in the state TIME-WAIT on our side, and servers that read
// before they notice; a reset, which is customary for port scans, frees both
// sides at once. A state of Local is to be tried again later. The error is of
// kind Forbidden for a port that may not be reached, and ctx's when that ends.
func (n *Net) Connect(ctx context.Context, to netip.AddrPort, wait time.Duration) (s State, rtt time.Duration, err error) {
	to = netip.AddrPortFrom(plain(to.Addr()), to.Port())
	h, err := n.admit("tcp", to)
	if err != nil {
		return Local, 0, err
	}
	if err := n.window.enter(ctx); err != nil {
		return Local, 0, err
	}
	defer func() { n.window.leave(s) }()
	if err := n.files.take(ctx); err != nil {
		return Local, 0, err
	}
	defer n.files.give()
	if err := n.pass(ctx, h, "tcp", to, true); err != nil {
		return Local, 0, err
	}
	began := time.Now()
	s = connect(ctx, to, wait)
	if s == Local && ctx.Err() != nil {
		return Local, 0, ctx.Err()
	}
	if s.Answered() {
		rtt = time.Since(began)
	}
	return s, rtt, nil
}
