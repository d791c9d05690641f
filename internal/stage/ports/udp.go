package ports

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/netio/datagram"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// udpScan asks the UDP ports of one host, each in the words of the protocols
// that usually live there.
//
// A port is open when it answers, closed when the host says so by an ICMP port
// unreachable, and filtered when something on the way says that it lets nothing
// through. What stays silent may be open or filtered and is told as just that.
//
// Hosts bound how many ICMP errors they send, so that silence of a closed port
// is the rule and not the exception. The first two passes ask everything fast,
// since services answer whatever the host's limit is. Ports that are still
// silent are then asked again at the pace at which the host turned out to tell
// of closed ones, as long as that brings news.
type udpScan struct {
	t       Target
	found   Found
	open    func(answer func(datagram.Answer)) (send sendFunc, end func())
	fragile bool          // also ask protocols of control systems
	patient time.Duration // how long a host that limits its ICMP errors is asked at its pace
	began   time.Time
	send    sendFunc // set by run

	mu       sync.Mutex
	ports    []udpPort // in rising order
	answers  int       // ports that became known
	errors   int       // those among them that an ICMP error of their own told of
	trip     udpTrip
	lastSign time.Time // when the host itself answered last
	news     []udpNews // open, and not told yet
	bell     chan struct{}
}

// sendFunc lets one datagram leave. It waits for its turn, and answers
// Forbidden for what may not be asked and Unavailable for what has not left.
type sendFunc = func(ctx context.Context, to netip.AddrPort, question []byte) error

// udpPort is what is known of a port. There may be 65,535 of them for each of
// many hosts.
type udpPort struct {
	port  uint16
	state sweep.State // Local: nothing yet
	tries uint8
	skip  udpSkip
	at    uint32 // of the first question, later of the error: in ticks since the scan began
}

// udpNews is an open port with what it answered.
type udpNews struct {
	port  uint16
	heard question.Heard
}

// udpSkip says why a port is not asked, or what to make of its answer.
type udpSkip uint8

const (
	udpAsk     udpSkip = iota
	udpFragile         // its protocol is one of control systems
	udpRefused         // a guard rule is in the way
	udpFar             // Unreachable, as the whole host was said to be
)

// udpTick is the unit of udpPort.at.
const udpTick = 100 * time.Microsecond

// udpPatience is how long a host is asked at most at the pace of its ICMP
// errors. Linux sends one a second, so that some 60 more ports become known.
const udpPatience = time.Minute

func newUDPScan(n *netio.Net, t Target, ports []uint16, found Found) *udpScan {
	t.Addr = t.Addr.Unmap()
	s := &udpScan{t: t, found: found, open: n.Datagrams, patient: udpPatience, ports: make([]udpPort, 0, len(ports)), bell: make(chan struct{}, 1)}
	s.trip.add(t.RTT)
	for _, p := range ports {
		if p != 0 {
			s.ports = append(s.ports, udpPort{port: p})
		}
	}
	slices.SortFunc(s.ports, func(a, b udpPort) int { return cmp.Compare(a.port, b.port) })
	return s
}

// run asks until nothing new is to be expected.
func (s *udpScan) run(ctx context.Context) error {
	s.began = time.Now()
	send, end := s.open(s.take)
	s.send = send
	err := s.passes(ctx, s.order())
	end()
	if err != nil {
		return err
	}
	return s.tell(ctx)
}

// order is the ports to ask: those first that have a question of their own,
// the others so that neighbours are apart.
func (s *udpScan) order() []uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out, plain []uint16
	for i := range s.ports {
		switch p := &s.ports[i]; {
		case question.Fragile(p.port) && !s.fragile:
			p.skip = udpFragile
		case len(question.At(p.port)) > 0:
			out = append(out, p.port)
		default:
			plain = append(plain, p.port)
		}
	}
	const odd = 40503 // times this, modulo 1<<16, no two ports meet
	slices.SortFunc(plain, func(a, b uint16) int { return cmp.Compare(a*odd, b*odd) })
	return append(out, plain...)
}

// take is told what came back. It runs on the goroutine that reads.
func (s *udpScan) take(a datagram.Answer) {
	if a.From.Addr() != s.t.Addr {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.about(a)
	if p == nil || p.tries == 0 || p.state == sweep.Open || a.State != sweep.Open && p.state != sweep.Local {
		return
	}
	if a.State != sweep.Unreachable {
		s.lastSign = a.At
	}
	if p.state == sweep.Local {
		if p.tries == 1 {
			s.trip.add(a.At.Sub(s.began) - time.Duration(p.at)*udpTick)
		}
		s.answers++
		if a.State == sweep.Closed || a.Prohibited {
			s.errors++
		}
	}
	p.state = a.State
	switch {
	case a.State == sweep.Open:
		s.news = append(s.news, udpNews{p.port, question.Hear(p.port, int(p.tries), a.Payload)})
	case a.State == sweep.Unreachable && !a.Prohibited:
		p.skip, p.at = udpFar, uint32(a.At.Sub(s.began)/udpTick)
	}
	select {
	case s.bell <- struct{}{}:
	default: // it rings already
	}
}

// about returns the port that an answer is about; nil when it is none of those
// asked. The caller holds mu.
func (s *udpScan) about(a datagram.Answer) *udpPort {
	from := a.From.Port()
	if a.State == sweep.Open {
		for _, port := range question.Elsewhere(a.Payload, from) {
			if p := s.port(port); p != nil && p.tries > 0 && p.state != sweep.Closed {
				return p
			}
		}
	}
	return s.port(from)
}

func (s *udpScan) port(n uint16) *udpPort {
	i, ok := slices.BinarySearchFunc(s.ports, n, func(p udpPort, n uint16) int { return cmp.Compare(p.port, n) })
	if !ok {
		return nil
	}
	return &s.ports[i]
}

// ask asks one port: the first time its first question, then the others.
func (s *udpScan) ask(ctx context.Context, port uint16) error {
	s.mu.Lock()
	p := s.port(port)
	before := *p
	if p.tries == 0 {
		p.at = uint32(time.Since(s.began) / udpTick)
	}
	if p.tries++; p.tries == 0 {
		p.tries--
	}
	s.mu.Unlock()
	sent := false
	var err error
	for _, q := range question.Try(port, int(before.tries)) {
		if err = s.send(ctx, netip.AddrPortFrom(s.t.Addr, port), q); err != nil {
			break
		}
		sent = true
	}
	if err == nil {
		return nil
	}
	if !sent {
		s.mu.Lock()
		p.tries = before.tries
		if harrier.KindOf(err) == harrier.Forbidden {
			p.skip = udpRefused
		}
		s.mu.Unlock()
	}
	if k := harrier.KindOf(err); ctx.Err() == nil && (k == harrier.Forbidden || k == harrier.Unavailable) {
		return nil // of this port alone: it stays unknown
	}
	return errors.Join(ctx.Err(), err)
}

// tell passes open ports on.
func (s *udpScan) tell(ctx context.Context) error {
	s.mu.Lock()
	news := s.news
	s.news = nil
	s.mu.Unlock()
	for _, n := range news {
		if err := s.found(ctx, harrier.Endpoint{Protocol: harrier.UDP, Port: n.port}, n.heard); err != nil {
			return err
		}
	}
	return nil
}

// known reports whether the state of p became known. That the whole host is out
// of reach tells nothing of a port, unless the host answered later. The caller
// holds mu.
func (s *udpScan) known(p udpPort) bool {
	if p.skip == udpFar {
		return s.lastSign.Sub(s.began) > time.Duration(p.at)*udpTick
	}
	return p.state != sweep.Local
}

func (s *udpScan) report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	var r Report
	var known []uint16
	left := false
	for _, p := range s.ports {
		left = left || p.skip == udpFragile
		switch {
		case !s.known(p):
			r.Silent++
		default:
			known = append(known, p.port)
			if p.state == sweep.Open {
				r.Open = append(r.Open, harrier.Endpoint{Protocol: harrier.UDP, Port: p.port})
			}
		}
	}
	r.Known.UDP = ranges(known)
	switch {
	case left:
		r.Reason = "UDP ports of control systems are left out"
	case r.Silent > 0:
		r.Reason = "some ports did not answer"
	}
	return r
}

// openFiltered is the ports that were asked and stayed silent: each is open, and
// what was asked is not what its service answers, or filtered. They are not
// among the known ones.
func (s *udpScan) openFiltered() harrier.Ports {
	s.mu.Lock()
	defer s.mu.Unlock()
	var silent []uint16
	for _, p := range s.ports {
		if p.tries > 0 && p.state == sweep.Local {
			silent = append(silent, p.port)
		}
	}
	return harrier.Ports{UDP: ranges(silent)}
}
