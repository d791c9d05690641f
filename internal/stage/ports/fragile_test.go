package ports

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/probe/question"
)

// Devices of control systems get nothing at all unless the policy says so.
func TestFragilePorts(t *testing.T) {
	list := []uint16{502, 1740, 2222, 2362, 3671, 4070, 5094, 9600, 17185, 20000, 30718, 34964, 41794, 44818, 47808}
	for _, p := range list {
		if !question.Fragile(p) {
			t.Errorf("port %d is not called fragile", p)
		}
	}
	n := netio.New(harrier.Guard{}, nil, netio.Pace{})
	defer n.Close()
	a := netip.MustParseAddr("127.1.2.41")
	if err := n.Declare(a, 0); err != nil {
		t.Fatal(err)
	}
	for fragile, want := range map[bool]int64{false: 1, true: 1 + int64(len(list))} {
		before := n.Sent()
		s := newUDPScan(n, Target{Addr: a}, append([]uint16{501}, list...), func(context.Context, harrier.Endpoint, question.Heard) error { return nil })
		s.fragile = fragile
		if err := s.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := s.report()
		if sent := n.Sent() - before; sent < want || !fragile && sent != want {
			t.Errorf("fragile %v: %d datagrams; want %d", fragile, sent, want)
		}
		if left := s.openFiltered(); !fragile && (r.Silent != len(list) || len(left.UDP) != 0 || r.Reason == "") {
			t.Errorf("fragile %v: %+v, open|filtered %v; want them left out with a reason", fragile, r, left)
		}
	}
}

// Whatever comes back from a UDP port, the port is open and nothing else.
func FuzzAnswer(f *testing.F) {
	c, err := (&net.ListenConfig{}).ListenPacket(f.Context(), "udp", "127.1.2.40:0")
	if err != nil {
		f.Fatal(err)
	}
	var answer atomic.Pointer[[]byte]
	var serving sync.WaitGroup
	serving.Go(func() {
		buf := make([]byte, 2048)
		for {
			_, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = c.WriteTo(*answer.Load(), from)
		}
	})
	f.Cleanup(func() {
		c.Close()
		serving.Wait()
	})
	at := netip.MustParseAddrPort(c.LocalAddr().String())
	n := netio.New(harrier.Guard{}, nil, netio.Pace{})
	f.Cleanup(func() { n.Close() })
	if err := n.Declare(at.Addr(), 0); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{nil, {0}, []byte("\x30\x29\x02\x01\x01"), make([]byte, 4000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 60_000 {
			return
		}
		answer.Store(&data)
		s := newUDPScan(n, Target{Addr: at.Addr()}, []uint16{at.Port()}, func(context.Context, harrier.Endpoint, question.Heard) error { return nil })
		if err := s.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := s.report(); len(r.Open) != 1 || r.Known.Count(harrier.UDP) != 1 || r.Silent != 0 {
			t.Errorf("after %d bytes: %+v; want one open port", len(data), r)
		}
	})
}
