// Package route tells where packets to a target go: through which interface,
// from which source address, to which neighbour on the link. It is for those
// who build frames themselves; a socket that connects needs none of it.
//
// The kernel decides, never this package: a Table asks it by rtnetlink
// (rtnetlink(7)), so that policy rules, several tables, multipath routes and the
// choice of a source address are what a socket would meet. Answers are kept only
// for ranges of addresses that no route and no rule tells apart, and only until
// the kernel reports a change, a second at most. A Resolver finds link-layer
// addresses without waiting and without an entry in the kernel's tables.
//
// What a raw frame passes by stays unseen: IPsec policies, packet filters, and
// rules that choose by mark, protocol or port.
package route

import "net/netip"

// Path is how packets reach a target.
type Path struct {
	Index int    // of the interface
	Name  string // of the interface

	// From is the source address that the system would choose, without a zone.
	From netip.Addr

	// Next is whose link-layer address frames go to: the gateway, or the target
	// itself when it is on the link; without a zone. It may be of the other
	// family (an IPv4 route by an IPv6 gateway, RFC 5549). It is invalid where
	// nothing is to be resolved: this machine, loopback, tunnels, point-to-point
	// links and links without ARP.
	Next netip.Addr

	// OnLink says that the target itself is on the link and would answer ARP
	// (RFC 826) or neighbour discovery (RFC 4861).
	OnLink bool

	// Local says that the target is this machine.
	Local bool

	// Ethernet says that frames of the interface start with an Ethernet header;
	// else they start with the IP header. Loopback has one too.
	Ethernet bool

	MAC  [6]byte // the interface's own; zero if it has none
	Peer [6]byte // where frames go to if Ethernet is set and Next is invalid

	// MTU is the longest packet that the route takes, from the IP header on.
	MTU int

	// Prefix holds the target; every address in it has the same path, with
	// itself as Next if OnLink. It is as long as an address when unsure.
	Prefix netip.Prefix
}
