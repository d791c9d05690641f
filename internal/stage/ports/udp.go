package ports

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
)

// udpFlight is how many UDP ports of one host are asked at a time. Hosts limit
// how often they tell that a port is closed, so more would learn less.
const udpFlight = 24

// udpTries is how often a UDP port is asked that does not answer.
const udpTries = 2

// udpScan asks the UDP ports of one host.
type udpScan struct {
	net   *netio.Net
	t     Target
	ports []uint16
	found Found

	mu     sync.Mutex
	known  []uint16
	open   []harrier.Endpoint
	silent int
}

func newUDPScan(n *netio.Net, t Target, ports []uint16, found Found) *udpScan {
	return &udpScan{net: n, t: t, ports: ports, found: found, silent: len(ports)}
}

func (s *udpScan) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ports := make(chan uint16)
	var workers sync.WaitGroup
	for range min(udpFlight, len(s.ports)) {
		workers.Go(func() {
			for p := range ports {
				if err := s.ask(ctx, p); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, p := range s.ports {
		select {
		case ports <- p:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(ports)
	workers.Wait()
	return context.Cause(ctx)
}

// ask asks one port. No answer leaves the port unknown: the question may have
// been one that the service does not answer.
func (s *udpScan) ask(ctx context.Context, port uint16) error {
	for try := 0; try < udpTries; {
		question := Question(port)
		if try > 0 {
			question = secondQuestion(port)
		}
		state, err := s.exchange(ctx, port, question)
		switch {
		case harrier.KindOf(err) == harrier.Forbidden:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case state.Answered():
			return s.note(ctx, port, state)
		}
		try++
	}
	return nil
}

func (s *udpScan) note(ctx context.Context, port uint16, state netio.State) error {
	e := harrier.Endpoint{Protocol: harrier.UDP, Port: port}
	s.mu.Lock()
	s.known = append(s.known, port)
	s.silent--
	if state == netio.Open {
		s.open = append(s.open, e)
	}
	s.mu.Unlock()
	if state != netio.Open {
		return nil
	}
	return s.found(ctx, e)
}

// exchange sends one question and waits for any answer.
func (s *udpScan) exchange(ctx context.Context, port uint16, question []byte) (netio.State, error) {
	c, err := s.net.Dial(ctx, "udp", netip.AddrPortFrom(s.t.Addr, port))
	if err != nil {
		return netio.Local, err
	}
	defer c.Close()
	wait := firstWait
	if s.t.RTT > 0 {
		wait = min(max(4*s.t.RTT, 2*minWait), maxWait)
	}
	if _, err := c.Write(question); err != nil {
		return netio.Classify(err), nil
	}
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return netio.Local, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) }) // fails only once c is closed
	defer stop()
	buf := make([]byte, 2048) // whatever it says, something is there
	_, err = c.Read(buf)
	return netio.Classify(err), nil
}

func (s *udpScan) report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Report{Known: harrier.Ports{UDP: ranges(s.known)}, Open: s.open, Silent: s.silent}
	if r.Silent > 0 {
		r.Reason = "some ports did not answer"
	}
	return r
}
