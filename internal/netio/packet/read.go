package packet

// Read reads the packet in b, which came in under the EtherType, into p. It
// reports false, and p is of no use then, for what is malformed and for what is
// no answer of interest: one of the Kinds. The packet may be cut short if all
// that its Kind needs is there; Cut says so.
//
// Of the fragments of a packet only the first is read, if its transport header
// is whole. An error counts only with what it must repeat at least: an IP
// header and 8 bytes behind it (RFC 792), of TCP, UDP, ICMP or ICMPv6.
//
// Checksums are not looked at: where sender and reader share a machine, as on
// loopback and veth, the kernel leaves them to hardware that does not exist.
// Valid checks them.
func Read(ethertype uint16, b []byte, p *Packet) bool {
	*p = Packet{}
	var d datagram
	switch ethertype {
	case EtherIPv4:
		if !d.ipv4(b, false) {
			return false
		}
	case EtherIPv6:
		if !d.ipv6(b, false) {
			return false
		}
	case EtherARP:
		return readARP(b, p)
	default:
		return false
	}
	p.From, p.To, p.TTL, p.Cut = d.from, d.to, d.hops, d.cut || d.more
	p.DF, p.IPID = d.df, d.id
	switch {
	case d.proto == ProtoTCP:
		return readTCP(&d, p)
	case d.proto == ProtoUDP:
		return readUDP(&d, p)
	case d.proto == ProtoICMP && ethertype == EtherIPv4:
		return readICMP(&d, p)
	case d.proto == ProtoICMPv6 && ethertype == EtherIPv6:
		return readICMPv6(&d, p)
	}
	return false
}

func readTCP(d *datagram, p *Packet) bool {
	b := d.body
	if len(b) < minTCP {
		return false
	}
	head := int(b[12]>>4) * 4
	if head < minTCP || head > len(b) {
		return false
	}
	p.Kind = TCP
	p.FromPort, p.ToPort = be.Uint16(b), be.Uint16(b[2:])
	p.Seq, p.Ack = be.Uint32(b[4:]), be.Uint32(b[8:])
	p.Flags = b[13]
	p.Window = be.Uint16(b[14:])
	p.Options = b[minTCP:head:head]
	p.Payload = b[head:]
	return true
}

func readUDP(d *datagram, p *Packet) bool {
	b := d.body
	if len(b) < lenUDP {
		return false
	}
	n := int(be.Uint16(b[4:]))
	if n < lenUDP || n > d.size && !d.more {
		return false
	}
	p.Kind = UDP
	p.FromPort, p.ToPort = be.Uint16(b), be.Uint16(b[2:])
	end := min(n, len(b))
	p.Payload = b[lenUDP:end:end]
	p.Cut = n > len(b)
	return true
}

func readICMP(d *datagram, p *Packet) bool {
	b := d.body
	if len(b) < minICMP {
		return false
	}
	p.Type, p.Code = b[0], b[1]
	switch p.Type {
	case icmpEchoReply:
		return readReply(EchoReply, minICMP, b, p)
	case icmpTimestampReply:
		return readReply(TimestampReply, minICMP+12, b, p)
	case ICMPUnreachable, ICMPTimeExceeded:
		var q datagram
		p.Kind = Error
		return q.ipv4(b[minICMP:], true) && readQuote(&q, ProtoICMP, &p.Quoted)
	}
	return false
}

func readICMPv6(d *datagram, p *Packet) bool {
	b := d.body
	if len(b) < minICMP {
		return false
	}
	p.Type, p.Code = b[0], b[1]
	switch p.Type {
	case icmpv6EchoReply:
		return readReply(EchoReply, minICMP, b, p)
	case icmpv6Advertisement:
		return readAdvertisement(d, p)
	case ICMPv6Unreachable, ICMPv6TimeExceeded:
		var q datagram
		p.Kind = Error
		return q.ipv6(b[minICMP:], true) && readQuote(&q, ProtoICMPv6, &p.Quoted)
	}
	return false
}

// readReply reads the reply to a query, which has at least least bytes.
func readReply(k Kind, least int, b []byte, p *Packet) bool {
	if len(b) < least {
		return false
	}
	p.Kind = k
	p.ID, p.ICMPSeq = be.Uint16(b[4:]), be.Uint16(b[6:])
	p.Payload = b[minICMP:]
	return true
}

// readQuote reads the packet that an error is about. All that is asked of the
// transport header stands in its first 8 bytes.
func readQuote(d *datagram, icmp uint8, q *Quoted) bool {
	b := d.body
	if len(b) < 8 {
		return false
	}
	q.Proto, q.From, q.To = d.proto, d.from, d.to
	switch d.proto {
	case ProtoTCP:
		q.Seq = be.Uint32(b[4:])
		fallthrough
	case ProtoUDP:
		q.FromPort, q.ToPort = be.Uint16(b), be.Uint16(b[2:])
	case icmp:
		q.Type = b[0]
		q.ID, q.ICMPSeq = be.Uint16(b[4:]), be.Uint16(b[6:])
	default:
		return false
	}
	return true
}

// Valid reports whether the checksums of a packet that Read accepts are right:
// of the IPv4 header and of what it carries. Of a packet that is not whole they
// can not be told, and it reports false; ARP has none, and it reports true. On
// loopback and veth the packets of a healthy peer fail where the kernel leaves
// checksums to the hardware; see Read.
func Valid(ethertype uint16, b []byte) bool {
	var d datagram
	var pseudo uint64
	switch ethertype {
	case EtherARP:
		return len(b) >= lenARP
	case EtherIPv4:
		if !d.ipv4(b, false) || checksum(sum(b[:int(b[0]&15)*4])) != 0 {
			return false
		}
		pseudo = sum(b[12:20])
	case EtherIPv6:
		if !d.ipv6(b, false) {
			return false
		}
		pseudo = sum(b[8:40])
	default:
		return false
	}
	body := d.body
	if d.cut || d.more {
		return false
	}
	switch {
	case d.proto == ProtoTCP && len(body) >= minTCP:
	case d.proto == ProtoUDP && len(body) >= lenUDP:
		n := int(be.Uint16(body[4:]))
		if n < lenUDP || n > len(body) {
			return false
		}
		if be.Uint16(body[6:]) == 0 { // none, which IPv4 allows
			return ethertype == EtherIPv4
		}
		body = body[:n]
	case d.proto == ProtoICMP && ethertype == EtherIPv4 && len(body) >= minICMP:
		return checksum(sum(body)) == 0
	case d.proto == ProtoICMPv6 && ethertype == EtherIPv6 && len(body) >= minICMP:
	default:
		return false
	}
	return checksum(pseudo+uint64(d.proto)+uint64(len(body))+sum(body)) == 0
}
