package probe

import (
	"context"
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

var pptpProtocol = Protocol{
	Name: "pptp", Transport: harrier.TCP, Ports: []uint16{1723},
	Hello: func(Target) []byte { return pptpStart },
	Done:  enough(156),
	Reply: func(b []byte) bool { _, ok := parsePPTP(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		r, _ := parsePPTP(first)
		x.fact("pptp.vendor", r.vendor)
		x.fact("pptp.firmware", itoa(r.firmware))
		x.fact("host.name", r.host)
		x.s.Evidence = clip(oneLine("vendor "+r.vendor+" firmware "+itoa(r.firmware)), maxEvidence)
		switch r.vendor {
		case "linux":
			x.is("PoPToP pptpd", "poptop:pptp_server", "", x.s.Evidence)
			x.fact("os.hint", "Linux")
		case "MikroTik":
			x.is("MikroTik PPTP server", "", "", x.s.Evidence)
			x.fact("os.hint", "RouterOS")
			x.fact("device.hint", "router")
		case "Microsoft", "Microsoft Windows NT":
			x.is("Microsoft PPTP server", "", "", x.s.Evidence)
			x.fact("os.hint", "Windows")
		case "DrayTek":
			x.fact("device.hint", "router")
		}
	},
}

const pptpCookie = 0x1a2b3c4d

// pptpStart asks for a control connection.
//
// Source: RFC 2637, section 2.1.
var pptpStart = func() []byte {
	b := make([]byte, 156)
	b[1], b[3] = 156, 1
	binary.BigEndian.PutUint32(b[4:], pptpCookie)
	b[9], b[12] = 1, 1      // start; version 1.0
	b[19], b[23] = 3, 3     // framing and bearer: any
	copy(b[28:], "harrier") // host
	copy(b[92:], "harrier") // vendor
	return b
}()

// pptpServer is what a start's reply tells.
type pptpServer struct {
	host, vendor string
	firmware     int
}

// parsePPTP reads a reply.
//
// Source: RFC 2637, section 2.2.
func parsePPTP(b []byte) (pptpServer, bool) {
	if len(b) < 156 || b[0] != 0 || b[1] != 156 || b[2] != 0 || b[3] != 1 || binary.BigEndian.Uint32(b[4:]) != pptpCookie || b[8] != 0 || b[9] != 2 {
		return pptpServer{}, false
	}
	return pptpServer{host: padText(b[28:92]), vendor: padText(b[92:156]), firmware: int(binary.BigEndian.Uint16(b[26:]))}, true
}
