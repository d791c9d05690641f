package surface

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// TestHostFacts: what the scan of ports finds hangs on the address, and is own.
func TestHostFacts(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	seed := Node{Kind: IPRange, Key: "192.0.2.0-192.0.2.9"}
	plan := &harrier.SurveyPlan{Seeds: []Node{seed, dom("acme.test")}}
	host := harrier.Host{Name: "192.0.2.7", Addr: netip.MustParseAddr("192.0.2.7"), Alive: true, Ended: at}
	services := []harrier.Service{
		{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 22}, Name: "ssh", Product: "OpenSSH", Version: "9.2p1", CPE: "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"},
		{
			Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 8443}, Name: "http", TLS: true, Product: "nginx", Facts: map[string]string{"http.status": "200", "http.title": "Hi"},
			Certificates: []harrier.Certificate{{SHA256: "00ff", DNSNames: []string{"B.acme.test", "a.acme.test"}}}, Technologies: []harrier.Technology{{Name: "PHP", Version: "8.2"}},
		},
		{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 80}, Name: "http"},
	}
	g := NewGraph(nil)
	g.Add(Fact{From: Node{Kind: Root}, Link: Seeded, Node: seed, How: "seed"})
	facts := HostFacts(plan, host, services)
	for _, f := range facts {
		g.Add(f)
	}
	for _, n := range []Node{
		ip("192.0.2.7"),
		{Kind: Service, Key: "192.0.2.7:22/tcp"},
		{Kind: Component, Key: "urn:component:application:openssh:9.2p1"},
		{Kind: Component, Key: "urn:component:application:php:8.2"},
		{Kind: Certificate, Key: "00ff"},
		{Kind: URL, Key: "https://192.0.2.7:8443/"},
	} {
		if g.Scope(n) != Primary {
			t.Errorf("%v is not own", n)
		}
	}
	if a := g.Attributes(Node{Kind: Component, Key: "urn:component:application:openssh:9.2p1"}); !slices.Equal(a["cpe"], []string{services[0].CPE}) {
		t.Errorf("component has %v", a)
	}
	if a := g.Attributes(Node{Kind: Certificate, Key: "00ff"}); !slices.Equal(a["names"], []string{"a.acme.test", "b.acme.test"}) {
		t.Errorf("certificate has %v", a)
	}
	if n := len(g.Of(URL)); n != 1 {
		t.Errorf("%d pages; want that one where the survey did not look itself", n)
	}
	for _, f := range facts {
		if !f.At.Equal(at) {
			t.Errorf("%v is of %v", f, f.At)
		}
	}
	if HostFacts(nil, host, services) != nil || HostFacts(plan, harrier.Host{Name: "acme.test", Alive: true}, nil) != nil {
		t.Error("facts of a scan without a survey, or of a domain")
	}
}
