package match

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/oui"
)

// linkFacts are about the host in its network: its cards, the way to it, and
// what its TCP/IP stack answers.
//
// Source: nessus-api.md, sections 13.1 and 13.2.
var linkFacts = []hostFact{
	{harrier.Vulnerability{
		ID: 86420, Slug: "mac-addresses", Name: "Ethernet MAC Addresses", Family: "General",
		Synopsis:    "Hardware addresses of the host are known.",
		Description: "The host is on the same network segment as the scan engine, which learnt its Ethernet address, or one of its services tells such addresses.",
	}, func(_ Context, h harrier.Host, services []harrier.Service) string {
		list := cards(h, services)
		if len(list) == 0 {
			return ""
		}
		return "Hardware addresses seen :\n  - " + strings.Join(list, "\n  - ") + "\n"
	}},
	{harrier.Vulnerability{
		ID: 35716, Slug: "card-manufacturers", Name: "Ethernet Card Manufacturer Detection", Family: "Misc.",
		Synopsis:    "The maker of a network card of the host is known.",
		Description: "The first half of an Ethernet address is assigned to the maker of the card by the IEEE.",
		References:  []string{"https://standards.ieee.org/products-programs/regauth/"},
	}, func(_ Context, h harrier.Host, services []harrier.Service) string {
		var b strings.Builder
		for _, mac := range cards(h, services) {
			if vendor := oui.Vendor(mac); vendor != "" {
				fmt.Fprintf(&b, "%s : %s\n", mac, vendor)
			}
		}
		if b.Len() == 0 {
			return ""
		}
		return "\nMakers of the network cards :\n\n" + b.String()
	}},
	{harrier.Vulnerability{
		ID: 20094, Slug: "vmware-machine", Name: "VMware Virtual Machine Detection", Family: "General",
		Synopsis:    "The host is a virtual machine of VMware.",
		Description: "The address of a network card is from the ranges that VMware gives to the cards of virtual machines.",
		Solution:    "See that the machine is meant to be in this network.",
	}, func(_ Context, h harrier.Host, services []harrier.Service) string {
		for _, mac := range cards(h, services) {
			if oui.Of(mac).Virtual == "VMware" {
				return "The network card with the address " + mac + " is one of a VMware virtual machine.\n"
			}
		}
		return ""
	}},
	{harrier.Vulnerability{
		ID: 10287, Slug: "traceroute", Name: "Traceroute Information", Family: "General",
		Synopsis:    "The way to the host is known.",
		Description: "Connections whose packets live for one hop more each show the routers between the scan engine and the host.",
	}, routeText},
	{harrier.Vulnerability{
		ID: 25220, Slug: "tcp-timestamps", Name: "TCP/IP Timestamps Supported", Family: "General",
		Synopsis:    "The host sends TCP timestamps.",
		Description: "The TCP stack of the host takes the timestamp option. On some systems the clock behind it tells how long the machine has been up.",
		References:  []string{"https://www.rfc-editor.org/rfc/rfc7323"},
	}, func(_ Context, h harrier.Host, _ []harrier.Service) string {
		if h.Stack == nil || h.Stack.Clock == 0 && !strings.Contains(h.Stack.Options, "T") {
			return ""
		}
		return "The host answered a SYN packet with the TCP timestamp option.\n"
	}},
	{harrier.Vulnerability{
		ID: 10114, Slug: "icmp-timestamp", Name: "ICMP Timestamp Request Remote Date Disclosure", Family: "General", Severity: harrier.Low,
		Synopsis:    "The host tells its time of day by ICMP.",
		Description: "The host answers ICMP timestamp requests. Whoever knows its clock has an easier time with protocols whose secrets rest on the time.",
		Solution:    "Filter ICMP timestamp requests (type 13) and replies (type 14).",
		CVEs:        []string{"CVE-1999-0524"}, CWEs: []int{200},
		CVSS2Vector: "AV:L/AC:L/Au:N/C:P/I:N/A:N", CVSS2Score: 2.1, CVSS3Vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N", CVSS3Score: 3.7,
	}, func(_ Context, h harrier.Host, _ []harrier.Service) string {
		if h.Reason != "icmp timestamp" {
			return ""
		}
		return "The host answered an ICMP timestamp request.\n"
	}},
}

// routeText is the output of 10287: every station of the way on a line of its
// own, and how many hops it is to the last.
func routeText(_ Context, h harrier.Host, _ []harrier.Service) string {
	if len(h.Route) < 2 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The way from %s to %s :\n\n", station(h.Route[0]), h.Addr)
	for _, hop := range h.Route {
		b.WriteString(station(hop) + "\n")
	}
	if h.Route[len(h.Route)-1].Addr.WithZone("") != h.Addr.Unmap().WithZone("") {
		b.WriteString("?\n") // not followed to its end
	}
	fmt.Fprintf(&b, "\nHop Count: %d\n", len(h.Route)-1)
	return b.String()
}

func station(h harrier.Hop) string {
	if !h.Addr.IsValid() {
		return "?"
	}
	return h.Addr.String()
}

// cards are the hardware addresses of the host, in capitals, each once: its own
// first, then those that its services tell.
func cards(h harrier.Host, services []harrier.Service) []string {
	var out []string
	add := func(text string) {
		mac, err := net.ParseMAC(strings.TrimSpace(text))
		if err != nil || len(mac) != 6 || mac[0]&1 != 0 || string(mac) == "\x00\x00\x00\x00\x00\x00" {
			return
		}
		if one := strings.ToUpper(mac.String()); !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	add(h.MAC)
	for _, s := range services {
		for _, one := range list(s.Fact("host.mac")) {
			add(one)
		}
	}
	return out
}
