package sweep

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loop is a transport whose hosts answer from goroutines after a while.
type loop struct {
	answer func([]Answer)
	room   int // probes that it takes at a time; 0: all
	broken error
	stuck  bool // takes nothing

	mu     sync.Mutex
	sent   int
	flying sync.WaitGroup
}

func (l *loop) Send(p []Probe) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return 0, l.broken
	}
	if l.stuck {
		return 0, nil
	}
	if l.room > 0 && len(p) > l.room {
		p = p[:rand.IntN(l.room+1)]
	}
	l.sent += len(p)
	for _, probe := range p {
		a := Answer{Addr: probe.Addr, Item: probe.Item, Tag: probe.Tag, State: Closed, RTT: time.Millisecond}
		switch port := probe.Item.Port(); {
		case port%100 == 0:
			a.State = Open
		case port%7 == 0 && rand.IntN(2) == 0:
			a.State = Local
		}
		l.flying.Go(func() {
			time.Sleep(time.Millisecond)
			l.answer([]Answer{a})
		})
	}
	return len(p), nil
}

func (l *loop) Close() error {
	l.flying.Wait()
	return nil
}

// Jobs that overlap end each with its own report, whatever the transport's
// moods.
func TestDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		l := &loop{answer: s.Answer, room: 40}
		s.Start(l)
		plan := ports(700)
		var doing sync.WaitGroup
		for i := range 20 {
			doing.Go(func() {
				open := 0
				r, err := s.Do(t.Context(), Job{Addr: addr(i / 2), Plan: plan}, func(_ context.Context, r Reply) error {
					if r.State != Open || r.Item.Port()%100 != 0 {
						t.Errorf("found %+v; want open ones only", r)
					}
					open++
					return nil
				})
				if err != nil || open != 7 || r.Unsettled() != 0 || r.GaveUp {
					t.Errorf("job %d: %d open, %d unsettled, %v; want 7, 0", i, open, r.Unsettled(), err)
				}
			})
		}
		doing.Wait()
		if f := s.Figures(); f.Sent < 20*700 || f.Rate <= 0 {
			t.Errorf("Figures() = %+v; want at least all questions", f)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := s.Do(t.Context(), Job{Addr: addr(1), Plan: plan}, nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Do after Close = %v; want ErrClosed", err)
		}
	})
}

// A job ends with its context, with the error of found, and with the
// transport.
func TestDoEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		s := New(Options{Ready: func(ctx context.Context) error {
			select {
			case <-held:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
		l := &loop{answer: s.Answer}
		s.Start(l)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Do(ctx, Job{Addr: addr(1), Plan: ports(700)}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do while held = %v; want the end of its context", err)
		}
		if l.sent != 0 {
			t.Errorf("%d sent while held; want none", l.sent)
		}
		close(held)
		wrong := errors.New("wrong")
		if _, err := s.Do(t.Context(), Job{Addr: addr(1), Plan: ports(700)}, func(context.Context, Reply) error { return wrong }); !errors.Is(err, wrong) {
			t.Errorf("Do = %v; want the error of found", err)
		}
		l.mu.Lock()
		l.broken = wrong
		l.mu.Unlock()
		if _, err := s.Do(t.Context(), Job{Addr: addr(2), Plan: ports(700)}, nil); !errors.Is(err, wrong) {
			t.Errorf("Do over a broken transport = %v; want its error", err)
		}
		_ = s.Close()
	})
}

// A transport that takes nothing ends the jobs in the end, with a reason.
func TestDoStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		s.Start(&loop{answer: s.Answer, stuck: true})
		began := time.Now()
		if _, err := s.Do(t.Context(), Job{Addr: addr(1), Plan: ports(700)}, nil); !errors.Is(err, ErrStuck) || time.Since(began) > time.Minute {
			t.Errorf("Do = %v after %v; want ErrStuck in half a minute", err, time.Since(began))
		}
		_ = s.Close()
	})
}

func BenchmarkCore(b *testing.B) {
	c := newCore(nil, time.Now())
	c.control.rate, c.control.slow, c.control.ceiling = maxRate, true, maxRate
	plan := ports(1000)
	buf := make([]Probe, 0, batch)
	now := time.Duration(0)
	sent := 0
	for i := 0; sent < b.N; {
		for len(c.hosts) < 256 {
			i++
			c.add(Job{Addr: addr(i), Plan: plan, RTT: time.Millisecond}, now)
		}
		buf, _ = c.compose(now, buf[:0])
		for j := range buf {
			c.answer(&Answer{Addr: buf[j].Addr, Item: buf[j].Item, Tag: buf[j].Tag, State: Closed}, now)
		}
		sent += len(buf)
		now += 64 * time.Microsecond
	}
}
