// Package asmtest has a little internet in one process for tests of the Hexiosec
// ASM API: a zone whose content may change, a resolver, and a web server.
package asmtest

import (
	"image/color"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/dnstest"
)

// Zone is what the zone of acme.test holds at first: two names on one web server,
// an alias to somebody else's name, and mail without any protection.
const Zone = "@ SOA ns1 h 1 1 1 1 60\n@ NS ns1\n@ MX 10 mx.provider.test.\nns1 A 127.0.55.9\n@ A 127.0.55.10\nwww A 127.0.55.10\nshop CNAME edge.provider.test.\n"

// Colour is that of the pages of the web server.
var Colour = color.RGBA{R: 0x11, G: 0x88, B: 0x55, A: 0xff}

// World is the little internet.
type World struct {
	Resolver netip.AddrPort
	Port     uint16       // of the web server at 127.0.55.10
	Met      atomic.Int64 // connections to the web server
	zones    atomic.Pointer[dnstest.Resolver]
}

// ServeDNS answers as the resolver of the moment does.
func (w *World) ServeDNS(to dns.ResponseWriter, q *dns.Msg) { w.zones.Load().ServeDNS(to, q) }

// Set exchanges what the zone of acme.test holds.
func (w *World) Set(zone string) {
	w.zones.Store(&dnstest.Resolver{World: []*dnstest.Zone{
		dnstest.NewZone("acme.test.", zone),
		dnstest.NewZone("provider.test.", "@ SOA a h 1 1 1 1 60\nmx A 192.0.2.25\nedge A 192.0.2.80\n"),
		dnstest.NewZone(".", "@ SOA a h 1 1 1 1 60\n"),
	}})
}

// New starts the little internet, and ends it with the test.
func New(t *testing.T) *World {
	t.Helper()
	w := &World{}
	w.Set(Zone)
	l := needs.Listen(t, "127.0.55.10:0")
	web := &httptest.Server{Listener: l, Config: &http.Server{ReadHeaderTimeout: time.Minute, ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			w.Met.Add(1)
		}
	}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "nginx/1.22.1")
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte(`<html><title>Acme</title><body style="background:#185"><form><input type="password"></form><a href="/old">x</a><script src="https://cdn.provider.test/x.js"></script></body></html>`))
	})}}
	web.Start()
	t.Cleanup(web.Close)
	at := netip.MustParseAddrPort(l.Addr().String())
	w.Port = at.Port()
	w.Resolver = netip.AddrPortFrom(netip.MustParseAddr("127.0.55.53"), w.Port)
	stop, err := dnstest.Serve(w.Resolver, w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return w
}

// Surface has the surveys of a console look at the little internet.
func (w *World) Surface(l *console.Local) {
	l.Surface = surface.Options{
		Resolvers: []netip.AddrPort{w.Resolver}, Roots: []netip.AddrPort{w.Resolver}, AllowReserved: []netip.Prefix{netip.MustParsePrefix("127.0.55.0/24")},
		Words: []string{"www", "shop", "api", "nothing"}, WebPorts: []surface.WebPort{{Port: w.Port}}, Rate: 50_000, ZoneRate: 50_000, Timeout: 300 * time.Millisecond,
	}
}

// Narrow has the scan with a UUID look at the port of the web server only.
func (w *World) Narrow(t *testing.T, c *exchange.Console, scan string) {
	t.Helper()
	id, err := harrier.ParseUUID(scan)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Rooms.Surveys.Site(t.Context(), c.Admin, id)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Rooms.Policies.Policy(t.Context(), c.Admin, s.Policy)
	if err != nil {
		t.Fatal(err)
	}
	p.Settings.Ports, p.Settings.Connect, p.Settings.NoPing = "T:"+strconv.Itoa(int(w.Port)), true, true
	if err := c.Rooms.Policies.Update(t.Context(), c.Admin, &p); err != nil {
		t.Fatal(err)
	}
}
