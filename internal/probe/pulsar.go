package probe

import (
	"context"
	"encoding/binary"

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

var pulsarVersion = pattern(`^Pulsar Server[ -]?v?(\d+\.\d+\.\d+(?:\.\d+)?)$`)

// pulsarReply is CONNECTED (3) or ERROR (14).
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
	body := c.varbytes()
	if c.bad || tag&7 != 2 {
		return pulsarReply{}, false
	}
	var r pulsarReply
	for f := range protobuf(body) {
		switch {
		case kind == 3 && f.number == 1:
			r.server = string(f.text)
		case kind == 14 && f.number == 2:
			r.code = f.value
		case kind == 14 && f.number == 3:
			r.refusal = string(f.text)
		}
	}
	return r, r.server != "" || r.refusal != ""
}
