package probe

import (
	"bytes"
	"context"

	"github.com/harrier-scan/harrier"
)

var memcachedProtocol = Protocol{
	Name: "memcached", Transport: harrier.TCP, Ports: []uint16{11211, 11212, 11210},
	Common: true,
	Hello:  func(Target) []byte { return []byte("version\r\n") },
	Done:   oneLineDone,
	Reply: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("VERSION ")) || bytes.HasPrefix(b, []byte("CLIENT_ERROR unauthenticated"))
	},
	Learn: learnMemcached,
}

// Over UDP a frame header stands before each message: request id, sequence
// number, number of datagrams, reserved.
//
// Source: memcached's protocol.txt, "UDP protocol".
var memcachedUDP = overUDP(Protocol{
	Name:  "memcached",
	Reply: func(b []byte) bool { return len(b) > 8 && bytes.HasPrefix(b[8:], []byte("VERSION ")) },
	Learn: func(ctx context.Context, x *talk, first []byte, asked bool) { learnMemcached(ctx, x, first[8:], asked) },
})

var memcachedVersion = pattern(`^VERSION (\d+(?:\.\d+)+[0-9A-Za-z.+-]*)`)

func learnMemcached(_ context.Context, x *talk, first []byte, _ bool) {
	line := firstLine(first)
	if m := memcachedVersion.FindStringSubmatch(line); m != nil {
		x.is("Memcached", "memcached:memcached", m[1], line)
		x.fact("auth.required", "no")
		return
	}
	x.is("Memcached", "memcached:memcached", "", line)
	x.fact("auth.required", "yes")
}
