package pipeline

import (
	"context"
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
)

// traceFact is the statement that the way to a host is looked up for. A plan
// without it does not ask for the way.
//
// Source: nessus-api.md, section 13.1.
const traceFact harrier.VulnID = 10287

// mostTrace bounds how long the way to one host is looked for.
const mostTrace = 30 * time.Second

// byRaw reports whether the TCP ports of the host are asked by raw packets.
func (h *hostRun) byRaw() bool {
	s := h.set()
	return !s.Connect && !s.Gentle && !s.NoTCP && !s.DiscoverOnly && h.batch.Net.RawTo(h.Addr)
}

// noteDoor keeps the first open TCP port, unless what is sent to it may end on
// paper.
func (h *hostRun) noteDoor(e harrier.Endpoint) {
	if e.Protocol != harrier.TCP || netio.IsPrinter(e.Port) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.door == 0 {
		h.door = e.Port
	}
}

// trace looks for the way to the host, once, when its ports are known: what it
// shows itself as by then decides whether it bears that. A neighbour on the
// engine's own link is one hop away without any question.
//
// The error is that of ctx: a way that can not be found stays unknown.
func (h *hostRun) trace(ctx context.Context) error {
	h.mu.Lock()
	door, near := h.door, h.host.MAC != ""
	h.mu.Unlock()
	if door == 0 || !h.planned.Has(traceFact) || h.set().Gentle {
		return nil
	}
	wait, cancel := context.WithTimeout(ctx, mostTrace)
	defer cancel()
	to := netip.AddrPortFrom(h.Addr, door)
	var route []harrier.Hop
	if near {
		route = h.neighbourRoute(wait, to)
	} else {
		hops, _, err := h.batch.Net.Trace(wait, to)
		if err != nil {
			h.tools.Log.DebugContext(ctx, "way not found", "host", h.Name, "err", err)
			return ctx.Err()
		}
		for _, hop := range hops {
			route = append(route, harrier.Hop{Addr: hop.Addr, RTT: hop.RTT.Microseconds()})
		}
	}
	h.mu.Lock()
	h.host.Route = route
	h.mu.Unlock()
	return ctx.Err()
}

// neighbourRoute is the way to a host on the engine's own link. Nothing is sent:
// a datagram connection only tells which address of ours would be used.
func (h *hostRun) neighbourRoute(ctx context.Context, to netip.AddrPort) []harrier.Hop {
	c, err := h.batch.Net.Dial(ctx, "udp", to)
	if err != nil {
		return nil
	}
	defer c.Close()
	own, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return nil
	}
	return []harrier.Hop{{Addr: own.Addr().Unmap()}, {Addr: h.Addr.Unmap(), RTT: h.RTT.Microseconds()}}
}
