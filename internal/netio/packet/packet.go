// Package packet builds the packets of a scan and reads what comes back, at
// the network layer: a packet begins with its IP header, and the sockets add
// and take off the link's own. ARP has no IP header; its packets are the whole
// payload of the link. Nothing here sends, receives, waits or allocates.
//
// Reading trusts nobody. A packet counts as read only when all that Packet
// tells of it was there; what lies behind the length that its IP header names
// is padding (Ethernet fills short frames) and is never looked at. Whether an
// answer belongs to a probe (own address, own port, cookie) is for the caller
// to decide.
//
// Sources: RFC 791 and 8200 (IP), 9293 (TCP), 768 (UDP), 792 and 4443 (ICMP),
// 826 (ARP), 4861 (neighbour discovery), 1071 (checksums).
package packet

import "net/netip"

// EtherTypes of what Read understands.
const (
	EtherIPv4 = 0x0800
	EtherARP  = 0x0806
	EtherIPv6 = 0x86dd
)

// Protocol numbers, as in Quoted.
const (
	ProtoICMP   = 1
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoICMPv6 = 58
)

// TCP flags.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// ICMP types in Packet.Type of an Error and in Quoted.Type.
const (
	ICMPUnreachable  = 3
	ICMPEcho         = 8
	ICMPTimeExceeded = 11
	ICMPTimestamp    = 13

	ICMPv6Unreachable  = 1
	ICMPv6TimeExceeded = 3
	ICMPv6Echo         = 128
)

const (
	icmpEchoReply       = 0
	icmpTimestampReply  = 14
	icmpv6EchoReply     = 129
	icmpv6Solicitation  = 135
	icmpv6Advertisement = 136

	minIPv4 = 20 // bytes of a header without options
	minIPv6 = 40
	minTCP  = 20
	lenUDP  = 8
	minICMP = 8
	lenARP  = 28
)

// Sizes of the buffers that packets are built in.
const (
	// MaxSize holds every packet. It is the least MTU of IPv6 (RFC 8200,
	// section 5), so that no packet is ever fragmented.
	MaxSize = 1280
	// SmallSize holds every packet without a payload of the caller's: all but
	// those of UDP and Echo.
	SmallSize = minIPv6 + lenFull // a SYN with all options
	// MaxPayload is the longest payload of UDP and Echo.
	MaxPayload = MaxSize - minIPv6 - lenUDP
)

// Kind is what a packet turned out to be.
type Kind uint8

// The kinds. The zero Kind is none.
const (
	TCP            Kind = iota + 1 // any segment: the caller looks at Flags
	UDP                            // a datagram
	EchoReply                      // ICMP or ICMPv6
	TimestampReply                 // ICMP
	Error                          // destination unreachable or time exceeded, of ICMP or ICMPv6
	ARPReply                       // From is at MAC
	Advertisement                  // of a neighbour: From is at MAC
)

var kindNames = [...]string{"none", "tcp", "udp", "echo reply", "timestamp reply", "icmp error", "arp reply", "neighbour advertisement"}

// String returns "tcp" or "echo reply".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "?"
}

// Packet is a packet that came in. Fields that its Kind does not have are zero.
type Packet struct {
	Kind Kind
	// From and To are the IP header's addresses, without a zone: the interface
	// knows it. Of an ARPReply they are the protocol addresses; From of an
	// Advertisement is its target, which need not be the header's source.
	From, To         netip.Addr
	FromPort, ToPort uint16
	Flags            uint8 // of TCP: FIN, SYN, RST, PSH, ACK and above
	Seq, Ack         uint32
	Window           uint16 // as it stands, before any scaling
	TTL              uint8  // or hop limit, as received; 0 for ARP
	DF               bool   // of IPv4: it may not be cut into fragments
	IPID             uint16 // of IPv4: the identification
	Options          []byte // of TCP: a part of the slice that was read, see ReadOptions
	Type, Code       uint8  // of ICMP and ICMPv6, whose numbers differ
	ID, ICMPSeq      uint16 // of EchoReply and TimestampReply
	MAC              [6]byte
	// Payload is what follows the header of TCP, UDP or the reply's ID and
	// sequence number: a part of the slice that was read, never a copy. Its
	// capacity ends with it.
	Payload []byte
	// Cut says that Payload is not whole: the capture was shorter than the
	// packet, or this is the first of several fragments. Always false for
	// an Advertisement and an ARPReply.
	Cut bool
	// Quoted is the packet that an Error is about.
	Quoted Quoted
}

// PortUnreachable reports whether p is the error by which the host that was
// asked says that no one listens on the port. The same error by another host is
// a firewall's and says nothing of the port.
func (p *Packet) PortUnreachable() bool {
	if p.Kind != Error || p.From != p.Quoted.To {
		return false
	}
	if p.From.Is4() {
		return p.Type == ICMPUnreachable && p.Code == 3
	}
	return p.Type == ICMPv6Unreachable && p.Code == 4
}

// Quoted is what an ICMP error repeats of the packet it is about. Its sender
// can write here what it likes; From, FromPort and a cookie in Seq, ID or
// ICMPSeq show whether the packet was ours.
type Quoted struct {
	Proto            uint8 // ProtoTCP, ProtoUDP, ProtoICMP or ProtoICMPv6
	From, To         netip.Addr
	FromPort, ToPort uint16 // of TCP and UDP
	Seq              uint32 // of TCP
	Type             uint8  // of ICMP and ICMPv6: what was asked
	ID, ICMPSeq      uint16 // of ICMP and ICMPv6
}
