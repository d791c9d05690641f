package netio

import (
	"context"
	"net/netip"
	"time"
)

// Hop is one station on the way to a target.
type Hop struct {
	Addr netip.Addr    // zero: it did not tell
	RTT  time.Duration // 0 when it did not
}

// The bounds of a trace.
const (
	maxHops     = 30
	hopsAtOnce  = 6                      // but for the first two, which most targets are not behind
	mostSilent  = 8                      // hops in a row that tell nothing: the rest would not either
	hopPatience = 800 * time.Millisecond // below the second after which a kernel sends its SYN again
)

// Trace finds the way to a declared target by connections to an open port of it
// that are allowed one hop more each: the router at which one ends says so. The
// first hop is our own address, the last the target if Reached is true. It
// answers what Dial does, and Unavailable where the system does not tell who
// ended a connection.
//
// Source: RFC 1812 section 5.3.1 (time exceeded), ip(7) IP_RECVERR.
func (n *Net) Trace(ctx context.Context, to netip.AddrPort) (hops []Hop, reached bool, err error) {
	to = netip.AddrPortFrom(plain(to.Addr()), to.Port())
	h, err := n.admit("tcp", to)
	if err != nil {
		return nil, false, err
	}
	var own netip.Addr
	silent := 0
	for first, count := 1, 2; first <= maxHops && silent < mostSilent; first, count = first+count, hopsAtOnce {
		found, err := n.stations(ctx, h, to, first, min(count, maxHops-first+1))
		if err != nil {
			return nil, false, err
		}
		for _, s := range found {
			if s.own.IsValid() {
				own = s.own
			}
			hops = append(hops, s.hop)
			if s.reached {
				return append([]Hop{{Addr: own}}, hops...), true, nil
			}
			if silent++; s.hop.Addr.IsValid() {
				silent = 0
			}
		}
	}
	hops = hops[:len(hops)-silent]
	return append([]Hop{{Addr: own}}, hops...), false, nil
}

// station is what one connection told.
type station struct {
	hop     Hop
	own     netip.Addr
	reached bool
}
