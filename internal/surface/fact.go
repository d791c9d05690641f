// Package surface finds what belongs to an organisation from what it is known
// by: it follows seeds (domains, addresses, ranges) through the DNS,
// certificates, web pages and public sources, and says of everything how, when
// and from what it was found.
//
// What it finds are facts: links between nodes, and attributes of nodes. The
// rest is derived from them, by pure functions that can be applied again to
// facts that were kept: [Graph], its scope, its explanations, what to scan.
package surface

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Kind is what a node is.
//
// Source: node types in asm-api.md §4.10.
type Kind string

// The kinds.
const (
	Root        Kind = "Scan" // what the seeds hang on; its key is ""
	Domain      Kind = "Domain"
	IPv4        Kind = "IPv4"
	IPv6        Kind = "IPv6"
	IPRange     Kind = "IPRange"
	Certificate Kind = "Certificate"
	Service     Kind = "Service"
	URL         Kind = "URL"
	Component   Kind = "Component"
	ASN         Kind = "ASN"
	Country     Kind = "Country"
	CloudRegion Kind = "CloudRegion"
	Entity      Kind = "Entity"
	Registrant  Kind = "Registrant"
)

// Node is an asset, by what it is told apart from others of its kind:
//
//	Domain       www.example.com     lower case, A-labels, no dot behind
//	IPv4, IPv6   192.0.2.1           as netip writes them
//	IPRange      192.0.2.0-192.0.2.9 or a net, as harrier.Target writes it
//	Certificate  SHA-256 of the DER, hexadecimal
//	Service      192.0.2.1:443/tcp
//	URL          https://www.example.com/path
//	Component    urn:component:server:nginx[:1.22.1]
//	ASN          AS64500
//	Country      SE
//	CloudRegion  cloudflare or aws/eu-west-1
//	Entity       an organisation's name
type Node struct {
	Kind Kind   `json:"kind"`
	Key  string `json:"key,omitempty"`
}

// String is the kind and the key.
func (n Node) String() string { return strings.TrimSpace(string(n.Kind) + " " + n.Key) }

// Compare orders nodes by kind, then key.
func (n Node) Compare(m Node) int {
	return cmp.Or(cmp.Compare(n.Kind, m.Kind), cmp.Compare(n.Key, m.Key))
}

// AddrNode is the node of an address.
func AddrNode(a netip.Addr) Node {
	if a = a.Unmap().WithZone(""); a.Is4() {
		return Node{IPv4, a.String()}
	}
	return Node{IPv6, a.String()}
}

// Addr is the address that n is; it is invalid for other nodes.
func (n Node) Addr() netip.Addr {
	if n.Kind != IPv4 && n.Kind != IPv6 {
		return netip.Addr{}
	}
	a, _ := netip.ParseAddr(n.Key)
	return a
}

// Link is how one node leads to another.
//
// Source: link types in asm-api.md §4.10.
type Link string

// The links that discovery makes.
const (
	Seeded          Link = "SEED"              // Scan → what the user named
	Child           Link = "CHILD"             // domain → a name below it
	A               Link = "DNS_A"             // domain → IPv4
	AAAA            Link = "DNS_AAAA"          // domain → IPv6
	CNAME           Link = "DNS_CNAME"         // domain → domain
	MX              Link = "DNS_MX_DOMAIN"     // domain → domain
	MXAddr          Link = "DNS_MX_IP"         // domain → address, a fault that exists
	NS              Link = "DNS_NS"            // domain → domain
	PTR             Link = "DNS_PTR"           // address → domain
	SPFAddr         Link = "SPF_IP"            // domain → address
	SPFDomain       Link = "SPF_DOMAIN"        // domain → domain
	SPFRange        Link = "SPF_RANGE"         // domain → range
	SPFRedirect     Link = "SPF_REDIRECT"      // domain → domain
	Hosts           Link = "HOSTS"             // address or domain → service; service → URL
	HostsCert       Link = "HOSTS_CERTIFICATE" // address → certificate
	UsesCertificate Link = "USES_CERTIFICATE"  // service or URL → certificate
	UsesComponent   Link = "USES_COMPONENT"    // URL → component
	Redirect        Link = "REDIRECT"          // URL → URL
	Links           Link = "LINKS"             // URL → domain or URL, by a link
	Referenced      Link = "REFERENCED"        // certificate, URL or domain → domain, by a script, a policy, a record
	Refers          Link = "REFERS"            // domain → domain, by a record such as SRV, CAA, DMARC
	Within          Link = "WITHIN"            // address → the net around it
	Subset          Link = "SUBSET"            // range → address or range in it
	Routed          Link = "ROUTED"            // address → autonomous system
	Located         Link = "LOCATED"           // address → country
	Cloud           Link = "CLOUD"             // address or domain → who runs it for many
	Assigned        Link = "ASSIGNED"          // autonomous system → entity
)

// Fact is one thing that was learnt: that From leads to Node by Link, or, when
// Link is "", an attribute of Node. A fact is known by From, Link, Node, How
// and its attributes; At is when it was seen.
type Fact struct {
	From Node `json:"from,omitzero"`
	Link Link `json:"link,omitempty"`
	Node Node `json:"node"`
	// How it was found: "seed", "dns", "wordlist", "permutation", "transfer",
	// "nsec", "ptr", "certificate", "web", "spf", "data", or a passive source's name.
	How        string              `json:"how"`
	At         time.Time           `json:"at"`
	Attributes map[string][]string `json:"attributes,omitempty"` // of the link, or of the node; values sorted
}

// ID tells facts apart: two with the same ID say the same.
func (f Fact) ID() string {
	var b strings.Builder
	for _, s := range []string{f.From.String(), string(f.Link), f.Node.String(), f.How} {
		b.WriteString(s)
		b.WriteByte('\n')
	}
	for _, k := range f.keys() {
		b.WriteString(k)
		b.WriteByte('=')
		b.WriteString(strings.Join(f.Attributes[k], "\t"))
		b.WriteByte('\n')
	}
	return b.String()
}

func (f Fact) keys() []string {
	var keys []string
	for k := range f.Attributes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// String is a line for people.
func (f Fact) String() string {
	if f.Link == "" {
		var parts []string
		for _, k := range f.keys() {
			parts = append(parts, k+"="+strings.Join(f.Attributes[k], ","))
		}
		return f.Node.String() + ": " + strings.Join(parts, " ") + " (" + f.How + ")"
	}
	return f.From.String() + " —" + string(f.Link) + "→ " + f.Node.String() + " (" + f.How + ")"
}
