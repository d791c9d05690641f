package packet

import "net/netip"

var broadcast = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// ARPRequest asks who has the IPv4 address to, for a frame to the broadcast
// address; mac and from are the asker's. From may be 0.0.0.0, so that nobody's
// table changes (RFC 5227, section 2.1.1). It returns 0 when an address is not
// of IPv4.
func ARPRequest(b []byte, mac [6]byte, from, to netip.Addr) int {
	from, to = from.Unmap(), to.Unmap()
	if !from.Is4() || !to.Is4() {
		return 0
	}
	b = b[:lenARP]
	be.PutUint16(b[0:], 1) // Ethernet
	be.PutUint16(b[2:], EtherIPv4)
	b[4], b[5] = 6, 4      // lengths of the addresses
	be.PutUint16(b[6:], 1) // request
	copy(b[8:14], mac[:])
	a := from.As4()
	copy(b[14:18], a[:])
	clear(b[18:24])
	a = to.As4()
	copy(b[24:28], a[:])
	return lenARP
}

// Solicit is a neighbour solicitation for the IPv6 address to; mac is the
// asker's. It goes to the address's solicited-node group, by a frame to
// groupMAC, and with a hop limit of 255 (RFC 4861, sections 4.3 and 7.1.1; RFC
// 2464, section 7; RFC 4291, section 2.7.1). It returns 0 for a Source of IPv4
// or of the unspecified address, and for a multicast address.
func (s *Source) Solicit(b []byte, mac [6]byte, to netip.Addr) (n int, group netip.Addr, groupMAC [6]byte) {
	const size = 24 + 8 // the message and one option
	if !s.six || s.addrSum == 0 || !to.Is6() || to.Is4In6() || to.IsMulticast() {
		return 0, netip.Addr{}, groupMAC
	}
	target := to.As16()
	g := [16]byte{0: 0xff, 1: 0x02, 11: 0x01, 12: 0xff, 13: target[13], 14: target[14], 15: target[15]}
	group = netip.AddrFrom16(g)
	body, pseudo := s.begin(b, group, ProtoICMPv6, size)
	if body == nil {
		return 0, netip.Addr{}, groupMAC
	}
	b[:minIPv6][7] = 255
	ask(body, icmpv6Solicitation, 0, 0)
	copy(body[8:24], target[:])
	body[24], body[25] = 1, 1 // source link-layer address, 8 bytes
	copy(body[26:32], mac[:])
	be.PutUint16(body[2:], checksum(pseudo+sum(body)))
	return s.size(size), group, [6]byte{0x33, 0x33, g[12], g[13], g[14], g[15]}
}

// readARP reads a reply. Anything else, and one with addresses that nobody can
// have, is refused.
func readARP(b []byte, p *Packet) bool {
	if len(b) < lenARP || be.Uint16(b) != 1 || be.Uint16(b[2:]) != EtherIPv4 ||
		b[4] != 6 || b[5] != 4 || be.Uint16(b[6:]) != 2 {
		return false
	}
	p.MAC = [6]byte(b[8:14])
	p.From = netip.AddrFrom4([4]byte(b[14:18]))
	p.To = netip.AddrFrom4([4]byte(b[24:28]))
	p.Kind = ARPReply
	return host4(b[14]) && station(p.MAC)
}

// readAdvertisement reads a neighbour advertisement by the rules of RFC 4861,
// section 7.1.2, and RFC 6980, section 5 (no fragments). One without the
// target's link-layer address can not answer a solicitation to the group
// (section 7.2.4) and is refused.
func readAdvertisement(d *datagram, p *Packet) bool {
	b := d.body
	if d.hops != 255 || d.fragment || d.cut || len(b) < 24 || b[1] != 0 {
		return false
	}
	target := [16]byte(b[8:24])
	solicited := b[4]&0x40 != 0
	if !host6(&target) || solicited && d.to.IsMulticast() {
		return false
	}
	for o := b[24:]; len(o) > 0; {
		if len(o) < 8 {
			return false
		}
		n := int(o[1]) * 8
		if n == 0 || n > len(o) {
			return false
		}
		if o[0] == 2 && n == 8 {
			p.MAC = [6]byte(o[2:8])
		}
		o = o[n:]
	}
	p.Kind = Advertisement
	p.From = netip.AddrFrom16(target)
	return station(p.MAC)
}

// station reports whether mac was given and frames may be sent to it as to one
// neighbour.
// Group addresses are: clusters answer with them for an address they share.
func station(mac [6]byte) bool { return mac != [6]byte{} && mac != broadcast }
