package sweep

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/harrier-scan/harrier"
)

// Options are what a Sweeper is made with.
type Options struct {
	Limit *rate.Limiter                   // each packet takes a token; nil means no cap
	Ready func(ctx context.Context) error // waits while nothing may leave; nil: never
}

// batch is how many probes are handed to the transport at a time, at most.
const batch = 64

// ErrClosed ends jobs of a Sweeper that was closed.
var ErrClosed = errors.New("sweep: closed")

// ErrStuck ends jobs of a Sweeper whose transport took nothing for half a
// minute: there are no files left, or no room in any buffer.
var ErrStuck = harrier.Errorf(harrier.Unavailable, "nothing can be sent: no files or buffers are left")

// Sweeper runs jobs over a transport. Use New; its methods may overlap.
type Sweeper struct {
	ready func(ctx context.Context) error
	base  time.Time
	kick  chan struct{}
	stop  context.CancelFunc
	lanes sync.WaitGroup

	mu   sync.Mutex
	core *core
	err  error // why a transport ended
	ways []Transport
}

// New returns a Sweeper without a transport: Start gives it one. The two steps
// let the transport be made with the Sweeper's Answer.
func New(o Options) *Sweeper {
	s := &Sweeper{ready: o.Ready, base: time.Now(), kick: make(chan struct{}, 1)}
	s.core = newCore(o.Limit, s.base)
	return s
}

// laneRate is how many packets a second a lane carries before the next one
// helps.
const laneRate = 60_000

// Start begins to send over the transports, each from a goroutine of its own:
// the first one always, the others when the rate is too high for those before.
// It is called once.
func (s *Sweeper) Start(transports ...Transport) {
	ctx, cancel := context.WithCancel(context.Background())
	s.ways, s.stop = transports, cancel
	for i, t := range transports {
		s.lanes.Go(func() { s.send(ctx, t, float64(i*laneRate)) })
	}
}

// Close ends all jobs and the transports, the first one last.
func (s *Sweeper) Close() error {
	s.stop()
	s.lanes.Wait()
	var errs []error
	for i := len(s.ways) - 1; i >= 0; i-- {
		errs = append(errs, s.ways[i].Close())
	}
	return errors.Join(errs...)
}

func (s *Sweeper) now() time.Duration { return time.Since(s.base) }

// Answer takes in what came back. The slice is not kept.
func (s *Sweeper) Answer(answers []Answer) {
	if len(answers) == 0 {
		return
	}
	s.mu.Lock()
	now := s.now()
	for i := range answers {
		s.core.answer(&answers[i], now)
	}
	s.mu.Unlock()
	s.wake()
}

func (s *Sweeper) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Release says that nothing may be sent to addr any more unless a new job asks
// for it.
func (s *Sweeper) Release(addr netip.Addr) {
	s.mu.Lock()
	s.core.release(addr)
	s.mu.Unlock()
}

// Do asks a host what the job says and returns what became known. Found, which
// may be nil, is called one by one with what is open, and for a job that ends
// with the First sign of life with whatever was answered. The error is ctx's,
// that of found, or the transport's; the report is what was known until then.
func (s *Sweeper) Do(ctx context.Context, j Job, found func(context.Context, Reply) error) (Report, error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return Report{plan: j.Plan}, s.err
	}
	h := s.core.add(j, s.now())
	s.mu.Unlock()
	s.wake()
	defer func() {
		s.mu.Lock()
		s.core.drop(h)
		s.mu.Unlock()
	}()
	for {
		var err error
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-h.notify:
		}
		s.mu.Lock()
		replies, over, report := h.replies, h.over, Report{plan: j.Plan}
		h.replies = nil
		if over || err != nil {
			s.core.drop(h) // nothing changes the report from here on
			report, over = h.report(), true
		}
		if err == nil && s.err != nil {
			err = s.err
		}
		s.mu.Unlock()
		for _, r := range replies {
			if found != nil && err == nil {
				err = found(ctx, r)
			}
		}
		if err != nil && !over { // what is known by now counts
			s.mu.Lock()
			s.core.drop(h)
			report = h.report()
			s.mu.Unlock()
		}
		if over || err != nil {
			return report, err
		}
	}
}

// Figures are how a Sweeper fares.
type Figures struct {
	Sent     int64   // packets
	Canaries int64   // among them
	Rate     float64 // packets a second that it allows itself right now
	Loss     float64 // share of packets that the way loses
}

// Figures returns how the Sweeper fares.
func (s *Sweeper) Figures() Figures {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Figures{s.core.sent, s.core.canaries, s.core.control.rate, s.core.control.loss}
}

// send is the life of a goroutine that sends, while the rate is above least.
func (s *Sweeper) send(ctx context.Context, t Transport, least float64) {
	buf := make([]Probe, 0, batch)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if s.ready != nil && s.ready(ctx) != nil || ctx.Err() != nil {
			s.fail(ErrClosed)
			return
		}
		wait := helpWait
		s.mu.Lock()
		buf = buf[:0]
		if s.core.control.rate >= least {
			buf, wait = s.core.compose(s.now(), buf)
		}
		s.mu.Unlock()
		if len(buf) > 0 {
			if err := s.out(ctx, t, buf); err != nil {
				s.fail(err)
				return
			}
			continue
		}
		kick := s.kick
		switch {
		case least > 0: // the first one hears of news
			wait, kick = helpWait, nil
		case wait == 0:
			wait = time.Hour
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-kick:
		case <-timer.C:
		}
	}
}

// helpWait is after what time a lane looks again whether it is needed.
const helpWait = 2 * time.Millisecond

// out hands probes to the transport until it has taken all.
func (s *Sweeper) out(ctx context.Context, t Transport, probes []Probe) error {
	moved := time.Now()
	for pause := 100 * time.Microsecond; ; pause = min(2*pause, 10*time.Millisecond) {
		n, err := t.Send(probes)
		if err != nil {
			return err
		}
		if probes = probes[n:]; len(probes) == 0 {
			return nil
		}
		if n > 0 {
			pause, moved = 100*time.Microsecond, time.Now()
		} else if time.Since(moved) > failTime {
			return ErrStuck
		}
		select {
		case <-ctx.Done():
			return ErrClosed
		case <-time.After(pause):
		}
		if s.ready == nil {
			continue
		}
		before := time.Now()
		if s.ready(ctx) != nil {
			return ErrClosed
		}
		moved = moved.Add(time.Since(before)) // to be held is no fault
	}
}

// fail ends all jobs.
func (s *Sweeper) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	for _, h := range s.core.hosts {
		for ; h != nil; h = h.other {
			h.tell()
		}
	}
}
