package surface

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/surface/dnstest"
)

// shown is a certificate for a name, issued by another one.
func shown(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	by := *c
	by.Subject.CommonName = "authority"
	der, err := x509.CreateCertificate(rand.Reader, c, &by, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// exchanger is a mail server with STARTTLS; with hangs it says nothing behind it.
func exchanger(t *testing.T, at string, cert tls.Certificate, hangs bool) {
	t.Helper()
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
				c.SetDeadline(time.Now().Add(3 * time.Second)) //nolint:errcheck // a test's own
				fmt.Fprint(c, "220 mx ready\r\n")
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					if !strings.HasPrefix(lines.Text(), "STARTTLS") {
						fmt.Fprint(c, "250-mx\r\n250 STARTTLS\r\n")
						continue
					}
					fmt.Fprint(c, "220 go\r\n")
					if hangs {
						io.Copy(io.Discard, c) //nolint:errcheck // until the other side goes
						return
					}
					tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake() //nolint:errcheck // the client sees
					return
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
}

// TestMailServers: whether exchangers show what the DNS promises, and whether the
// policy can be got, is told only where it is known.
func TestMailServers(t *testing.T) {
	var certs []tls.Certificate
	for n := range 3 {
		certs = append(certs, shown(t, fmt.Sprintf("mx%d.acme.test", n+1)))
	}
	spki := func(n int) string {
		leaf, err := x509.ParseCertificate(certs[n].Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
		return hex.EncodeToString(sum[:])
	}
	zone := "@ SOA ns1 h 1 1 1 1 60\n@ NS ns1\nns1 A 10.0.0.1\n@ MX 10 mx1\n@ MX 10 mx2\n@ MX 10 mx3\nmx1 A 127.0.9.1\nmx2 A 127.0.9.2\nmx3 A 127.0.9.3\n" +
		"_25._tcp.mx1 TLSA 3 1 1 " + spki(0) + "\n_25._tcp.mx1 TLSA 3 1 1 " + strings.Repeat("00", 32) + "\n_25._tcp.mx2 TLSA 3 1 1 " + spki(0) + "\n_25._tcp.mx3 TLSA 3 1 1 " + spki(0) + "\n" +
		"_mta-sts TXT \"v=STSv1; id=1\"\nmta-sts A 127.0.9.%d\n"
	for i, at := range []string{"127.0.9.1", "127.0.9.2", "127.0.9.3"} {
		exchanger(t, at, certs[i], i == 2)
	}
	policy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "version: STSv1\nmode: enforce\nmx: *.acme.test\nmax_age: 1\n")
	})
	for at, name := range map[string]string{"127.0.9.11:443": "mta-sts.acme.test", "127.0.9.12:443": "other.acme.test"} {
		l, err := tls.Listen("tcp", at, &tls.Config{Certificates: []tls.Certificate{shown(t, name)}})
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: policy, ReadHeaderTimeout: time.Second}
		var wg sync.WaitGroup
		wg.Go(func() { _ = s.Serve(l) })
		t.Cleanup(func() { _ = s.Close(); wg.Wait() })
	}
	silent, err := net.Listen("tcp", "127.0.9.13:443") // nobody ever accepts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for host, want := range map[int]string{11: "mta-sts.policy", 12: AttrPolicyCertificate, 13: AttrPolicySilent, 14: "mta-sts.missing"} {
		at := netip.MustParseAddrPort("127.0.9.100:53")
		stop, err := dnstest.Serve(at, &dnstest.Resolver{World: []*dnstest.Zone{dnstest.NewZone("acme.test.", fmt.Sprintf(zone, host)), dnstest.NewZone(".", "@ SOA a h 1 1 1 1 60\n")}})
		if err != nil {
			t.Fatal(err)
		}
		g := NewGraph(nil)
		_, err = Discover(t.Context(), []Seed{{dom("acme.test")}}, Options{
			Net: netio.New(harrier.Guard{}, nil, netio.Pace{}), Resolvers: []netip.AddrPort{at}, Roots: []netip.AddrPort{netip.MustParseAddrPort("127.0.9.101:53")}, NoWords: true,
			AllowReserved: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: 500 * time.Millisecond, Patience: 1500 * time.Millisecond, WebPorts: []WebPort{{Port: 1}},
		}, func(f Fact) error { g.Add(f); return nil })
		stop()
		if err != nil {
			t.Fatal(err)
		}
		domain := g.Attributes(dom("acme.test"))
		for _, what := range []string{"mta-sts.policy", AttrPolicyCertificate, AttrPolicySilent, "mta-sts.missing"} {
			if is := len(domain[what]) > 0; is != (what == want) {
				t.Errorf("policy at 127.0.9.%d: %s is %v; want %s", host, what, domain[what], want)
			}
		}
		for i, want := range []struct{ starttls, dane string }{{"true", ""}, {"true", "mx2.acme.test"}, {"", ""}} {
			a := g.Attributes(ServiceNode(netip.MustParseAddrPort(fmt.Sprintf("127.0.9.%d:25", i+1)), harrier.TCP))
			if s, d := strings.Join(a["starttls"], ""), strings.Join(a[AttrDANE], ""); s != want.starttls || d != want.dane {
				t.Errorf("mx%d: starttls %q, mismatch %q; want %q, %q", i+1, s, d, want.starttls, want.dane)
			}
		}
	}
}

// TestUntrusted: a certificate is trusted by whom issued it, also one that has
// ended, and by the chain that is sent.
func TestUntrusted(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := func(name string, by *x509.Certificate, authority bool, until time.Time) *x509.Certificate {
		c := &x509.Certificate{
			SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: until.Add(-time.Hour), NotAfter: until,
			IsCA: authority, BasicConstraintsValid: true,
		}
		if by == nil {
			by = c
		}
		der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	now := time.Now()
	root := made("root", nil, true, now.Add(30*time.Minute))
	between := made("between", root, true, now.Add(30*time.Minute))
	good, ended := made("a.test", between, false, now.Add(30*time.Minute)), made("a.test", between, false, now.Add(-10*time.Minute))
	d := &discovery{o: Options{Now: time.Now}}
	if d.untrusted([]*x509.Certificate{good}) {
		t.Error("a machine that trusts nobody says whom to trust")
	}
	d.o.Authorities = x509.NewCertPool()
	d.o.Authorities.AddCert(root)
	for n, tt := range []struct {
		chain []*x509.Certificate
		want  bool
	}{
		{[]*x509.Certificate{good, between}, false},
		{[]*x509.Certificate{good, between, root}, false},
		{[]*x509.Certificate{ended, between}, false},
		{[]*x509.Certificate{good}, true},
		{[]*x509.Certificate{made("a.test", made("other", nil, true, now.Add(time.Hour)), false, now.Add(time.Hour))}, true},
	} {
		if got := d.untrusted(tt.chain); got != tt.want {
			t.Errorf("chain %d is not trusted: %t; want %t", n, got, tt.want)
		}
	}
}
