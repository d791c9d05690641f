package surface

import (
	"net/netip"

	"github.com/harrier-scan/harrier"
)

// Scope says whether an asset is the organisation's own.
type Scope uint8

// The scopes. A secondary asset is only referred to: it is never probed.
const (
	Secondary Scope = iota
	Primary
)

// String returns "secondary" or "primary".
func (s Scope) String() string { return [...]string{"secondary", "primary"}[min(s, Primary)] }

// Mark is what a person decided about a node.
type Mark struct {
	Secondary bool `json:"secondary,omitempty"`  // not ours, whatever leads to it
	IgnoreIPs bool `json:"ignore_ips,omitempty"` // of a domain: its addresses are not ours
}

// Marks are decisions by node.
type Marks map[Node]Mark

// Attributes that the scope rests on.
const (
	AttrShared   = "shared"   // of an address or domain: who runs it for many
	AttrReserved = "reserved" // of an address: it is not on the Internet
)

// Attributes that say what was looked at.
const (
	AttrUnasked = harrier.NodeUnasked
	AttrAsked   = "asked" // of a domain or an address: web ports that answered, or are closed: "443/tcp"
	AttrSilent  = harrier.NodeSilent
)

// owns is the rule of scope: whether a primary From makes the node of f
// primary. It knows nothing but the fact, the decisions of people and what the
// node is; so it can be applied again to facts that were kept, when decisions
// change.
//
//   - Seeds are own, and what is below an own domain.
//   - An own domain's addresses are own, but not those that are run for many
//     (cloud, CDN, shared hosting) and not reserved ones; those of a range are.
//   - What an own address or domain serves is own: services, pages, certificates,
//     software.
//   - All else is only referred to: aliases, mail exchangers, name servers,
//     links, redirects, names in certificates, reverse names, SPF. When it is
//     below an own domain, the link that says so makes it own.
//
// Source: asm-api.md §7.8, §4.11.
func (g *Graph) owns(f Fact) bool {
	if g.marks[f.Node].Secondary {
		return false
	}
	attributes := g.nodes[f.Node].attributes
	switch f.Link {
	case Seeded:
		return true
	case Child:
		return f.From.Kind == Domain
	case A, AAAA:
		return !g.marks[f.From].IgnoreIPs && len(attributes[AttrShared]) == 0 && len(attributes[AttrReserved]) == 0
	case Subset:
		return len(attributes[AttrReserved]) == 0
	case Hosts, HostsCert, UsesCertificate, UsesComponent:
		return true
	default:
		return false
	}
}

// Scope is that of a node; Secondary for one that is not known.
func (g *Graph) Scope(n Node) Scope {
	if v := g.nodes[n]; v != nil {
		return v.scope
	}
	return Secondary
}

// spread lets a new link tell its node's scope, and what follows from that.
func (g *Graph) spread(f Fact) {
	line := []Fact{f}
	for len(line) > 0 {
		f, line = line[0], line[1:]
		v := g.nodes[f.Node]
		if v.scope == Primary || g.nodes[f.From].scope != Primary || !g.owns(f) {
			continue
		}
		v.scope = Primary
		line = append(line, v.out...)
	}
}

// judge applies the rule to all facts.
func (g *Graph) judge() {
	for _, v := range g.nodes {
		v.scope = Secondary
	}
	root := g.nodes[Node{Kind: Root}]
	root.scope = Primary
	for _, f := range root.out {
		g.spread(f)
	}
}

// Mark puts a decision in force at once.
func (g *Graph) Mark(n Node, m Mark) {
	marks := Marks{}
	for k, v := range g.marks {
		marks[k] = v
	}
	marks[n] = m
	g.marks = marks
	g.judge()
}

// Targets is what a port scan should look at: own addresses and ranges, less
// those of others in them.
func (g *Graph) Targets() harrier.Targets {
	var out, less harrier.Targets
	for _, n := range g.order {
		primary := g.nodes[n].scope == Primary
		reserved := len(g.nodes[n].attributes[AttrReserved]) > 0
		switch a := n.Addr(); {
		case a.IsValid() && (g.marks[n].Secondary || reserved):
			less = append(less, harrier.Target{First: a, Last: a})
		case a.IsValid() && primary:
			out = append(out, harrier.Target{First: a, Last: a})
		case n.Kind == IPRange && (primary || reserved):
			if ts, err := harrier.ParseTargets(n.Key); err == nil && reserved {
				less = append(less, ts...)
			} else if err == nil {
				out = append(out, ts...)
			}
		}
	}
	return out.Merge().Subtract(less)
}

// reservedNets are those that no host of the Internet has.
//
// Source: IANA special-purpose address registries (RFC 6890 and its updates).
var reservedNets = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/127", "64:ff9b:1::/48", "100::/64", "2001:2::/48", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "ff00::/8",
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// Reserved reports whether a is no address of the Internet: private, loopback,
// link-local, for documentation, multicast.
func Reserved(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range reservedNets {
		if p.Contains(a) {
			return true
		}
	}
	return !a.IsValid()
}
