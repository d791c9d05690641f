//go:build !linux

package datagram

import (
	"context"
	"net"
	"net/netip"
)

func open(o Options, tell func(peer, uint16, Answer)) (way, error) {
	return newConnected(func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", to.String())
	}, o, tell), nil
}
