package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// maker is an authority for tests.
type maker struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// issue makes a certificate that by signs; nil signs itself.
func issue(t *testing.T, by *maker, name string, from, to time.Time) maker {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 9)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	parent, signer := plan, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, plan, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return maker{key, cert}
}

func shown(ms ...maker) []harrier.Certificate {
	var out []harrier.Certificate
	for _, m := range ms {
		c := m.cert
		out = append(out, harrier.Certificate{
			Subject: c.Subject.String(), Issuer: c.Issuer.String(), NotBefore: c.NotBefore, NotAfter: c.NotAfter, DNSNames: c.DNSNames,
			Key: "ECDSA", KeyBits: 256, Signature: c.SignatureAlgorithm.String(), DER: c.Raw,
		})
	}
	return out
}

func day(n int) time.Time { return now.AddDate(0, 0, n) }

func TestDates(t *testing.T) {
	for _, c := range []struct {
		check    check.Check
		from, to int
		want     harrier.Verdict
	}{
		{Expired, -90, -1, harrier.Present},
		{Expired, -90, 1, harrier.Absent},
		{NotYetValid, 1, 90, harrier.Present},
		{NotYetValid, -1, 90, harrier.Absent},
		{ExpiringSoon, -1, 59, harrier.Present},
		{ExpiringSoon, -1, 61, harrier.Absent},
		{ExpiringSoon, -90, -1, harrier.Absent},
	} {
		target := check.Target{Now: now, Service: harrier.Service{Certificates: shown(issue(t, nil, "a.example", day(c.from), day(c.to)))}}
		t.Run(c.check.Vulnerability.Slug, func(t *testing.T) { checktest.Expect(t, c.check, target, c.want) })
		checktest.Expect(t, c.check, check.Target{Now: now}, harrier.Unknown)
	}
}

func TestTrust(t *testing.T) {
	root := issue(t, nil, "root", day(-9), day(900))
	other := issue(t, nil, "other root", day(-9), day(900))
	good := issue(t, &root, "a.example", day(-9), day(90))
	late := issue(t, &root, "a.example", day(-9), day(-1))
	alone := issue(t, nil, "a.example", day(-9), day(90))
	lateAlone := issue(t, nil, "a.example", day(-9), day(-1))
	foreign := issue(t, &other, "a.example", day(-9), day(90))
	roots := x509.NewCertPool()
	roots.AddCert(root.cert)
	untrusted := func(_ []*x509.Certificate, why error) bool { return why != nil }
	for _, c := range []struct {
		name                  string
		chain                 []harrier.Certificate
		untrusted, selfSigned harrier.Verdict
	}{
		{"good", shown(good), harrier.Absent, harrier.Absent},
		{"good with its root", shown(good, root), harrier.Absent, harrier.Absent},
		{"self-signed", shown(alone), harrier.Present, harrier.Present},
		{"foreign root sent", shown(foreign, other), harrier.Present, harrier.Present},
		{"foreign root not sent", shown(foreign), harrier.Present, harrier.Absent},
		{"expired", shown(late), harrier.Present, harrier.Absent},
		{"expired and self-signed", shown(lateAlone), harrier.Present, harrier.Present},
		{"none", nil, harrier.Unknown, harrier.Unknown},
		{"garbage", []harrier.Certificate{{DER: []byte{1, 2, 3}}}, harrier.Unknown, harrier.Unknown},
	} {
		if got, _, err := judge(c.chain, roots, now, untrusted); got != c.untrusted {
			t.Errorf("%s: untrusted = %v, %v; want %v", c.name, got, err, c.untrusted)
		}
		if got, _, err := judge(c.chain, roots, now, selfSigned); got != c.selfSigned {
			t.Errorf("%s: self-signed = %v, %v; want %v", c.name, got, err, c.selfSigned)
		}
	}
	if _, err := systemRoots(); err != nil {
		t.Skip(err)
	}
	checktest.Expect(t, SelfSigned, check.Target{Now: now, Service: harrier.Service{Certificates: shown(alone)}}, harrier.Present)
	checktest.Expect(t, Untrusted, check.Target{Now: now, Service: harrier.Service{Certificates: shown(alone)}}, harrier.Present)
}

// TestNothingLearnt wants every check to be asked about a service inside TLS
// whose handshake told nothing, and not to call it clean.
func TestNothingLearnt(t *testing.T) {
	s := harrier.Service{Name: "http", TLS: true}
	for _, c := range Checks {
		if !c.Applies(s) {
			t.Errorf("%s does not apply", c.Vulnerability.Slug)
		}
		checktest.Expect(t, c, check.Target{Service: s, Now: now, Name: "a.example"}, harrier.Unknown)
	}
	if plain := (harrier.Service{Name: "http"}); Expired.Applies(plain) || TLS10.Applies(plain) {
		t.Error("the checks apply to a service without TLS")
	}
}

func TestWrongName(t *testing.T) {
	certs := shown(issue(t, nil, "a.example", day(-9), day(90)))
	for _, c := range []struct {
		name, fqdn, addr string
		want             harrier.Verdict
	}{
		{"b.example", "", "192.0.2.1", harrier.Present},
		{"", "b.example.", "192.0.2.1", harrier.Present},
		{"a.example", "", "192.0.2.1", harrier.Absent},
		{"b.example", "a.example", "192.0.2.1", harrier.Absent},
		{"b.example", "", "192.0.2.9", harrier.Absent}, // the address is in it
		{"", "", "192.0.2.1", harrier.Unknown},
	} {
		target := check.Target{Name: c.name, Host: harrier.Host{FQDN: c.fqdn, Name: c.addr}, Addr: netip.MustParseAddr(c.addr), Service: harrier.Service{Certificates: certs}}
		checktest.Expect(t, WrongName, target, c.want)
	}
	checktest.Expect(t, WrongName, check.Target{Name: "a.example"}, harrier.Unknown)
}

func TestWeakCertificates(t *testing.T) {
	certificate := func(signature, key string, bits int) harrier.Certificate {
		return harrier.Certificate{Subject: "CN=a", Issuer: "CN=b", NotAfter: now, Signature: signature, Key: key, KeyBits: bits}
	}
	good, root := certificate("SHA256-RSA", "RSA", 2048), certificate("SHA1-RSA", "RSA", 2048)
	root.Issuer = root.Subject
	for _, c := range []struct {
		check check.Check
		chain []harrier.Certificate
		want  harrier.Verdict
	}{
		{WeakHash, []harrier.Certificate{certificate("SHA1-RSA", "RSA", 2048)}, harrier.Present},
		{WeakHash, []harrier.Certificate{good, certificate("MD5-RSA", "RSA", 2048)}, harrier.Present},
		{WeakHash, []harrier.Certificate{good, root}, harrier.Absent},
		{WeakHash, nil, harrier.Unknown},
		{WeakRSA, []harrier.Certificate{certificate("SHA256-RSA", "RSA", 1024)}, harrier.Present},
		{WeakRSA, []harrier.Certificate{good, certificate("SHA256-RSA", "ECDSA", 256)}, harrier.Absent},
		{WeakRSA, nil, harrier.Unknown},
	} {
		checktest.Expect(t, c.check, check.Target{Service: harrier.Service{Certificates: c.chain}}, c.want)
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		check check.Check
		fact  string
		want  harrier.Verdict
	}{
		{SSL3, "SSLv3,TLSv1.0", harrier.Present},
		{SSL3, "TLSv1.0", harrier.Absent},
		{TLS10, "TLSv1.0,TLSv1.2", harrier.Present},
		{TLS10, "TLSv1.2,TLSv1.3", harrier.Absent},
		{TLS11, "TLSv1.1, TLSv1.2", harrier.Present},
		{TLS11, "TLSv1.2", harrier.Absent},
		{TLS11, "", harrier.Unknown},
	} {
		s := harrier.Service{Facts: map[string]string{"tls.versions": c.fact}}
		checktest.Expect(t, c.check, check.Target{Service: s}, c.want)
		if c.want == harrier.Absent {
			checktest.Expect(t, c.check, check.Target{Service: s, Settings: harrier.Settings{}.Gentled()}, harrier.Unknown)
		}
	}
}

// A version to which the service gave neither an answer nor a refusal is not
// refused; the others are judged.
func TestVersionsUntold(t *testing.T) {
	s := harrier.Service{Facts: map[string]string{"tls.versions": "TLSv1.1,TLSv1.2", "tls.versions.untold": "SSLv3,TLSv1.0"}}
	checktest.Expect(t, SSL3, check.Target{Service: s}, harrier.Unknown)
	checktest.Expect(t, TLS10, check.Target{Service: s}, harrier.Unknown)
	checktest.Expect(t, TLS11, check.Target{Service: s}, harrier.Present)
}

// TestServer recognises a real server first, and then judges what it showed.
func TestServer(t *testing.T) {
	for _, c := range []struct {
		oldest uint16
		want   harrier.Verdict
	}{{tls.VersionTLS10, harrier.Present}, {tls.VersionTLS12, harrier.Absent}} {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.TLS = &tls.Config{MinVersion: c.oldest}
		s.StartTLS()
		defer s.Close()
		at := netip.MustParseAddrPort(s.Listener.Addr().String())
		service, err := probe.Identify(t.Context(), probe.Target{Addr: at.Addr(), Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: at.Port()}})
		if err != nil {
			t.Fatal(err)
		}
		target := check.Target{Addr: at.Addr(), Service: service, Name: "b.test"}
		checktest.Expect(t, TLS10, target, c.want)
		checktest.Expect(t, TLS11, target, c.want)
		checktest.Expect(t, SSL3, target, harrier.Absent)
		checktest.Expect(t, Expired, target, harrier.Absent)
		checktest.Expect(t, WrongName, target, harrier.Absent) // its address is in the certificate
	}
}
