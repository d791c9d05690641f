package packet

import "net/netip"

const (
	// window is what common stacks start with: 44 segments of 1460 bytes.
	window = 64240
	hops   = 64
	// lenFull is a TCP header with all options of a usual stack.
	lenFull = minTCP + 20
)

// Source builds packets that come from one address. It holds what is the same
// in all of them, with the sums of it. It does not change: any number of
// goroutines may use it at once.
//
// Its methods write one packet each to the start of b and return its length.
// They use b to its capacity, which must hold the packet: SmallSize or MaxSize
// are enough; they panic when it does not. They return 0, and b is of no use
// then, when the packet can not be: to an address of the other family, or with
// a payload longer than MaxPayload. An IPv4 address may be given in its IPv6
// form too. A zone is not looked at.
//
// All packets have a TTL or hop limit of 64, in IPv4 the flag don't-fragment
// and the identification 0, which such packets may have (RFC 6864, section 4),
// in IPv6 the flow label 0.
type Source struct {
	six     bool
	head    [minIPv6]byte // without length, protocol, IPv4 checksum and destination
	headSum uint64        // of head, for the IPv4 checksum
	addrSum uint64        // of the address, for pseudo headers
	syn     segment
	full    segment
	ack     segment
	rst     segment
}

// segment is a TCP header without ports and numbers, and the sum of it.
type segment struct {
	b   [lenFull]byte
	n   int
	sum uint64
}

func newSegment(flags uint8, window uint16, options ...byte) segment {
	s := segment{n: minTCP + len(options)}
	s.b[12] = uint8(s.n / 4 << 4)
	s.b[13] = flags
	be.PutUint16(s.b[14:], window)
	copy(s.b[minTCP:], options)
	s.sum = sum(s.b[:s.n])
	return s
}

// NewSource makes a Source of the address. One of the zero Addr builds nothing.
func NewSource(addr netip.Addr) *Source {
	addr = addr.Unmap()
	s := &Source{
		six: !addr.Is4(),
		ack: newSegment(ACK, window),
		rst: newSegment(RST, 0),
	}
	mss := byte(1460 & 0xff)
	if s.six {
		mss = 1440 & 0xff
	}
	s.syn = newSegment(SYN, window, 2, 4, 1460>>8, mss, 1, 1, 4, 2)
	s.full = newSegment(SYN, window, 2, 4, 1460>>8, mss, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7)
	switch {
	case addr.Is4():
		s.head[0] = 4<<4 | minIPv4/4
		s.head[6] = 0x40 // don't fragment
		s.head[8] = hops
		a := addr.As4()
		copy(s.head[12:], a[:])
		s.headSum = sum(s.head[:minIPv4])
		s.addrSum = sum(a[:])
	case addr.Is6():
		s.head[0] = 6 << 4
		s.head[7] = hops
		a := addr.As16()
		copy(s.head[8:], a[:])
		s.addrSum = sum(a[:])
	}
	return s
}

// begin writes the header of a packet whose body has n bytes. It returns the
// body's place and the sum of the pseudo header (RFC 9293, section 3.1; RFC
// 8200, section 8.1), and no body when there is no such packet.
func (s *Source) begin(b []byte, to netip.Addr, proto uint8, n int) (body []byte, pseudo uint64) {
	if s.six {
		if !to.Is6() || to.Is4In6() || s.head[0] == 0 {
			return nil, 0
		}
		b = b[:minIPv6+n]
		h := (*[minIPv6]byte)(b)
		*h = s.head
		be.PutUint16(h[4:], uint16(n))
		h[6] = proto
		a := to.As16()
		*(*[16]byte)(h[24:]) = a
		toSum := uint64(be.Uint32(a[0:])) + uint64(be.Uint32(a[4:])) + uint64(be.Uint32(a[8:])) + uint64(be.Uint32(a[12:]))
		return b[minIPv6:], s.addrSum + toSum + uint64(proto) + uint64(n)
	}
	to = to.Unmap()
	if !to.Is4() {
		return nil, 0
	}
	b = b[:minIPv4+n]
	h := (*[minIPv4]byte)(b)
	*h = [minIPv4]byte(s.head[:])
	be.PutUint16(h[2:], uint16(minIPv4+n))
	h[9] = proto
	a := to.As4()
	*(*[4]byte)(h[16:]) = a
	toSum := uint64(be.Uint32(a[:]))
	be.PutUint16(h[10:], checksum(s.headSum+uint64(minIPv4+n)+uint64(proto)+toSum))
	return b[minIPv4:], s.addrSum + toSum + uint64(proto) + uint64(n)
}

// size is the length of a packet whose body has n bytes.
func (s *Source) size(n int) int {
	if s.six {
		return minIPv6 + n
	}
	return minIPv4 + n
}

// SYN asks for a connection. It looks like the SYN of a usual stack, so that
// firewalls which normalise traffic let it pass: MSS (1460, in IPv6 1440) and
// SACK-permitted, and a window of 64240. In IPv4 over Ethernet it makes a frame
// of 62 bytes, 2 above the least.
func (s *Source) SYN(b []byte, to netip.AddrPort, from uint16, seq uint32) int {
	return s.tcp(&s.syn, b, to, from, seq, 0)
}

// FullSYN asks for a connection with all options that the usual stacks offer:
// MSS, SACK-permitted, timestamps and a window scale of 7. In which order and
// with which values the other side repeats them tells its stack.
func (s *Source) FullSYN(b []byte, to netip.AddrPort, from uint16, seq uint32) int {
	return s.tcp(&s.full, b, to, from, seq, 0)
}

// ACK is a segment without data of a connection that is not there.
func (s *Source) ACK(b []byte, to netip.AddrPort, from uint16, seq, ack uint32) int {
	return s.tcp(&s.ack, b, to, from, seq, ack)
}

// RST ends a connection; seq is the number that the other side acknowledged.
func (s *Source) RST(b []byte, to netip.AddrPort, from uint16, seq uint32) int {
	return s.tcp(&s.rst, b, to, from, seq, 0)
}

func (s *Source) tcp(t *segment, b []byte, to netip.AddrPort, from uint16, seq, ack uint32) int {
	body, pseudo := s.begin(b, to.Addr(), ProtoTCP, t.n)
	if body == nil {
		return 0
	}
	h := (*[minTCP]byte)(body)
	*h = [minTCP]byte(t.b[:])
	copy(body[minTCP:], t.b[minTCP:])
	port := to.Port()
	be.PutUint16(h[0:], from)
	be.PutUint16(h[2:], port)
	be.PutUint32(h[4:], seq)
	be.PutUint32(h[8:], ack)
	be.PutUint16(h[16:], checksum(pseudo+t.sum+uint64(from)+uint64(port)+uint64(seq)+uint64(ack)))
	return s.size(t.n)
}

// UDP is a datagram.
func (s *Source) UDP(b []byte, to netip.AddrPort, from uint16, payload []byte) int {
	if len(payload) > MaxPayload {
		return 0
	}
	n := lenUDP + len(payload)
	body, pseudo := s.begin(b, to.Addr(), ProtoUDP, n)
	if body == nil {
		return 0
	}
	be.PutUint16(body[0:], from)
	be.PutUint16(body[2:], to.Port())
	be.PutUint16(body[4:], uint16(n))
	be.PutUint16(body[6:], 0)
	copy(body[lenUDP:], payload)
	c := checksum(pseudo + sum(body))
	if c == 0 { // which would say that there is none
		c = 0xffff
	}
	be.PutUint16(body[6:], c)
	return s.size(n)
}

// Echo is an echo request of ICMP or ICMPv6.
func (s *Source) Echo(b []byte, to netip.Addr, id, seq uint16, payload []byte) int {
	if len(payload) > MaxPayload {
		return 0
	}
	n := minICMP + len(payload)
	kind, proto := byte(ICMPEcho), byte(ProtoICMP)
	if s.six {
		kind, proto = ICMPv6Echo, ProtoICMPv6
	}
	body, pseudo := s.begin(b, to, proto, n)
	if body == nil {
		return 0
	}
	if !s.six { // ICMP alone has no pseudo header
		pseudo = 0
	}
	ask(body, kind, id, seq)
	copy(body[minICMP:], payload)
	be.PutUint16(body[2:], checksum(pseudo+sum(body)))
	return s.size(n)
}

// Timestamp asks an IPv4 host for its time of day; originate is ours, in
// milliseconds since midnight UTC. ICMPv6 has no such thing: it returns 0.
func (s *Source) Timestamp(b []byte, to netip.Addr, id, seq uint16, originate uint32) int {
	const n = minICMP + 12
	if s.six {
		return 0
	}
	body, _ := s.begin(b, to, ProtoICMP, n)
	if body == nil {
		return 0
	}
	ask(body, ICMPTimestamp, id, seq)
	be.PutUint32(body[8:], originate)
	be.PutUint64(body[12:], 0)
	be.PutUint16(body[2:], checksum(sum(body)))
	return s.size(n)
}

// ask writes the first 8 bytes of an ICMP query, with no checksum yet.
func ask(body []byte, kind uint8, id, seq uint16) {
	body[0], body[1], body[2], body[3] = kind, 0, 0, 0
	be.PutUint16(body[4:], id)
	be.PutUint16(body[6:], seq)
}
