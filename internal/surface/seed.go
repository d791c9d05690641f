package surface

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface/resolve"
)

// Seed is what an organisation is known by: a domain, an address or a range.
type Seed struct{ Node Node }

// ParseSeed reads a domain (also as a URL, of which the host counts), an
// address, a net such as 192.0.2.0/24 or a range such as 192.0.2.1-192.0.2.9.
// It answers Invalid for anything else, for a public suffix such as co.uk, and
// for a range of more than 2^24 addresses.
func ParseSeed(s string) (Seed, error) {
	s = strings.TrimSpace(s)
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		s = u.Hostname()
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return Seed{AddrNode(a)}, nil
	}
	if strings.ContainsAny(s, "/-") {
		if ts, err := harrier.ParseTargets(s); err == nil && len(ts) == 1 && ts[0].IsRange() {
			return Seed{Node{Kind: IPRange, Key: ts[0].String()}}, nil
		}
	}
	name, err := idna.Lookup.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil {
		name = s
	}
	if name = resolve.Canonical(name); name == "" || !strings.Contains(name, ".") || strings.Contains(name, "*") {
		return Seed{}, harrier.Invalidf("seed", "%q is no domain, address or range", s)
	}
	if suffix, icann := publicsuffix.PublicSuffix(name); icann && suffix == name {
		return Seed{}, harrier.Invalidf("seed", "%q is a suffix under which anybody has names", s)
	}
	return Seed{Node{Kind: Domain, Key: name}}, nil
}

// seedOf is the deepest own domain that name is or is below; "" for none.
func seedOf(own []string, name string) string {
	best := ""
	for _, s := range own {
		if resolve.Below(name, s) && len(s) > len(best) {
			best = s
		}
	}
	return best
}

// ends are the first and the last address of a range's key.
func ends(key string) (first, last netip.Addr, ok bool) {
	ts, err := harrier.ParseTargets(key)
	if err != nil || len(ts) != 1 || !ts[0].IsRange() {
		return first, last, false
	}
	return ts[0].First, ts[0].Last, true
}
