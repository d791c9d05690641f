package place

import (
	"net/netip"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	table := Builtin()
	for _, file := range []string{
		"# own\n198.51.100.0/24 cdn big\n198.51.100.64/26 cloud small eu-1\n*.Host.test hosting host\n",
		`{"prefixes":[{"ip_prefix":"203.0.113.0/25","region":"eu-west-1","service":"EC2"},{"ip_prefix":"203.0.113.128/25","region":"GLOBAL","service":"CLOUDFRONT"}],"ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/40","region":"r","service":"EC2"}]}`,
		`{"prefixes":[{"ipv4Prefix":"192.0.2.0/24","scope":"us-east1"}]}`,
		"192.0.2.0\t192.0.2.255\t64500\tse\tExample Net\n2001:db8::\t2001:db8::ffff\tAS64501\tNone\tOther\n",
	} {
		if err := table.Read(strings.NewReader(file)); err != nil {
			t.Fatal(err)
		}
	}
	table.Sort()
	for addr, want := range map[string]string{
		"104.16.1.1": "cdn cloudflare", "2606:4700::1": "cdn cloudflare", "198.51.100.1": "cdn big", "198.51.100.65": "cloud small/eu-1",
		"198.51.100.200": "cdn big", "203.0.113.1": "cloud aws/eu-west-1", "203.0.113.200": "cdn aws/GLOBAL", "2001:db8::1": "cloud aws/r", "192.0.2.7": "cloud google/us-east1", "9.9.9.9": "",
	} {
		s, ok := table.Shared(netip.MustParseAddr(addr))
		if ok != (want != "") || ok && s.String() != want {
			t.Errorf("Shared(%s) = %v, %v; want %q", addr, s, ok, want)
		}
	}
	if r, ok := table.Route(netip.MustParseAddr("192.0.2.9")); !ok || r != (Route{64500, "SE", "Example Net"}) {
		t.Errorf("Route = %+v", r)
	}
	if r, ok := table.Route(netip.MustParseAddr("2001:db8::9")); !ok || r != (Route{64501, "", "Other"}) {
		t.Errorf("Route = %+v", r)
	}
	if s, ok := table.Name("x.y.host.test"); !ok || s.Provider != "host" {
		t.Errorf("Name = %v %v", s, ok)
	}
	if _, ok := table.Name("host.test"); ok {
		t.Error("a provider's own name is a customer's")
	}
	for _, bad := range []string{"", "x cdn y", "1.2.3.0/24 cdn", "1.2.3.4\t1.2.3.0\t1\tse\tx", "{", `{"prefixes":[{"ip_prefix":"x"}]}`} {
		if err := table.Read(strings.NewReader(bad)); err == nil {
			t.Errorf("Read(%q) = nil", bad)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("1.2.3.0/24 cdn x y\n*.a.b c d")
	f.Add(`{"prefixes":[{"ipv4Prefix":"1.0.0.0/8"}]}`)
	f.Add("1.0.0.0\t1.0.0.9\t1\tSE\tN")
	f.Fuzz(func(t *testing.T, s string) {
		table := &Table{}
		if table.Read(strings.NewReader(s)) != nil {
			return
		}
		table.Sort()
		table.Shared(netip.MustParseAddr("1.2.3.4"))
		table.Route(netip.MustParseAddr("::1"))
	})
}
