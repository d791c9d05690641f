// Package discover finds out whether a host is there: by an ICMP echo where the
// process may send one, and by TCP connections to ports that are open or
// refused on most hosts. Any answer shows the host, a refusal too.
package discover

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
)

// DefaultPorts are asked when the settings name none: those of servers, desktop
// systems, printers' front ends and network devices that firewalls let pass
// most often.
var DefaultPorts = []uint16{443, 80, 22, 445, 3389, 135, 139, 25, 53, 8080, 21, 23, 111, 5985, 3306, 8443}

// The reasons that Ping gives besides "tcp syn-ack PORT" and "tcp rst PORT".
const (
	Local     = "local"
	Echo      = "icmp echo"
	NotPinged = "not pinged"
	NoAnswer  = "no answer"
)

// wait is for one answer, the second time twice as long.
const wait = time.Second

// Answer says whether a host is there.
type Answer struct {
	Alive  bool
	Reason string        // how that was seen
	RTT    time.Duration // 0 when not measured
}

// Ping asks a declared target. An error means that it could not be asked to
// the end.
func Ping(ctx context.Context, n *netio.Net, addr netip.Addr, s harrier.Settings) (Answer, error) {
	switch {
	case IsLocal(addr):
		return Answer{Alive: true, Reason: Local}, nil
	case s.NoPing, s.NoICMP && s.NoTCPPing:
		return Answer{Alive: true, Reason: NotPinged}, nil
	}
	for try := range 2 {
		a, err := ask(ctx, n, addr, s, wait<<try)
		if err != nil || a.Alive {
			return a, err
		}
	}
	return Answer{Reason: NoAnswer}, nil
}

// IsLocal reports whether addr is one of this machine's own.
func IsLocal(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == addr.WithZone("") {
			return true
		}
	}
	return false
}

// ask tries every way once, beside each other; the first answer ends it.
func ask(ctx context.Context, n *netio.Net, addr netip.Addr, s harrier.Settings, wait time.Duration) (Answer, error) {
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	ports := s.PingPorts
	if len(ports) == 0 {
		ports = DefaultPorts
	}
	if s.NoTCPPing {
		ports = nil
	}
	answers := make(chan Answer, len(ports)+1)
	running := 0
	if !s.NoICMP {
		running++
		go func() { answers <- echo(asking, n, addr, wait) }()
	}
	for _, port := range ports {
		running++
		go func() { answers <- connect(asking, n, netip.AddrPortFrom(addr, port), wait) }()
	}
	var first Answer
	for range running { // all are waited for; the first answer cancels the rest
		if a := <-answers; a.Alive && !first.Alive {
			first = a
			cancel()
		}
	}
	if first.Alive {
		return first, nil
	}
	return first, ctx.Err()
}

func echo(ctx context.Context, n *netio.Net, addr netip.Addr, wait time.Duration) Answer {
	rtt, err := n.Ping(ctx, addr, wait)
	if err != nil {
		return Answer{}
	}
	return Answer{true, Echo, rtt}
}

func connect(ctx context.Context, n *netio.Net, to netip.AddrPort, wait time.Duration) Answer {
	for try := 0; ; try++ {
		state, rtt, err := n.Connect(ctx, to, wait)
		switch {
		case err != nil:
			return Answer{}
		case state == netio.Open:
			return Answer{true, fmt.Sprintf("tcp syn-ack %d", to.Port()), rtt}
		case state == netio.Closed:
			return Answer{true, fmt.Sprintf("tcp rst %d", to.Port()), rtt}
		case state == netio.Local && try < 10: // our own trouble says nothing about the host
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond << min(try, 4)):
			}
			continue
		}
		return Answer{}
	}
}
