// Package probe recognises the service behind an open port: its protocol,
// whether it is spoken inside TLS, product, version, CPE and further facts.
//
// One connection waits for a banner, others ask: the port's usual service
// first, then TLS and HTTP, then a set of common protocols. Every protocol has
// one file and one entry in All; what is known of products by their banners is
// in package fingerprint. A version is told only when the peer told it.
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
	"github.com/harrier-scan/harrier/internal/fingerprint"
	"github.com/harrier-scan/harrier/internal/probe/question"
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
	// Heard is what the port answered before, over UDP: what it told is not asked
	// again.
	Heard question.Heard
	// Rules tell products by banners; nil: those that are part of the program.
	Rules *fingerprint.Set
	// Deadline bounds the identification as a whole, from its first connection
	// on: whatever the peer does, it ends then with what is known. 0 means twelve
	// answers' time, and at least a minute.
	Deadline time.Duration
	Peer     *Peer      // what the endpoints of a host share; nil: nothing is shared
	Learned  *Learned   // what the identifications of a scan share; nil: nothing
	Trace    func(Step) // told what happens, one step at a time; nil: nobody
	// Technologies are templates that web servers are asked for too; nil: none.
	Technologies *template.Set
}

// Identify finds out what serves the endpoint of t. A Service without a name
// was reached but not recognised; its fact OutcomeFact says why. It answers
// Unavailable when no connection could be made at all, and ctx's error when ctx
// ended first.
func Identify(ctx context.Context, t Target) (harrier.Service, error) {
	if t.Dial == nil {
		t.Dial = dialPlain
	}
	if t.Timeout <= 0 {
		t.Timeout = 5 * time.Second
	}
	if t.Deadline <= 0 {
		t.Deadline = max(time.Minute, deadlineAnswers*t.Timeout)
	}
	x := newTalk(t)
	within, start, stop := x.bounded(ctx)
	defer stop()
	x.start = start
	switch t.Protocol {
	case harrier.TCP:
		x.identifyTCP(within)
	case harrier.UDP:
		x.identifyUDP(within)
	default:
		return *x.s, harrier.Errorf(harrier.Invalid, "%s can not be identified", t.Endpoint)
	}
	x.surface()
	x.end(within)
	if err := ctx.Err(); err != nil {
		return *x.s, err
	}
	x.consult()
	if err := x.dialError(); err != nil && x.connected.Load() == 0 {
		return *x.s, harrier.Errorf(harrier.Unavailable, "%s does not accept connections", t.Endpoint).Because(err)
	}
	return *x.s, nil
}

func dialPlain(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, to.String())
}
