package probe

import (
	"context"
	"encoding/binary"
	"hash/crc32"

	"github.com/harrier-scan/harrier"
)

var nrpeProtocol = Protocol{
	Name: "nrpe", Transport: harrier.TCP, Ports: []uint16{5666},
	Hello: func(Target) []byte { return nrpeQuery },
	Done:  enough(nrpeSize),
	Reply: func(b []byte) bool { _, ok := parseNRPE(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		text, _ := parseNRPE(first)
		x.s.Banner = printable([]byte(text))
		x.is("NRPE", "nagios:remote_plug_in_executor", "", text)
		if m := nrpeVersion.FindStringSubmatch(text); m != nil {
			x.is("NRPE", "nagios:remote_plug_in_executor", m[1], text)
			x.fact("auth.required", "no")
		}
	},
}

// nrpeSize is that of a packet of version 2.
const nrpeSize = 1036

// nrpeQuery asks the daemon for itself, which runs nothing.
//
// Source: Nagios NRPE documentation; the packet is that of its common.h.
var nrpeQuery = func() []byte {
	b := make([]byte, nrpeSize)
	b[1], b[3] = 2, 1 // version, query
	copy(b[10:], "_NRPE_CHECK")
	binary.BigEndian.PutUint32(b[4:], crc32.ChecksumIEEE(b))
	return b
}()

// parseNRPE reads the text of a response whose checksum is right.
func parseNRPE(b []byte) (string, bool) {
	if len(b) != nrpeSize || b[0] != 0 || b[1] != 2 || b[2] != 0 || b[3] != 2 {
		return "", false
	}
	plain := append([]byte(nil), b...)
	copy(plain[4:8], "\x00\x00\x00\x00")
	return padText(b[10:1034]), crc32.ChecksumIEEE(plain) == binary.BigEndian.Uint32(b[4:])
}

var nrpeVersion = pattern(`^NRPE v(\d+\.\d+(?:\.\d+)?)$`)
