package probe

import (
	"bytes"
	"context"

	"github.com/harrier-scan/harrier"
)

// smartInstallProtocol sets up switches of Cisco without any sign-in. The
// question asks for abilities and changes nothing.
//
// Source: Cisco advisory cisco-sa-20170214-smi and the check that it points to.
var smartInstallProtocol = Protocol{
	Name: "cisco-smi", Transport: harrier.TCP, Ports: []uint16{4786},
	Hello: func(Target) []byte { return octets("00000001 00000001 00000004 00000008 00000001 00000000") },
	Done:  func(b []byte) bool { return len(b) >= len(smartInstallAnswer) },
	Reply: func(b []byte) bool { return bytes.Equal(b, smartInstallAnswer) },
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("Cisco Smart Install client", "", "", "answer to a Smart Install ability request")
		x.fact("os.hint", "Cisco IOS")
		x.fact("device.hint", "switch")
		x.fact("auth.required", "no")
	},
}

var smartInstallAnswer = octets("00000004 00000000 00000003 00000008 00000001 00000000")
