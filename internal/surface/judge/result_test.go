package judge

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

var (
	one  = surface.AddrNode(netip.MustParseAddr("192.0.2.1"))
	smtp = surface.ServiceNode(netip.MustParseAddrPort("192.0.2.1:25"), harrier.TCP)
)

// has reports whether the list has an outcome of a rule at a port; 0 is the host.
func has(list []harrier.Done, r *Rule, port uint16) bool {
	return slices.ContainsFunc(list, func(d harrier.Done) bool { return d.Check == r.ID && d.Port == port })
}

func (s Survey) of(t *testing.T, name string) harrier.Result {
	t.Helper()
	for _, r := range s.Results() {
		if r.Host.Name == name {
			return r
		}
	}
	return harrier.Result{}
}

// TestResultsLeadBack: every risk comes as an observation of a host, from which
// its node can be told again.
func TestResultsLeadBack(t *testing.T) {
	g := graph("soa=x", "transfer=ns1.acme.test")
	page, cert := surface.Node{Kind: surface.URL, Key: "http://acme.test:8080/"}, surface.Node{Kind: surface.Certificate, Key: "00ff"}
	for _, f := range []surface.Fact{
		{From: domain("acme.test"), Link: surface.A, Node: one},
		{From: one, Link: surface.Hosts, Node: smtp},
		{Node: smtp, Attributes: map[string][]string{"starttls": {"false"}}},
		{From: domain("acme.test"), Link: surface.Hosts, Node: page},
		{Node: page, Attributes: map[string][]string{"status": {"200"}}},
		{From: page, Link: surface.UsesCertificate, Node: cert},
		{Node: cert, Attributes: map[string][]string{"self_signed": {"true"}, "not_after": {"2026-11-30T00:00:00Z"}}},
	} {
		g.Add(f)
	}
	s := Survey{Graph: g, At: now, Complete: true}
	want := map[string]bool{}
	for _, r := range Judge(g, now) {
		want[r.Rule.URN+" "+r.Asset.String()] = true
	}
	got := map[string]bool{}
	for _, res := range s.Results() {
		a := harrier.Asset{Addr: res.Host.Addr, FQDN: res.Host.FQDN}
		for _, o := range res.Observations {
			f := harrier.Finding{Instance: o.Instance()}
			for _, r := range Rules() {
				if r.ID == f.Vulnerability {
					got[r.URN+" "+surface.NodeOf(a, f).String()] = true
				}
			}
		}
	}
	for w := range want {
		if !got[w] {
			t.Errorf("no observation leads back to %s; there are %v", w, got)
		}
	}
	if len(want) < 6 || len(got) != len(want) {
		t.Errorf("%d risks, %d observations", len(want), len(got))
	}
	first, again := s.Results(), s.Results()
	if len(first) != 2 || len(again) != 2 || first[1].Coverage != nil || !first[1].Host.Addr.IsValid() {
		t.Errorf("results = %+v; want the domain, and the address without coverage", first)
	}
}

// TestLooked: what could not be asked is not clean.
func TestLooked(t *testing.T) {
	whole := func(lines ...string) Survey { return Survey{Graph: graph(lines...), At: now, Complete: true} }
	asked := whole("soa=x", "DNS_A 192.0.2.1", "asked=443/tcp", "silent=80/tcp").of(t, "acme.test").Coverage.Entries
	for _, tt := range []struct {
		r    *Rule
		port uint16
		want bool
	}{
		{&noSPF, 0, true},
		{&noCAA, 0, true},
		{&openTransfer, 0, true},
		{&noHSTS, 443, true},
		{&noHTTPS, 80, false},
		{&noHeaders, 0, false},
		{&takeover, 0, false},
		{&noStartTLS, 0, false},
	} {
		if got := has(asked, tt.r, tt.port); got != tt.want {
			t.Errorf("%s at %d is looked at: %t; want %t", tt.r.URN, tt.port, got, tt.want)
		}
	}
	if list := whole("soa=x", "unasked=true").of(t, "acme.test").Coverage.Entries; len(list) != 0 {
		t.Errorf("a domain of which not all could be asked is clean of %v", list)
	}
	cut := whole("soa=x")
	cut.Complete = false
	if list := cut.of(t, "acme.test").Coverage.Entries; len(list) != 0 {
		t.Errorf("after a survey that was cut short a domain is clean of %v", list)
	}
	if list := whole("soa=x", "mta-sts.silent=true").of(t, "acme.test").Coverage.Entries; has(list, &badSTS, 0) || !has(list, &noSTS, 0) {
		t.Errorf("a domain whose policy nobody could get is clean of %v", list)
	}
	if list := whole("soa=x", "DNS_CNAME x.test", "@x.test DNS_CNAME y.test", "@y.test unresolved=true", "DNS_NS ns.z.test").of(t, "acme.test").Coverage.Entries; has(list, &danglingCNAME, 0) || !has(list, &danglingNS, 0) {
		t.Errorf("a domain whose alias nobody answered about is clean of %v", list)
	}
	passive := whole("soa=x", "DNS_A 192.0.2.1")
	passive.Passive = true
	if list := passive.of(t, "acme.test").Coverage.Entries; has(list, &openTransfer, 0) || has(list, &noHSTS, 443) || has(list, &badSTS, 0) || !has(list, &noSPF, 0) {
		t.Errorf("a passive survey is clean of %v", list)
	}
	gone := whole()
	gone.Gone = []surface.Node{domain("old.acme.test")}
	if list := gone.of(t, "old.acme.test").Coverage.Entries; !has(list, &danglingCNAME, 0) || !has(list, &noHSTS, 0) || !has(list, &takeover, 0) {
		t.Errorf("a domain that is gone is clean of %v", list)
	}
}

// TestUnasked: that the ports of an address were scanned proves nothing about
// what the survey could not ask there.
func TestUnasked(t *testing.T) {
	addr := one.Addr()
	s := Survey{Graph: graph("DNS_MX_DOMAIN mx.acme.test", "CHILD mx.acme.test"), At: now, Complete: true}
	s.Graph.Add(surface.Fact{From: domain("mx.acme.test"), Link: surface.A, Node: one})
	s.Graph.Add(surface.Fact{Node: one, Attributes: map[string][]string{surface.AttrAsked: {"443/tcp"}, surface.AttrSilent: {"80/tcp"}}})
	if list := s.Unasked(addr); !has(list, &noStartTLS, 0) || !has(list, &wrongDANE, 0) || !has(list, &noHTTPS, 80) || has(list, &noHSTS, 443) {
		t.Errorf("unasked of a silent exchanger: %v", list)
	}
	s.Graph.Add(surface.Fact{From: one, Link: surface.Hosts, Node: smtp})
	s.Graph.Add(surface.Fact{Node: smtp, Attributes: map[string][]string{"starttls": {"true"}}})
	if list := s.Unasked(addr); has(list, &noStartTLS, 0) {
		t.Errorf("unasked of an exchanger that answered: %v", list)
	}
	s.Complete = false
	if list := s.Unasked(addr); !has(list, &noStartTLS, 0) || !has(list, &noHSTS, 0) {
		t.Errorf("unasked after a survey that was cut short: %v", list)
	}
}

func TestCatalogue(t *testing.T) {
	slugs := map[string]bool{}
	for _, v := range Vulnerabilities() {
		if v.UUID.IsZero() || v.Slug == "" || slugs[v.Slug] || v.Family == "" || v.Solution == "" {
			t.Errorf("definition %+v", v)
		}
		slugs[v.Slug] = true
	}
	if n := len(Checks()); n != len(slugs) || !slices.IsSorted(Checks()) {
		t.Errorf("%d checks, %d definitions", n, len(slugs))
	}
}
