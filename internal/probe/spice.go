package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// spiceProtocol shows the screen of a virtual machine. The question is a link
// to the main channel without an ability of its own; the answer comes before
// the password.
//
// Source: Spice protocol, section "Establishing the protocol"; spice-protocol, protocol.h.
var spiceProtocol = Protocol{
	Name: "spice", Transport: harrier.TCP, Ports: []uint16{5900, 5901, 5902, 5903, 5904, 5905, 5930, 61000},
	First:  true, // it does not; but at these ports most servers do, and are not to be disturbed
	Banner: func(b []byte) bool { _, ok := parseSpice(b); return ok },
	Hello: func(Target) []byte {
		return octets("52454451 02000000 02000000 12000000" + "00000000 01 00 00000000 00000000 12000000")
	},
	Done: func(b []byte) bool {
		return len(b) >= 16 && uint64(len(b)) >= 16+uint64(binary.LittleEndian.Uint32(b[12:]))
	},
	Reply: func(b []byte) bool { _, ok := parseSpice(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		s, _ := parseSpice(first)
		x.fact("spice.protocol", s.protocol)
		x.fact("spice.auth", strings.Join(s.auth, ","))
		x.fact("spice.tls", s.tls)
		x.is("SPICE server", "spice_project:spice", "", "REDQ "+s.protocol)
		x.fact("device.hint", "hypervisor")
	},
}

// spiceKey is the length of the public key.
const spiceKey = 162

// spiceLink is the answer to a link.
type spiceLink struct {
	protocol string
	auth     []string // "spice", "sasl"
	tls      string   // "required" when the channel must be inside TLS
}

func parseSpice(b []byte) (spiceLink, bool) {
	if len(b) < 20 || string(b[:4]) != "REDQ" {
		return spiceLink{}, false
	}
	major, size := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[12:])
	if major == 0 || major > 9 || uint64(size) != uint64(len(b)-16) || size != 4 && size < 4+spiceKey+12 {
		return spiceLink{}, false
	}
	s := spiceLink{protocol: fmt.Sprintf("%d.%d", major, binary.LittleEndian.Uint32(b[8:]))}
	body := b[16:]
	if binary.LittleEndian.Uint32(body) == 5 { // the error "need secured"
		s.tls = "required"
	}
	if len(body) < 4+spiceKey+12 {
		return s, true
	}
	common, offset := binary.LittleEndian.Uint32(body[4+spiceKey:]), binary.LittleEndian.Uint32(body[4+spiceKey+8:])
	if common > 0 && uint64(offset)+4 <= uint64(len(body)) {
		abilities := binary.LittleEndian.Uint32(body[offset:])
		for bit, name := range map[int]string{1: "spice", 2: "sasl"} {
			if abilities>>bit&1 == 1 {
				s.auth = append(s.auth, name)
			}
		}
		if len(s.auth) == 2 {
			s.auth = []string{"spice", "sasl"}
		}
	}
	return s, true
}
