package surface

import (
	"context"
	"crypto"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/surface/dnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseSeed(t *testing.T) {
	for in, want := range map[string]string{
		"Example.COM.": "Domain example.com", "https://www.example.com:8443/x": "Domain www.example.com", "bücher.example": "Domain xn--bcher-kva.example",
		"192.0.2.1": "IPv4 192.0.2.1", "2001:DB8::1": "IPv6 2001:db8::1", "192.0.2.0/30": "IPRange 192.0.2.0-192.0.2.3", "192.0.2.1-192.0.2.9": "IPRange 192.0.2.1-192.0.2.9",
		"my-host.example.com": "Domain my-host.example.com", "co.uk": "", "com": "", "localhost": "", "*.example.com": "", "a b.com": "", "": "", "0.0.0.0/0": "",
	} {
		s, err := ParseSeed(in)
		if got := s.Node.String(); got != want || (err != nil) != (want == "") {
			t.Errorf("ParseSeed(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func dom(name string) Node { return Node{Kind: Domain, Key: name} }

func ip(a string) Node { return AddrNode(netip.MustParseAddr(a)) }

func TestScope(t *testing.T) {
	root := Node{Kind: Root}
	facts := []Fact{
		{From: root, Link: Seeded, Node: dom("acme.test")},
		{From: dom("acme.test"), Link: Child, Node: dom("www.acme.test")},
		{From: dom("www.acme.test"), Link: A, Node: ip("192.0.2.1")},
		{From: dom("acme.test"), Link: A, Node: ip("192.0.2.1")},
		{From: dom("www.acme.test"), Link: A, Node: ip("192.0.2.2")},
		{Node: ip("192.0.2.2"), Attributes: map[string][]string{AttrShared: {"cdn x"}}},
		{From: dom("acme.test"), Link: MX, Node: dom("mx.other.test")},
		{From: dom("mx.other.test"), Link: A, Node: ip("192.0.2.3")},
		{From: dom("www.acme.test"), Link: CNAME, Node: dom("edge.cdn.test")},
		{From: ip("192.0.2.1"), Link: Hosts, Node: Node{Kind: Service, Key: "192.0.2.1:443/tcp"}},
		{From: root, Link: Seeded, Node: Node{Kind: IPRange, Key: "198.51.100.0-198.51.100.3"}},
		{From: Node{Kind: IPRange, Key: "198.51.100.0-198.51.100.3"}, Link: Subset, Node: ip("198.51.100.1")},
	}
	scopes := func(g *Graph) string {
		var out []string
		for n := range g.Nodes() {
			if g.Scope(n) == Primary {
				out = append(out, n.Key)
			}
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	const want = "192.0.2.1 192.0.2.1:443/tcp 198.51.100.0-198.51.100.3 198.51.100.1 acme.test www.acme.test"
	g := NewGraph(nil)
	for _, f := range facts {
		g.Add(f)
	}
	if got := scopes(g); got != want {
		t.Errorf("primary are %s; want %s", got, want)
	}
	back := NewGraph(nil)
	for _, f := range slices.Backward(facts) {
		back.Add(f)
	}
	back.judge()
	if got := scopes(back); got != want {
		t.Errorf("in another order primary are %s; want %s", got, want)
	}
	if got := g.Targets().String(); got != "192.0.2.1,198.51.100.0-198.51.100.3" {
		t.Errorf("Targets = %s", got)
	}
	g.Mark(dom("www.acme.test"), Mark{IgnoreIPs: true})
	if g.Scope(ip("192.0.2.1")) != Primary {
		t.Error("an address is another domain's too")
	}
	g.Mark(dom("acme.test"), Mark{IgnoreIPs: true})
	if g.Scope(ip("192.0.2.1")) == Primary || g.Scope(Node{Kind: Service, Key: "192.0.2.1:443/tcp"}) == Primary || g.Scope(dom("www.acme.test")) != Primary {
		t.Error("the addresses of all domains are to be ignored")
	}
	g.Mark(dom("www.acme.test"), Mark{Secondary: true})
	if g.Scope(dom("www.acme.test")) == Primary {
		t.Error("a marked domain is primary")
	}
	way := Explain(slices.Values(facts), Node{Kind: Service, Key: "192.0.2.1:443/tcp"})
	if len(way) != 3 || way[0].Link != Seeded || way[2].Node.Kind != Service {
		t.Errorf("Explain = %v", way)
	}
	if way := g.Explain(dom("unknown.test")); way != nil {
		t.Errorf("Explain of an unknown node = %v", way)
	}
}

func TestReserved(t *testing.T) {
	for a, want := range map[string]bool{"127.0.0.1": true, "10.1.2.3": true, "::1": true, "fe80::1": true, "::ffff:192.168.1.1": true, "8.8.8.8": false, "2606:4700::1": false, "100.64.0.1": true, "0.0.0.0": true} {
		if got := Reserved(netip.MustParseAddr(a)); got != want {
			t.Errorf("Reserved(%s) = %v", a, got)
		}
	}
}

func TestPermutations(t *testing.T) {
	got := permutations("web-02.acme.test")
	for _, want := range []string{"web-01.acme.test", "web-05.acme.test", "web-2.acme.test", "web-02-dev.acme.test", "web.acme.test", "test-web-02.acme.test"} {
		if !slices.Contains(got, want) {
			t.Errorf("permutations lack %s: %v", want, got)
		}
	}
	if slices.Contains(got, "web-02.acme.test") || len(got) > 200 {
		t.Errorf("permutations hold the name itself, or are too many: %d", len(got))
	}
	words := Words()
	if len(words) < 500 || len(words) > 5000 {
		t.Errorf("%d words", len(words))
	}
	slices.Sort(words)
	if n := len(slices.Compact(words)); n != len(words) {
		t.Errorf("%d words twice", len(words)-n)
	}
}

func TestNamesIn(t *testing.T) {
	got := strings.Join(namesIn(`x https:\u002f\u002fa.acme.test/ "%2Fb.acme.test" \nc.acme.test d.acme.test. notacme.test.evil e.acme.test.evil.example mail@acme.test f.acme.test.`, []string{"acme.test"}), " ")
	if got != "a.acme.test acme.test b.acme.test c.acme.test d.acme.test f.acme.test" {
		t.Errorf("namesIn = %s", got)
	}
}

// FuzzNamesIn: whatever a page holds, only own names come out.
func FuzzNamesIn(f *testing.F) {
	f.Add(`\u002fa.acme.test %2fb.acme.test`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, n := range namesIn(s, []string{"acme.test"}) {
			if n != "acme.test" && !strings.HasSuffix(n, ".acme.test") {
				t.Errorf("name %q", n)
			}
		}
		component(s)
		unclaimed([]byte(s))
	})
}

// FuzzReply: whatever a mail server sends, reading it ends.
func FuzzReply(f *testing.F) {
	f.Add("250-a\r\n250 b\r\n")
	f.Fuzz(func(_ *testing.T, s string) {
		reply(textConn{r: strings.NewReader(s)}, "") //nolint:errcheck // any outcome will do
	})
}

type textConn struct {
	net.Conn
	r *strings.Reader
}

func (c textConn) Read(b []byte) (int, error) { return c.r.Read(b) }

const zoneText = "@ SOA ns1 h 1 1 1 1 60\n@ NS ns1\nns1 A 127.0.5.9\n@ A 127.0.5.9\nwww A 127.0.5.9\napi A 127.0.5.9\nmail A 10.0.0.1\n"

func options(t *testing.T) Options {
	t.Helper()
	z := dnstest.NewZone("acme.test.", zoneText)
	at := netip.MustParseAddrPort("127.0.5.1:53")
	stop, err := dnstest.Serve(at, &dnstest.Resolver{World: []*dnstest.Zone{z, dnstest.NewZone(".", "@ SOA a h 1 1 1 1 60\n")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return Options{
		Net: netio.New(harrier.Guard{Never: []netip.Prefix{netip.MustParsePrefix("127.0.5.9/32")}}, nil, netio.Pace{}), Resolvers: []netip.AddrPort{at},
		Words: []string{"www", "api", "mail", "nothing"}, Rate: 50_000, Timeout: 200 * time.Millisecond, Passive: false,
		Roots: []netip.AddrPort{netip.MustParseAddrPort("127.0.5.2:53")},
	}
}

func TestDiscoverKeepsToItsLimits(t *testing.T) {
	o := options(t)
	seeds := []Seed{{dom("acme.test")}}
	var facts []Fact
	res, err := Discover(t.Context(), seeds, o, func(f Fact) error { facts = append(facts, f); return nil })
	if err != nil || res.Limited {
		t.Fatalf("Discover = %+v, %v", res, err)
	}
	g := NewGraph(nil)
	for _, f := range facts {
		g.Add(f)
	}
	if !g.Has(dom("api.acme.test")) || g.Has(dom("nothing.acme.test")) || g.Scope(ip("10.0.0.1")) == Primary || len(res.Targets) != 0 {
		t.Errorf("nodes %v, targets %v", slices.Collect(g.Nodes()), res.Targets)
	}
	inner := []Seed{{ip("127.0.5.9")}, {Node{Kind: IPRange, Key: "10.0.0.0-10.0.0.9"}}}
	if res, err := Discover(t.Context(), inner, o, func(Fact) error { return nil }); err != nil || len(res.Targets) != 0 || res.Questions > 10 {
		t.Errorf("reserved seeds: %+v, %v; want nothing to scan", res, err)
	}
	o.MaxNodes = 3
	if res, err := Discover(t.Context(), seeds, o, func(Fact) error { return nil }); err != nil || !res.Limited || res.Nodes > 4 {
		t.Errorf("with 3 nodes at most: %+v, %v", res, err)
	}
	o.MaxNodes = 0
	boom := errors.New("boom")
	if _, err := Discover(t.Context(), seeds, o, func(Fact) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("a fact that nobody takes = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Discover(ctx, seeds, o, func(Fact) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("ended by its context = %v", err)
	}
	o.Limit = time.Nanosecond
	if res, err := Discover(t.Context(), seeds, o, func(Fact) error { return nil }); err != nil || !res.Limited {
		t.Errorf("out of time: %+v, %v", res, err)
	}
	if _, err := Discover(t.Context(), seeds, Options{Net: o.Net, Passive: true}, nil); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("passive without resolvers = %v", err)
	}
}

// TestSignatures: what the servers of a signed zone prove is told of each of them,
// as it is.
func TestSignatures(t *testing.T) {
	key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "acme.test.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 300}, Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256}
	private, err := key.Generate(256)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const text = "@ SOA ns1 h 1 1 1 1 60\n@ NS ns1\n@ NS ns2\nns1 A 127.0.8.1\nns2 A 127.0.8.2\n"
	root := dnstest.NewZone(".", "@ SOA a h 1 1 1 1 60\nacme.test. NS ns1.acme.test.\nacme.test. NS ns2.acme.test.\nns1.acme.test. A 127.0.8.1\nns2.acme.test. A 127.0.8.2\n")
	for n, at := range []string{"127.0.8.1:53", "127.0.8.2:53"} {
		z := dnstest.NewZone("acme.test.", text)
		z.Add(key)
		soa, err := dns.NewRR("acme.test. 300 IN SOA ns1.acme.test. h.acme.test. 1 1 1 1 60")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []dns.RR{key, soa} {
			sig := &dns.RRSIG{
				Hdr: dns.RR_Header{Name: "acme.test.", Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: 300}, Algorithm: key.Algorithm, KeyTag: key.KeyTag(), SignerName: "acme.test.",
				Inception: uint32(end.Unix() - 1000), Expiration: uint32(end.Unix()), //nolint:gosec // as the record has it
			}
			if err := sig.Sign(private.(crypto.Signer), []dns.RR{r}); err != nil {
				t.Fatal(err)
			}
			switch {
			case n == 1 && r == soa:
				continue // none
			case n == 1:
				sig.OrigTtl++ // not what was signed
			}
			z.Add(sig)
		}
		stop, err := dnstest.Serve(netip.MustParseAddrPort(at), &dnstest.Authority{Zones: []*dnstest.Zone{z, root}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	o := Options{
		Net: netio.New(harrier.Guard{}, nil, netio.Pace{}), Roots: []netip.AddrPort{netip.MustParseAddrPort("127.0.8.1:53")}, NoWords: true,
		AllowReserved: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: 200 * time.Millisecond, WebPorts: []WebPort{{Port: 1}},
	}
	g := NewGraph(nil)
	if _, err := Discover(t.Context(), []Seed{{dom("acme.test")}}, o, func(f Fact) error { g.Add(f); return nil }); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(g.Attributes(dom("acme.test"))[AttrSignature], ", ")
	const want = "ns1.acme.test DNSKEY until 2026-01-02T03:04:05Z, ns1.acme.test SOA until 2026-01-02T03:04:05Z, ns2.acme.test DNSKEY bad, ns2.acme.test SOA none"
	if got != want {
		t.Errorf("signatures: %s; want %s", got, want)
	}
}

// TestReservedParts: of a range that is partly on the Internet, the rest is left
// alone.
func TestReservedParts(t *testing.T) {
	o := options(t)
	o.AllowReserved = []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")}
	for seed, want := range map[string]string{
		"9.255.255.254-10.0.0.1":                             "9.255.255.254-9.255.255.255",
		"9.255.255.255-10.0.1.9":                             "9.255.255.255,10.0.1.0-10.0.1.9",
		"192.167.255.255-192.169.0.0":                        "192.167.255.255,192.169.0.0",
		"192.0.2.0-192.0.2.9":                                "",
		"10.0.1.0-10.0.1.3":                                  "10.0.1.0-10.0.1.3",
		"198.51.99.254-198.51.100.3":                         "198.51.99.254-198.51.99.255",
		"2001:db7:ffff:ffff:ffff:ffff:ffff:fff0-2001:db8::1": "2001:db7:ffff:ffff:ffff:ffff:ffff:fff0-2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
	} {
		s, err := ParseSeed(seed)
		if err != nil {
			t.Fatal(err)
		}
		o.MaxRange = 4
		res, err := Discover(t.Context(), []Seed{s}, o, func(Fact) error { return nil })
		if err != nil || res.Targets.String() != want {
			t.Errorf("targets of %s: %q, %v; want %q", seed, res.Targets, err, want)
		}
	}
}

// TestSharedByName: an address whose own name says that it is run for many is
// nobody's own, unless it is a seed.
func TestSharedByName(t *testing.T) {
	at := netip.MustParseAddrPort("127.0.6.1:53")
	stop, err := dnstest.Serve(at, &dnstest.Resolver{World: []*dnstest.Zone{
		dnstest.NewZone("acme.test.", "@ SOA ns1 h 1 1 1 1 60\n@ NS ns1\nns1 A 10.0.0.1\nwww A 127.0.6.20\nown A 127.0.6.21\n"), dnstest.NewZone(".", "@ SOA a h 1 1 1 1 60\n"),
		dnstest.NewZone("6.0.127.in-addr.arpa.", "@ SOA a h 1 1 1 1 60\n20 PTR server-127-0-6-20.fra2.r.cloudfront.net.\n21 PTR own.acme.test.\n"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	var mu sync.Mutex
	asked := map[string]bool{}
	var ports []WebPort
	for _, addr := range []string{"127.0.6.20", "127.0.6.21"} {
		host := addr + ":0"
		if len(ports) > 0 {
			host = addr + ":" + strconv.Itoa(int(ports[0].Port))
		}
		l, err := net.Listen("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		ports = []WebPort{{Port: uint16(l.Addr().(*net.TCPAddr).Port)}} //nolint:gosec // a port
		s := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			name, _, _ := net.SplitHostPort(r.Host)
			asked[name] = true
		})}
		var wg sync.WaitGroup
		wg.Go(func() { _ = s.Serve(l) })
		t.Cleanup(func() { _ = s.Close(); wg.Wait() })
	}
	for seed, want := range map[string]string{"acme.test": "127.0.6.21", "127.0.6.20": "127.0.6.20"} {
		s, err := ParseSeed(seed)
		if err != nil {
			t.Fatal(err)
		}
		clear(asked)
		res, err := Discover(t.Context(), []Seed{s}, Options{
			Net: netio.New(harrier.Guard{}, nil, netio.Pace{}), Resolvers: []netip.AddrPort{at}, Roots: []netip.AddrPort{netip.MustParseAddrPort("127.0.6.2:53")}, Words: []string{"www", "own"},
			AllowReserved: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: 200 * time.Millisecond, WebPorts: ports, Patience: time.Second,
		}, func(Fact) error { return nil })
		if err != nil || res.Targets.String() != want {
			t.Errorf("targets of %s: %s, %v; want %s", seed, res.Targets, err, want)
		}
		if asked["127.0.6.20"] != (seed == "127.0.6.20") || seed == "acme.test" && (!asked["www.acme.test"] || !asked["127.0.6.21"]) {
			t.Errorf("from %s was asked for %v", seed, asked)
		}
	}
}
