package ports

import (
	"context"
	"slices"
	"time"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// The bounds of asking fast, in datagrams a second to one host. Small datagrams
// at udpRate take some 3 Mbit/s; a host that answers nearly all of them is asked
// faster. Caps of the policy hold besides.
const (
	udpRate    = 4000
	udpMaxRate = 32_000
)

// udpTries is how often a port is asked at most that does not answer, unless
// the host turns out to limit its ICMP errors.
const udpTries = 3

// The bounds of the wait for answers, and the wait without a measurement. What
// comes later still counts while the scan goes on.
const (
	udpMinWait   = 250 * time.Millisecond
	udpFirstWait = time.Second
	udpMaxWait   = 2 * time.Second
)

// udpTrip estimates how long an answer takes, services included.
//
// Source: RFC 6298, section 2. Answers to a port's first question alone are
// measured: of others it is not known which question they answer.
type udpTrip struct{ mean, swing time.Duration } // mean 0: nothing measured

func (t *udpTrip) add(d time.Duration) {
	switch {
	case d <= 0:
	case t.mean == 0:
		t.mean, t.swing = d, d/2
	default:
		t.swing += ((t.mean - d).Abs() - t.swing) / 4
		t.mean += (d - t.mean) / 8
	}
}

func (t *udpTrip) wait() time.Duration {
	if t.mean == 0 {
		return udpFirstWait
	}
	return min(max(t.mean+4*t.swing, udpMinWait), udpMaxWait)
}

// tally counts what a part of the scan brought.
type tally struct {
	asked, answered int
	errors          int // of answered: by ICMP
}

func (t tally) add(o tally) tally {
	return tally{t.asked + o.asked, t.answered + o.answered, t.errors + o.errors}
}

// most reports whether most of what was asked was answered. A fifth may be on
// its way still.
func (t tally) most() bool { return t.answered > 0 && t.answered*5 >= t.asked*4 }

// count calls part, which returns how many ports it asked, and counts what came
// in meanwhile.
func (s *udpScan) count(part func() (int, error)) (tally, error) {
	s.mu.Lock()
	answers, errors := s.answers, s.errors
	s.mu.Unlock()
	asked, err := part()
	s.mu.Lock()
	defer s.mu.Unlock()
	return tally{asked, s.answers - answers, s.errors - errors}, err
}

// passes asks the ports of list, as often as there is something to be learnt.
func (s *udpScan) passes(ctx context.Context, list []uint16) error {
	var all tally
	asked, stopped := len(list), false
	for try := 1; len(list) > 0; try++ {
		t, err := s.count(func() (int, error) { return s.pass(ctx, list) })
		if err != nil {
			return err
		}
		all = all.add(t)
		all.asked = asked
		list = s.left(list)
		switch {
		case try == 1: // one try proves nothing
			stopped = s.stopped(list)
		case !t.most() && (stopped || limits(all) || limits(t)):
			return s.trickle(ctx, list, t.errors)
		case try == udpTries:
			return nil
		case t.answered == 0: // of several questions the later ones were asked once only
			list = slices.DeleteFunc(list, func(n uint16) bool { return len(question.At(n)) < 2 })
		}
	}
	return nil
}

// limits reports whether the host seems to limit its ICMP errors: it sent some,
// and none for most ports.
func limits(t tally) bool { return t.errors > 0 && 2*t.answered < t.asked }

// stopped reports whether the host told of closed ports at first and then no
// more: most of list, the silent ports, were asked after the last of those. A
// filter's silent ports lie anywhere.
func (s *udpScan) stopped(list []uint16) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := uint32(0)
	for _, p := range s.ports {
		if p.state == sweep.Closed || p.state == sweep.Unreachable && p.skip != udpFar {
			last = max(last, p.at+1)
		}
	}
	after := 0
	for _, n := range list {
		if s.port(n).at >= last {
			after++
		}
	}
	return last > 0 && 5*after >= 4*len(list)
}

// left is those of list that are still to be asked.
func (s *udpScan) left(list []uint16) []uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(list), func(n uint16) bool { return !s.waits(n) })
}

// waits reports whether nothing has come back from a port that may be asked.
// The caller holds mu.
func (s *udpScan) waits(port uint16) bool {
	p := s.port(port)
	return p.state == sweep.Local && p.skip == udpAsk
}

// pass asks each port of list once, fast, and waits for answers. It returns how
// many it asked.
func (s *udpScan) pass(ctx context.Context, list []uint16) (int, error) {
	const slice = 100 * time.Millisecond // over which answers are compared with questions
	rate := udpRate
	for next := 0; next < len(list); {
		t, err := s.count(func() (int, error) {
			from := next
			next = min(next+rate*int(slice)/int(time.Second), len(list))
			return next - from, s.burst(ctx, list[from:next], rate)
		})
		switch {
		case err != nil:
			return next, err
		case t.most():
			rate = min(2*rate, udpMaxRate)
		default:
			rate = max(rate/2, udpRate)
		}
	}
	s.mu.Lock()
	wait := s.trip.wait()
	s.mu.Unlock()
	return len(list), s.linger(ctx, list, wait)
}

// burst asks the ports at rate a second.
func (s *udpScan) burst(ctx context.Context, list []uint16, rate int) error {
	const step = 5 * time.Millisecond // timers are no finer on a busy machine
	each := max(rate*int(step)/int(time.Second), 1)
	began := time.Now()
	for i, port := range list {
		if i%each == 0 && i > 0 {
			if err := s.sleep(ctx, time.Until(began.Add(time.Duration(i)*time.Second/time.Duration(rate)))); err != nil {
				return err
			}
		}
		if err := s.ask(ctx, port); err != nil {
			return err
		}
	}
	return s.sleep(ctx, time.Until(began.Add(time.Duration(len(list))*time.Second/time.Duration(rate))))
}

// linger waits for answers until all of list have one.
func (s *udpScan) linger(ctx context.Context, list []uint16, d time.Duration) error {
	end, left := time.Now().Add(d), len(s.left(list))
	for left > 0 && time.Now().Before(end) {
		t, err := s.count(func() (int, error) { return 0, s.nap(ctx, time.Until(end)) })
		if err != nil {
			return err
		}
		left -= t.answered
	}
	return s.tell(ctx)
}

// sleep waits, and tells of open ports meanwhile.
func (s *udpScan) sleep(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	for {
		if err := s.tell(ctx); err != nil {
			return err
		}
		if d = time.Until(end); d <= 0 {
			return ctx.Err()
		}
		if err := s.nap(ctx, d); err != nil {
			return err
		}
	}
}

// nap waits for d or an answer, whichever comes first.
func (s *udpScan) nap(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.bell:
		return s.tell(ctx)
	case <-t.C:
		return nil
	}
}

// How a host is asked at the pace of its ICMP errors.
const (
	trickleSlice = time.Second // or two round trips
	trickleQuiet = 3           // slices without news that end it
	trickleAhead = 2           // times as many ports as were answered are asked next
)

// trickle asks the ports of list over and over, some times faster than the host
// was found to answer: so the pace grows where the host keeps up with it, and
// ports that a filter drops do not slow it down, as they would if silence were
// taken for the limit. A question too many costs the host nothing. Start is how
// many a slice were answered before. It ends when nothing new comes, and when
// the scan's patience does.
//
// Source for what hosts do: icmp_ratelimit in Linux's icmp(7) (one a second to
// each peer, after some six at once), net.inet.icmp.icmplim of FreeBSD (200 a
// second in all).
func (s *udpScan) trickle(ctx context.Context, list []uint16, start int) error {
	end := time.Now().Add(s.patient)
	most, rate, next := 1, max(trickleAhead*start, 1), 0
	for quiet := 0; quiet < trickleQuiet && len(list) > 0 && time.Now().Before(end); {
		t, err := s.count(func() (int, error) {
			n := min(rate, len(list))
			turn := make([]uint16, n)
			for i := range turn {
				turn[i] = list[(next+i)%len(list)]
			}
			next += n
			return n, s.slice(ctx, turn)
		})
		if err != nil {
			return err
		}
		quiet++
		if t.answered > 0 {
			quiet = 0
		}
		most = max(most, t.answered)
		rate = max(trickleAhead*t.answered, most)
		list = s.left(list)
	}
	return nil
}

// slice asks ports, spread over the time of a slice.
func (s *udpScan) slice(ctx context.Context, list []uint16) error {
	s.mu.Lock()
	long := max(trickleSlice, min(2*s.trip.mean, 2*udpMaxWait))
	s.mu.Unlock()
	began := time.Now()
	for i, port := range list {
		if err := s.ask(ctx, port); err != nil {
			return err
		}
		if err := s.sleep(ctx, time.Until(began.Add(long*time.Duration(i+1)/time.Duration(len(list))))); err != nil {
			return err
		}
	}
	return nil
}
