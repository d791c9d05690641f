package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

var epmdProtocol = Protocol{
	Name: "epmd", Transport: harrier.TCP, Ports: []uint16{4369},
	Common: true,
	Hello:  func(Target) []byte { return []byte{0, 1, 'n'} },
	Reply:  isEPMD,
	Learn:  learnEPMD,
}

// isEPMD takes the daemon's port and then lines with nodes, if there are any.
//
// Source: Erlang distribution protocol, NAMES_REQ.
func isEPMD(b []byte) bool {
	if len(b) < 4 || binary.BigEndian.Uint32(b) == 0 || binary.BigEndian.Uint32(b) > 65535 {
		return false
	}
	rest := b[4:]
	return bytes.HasPrefix(rest, []byte("name ")) || len(rest) == 0 && binary.BigEndian.Uint32(b) == 4369
}

var epmdNode = pattern(`name (\S{1,128}) at port (\d{1,5})`)

func learnEPMD(_ context.Context, x *talk, first []byte, _ bool) {
	x.s.Banner = printable(first[4:])
	x.is("Erlang Port Mapper Daemon", "", "", oneLine(string(first[4:])))
	var nodes []string
	for _, m := range epmdNode.FindAllStringSubmatch(string(first[4:]), 50) {
		nodes = append(nodes, m[1]+":"+m[2])
	}
	x.fact("epmd.nodes", strings.Join(nodes, ","))
}
