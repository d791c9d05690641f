package ports

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
)

func TestQuestionList(t *testing.T) {
	seen := map[uint16][]string{}
	names := map[string]bool{}
	asked := 0
	for _, q := range questionList {
		if q.protocol == "" || len(q.ports) == 0 || names[q.protocol] {
			t.Errorf("%q is no name of its own, or has no port", q.protocol)
		}
		names[q.protocol] = true
		if len(q.data) > 0 {
			asked++
		}
		for i, d := range q.data {
			if len(d) == 0 || len(d) > 1232 { // what any path takes in one piece: RFC 8200, section 5
				t.Errorf("question %d of %s has %d bytes", i, q.protocol, len(d))
			}
			if slices.ContainsFunc(q.data[:i], func(other []byte) bool { return string(other) == string(d) }) {
				t.Errorf("question %d of %s repeats another", i, q.protocol)
			}
		}
		for _, p := range q.ports {
			seen[p] = append(seen[p], q.protocol)
		}
	}
	if asked < 55 {
		t.Errorf("%d protocols have a question; want 55", asked)
	}
	shared := map[uint16][]string{443: {"quic", "dtls"}, 853: {"quic", "dtls"}, 5349: {"dtls", "stun"}}
	for p, protocols := range seen {
		if len(protocols) > 1 && !slices.Equal(protocols, shared[p]) {
			t.Errorf("port %d is asked %v; want one protocol", p, protocols)
		}
	}
}

func TestQuestionsOf(t *testing.T) {
	for _, c := range []struct {
		port      uint16
		try, want int
	}{
		{161, 0, 1},
		{161, 1, 2},
		{161, 2, 1},
		{161, 255, 1},
		{69, 0, 1},
		{69, 1, 1},
		{443, 1, 1},
		{1, 0, 1},
		{1, 1, 1},
		{1, 9, 1},
	} {
		if got := questionsOf(c.port, c.try); len(got) != c.want {
			t.Errorf("questionsOf(%d, %d) = %d datagrams; want %d", c.port, c.try, len(got), c.want)
		}
	}
	if q := Question(51820); q != nil {
		t.Errorf("Question(51820) = %x; want nothing", q)
	}
}

// Devices of control systems get nothing at all unless the policy says so.
func TestFragilePorts(t *testing.T) {
	list := []uint16{502, 1740, 2222, 2362, 3671, 4070, 5094, 9600, 17185, 20000, 30718, 34964, 41794, 44818, 47808}
	for _, p := range list {
		if !Fragile(p) {
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
		s := newUDPScan(n, Target{Addr: a}, append([]uint16{501}, list...), func(context.Context, harrier.Endpoint) error { return nil })
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
		s := newUDPScan(n, Target{Addr: at.Addr()}, []uint16{at.Port()}, func(context.Context, harrier.Endpoint) error { return nil })
		if err := s.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := s.report(); len(r.Open) != 1 || r.Known.Count(harrier.UDP) != 1 || r.Silent != 0 {
			t.Errorf("after %d bytes: %+v; want one open port", len(data), r)
		}
	})
}

// What the recognisers of answers from other ports take is of a form that they
// promise, whatever comes.
func FuzzElsewhere(f *testing.F) {
	f.Add([]byte("\x00\x05\x00\x01File not found\x00"))
	f.Add([]byte("\x00\x03\x00\x01contents"))
	f.Add([]byte("\x00\x06tsize\x00100\x00"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n"))
	f.Add([]byte("<d:ProbeMatches xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches\">"))
	f.Fuzz(func(t *testing.T, b []byte) {
		matched := 0
		for _, e := range elsewhere {
			if e.elsewhere(b) {
				matched++
			}
		}
		if tftpAnswer(b) && (len(b) > 516 && b[1] == 3 || b[0] != 0 || b[1] < 3 || b[1] > 6 || b[1] == 4) {
			t.Errorf("%x is taken for an answer of TFTP", b)
		}
		if matched > 1 && !wsdAnswer(b) { // which looks for a name anywhere
			t.Errorf("%q is taken for %d protocols", b, matched)
		}
	})
}

func TestElsewhere(t *testing.T) {
	for answer, want := range map[string][3]bool{
		"\x00\x05\x00\x01File not found\x00":                            {true, false, false},
		"\x00\x05\x00\x01two\x00texts\x00":                              {},
		"\x00\x05\x00\x09no such code\x00":                              {},
		"\x00\x05\x00\x01unended":                                       {},
		"\x00\x03\x00\x01":                                              {},
		"\x00\x03\x00\x01x":                                             {true, false, false},
		"\x00\x03\x00\x02x":                                             {},
		"\x00\x06blksize\x00512\x00":                                    {true, false, false},
		"\x00\x06blksize\x00512":                                        {},
		"HTTP/1.1 200 OK\r\nst: upnp:rootdevice\r\nusn: uuid:1\r\n\r\n": {false, true, false},
		"HTTP/1.1 404 Not Found\r\n\r\n":                                {},
		"<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches": {false, false, true},
		"": {},
	} {
		if got := [3]bool{tftpAnswer([]byte(answer)), ssdpAnswer([]byte(answer)), wsdAnswer([]byte(answer))}; got != want {
			t.Errorf("recognised %q as %v; want %v", answer, got, want)
		}
	}
}
