// Package netio is the field's one way to a network. Whatever leaves an engine
// for a target goes through a Net: connections, datagrams and echo requests.
// It keeps to the operator's guard rules and the scan's exclusions whatever the
// caller asks, reaches only addresses that were declared as targets, paces in
// all and for each host, holds everything back while the scan is paused, and
// never opens more files than the process may.
//
// A failure of our own (no file, port or buffer left) is told apart from what
// a target did: see State.
package netio

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// Pace bounds what a Net sends. The zero value bounds nothing but files.
type Pace struct {
	Rate     int  // connections and datagrams a second in all; 0 means no cap
	HostRate int  // the same to one host, unless Declare says less; 0 means no cap
	Printers bool // also TCP ports 9100-9107, which print what they are sent
	Files    int  // files open at a time; 0 means what the process may open, less a reserve
}

// Net is the way to the targets of one scan. Its methods may overlap.
type Net struct {
	guard   harrier.Guard
	exclude harrier.Targets
	pace    Pace
	all     *rate.Limiter // nil without a cap
	turn    chan struct{} // held by the one port probe that waits for its token
	files   *files
	gate    gate
	sent    atomic.Int64
	refused atomic.Int64
	barred  barrier

	sweepers  sweepers
	datagrams datagrams

	// Saw, when it is set before first use, is told of everything that leaves:
	// of connections and datagrams before they do, of probes when they do.
	Saw func(network string, to netip.AddrPort)

	// Released, when it is set before first use, is told what was sent to a
	// target when it is released for the last time, or at Close, if that is
	// anything. A packet that was on its way out at that moment is told of by a
	// call of its own: the calls for an address add up. They may overlap, must
	// not wait, and are over when Close returns.
	Released func(addr netip.Addr, f Flight)

	// Question, when it is set before first use, is what UDP ports are asked by
	// Sweep; without it they are not.
	Question func(port uint16) []byte

	mu    sync.RWMutex
	hosts map[netip.Addr]*host
}

// host is a declared target.
type host struct {
	users int
	mu    sync.Mutex // of slow
	limit sweep.Limit
	turn  chan struct{}
	log   *flight
	stack atomic.Pointer[harrier.Stack] // what the first connection told; nil before
}

// New returns a Net that sends nothing to what guard forbids and to what is in
// exclude.
func New(guard harrier.Guard, exclude harrier.Targets, pace Pace) *Net {
	n := &Net{guard: guard, exclude: exclude, pace: pace, all: limiter(pace.Rate), turn: make(chan struct{}, 1), hosts: map[netip.Addr]*host{}}
	n.barred = newBarrier(guard.Never, exclude)
	n.files = processFiles()
	if pace.Files > 0 {
		n.files = newFiles(pace.Files)
	}
	return n
}

// limiter spreads perSecond over the second: what is sent in any second stays
// within some percent of it.
func limiter(perSecond int) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), burst(perSecond))
}

func burst(perSecond int) int { return max(1, perSecond/50) }

// Forbidden says why nothing may be sent to addr at all; nil when it may. The
// error is of kind Forbidden.
func (n *Net) Forbidden(addr netip.Addr) error {
	addr = plain(addr)
	switch {
	case !addr.IsValid() || addr.IsUnspecified():
		return harrier.Errorf(harrier.Forbidden, "%v is no address of a host", addr)
	case n.guard.Forbids(addr):
		return harrier.Errorf(harrier.Forbidden, "%v must never be scanned", addr)
	case n.exclude.Contains(addr) || n.exclude.Contains(addr.WithZone("")):
		return harrier.Errorf(harrier.Forbidden, "%v is excluded from the scan", addr)
	}
	return nil
}

func plain(addr netip.Addr) netip.Addr { return addr.Unmap() }

// Declare makes addr a target until Release is called as often. HostRate, when
// it is not 0, is a cap for this host alone; of several the lowest holds. It
// answers Forbidden for what Forbidden refuses.
func (n *Net) Declare(addr netip.Addr, hostRate int) error {
	addr = plain(addr)
	if err := n.Forbidden(addr); err != nil {
		n.refused.Add(1)
		return err
	}
	if hostRate == 0 || n.pace.HostRate > 0 && n.pace.HostRate < hostRate {
		hostRate = n.pace.HostRate
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.hosts[addr]
	if h == nil {
		h = &host{turn: make(chan struct{}, 1), log: &flight{}}
		h.slow(hostRate)
		n.hosts[addr] = h
	} else {
		h.slow(hostRate)
	}
	h.users++
	return nil
}

// Slow caps what is sent to a declared target from now on: of several caps the
// lowest holds.
func (n *Net) Slow(addr netip.Addr, hostRate int) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if h := n.hosts[plain(addr)]; h != nil {
		h.slow(hostRate)
	}
}

func (h *host) slow(perSecond int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch limit := h.limit.Load(); {
	case perSecond <= 0:
	case limit == nil:
		h.limit.Store(limiter(perSecond))
	case rate.Limit(perSecond) < limit.Limit():
		limit.SetBurst(burst(perSecond))
		limit.SetLimit(rate.Limit(perSecond))
	}
}

// Release ends one declaration of addr.
func (n *Net) Release(addr netip.Addr) {
	addr = plain(addr)
	n.mu.Lock()
	last := false
	h := n.hosts[addr]
	if h != nil {
		if h.users--; h.users == 0 {
			delete(n.hosts, addr)
			last = true
		}
	}
	n.mu.Unlock()
	if last {
		n.forget(addr)
		h.log.gone.Store(true)
		n.land(addr, h)
	}
}

// Sent is how many connections and datagrams have left in all.
func (n *Net) Sent() int64 { return n.sent.Load() }

// Refused is how often a guard rule, an exclusion or an address that is no
// target was in the way.
func (n *Net) Refused() int64 { return n.refused.Load() }

// SentTo is how many have left for addr since it was declared.
func (n *Net) SentTo(addr netip.Addr) int64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if h := n.hosts[plain(addr)]; h != nil {
		return h.log.total()
	}
	return 0
}

// admit says whether to may be reached, and answers Forbidden otherwise.
func (n *Net) admit(network string, to netip.AddrPort) (*host, error) {
	addr := plain(to.Addr())
	err := n.Forbidden(addr)
	n.mu.RLock()
	h := n.hosts[addr]
	n.mu.RUnlock()
	switch {
	case err != nil:
	case h == nil:
		err = harrier.Errorf(harrier.Forbidden, "%v is not a target", addr)
	case network == "tcp" && !n.pace.Printers && IsPrinter(to.Port()):
		err = harrier.Errorf(harrier.Forbidden, "port %d is left to printers", to.Port())
	default:
		return h, nil
	}
	n.refused.Add(1)
	return nil, err
}

// IsPrinter reports whether what is sent to the TCP port may end on paper.
func IsPrinter(port uint16) bool { return 9100 <= port && port <= 9107 }

// pass waits until one packet may leave for h: for its token, then for the
// gate. A scan probe waits in turn, so that the queue for tokens stays short
// and an exchange in progress is not starved by thousands of probes.
func (n *Net) pass(ctx context.Context, h *host, network string, to netip.AddrPort, probe bool) error {
	for {
		if err := token(ctx, h.limit.Load(), h.turn, probe); err != nil {
			return err
		}
		if err := token(ctx, n.all, n.turn, probe); err != nil {
			return err
		}
		waited, err := n.gate.wait(ctx)
		if err != nil {
			return err
		}
		if !waited { // else its tokens are stale: all that wait would leave in one burst
			break
		}
	}
	n.sent.Add(1)
	n.note(h, networks[network], to, time.Now().UnixNano())
	return nil
}

func token(ctx context.Context, l *rate.Limiter, turn chan struct{}, probe bool) error {
	if l == nil {
		return ctx.Err()
	}
	if probe {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return l.Wait(ctx)
}

// Dial connects to a declared target; network is "tcp" or "udp". Failures of
// our own are tried again until ctx ends. A datagram connection sends nothing
// until it is written to; each write is paced. It answers Forbidden for an
// address that may not be reached, and else errors that Classify reads.
//
// TCP connections are closed in the orderly way: peers that count resets as
// errors see none.
func (n *Net) Dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	to = netip.AddrPortFrom(plain(to.Addr()), to.Port())
	h, err := n.admit(network, to)
	if err != nil {
		return nil, err
	}
	if network != "tcp" && network != "udp" {
		return nil, fmt.Errorf("netio: dial %q: unknown network", network)
	}
	if err := n.files.take(ctx); err != nil {
		return nil, err
	}
	raw, err := n.dial(ctx, h, network, to)
	if err != nil {
		n.files.give()
		return nil, err
	}
	c := &conn{Conn: raw, net: n, host: h, to: to, closed: make(chan struct{}), datagram: network == "udp"}
	return c, nil
}

func (n *Net) dial(ctx context.Context, h *host, network string, to netip.AddrPort) (net.Conn, error) {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		if network == "tcp" {
			if err := n.pass(ctx, h, network, to, false); err != nil {
				return nil, err
			}
		}
		raw, err := (&net.Dialer{}).DialContext(ctx, network, to.String())
		if err == nil && network == "tcp" && h.stack.Load() == nil {
			h.stack.Store(observe(raw))
		}
		if err == nil || Classify(err) != Local || ctx.Err() != nil {
			return raw, err
		}
		if !sleep(ctx, wait) {
			return nil, err
		}
	}
}

// sleep waits for d, and reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
