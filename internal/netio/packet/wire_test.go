package packet

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// What a target would send, written plainly and apart from the code under test.

var (
	us4   = netip.MustParseAddr("192.0.2.1")
	them4 = netip.MustParseAddr("198.51.100.7")
	us6   = netip.MustParseAddr("2001:db8::1")
	them6 = netip.MustParseAddr("2001:db8:1::a:b0c:d0e")
	mac   = [6]byte{0x02, 0x42, 0xac, 0x11, 0x00, 0x02}
)

// onesSum is RFC 1071's sum, word by word with the carry brought round at once.
func onesSum(parts ...[]byte) uint16 {
	b := slices.Concat(parts...)
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	var s uint32
	for i := 0; i < len(b); i += 2 {
		s += uint32(b[i])<<8 | uint32(b[i+1])
		if s > 0xffff {
			s -= 0xffff
		}
	}
	return uint16(s)
}

func pseudoHeader(from, to netip.Addr, proto byte, n int) []byte {
	b := slices.Concat(from.AsSlice(), to.AsSlice())
	if from.Is4() {
		return append(b, 0, proto, byte(n>>8), byte(n))
	}
	return append(b, 0, 0, byte(n>>8), byte(n), 0, 0, 0, proto)
}

// sealed returns body with its checksum at the offset.
func sealed(from, to netip.Addr, proto byte, at int, body []byte) []byte {
	b := slices.Clone(body)
	pseudo := pseudoHeader(from, to, proto, len(b))
	if proto == 1 {
		pseudo = nil
	}
	binary.BigEndian.PutUint16(b[at:], ^onesSum(pseudo, b))
	return b
}

// ip4 is an IPv4 packet; options must be a multiple of 4 bytes.
func ip4(from, to netip.Addr, proto byte, options, body []byte) []byte {
	n := 20 + len(options)
	b := []byte{byte(0x40 | n/4), 0, 0, 0, 0x12, 0x34, 0, 0, 57, proto, 0, 0}
	binary.BigEndian.PutUint16(b[2:], uint16(n+len(body)))
	b = slices.Concat(b, from.AsSlice(), to.AsSlice(), options)
	binary.BigEndian.PutUint16(b[10:], ^onesSum(b))
	return append(b, body...)
}

// ip6 is an IPv6 packet; next is what follows the fixed header, and body all
// that follows.
func ip6(from, to netip.Addr, next, hops byte, body []byte) []byte {
	b := []byte{0x60, 0, 0, 0, byte(len(body) >> 8), byte(len(body)), next, hops}
	return slices.Concat(b, from.AsSlice(), to.AsSlice(), body)
}

func tcpSegment(fromPort, toPort uint16, seq, ack uint32, flags byte, window uint16, options, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, fromPort)
	b = binary.BigEndian.AppendUint16(b, toPort)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, byte((20+len(options))/4<<4), flags, byte(window>>8), byte(window), 0, 0, 0, 0)
	return slices.Concat(b, options, payload)
}

func udpDatagram(fromPort, toPort uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, fromPort)
	b = binary.BigEndian.AppendUint16(b, toPort)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return slices.Concat(b, []byte{0, 0}, payload)
}

// icmpMessage is one whose first 8 bytes are type, code, checksum and rest.
func icmpMessage(kind, code byte, rest uint32, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind, code, 0, 0}, rest), body...)
}

// received is a packet as it came in, and what it is.
type received struct {
	name  string
	ether uint16
	b     []byte
	want  Packet
}

// answers are good packets of every kind, in every shape that Read knows.
func answers() []received {
	var (
		mssOption = []byte{2, 4, 5, 0xb4}
		synAck4   = sealed(them4, us4, 6, 16, tcpSegment(443, 61000, 7, 0x01020305, SYN|ACK, 65535, mssOption, nil))
		synAck6   = sealed(them6, us6, 6, 16, tcpSegment(443, 61000, 7, 0x01020305, SYN|ACK, 65535, mssOption, nil))
		rst4      = sealed(them4, us4, 6, 16, tcpSegment(81, 61000, 0, 9, RST|ACK, 0, nil, nil))
		data4     = sealed(them4, us4, 6, 16, tcpSegment(22, 61000, 8, 9, PSH|ACK, 501, nil, []byte("SSH-2.0-x")))
		dns4      = sealed(them4, us4, 17, 6, udpDatagram(53, 61001, []byte("reply")))
		dns6      = sealed(them6, us6, 17, 6, udpDatagram(53, 61001, []byte("reply")))
		echo4     = sealed(them4, us4, 1, 2, icmpMessage(0, 0, 0x00070009, []byte("canary!")))
		echo6     = sealed(them6, us6, 58, 2, icmpMessage(129, 0, 0x00070009, []byte("canary!")))
		hopByHop  = []byte{43, 0, 5, 2, 0, 0, 1, 0}               // router alert
		routing   = []byte{60, 2, 4, 0, 0, 0, 0, 0, 19: 1, 23: 0} // used up
		options   = []byte{44, 1, 1, 12, 15: 0}                   // PadN
		atomic    = []byte{6, 0, 0, 0, 1, 2, 3, 4}                // fragment of one
		first     = []byte{17, 0, 0, 1, 1, 2, 3, 4}               // and more follow
		probe4    = ip4(us4, them4, 6, nil, tcpSegment(61000, 81, 99, 0, SYN, 64240, nil, nil))
		probe6    = ip6(us6, them6, 6, 64, tcpSegment(61000, 81, 99, 0, SYN, 64240, nil, nil))
		query4    = ip4(us4, them4, 17, nil, udpDatagram(61001, 161, []byte("public")))
		query6    = ip6(us6, them6, 17, 64, udpDatagram(61001, 161, []byte("public")))
		ping4     = ip4(us4, them4, 1, nil, icmpMessage(8, 0, 0x00070009, nil))
		ping6     = ip6(us6, them6, 58, 64, icmpMessage(128, 0, 0x00070009, nil))
		router4   = netip.MustParseAddr("203.0.113.254")
		router6   = netip.MustParseAddr("2001:db8:ffff::1")
	)
	syn4 := Packet{Kind: TCP, From: them4, To: us4, FromPort: 443, ToPort: 61000, Flags: SYN | ACK, Seq: 7, Ack: 0x01020305, Window: 65535, TTL: 57, Options: mssOption}
	syn6 := syn4
	syn6.From, syn6.To = them6, us6
	reply4 := Packet{Kind: UDP, From: them4, To: us4, FromPort: 53, ToPort: 61001, TTL: 57, Payload: []byte("reply")}
	reply6 := reply4
	reply6.From, reply6.To = them6, us6
	half6 := reply6
	half6.Payload, half6.Cut = []byte("rep"), true
	advert := func(from, to netip.Addr, flags byte, target netip.Addr, options []byte) []byte {
		body := icmpMessage(136, 0, uint32(flags)<<24, slices.Concat(target.AsSlice(), options))
		return ip6(from, to, 58, 255, sealed(from, to, 58, 2, body))
	}
	linkOption := slices.Concat([]byte{2, 1}, mac[:])
	nonce := []byte{14, 1, 1, 2, 3, 4, 5, 6}
	arp := slices.Concat([]byte{0, 1, 8, 0, 6, 4, 0, 2}, mac[:], them4.AsSlice(), []byte{2, 0, 0, 0, 0, 1}, us4.AsSlice())
	list := []received{
		{"SYN/ACK", EtherIPv4, ip4(them4, us4, 6, nil, synAck4), syn4},
		{"SYN/ACK, IP options", EtherIPv4, ip4(them4, us4, 6, []byte{148, 4, 0, 0, 1, 1, 1, 0}, synAck4), syn4},
		{"SYN/ACK v6", EtherIPv6, ip6(them6, us6, 6, 57, synAck6), syn6},
		{"SYN/ACK v6, extension headers", EtherIPv6, ip6(them6, us6, 0, 57, slices.Concat(hopByHop, routing, options, atomic, synAck6)), syn6},
		{"SYN/ACK v6, all extension headers", EtherIPv6, ip6(them6, us6, 0, 57, slices.Concat(patch(hopByHop, 0, 60), patch(options, 0, 43), patch(routing, 0, 44), patch(atomic, 0, 60), patch(options, 0, 6), synAck6)), syn6},
		{"RST", EtherIPv4, ip4(them4, us4, 6, nil, rst4), Packet{Kind: TCP, From: them4, To: us4, FromPort: 81, ToPort: 61000, Flags: RST | ACK, Ack: 9, TTL: 57}},
		{"data", EtherIPv4, ip4(them4, us4, 6, nil, data4), Packet{Kind: TCP, From: them4, To: us4, FromPort: 22, ToPort: 61000, Flags: PSH | ACK, Seq: 8, Ack: 9, Window: 501, TTL: 57, Payload: []byte("SSH-2.0-x")}},
		{"data, first fragment", EtherIPv4, patch(ip4(them4, us4, 6, nil, data4[:24]), 6, 0x20), Packet{Kind: TCP, From: them4, To: us4, FromPort: 22, ToPort: 61000, Flags: PSH | ACK, Seq: 8, Ack: 9, Window: 501, TTL: 57, Payload: []byte("SSH-"), Cut: true}},
		{"UDP", EtherIPv4, ip4(them4, us4, 17, nil, dns4), reply4},
		{"UDP, shorter than its packet", EtherIPv4, ip4(them4, us4, 17, nil, append(slices.Clone(dns4), "rest"...)), reply4},
		{"UDP v6", EtherIPv6, ip6(them6, us6, 17, 57, dns6), reply6},
		{"UDP v6, first fragment", EtherIPv6, ip6(them6, us6, 44, 57, slices.Concat(first, dns6[:11])), half6},
		{"echo reply", EtherIPv4, ip4(them4, us4, 1, nil, echo4), Packet{Kind: EchoReply, From: them4, To: us4, TTL: 57, ID: 7, ICMPSeq: 9, Payload: []byte("canary!")}},
		{"echo reply v6", EtherIPv6, ip6(them6, us6, 58, 57, echo6), Packet{Kind: EchoReply, From: them6, To: us6, TTL: 57, Type: 129, ID: 7, ICMPSeq: 9, Payload: []byte("canary!")}},
		{
			"timestamp reply", EtherIPv4, ip4(them4, us4, 1, nil, sealed(them4, us4, 1, 2, icmpMessage(14, 0, 0x00070009, []byte("abcdefghijkl")))),
			Packet{Kind: TimestampReply, From: them4, To: us4, TTL: 57, Type: 14, ID: 7, ICMPSeq: 9, Payload: []byte("abcdefghijkl")},
		},
		{
			"port unreachable", EtherIPv4, ip4(them4, us4, 1, nil, sealed(them4, us4, 1, 2, icmpMessage(3, 3, 0, query4))),
			Packet{Kind: Error, From: them4, To: us4, TTL: 57, Type: 3, Code: 3, Quoted: Quoted{Proto: 17, From: us4, To: them4, FromPort: 61001, ToPort: 161}},
		},
		{
			"prohibited, quote of 8 bytes", EtherIPv4, ip4(router4, us4, 1, nil, sealed(router4, us4, 1, 2, icmpMessage(3, 13, 0, probe4[:28]))),
			Packet{Kind: Error, From: router4, To: us4, TTL: 57, Type: 3, Code: 13, Quoted: Quoted{Proto: 6, From: us4, To: them4, FromPort: 61000, ToPort: 81, Seq: 99}},
		},
		{
			"time exceeded", EtherIPv4, ip4(router4, us4, 1, nil, sealed(router4, us4, 1, 2, icmpMessage(11, 0, 0, ping4))),
			Packet{Kind: Error, From: router4, To: us4, TTL: 57, Type: 11, Quoted: Quoted{Proto: 1, From: us4, To: them4, Type: 8, ID: 7, ICMPSeq: 9}},
		},
		{
			"port unreachable v6", EtherIPv6, ip6(them6, us6, 58, 57, sealed(them6, us6, 58, 2, icmpMessage(1, 4, 0, query6))),
			Packet{Kind: Error, From: them6, To: us6, TTL: 57, Type: 1, Code: 4, Quoted: Quoted{Proto: 17, From: us6, To: them6, FromPort: 61001, ToPort: 161}},
		},
		{
			"address unreachable v6", EtherIPv6, ip6(router6, us6, 58, 57, sealed(router6, us6, 58, 2, icmpMessage(1, 3, 0, probe6))),
			Packet{Kind: Error, From: router6, To: us6, TTL: 57, Type: 1, Code: 3, Quoted: Quoted{Proto: 6, From: us6, To: them6, FromPort: 61000, ToPort: 81, Seq: 99}},
		},
		{
			"hop limit exceeded v6", EtherIPv6, ip6(router6, us6, 58, 57, sealed(router6, us6, 58, 2, icmpMessage(3, 0, 0, ping6))),
			Packet{Kind: Error, From: router6, To: us6, TTL: 57, Type: 3, Quoted: Quoted{Proto: 58, From: us6, To: them6, Type: 128, ID: 7, ICMPSeq: 9}},
		},
		{"ARP reply", EtherARP, arp, Packet{Kind: ARPReply, From: them4, To: us4, MAC: mac}},
		{
			"advertisement", EtherIPv6, advert(them6, us6, 0x60, them6, slices.Concat(nonce, linkOption)),
			Packet{Kind: Advertisement, From: them6, To: us6, TTL: 255, Type: 136, MAC: mac},
		},
		{
			"advertisement to all, of another target", EtherIPv6, advert(router6, netip.MustParseAddr("ff02::1"), 0x20, them6, slices.Concat(linkOption, nonce)),
			Packet{Kind: Advertisement, From: them6, To: netip.MustParseAddr("ff02::1"), TTL: 255, Type: 136, MAC: mac},
		},
	}
	for i := range list {
		if list[i].ether == EtherIPv4 {
			list[i].want.IPID = 0x1234 // as ip4 writes it
		}
	}
	return list
}

// patch returns b with the bytes from at on replaced.
func patch(b []byte, at int, with ...byte) []byte {
	b = slices.Clone(b)
	copy(b[at:], with)
	return b
}

// hostile are packets that Read must refuse; each is one step from a good one.
func hostile() []received {
	good := map[string][]byte{}
	for _, a := range answers() {
		good[a.name] = a.b
	}
	var (
		v4, v6   = good["SYN/ACK"], good["SYN/ACK v6"]
		options4 = good["SYN/ACK, IP options"]
		udp4     = good["UDP"]
		quote4   = good["port unreachable"]
		quote6   = good["port unreachable v6"]
		arp      = good["ARP reply"]
		advert   = good["advertisement"]
		tcp6     = v6[40:]
		ext      = func(next byte, body ...[]byte) []byte {
			return ip6(them6, us6, next, 57, append(slices.Concat(body...), tcp6...))
		}
		destination = func(next byte) []byte { return []byte{next, 0, 1, 4, 0, 0, 0, 0} }
		mapped4     = netip.AddrFrom16(them4.As16())
		r           []received
	)
	add := func(name string, ether uint16, b []byte) { r = append(r, received{name: name, ether: ether, b: b}) }
	add("empty", EtherIPv4, nil)
	add("empty v6", EtherIPv6, nil)
	add("other EtherType", 0x88cc, v4)
	add("v6 under IPv4's EtherType", EtherIPv4, v6)
	add("v4 under IPv6's EtherType", EtherIPv6, v4)
	add("header length 4", EtherIPv4, patch(v4, 0, 0x44))
	add("header length 0", EtherIPv4, patch(v4, 0, 0x40))
	add("options beyond the packet", EtherIPv4, patch(v4, 0, 0x4f))
	add("truncated options", EtherIPv4, options4[:24])
	add("total length 0", EtherIPv4, patch(v4, 2, 0, 0))
	add("total length below the header", EtherIPv4, patch(v4, 2, 0, 19))
	add("total length in the middle of TCP", EtherIPv4, patch(v4, 2, 0, 39))
	add("later fragment", EtherIPv4, patch(v4, 6, 0, 1))
	add("from multicast", EtherIPv4, patch(v4, 12, 224))
	add("from broadcast", EtherIPv4, patch(v4, 12, 255, 255, 255, 255))
	add("from nowhere", EtherIPv4, patch(v4, 12, 0, 0, 0, 0))
	add("protocol of no interest", EtherIPv4, patch(v4, 9, 132))
	add("ICMPv6 in IPv4", EtherIPv4, patch(good["echo reply"], 9, 58))
	add("ICMP in IPv6", EtherIPv6, patch(good["echo reply v6"], 6, 1))
	add("data offset 4", EtherIPv4, patch(v4, 32, 0x40))
	add("data offset beyond the segment", EtherIPv4, patch(v4, 32, 0xf0))
	add("UDP length 7", EtherIPv4, patch(udp4, 24, 0, 7))
	add("UDP length beyond the packet", EtherIPv4, patch(udp4, 24, 0, 14))
	add("echo request", EtherIPv4, patch(good["echo reply"], 20, 8))
	add("redirect", EtherIPv4, patch(quote4, 20, 5))
	add("short timestamp reply", EtherIPv4, patch(good["timestamp reply"], 2, 0, 39))
	add("quoted garbage", EtherIPv4, patch(quote4, 28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
	add("quoted header length 4", EtherIPv4, patch(quote4, 28, 0x44))
	add("quoted options beyond the quote", EtherIPv4, patch(quote4, 28, 0x4f))
	add("quoted later fragment", EtherIPv4, patch(quote4, 34, 0, 1))
	add("quoted protocol of no interest", EtherIPv4, patch(quote4, 37, 132))
	add("quote of 7 bytes", EtherIPv4, patch(quote4, 2, 0, 20+8+20+7))
	add("quoted v6 in v4", EtherIPv4, patch(quote4, 28, 0x60))
	add("quoted v4 in v6", EtherIPv6, patch(quote6, 48, 0x45))
	add("quoted extension loop", EtherIPv6, patch(quote6, 54, 60))
	add("jumbogram", EtherIPv6, patch(v6, 4, 0, 0))
	add("from mapped", EtherIPv6, ip6(mapped4, us6, 6, 57, tcp6))
	add("to mapped", EtherIPv6, ip6(them6, netip.AddrFrom16(us4.As16()), 6, 57, tcp6))
	add("from multicast v6", EtherIPv6, patch(v6, 8, 0xff))
	add("from unspecified", EtherIPv6, ip6(netip.IPv6Unspecified(), us6, 6, 57, tcp6))
	add("later fragment v6", EtherIPv6, ext(44, []byte{6, 0, 0, 8, 0, 0, 0, 1}))
	add("fragment in a fragment", EtherIPv6, ext(44, []byte{44, 0, 0, 0, 0, 0, 0, 1}, []byte{6, 0, 0, 0, 0, 0, 0, 1}))
	add("first fragment without all of TCP", EtherIPv6, ip6(them6, us6, 44, 57, append([]byte{6, 0, 0, 1, 0, 0, 0, 1}, tcp6[:16]...)))
	add("hop-by-hop after another", EtherIPv6, ext(60, destination(0), destination(6)))
	add("routing with segments left", EtherIPv6, ext(43, []byte{6, 0, 4, 1, 0, 0, 0, 0}))
	add("extension header beyond the packet", EtherIPv6, ext(60, []byte{6, 255, 1, 4, 0, 0, 0, 0}))
	add("six extension headers", EtherIPv6, ext(60, destination(60), destination(60), destination(60), destination(60), destination(60), destination(6)))
	add("extension headers and nothing", EtherIPv6, ip6(them6, us6, 60, 57, slices.Repeat(destination(60), 3)))
	add("no next header", EtherIPv6, ext(59))
	add("advertisement from beyond the link", EtherIPv6, patch(advert, 7, 254))
	add("advertisement with a code", EtherIPv6, patch(advert, 41, 1))
	add("advertisement of a group", EtherIPv6, patch(advert, 48, 0xff))
	add("advertisement of a mapped address", EtherIPv6, patch(advert, 48, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff))
	add("advertisement with an option of length 0", EtherIPv6, patch(advert, 65, 0))
	add("advertisement with an option beyond it", EtherIPv6, patch(advert, 65, 3))
	add("advertisement without an address", EtherIPv6, patch(advert, 72, 1))
	add("advertisement of no station", EtherIPv6, patch(advert, 74, 0, 0, 0, 0, 0, 0))
	add("advertisement of everyone", EtherIPv6, patch(advert, 74, 255, 255, 255, 255, 255, 255))
	add("solicited advertisement to a group", EtherIPv6, patch(advert, 24, netip.MustParseAddr("ff02::1").AsSlice()...))
	add("advertisement in a fragment", EtherIPv6, ip6(them6, us6, 44, 255, append([]byte{58, 0, 0, 0, 0, 0, 0, 1}, advert[40:]...)))
	add("ARP request", EtherARP, patch(arp, 7, 1))
	add("ARP of another link", EtherARP, patch(arp, 1, 6))
	add("ARP of another protocol", EtherARP, patch(arp, 2, 0x86, 0xdd))
	add("ARP with addresses of length 0", EtherARP, patch(arp, 4, 0, 0))
	add("ARP of no station", EtherARP, patch(arp, 8, 0, 0, 0, 0, 0, 0))
	add("ARP of everyone", EtherARP, patch(arp, 8, 255, 255, 255, 255, 255, 255))
	add("ARP from multicast", EtherARP, patch(arp, 14, 224))
	add("short ARP", EtherARP, arp[:27])
	return r
}
