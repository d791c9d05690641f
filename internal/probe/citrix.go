package probe

import (
	"bytes"
	"context"

	"github.com/harrier-scan/harrier"
)

// icaProtocol is the screen protocol of Citrix; its server knocks first.
var icaProtocol = Protocol{
	Name: "ica", Transport: harrier.TCP, Ports: []uint16{1494},
	First:  true,
	Banner: func(b []byte) bool { return bytes.HasPrefix(b, []byte("\x7f\x7fICA\x00")) },
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("Citrix ICA", "", "", "greeting ICA")
	},
}

// teamviewerProtocol speaks first, in a frame of fixed form with random octets
// at a fixed place.
var teamviewerProtocol = Protocol{
	Name: "teamviewer", Transport: harrier.TCP, Ports: []uint16{5938},
	First: true,
	Banner: func(b []byte) bool {
		return len(b) >= 24 && bytes.HasPrefix(b, []byte("\x17\x24\x0a\x20\x00")) && bytes.HasPrefix(b[9:], []byte("\x88\x13\x80\x00"))
	},
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("TeamViewer", "teamviewer:teamviewer", "", "greeting of TeamViewer's framing")
	},
}

// radminProtocol answers the first message of Radmin's viewer.
var radminProtocol = Protocol{
	Name: "radmin", Transport: harrier.TCP, Ports: []uint16{4899},
	Hello: func(Target) []byte { return octets("01 00000001 000000 08 08") },
	Done:  func(b []byte) bool { return len(b) >= 46 },
	Reply: func(b []byte) bool {
		return len(b) >= 14 && bytes.HasPrefix(b, []byte("\x01\x00\x00\x00\x25")) && b[9] == 8
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.is("Radmin", "famatech:radmin", "", "answer of Radmin's framing")
		if bytes.HasPrefix(first[8:], []byte("\x10\x08\x01\x00\x09\x08")) {
			x.fact("radmin.generation", "3")
		}
		x.fact("os.hint", "Windows")
	},
}
