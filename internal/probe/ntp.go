package probe

import (
	"context"
	"encoding/binary"
	"regexp"

	"github.com/harrier-scan/harrier"
)

var ntpUDP = Protocol{
	Name: "ntp", Transport: harrier.UDP, Ports: []uint16{123},
	Common: true,
	Hello:  func(Target) []byte { return append([]byte{0x23}, make([]byte, 47)...) }, // version 4, client
	Done:   func([]byte) bool { return true },
	Reply:  func(b []byte) bool { return len(b) >= 48 && b[0]&7 == 4 && b[0]>>3&7 >= 1 },
	Learn:  learnNTP,
}

// ntpReadVariables asks for the variables of the system in mode 6.
//
// Source: RFC 9327, section 2.
var ntpReadVariables = []byte{0x16, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}

var ntpVersion = regexp.MustCompile(`version="([^"]{1,120})"`)

func learnNTP(ctx context.Context, x *talk, first []byte, _ bool) {
	x.fact("ntp.stratum", itoa(int(first[1])))
	reply, err := x.ask(ctx, ntpReadVariables, func([]byte) bool { return true })
	if err != nil || len(reply) < 12 || reply[0]&7 != 6 || reply[1]&0x80 == 0 {
		return
	}
	n := int(binary.BigEndian.Uint16(reply[10:]))
	text := clean(string(reply[12:min(len(reply), 12+n)]))
	x.fact("ntp.variables", text)
	if m := ntpVersion.FindStringSubmatch(text); m != nil {
		x.tell("ntp", m[1])
	}
}
