package resolve

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/surface/dnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const soa = "@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.4.2\n"

// world is a root, a TLD and a zone with a wildcard, an alias and a delegation,
// at addresses of 127.0.4.0/24: port 53 of the loopback.
func world() (zones []*dnstest.Zone) {
	return []*dnstest.Zone{
		dnstest.NewZone(".", "@ SOA a.root host 1 3600 600 86400 60\n@ NS a.root.\na.root. A 127.0.4.1\ntest. NS ns.test.\nns.test. A 127.0.4.1\n"),
		dnstest.NewZone("test.", "@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 127.0.4.1\nacme NS ns1.acme\nns1.acme A 127.0.4.2\n"),
		dnstest.NewZone("acme.test.", soa+`
www A 192.0.2.10
shop CNAME www
wide A 192.0.2.30
*.wild A 192.0.2.20
sub NS ns1.sub
ns1.sub A 127.0.4.3
big TXT "`+strings.Repeat("x", 250)+`" "`+strings.Repeat("y", 250)+`" "`+strings.Repeat("z", 250)+`" "`+strings.Repeat("v", 250)+`" "`+strings.Repeat("w", 250)+`"
only.ent A 192.0.2.40
`),
		dnstest.NewZone("sub.acme.test.", "@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.4.3\nhost A 192.0.2.50\n"),
	}
}

func serve(t *testing.T, at string, h dns.Handler) netip.AddrPort {
	t.Helper()
	addr := netip.MustParseAddrPort(at)
	stop, err := dnstest.Serve(addr, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return addr
}

func start(t *testing.T) (roots []netip.AddrPort, zones []*dnstest.Zone) {
	zones = world()
	root := serve(t, "127.0.4.1:53", &dnstest.Authority{Zones: zones[:2]})
	serve(t, "127.0.4.2:53", &dnstest.Authority{Zones: zones[2:3]})
	serve(t, "127.0.4.3:53", &dnstest.Authority{Zones: zones[3:]})
	return []netip.AddrPort{root}, zones
}

func client(t *testing.T, o Options) *Client {
	t.Helper()
	o.Timeout, o.Rate, o.ZoneRate = 200*time.Millisecond, 50_000, 50_000
	c, err := New(netio.New(harrier.Guard{}, nil, netio.Pace{}), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestIterate(t *testing.T) {
	roots, _ := start(t)
	c := client(t, Options{Roots: roots, Direct: true})
	for _, tc := range []struct {
		name string
		typ  uint16
		want string
	}{
		{"www.acme.test", dns.TypeA, "NOERROR 192.0.2.10"},
		{"WWW.Acme.Test.", dns.TypeA, "NOERROR 192.0.2.10"},
		{"shop.acme.test", dns.TypeA, "NOERROR 192.0.2.10 www.acme.test."},
		{"any.wild.acme.test", dns.TypeA, "NOERROR 192.0.2.20"},
		{"host.sub.acme.test", dns.TypeA, "NOERROR 192.0.2.50"},
		{"none.acme.test", dns.TypeA, "NXDOMAIN"},
		{"ent.acme.test", dns.TypeA, "NOERROR"},
		{"www.acme.test", dns.TypeMX, "NOERROR"},
	} {
		a, err := c.Lookup(t.Context(), tc.name, tc.typ)
		if err != nil {
			t.Fatalf("Lookup(%s) = %v", tc.name, err)
		}
		got := []string{dns.RcodeToString[a.Rcode]}
		for _, r := range a.Records {
			got = append(got, Text(r))
		}
		slices.Sort(got[1:])
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("Lookup(%s %s) = %s; want %s", tc.name, dns.TypeToString[tc.typ], s, tc.want)
		}
	}
	if a, err := c.Lookup(t.Context(), "big.acme.test", dns.TypeTXT); err != nil || len(a.Records) != 1 {
		t.Errorf("a long answer = %v, %v; want it over TCP", a.Records, err)
	}
	d, err := c.Delegation(t.Context(), "x.sub.acme.test")
	if err != nil || d.Zone != "sub.acme.test" || d.Parent != "acme.test" || len(d.Servers) != 1 || d.Servers[0].Name != "ns1.sub.acme.test" {
		t.Errorf("Delegation = %+v, %v", d, err)
	}
}

// TestOneServerForAll: a server with a zone and the one below it answers for both,
// and refers to nobody.
func TestOneServerForAll(t *testing.T) {
	_, zones := start(t)
	root := serve(t, "127.0.4.30:53", &dnstest.Authority{Zones: zones})
	c := client(t, Options{Roots: []netip.AddrPort{root}, Direct: true})
	for name, want := range map[string]string{"x.sub.acme.test": "sub.acme.test", "none.acme.test": "acme.test", "acme.test": "acme.test"} {
		d, err := c.Delegation(t.Context(), name)
		if err != nil || d.Zone != want || len(d.Servers) == 0 || len(d.Servers[0].Addrs) == 0 {
			t.Errorf("Delegation(%s) = %+v, %v; want that of %s", name, d, err, want)
		}
	}
}

func TestLiarsAreDropped(t *testing.T) {
	roots, zones := start(t)
	a := serve(t, "127.0.4.10:53", &dnstest.Resolver{World: zones})
	b := serve(t, "127.0.4.11:53", &dnstest.Resolver{World: zones})
	rewriter := serve(t, "127.0.4.12:53", &dnstest.Resolver{World: zones, Lie: func(q dns.Question, m *dns.Msg) {
		if m.Rcode == dns.RcodeNameError {
			m.Rcode = dns.RcodeSuccess
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: 1, Ttl: 60}, A: []byte{192, 0, 2, 66}}}
		}
	}})
	inventor := serve(t, "127.0.4.13:53", &dnstest.Resolver{World: zones, Lie: func(q dns.Question, m *dns.Msg) {
		if strings.HasPrefix(strings.ToLower(q.Name), "vpn") {
			m.Rcode = dns.RcodeSuccess
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: 1, Ttl: 60}, A: []byte{192, 0, 2, 67}}}
		}
	}})
	denier := serve(t, "127.0.4.14:53", &dnstest.Resolver{World: zones, Lie: func(q dns.Question, m *dns.Msg) {
		if strings.HasPrefix(strings.ToLower(q.Name), "www") {
			m.Rcode, m.Answer = dns.RcodeNameError, nil
		}
	}})
	silent := netip.MustParseAddrPort("127.0.4.15:53")
	for _, direct := range []bool{true, false} {
		c := client(t, Options{Upstreams: []netip.AddrPort{a, rewriter, b, inventor, silent, denier}, Roots: roots, Direct: direct})
		if err := c.Check(t.Context(), []string{"acme.test"}); err != nil {
			t.Fatal(err)
		}
		if h := c.Health(); h[0].Dropped != "" || h[2].Dropped != "" || h[1].Dropped == "" || h[4].Dropped == "" {
			t.Errorf("direct %v: Health = %+v; want the rewriter and the silent one dropped", direct, h)
		}
		for i := range 40 {
			name := fmt.Sprintf("vpn%d.acme.test", i)
			if got, err := c.Lookup(t.Context(), name, dns.TypeA); err == nil && got.Has() {
				t.Errorf("direct %v: %s is believed", direct, name)
			}
		}
		names := []string{"www.acme.test"}
		for i := range 300 {
			names = append(names, fmt.Sprintf("n%d.acme.test", i))
		}
		found := 0
		tally, err := c.Sweep(t.Context(), "acme.test", names, dns.TypeA, func(a Answer) { found++ })
		if err != nil || tally.Lost != 0 || found == 0 {
			t.Errorf("direct %v: Sweep = %+v, %v, %d found; want www although one denies it", direct, tally, err, found)
		}
		if got, err := c.Lookup(t.Context(), "www.acme.test", dns.TypeA); err != nil || !got.Has() {
			t.Errorf("direct %v: www = %+v, %v", direct, got, err)
		}
		if h := c.Health(); h[0].Dropped != "" || h[2].Dropped != "" || direct && h[3].Dropped == "" {
			t.Errorf("direct %v: Health = %+v; want the inventor dropped", direct, h)
		}
	}
}

// TestSweepLosesNothing asks a server that leaves every seventh question
// unanswered.
func TestSweepLosesNothing(t *testing.T) {
	z := dnstest.NewZone("acme.test.", soa)
	var names []string
	want := map[string]bool{}
	for i := range 3000 {
		n := fmt.Sprintf("n%d.acme.test", i)
		names = append(names, n)
		if i%3 == 0 {
			r, _ := dns.NewRR(n + ". 60 IN A 192.0.2.1")
			z.Add(r)
			want[n] = true
		}
	}
	var n atomic.Int64
	up := serve(t, "127.0.4.20:5353", &dnstest.Resolver{World: []*dnstest.Zone{z}, Drop: func() bool { return n.Add(1)%7 == 0 }})
	c := client(t, Options{Upstreams: []netip.AddrPort{up}})
	got := map[string]bool{}
	tally, err := c.Sweep(t.Context(), "acme.test", names, dns.TypeA, func(a Answer) { got[a.Name] = true })
	if err != nil || tally.Lost != 0 || tally.Repeated == 0 || len(got) != len(want) {
		t.Errorf("Sweep = %+v, %v, %d names; want %d, none lost", tally, err, len(got), len(want))
	}
}

func TestSweepEnds(t *testing.T) {
	c := client(t, Options{Upstreams: []netip.AddrPort{netip.MustParseAddrPort("127.0.4.21:5353")}})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if tally, err := c.Sweep(ctx, "acme.test", []string{"a.acme.test", "b.acme.test"}, dns.TypeA, func(Answer) { t.Error("an answer from nobody") }); err == nil {
		t.Errorf("Sweep of nobody = %+v, nil; want the end of the context", tally)
	}
}

func TestTransferAndWalk(t *testing.T) {
	z := dnstest.NewZone("acme.test.", soa+"www A 192.0.2.1\nsecret A 192.0.2.2\n")
	z.Transfer, z.NSEC = true, true
	shut := dnstest.NewZone("shut.test.", soa+"www A 192.0.2.1\n")
	at := serve(t, "127.0.4.22:53", &dnstest.Authority{Zones: []*dnstest.Zone{z, shut}})
	c := client(t, Options{Direct: true})
	if got, err := c.Transfer(t.Context(), "acme.test", at); err != nil || len(got) != 6 {
		t.Errorf("Transfer = %d records, %v; want 6", len(got), err)
	}
	if got, err := c.Transfer(t.Context(), "shut.test", at); err != nil || len(got) != 0 {
		t.Errorf("Transfer refused = %v, %v; want none", got, err)
	}
	if got, err := c.Walk(t.Context(), "acme.test", at); err != nil || strings.Join(got, " ") != "ns1.acme.test secret.acme.test www.acme.test" {
		t.Errorf("Walk = %v, %v", got, err)
	}
	if got, err := c.Walk(t.Context(), "shut.test", at); err != nil || len(got) != 0 {
		t.Errorf("Walk without NSEC = %v, %v", got, err)
	}
	if _, err := client(t, Options{}).Transfer(t.Context(), "acme.test", at); err == nil {
		t.Error("a server was asked that may not be")
	}
}

func TestQuestion(t *testing.T) {
	wire, end, err := pack(nil, Question{Name: "www.Example.test", Type: dns.TypeAAAA, Recurse: true, DNSSEC: true}, true)
	if err != nil {
		t.Fatal(err)
	}
	m := new(dns.Msg)
	if err := m.Unpack(wire); err != nil || !strings.EqualFold(m.Question[0].Name, "www.example.test.") || m.Question[0].Qtype != dns.TypeAAAA || !m.RecursionDesired || m.IsEdns0() == nil || !m.IsEdns0().Do() {
		t.Fatalf("the question reads %v, %v", m, err)
	}
	answer := slices.Clone(wire)
	answer[2] |= 0x80
	if got := repeats(answer, wire, end); got != same {
		t.Errorf("repeats = %v; want same", got)
	}
	answer[13] ^= 0x20
	if got := repeats(answer, wire, end); got != otherCase {
		t.Errorf("repeats with another case = %v", got)
	}
	answer[13] = 'q'
	if got := repeats(answer, wire, end); got != different {
		t.Errorf("repeats of another name = %v", got)
	}
}

// FuzzRead gives any answer to any question: nothing may break, and no name
// that was not asked for may come out.
func FuzzRead(f *testing.F) {
	m := new(dns.Msg)
	m.SetQuestion("www.acme.test.", dns.TypeA)
	r, _ := dns.NewRR("www.acme.test. 60 IN CNAME x.test.")
	m.Answer = append(m.Answer, r)
	wire, _ := m.Pack()
	f.Add(wire)
	c := &Client{o: Options{}.withDefaults()}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := new(dns.Msg)
		if m.Unpack(b) != nil {
			return
		}
		a := c.read(question{"www.acme.test", dns.TypeA}, m, netip.AddrPort{})
		if len(a.Records) > 0 && !slices.ContainsFunc(a.Records, func(r dns.RR) bool { return Canonical(r.Header().Name) == "www.acme.test" }) {
			t.Errorf("records without the name asked for: %v", a.Records)
		}
	})
}
