package survey

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/harrier-scan/harrier"
)

// scoped reports whether there may be assets of a visible site that by may not see.
func scoped(by harrier.Actor) bool {
	return by.Scope != nil && (by.Organization == 0 || by.Narrow())
}

// seen reports whether a node is one that who has the view may see.
func (v *View) seen(n harrier.Node) bool { return v.sees == nil || v.sees[n] }

// narrow leaves of a view what follows from some assets: their names and
// addresses, what stands on them, and what leads on from there, but for other
// names and addresses of the organisation's own, and what stands on those.
func (v *View) narrow(assets []harrier.Asset) {
	hosts := map[harrier.Node]bool{}
	for _, a := range assets {
		if a.Addr.IsValid() {
			hosts[harrier.AddrNode(a.Addr)] = true
		} else if a.FQDN != "" {
			hosts[harrier.Node{Kind: harrier.NodeDomain, Key: a.FQDN}] = true
		}
	}
	root := harrier.Node{Kind: harrier.NodeRoot}
	v.sees = map[harrier.Node]bool{root: true}
	var line []harrier.Node
	add := func(n harrier.Node) {
		if !v.sees[n] {
			v.sees[n] = true
			line = append(line, n)
		}
	}
	for n := range v.graph.Nodes() {
		if host, ok := hostOf(n); ok && hosts[host] {
			add(n)
		}
	}
	for len(line) > 0 {
		n := line[len(line)-1]
		line = line[:len(line)-1]
		for _, f := range v.graph.Out(n) {
			if host, ok := hostOf(f.Node); !ok || hosts[host] || !v.Own(host) {
				add(f.Node)
			}
		}
	}
	v.history()
}

// hostOf is the name or the address that a node is, or stands on.
func hostOf(n harrier.Node) (harrier.Node, bool) {
	switch n.Kind {
	case harrier.NodeDomain, harrier.NodeIPv4, harrier.NodeIPv6:
		return n, true
	case harrier.NodeService:
		at, _, _ := strings.Cut(n.Key, "/")
		a, err := netip.ParseAddrPort(at)
		return harrier.AddrNode(a.Addr()), err == nil
	case harrier.NodeURL:
		u, err := url.Parse(n.Key)
		if err != nil || u.Hostname() == "" {
			return harrier.Node{}, false
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil {
			return harrier.AddrNode(a), true
		}
		return harrier.Node{Kind: harrier.NodeDomain, Key: strings.ToLower(u.Hostname())}, true
	default:
		return harrier.Node{}, false
	}
}
