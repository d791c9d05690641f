// Package datagram asks questions in UDP datagrams and tells what came back:
// an answer, a port unreachable, or another ICMP error, and from whom.
//
// On Linux all hosts are asked from one pair of sockets, one for each IP
// version, that are bound to no peer: the number of open files does not grow
// with hosts or ports, an answer that comes late or from another port than was
// asked still comes in, and the kernel's error queue quotes the datagram that
// each ICMP error speaks of. Elsewhere each port is asked from a connected
// socket of its own, which sees neither answers from other ports nor who sent
// an error.
//
// A repeated question leaves from the same source port as the first, so that a
// late answer to any try counts. Nothing is gained by another port: a NAT or a
// stateful filter on the way keeps a mapping for each port asked anyhow.
//
// The package neither paces nor asks whether an address may be reached: that
// is its caller's task (see netio.Net).
package datagram

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// Answer is what came back from a host that was asked.
type Answer struct {
	// From is, for Open, where the datagram came from: the host that was
	// asked, not always the port. For other states it is what was asked.
	From netip.AddrPort
	// By is who sent an ICMP error: the host itself, or a router on the way.
	// Not valid for Open, nor where the system does not say.
	By netip.Addr
	// State is Open for a datagram, Closed when the host says that nothing
	// listens at the port, Unreachable for all other errors.
	State sweep.State
	// Prohibited tells of an Unreachable that a filter forbids this port; else
	// the host or its network is said to be out of reach.
	Prohibited bool
	Payload    []byte    // of a datagram, perhaps cut off; valid during the call
	At         time.Time // when it was read
}

// Options are the settings of a Socket. The zero value is for general use.
type Options struct {
	// Ports is how many ports can be waited for at a time where each needs a
	// socket of its own; 0 means 256.
	Ports int
	// Linger is how long such a socket waits after the last question; 0 means
	// two seconds.
	Linger time.Duration
}

func (o Options) orDefaults() Options {
	if o.Ports <= 0 {
		o.Ports = 256
	}
	if o.Linger <= 0 {
		o.Linger = 2 * time.Second
	}
	return o
}

// way is how datagrams leave and come in.
type way interface {
	send(ctx context.Context, to netip.AddrPort, question []byte) error
	close() error // no answer is told after it has returned
}

// Socket is what a scan asks through. Its methods may overlap.
type Socket struct {
	way way

	mu     sync.RWMutex
	askers map[peer][]*Asker // the slices are replaced, never changed
}

// peer is an address as the kernel tells it: without the name of a zone.
type peer struct {
	addr  netip.Addr
	scope uint32
}

// Open opens the sockets. It answers Unavailable when there is neither IPv4 nor
// IPv6.
func Open(o Options) (*Socket, error) {
	s := &Socket{askers: map[peer][]*Asker{}}
	var err error
	s.way, err = open(o.orDefaults(), s.tell)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "no socket for datagrams").Because(err)
	}
	return s, nil
}

// Connected returns a Socket that asks each port over a connection of its own,
// which dial makes. It is for systems and callers that have nothing better.
func Connected(dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error), o Options) *Socket {
	s := &Socket{askers: map[peer][]*Asker{}}
	s.way = newConnected(dial, o.orDefaults(), s.tell)
	return s
}

// Close ends the sockets. No answer comes after it has returned.
func (s *Socket) Close() error { return s.way.close() }

// Asker asks hosts through a Socket and is told what they answer.
type Asker struct {
	socket *Socket
	answer func(Answer)
	asked  map[peer]netip.Addr // as the caller writes them; guarded by socket.mu

	mu     sync.Mutex
	closed bool
}

// Asker returns one that tells answer of what comes from the hosts that it
// asks, one at a time and from the goroutine that reads the socket: answer must
// return soon and call none of Asker's methods.
func (s *Socket) Asker(answer func(Answer)) *Asker {
	return &Asker{socket: s, answer: answer, asked: map[peer]netip.Addr{}}
}

// Send lets one datagram leave. It waits while the system has no room for it,
// until ctx ends. It answers Unavailable when the datagram has not left: there
// is no way to the address, or a firewall of our own is in the way. That says
// nothing about the host.
func (a *Asker) Send(ctx context.Context, to netip.AddrPort, question []byte) error {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if !to.Addr().IsValid() || to.Port() == 0 {
		return harrier.Errorf(harrier.Invalid, "%v is no address and port", to)
	}
	if err := a.expect(to.Addr()); err != nil {
		return err
	}
	return a.socket.way.send(ctx, to, question)
}

// expect lets answers of addr through.
func (a *Asker) expect(addr netip.Addr) error {
	s := a.socket
	p, err := peerOf(addr)
	if err != nil {
		return err
	}
	s.mu.RLock()
	_, known := a.asked[p]
	s.mu.RUnlock()
	if known {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := a.asked[p]; !known {
		a.asked[p] = addr
		s.askers[p] = append(slices.Clip(s.askers[p]), a)
	}
	return nil
}

// Close ends the asking. No answer is told after it has returned.
func (a *Asker) Close() {
	s := a.socket
	s.mu.Lock()
	for p := range a.asked {
		rest := slices.DeleteFunc(slices.Clone(s.askers[p]), func(other *Asker) bool { return other == a })
		if s.askers[p] = rest; len(rest) == 0 {
			delete(s.askers, p)
		}
	}
	clear(a.asked)
	s.mu.Unlock()
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
}

// tell passes an answer on to those that asked its host. What comes from hosts
// that nobody asked ends here.
func (s *Socket) tell(from peer, port uint16, answer Answer) {
	s.mu.RLock()
	list := s.askers[from]
	s.mu.RUnlock()
	for _, a := range list {
		s.mu.RLock()
		addr, asked := a.asked[from]
		s.mu.RUnlock()
		if !asked {
			continue
		}
		answer.From = netip.AddrPortFrom(addr, port)
		a.mu.Lock()
		if !a.closed {
			a.answer(answer)
		}
		a.mu.Unlock()
	}
}

// peerOf returns addr as the kernel tells it.
func peerOf(addr netip.Addr) (peer, error) {
	zone := addr.Zone()
	if zone == "" {
		return peer{addr: addr}, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return peer{addr.WithZone(""), uint32(n)}, nil
	}
	i, err := net.InterfaceByName(zone)
	if err != nil {
		return peer{}, harrier.Errorf(harrier.Unavailable, "no network interface %q", zone).Because(err)
	}
	return peer{addr.WithZone(""), uint32(i.Index)}, nil
}
