package probe

import (
	"context"
	"encoding/binary"
	"regexp"

	"github.com/harrier-scan/harrier"
)

var pulsarProtocol = Protocol{
	Name: "pulsar", Transport: harrier.TCP, Ports: []uint16{6650, 6651},
	Hello: func(Target) []byte { return pulsarConnect },
	Done:  sized(binary.BigEndian, 8),
	Reply: func(b []byte) bool { _, ok := parsePulsar(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		r, _ := parsePulsar(first)
		x.is("Apache Pulsar", "apache:pulsar", "", r.server+r.refusal)
		if m := pulsarVersion.FindStringSubmatch(r.server); m != nil {
			x.is("Apache Pulsar", "apache:pulsar", m[1], r.server)
		}
		x.s.Banner = printable([]byte(r.server + r.refusal))
		if r.server != "" {
			x.fact("auth.required", "no")
		} else if r.code == 3 || r.code == 4 { // AuthenticationError, AuthorizationError
			x.fact("auth.required", "yes")
		}
	},
}

// pulsarConnect is the command CONNECT without credentials.
//
// Source: Apache Pulsar, "Binary protocol specification", and PulsarApi.proto.
var pulsarConnect = []byte("\x00\x00\x00\x13\x00\x00\x00\x0f" + "\x08\x02\x12\x0b\x0a\x07harrier\x20\x06")

var pulsarVersion = regexp.MustCompile(`^Pulsar Server[ -]?v?(\d+\.\d+\.\d+(?:\.\d+)?)$`)

// pulsarReply is CONNECTED or ERROR.
type pulsarReply struct {
	server, refusal string
	code            uint64
}

func parsePulsar(b []byte) (pulsarReply, bool) {
	c := cursor{b: b}
	total, size := c.size(binary.BigEndian), c.size(binary.BigEndian)
	if c.bad || size < 4 || total < size+4 {
		return pulsarReply{}, false
	}
	c.b = c.b[:min(len(c.b), size)]
	if c.u8() != 0x08 { // type
		return pulsarReply{}, false
	}
	kind := c.uvarint()
	tag := c.uvarint()
	body := cursor{b: c.varbytes()}
	if c.bad || tag&7 != 2 {
		return pulsarReply{}, false
	}
	f := body.protobuf()
	switch kind {
	case 3:
		return pulsarReply{server: f.texts[1]}, f.texts[1] != ""
	case 14: // request id, code, message
		return pulsarReply{refusal: f.texts[3], code: f.numbers[2]}, f.texts[3] != ""
	}
	return pulsarReply{}, false
}

// protoMessage is the texts and numbers of a message, by field number.
type protoMessage struct {
	texts   map[uint64]string
	numbers map[uint64]uint64
}

// protobuf reads fields up to the first that is broken.
//
// Source: Protocol Buffers documentation, "Encoding".
func (c *cursor) protobuf() protoMessage {
	p := protoMessage{map[uint64]string{}, map[uint64]uint64{}}
	for len(c.b) > 0 && len(p.texts)+len(p.numbers) < 64 {
		tag := c.uvarint()
		switch tag & 7 {
		case 0:
			if v := c.uvarint(); !c.bad {
				p.numbers[tag>>3] = v
			}
		case 1:
			c.skip(8)
		case 2:
			if v := c.varbytes(); !c.bad {
				p.texts[tag>>3] = string(v)
			}
		case 5:
			c.skip(4)
		default:
			return p
		}
	}
	return p
}
