package match

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// scanFacts are about the scan of the host.
var scanFacts = []hostFact{
	{harrier.Vulnerability{
		ID: 10180, Slug: "host-ping", Name: "Ping the remote host", Family: "Port scanners",
		Synopsis:    "How the host was seen to be alive.",
		Description: "Before anything else the scan finds out whether a host answers at all: by ARP on the local network, by an ICMP echo request where raw sockets allow one, or by a TCP connection to a common port. A refused connection is an answer too.",
	}, func(_ Context, h harrier.Host, _ []harrier.Service) string { return pingText(h.Reason) }},
	{harrier.Vulnerability{
		ID: 19506, Slug: "scan-information", Name: "Nessus Scan Information", Family: "Settings",
		Synopsis:    "How this host was scanned.",
		Description: "Lists the settings, the time and the duration of the scan of this host, in the layout that readers of scan results expect.",
	}, scanInformation},
}

// pingText is the output of 10180 for the reason why a host is taken as alive;
// "" when it was not pinged, or in a way that has no text.
//
// Source: nessus-api.md, section 13.6.
func pingText(reason string) string {
	const up = "The remote host is up\n"
	how, rest, _ := strings.Cut(reason, " ")
	switch how {
	case "local":
		return up + "The host is the local scanner."
	case "arp":
		if rest == "" {
			return ""
		}
		return up + "The host replied to an ARP who-is query.\nHardware address : " + strings.ToLower(rest)
	}
	if reason == "icmp echo" {
		return up + "The remote host replied to an ICMP echo packet"
	}
	for prefix, flags := range map[string]string{"tcp syn-ack ": "SYN,ACK", "tcp rst ": "RST,ACK"} {
		if port, ok := strings.CutPrefix(reason, prefix); ok && port != "" {
			return up + fmt.Sprintf("The remote host replied to a TCP SYN packet sent to port %s with a %s packet", port, flags)
		}
	}
	return ""
}

// deadHost states that a host did not answer, for a scan that reports this.
func deadHost(c Context, h harrier.Host, planned *harrier.IDs) []harrier.Observation {
	const id = 10180
	set := c.Scan.Plan.Settings
	if !set.ReportDead || !wanted(planned, id) || !h.Addr.IsValid() {
		return nil
	}
	lines := []string{
		fmt.Sprintf("The remote host (%s) is considered as dead - not scanning", h.Addr),
		fmt.Sprintf("The remote host (%s) did not respond to the following ping methods :", h.Addr),
	}
	if !set.NoTCPPing {
		lines = append(lines, "- TCP ping")
	}
	if !set.NoICMP {
		lines = append(lines, "- ICMP ping")
	}
	return []harrier.Observation{observation(c, id, wholeHost, "", strings.Join(lines, "\n"))}
}
