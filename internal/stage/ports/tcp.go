package ports

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
)

const (
	maxLocal    = time.Minute // for how long our side may fail before what is left stays unknown
	maxCanaries = 3           // in a row without an answer: the host has fallen silent
)

// task is one probe.
type task struct {
	port   uint16
	tries  int // that stayed silent before
	locals int // that failed on our side before
	canary bool
	from   time.Time // not earlier
}

// reply is how a task ended.
type reply struct {
	task
	state netio.State
	rtt   time.Duration
	sent  time.Time
	err   error
}

// silence is a port that gave no answer, and when its last probe had ended.
type silence struct {
	port uint16
	at   time.Time
}

// tcpScan is the scan of one host. Its fields belong to the goroutine of run;
// workers see tasks and replies only.
type tcpScan struct {
	net   *netio.Net
	t     Target
	found Found

	fresh  []uint16 // not asked yet
	again  []task   // to be asked again
	tasks  chan task
	done   chan reply
	flight int

	window   window
	rtt      rtt
	tries    int // for a port that stays silent
	known    []uint16
	open     []harrier.Endpoint
	silent   []silence
	unknown  int
	alive    uint16    // a port that answers, for canaries; 0 when there is none
	answered time.Time // when the last probe that got an answer was sent
	since    int       // silent probes since the last canary
	missed   int       // canaries without an answer in a row
	waiting  bool      // a canary is in flight
	failing  time.Time // since when nothing but our own side's failures came back
	gaveUp   string
}

func newTCPScan(n *netio.Net, t Target, ports []uint16, found Found) *tcpScan {
	s := &tcpScan{net: n, t: t, found: found, fresh: ordered(ports), tries: 2}
	s.window = newWindow(t.Settings.Gentle)
	s.rtt.start(t.RTT)
	s.tasks, s.done = make(chan task, int(s.window.max)), make(chan reply, int(s.window.max))
	return s
}

// run asks all ports. Workers end with it.
func (s *tcpScan) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer close(s.tasks)
	defer cancel()
	for started := 0; ; {
		wait := s.send()
		for ; started < min(s.flight, int(s.window.max)); started++ {
			workers.Go(func() { s.work(ctx) })
		}
		if s.flight == 0 && wait == 0 {
			return s.confirm(ctx)
		}
		if err := s.receive(ctx, wait); err != nil {
			return err
		}
	}
}

// send hands out tasks while there is room in the window. It returns how long
// to wait for the next one when tasks are left that must not be asked yet.
func (s *tcpScan) send() time.Duration {
	now := time.Now()
	for s.flight < s.window.room() {
		switch {
		case len(s.again) > 0 && !s.again[0].from.After(now):
			s.give(s.again[0])
			s.again = s.again[1:]
		case len(s.fresh) > 0:
			s.give(task{port: s.fresh[0]})
			s.fresh = s.fresh[1:]
		case len(s.again) > 0:
			return max(s.again[0].from.Sub(now), time.Millisecond)
		default:
			return 0
		}
	}
	return 0
}

func (s *tcpScan) give(t task) {
	s.flight++
	s.tasks <- t
}

// work is the life of a worker.
func (s *tcpScan) work(ctx context.Context) {
	for t := range s.tasks {
		if ctx.Err() != nil {
			continue // what is queued is not asked any more
		}
		r := reply{task: t, sent: time.Now()}
		r.state, r.rtt, r.err = s.net.Connect(ctx, netip.AddrPortFrom(s.t.Addr, t.port), s.rtt.wait(t.tries))
		s.done <- r
	}
}

// receive takes at least one reply, or waits for so long.
func (s *tcpScan) receive(ctx context.Context, wait time.Duration) error {
	var timer <-chan time.Time
	if wait > 0 {
		timer = time.After(wait)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer:
		return nil
	case r := <-s.done:
		return s.take(ctx, r)
	}
}

// take works a reply into what is known.
func (s *tcpScan) take(ctx context.Context, r reply) error {
	s.flight--
	switch {
	case r.canary:
		s.takeCanary(r)
		return nil
	case harrier.KindOf(r.err) == harrier.Forbidden:
		s.unknown++
		return nil
	case r.err != nil && ctx.Err() != nil:
		return ctx.Err()
	case r.state == netio.Local:
		s.takeLocal(r)
		return nil
	}
	s.failing = time.Time{}
	if r.state.Filtered() {
		s.takeSilent(r)
		return nil
	}
	if r.tries > 0 { // asked before in vain: a packet was lost
		s.window.lost()
		s.tries = 3
	} else {
		s.window.grow()
	}
	s.rtt.add(r.rtt)
	s.known = append(s.known, r.port)
	s.heard(r)
	if r.state != netio.Open {
		return nil
	}
	e := harrier.Endpoint{Protocol: harrier.TCP, Port: r.port}
	s.open = append(s.open, e)
	return s.found(ctx, e)
}

// heard notes a sign of life. A closed port makes the better canary: asking it
// again disturbs no service.
func (s *tcpScan) heard(r reply) {
	if s.alive == 0 || r.state == netio.Closed {
		s.alive = r.port
	}
	if r.sent.After(s.answered) {
		s.answered = r.sent
	}
	s.missed = 0
}

// takeLocal tries again what failed on our own side, however often it does
// while anything else succeeds.
func (s *tcpScan) takeLocal(r reply) {
	s.window.halve()
	now := time.Now()
	if s.failing.IsZero() {
		s.failing = now
	} else if now.Sub(s.failing) > maxLocal {
		s.unknown++
		return
	}
	r.locals = min(r.locals+1, 25)
	r.from = now.Add(time.Duration(r.locals) * 10 * time.Millisecond)
	s.again = append(s.again, r.task)
}

func (s *tcpScan) takeSilent(r reply) {
	if s.since++; s.since >= s.window.room() && s.alive != 0 && !s.waiting {
		s.waiting, s.since = true, 0
		s.again = append([]task{{port: s.alive, canary: true}}, s.again...)
	}
	if r.tries++; r.tries < s.tries {
		s.again = append(s.again, r.task)
		return
	}
	s.silent = append(s.silent, silence{r.port, time.Now()})
}

func (s *tcpScan) takeCanary(r reply) {
	s.waiting = false
	switch {
	case r.state.Answered():
		s.heard(r)
		s.window.silent()
	case r.state.Filtered():
		s.window.halve()
		if s.missed++; s.missed >= maxCanaries && s.t.Settings.StopSilent {
			s.gaveUp = GaveUp
			s.unknown += len(s.fresh) + len(s.again)
			s.fresh, s.again = nil, nil
		}
	}
}

// confirm asks, at the end, whether the host still answers. Only then the ports
// that stayed silent are filtered: the silence of a host that is gone, or that
// shuts us out, proves nothing.
func (s *tcpScan) confirm(ctx context.Context) error {
	if len(s.silent) == 0 || s.gaveUp != "" {
		return nil
	}
	for try := range maxCanaries {
		began := time.Now()
		alive, err := s.stillThere(ctx, try)
		if err != nil {
			return err
		}
		if alive {
			s.answered = began
			return nil
		}
	}
	return nil
}

func (s *tcpScan) stillThere(ctx context.Context, try int) (bool, error) {
	if s.alive != 0 {
		state, _, err := s.net.Connect(ctx, netip.AddrPortFrom(s.t.Addr, s.alive), s.rtt.wait(try))
		return state.Answered(), err
	}
	if s.t.Settings.NoICMP {
		return false, nil
	}
	_, err := s.net.Ping(ctx, s.t.Addr, s.rtt.wait(try))
	return err == nil, ctx.Err()
}

// report says what is known so far.
func (s *tcpScan) report() Report {
	known := s.known
	left := len(s.fresh) + len(s.again) + s.flight + s.unknown
	for _, q := range s.silent {
		if q.at.Before(s.answered) {
			known = append(known, q.port)
		} else {
			left++
		}
	}
	r := Report{Known: harrier.Ports{TCP: ranges(known)}, Open: s.open, Silent: left, Reason: s.gaveUp}
	if left > 0 && r.Reason == "" {
		r.Reason = "some ports did not answer"
	}
	return r
}
