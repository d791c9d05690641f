package match

import (
	"fmt"

	"github.com/harrier-scan/harrier"
)

// portFacts are about open ports: each is stated once, by the way in which it
// was found.
//
// Source: nessus-api.md, section 13.1.
var portFacts = []placedFact{
	{harrier.Vulnerability{
		ID: 11219, Slug: "open-tcp-port-syn", Name: "Nessus SYN scanner", Family: "Port scanners",
		Synopsis:    "A TCP port is open.",
		Description: "The port agreed to a connection: it answered a SYN packet with a SYN,ACK packet. The handshake was not completed to see this.",
		Solution:    "Close or filter ports that nobody needs.",
	}, openPort(harrier.TCP, true)},
	{harrier.Vulnerability{
		ID: 10335, Slug: "open-tcp-port", Name: "Nessus TCP scanner", Family: "Port scanners",
		Synopsis:    "A TCP port is open.",
		Description: "The port accepts connections: a full TCP handshake with it succeeded.",
		Solution:    "Close or filter ports that nobody needs.",
	}, openPort(harrier.TCP, false)},
	{harrier.Vulnerability{
		ID: 34277, Slug: "open-udp-port", Name: "Nessus UDP scanner", Family: "Port scanners",
		Synopsis:    "A UDP port is open.",
		Description: "A datagram sent to the port was answered by one from it.",
		Solution:    "Close or filter ports that nobody needs.",
	}, openPort(harrier.UDP, false)},
}

// openPort states ports of a protocol, those of TCP by how they were found.
func openPort(p harrier.Protocol, raw bool) func(Context, harrier.Host, harrier.Service) string {
	return func(_ Context, h harrier.Host, s harrier.Service) string {
		if s.Protocol != p || p == harrier.TCP && h.Raw != raw {
			return ""
		}
		return fmt.Sprintf("Port %s was found to be open", s.Endpoint)
	}
}
