package surface

import (
	"net/netip"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestNodeOf: a finding leads back to the node that its risk was of.
func TestNodeOf(t *testing.T) {
	domain := harrier.Asset{FQDN: "www.acme.test"}
	four := harrier.Asset{Addr: netip.MustParseAddr("192.0.2.1"), FQDN: "www.acme.test"}
	six := harrier.Asset{Addr: netip.MustParseAddr("2001:db8::1")}
	https := harrier.Endpoint{Protocol: harrier.TCP, Port: 443}
	page := Node{Kind: URL, Key: "https://www.acme.test/a%20b"}
	cert := Node{Kind: Certificate, Key: "00ff"}
	for _, tc := range []struct {
		asset harrier.Asset
		at    harrier.Endpoint
		key   string
		want  Node
	}{
		{domain, harrier.Endpoint{}, "", dom("www.acme.test")},
		{domain, harrier.Endpoint{}, Key(dom("www.acme.test"), "ns1.acme.test"), dom("www.acme.test")},
		{domain, https, Key(page, ""), page},
		{domain, https, Key(page, "x y"), page},
		{domain, https, Key(cert, ""), cert},
		{four, https, Key(cert, "x"), cert},
		{four, https, "CVE-2020-1", Node{Kind: Service, Key: "192.0.2.1:443/tcp"}},
		{four, harrier.Endpoint{}, "", ip("192.0.2.1")},
		{six, harrier.Endpoint{Protocol: harrier.UDP, Port: 53}, "", Node{Kind: Service, Key: "[2001:db8::1]:53/udp"}},
		{six, harrier.Endpoint{}, "URL", ip("2001:db8::1")},
		{harrier.Asset{}, https, "", Node{}},
	} {
		f := harrier.Finding{Instance: harrier.Instance{Endpoint: tc.at, Key: tc.key}}
		if got := NodeOf(tc.asset, f); got != tc.want {
			t.Errorf("NodeOf(%v, %v) = %v; want %v", tc.asset, f.Instance, got, tc.want)
		}
	}
}
