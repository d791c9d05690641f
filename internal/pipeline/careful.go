package pipeline

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
	"github.com/harrier-scan/harrier/internal/stage/assess"
	"github.com/harrier-scan/harrier/internal/stage/ports"
)

// set is the settings in force: those of the plan, or gentle ones since the
// host showed itself as one that bears little.
func (h *hostRun) set() harrier.Settings {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.settings
}

// careful switches the rest of the scan of the host to the fragile profile, for
// the reason; with "" nothing changes. What is under way goes on to its end.
//
// The rate is that of hosts which show themselves: nobody named it as fragile.
func (h *hostRun) careful(ctx context.Context, why string) {
	if why == "" {
		return
	}
	h.mu.Lock()
	if h.settings.Gentle {
		h.mu.Unlock()
		return
	}
	hostRate := h.settings.HostRatePPS
	if hostRate == 0 || hostRate > harrier.FragileRate {
		hostRate = harrier.FragileRate
	}
	h.settings = h.settings.Gentled()
	h.settings.HostRatePPS = hostRate
	h.host.Fragile, h.host.FragileWhy = true, why
	var refused []harrier.Done
	before := h.checks
	h.checks, refused = assess.Planned(h.tools.Checks, h.planned, h.settings, h.batch.Logins)
	h.mu.Unlock()
	h.batch.Net.Slow(h.Addr, hostRate)
	for _, d := range refused {
		if slices.ContainsFunc(before, func(c check.Check) bool { return c.ID == d.Check }) {
			d.Reason = fmt.Sprintf("left out for %s: %s", why, d.Reason)
			h.book.Add(d)
		}
	}
	h.tools.Log.InfoContext(ctx, "host is scanned gently", "host", h.Name, "why", why)
}

// permitted are the checks that may run now.
func (h *hostRun) permitted() []check.Check {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.checks
}

// mayRun reports whether a check that was planned may still run.
func (h *hostRun) mayRun(c check.Check) bool {
	ok, _ := c.Allowed(h.set())
	return ok
}

// turn waits, on a host that is treated gently, until nothing else is asked of
// it. The caller calls what it returns when its own exchange is over.
func (h *hostRun) turn() (over func()) {
	if !h.set().Gentle {
		return func() {}
	}
	h.alone.Lock()
	return h.alone.Unlock
}

// onLink notes the address of the network card, if it answered itself.
func (h *hostRun) onLink(ctx context.Context) {
	if mac := h.Reply.MAC; mac != [6]byte{} && h.Reply.Item.Kind() == sweep.Neighbour {
		h.host.MAC = net.HardwareAddr(mac[:]).String()
		h.careful(ctx, h.watch.MAC(h.host.MAC))
	}
}

// askStack asks how the TCP/IP stack of the host answers, unless the host or
// the policy wants no packets but those of connections.
func (h *hostRun) askStack(ctx context.Context, r ports.Report) error {
	s := h.set()
	if s.Gentle || s.Connect || s.PortsOnly {
		return nil
	}
	job := netio.StackJob{Addr: h.Addr, Closed: r.Closed, Echo: !s.NoICMP, RTT: h.RTT, Witness: h.Item, Known: h.Known}
	for _, e := range r.Open {
		if e.Protocol == harrier.TCP {
			job.Open = append(job.Open, e.Port)
		}
	}
	if len(job.Open) == 0 {
		return nil
	}
	stack, err := h.batch.Net.Stack(ctx, job)
	if harrier.KindOf(err) == harrier.Forbidden { // it stays unknown
		err = nil
	}
	h.mu.Lock()
	h.host.Stack = stack
	h.mu.Unlock()
	return err
}
