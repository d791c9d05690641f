package probe

import (
	"bytes"
	"context"

	"github.com/harrier-scan/harrier"
)

// routerosProtocol is the API of RouterOS: sentences of words with their
// lengths in front. The question says goodbye, which needs no sign-in.
//
// Source: MikroTik documentation, "API".
var routerosProtocol = Protocol{
	Name: "routeros-api", Transport: harrier.TCP, Ports: []uint16{8728, 8729},
	Hello:  func(Target) []byte { return []byte("\x05/quit\x00") },
	Done:   func(b []byte) bool { return len(b) > 7 && b[len(b)-1] == 0 },
	Reply:  isRouterOS,
	Banner: isRouterOS,
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("MikroTik RouterOS API", "o:mikrotik:routeros", "", "!fatal")
		x.fact("os.hint", "MikroTik RouterOS")
		x.fact("device.hint", "router")
		x.fact("auth.required", "yes")
	},
}

// isRouterOS takes the sentence that ends a connection: "!fatal" and a reason.
func isRouterOS(b []byte) bool {
	reason, found := bytes.CutPrefix(b, []byte("\x06!fatal"))
	return found && len(reason) >= 3 && int(reason[0]) == len(reason)-2 && reason[len(reason)-1] == 0 && plainText(reason[1:len(reason)-1])
}
