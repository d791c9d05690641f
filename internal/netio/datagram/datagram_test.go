package datagram

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// sockets are both ways, which keep the same promises where both can.
var sockets = map[string]func(*testing.T) *Socket{
	"unconnected": func(t *testing.T) *Socket {
		s, err := Open(Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
	"connected": func(*testing.T) *Socket {
		return Connected(func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "udp", to.String())
		}, Options{})
	},
}

// each runs a test with both ways.
func each(t *testing.T, test func(t *testing.T, s *Socket)) {
	for name, open := range sockets {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			defer func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close = %v", err)
				}
			}()
			test(t, s)
		})
	}
}

// heard collects answers.
type heard struct {
	mu   sync.Mutex
	list []string
	bell chan struct{}
}

func newHeard() *heard { return &heard{bell: make(chan struct{}, 1000)} }

func (h *heard) take(a Answer) {
	h.mu.Lock()
	line := fmt.Sprintf("%v %v", a.From, a.State)
	if a.State == sweep.Open {
		line += fmt.Sprintf(" %q", a.Payload)
	}
	h.list = append(h.list, line)
	h.mu.Unlock()
	h.bell <- struct{}{}
}

// want waits for n answers and compares.
func (h *heard) want(t *testing.T, lines ...string) {
	t.Helper()
	for range lines {
		select {
		case <-h.bell:
		case <-time.After(5 * time.Second):
			t.Fatalf("heard %q; want %q", h.list, lines)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	got := map[string]int{}
	for _, l := range h.list {
		got[l]++
	}
	for _, l := range lines {
		got[l]--
	}
	for l, n := range got {
		if n != 0 {
			t.Errorf("heard %q, %d times too often; want %q", l, n, lines)
		}
	}
	h.list = nil
}

// serve answers each datagram to addr with what answer makes of it.
func serve(t *testing.T, addr string, answer func(c net.PacketConn, q []byte, from net.Addr)) netip.AddrPort {
	t.Helper()
	c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", addr)
	if err != nil {
		t.Skipf("no address to serve at: %v", err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := c.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				answer(c, buf[:n], from)
			}
		}
	})
	t.Cleanup(func() {
		c.Close()
		serving.Wait()
	})
	return netip.MustParseAddrPort(c.LocalAddr().String())
}

func echo(c net.PacketConn, q []byte, from net.Addr) { _, _ = c.WriteTo(q, from) }

// unused returns a port of addr where nothing listens.
func unused(t *testing.T, addr string) netip.AddrPort {
	t.Helper()
	c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", net.JoinHostPort(addr, "0"))
	if err != nil {
		t.Skipf("no address to use: %v", err)
	}
	defer c.Close()
	return netip.MustParseAddrPort(c.LocalAddr().String())
}

func TestOpenAndClosed(t *testing.T) {
	for _, addr := range []string{"127.1.5.1", "::1"} {
		open, closed := serve(t, net.JoinHostPort(addr, "0"), echo), unused(t, addr)
		each(t, func(t *testing.T, s *Socket) {
			h := newHeard()
			a := s.Asker(h.take)
			defer a.Close()
			for _, to := range []netip.AddrPort{open, closed} {
				for _, q := range []string{"hello", ""} {
					if err := a.Send(t.Context(), to, []byte(q)); err != nil {
						t.Fatal(err)
					}
					want := fmt.Sprintf("%v open %q", to, q)
					if to == closed {
						want = fmt.Sprintf("%v closed", to)
					}
					h.want(t, want)
				}
			}
		})
	}
}

// An error that the one port left at the socket must keep no other question
// from leaving.
func TestErrorsOfOthers(t *testing.T) {
	open := serve(t, "127.1.5.2:0", echo)
	each(t, func(t *testing.T, s *Socket) {
		h := newHeard()
		a := s.Asker(h.take)
		defer a.Close()
		var want []string
		for i := range 150 {
			closed := netip.AddrPortFrom(netip.MustParseAddr(fmt.Sprintf("127.1.6.%d", i+1)), 9)
			for _, to := range []netip.AddrPort{closed, open} {
				if err := a.Send(t.Context(), to, []byte{byte(i)}); err != nil {
					t.Fatalf("Send(%v) = %v", to, err)
				}
			}
			want = append(want, fmt.Sprintf("%v closed", closed), fmt.Sprintf("%v open %q", open, []byte{byte(i)}))
		}
		h.want(t, want...)
	})
}

// What comes from another port of a host that was asked is told with that port;
// what comes from elsewhere is not.
func TestOtherPorts(t *testing.T) {
	s := sockets["unconnected"](t)
	defer s.Close()
	if _, ok := s.way.(*connected); ok {
		t.Skip("connected sockets hear nothing from other ports")
	}
	send := func(from net.PacketConn, text string, to net.Addr) { _, _ = from.WriteTo([]byte(text), to) }
	listen := func(addr string) net.PacketConn {
		c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	other, foreign := listen("127.1.5.3:0"), listen("127.1.5.4:0")
	open := serve(t, "127.1.5.3:0", func(c net.PacketConn, q []byte, from net.Addr) {
		send(foreign, "foreign", from)
		send(other, "other", from)
		send(c, "same", from)
	})
	h := newHeard()
	a := s.Asker(h.take)
	defer a.Close()
	if err := a.Send(t.Context(), open, []byte("x")); err != nil {
		t.Fatal(err)
	}
	h.want(t, fmt.Sprintf("%v open %q", other.LocalAddr(), "other"), fmt.Sprintf("%v open %q", open, "same"))
}

// Askers share the socket and hear of their own hosts; a closed one hears
// nothing.
func TestAskers(t *testing.T) {
	one, two := serve(t, "127.1.5.5:0", echo), serve(t, "127.1.5.6:0", echo)
	each(t, func(t *testing.T, s *Socket) {
		h1, h2 := newHeard(), newHeard()
		a1, a2 := s.Asker(h1.take), s.Asker(h2.take)
		defer a2.Close()
		for _, err := range []error{a1.Send(t.Context(), one, []byte("1")), a2.Send(t.Context(), two, []byte("2"))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		h1.want(t, fmt.Sprintf("%v open %q", one, "1"))
		h2.want(t, fmt.Sprintf("%v open %q", two, "2"))
		if err := a1.Send(t.Context(), two, []byte("3")); err != nil {
			t.Fatal(err)
		}
		h2.want(t, fmt.Sprintf("%v open %q", two, "3")) // asked the same host
		a1.Close()
		if err := a2.Send(t.Context(), two, []byte("4")); err != nil {
			t.Fatal(err)
		}
		h2.want(t, fmt.Sprintf("%v open %q", two, "4"))
		h1.mu.Lock()
		defer h1.mu.Unlock()
		for _, l := range h1.list {
			if l == fmt.Sprintf("%v open %q", two, "4") {
				t.Errorf("a closed asker heard %q", l)
			}
		}
	})
}

func TestSendFails(t *testing.T) {
	each(t, func(t *testing.T, s *Socket) {
		a := s.Asker(func(a Answer) { t.Errorf("heard %+v", a) })
		defer a.Close()
		for to, want := range map[string]harrier.Kind{
			"127.1.5.7:0":               harrier.Invalid,
			"255.255.255.255:9":         harrier.Unavailable, // a broadcast
			"[fe80::1%hru-no-such-if]:": harrier.Unavailable,
		} {
			addr, err := netip.ParseAddrPort(to)
			if err != nil {
				addr = netip.AddrPortFrom(netip.MustParseAddr("fe80::1%hru-no-such-if"), 9)
			}
			if _, ok := s.way.(*connected); ok && addr.Addr().Is4() && addr.Port() == 9 {
				continue // such sockets may broadcast: a Net allows no such target
			}
			if err := a.Send(t.Context(), addr, nil); harrier.KindOf(err) != want {
				t.Errorf("Send(%v) = %v; want %v", addr, err, want)
			}
		}
	})
}

// However many ports are asked, no more sockets are open than allowed, and those
// that nobody needs any more make room.
func TestConnectedPlaces(t *testing.T) {
	var mu sync.Mutex
	open, most := 0, 0
	s := Connected(func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, "udp", to.String())
		mu.Lock()
		open++
		most = max(most, open)
		mu.Unlock()
		return counting{c, func() {
			mu.Lock()
			open--
			mu.Unlock()
		}}, err
	}, Options{Ports: 4, Linger: 50 * time.Millisecond})
	h := newHeard()
	a := s.Asker(h.take)
	var want []string
	for i := range 20 {
		to := serve(t, fmt.Sprintf("127.1.5.8:%d", 20_000+i), echo)
		if err := a.Send(t.Context(), to, []byte("q")); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%v open %q", to, "q"))
	}
	h.want(t, want...)
	a.Close()
	s.Close()
	if most > 4 || open != 0 {
		t.Errorf("%d sockets at a time, %d at the end; want 4 at most, none at the end", most, open)
	}
}

type counting struct {
	net.Conn
	gone func()
}

func (c counting) Close() error {
	err := c.Conn.Close()
	if err == nil {
		c.gone()
	}
	return err
}

// Stopping while a place is awaited ends the wait.
func TestConnectedStops(t *testing.T) {
	s := Connected(func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", to.String())
	}, Options{Ports: 1, Linger: time.Hour})
	defer s.Close()
	a := s.Asker(func(Answer) {})
	defer a.Close()
	quiet := func(net.PacketConn, []byte, net.Addr) {}
	if err := a.Send(t.Context(), serve(t, "127.1.5.9:0", quiet), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := a.Send(ctx, serve(t, "127.1.5.9:0", quiet), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Send without a place = %v; want the context's error", err)
	}
}

func TestJudge(t *testing.T) {
	filtered, far := verdict{sweep.Unreachable, true}, verdict{sweep.Unreachable, false}
	for _, c := range []struct {
		four, byHost bool
		kind, code   uint8
		want         verdict
	}{
		{true, true, 3, 3, verdict{state: sweep.Closed}},
		{true, false, 3, 3, filtered},
		{true, true, 3, 0, far},
		{true, false, 3, 1, far},
		{true, true, 3, 2, filtered},
		{true, false, 3, 9, filtered},
		{true, false, 3, 10, filtered},
		{true, true, 3, 13, filtered},
		{true, true, 3, 4, nothing},
		{true, true, 3, 16, nothing},
		{true, true, 11, 0, nothing},
		{true, true, 1, 4, nothing},
		{false, true, 1, 4, verdict{state: sweep.Closed}},
		{false, false, 1, 4, filtered},
		{false, true, 1, 1, filtered},
		{false, true, 1, 3, far},
		{false, true, 1, 6, filtered},
		{false, true, 1, 7, nothing},
		{false, true, 3, 3, nothing},
		{false, true, 2, 0, nothing},
	} {
		if got := judge(c.four, c.kind, c.code, c.byHost); got != c.want {
			t.Errorf("judge(four %v, type %d, code %d, by the host %v) = %+v; want %+v", c.four, c.kind, c.code, c.byHost, got, c.want)
		}
	}
}
