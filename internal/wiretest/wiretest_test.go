package wiretest_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var to = netip.MustParseAddrPort("192.0.2.1:80")

func talk(t *testing.T, dial wiretest.Dialer, say string) string {
	t.Helper()
	c, err := dial(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if say != "" {
		if _, err := io.WriteString(c, say); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return string(got)
}

func TestPeers(t *testing.T) {
	script := wiretest.Script(wiretest.Step{Unasked: true, Say: "hello "}, wiretest.Step{Expect: []byte("EHLO"), Say: "250"})
	for _, c := range []struct {
		name string
		dial wiretest.Dialer
		say  string
		want string
	}{
		{"answer", wiretest.Answer("pong"), "ping", "pong"},
		{"answer without a question", wiretest.Answer("pong"), "", ""},
		{"hang up", wiretest.Answer(""), "ping", ""},
		{"banner", wiretest.Banner("220 hi"), "", "220 hi"},
		{"silence", wiretest.Silence(), "ping", ""},
		{"script", script, "EHLO x", "hello 250"},
		{"script with another question", script, "HELO x", "hello "},
		{"replies by the longest prefix", wiretest.Replies(map[string]string{"GET": "a", "GET /x": "b"}), "GET /xy", "b"},
		{"replies else", wiretest.Replies(map[string]string{"GET": "a", "": "c"}), "PUT", "c"},
		{"no reply", wiretest.Replies(map[string]string{"GET": "a"}), "PUT", ""},
	} {
		if got := talk(t, c.dial, c.say); got != c.want {
			t.Errorf("%s: %q is answered %q; want %q", c.name, c.say, got, c.want)
		}
	}
	if _, err := wiretest.Refuse()(t.Context(), "tcp", to); !errors.Is(err, wiretest.ErrRefused) {
		t.Errorf("Refuse = %v; want ErrRefused", err)
	}
}

func TestRecorder(t *testing.T) {
	r := wiretest.Recorder{Dial: wiretest.Answer("pong")}
	talk(t, r.Dialer(), "ping")
	if r.Sent() != "ping" || r.Heard() != "pong" || len(r.Dialed()) != 1 || r.Dialed()[0] != to {
		t.Errorf("recorded %q, %q, %v; want ping, pong, one connection", r.Sent(), r.Heard(), r.Dialed())
	}
}

func TestMessages(t *testing.T) {
	near, far := wiretest.Pipe("udp", to)
	defer near.Close()
	for _, m := range []string{"one", "two"} {
		if _, err := io.WriteString(far, m); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 2)
	for _, want := range []string{"on", "tw"} { // a message that is too long is cut, not continued
		if n, err := near.Read(b); err != nil || string(b[:n]) != want {
			t.Errorf("Read = %q, %v; want %q", b[:n], err, want)
		}
	}
	var _ net.Conn = near
}
