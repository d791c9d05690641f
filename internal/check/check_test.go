package check

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBER(t *testing.T) {
	for _, c := range []struct {
		size int
		head []byte
	}{
		{0, []byte{4, 0}},
		{127, []byte{4, 127}},
		{300, []byte{4, 0x84, 0, 0, 1, 44}},
	} {
		content := bytes.Repeat([]byte{7}, c.size)
		b := BER(4, content)
		if !bytes.HasPrefix(b, c.head) {
			t.Errorf("BER of %d bytes begins % x; want % x", c.size, b[:min(len(b), 6)], c.head)
		}
		tag, got, rest, ok := ReadBER(append(b, 9))
		if !ok || tag != 4 || !bytes.Equal(got, content) || !bytes.Equal(rest, []byte{9}) {
			t.Errorf("ReadBER of %d bytes = %d, %d bytes, % x, %v; want what was written", c.size, tag, len(got), rest, ok)
		}
	}
	if b := BERNumber(2, 300); !bytes.Equal(b, []byte{2, 4, 0, 0, 1, 44}) {
		t.Errorf("BERNumber(300) = % x", b)
	}
}

func FuzzReadBER(f *testing.F) {
	f.Add(BER(0x30, BERNumber(2, 1), BER(4, bytes.Repeat([]byte{1}, 200))))
	f.Add([]byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			_, content, rest, ok := ReadBER(b)
			if !ok {
				return
			}
			if len(content)+len(rest) >= len(b) {
				t.Fatalf("ReadBER of %d bytes gives %d and leaves %d", len(b), len(content), len(rest))
			}
			b = rest
		}
	})
}

func target(dial wiretest.Dialer) Target {
	return Target{Addr: netip.MustParseAddr("192.0.2.1"), Service: harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 21}}, Dial: dial, Timeout: 200 * time.Millisecond}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]int{
		"220 ready\r\n":                         220,
		"220\r\n":                               220,
		"220-a\r\n220-b\r\n220 c\r\n":           220,
		"250-a\r\n b\r\nc\r\n250 d\r\n":         250,
		"hello\r\n":                             0,
		"99 no\r\n":                             0,
		"\r\n":                                  0,
		"220x\r\n":                              0,
		"":                                      0,
		"220-" + "a\r\n220-b\r\n":               0,
		"SSH-2.0-OpenSSH_9.2p1\r\n220 late\r\n": 0,
	} {
		c, err := target(wiretest.Serve(func(c net.Conn) { _, _ = c.Write([]byte(in)) })).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := c.Code()
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("Code(%q) = %d, %v; want %d", in, got, err, want)
		}
		_ = c.Close()
	}
}

func FuzzCode(f *testing.F) {
	f.Add([]byte("220-a\r\n220 b\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := target(wiretest.Serve(func(c net.Conn) { _, _ = c.Write(b) })).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if code, _, err := c.Code(); err == nil && (code < 100 || code > 599) {
			t.Errorf("Code(%q) = %d", b, code)
		}
	})
}

func TestFact(t *testing.T) {
	var x Target
	if _, err := x.Fact("ssh.kex"); !errors.Is(err, ErrNoFact) {
		t.Errorf("Fact = %v; want ErrNoFact", err)
	}
	x.Service.Facts = map[string]string{"ssh.kex": "a"}
	if got, err := x.Fact("ssh.kex"); got != "a" || err != nil {
		t.Errorf("Fact = %q, %v; want a", got, err)
	}
}

func TestURL(t *testing.T) {
	for _, c := range []struct {
		addr, name string
		port       uint16
		tls        bool
		want       string
	}{
		{"192.0.2.1", "", 80, false, "http://192.0.2.1/a"},
		{"192.0.2.1", "", 8080, false, "http://192.0.2.1:8080/a"},
		{"2001:db8::1", "", 443, true, "https://[2001:db8::1]/a"},
		{"192.0.2.1", "a.example", 8443, true, "https://a.example:8443/a"},
	} {
		x := Target{Addr: netip.MustParseAddr(c.addr), Name: c.name, Service: harrier.Service{Endpoint: harrier.Endpoint{Port: c.port}, TLS: c.tls}}
		if got := x.URL("/a"); got != c.want {
			t.Errorf("URL = %s; want %s", got, c.want)
		}
	}
}

func TestHTTPLimits(t *testing.T) {
	endless := wiretest.Serve(func(c net.Conn) {
		buf := make([]byte, 4096)
		_, _ = c.Read(buf)
		_, _ = c.Write([]byte("HTTP/1.1 302 Found\r\nLocation: http://198.51.100.1/\r\n\r\n"))
		for range 64 {
			if _, err := c.Write(buf); err != nil {
				return
			}
		}
	})
	r, err := target(endless).Get(t.Context(), "/")
	if err != nil || r.Status != http.StatusFound || len(r.Body) != maxMessage {
		t.Errorf("Get = %d with %d bytes, %v; want 302, not followed, with %d", r.Status, len(r.Body), err, maxMessage)
	}
}
