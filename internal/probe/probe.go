// Package probe recognises the service behind an open port: its protocol,
// whether it is spoken inside TLS, product, version, CPE and further facts.
//
// One connection waits for a banner, others ask: the port's usual service
// first, then TLS and HTTP, then a set of common protocols. Every protocol has
// one file and one entry in All; what is known of products by their banners is
// in the tables of rules. A version is told only when the peer told it.
//
// Everything that comes from a peer is hostile: reads are limited in size and
// time, and no length is believed before it is compared with what is there.
package probe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/webtech/template"
)

// Dialer opens a connection. Network is "tcp" or "udp".
type Dialer func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error)

// Target is an endpoint to identify and how to get there.
type Target struct {
	Addr netip.Addr
	harrier.Endpoint
	Name    string        // host name, for SNI and the Host header; may be ""
	Dial    Dialer        // nil: a plain net.Dialer
	Timeout time.Duration // for one answer; 0 means 5 s
	RTT     time.Duration // round trip time of the host; 0 means not measured
	Gentle  bool          // wait for the banner and ask one question, no more
	// Industrial allows questions in the protocols of machines, see Protocol.
	Industrial bool
	// Technologies are templates that web servers are asked for too; nil: none.
	Technologies *template.Set
}

// Identify finds out what serves the endpoint of t. A Service without a name
// was reached but not recognised. It answers Unavailable when no connection
// could be made at all, and ctx's error when ctx ended first.
func Identify(ctx context.Context, t Target) (harrier.Service, error) {
	if t.Dial == nil {
		t.Dial = dial
	}
	if t.Timeout <= 0 {
		t.Timeout = 5 * time.Second
	}
	x := newTalk(t)
	switch t.Protocol {
	case harrier.TCP:
		x.identifyTCP(ctx)
	case harrier.UDP:
		x.identifyUDP(ctx)
	default:
		return *x.s, harrier.Errorf(harrier.Invalid, "%s can not be identified", t.Endpoint)
	}
	if err := ctx.Err(); err != nil {
		return *x.s, err
	}
	if err := x.dialError(); err != nil && x.connected.Load() == 0 {
		return *x.s, harrier.Errorf(harrier.Unavailable, "%s does not accept connections", t.Endpoint).Because(err)
	}
	return *x.s, nil
}

func dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, to.String())
}
