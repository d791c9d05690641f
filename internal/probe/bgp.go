package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/harrier-scan/harrier"
)

var bgpProtocol = Protocol{
	Name: "bgp", Transport: harrier.TCP, Ports: []uint16{179},
	Hello:  func(Target) []byte { return bgpOpen },
	Done:   func(b []byte) bool { return len(b) >= 19 && len(b) >= int(binary.BigEndian.Uint16(b[16:])) },
	Reply:  isBGP,
	Banner: isBGP,
	Learn:  learnBGP,
}

// bgpMarker begins every message.
var bgpMarker = bytes.Repeat([]byte{0xff}, 16)

// bgpOpen offers a session in the name of AS_TRANS and of an identifier for
// documentation, which no router has as its neighbour.
//
// Source: RFC 4271, section 4.2; RFC 6793, section 9.
var bgpOpen = append(bytes.Clone(bgpMarker), 0, 29, 1, 4, 0x5b, 0xa0, 0, 90, 192, 0, 2, 1, 0)

func isBGP(b []byte) bool {
	if len(b) < 19 || !bytes.HasPrefix(b, bgpMarker) || bytes.HasPrefix(b, bgpOpen) {
		return false
	}
	size := int(binary.BigEndian.Uint16(b[16:]))
	return size >= 19 && size <= len(b) && (b[18] == 1 && size >= 29 && b[19] == 4 || b[18] == 3 && size >= 21)
}

// learnBGP reads the messages that the router sends before it hangs up.
func learnBGP(_ context.Context, x *talk, first []byte, _ bool) {
	x.s.Banner = ""
	x.fact("device.hint", "router")
	for b := first; isBGP(b) || len(b) >= 19 && bytes.HasPrefix(b, bgpMarker); {
		size := int(binary.BigEndian.Uint16(b[16:]))
		if size < 19 || size > len(b) {
			break
		}
		switch body := b[19:size]; b[18] {
		case 1:
			if len(body) < 10 {
				return
			}
			id, _ := netip.AddrFromSlice(body[5:9])
			x.fact("bgp.as", strconv.FormatUint(uint64(bgpAS(body)), 10))
			x.fact("bgp.id", id.String())
			x.fact("bgp.hold", itoa(int(binary.BigEndian.Uint16(body[3:]))))
		case 3:
			if len(body) >= 2 {
				x.fact("bgp.notification", fmt.Sprintf("%d.%d", body[0], body[1]))
			}
		}
		b = b[size:]
	}
}

// bgpAS is the number of the autonomous system: that of four bytes if the
// router has that capability.
//
// Source: RFC 5492, section 4; RFC 6793, section 3.
func bgpAS(open []byte) uint32 {
	as := uint32(binary.BigEndian.Uint16(open[1:]))
	c := cursor{b: open[10:]}
	for len(c.b) > 0 {
		kind, parameter := c.u8(), cursor{}
		parameter.b = c.bytes(c.u8())
		for kind == 2 && len(parameter.b) > 0 {
			code := parameter.u8()
			if value := parameter.bytes(parameter.u8()); code == 65 && len(value) == 4 {
				as = binary.BigEndian.Uint32(value)
			}
		}
	}
	return as
}
