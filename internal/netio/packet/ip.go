package packet

import "net/netip"

// datagram is what the IP header of a packet says.
type datagram struct {
	from, to netip.Addr
	proto    uint8  // of body
	hops     uint8  // TTL or hop limit
	body     []byte // what is there of it, without padding
	size     int    // bytes that body has by the header
	cut      bool   // not all of body is there
	more     bool   // body goes on in another fragment
	fragment bool   // there was a fragment header, or IPv4's fields in use
	df       bool   // of IPv4: don't fragment
	id       uint16 // of IPv4
}

// maxExtensions is how many extension headers are walked over: one of each
// kind, and destination options twice (RFC 8200, section 4.1).
const maxExtensions = 5

// ipv4 reads the header of b. The length in the header of a quoted packet is
// not looked at: routers are known to spoil it, and quotes are short anyhow.
func (d *datagram) ipv4(b []byte, quoted bool) bool {
	if len(b) < minIPv4 || b[0]>>4 != 4 {
		return false
	}
	head, total := int(b[0]&15)*4, int(be.Uint16(b[2:]))
	if quoted {
		total = len(b)
	}
	if head < minIPv4 || head > total || head > len(b) {
		return false
	}
	flags := be.Uint16(b[6:])
	if flags&0x1fff != 0 || !host4(b[12]) {
		return false
	}
	d.more = flags&0x2000 != 0
	d.df, d.id = flags&0x4000 != 0, be.Uint16(b[4:])
	d.fragment = d.more
	d.from = netip.AddrFrom4([4]byte(b[12:16]))
	d.to = netip.AddrFrom4([4]byte(b[16:20]))
	d.hops, d.proto = b[8], b[9]
	d.size = total - head
	d.cut = total > len(b)
	end := min(total, len(b))
	d.body = b[head:end:end]
	return true
}

// ipv6 reads the header of b and walks over the extension headers. A jumbogram,
// which has no length, is refused.
func (d *datagram) ipv6(b []byte, quoted bool) bool {
	if len(b) < minIPv6 || b[0]>>4 != 6 {
		return false
	}
	from, to := [16]byte(b[8:24]), [16]byte(b[24:40])
	if !host6(&from) || mapped(&to) {
		return false
	}
	d.from, d.to = netip.AddrFrom16(from), netip.AddrFrom16(to)
	d.size = int(be.Uint16(b[4:]))
	d.proto, d.hops = b[6], b[7]
	b = b[minIPv6:]
	if quoted {
		d.size = len(b)
	}
	d.cut = d.size > len(b)
	end := min(d.size, len(b))
	d.body = b[:end:end]
	return d.extensions()
}

// extensions walks from header to header until one that is none of those that
// may stand before the transport's.
func (d *datagram) extensions() bool {
	const hopByHop, routing, fragment, destination = 0, 43, 44, 60
	for i := range maxExtensions + 1 {
		switch d.proto {
		case hopByHop, routing, fragment, destination:
		default:
			return true
		}
		b := d.body
		if len(b) < 8 {
			return false
		}
		n := 8
		switch d.proto {
		case hopByHop:
			if i > 0 { // it stands first or not at all
				return false
			}
			n += int(b[1]) * 8
		case routing:
			if b[3] != 0 { // segments left: it is on its way to someone else
				return false
			}
			n += int(b[1]) * 8
		case destination:
			n += int(b[1]) * 8
		case fragment:
			place := be.Uint16(b[2:])
			if place&^7 != 0 || d.fragment {
				return false
			}
			d.fragment, d.more = true, place&1 != 0
		}
		if n > len(b) {
			return false
		}
		d.proto, d.body, d.size = b[0], b[n:], d.size-n
	}
	return false
}

// host4 reports whether an IPv4 address with this first byte can be one
// host's: not of 0.0.0.0/8, multicast or above.
func host4(first byte) bool { return first != 0 && first < 224 }

// host6 reports whether the address can be one host's on a wire: not
// multicast, not unspecified, not IPv4 in IPv6's form, which would let a packet
// of the one family pass as an answer of the other.
func host6(a *[16]byte) bool {
	return a[0] != 0xff && *a != [16]byte{} && !mapped(a)
}

// mapped reports whether a is of ::ffff:0:0/96.
func mapped(a *[16]byte) bool {
	return be.Uint64(a[:]) == 0 && be.Uint32(a[8:]) == 0xffff
}
