package match

import (
	"github.com/harrier-scan/harrier"
)

// discoveryFacts are about services by which machines find each other.
//
// Source: nessus-api.md, section 13.4.
var discoveryFacts = []placedFact{
	{harrier.Vulnerability{
		ID: 12218, Slug: "mdns-remote", Name: "mDNS Detection (Remote Network)", Family: "Service detection", Severity: harrier.Medium,
		Synopsis:    "The host tells about itself to other networks by mDNS.",
		Description: "Multicast DNS is meant for one network segment. The host answers it from behind a router: the names and kinds of its services, and often its model.",
		Solution:    "Filter incoming traffic to UDP port 5353 that is not of the host's own network.",
		CWEs:        []int{200},
		CVSS2Vector: "AV:N/AC:L/Au:N/C:P/I:N/A:N", CVSS2Score: 5.0, CVSS3Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", CVSS3Score: 5.3,
	}, func(_ Context, h harrier.Host, s harrier.Service) string {
		// Without a router on the way it may be a neighbour.
		if s.Name != "mdns" || h.MAC != "" || len(h.Route) < 3 {
			return ""
		}
		return "The host answered questions by mDNS.\n" + labelled([2]string{"Name", s.Fact("host.name")}, [2]string{"Model", s.Fact("mdns.model")},
			[2]string{"Services", s.Fact("mdns.services")}, [2]string{"Instances", s.Fact("mdns.instances")})
	}},
}
