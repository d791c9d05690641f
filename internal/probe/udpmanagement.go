package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var ipmiUDP = overUDP(Protocol{
	Name:  "ipmi",
	Reply: func(b []byte) bool { return isPong(b) || isAuthCapabilities(b) },
	Learn: learnIPMI,
})

// isPong reports whether b answers a presence ping.
//
// Source: ASF 2.0, section 3.2.4.3.
func isPong(b []byte) bool {
	return len(b) >= 28 && b[0] == 6 && b[3] == 6 && binary.BigEndian.Uint32(b[4:]) == 4542 && b[8] == 0x40 && b[11] == 16
}

// isAuthCapabilities reports whether b answers Get Channel Authentication
// Capabilities, well.
//
// Source: IPMI 2.0, sections 13.6, 13.8 and 22.13.
func isAuthCapabilities(b []byte) bool {
	return len(b) >= 30 && b[0] == 6 && b[3] == 7 && b[4] == 0 && int(b[13]) >= 16 && len(b) >= 14+int(b[13]) && b[15]>>2 == 7 && b[19] == 0x38 && b[20] == 0
}

func learnIPMI(ctx context.Context, x *talk, first []byte, _ bool) {
	x.fact("device.hint", "management")
	if isPong(first) {
		x.fact("asf.ipmi", yesNo(first[20]&0x80 != 0))
		first = x.further(ctx, question.Of("ipmi").Data[1])
	}
	if !isAuthCapabilities(first) {
		return
	}
	kinds, status, extended, maker := first[22], first[23], first[24], first[25:28]
	versions := []string{"1.5"}
	if kinds&0x80 != 0 {
		versions = nil
		if extended&1 != 0 {
			versions = append(versions, "1.5")
		}
		if extended&2 != 0 {
			versions = append(versions, "2.0")
		}
	}
	x.fact("ipmi.versions", strings.Join(versions, ","))
	var ways []string
	for i, name := range []string{"none", "md2", "md5", "", "password", "oem"} {
		if name != "" && kinds&(1<<i) != 0 {
			ways = append(ways, name)
		}
	}
	x.fact("ipmi.auth", strings.Join(ways, ","))
	x.fact("ipmi.anonymous", yesNo(status&1 != 0))
	x.fact("ipmi.null_user", yesNo(status&2 != 0))
	x.fact("auth.required", yesNo(kinds&1 == 0 && status&1 == 0))
	vendor, _ := snmpVendor(int(maker[0]) | int(maker[1])<<8 | int(maker[2])<<16) // the same numbers
	x.fact("ipmi.vendor", vendor)
	x.fact("device.vendor", vendor)
}

var xdmcpUDP = overUDP(Protocol{
	Name:  "xdmcp",
	Reply: func(b []byte) bool { _, _, ok := parseXDMCP(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		name, status, _ := parseXDMCP(first)
		x.fact("host.name", name)
		x.fact("xdmcp.status", status)
		x.fact("xdmcp.willing", yesNo(first[3] == 5))
	},
})

// parseXDMCP reads Willing and Unwilling.
//
// Source: X Display Manager Control Protocol 1.1, section 5.
func parseXDMCP(b []byte) (host, status string, ok bool) {
	s := cursor{b: b}
	version, code, size := s.be16(), s.be16(), s.be16()
	if s.bad || version != 1 || code != 5 && code != 6 || size != len(b)-6 {
		return "", "", false
	}
	if code == 5 {
		s.skip(s.be16()) // the name of a way to authenticate
	}
	host, status = padText(s.bytes(s.be16())), padText(s.bytes(s.be16()))
	return host, status, !s.bad && len(s.b) == 0
}

var radiusUDP = overUDP(Protocol{
	Name:  "radius",
	Reply: isRADIUS,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("radius.code", itoa(int(first[0])))
		for list := first[20:]; len(list) >= 2 && int(list[1]) >= 2 && int(list[1]) <= len(list); list = list[list[1]:] {
			if list[0] == 18 {
				x.fact("radius.message", padText(list[2:list[1]]))
			}
		}
	},
}, "radius", "radius-acct")

// isRADIUS reports whether b answers with the number of our requests: accepted,
// rejected, challenged or accounted.
//
// Source: RFC 2865, section 3; RFC 2866, section 3.
func isRADIUS(b []byte) bool {
	if len(b) < 20 || b[1] != 0x48 || int(binary.BigEndian.Uint16(b[2:])) != len(b) {
		return false
	}
	return b[0] == 2 || b[0] == 3 || b[0] == 5 || b[0] == 11
}

var natpmpUDP = overUDP(Protocol{
	Name: "nat-pmp", Weak: true,
	Reply: func(b []byte) bool {
		return len(b) >= 8 && len(b) <= 12 && b[0] == 0 && b[1] == 128 || len(b) >= 24 && len(b)%4 == 0 && b[0] == 2 && b[1] == 0x80
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("device.hint", "router")
		if first[0] == 2 {
			x.fact("nat.protocol", "pcp")
			return
		}
		x.fact("nat.protocol", "nat-pmp")
		if len(first) == 12 && first[2] == 0 && first[3] == 0 {
			x.fact("nat.external", addrText(first[8:12]))
		}
	},
})

var ripUDP = overUDP(Protocol{Name: "rip", Weak: true, Reply: isRIP, Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
	x.fact("rip.version", itoa(int(first[1])))
	x.fact("device.hint", "router")
}}, "rip", "ripng")

// isRIP reports whether b is a response of one entry or more.
//
// Source: RFC 2453, section 4; RFC 2080, section 2.1.
func isRIP(b []byte) bool {
	return len(b) >= 24 && b[0] == 2 && (b[1] == 1 || b[1] == 2) && b[2] == 0 && b[3] == 0 && (len(b)-4)%20 == 0
}

var gtpUDP = overUDP(Protocol{
	Name: "gtp", Weak: true,
	Reply: func(b []byte) bool {
		return len(b) >= 8 && b[1] == 2 && (b[0]>>5 == 1 || b[0]>>5 == 2) && int(binary.BigEndian.Uint16(b[2:])) <= len(b)-4
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) { x.fact("gtp.version", itoa(int(first[0]>>5))) },
}, "gtp-c", "gtp-u")

var ardUDP = overUDP(Protocol{
	Name:  "apple-remote-desktop",
	Reply: func(b []byte) bool { return len(b) > 500 && bytes.HasPrefix(b, []byte{0, 1, 3, 0xf2}) },
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("Apple Remote Desktop", "apple:remote_desktop", "", "answer of its user service")
		x.fact("os.hint", "macOS")
	},
})

var pcanywhereUDP = overUDP(Protocol{
	Name:  "pcanywhere",
	Reply: func(b []byte) bool { return len(b) > 8 && bytes.HasPrefix(b, []byte("NR")) && isPlain(b[:10]) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.is("Symantec pcAnywhere", "symantec:pcanywhere", "", printable(first[:min(len(first), 64)]))
		x.fact("host.name", strings.Trim(padText(first[2:min(len(first), 26)]), "_ "))
		x.fact("os.hint", "Windows")
	},
})

var rdpUDP = overUDP(Protocol{
	Name: "rdp-udp",
	// The acknowledged number is that of our SYN ([MS-RDPEUDP], section 2.2.2.1).
	Reply: func(b []byte) bool {
		return len(b) >= 8 && binary.BigEndian.Uint32(b) == 0x48524852 && binary.BigEndian.Uint16(b[6:])&5 == 5
	},
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) { x.fact("os.hint", "Windows") },
})
