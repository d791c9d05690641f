package probe

import (
	"context"
	"regexp"

	"github.com/harrier-scan/harrier"
)

var distccProtocol = Protocol{
	Name: "distccd", Transport: harrier.TCP, Ports: []uint16{3632},
	// A job without a command line: there is nothing to run.
	Hello: func(Target) []byte { return []byte("DIST00000001ARGC00000001ARGV00000000DOTI00000000") },
	Reply: distccReply.Match,
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("distccd", "samba:distcc", "", "DONE00000001")
		x.fact("auth.required", "no")
	},
}

// Source: distcc, doc/protocol-1.txt.
var distccReply = regexp.MustCompile(`^DONE00000001(?:STAT[0-9a-f]{8})?`)
