package judge

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

var now = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func domain(name string) surface.Node { return surface.Node{Kind: surface.Domain, Key: name} }

// graph is of the seed acme.test with attributes "name=value" or "node name=value",
// and links "LINK target" or "node LINK target".
func graph(lines ...string) *surface.Graph {
	g := surface.NewGraph(nil)
	seed := domain("acme.test")
	g.Add(surface.Fact{From: surface.Node{Kind: surface.Root}, Link: surface.Seeded, Node: seed, How: "seed"})
	for _, l := range lines {
		n := seed
		if rest, ok := strings.CutPrefix(l, "@"); ok {
			name, more, _ := strings.Cut(rest, " ")
			n, l = domain(name), more
			if strings.Contains(name, "/") {
				n.Kind = surface.URL
			}
		}
		if name, value, ok := strings.Cut(l, "="); ok && name == strings.ToLower(name) {
			g.Add(surface.Fact{Node: n, How: "dns", Attributes: map[string][]string{name: {value}}})
			continue
		}
		link, target, _ := strings.Cut(l, " ")
		to := domain(target)
		if link == "HOSTS" {
			to.Kind = surface.URL
		}
		g.Add(surface.Fact{From: n, Link: surface.Link(link), Node: to, How: "dns"})
	}
	return g
}

func urns(g *surface.Graph) []string {
	var out []string
	for _, r := range Judge(g, now) {
		out = append(out, strings.TrimPrefix(r.Rule.URN, "urn:risk:"))
	}
	return out
}

func TestRules(t *testing.T) {
	key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "acme.test.", Rrtype: dns.TypeDNSKEY, Class: 1}, Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256, PublicKey: "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="}
	keyText := "dnskey=257 3 13 " + key.PublicKey
	ds := key.ToDS(dns.SHA256)
	good := "ds=" + strings.TrimPrefix(ds.String(), ds.Hdr.String())
	for _, c := range []struct {
		lines     []string
		want, not []string
	}{
		{[]string{"MX mx.acme.test", "mx=10 mx.acme.test."}, words("email:spf-missing email:dmarc-missing email:spoofable email:mta-sts-missing email:tls-rpt-missing"), words("email:dkim-weak-key")},
		{[]string{"MX mx.acme.test", "spf=v=spf1 -all", "dmarc=v=DMARC1; p=reject; rua=mailto:a@acme.test"}, nil, words("email:spf-missing email:dmarc-missing email:spoofable email:dmarc-none email:spf-softfail")},
		{[]string{"spf=v=spf1 +all"}, words("email:spf-pass-all email:spoofable"), nil},
		{[]string{"spf=v=spf1 ?all"}, words("email:spf-neutral"), words("email:spf-pass-all")},
		{[]string{"spf=v=spf1 ptr bogus -all"}, words("email:spf-ptr email:spf-syntax"), nil},
		{[]string{"spf=v=spf1 -all", "spf=v=spf1 ~all"}, words("email:spf-multiple"), words("email:spf-softfail")},
		{[]string{"spf=v=spf1 include:a.x a mx include:b.x -all", "SPF_DOMAIN a.x", "SPF_DOMAIN b.x", "@a.x spf=v=spf1 a:1.x a:2.x a:3.x mx:4.x exists:5.x -all", "@b.x spf=v=spf1 a mx -all"}, words("email:spf-lookups"), words("email:spf-void")},
		{[]string{"spf=v=spf1 include:a.x -all", "SPF_DOMAIN a.x", "@a.x spf.void=true"}, words("email:spf-void"), words("email:spf-lookups")},
		{[]string{"dmarc=v=DMARC1; p=none"}, words("email:dmarc-none email:dmarc-reports"), words("email:dmarc-missing")},
		{[]string{"dmarc=v=DMARC1; p=reject; pct=10; rua=mailto:a@b.c"}, words("email:dmarc-partial"), words("email:dmarc-reports email:dmarc-none")},
		{[]string{"dmarc=v=DMARC1; p=bogus"}, words("email:dmarc-syntax"), nil},
		{[]string{"dkim=k1 v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB; t=y"}, words("email:dkim-weak-key email:dkim-testing"), nil},
		{[]string{"MX mx.acme.test", "mta-sts=v=STSv1; id=1", "mta-sts.missing=true"}, words("email:mta-sts-faulty"), words("email:mta-sts-missing")},
		{[]string{"MX mx.acme.test", "mta-sts=v=STSv1; id=1", "mta-sts.certificate=it is for another name"}, words("email:mta-sts-faulty"), words("email:mta-sts-missing")},
		{[]string{"MX mx.acme.test", "mta-sts=v=STSv1; id=1", "mta-sts.silent=true"}, nil, words("email:mta-sts-missing email:mta-sts-faulty")},
		{[]string{"MX mx.acme.test", "mta-sts=v=STSv1; id=1", "mta-sts.policy=version: STSv1\nmode: testing\nmx: mx.acme.test\nmax_age: 1"}, words("email:mta-sts-testing"), words("email:mta-sts-faulty")},
		{[]string{"MX mx.acme.test", "@mx.acme.test tlsa=1 1 1 ab"}, words("email:dane-faulty email:mta-sts-missing"), nil},
		{[]string{"mx=0 .", "spf=v=spf1 -all"}, nil, words("email:mta-sts-missing")},
		{[]string{"soa=ns1 h", "NS ns1.acme.test"}, words("dns:single-name-server dns:missing-caa dns:dnssec-off"), nil},
		{[]string{"soa=ns1 h", "NS ns1.acme.test", "NS ns2.acme.test", "caa=0 issue \"x\"", keyText, good}, nil, words("dns:single-name-server dns:missing-caa dns:dnssec-off dns:dnssec-bogus dns:dnssec-island dns:dnssec-weak")},
		{[]string{"soa=ns1 h", keyText}, words("dns:dnssec-island"), words("dns:dnssec-off")},
		{[]string{"soa=ns1 h", keyText, good, "signature=ns1.acme.test DNSKEY until 2026-12-01T00:00:00Z", "signature=ns1.acme.test SOA until 2026-12-01T00:00:00Z"}, nil, words("dns:dnssec-signature")},
		{[]string{"soa=ns1 h", keyText, good, "signature=ns1.acme.test SOA until 2026-11-01T00:00:00Z"}, words("dns:dnssec-signature"), words("dns:dnssec-bogus")},
		{[]string{"soa=ns1 h", keyText, good, "signature=ns1.acme.test SOA bad"}, words("dns:dnssec-signature"), nil},
		{[]string{"soa=ns1 h", keyText, good, "signature=ns1.acme.test SOA none"}, words("dns:dnssec-signature"), nil},
		{[]string{"soa=ns1 h", keyText, "signature=ns1.acme.test SOA none"}, words("dns:dnssec-island"), words("dns:dnssec-signature")},
		{[]string{"soa=ns1 h", keyText, "ds=1 13 2 00"}, words("dns:dnssec-bogus"), nil},
		{[]string{"soa=ns1 h", "dnskey=257 3 5 " + key.PublicKey}, words("dns:dnssec-weak"), nil},
		{[]string{"transfer=ns1.acme.test"}, words("dns:zone-transfer"), nil},
		{[]string{"recursion=open"}, words("dns:open-recursion"), nil},
		{[]string{"lame=ns3 does not answer", "nsec=walked", "wildcard=below"}, words("dns:lame-delegation dns:nsec-walk dns:wildcard"), nil},
		{[]string{"DNS_CNAME gone.x", "@gone.x stale=true"}, words("dns:dangling-cname"), words("dns:dangling-ns dns:dangling-mx")},
		{[]string{"DNS_CNAME edge.x", "@edge.x DNS_CNAME gone.y", "@gone.y stale=true"}, words("dns:dangling-cname"), nil},
		{[]string{"CHILD www.acme.test", "@www.acme.test DNS_CNAME acme.test", "DNS_CNAME edge.x", "@edge.x DNS_CNAME acme.test"}, nil, words("dns:dangling-cname")},
		{[]string{"DNS_NS gone.x", "DNS_MX_DOMAIN gone.x", "@gone.x stale=true"}, words("dns:dangling-ns dns:dangling-mx"), words("dns:dangling-cname")},
		{[]string{"HOSTS https://acme.test/", "@https://acme.test/ unclaimed=heroku", "@https://acme.test/ status=404"}, words("dns:subdomain-takeover"), nil},
		{[]string{"HOSTS https://acme.test/", "@https://acme.test/ unclaimed=heroku", "@https://acme.test/ status=200"}, nil, words("dns:subdomain-takeover")},
		{[]string{"HOSTS https://acme.test/", "@https://acme.test/ unclaimed=heroku", "@https://acme.test/ status=200", "DNS_CNAME edge.x", "@edge.x shared=heroku"}, words("dns:subdomain-takeover"), nil},
		{[]string{"HOSTS http://acme.test/", "@http://acme.test/ status=200", "@http://acme.test/ password=true"}, words("web:http-not-redirected web:login-over-http web:headers-missing"), words("web:hsts-missing")},
		{[]string{"HOSTS https://acme.test/", "@https://acme.test/ status=200", "@https://acme.test/ certificate.mismatch=true"}, words("web:hsts-missing tls:certificate-mismatch"), words("web:http-not-redirected")},
		{[]string{"HOSTS https://acme.test/", "@https://acme.test/ status=404", "@https://acme.test/ server=Apache/2.4.1 (Unix)"}, words("web:version-shown"), words("web:headers-missing")},
		{[]string{"HOSTS https://acme.test/", "@https://acme.test/ powered=PHP/8.1.2"}, words("web:version-shown"), nil},
		{[]string{"HOSTS https://acme.test/", "@https://acme.test/ server=cloudflare"}, nil, words("web:version-shown")},
		{[]string{"unresolved=true"}, nil, words("email:spf-missing email:dmarc-missing")},
	} {
		var lines []string
		for _, l := range c.lines {
			l = strings.Replace(l, "MX ", "DNS_MX_DOMAIN ", 1)
			l = strings.Replace(l, "NS ns", "DNS_NS ns", 1)
			lines = append(lines, strings.ReplaceAll(l, "DNS_DNS_", "DNS_"))
		}
		got := urns(graph(lines...))
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%q gives %v; want %s", c.lines, got, w)
			}
		}
		for _, n := range c.not {
			if slices.Contains(got, n) {
				t.Errorf("%q gives %s", c.lines, n)
			}
		}
	}
}

func words(s string) []string { return strings.Fields(s) }

func TestCertificates(t *testing.T) {
	for end, want := range map[string]string{"2026-11-21T00:00:00Z": "tls:certificate-expired", "2026-12-01T00:00:00Z": "tls:certificate-expiring", "2027-12-01T00:00:00Z": ""} {
		g := graph("HOSTS https://acme.test/")
		cert := surface.Node{Kind: surface.Certificate, Key: "00"}
		g.Add(surface.Fact{From: surface.Node{Kind: surface.URL, Key: "https://acme.test/"}, Link: surface.UsesCertificate, Node: cert})
		g.Add(surface.Fact{Node: cert, Attributes: map[string][]string{"not_after": {end}}})
		got := slices.DeleteFunc(urns(g), func(s string) bool { return !strings.HasPrefix(s, "tls:") })
		if strings.Join(got, " ") != want {
			t.Errorf("a certificate until %s gives %v; want %s", end, got, want)
		}
	}
}

// TestSelfSigned: certificates that sign themselves are a fault of pages; mail
// servers may have them.
func TestSelfSigned(t *testing.T) {
	cert := surface.Node{Kind: surface.Certificate, Key: "00"}
	for from, want := range map[surface.Node]bool{{Kind: surface.URL, Key: "https://acme.test/"}: true, smtp: false} {
		g := graph("HOSTS https://acme.test/", "DNS_A 192.0.2.1")
		g.Add(surface.Fact{From: domain("acme.test"), Link: surface.A, Node: one})
		g.Add(surface.Fact{From: one, Link: surface.Hosts, Node: smtp})
		g.Add(surface.Fact{From: from, Link: surface.UsesCertificate, Node: cert})
		g.Add(surface.Fact{Node: cert, Attributes: map[string][]string{"self_signed": {"true"}, "not_after": {"2027-12-01T00:00:00Z"}}})
		if got := slices.Contains(urns(g), "tls:certificate-self-signed"); got != want {
			t.Errorf("of %v it is told: %t; want %t", from, got, want)
		}
	}
}

// TestWeakCertificates: by key, by signature, and by who has issued them.
func TestWeakCertificates(t *testing.T) {
	for said, want := range map[string]string{
		"key=RSA bits=1024 signature=SHA256-RSA":                   "tls:certificate-weak",
		"key=RSA bits=2048 signature=SHA256-RSA":                   "",
		"key=RSA bits=2048 signature=SHA1-RSA":                     "tls:certificate-weak",
		"key=ECDSA bits=256 signature=ECDSA-SHA256":                "",
		"key=ECDSA bits=224 signature=ECDSA-SHA256":                "tls:certificate-weak",
		"key=ECDSA bits=256 signature=ECDSA-SHA1 self_signed=true": "tls:certificate-self-signed",
		"key=Ed25519 signature=Ed25519 untrusted=true":             "tls:certificate-untrusted",
		"key=ECDSA bits=256 signature=ECDSA-SHA384 untrusted=":     "",
	} {
		g := graph("HOSTS https://acme.test/")
		cert := surface.Node{Kind: surface.Certificate, Key: "00"}
		g.Add(surface.Fact{From: surface.Node{Kind: surface.URL, Key: "https://acme.test/"}, Link: surface.UsesCertificate, Node: cert})
		attributes := map[string][]string{"not_after": {"2027-12-01T00:00:00Z"}}
		for _, a := range words(said) {
			if name, value, _ := strings.Cut(a, "="); value != "" {
				attributes[name] = []string{value}
			}
		}
		g.Add(surface.Fact{Node: cert, Attributes: attributes})
		got := slices.DeleteFunc(urns(g), func(s string) bool { return !strings.HasPrefix(s, "tls:") })
		if strings.Join(got, " ") != want {
			t.Errorf("%s gives %v; want %s", said, got, want)
		}
	}
}

// TestList holds the rules to what others build upon.
func TestList(t *testing.T) {
	ids, names := map[int]bool{}, map[string]bool{}
	for _, r := range Rules() {
		v := r.Vulnerability()
		if ids[int(r.ID)] || names[r.URN] || r.Remediation == "" || r.Description == "" || v.Family == "" || r.ID < 902001 || r.ID > 902999 || strings.Contains(v.Slug, ":") {
			t.Errorf("rule %+v", r)
		}
		ids[int(r.ID)], names[r.URN] = true, true
	}
	risks := Judge(graph("transfer=ns1.acme.test"), now)
	i := slices.IndexFunc(risks, func(r Risk) bool { return r.Rule.URN == "urn:risk:dns:zone-transfer" })
	if o := risks[i].Observation(now, harrier.Endpoint{}); o.Vulnerability != 902001 || o.Key != "ns1.acme.test" || o.Evidence == "" {
		t.Errorf("Observation = %+v", o)
	}
	if others := urns(graph("@x.test transfer=ns")); slices.Contains(others, "dns:zone-transfer") {
		t.Error("an asset of others is judged")
	}
}
