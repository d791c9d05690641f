package ports

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/datagram"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// udpHost answers in virtual time, after a round trip: some ports are open, some
// dropped by a filter, and of the others it tells as often as a token bucket
// lets it.
type udpHost struct {
	trip    time.Duration
	open    func(port uint16) bool // nil: none
	dropped func(port uint16) bool // nil: none
	every   time.Duration          // between ICMP errors; 0: no limit
	burst   float64                // of them
	refuse  error                  // of sending

	mu     sync.Mutex
	tokens float64
	last   time.Time
	sent   map[uint16]int
	total  int
	answer func(datagram.Answer)
}

var udpHostAddr = netip.MustParseAddr("192.0.2.1")

func (h *udpHost) datagrams(answer func(datagram.Answer)) (sendFunc, func()) {
	h.tokens, h.last, h.sent, h.answer = h.burst, time.Now(), map[uint16]int{}, answer
	var pending sync.WaitGroup
	ended := false
	send := func(ctx context.Context, to netip.AddrPort, _ []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if h.refuse != nil {
			return h.refuse
		}
		h.sent[to.Port()]++
		h.total++
		pending.Add(1)
		time.AfterFunc(h.trip, func() {
			defer pending.Done()
			h.mu.Lock()
			defer h.mu.Unlock()
			if state := h.state(to.Port()); state != sweep.Silent && !ended {
				answer(datagram.Answer{From: to, By: to.Addr(), State: state, At: time.Now()})
			}
		})
		return nil
	}
	return send, func() {
		h.mu.Lock()
		ended = true
		h.mu.Unlock()
		pending.Wait()
	}
}

func (h *udpHost) state(port uint16) sweep.State {
	switch {
	case h.open != nil && h.open(port):
		return sweep.Open
	case h.dropped != nil && h.dropped(port):
		return sweep.Silent
	case h.every == 0:
		return sweep.Closed
	}
	now := time.Now()
	h.tokens = min(h.burst, h.tokens+float64(now.Sub(h.last))/float64(h.every))
	h.last = now
	if h.tokens < 1 {
		return sweep.Silent
	}
	h.tokens--
	return sweep.Closed
}

func (h *udpHost) scan(ctx context.Context, list []uint16, found Found) (*udpScan, time.Duration, error) {
	s := newUDPScan(nil, Target{Addr: udpHostAddr}, list, found)
	s.open, s.fragile = h.datagrams, true
	began := time.Now()
	err := s.run(ctx)
	return s, time.Since(began), err
}

func noFound(context.Context, harrier.Endpoint, question.Heard) error { return nil }

func TestUDPPaces(t *testing.T) {
	some := func(ports ...uint16) func(uint16) bool {
		return func(p uint16) bool { return slices.Contains(ports, p) }
	}
	fifth := func(p uint16) bool { return p%5 == 0 }
	for name, c := range map[string]struct {
		host        *udpHost
		ports       []uint16
		open        int
		least, most int           // ports known
		within      time.Duration // virtual
		datagrams   int           // at most
	}{
		"no limit":                        {&udpHost{trip: 20 * time.Millisecond, open: some(53, 2600)}, span(1, 330), 1, 330, 330, 400 * time.Millisecond, 330},
		"no limit, all ports":             {&udpHost{trip: 20 * time.Millisecond, open: some(53, 2600)}, span(1, 65535), 2, 65535, 65535, 10 * time.Second, 66_000},
		"no limit, a filter":              {&udpHost{trip: 20 * time.Millisecond, dropped: fifth}, span(2700, 3199), 0, 400, 400, time.Second, 600},
		"Linux":                           {&udpHost{trip: 5 * time.Millisecond, open: some(2700, 3190), every: time.Second, burst: 6}, span(2700, 3199), 2, 60, 70, 65 * time.Second, 1200},
		"Linux, few ports":                {&udpHost{trip: 5 * time.Millisecond, every: time.Second, burst: 6}, span(2700, 2719), 0, 20, 20, 25 * time.Second, 80},
		"Linux, many ports":               {&udpHost{trip: 5 * time.Millisecond, open: fifth, every: time.Second, burst: 6}, span(10_000, 19_999), 2000, 2060, 2080, 70 * time.Second, 18_500},
		"ten a second":                    {&udpHost{trip: 80 * time.Millisecond, every: 100 * time.Millisecond, burst: 10}, span(2700, 2999), 0, 300, 300, 35 * time.Second, 1200},
		"200 a second":                    {&udpHost{trip: 80 * time.Millisecond, every: 5 * time.Millisecond, burst: 200}, span(2700, 5199), 0, 2500, 2500, 20 * time.Second, 9000},
		"a limit and a filter":            {&udpHost{trip: 5 * time.Millisecond, dropped: fifth, every: 20 * time.Millisecond, burst: 20}, span(2700, 3199), 0, 400, 400, 30 * time.Second, 3000},
		"a long way":                      {&udpHost{trip: 900 * time.Millisecond, open: some(2750)}, span(2700, 2999), 1, 300, 300, 3 * time.Second, 600},
		"all silent":                      {&udpHost{dropped: func(uint16) bool { return true }}, span(2700, 3199), 0, 0, 0, 2500 * time.Millisecond, 1000},
		"all silent, all ports":           {&udpHost{dropped: func(uint16) bool { return true }}, span(1, 65535), 0, 0, 0, 40 * time.Second, 132_000},
		"silent but for a few open ports": {&udpHost{trip: 5 * time.Millisecond, open: some(2700, 2800), dropped: func(uint16) bool { return true }}, span(2700, 3199), 2, 2, 2, time.Second, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, took, err := c.host.scan(t.Context(), c.ports, noFound)
				if err != nil {
					t.Fatal(err)
				}
				r := s.report()
				known, of := r.Known.Count(harrier.UDP), s.openFiltered().Count(harrier.UDP)
				t.Logf("%d known, %d open, %d open|filtered, %d datagrams, %v", known, len(r.Open), of, c.host.total, took)
				if len(r.Open) != c.open || known < c.least || known > c.most {
					t.Errorf("%d open and %d known; want %d and %d-%d", len(r.Open), known, c.open, c.least, c.most)
				}
				if took > c.within || c.host.total > c.datagrams {
					t.Errorf("%v and %d datagrams; want %v and %d at most", took, c.host.total, c.within, c.datagrams)
				}
			})
		})
	}
}

// However the host limits, silence is never taken for an answer, nor a late
// answer for none.
func TestUDPStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &udpHost{trip: time.Millisecond, dropped: func(uint16) bool { return true }}
		s := newUDPScan(nil, Target{Addr: udpHostAddr}, []uint16{0, 2600, 2601, 2602, 2603, 2604, 2605}, noFound)
		s.open = h.datagrams
		at := func(p uint16) netip.AddrPort { return netip.AddrPortFrom(udpHostAddr, p) }
		time.AfterFunc(500*time.Millisecond, func() {
			for _, a := range []datagram.Answer{
				{From: at(2600), State: sweep.Closed},
				{From: at(2600), State: sweep.Open}, // an answer is stronger than an error
				{From: at(2601), State: sweep.Open},
				{From: at(2601), State: sweep.Closed},
				{From: at(2601), State: sweep.Open}, // told once
				{From: at(2602), State: sweep.Unreachable, Prohibited: true},
				{From: at(2699), State: sweep.Open},                                                   // not asked
				{From: netip.MustParseAddrPort("192.0.2.9:2604"), State: sweep.Open},                  // not the host
				{From: at(40_000), State: sweep.Open, Payload: []byte("\x00\x05\x00\x01no file\x00")}, // TFTP was not asked
			} {
				a.At = time.Now()
				h.answer(a)
			}
		})
		time.AfterFunc(400*time.Millisecond, func() { h.answer(datagram.Answer{From: at(2603), State: sweep.Unreachable, At: time.Now()}) })
		time.AfterFunc(600*time.Millisecond, func() { h.answer(datagram.Answer{From: at(2605), State: sweep.Unreachable, At: time.Now()}) })
		if err := s.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		r, of := s.report(), s.openFiltered()
		if got := r.Known.String() + " " + of.String(); got != "U:2600-2603 U:2604" || len(r.Open) != 2 || r.Silent != 2 {
			t.Errorf("known and open|filtered: %s, open %v, %d silent; want 2600-2603, 2604, two and two", got, r.Open, r.Silent)
		}
	})
}

// What can not leave says nothing of the host.
func TestUDPSendFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kind := range []harrier.Kind{harrier.Forbidden, harrier.Unavailable} {
			h := &udpHost{refuse: harrier.Errorf(kind, "no")}
			s, _, err := h.scan(t.Context(), span(2600, 2609), noFound)
			if err != nil {
				t.Errorf("%v: run = %v; want no error", kind, err)
			}
			if r := s.report(); r.Silent != 10 || len(r.Known.UDP) != 0 || len(s.openFiltered().UDP) != 0 {
				t.Errorf("%v: %+v, open|filtered %v; want 10 unknown ports", kind, r, s.openFiltered())
			}
		}
		broken := errors.New("broken")
		h := &udpHost{refuse: broken}
		if _, _, err := h.scan(t.Context(), span(2600, 2609), noFound); !errors.Is(err, broken) {
			t.Errorf("run = %v; want %v", err, broken)
		}
	})
}

// An error of found ends the scan, and so does its context; what is known by
// then is reported.
func TestUDPEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("full")
		h := &udpHost{trip: time.Millisecond, open: func(p uint16) bool { return p == 2605 || p == 2606 }}
		calls := 0
		s, _, err := h.scan(t.Context(), span(2600, 2699), func(context.Context, harrier.Endpoint, question.Heard) error {
			calls++
			return full
		})
		if !errors.Is(err, full) || calls != 1 {
			t.Errorf("run = %v after %d calls of found; want %v after one", err, calls, full)
		}
		if r := s.report(); len(r.Open) == 0 {
			t.Errorf("%+v; want the open port that was found", r)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		h = &udpHost{trip: time.Millisecond, every: time.Second, burst: 6}
		s, took, err := h.scan(ctx, span(2600, 2699), noFound)
		if !errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
			t.Errorf("run = %v after %v; want the context's error at once", err, took)
		}
		if known := s.report().Known.Count(harrier.UDP); known < 10 {
			t.Errorf("%d ports known after 10 s; want ten at least", known)
		}
	})
}

// While found waits, nothing more is sent.
func TestUDPBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &udpHost{trip: time.Millisecond, open: func(uint16) bool { return true }}
		waited := false
		_, _, err := h.scan(t.Context(), span(2600, 4599), func(context.Context, harrier.Endpoint, question.Heard) error {
			if !waited {
				waited = true
				before := h.total
				time.Sleep(time.Minute)
				if h.total != before {
					t.Errorf("%d datagrams left meanwhile", h.total-before)
				}
			}
			return nil
		})
		if err != nil || h.total != 2000 {
			t.Errorf("%d datagrams, %v; want 2000", h.total, err)
		}
	})
}

// span is the ports from first to last.
func span(first, last uint16) []uint16 {
	var out []uint16
	for p := int(first); p <= int(last); p++ {
		out = append(out, uint16(p))
	}
	return out
}
