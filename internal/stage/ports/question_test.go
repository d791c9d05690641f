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
)

func TestQuestions(t *testing.T) {
	seen := map[uint16]string{}
	protocols := 0
	for port, data := range questions {
		if len(data) > 512 {
			t.Errorf("the question for port %d has %d bytes; want a small one", port, len(data))
		}
	}
	for _, q := range questionList {
		if q.protocol == "" || len(q.ports) == 0 {
			t.Errorf("question %+v lacks a protocol or ports", q)
		}
		if q.data != nil {
			protocols++
		}
		for _, p := range q.ports {
			if seen[p] != "" {
				t.Errorf("port %d is asked %s and %s", p, seen[p], q.protocol)
			}
			seen[p] = q.protocol
		}
	}
	if protocols < 24 {
		t.Errorf("%d protocols have a question; want two dozen", protocols)
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
		s := newUDPScan(n, Target{Addr: at.Addr()}, []uint16{at.Port()}, func(context.Context, harrier.Endpoint) error { return nil })
		if err := s.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := s.report(); len(r.Open) != 1 || r.Known.Count(harrier.UDP) != 1 || r.Silent != 0 {
			t.Errorf("after %d bytes: %+v; want one open port", len(data), r)
		}
	})
}
