package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/harrier-scan/harrier"
)

// Tally says how a sweep went.
type Tally struct {
	Names    int // asked for
	Sent     int // packets
	Answers  int // that counted; one for each name and opinion
	Repeated int // questions that were sent again
	Slow     int // names that the fast path gave up and Lookup answered
	Lost     int // names that nobody answered for
}

// Sweep asks for many names at the highest rate that the options and the
// servers bear, and calls hit for every one that is not denied; hit is called
// by one goroutine at a time. Each name is asked of two upstreams when there
// are two, so that one that denies what exists hides nothing. Packets may be
// lost, names are not: a name without an answer is asked again, at the end by
// Lookup. What hit is told has to be confirmed by Lookup: it is what one server
// said. A name that servers answer about with errors only is told with
// dns.RcodeServerFailure: it may be delegated to a server that is not there.
//
// Without upstreams the servers of zone are asked themselves.
func (c *Client) Sweep(ctx context.Context, zone string, names []string, typ uint16, hit func(Answer)) (Tally, error) {
	s := &sweep{c: c, names: names, typ: typ, hit: hit, tally: Tally{Names: len(names)}, failing: map[int]bool{}}
	var servers []server
	for _, u := range c.usable() {
		servers = append(servers, server{u.addr, u.pace, true})
	}
	if len(c.ups) == 0 {
		d, err := c.Delegation(ctx, zone)
		if err != nil {
			return s.tally, err
		}
		var all []netip.AddrPort
		for _, a := range d.addrs() {
			if c.reach(a.Addr()) == nil {
				all = append(all, a)
			}
		}
		each := max(1, c.o.ZoneRate/max(1, len(all)))
		for _, a := range all[:min(len(all), 4)] {
			servers = append(servers, server{a, rate.NewLimiter(rate.Limit(each), max(1, each/20)), false})
		}
	}
	if len(servers) == 0 {
		return s.tally, harrier.Errorf(harrier.Unavailable, "there is nobody to ask about %s", zone)
	}
	if lively := slices.DeleteFunc(slices.Clone(servers), func(x server) bool { return c.silence(x.addr) >= silentAfter }); len(lively) > 0 {
		servers = lively
	}
	opinions := min(2, len(servers))
	if len(c.ups) == 0 {
		opinions = 1
	}
	for i := range names {
		s.todo = append(s.todo, i)
	}
	for len(s.todo) > 0 && len(servers) > 0 {
		g, inner := errgroup.WithContext(ctx)
		dead := make([]bool, len(servers))
		for i, srv := range servers {
			g.Go(func() (err error) {
				dead[i], err = s.run(inner, srv, i, len(servers), min(opinions, len(servers)))
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return s.tally, err
		}
		var alive []server // those take over what the others left
		for i, srv := range servers {
			if !dead[i] {
				alive = append(alive, srv)
			}
		}
		servers = alive
		slices.Sort(s.orphans)
		s.todo, s.orphans = slices.Compact(s.orphans), nil
	}
	s.slow = append(s.slow, s.todo...)
	return s.tally, s.rest(ctx)
}

type server struct {
	addr    netip.AddrPort
	pace    *rate.Limiter
	recurse bool
}

// sweep is one list of names on its way.
type sweep struct {
	c     *Client
	names []string
	typ   uint16
	hit   func(Answer)

	todo []int // of names

	mu      sync.Mutex
	tally   Tally
	slow    []int        // names for Lookup
	failing map[int]bool // names that a server answered with an error about
	orphans []int        // names that a server left that does not answer
}

func (s *sweep) count(add Tally) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally.Sent += add.Sent
	s.tally.Answers += add.Answers
	s.tally.Repeated += add.Repeated
}

func (s *sweep) found(a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hit(a)
}

func (s *sweep) fails(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing[i] = true
}

func (s *sweep) leave(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = append(s.slow, i)
}

// rest asks the careful way for what the fast one gave up.
func (s *sweep) rest(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(32)
	done := map[int]bool{}
	for _, i := range s.slow {
		if done[i] {
			continue
		}
		done[i] = true
		g.Go(func() error {
			a, err := s.c.Lookup(ctx, s.names[i], s.typ)
			s.mu.Lock()
			if s.tally.Slow++; err != nil {
				if s.failing[i] { // the servers are there; what is behind the name is not
					a = Answer{Name: s.names[i], Type: s.typ, Rcode: dns.RcodeServerFailure}
				} else {
					s.tally.Lost++
				}
			}
			s.mu.Unlock()
			if err == nil && a.Exists() || a.Rcode == dns.RcodeServerFailure {
				s.found(a)
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}

// The window is how many questions may be under way to one server: it grows
// with answers and shrinks with silence, as TCP's does.
const (
	firstWindow = 64
	leastWindow = 8
	mostWindow  = 2048
	sweepTries  = 6
	deadAfter   = 48 // questions in a row without an answer, and
	deadTime    = 1500 * time.Millisecond
	lastTime    = 10 * time.Second // for the only server
	lanesEach   = 2
)

// flying is a question under way.
type flying struct {
	name  int // in sweep.names
	tries int
	id    uint16
	lane  *lane
	wire  []byte
	end   int
	sent  time.Time
	done  bool
}

// lane is a socket, and the questions that left by it.
type lane struct {
	conn    net.Conn
	pending map[uint16]*flying
}

// flight is one server's share of a sweep.
type flight struct {
	s      *sweep
	to     server
	wake   chan struct{} // holds one: an answer came
	closed chan struct{}

	mu       sync.Mutex
	lanes    []*lane
	line     []*flying // by time of sending
	again    []*flying
	spare    []*flying
	air      int
	window   float64
	rtt      time.Duration
	shrunk   time.Time
	answered int
	silent   int // questions that got no answer since the last one that did
	heard    time.Time
	alone    bool
}

// run asks one server for the names that are its: of n servers, each name
// goes to as many as there are opinions.
//
// It reports whether the server stopped answering; what it was to be asked is
// then among the orphans.
func (s *sweep) run(ctx context.Context, to server, index, n, opinions int) (dead bool, err error) {
	f := &flight{s: s, to: to, wake: make(chan struct{}, 1), closed: make(chan struct{}), window: firstWindow, rtt: s.c.o.Timeout / 4, heard: time.Now(), alone: n == 1}
	sent, repeated := 0, 0
	defer func() { s.count(Tally{Sent: sent, Answers: f.answered, Repeated: repeated}) }() // last, when nobody reads any more
	var readers sync.WaitGroup
	defer readers.Wait()
	defer func() {
		close(f.closed)
		for _, l := range f.lanes {
			l.conn.Close()
		}
	}()
	for range lanesEach {
		conn, err := s.c.way.Dial(ctx, "udp", to.addr)
		if err != nil {
			return false, err
		}
		l := &lane{conn, make(map[uint16]*flying, mostWindow)}
		f.lanes = append(f.lanes, l)
		readers.Go(func() { f.read(l) })
	}
	next := 0
	take := func() *flying {
		for ; next < len(s.todo); next++ {
			if (index-next%n+n)%n < opinions {
				next++
				return f.fresh(s.todo[next-1])
			}
		}
		return nil
	}
	for {
		q, wait, done := f.next(take)
		switch {
		case f.dead():
			f.abandon(q, take)
			s.c.heard(to.addr, false)
			s.c.heard(to.addr, false)
			return true, nil
		case done:
			return false, nil
		case q == nil:
			t := time.NewTimer(wait)
			select {
			case <-ctx.Done():
				t.Stop()
				return false, ctx.Err()
			case <-f.wake:
			case <-t.C:
			}
			t.Stop()
			continue
		}
		if err := to.pace.Wait(ctx); err != nil {
			return false, err
		}
		if q.tries > 1 {
			repeated++
		}
		sent++
		if err := f.send(q, sent); err != nil && errors.Is(err, net.ErrClosed) {
			return false, err
		}
	}
}

func (f *flight) dead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	limit := deadTime
	if f.alone {
		limit = lastTime
	}
	return f.silent >= deadAfter && time.Since(f.heard) > limit
}

// abandon leaves all that is not answered to other servers.
func (f *flight) abandon(q *flying, take func() *flying) {
	f.mu.Lock()
	var left []int
	if q != nil {
		left = append(left, q.name)
	}
	for _, list := range [][]*flying{f.line, f.again} {
		for _, p := range list {
			if !p.done {
				left = append(left, p.name)
			}
		}
	}
	for p := take(); p != nil; p = take() {
		left = append(left, p.name)
	}
	f.mu.Unlock()
	f.s.mu.Lock()
	f.s.orphans = append(f.s.orphans, left...)
	f.s.mu.Unlock()
}

// fresh makes a question; the caller holds the lock.
func (f *flight) fresh(name int) *flying {
	q := &flying{}
	if n := len(f.spare); n > 0 {
		q = f.spare[n-1]
		f.spare = f.spare[:n-1]
	}
	*q = flying{name: name, wire: q.wire}
	return q
}

// next is the question to send now, or how long to wait for one, or the end.
func (f *flight) next(take func() *flying) (q *flying, wait time.Duration, done bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	f.expire(now)
	if f.air < int(f.window) {
		if n := len(f.again); n > 0 {
			q = f.again[n-1]
			f.again = f.again[:n-1]
		} else {
			q = take()
		}
	}
	switch {
	case q != nil:
		f.air++
		return q, 0, false
	case f.air == 0:
		return nil, 0, true
	}
	return nil, max(time.Millisecond, f.line[0].sent.Add(f.patience(f.line[0])).Sub(now)), false
}

// patience is how long an answer may take.
func (f *flight) patience(q *flying) time.Duration {
	return min(max(4*f.rtt, f.s.c.o.Timeout/4)<<min(q.tries-1, 4), 4*time.Second)
}

// expire takes from the head of the line what was answered or took too long.
func (f *flight) expire(now time.Time) {
	for len(f.line) > 0 {
		q := f.line[0]
		if !q.done && now.Sub(q.sent) < f.patience(q) {
			return
		}
		f.line = f.line[1:]
		if q.done {
			f.spare = append(f.spare, q)
			continue
		}
		delete(q.lane.pending, q.id)
		f.silent++
		if now.Sub(f.shrunk) > f.patience(q) {
			f.window, f.shrunk = max(leastWindow, 0.7*f.window), now
		}
		f.retry(q)
	}
}

func (f *flight) retry(q *flying) {
	f.air--
	if q.tries >= sweepTries {
		f.s.leave(q.name)
		return
	}
	f.again = append(f.again, f.copyOf(q))
}

// copyOf is q as a question of its own: the old one stays in the line.
func (f *flight) copyOf(q *flying) *flying { return &flying{name: q.name, tries: q.tries} }

func (f *flight) send(q *flying, turn int) error {
	wire, end, err := pack(q.wire, Question{Name: f.s.names[q.name], Type: f.s.typ, Recurse: f.to.recurse}, true)
	f.mu.Lock()
	if err != nil { // no name can be made of it: nobody has it
		f.air--
		f.mu.Unlock()
		return nil //nolint:nilerr // it is answered
	}
	l := f.lanes[turn%len(f.lanes)]
	for l.pending[uint16(wire[0])<<8|uint16(wire[1])] != nil {
		wire[1]++
		if wire[1] == 0 {
			wire[0]++
		}
	}
	q.wire, q.end, q.lane, q.id = wire, end, l, uint16(wire[0])<<8|uint16(wire[1])
	q.tries++
	q.sent, q.done = time.Now(), false
	l.pending[q.id] = q
	f.line = append(f.line, q)
	f.mu.Unlock()
	f.s.c.questions.Add(1)
	_, err = l.conn.Write(wire) // one that does not get out is sent again like one that got lost
	return err
}

// read takes the answers of one socket until it is closed.
func (f *flight) read(l *lane) {
	buf := make([]byte, 4096)
	for {
		n, err := l.conn.Read(buf)
		if err != nil {
			select {
			case <-f.closed:
				return
			case <-time.After(time.Millisecond): // refused: the server may be starting
			}
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		f.answer(l, buf[:n])
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

func (f *flight) answer(l *lane, msg []byte) {
	if len(msg) < 12 {
		return
	}
	f.mu.Lock()
	q := l.pending[uint16(msg[0])<<8|uint16(msg[1])]
	if q == nil {
		f.mu.Unlock()
		return
	}
	name := q.name
	like := repeats(msg, q.wire, q.end)
	if like == different {
		f.mu.Unlock()
		return
	}
	delete(l.pending, q.id)
	q.done = true
	f.silent, f.heard = 0, time.Now()
	rcode := int(msg[3] & 15)
	if rcode != dns.RcodeSuccess && rcode != dns.RcodeNameError {
		f.s.fails(q.name)
		f.retry(q)
		f.mu.Unlock()
		return
	}
	f.air--
	f.answered++
	f.window = min(mostWindow, f.window+max(1/f.window, f.growth()))
	if q.tries == 1 {
		f.rtt += (time.Since(q.sent) - f.rtt) / 8
	}
	f.mu.Unlock()
	switch {
	case like == otherCase:
		f.s.leave(name)
	case rcode == dns.RcodeSuccess || msg[6]|msg[7] != 0: // an alias is there even when what it names is not
		f.s.report(f.to.addr, name, msg)
	}
}

// growth is one for each answer until the first loss.
func (f *flight) growth() float64 {
	if f.shrunk.IsZero() {
		return 1
	}
	return 0
}

// report hands on what one server said of a name.
func (s *sweep) report(from netip.AddrPort, name int, msg []byte) {
	m := new(dns.Msg)
	if m.Unpack(msg) != nil || m.Truncated {
		s.leave(name)
		return
	}
	s.found(s.c.read(question{s.names[name], s.typ}, m, from))
}
