package probe

import (
	"bytes"
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// rtmpSize is the length of the second handshake message of either side.
const rtmpSize = 1536

// rtmpProtocol streams video. The question is the first half of the handshake;
// the server answers with its own and returns ours.
//
// Source: Adobe's Real Time Messaging Protocol, section 5.2.
var rtmpProtocol = Protocol{
	Name: "rtmp", Transport: harrier.TCP, Ports: []uint16{1935, 1936},
	Hello: func(Target) []byte { return append([]byte{3}, rtmpRandom()...) },
	Done:  func(b []byte) bool { return len(b) >= 1+2*rtmpSize || len(b) > 0 && b[0] != 3 },
	Reply: func(b []byte) bool {
		// An echo sends 1537 octets; the server's own part is not what was sent.
		return len(b) >= 1+2*rtmpSize && b[0] == 3 && bytes.Equal(b[1+rtmpSize+8:1+2*rtmpSize], rtmpRandom()[8:]) && !bytes.Equal(b[1:1+rtmpSize], rtmpRandom())
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		if v := first[5:9]; !bytes.Equal(v, []byte{0, 0, 0, 0}) { // servers after Adobe's put their version here
			x.fact("rtmp.server_version", fmt.Sprintf("%d.%d.%d.%d", v[0], v[1], v[2], v[3]))
		}
		x.fact("device.hint", "media")
	},
}

// rtmpRandom is our part: a time, four zeroes and what stands for chance.
func rtmpRandom() []byte {
	b := make([]byte, rtmpSize)
	for i := 8; i < len(b); i++ {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}
