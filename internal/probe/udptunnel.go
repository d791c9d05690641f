package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
)

var quicUDP = overUDP(Protocol{
	Name:  "quic",
	Reply: func(b []byte) bool { return quicVersions(b) != "" },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("quic.versions", quicVersions(first))
		x.fact("tls.versions", "TLS 1.3")
	},
})

// quicVersions reads the versions of a Version Negotiation packet to our
// connection; "" when b is none.
//
// Source: RFC 8999, section 6; RFC 9369 for version 2.
func quicVersions(b []byte) string {
	s := cursor{b: b}
	form, version := s.u8(), s.be32()
	to, from := s.bytes(s.u8()), s.bytes(s.u8())
	if s.bad || form&0x80 == 0 || version != 0 || string(to) != "hrhrhrhr" || string(from) != "HRHRHRHR" || len(s.b)%4 != 0 {
		return ""
	}
	var out []string
	for len(s.b) >= 4 && len(out) < 32 {
		switch v := s.be32(); {
		case v&0x0f0f0f0f == 0x0a0a0a0a: // reserved, to be ignored
		case v == 1:
			out = append(out, "1")
		case v == 0x6b3343cf:
			out = append(out, "2")
		case v>>8 == 0xff0000:
			out = append(out, fmt.Sprintf("draft-%d", v&0xff))
		case v>>24 == 'Q' || v>>24 == 'T':
			out = append(out, clean(string(binary.BigEndian.AppendUint32(nil, v))))
		default:
			out = append(out, fmt.Sprintf("%08x", v))
		}
	}
	return strings.Join(out, ",")
}

var dtlsUDP = overUDP(Protocol{
	Name:  "dtls",
	Reply: isDTLS,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		switch {
		case first[0] == 0x15:
			x.fact("dtls.answer", fmt.Sprintf("alert %d", first[14]))
		case first[13] == 3:
			x.fact("dtls.answer", "cookie")
		default:
			x.fact("dtls.answer", "hello")
			x.fact("dtls.version", map[uint16]string{0xfeff: "DTLS 1.0", 0xfefd: "DTLS 1.2"}[binary.BigEndian.Uint16(first[25:])])
		}
	},
})

// isDTLS reports whether b begins with a HelloVerifyRequest, a ServerHello or an
// alert.
//
// Source: RFC 6347, sections 4.1 and 4.2.
func isDTLS(b []byte) bool {
	if len(b) < 15 || b[1] != 0xfe || b[2] != 0xff && b[2] != 0xfd || int(binary.BigEndian.Uint16(b[11:])) > len(b)-13 {
		return false
	}
	return b[0] == 0x15 && binary.BigEndian.Uint16(b[11:]) == 2 || b[0] == 0x16 && len(b) >= 28 && (b[13] == 3 || b[13] == 2)
}

var openvpnUDP = overUDP(Protocol{
	Name:  "openvpn",
	Reply: isOpenVPN,
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("OpenVPN", "openvpn:openvpn", "", "reset of the session that was asked for")
	},
})

// isOpenVPN reports whether b is a server's hard reset or an acknowledgement of
// our session.
//
// Source: the description of the wire in OpenVPN's ssl_pkt.h: opcode and key,
// session, acknowledged packets, the session that they belong to.
func isOpenVPN(b []byte) bool {
	if len(b) < 14 || b[0]>>3 != 8 && b[0]>>3 != 5 {
		return false
	}
	acknowledged := int(b[9])
	at := 10 + 4*acknowledged
	return acknowledged >= 1 && acknowledged <= 8 && len(b) >= at+8 && string(b[at:at+8]) == "HRHRHRHR"
}

var l2tpUDP = overUDP(Protocol{
	Name:  "l2tp",
	Reply: func(b []byte) bool { _, ok := parseL2TP(b); return ok },
	Learn: learnL2TP,
})

// l2tpNumber is the tunnel's number on our side.
const l2tpNumber = 0x4852

// parseL2TP reads the attributes of a control message to our tunnel, by their
// type; those of makers are left out.
//
// Source: RFC 2661, sections 3.1 and 4.1.
func parseL2TP(b []byte) (map[int][]byte, bool) {
	s := cursor{b: b}
	flags, size, tunnel := s.be16(), s.be16(), s.be16()
	s.skip(6) // session, numbers
	if s.bad || flags&0xc80f != 0xc802 || size > len(b) || size < 12 || tunnel != l2tpNumber {
		return nil, false
	}
	s.b = b[12:size]
	out := map[int][]byte{}
	for len(s.b) >= 6 {
		n := s.be16()
		vendor, kind := s.be16(), s.be16()
		value := s.bytes(n&0x3ff - 6)
		if s.bad {
			break
		}
		if vendor == 0 && n&0x4000 == 0 { // not hidden
			out[kind] = value
		}
	}
	message := out[0]
	return out, len(message) == 2 && message[0] == 0 && (message[1] == 2 || message[1] == 4)
}

// l2tpMakers are the products that name themselves as vendors.
var l2tpMakers = []struct{ vendor, product, cpe, os, device string }{
	{"xelerance.com", "xl2tpd", "xelerance:xl2tpd", "Linux", ""},
	{"MikroTik", "MikroTik RouterOS L2TP", "o:mikrotik:routeros", "MikroTik RouterOS", "router"},
	{"Cisco Systems", "Cisco L2TP", "", "Cisco IOS", "router"},
	{"Microsoft", "Microsoft L2TP", "", "Windows", ""},
	{"Adtran", "Adtran L2TP", "", "", "router"},
}

func learnL2TP(_ context.Context, x *talk, first []byte, _ bool) {
	avp, _ := parseL2TP(first)
	vendor := padText(avp[8])
	x.fact("l2tp.vendor", vendor)
	x.fact("host.name", padText(avp[7]))
	if v := avp[6]; len(v) == 2 {
		x.fact("l2tp.firmware", fmt.Sprintf("%04x", v))
	}
	for _, m := range l2tpMakers {
		if strings.HasPrefix(vendor, m.vendor) {
			x.is(m.product, m.cpe, "", "vendor name "+vendor)
			x.fact("os.hint", m.os)
			x.fact("device.hint", m.device)
			return
		}
	}
}

var stunUDP = overUDP(Protocol{
	Name:  "stun",
	Reply: isSTUN,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		for list := first[20:]; len(list) >= 4; {
			kind, n := binary.BigEndian.Uint16(list), int(binary.BigEndian.Uint16(list[2:]))
			if n > len(list)-4 {
				return
			}
			if kind == 0x8022 {
				software := padText(list[4 : 4+n])
				x.fact("stun.software", software)
				x.tell("stun", software)
			}
			list = list[min(len(list), 4+(n+3)&^3):]
		}
	},
})

// isSTUN reports whether b answers our request by its number.
//
// Source: RFC 8489, sections 5 and 14.14.
func isSTUN(b []byte) bool {
	return len(b) >= 20 && b[0] == 1 && (b[1] == 1 || b[1] == 0x11) && bytes.Equal(b[4:20], []byte("\x21\x12\xa4\x42HRHRHRHRHRHR")) && int(binary.BigEndian.Uint16(b[2:])) <= len(b)-20
}

var teamspeakUDP = overUDP(Protocol{
	Name:  "teamspeak",
	Reply: func(b []byte) bool { return len(b) >= 12 && bytes.HasPrefix(b, []byte("TS3INIT1")) && b[10] == 0x88 },
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("TeamSpeak 3 Server", "teamspeak:teamspeak", "", "cookie of TS3INIT1")
	},
})

var mumbleUDP = overUDP(Protocol{
	Name:  "mumble",
	Reply: func(b []byte) bool { return len(b) == 24 && string(b[4:12]) == "HRHRHRHR" && b[0] == 0 && b[1] > 0 },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		version := ""
		if first[3] != 0xff { // where it is, the number does not fit
			version = fmt.Sprintf("%d.%d.%d", first[1], first[2], first[3])
		}
		x.is("Mumble server", "mumble:mumble", version, fmt.Sprintf("ping answered with version %x", first[:4]))
		x.fact("mumble.users", itoa(int(binary.BigEndian.Uint32(first[12:]))))
	},
})

var iaxUDP = overUDP(Protocol{
	Name: "iax2",
	// A full frame of type 6 to the call that asked: PONG, ACK, INVAL or the like
	// (RFC 5456, section 8.1).
	Reply: func(b []byte) bool {
		return len(b) >= 12 && b[0]&0x80 != 0 && binary.BigEndian.Uint16(b[2:])&0x7fff == 0x48 && b[10] == 6 && b[11] != 0x1e
	},
})

var mgcpUDP = overUDP(Protocol{
	Name: "mgcp",
	Reply: func(b []byte) bool {
		return len(b) >= 8 && b[0] >= '1' && b[0] <= '9' && isPlain(b[:8]) && string(b[3:8]) == " 4852"
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable([]byte(firstLine(first)))
	},
})
