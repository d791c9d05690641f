// Package sweep asks many hosts many questions, as fast as the way to them
// bears and no faster, over any transport. It knows which questions are open,
// which were answered, when to ask again and when silence is an answer; the
// transports below it know packets and sockets.
//
// Probes go round over subnets, hosts of a subnet and questions of a host, so
// that neighbours in time are far apart on the network. Nothing needs to be
// tuned: one probe in some sixteen to sixty-four is a canary, which repeats a
// question that was answered before. A canary without an answer is loss on the
// way, never a silent port; so random loss and firewalls slow nothing down, and
// a bottleneck is seen within some round trips.
package sweep

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier/internal/netio/packet"
)

// Kind is what a question consists of.
type Kind uint8

// The kinds. Only SYN is for finding out the state of a port; Stack shows of
// what kind a host is, the others that it is there.
const (
	SYN       Kind = iota // TCP SYN: a SYN/ACK says open, a RST closed
	ACK                   // TCP ACK: a RST shows the host
	Echo                  // ICMP echo request
	Timestamp             // ICMP timestamp request (IPv4 only)
	UDP                   // a datagram of the port's usual protocol
	Neighbour             // ARP request or neighbour solicitation (on link only)
	Stack                 // TCP SYN with all options, whose answer has Traits
)

var kindNames = [...]string{"tcp syn", "tcp ack", "icmp echo", "icmp timestamp", "udp", "neighbour", "tcp stack"}

// Item is a question to a host: a kind, and for SYN, ACK and UDP a port.
type Item uint32

// Ask returns the question of the kind to the port; 0 for kinds without one.
func Ask(k Kind, port uint16) Item { return Item(k)<<16 | Item(port) }

// Kind is the question's kind.
func (i Item) Kind() Kind { return Kind(i >> 16) }

// Port is the question's port.
func (i Item) Port() uint16 { return uint16(i) }

// String returns "tcp syn 443" or "icmp echo".
func (i Item) String() string {
	name := "?"
	if int(i.Kind()) < len(kindNames) {
		name = kindNames[i.Kind()]
	}
	if k := i.Kind(); k == SYN || k == ACK || k == UDP || k == Stack {
		name += " " + strconv.Itoa(int(i.Port()))
	}
	return name
}

// State is what an attempt to reach a port told.
type State uint8

// The states. Local says nothing about the target: it is to be tried again.
const (
	Local       State = iota // our own resources are exhausted, or we were told to stop
	Open                     // it accepted, or answered what was asked
	Closed                   // it refused: the host answers
	Silent                   // nothing came back in time
	Unreachable              // a router or the host itself said that it can not be reached
)

var stateNames = [...]string{"local", "open", "closed", "silent", "unreachable"}

// String returns the state in lower case.
func (s State) String() string { return stateNames[min(s, Unreachable)] }

// Answered reports whether the host itself showed that it is there.
func (s State) Answered() bool { return s == Open || s == Closed }

// Filtered reports whether something stands between us and the port, or
// nothing is there.
func (s State) Filtered() bool { return s == Silent || s == Unreachable }

// Probe is one packet, or one connection attempt, that is to leave.
type Probe struct {
	Addr netip.Addr // without a zone only if none is needed
	Item Item
	Tag  uint8         // below Tags; comes back with the answer
	Wait time.Duration // how long a transport that keeps state waits for the answer
}

// Tags is how many tags there are. A transport without state of its own puts
// the tag where the answer repeats it, such as the low bits of the source port.
const Tags = 16

// Answer is what came back for a probe. A transport that keeps state also
// answers Silent, when Probe.Wait is over, and Local, when it failed itself; a
// raw one says nothing then.
type Answer struct {
	Addr   netip.Addr
	Item   Item
	Tag    uint8
	State  State
	Self   bool          // it is Unreachable, and the host itself said so
	At     time.Time     // when it came in
	RTT    time.Duration // if the transport measured it; else 0
	TTL    uint8         // of a raw answer; else 0
	DF     bool          // of a raw IPv4 answer
	IPID   uint16        // of a raw IPv4 answer
	Window uint16        // of a raw TCP answer; else 0
	MAC    [6]byte       // of an answer to Neighbour; else zero
	Type   uint8         // of the ICMP or ICMPv6 error that made it Unreachable, if the transport saw it; else 0
	Code   uint8         // likewise
	Traits *Traits       // of an answer to Stack; else nil
}

// Traits is what else the answer to a SYN with all options shows of a stack.
type Traits struct {
	Options packet.Options // of a SYN/ACK
	Seq     uint32         // of a SYN/ACK: the sequence number that it begins with
}

// Transport lets probes go. It answers through the function that it was made
// with, from any goroutine, with slices that it may use again after the call.
type Transport interface {
	// Send lets probes go in order and returns how many did. When it has no
	// room for more now (files, buffers) it returns fewer and no error; the
	// others are offered again a little later. It may wait a short time, no
	// longer than a probe takes. An error is the transport's end. One goroutine
	// calls it at a time.
	Send(probes []Probe) (int, error)
	// Close ends the transport. No answer comes after it has returned.
	Close() error
}
