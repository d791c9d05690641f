// Package checktest plays peers to checks: scripted ones, and real daemons on
// the loopback with data of their own.
package checktest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// Case is a peer and what a check must say of it.
type Case struct {
	Name string
	Dial wiretest.Dialer
	Want harrier.Verdict
}

// Play puts c to the peers of cases, and to those that every check must be
// Unknown about: one that refuses, hangs up, keeps silent, or speaks something
// else.
func Play(t *testing.T, c check.Check, service harrier.Service, cases ...Case) {
	t.Helper()
	if c.Applies != nil && !c.Applies(service) {
		t.Errorf("%s does not apply to %s on %s", c.Vulnerability.Slug, service.Name, service.Endpoint)
	}
	strangers := []Case{
		{"refuses", wiretest.Refuse(), harrier.Unknown},
		{"hangs up", wiretest.Answer(""), harrier.Unknown},
		{"keeps silent", wiretest.Silence(), harrier.Unknown},
		{"speaks noise", wiretest.Answer("\x00\x01\x02\x03\xfe\xfd\xfc\xfb\x80\x81noise noise noise\x00\x00\x00\x00"), harrier.Unknown},
	}
	for _, p := range append(cases, strangers...) {
		t.Run(p.Name, func(t *testing.T) {
			target := check.Target{
				Addr: netip.MustParseAddr("127.0.0.1"), Service: service, Dial: p.Dial, Timeout: 200 * time.Millisecond,
				Host: harrier.Host{Alive: true},
			}
			Expect(t, c, target, p.Want)
		})
	}
}

// Expect runs c on target and wants a verdict: Present with evidence, Unknown
// with an error, Absent with neither.
func Expect(t *testing.T, c check.Check, target check.Target, want harrier.Verdict) {
	t.Helper()
	got, evidence, err := c.Run(t.Context(), target)
	if got != want {
		t.Errorf("Run = %v, %q, %v; want %v", got, evidence, err, want)
	}
	if (got == harrier.Present) != (evidence != "") || (got == harrier.Unknown) != (err != nil) {
		t.Errorf("Run = %v with evidence %q and error %v; they do not fit", got, evidence, err)
	}
}

// At is a target on the loopback that is really dialed.
func At(name string, port uint16, secure bool) check.Target {
	return check.Target{
		Addr: netip.MustParseAddr("127.0.0.1"), Timeout: 5 * time.Second,
		Service: harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Name: name, TLS: secure},
		Dial: func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, to.String())
		},
	}
}

// Web is a target served by handler, over TLS when secure.
func Web(t *testing.T, secure bool, handler http.HandlerFunc) check.Target {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return At("http", netip.MustParseAddrPort(s.Listener.Addr().String()).Port(), secure)
}

// Port returns a TCP port of the loopback that nobody listens on.
func Port(t *testing.T) uint16 {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}

// Free reports whether nobody listens on port of the loopback.
func Free(t *testing.T, port uint16) bool {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// Write puts a file into a folder of the test and returns its path.
func Write(t *testing.T, name, text string) string {
	t.Helper()
	path := t.TempDir() + "/" + name
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Status is a handler that answers every request alike.
func Status(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}
