package probe

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

// openflowProtocol steers switches; who listens is a controller, or a switch
// that lets itself be asked. Both greet.
//
// Source: OpenFlow Switch Specification 1.3.5, sections 6.3.1 and 7.5.1.
var openflowProtocol = Protocol{
	Name: "openflow", Transport: harrier.TCP, Ports: []uint16{6653, 6633, 6634},
	Hello: func(Target) []byte { return octets("04 00 0008 68720001") },
	Done:  func(b []byte) bool { return len(b) >= 4 && len(b) >= int(binary.BigEndian.Uint16(b[2:])) },
	Reply: func(b []byte) bool { return openflowVersions(b) != nil },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("openflow.versions", strings.Join(openflowVersions(first), ","))
	},
}

var openflowNames = []string{"", "1.0", "1.1", "1.2", "1.3", "1.4", "1.5"}

// openflowVersions reads a HELLO other than our own come back: the versions of
// its bitmap, or else the one that it is written in. Nil: it is none.
func openflowVersions(b []byte) []string {
	if len(b) < 8 || b[0] == 0 || int(b[0]) >= len(openflowNames) || b[1] != 0 {
		return nil
	}
	size := int(binary.BigEndian.Uint16(b[2:]))
	if size < 8 || size > 64 || len(b) < size || binary.BigEndian.Uint32(b[4:]) == 0x68720001 && size == 8 {
		return nil
	}
	if len(b) > size && (len(b) < size+8 || b[size] != b[0] && b[size] > 4) { // what follows is another message
		return nil
	}
	out := []string{openflowNames[b[0]]}
	if elements := b[8:size]; len(elements) >= 8 && binary.BigEndian.Uint16(elements) == 1 && binary.BigEndian.Uint16(elements[2:]) == 8 {
		bitmap := binary.BigEndian.Uint32(elements[4:])
		out = nil
		for v := 1; v < len(openflowNames); v++ {
			if bitmap>>v&1 == 1 {
				out = append(out, openflowNames[v])
			}
		}
	} else if len(elements) != 0 {
		return nil
	}
	return out
}
