package netio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listener accepts at addr and counts.
func listener(t *testing.T, addr string) (netip.AddrPort, *atomic.Int64) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatalf("Listen(%s) = %v", addr, err)
	}
	var count atomic.Int64
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			c.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		accepting.Wait()
	})
	return netip.MustParseAddrPort(l.Addr().String()), &count
}

func targets(t *testing.T, s string) harrier.Targets {
	t.Helper()
	ts, err := harrier.ParseTargets(s)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func mapped(to netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port())
}

// Nothing leaves for an address that a guard rule or an exclusion names, or
// that nobody declared, whatever its form.
func TestForbidden(t *testing.T) {
	never, seenNever := listener(t, "127.1.3.1:0")
	excluded, seenExcluded := listener(t, "127.1.3.2:0")
	other, seenOther := listener(t, "127.1.3.3:0")
	n := New(harrier.Guard{Never: []netip.Prefix{netip.MustParsePrefix("127.1.3.1/32")}}, targets(t, "127.1.3.2"), Pace{})
	var left atomic.Int64
	n.Saw = func(string, netip.AddrPort) { left.Add(1) }
	for _, to := range []netip.AddrPort{never, excluded, mapped(never), mapped(excluded)} {
		if err := n.Declare(to.Addr(), 0); harrier.KindOf(err) != harrier.Forbidden {
			t.Errorf("Declare(%v) = %v; want Forbidden", to.Addr(), err)
		}
	}
	for _, to := range []netip.AddrPort{never, excluded, mapped(never), other, mapped(other), {}, netip.MustParseAddrPort("0.0.0.0:80")} {
		for _, network := range []string{"tcp", "udp"} {
			if c, err := n.Dial(t.Context(), network, to); harrier.KindOf(err) != harrier.Forbidden {
				t.Errorf("Dial(%s, %v) = %v, %v; want Forbidden", network, to, c, err)
			}
		}
		if _, err := n.Sweep(t.Context(), Job{Addr: to.Addr(), Plan: synPlan(to.Port())}, nil); harrier.KindOf(err) != harrier.Forbidden {
			t.Errorf("Sweep(%v) = %v; want Forbidden", to, err)
		}
		if _, err := n.Ping(t.Context(), to.Addr(), time.Second); harrier.KindOf(err) != harrier.Forbidden {
			t.Errorf("Ping(%v) = %v; want Forbidden", to.Addr(), err)
		}
	}
	if n.Sent()+left.Load()+seenNever.Load()+seenExcluded.Load()+seenOther.Load() != 0 {
		t.Errorf("%d sent, %d left, seen %d, %d, %d times; want none", n.Sent(), left.Load(), seenNever.Load(), seenExcluded.Load(), seenOther.Load())
	}
	if n.Refused() == 0 {
		t.Error("Refused() = 0; want the attempts counted")
	}
}

func TestDeclareEnds(t *testing.T) {
	to, _ := listener(t, "127.1.3.4:0")
	n := New(harrier.Guard{}, nil, Pace{})
	for range 2 {
		if err := n.Declare(to.Addr(), 0); err != nil {
			t.Fatal(err)
		}
	}
	n.Release(to.Addr())
	defer n.Close()
	if r, err := n.Sweep(t.Context(), Job{Addr: to.Addr(), Plan: synPlan(to.Port())}, nil); err != nil || r.State(0) != Open {
		t.Errorf("Sweep after one of two releases = %v; want open", err)
	}
	n.Release(to.Addr())
	if _, err := n.Sweep(t.Context(), Job{Addr: to.Addr(), Plan: synPlan(to.Port())}, nil); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("Sweep after both releases = %v; want Forbidden", err)
	}
}

func TestClassify(t *testing.T) {
	for err, want := range map[error]State{
		nil:                                    Open,
		syscall.ECONNREFUSED:                   Closed,
		syscall.EHOSTUNREACH:                   Unreachable,
		syscall.ETIMEDOUT:                      Silent,
		os.ErrDeadlineExceeded:                 Silent,
		context.DeadlineExceeded:               Silent,
		context.Canceled:                       Local,
		syscall.EMFILE:                         Local,
		syscall.EADDRNOTAVAIL:                  Local,
		syscall.ENOBUFS:                        Local,
		errors.New("something unheard of"):     Local,
		fmt.Errorf("deep: %w", syscall.EMFILE): Local,
	} {
		if got := Classify(err); got != want {
			t.Errorf("Classify(%v) = %v; want %v", err, got, want)
		}
	}
}

// A rate holds over any second, in all and for each host.
func TestRate(t *testing.T) {
	for _, test := range []struct {
		pace   Pace
		host   int
		sends  int
		atMost int // in any second
	}{
		{Pace{Rate: 100}, 0, 500, 105},
		{Pace{HostRate: 40}, 0, 200, 42},
		{Pace{Rate: 1000, HostRate: 40}, 5, 30, 6},
		{Pace{Rate: 10}, 40, 50, 11},
	} {
		synctest.Test(t, func(t *testing.T) {
			n, a := New(harrier.Guard{}, nil, test.pace), netip.MustParseAddr("127.1.3.6")
			if err := n.Declare(a, test.host); err != nil {
				t.Fatal(err)
			}
			h, err := n.admit("tcp", netip.AddrPortFrom(a, 1))
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var at []time.Time
			n.Saw = func(string, netip.AddrPort) {
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now())
			}
			var sending sync.WaitGroup
			for i := range test.sends {
				sending.Go(func() { _ = n.pass(t.Context(), h, "tcp", netip.AddrPortFrom(a, 1), i%2 == 0) })
			}
			sending.Wait()
			for i := range at {
				if j := i + test.atMost; j < len(at) && at[j].Sub(at[i]) < time.Second {
					t.Fatalf("%+v: %d packets within %v; want at most %d a second", test.pace, test.atMost+1, at[j].Sub(at[i]), test.atMost)
				}
			}
			if want := time.Duration(test.sends) * time.Second / time.Duration(test.atMost) * 9 / 10; at[len(at)-1].Sub(at[0]) > 2*want {
				t.Errorf("%+v: %d packets took %v; want about %v", test.pace, len(at), at[len(at)-1].Sub(at[0]), want)
			}
		})
	}
}

// While held nothing leaves, and what waited does not leave in one burst.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a := New(harrier.Guard{}, nil, Pace{Rate: 100}), netip.MustParseAddr("127.1.3.7")
		if err := n.Declare(a, 0); err != nil {
			t.Fatal(err)
		}
		h, _ := n.admit("tcp", netip.AddrPortFrom(a, 1))
		n.Hold()
		n.Hold() // twice is once
		var sending sync.WaitGroup
		for range 200 {
			sending.Go(func() { _ = n.pass(t.Context(), h, "tcp", netip.AddrPortFrom(a, 1), false) })
		}
		time.Sleep(time.Minute)
		if n.Sent() != 0 || !n.Held() || n.Holds() != 1 {
			t.Errorf("held: %d sent, Held() = %v, Holds() = %d; want 0, true, 1", n.Sent(), n.Held(), n.Holds())
		}
		n.Resume()
		time.Sleep(time.Second)
		if n.Sent() == 0 || n.Sent() > 106 {
			t.Errorf("%d sent in the second after a pause; want at most 106", n.Sent())
		}
		sending.Wait()
		n.Hold()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := n.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ready while held = %v; want the context's end", err)
		}
	})
}

// A connection that is open when the scan is paused says nothing more.
func TestHoldWrite(t *testing.T) {
	to, _ := listener(t, "127.1.3.8:0")
	n := New(harrier.Guard{}, nil, Pace{})
	if err := n.Declare(to.Addr(), 0); err != nil {
		t.Fatal(err)
	}
	c, err := n.Dial(t.Context(), "udp", to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("1")); err != nil {
		t.Fatal(err)
	}
	n.Hold()
	failed := make(chan error)
	go func() {
		_, err := c.Write([]byte("2"))
		failed <- err
	}()
	select {
	case err := <-failed:
		t.Errorf("Write while held = %v; want to wait", err)
	case <-time.After(100 * time.Millisecond):
		c.Close()
		if err := <-failed; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write on a connection that is closed while held = %v; want %v", err, net.ErrClosed)
		}
	}
	if n.SentTo(to.Addr()) != 1 {
		t.Errorf("SentTo = %d; want 1", n.SentTo(to.Addr()))
	}
}

// Connections wait for a file, and give it back.
func TestFiles(t *testing.T) {
	to, _ := listener(t, "127.1.3.9:0")
	n := New(harrier.Guard{}, nil, Pace{Files: 2})
	if err := n.Declare(to.Addr(), 0); err != nil {
		t.Fatal(err)
	}
	var open []net.Conn
	for range 2 {
		c, err := n.Dial(t.Context(), "tcp", to)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := n.Dial(ctx, "tcp", to); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third Dial with two files = %v; want to wait", err)
	}
	open[0].Close()
	open[0].Close() // twice gives one file back
	c, err := n.Dial(t.Context(), "tcp", to)
	if err != nil {
		t.Errorf("Dial after a Close = %v", err)
	}
	for _, c := range []net.Conn{open[1], c} {
		c.Close()
	}
	if got, want := share(1024), 768; got != want {
		t.Errorf("share(1024) = %d; want %d", got, want)
	}
	if got, want := share(20), 4; got != want {
		t.Errorf("share(20) = %d; want %d", got, want)
	}
}

func TestPing(t *testing.T) {
	n := New(harrier.Guard{}, nil, Pace{})
	for _, a := range []netip.Addr{netip.MustParseAddr("127.1.3.10"), netip.IPv6Loopback()} {
		if err := n.Declare(a, 0); err != nil {
			t.Fatal(err)
		}
		rtt, err := n.Ping(t.Context(), a, time.Second)
		switch {
		case errors.Is(err, ErrNoPing) && !MayPing():
			t.Logf("echo requests are not permitted here")
		case a.Is6() && Classify(err) == Local: // no IPv6 here
		case err != nil || rtt <= 0:
			t.Errorf("Ping(%v) = %v, %v; want an answer", a, rtt, err)
		}
	}
}
