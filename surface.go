package harrier

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// NodeKind is what a node of an attack surface is.
//
// Source: node types in asm-api.md §4.10.
type NodeKind string

// The kinds of nodes.
const (
	NodeRoot        NodeKind = "Scan" // what the seeds hang on; its key is ""
	NodeDomain      NodeKind = "Domain"
	NodeIPv4        NodeKind = "IPv4"
	NodeIPv6        NodeKind = "IPv6"
	NodeIPRange     NodeKind = "IPRange"
	NodeCertificate NodeKind = "Certificate"
	NodeService     NodeKind = "Service"
	NodeURL         NodeKind = "URL"
	NodeComponent   NodeKind = "Component"
	NodeASN         NodeKind = "ASN"
	NodeCountry     NodeKind = "Country"
	NodeCloudRegion NodeKind = "CloudRegion"
	NodeEntity      NodeKind = "Entity"
	NodeRegistrant  NodeKind = "Registrant"
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
	Kind NodeKind `json:"kind"`
	Key  string   `json:"key,omitempty"`
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
		return Node{NodeIPv4, a.String()}
	}
	return Node{NodeIPv6, a.String()}
}

// Addr is the address that n is; it is invalid for other nodes.
func (n Node) Addr() netip.Addr {
	if n.Kind != NodeIPv4 && n.Kind != NodeIPv6 {
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
	LinkSeeded          Link = "SEED"              // Scan → what the user named
	LinkChild           Link = "CHILD"             // domain → a name below it
	LinkA               Link = "DNS_A"             // domain → IPv4
	LinkAAAA            Link = "DNS_AAAA"          // domain → IPv6
	LinkCNAME           Link = "DNS_CNAME"         // domain → domain
	LinkMX              Link = "DNS_MX_DOMAIN"     // domain → domain
	LinkMXAddr          Link = "DNS_MX_IP"         // domain → address, a fault that exists
	LinkNS              Link = "DNS_NS"            // domain → domain
	LinkPTR             Link = "DNS_PTR"           // address → domain
	LinkSPFAddr         Link = "SPF_IP"            // domain → address
	LinkSPFDomain       Link = "SPF_DOMAIN"        // domain → domain
	LinkSPFRange        Link = "SPF_RANGE"         // domain → range
	LinkSPFRedirect     Link = "SPF_REDIRECT"      // domain → domain
	LinkHosts           Link = "HOSTS"             // address or domain → service; service → URL
	LinkHostsCert       Link = "HOSTS_CERTIFICATE" // address → certificate
	LinkUsesCertificate Link = "USES_CERTIFICATE"  // service or URL → certificate
	LinkUsesComponent   Link = "USES_COMPONENT"    // URL → component
	LinkRedirect        Link = "REDIRECT"          // URL → URL
	LinkLinks           Link = "LINKS"             // URL → domain or URL, by a link
	LinkReferenced      Link = "REFERENCED"        // certificate, URL or domain → domain, by a script, a policy, a record
	LinkRefers          Link = "REFERS"            // domain → domain, by a record such as SRV, CAA, DMARC
	LinkWithin          Link = "WITHIN"            // address → the net around it
	LinkSubset          Link = "SUBSET"            // range → address or range in it
	LinkRouted          Link = "ROUTED"            // address → autonomous system
	LinkLocated         Link = "LOCATED"           // address → country
	LinkCloud           Link = "CLOUD"             // address or domain → who runs it for many
	LinkAssigned        Link = "ASSIGNED"          // autonomous system → entity
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
