package surface

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier/internal/surface/dnstest"
	"github.com/harrier-scan/harrier/test/netbed"
)

// Where things stand in the little internet. All is in 10.77.0.0/16.
const (
	rootAddr   = "10.77.0.1"
	tldAddr    = "10.77.0.2"
	ns1Addr    = "10.77.1.1"
	ns2Addr    = "10.77.1.2"
	subAddr    = "10.77.1.3"
	signedAddr = "10.77.1.4"
	otherAddr  = "10.77.2.1" // of the others' zones
	honest1    = "10.77.9.1"
	honest2    = "10.77.9.2"
	rewriter   = "10.77.9.3" // answers for names that do not exist
	inventor   = "10.77.9.4" // invents hosts called vpn-something
	ctAddr     = "10.77.9.9"
)

// zones of the world. Names that are no words are planted for one source each.
func zones(edit *strings.Replacer) map[string][]*dnstest.Zone {
	const soa = "@ SOA ns1.acme.test. host.acme.test. 1 3600 600 86400 60\n"
	acme := dnstest.NewZone("acme.test.", edit.Replace(soa+`
@ NS ns1
@ NS ns2
@ NS ns3
ns1 A `+ns1Addr+`
ns2 A `+ns2Addr+`
ns3 A 10.77.1.9
@ A 10.77.10.10
@ MX 10 mx-a9
@ MX 20 mx.mailprovider.test.
@ TXT "v=spf1 ip4:10.77.10.50 include:_spf.mailprovider.test a:spf-host3.acme.test ~all"
@ TXT "the portal is at txtmention.acme.test, not at nowhere55.acme.test"
@ CAA 0 issue "ca.thirdparty.test"
_dmarc TXT "v=DMARC1; p=none; rua=mailto:d@reports.thirdparty.test"
_sip._tcp SRV 0 0 5060 sip-gw44
sip-gw44 A 10.77.10.21
mx-a9 A 10.77.10.20
spf-host3 A 10.77.10.51
txtmention A 10.77.10.52
www A 10.77.10.10
www AAAA fd77::10
api A 10.77.10.11
ftp A 10.77.10.12
vpn A 10.77.10.13
shop CNAME edge.bigcdn.test.
blog CNAME acme.hosting.test.
old CNAME gone.vanished.test.
intranet A 192.168.7.7
local A 127.0.0.1
metrics A 169.254.169.254
private A 10.77.99.9
api.dev A 10.77.10.30
db.dev A 10.77.10.31
jenkins.ci.dev A 10.77.10.32
srv119 A 10.77.10.33
srv117 A 10.77.10.34
billing A 10.77.10.35
billing-qa A 10.77.10.36
secretportal A 10.77.10.40
legacy-erp A 10.77.10.41
zebra-docs A 10.77.10.42
assets-x1 A 10.77.10.43
csp-collector A 10.77.10.44
kiwi A 10.77.10.45
js-backend7 A 10.77.10.46
redirected-9 A 10.77.10.47
ptr-only5 A 10.77.10.77
default-cert3 A 10.77.10.48
*.apps A 10.77.10.60
console.apps A 10.77.10.61
*.rr A 10.77.10.62
*.rr A 10.77.10.63
*.rr A 10.77.10.64
*.rr A 10.77.10.65
labs NS ns1.labs
ns1.labs A `+subAddr+`
secure NS ns1.secure
ns1.secure A `+signedAddr+`
stats NS ns.deadprovider.test.
`))
	acme.Vary = true
	sub := dnstest.NewZone("labs.acme.test.", `
@ SOA ns1 host 1 3600 600 86400 60
@ NS ns1
ns1 A `+subAddr+`
x7k2 A 10.77.10.70
deep.y9 A 10.77.10.71
* A 10.77.10.72
`)
	sub.Transfer = true
	signed := dnstest.NewZone("secure.acme.test.", `
@ SOA ns1 host 1 3600 600 86400 60
@ NS ns1
ns1 A `+signedAddr+`
qqq1 A 10.77.10.80
qqq2.zz A 10.77.10.81
`)
	signed.NSEC = true
	others := []*dnstest.Zone{
		dnstest.NewZone("mailprovider.test.", "@ SOA ns h 1 1 1 1 60\n@ NS ns\nns A "+otherAddr+"\nmx A 10.77.20.1\n_spf TXT \"v=spf1 ip4:10.77.20.0/24 -all\"\n"),
		dnstest.NewZone("thirdparty.test.", "@ SOA ns h 1 1 1 1 60\n@ NS ns\nns A "+otherAddr+"\n@ A 10.77.20.2\ncdn A 10.77.20.2\nreports A 10.77.20.2\nca A 10.77.20.2\nwww A 10.77.20.2\n"),
		dnstest.NewZone("bigcdn.test.", "@ SOA ns h 1 1 1 1 60\n@ NS ns\nns A "+otherAddr+"\nedge A 10.77.30.1\n"),
		dnstest.NewZone("hosting.test.", "@ SOA ns h 1 1 1 1 60\n@ NS ns\nns A "+otherAddr+"\nacme A 10.77.31.1\n"),
		dnstest.NewZone("vanished.test.", "@ SOA ns h 1 1 1 1 60\n@ NS ns\nns A "+otherAddr+"\n"),
		dnstest.NewZone("deadprovider.test.", "@ SOA ns0 h 1 1 1 1 60\n@ NS ns0\nns0 A "+otherAddr+"\n"),
	}
	root := dnstest.NewZone(".", "@ SOA a.root. h. 1 1 1 1 60\n@ NS a.root.\na.root. A "+rootAddr+"\ntest. NS a.nic.test.\na.nic.test. A "+tldAddr+"\nin-addr.arpa. NS a.nic.test.\n")
	tld := "@ SOA a.nic h 1 1 1 1 60\n@ NS a.nic\na.nic A " + tldAddr + "\nacme NS ns1.acme\nacme NS ns2.acme\nacme NS ns3.acme\nns1.acme A " + ns1Addr + "\nns2.acme A " + ns2Addr + "\nns3.acme A 10.77.1.9\n"
	for _, z := range others {
		label := strings.TrimSuffix(z.Name, ".test.")
		server := "ns"
		if label == "deadprovider" {
			server = "ns0"
		}
		tld += label + " NS " + server + "." + label + "\n" + server + "." + label + " A " + otherAddr + "\n"
	}
	reverse := dnstest.NewZone("10.in-addr.arpa.", "@ SOA a.nic.test. h.test. 1 1 1 1 60\n@ NS a.nic.test.\n77.10.77 PTR ptr-only5.acme.test.\n34.10.77 PTR srv117.acme.test.\n90.10.77 PTR www.thirdparty.test.\n3.40.77 PTR hostx.elsewhere.test.\n")
	arpa := dnstest.NewZone("in-addr.arpa.", "@ SOA a.nic.test. h.test. 1 1 1 1 60\n@ NS a.nic.test.\n")
	return map[string][]*dnstest.Zone{
		rootAddr: {root}, tldAddr: {dnstest.NewZone("test.", tld), reverse, arpa}, ns1Addr: {acme}, ns2Addr: {acme}, subAddr: {sub}, signedAddr: {signed}, otherAddr: others,
	}
}

// wantNames are the own names and how the scope sees them.
func wantNames() []string {
	own := strings.Fields(`ns1 ns2 ns3 sip-gw44 mx-a9 spf-host3 txtmention www api ftp vpn shop blog old intranet local metrics private
		api.dev db.dev jenkins.ci.dev srv119 srv117 billing billing-qa secretportal legacy-erp zebra-docs assets-x1 csp-collector kiwi js-backend7
		redirected-9 ptr-only5 default-cert3 console.apps labs ns1.labs x7k2.labs deep.y9.labs secure ns1.secure qqq1.secure qqq2.zz.secure`)
	out := []string{"acme.test"}
	for _, n := range own {
		out = append(out, n+".acme.test")
	}
	return out
}

// knownNames are names that something speaks of, and that are no hosts of their
// own: they may be found, and are told as what they are.
var knownNames = map[string]string{
	"retired2019.acme.test":  "stale",    // only the certificate log remembers it
	"tenant9.apps.acme.test": "wildcard", // the log has it; the DNS has any name there
	"apps.acme.test":         "empty",    // from a wildcard certificate: a level without records
	"stats.acme.test":        "lame",     // delegated to a server that is not there
}

// wantAddrs are the addresses of own names, wantForeign those of others that
// are pointed to.
func wantAddrs() []string {
	var out []string
	for _, last := range []int{10, 11, 12, 13, 20, 21, 30, 31, 32, 33, 34, 35, 36, 40, 41, 42, 43, 44, 45, 46, 47, 48, 51, 52, 60, 61, 70, 71, 77, 80, 81} {
		out = append(out, fmt.Sprintf("10.77.10.%d", last))
	}
	return append(out, ns1Addr, ns2Addr, "10.77.1.9", subAddr, signedAddr, "fd77::10")
}

var knownAddrs = []string{
	"10.77.20.1", "10.77.30.1", "10.77.31.1", "192.168.7.7", "127.0.0.1", "169.254.169.254", "10.77.99.9",
	"10.77.10.50", "10.77.40.3", otherAddr, "10.77.20.2",
}

// world is the running little internet.
type world struct {
	bed  *netbed.Bed
	ends []func()
	edit []string // in the zone acme.test: old, new
	dark bool     // from the next again on no name server runs, and resolvers have no answers

	mu    sync.Mutex
	hosts map[string]map[string]bool // by address: the names that were asked for there
}

func newWorld(t *testing.T) *world {
	t.Helper()
	bed, err := netbed.New(t.Context(), netbed.Options{Name: "asm", Quiet: true})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{bed: bed, hosts: map[string]map[string]bool{}}
	t.Cleanup(func() {
		for _, end := range w.ends {
			end()
		}
		if err := bed.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := bed.InTarget(func() error { return w.start(t) }); err != nil {
		t.Fatal(err)
	}
	return w
}

// again starts the world anew with another text in a zone.
func (w *world) again(t *testing.T, old, text string) {
	t.Helper()
	for _, end := range w.ends {
		end()
	}
	w.ends, w.edit = nil, []string{old, text}
	if err := w.bed.InTarget(func() error { return w.start(t) }); err != nil {
		t.Fatal(err)
	}
}

func (w *world) start(t *testing.T) error {
	all := zones(strings.NewReplacer(w.edit...))
	var flat []*dnstest.Zone
	for at, list := range all {
		flat = append(flat, list...)
		w.dns(t, at, &dnstest.Authority{Zones: list, Recursion: at == ns2Addr})
	}
	w.dns(t, honest1, &dnstest.Resolver{World: flat})
	w.dns(t, honest2, &dnstest.Resolver{World: flat})
	invented := func(q dns.Question, m *dns.Msg) {
		m.Rcode = dns.RcodeSuccess
		m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IP{10, 77, 66, 66}}}
	}
	w.dns(t, rewriter, &dnstest.Resolver{World: flat, Lie: func(q dns.Question, m *dns.Msg) {
		if m.Rcode == dns.RcodeNameError && q.Qtype == dns.TypeA {
			invented(q, m)
		}
	}})
	w.dns(t, inventor, &dnstest.Resolver{World: flat, Lie: func(q dns.Question, m *dns.Msg) {
		if strings.HasPrefix(strings.ToLower(q.Name), "vpn") && m.Rcode == dns.RcodeNameError && q.Qtype == dns.TypeA {
			invented(q, m)
		}
	}})
	w.web(t, ctAddr, nil, map[string]string{"/": `[{"id":1,"name_value":"legacy-erp.acme.test\n*.apps.acme.test"},{"id":2,"name_value":"retired2019.acme.test\ntenant9.apps.acme.test\nsomebody.else.test"}]`})
	w.web(t, "10.77.10.10", []string{"acme.test", "www.acme.test", "secretportal.acme.test", "partner.thirdparty.test"}, map[string]string{
		"/": `<title>Acme</title><a href="https://zebra-docs.acme.test/">docs</a><a href="/more">more</a><a href="http://www.thirdparty.test/">friends</a>
<script src="http://assets-x1.acme.test/a.js"></script><script src="/own.js"></script><script src="https://cdn.thirdparty.test/x.js"></script> ask doesnotexist77.acme.test`,
		"/own.js": `fetch("https:\u002f\u002fjs-backend7.acme.test/v1")`, "/more": `<a href="http://10.77.20.2/">x</a>`,
		"/robots.txt": "Disallow: /x\n", "/sitemap.xml": `<urlset><url><loc>http://kiwi.acme.test/</loc></url></urlset>`,
	})
	w.web(t, "10.77.10.11", []string{"default-cert3.acme.test"}, map[string]string{"/": "REDIRECT http://redirected-9.acme.test/"})
	w.web(t, "10.77.30.1", []string{"shop.acme.test"}, map[string]string{
		"/": `<title>Shop</title><meta name="generator" content="WordPress 5.8.1">`, "/.git/HEAD": "ref: refs/heads/main\n",
	})
	w.web(t, "10.77.31.1", nil, map[string]string{"/": "MISSING There isn't a GitHub Pages site here."})
	for _, foreign := range []string{"10.77.20.1", "10.77.20.2", "10.77.99.9", "10.77.66.66"} {
		w.web(t, foreign, nil, map[string]string{"/": `<a href="http://stranger.acme.test/">never seen</a>`})
	}
	w.mail(t, "10.77.10.20")
	w.mail(t, "10.77.20.1")
	return nil
}

func (w *world) dns(t *testing.T, at string, h dns.Handler) {
	if _, authority := h.(*dnstest.Authority); authority && w.dark {
		return
	}
	if r, resolver := h.(*dnstest.Resolver); resolver && w.dark {
		r.Lie = func(q dns.Question, m *dns.Msg) {
			if !strings.HasSuffix(strings.ToLower(q.Name), ".invalid.") {
				m.Rcode, m.Answer, m.Ns = dns.RcodeServerFailure, nil, nil
			}
		}
	}
	stop, err := dnstest.Serve(netip.AddrPortFrom(netip.MustParseAddr(at), 53), h)
	if err != nil {
		t.Fatal(err)
	}
	w.ends = append(w.ends, stop)
}

// web serves pages on port 80, and on 443 with a certificate for names.
func (w *world) web(t *testing.T, at string, names []string, pages map[string]string) {
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		if w.hosts[at] == nil {
			w.hosts[at] = map[string]bool{}
		}
		w.hosts[at][r.Host] = true
		w.mu.Unlock()
		body, ok := pages[r.URL.Path]
		rw.Header().Set("Server", "acme-web/1.2")
		if at == "10.77.10.10" {
			rw.Header().Set("Content-Security-Policy", "default-src 'self' csp-collector.acme.test")
		}
		missing, absent := strings.CutPrefix(body, "MISSING ")
		switch target, redirect := strings.CutPrefix(body, "REDIRECT "); {
		case redirect:
			http.Redirect(rw, r, target, http.StatusFound)
		case absent:
			rw.WriteHeader(http.StatusNotFound)
			io.WriteString(rw, missing) //nolint:errcheck // the client sees
		case ok:
			io.WriteString(rw, body) //nolint:errcheck // the client sees
		default:
			http.NotFound(rw, r)
		}
	})
	w.serve(t, at+":80", h, nil)
	if names != nil {
		w.serve(t, at+":443", h, &tls.Config{Certificates: []tls.Certificate{certificate(t, names)}})
	}
}

func (w *world) serve(t *testing.T, at string, h http.Handler, config *tls.Config) {
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() { s.Serve(l); close(done) }() //nolint:errcheck // it ends with Close
	w.ends = append(w.ends, func() { s.Close(); <-done })
}

// mail is a mail server that does not speak TLS.
func (w *world) mail(t *testing.T, at string) {
	l, err := net.Listen("tcp", at+":25")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(5 * time.Second))
				fmt.Fprint(c, "220 mx ready\r\n")
				io.ReadFull(c, make([]byte, len("EHLO scanner.invalid\r\n"))) //nolint:errcheck // it answers all the same
				fmt.Fprint(c, "250-mx\r\n250 SIZE 1000\r\n")
				io.Copy(io.Discard, io.LimitReader(c, 100)) //nolint:errcheck // as above
			})
		}
	})
	w.ends = append(w.ends, func() { l.Close(); wg.Wait() })
}

func certificate(t *testing.T, names []string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// count starts counting all that is sent to each of nets, counted reads it.
func (w *world) count(t *testing.T, nets ...string) {
	rules := "table inet strays {\nchain in { type filter hook prerouting priority -150;\n"
	for _, n := range nets {
		rules += "ip daddr " + n + " counter\n"
	}
	cmd := w.bed.TargetCommand(t.Context(), "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules + "}\n}\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v: %s", err, out)
	}
}

func (w *world) counted(t *testing.T) string {
	out, err := w.bed.TargetCommand(context.WithoutCancel(t.Context()), "nft", "list", "table", "inet", "strays").CombinedOutput()
	if err != nil {
		t.Fatalf("nft: %v: %s", err, out)
	}
	var lines []string
	for l := range strings.Lines(string(out)) {
		if strings.Contains(l, "counter packets") && !strings.Contains(l, "packets 0 ") {
			lines = append(lines, strings.TrimSpace(l))
		}
	}
	return strings.Join(lines, "\n")
}
