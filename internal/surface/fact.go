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
	"net/netip"

	"github.com/harrier-scan/harrier"
)

// Kind is the model's, as the other words of facts are.
type Kind = harrier.NodeKind

// Node is the model's.
type Node = harrier.Node

// Link is the model's.
type Link = harrier.Link

// Fact is the model's.
type Fact = harrier.Fact

// The kinds.
const (
	Root        = harrier.NodeRoot
	Domain      = harrier.NodeDomain
	IPv4        = harrier.NodeIPv4
	IPv6        = harrier.NodeIPv6
	IPRange     = harrier.NodeIPRange
	Certificate = harrier.NodeCertificate
	Service     = harrier.NodeService
	URL         = harrier.NodeURL
	Component   = harrier.NodeComponent
	ASN         = harrier.NodeASN
	Country     = harrier.NodeCountry
	CloudRegion = harrier.NodeCloudRegion
	Entity      = harrier.NodeEntity
	Registrant  = harrier.NodeRegistrant
)

// The links that discovery makes.
const (
	Seeded          = harrier.LinkSeeded
	Child           = harrier.LinkChild
	A               = harrier.LinkA
	AAAA            = harrier.LinkAAAA
	CNAME           = harrier.LinkCNAME
	MX              = harrier.LinkMX
	MXAddr          = harrier.LinkMXAddr
	NS              = harrier.LinkNS
	PTR             = harrier.LinkPTR
	SPFAddr         = harrier.LinkSPFAddr
	SPFDomain       = harrier.LinkSPFDomain
	SPFRange        = harrier.LinkSPFRange
	SPFRedirect     = harrier.LinkSPFRedirect
	Hosts           = harrier.LinkHosts
	HostsCert       = harrier.LinkHostsCert
	UsesCertificate = harrier.LinkUsesCertificate
	UsesComponent   = harrier.LinkUsesComponent
	Redirect        = harrier.LinkRedirect
	Links           = harrier.LinkLinks
	Referenced      = harrier.LinkReferenced
	Refers          = harrier.LinkRefers
	Within          = harrier.LinkWithin
	Subset          = harrier.LinkSubset
	Routed          = harrier.LinkRouted
	Located         = harrier.LinkLocated
	Cloud           = harrier.LinkCloud
	Assigned        = harrier.LinkAssigned
)

// AddrNode is the node of an address.
func AddrNode(a netip.Addr) Node { return harrier.AddrNode(a) }
