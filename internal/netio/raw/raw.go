// Package raw sends and receives packets at the network layer, without libpcap
// and without C. On Linux it uses packet sockets (packet(7)): batches leave by
// sendmmsg, and what comes in is filtered in the kernel and read from a ring
// that kernel and process share. Elsewhere Open answers ErrDenied.
//
// The sockets are cooked: the kernel writes and removes the link's own header,
// so that Ethernet, tunnels and loopback are served alike. They need
// CAP_NET_RAW, but only to be made. A program calls Early first of all, which
// makes them and then gives the capability up.
package raw

import (
	"net"

	"github.com/harrier-scan/harrier"
)

// The ethertypes that a session receives.
//
// Source: IEEE 802 Numbers, IANA.
const (
	IPv4 uint16 = 0x0800
	ARP  uint16 = 0x0806
	IPv6 uint16 = 0x86dd
)

// ErrDenied says that this process may not use raw sockets: it has neither the
// capability nor sockets from Early, or the system has none.
var ErrDenied error = harrier.Errorf(harrier.Forbidden, "raw sockets need CAP_NET_RAW")

// ErrBusy says that all sockets that Early made are in use.
var ErrBusy error = harrier.Errorf(harrier.Unavailable, "all raw sockets are in use")

// ErrClosed is what a closed session answers; errors.Is finds net.ErrClosed.
var ErrClosed = net.ErrClosed

// Hop is where a packet goes: an interface and the address on its link.
type Hop struct {
	Index  int     // of the interface; 1 is loopback
	Type   uint16  // ethertype, such as IPv4
	MAC    [8]byte // the first MACLen bytes count
	MACLen uint8   // 6 on Ethernet, 0 on links without addresses
}

// Out is a packet that is to leave.
type Out struct {
	Data []byte // from the network layer's header on; checksums are the caller's
	Hop  Hop
	Err  error // set by Send: nil, or why the packet was skipped
}

// In is a packet that came in.
type In struct {
	Data  []byte  // from the network layer's header on, at most 2048 bytes, link padding included
	Index int     // of the interface
	Type  uint16  // ethertype
	MAC   [6]byte // the sender's; zero on links without addresses
	At    int64   // when the kernel took it, in nanoseconds since 1970
}

// Filter says which packets a session receives: TCP and UDP to the ports from
// First on, Count of them, and with any value ICMP and ICMPv6 echo and
// timestamp replies, destination unreachable and time exceeded, ARP replies
// and neighbour advertisements. Of fragments only the first passes; IPv6
// packets with extension headers before the transport's pass as they are.
//
// A packet to a VLAN passes once, but one that a bridge or a bond takes from
// another interface may pass once for each.
type Filter struct {
	First uint16
	Count int // 0 to 65536-First
}

func (f Filter) check() error {
	if f.Count < 0 || int(f.First)+f.Count > 1<<16 {
		return harrier.Errorf(harrier.Invalid, "ports %d+%d end after 65535", f.First, f.Count)
	}
	return nil
}
