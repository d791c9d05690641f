package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

var hostFacts = []hostFact{
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
	{harrier.Vulnerability{
		ID: 12053, Slug: "host-fqdn", Name: "Host Fully Qualified Domain Name (FQDN) Resolution", Family: "General",
		Synopsis:    "The host has a name.",
		Description: "The address of the host leads to this fully qualified domain name.",
	}, func(_ Context, h harrier.Host, _ []harrier.Service) string {
		if h.FQDN == "" || !h.Addr.IsValid() {
			return ""
		}
		return fmt.Sprintf("\n%s resolves as %s.\n", h.Addr, h.FQDN)
	}},
	{harrier.Vulnerability{
		ID: 11936, Slug: "os-identification", Name: "OS Identification", Family: "General",
		Synopsis:    "The operating system of the host was told from its answers.",
		Description: "Banners and protocol behaviour of the services on a host give its operating system away. The confidence says how much the method is worth, out of 100.",
	}, osText},
	{harrier.Vulnerability{
		ID: 54615, Slug: "device-type", Name: "Device Type", Family: "General",
		Synopsis:    "The kind of device was told from its answers.",
		Description: "From the operating system and the services it follows what kind of machine this is, such as a general purpose computer, a printer or a router.",
	}, func(_ Context, h harrier.Host, _ []harrier.Service) string {
		if h.DeviceType == "" {
			return ""
		}
		return fmt.Sprintf("Remote device type : %s\nConfidence level : %d\n", h.DeviceType, h.OSConfidence)
	}},
	{harrier.Vulnerability{
		ID: 45590, Slug: "cpe-list", Name: "Common Platform Enumeration (CPE)", Family: "General",
		Synopsis:    "What runs on the host, by its CPE names.",
		Description: "Common Platform Enumeration gives products a machine-readable name. These are the names of the operating system and of the server software that were recognised on the host.",
		References:  []string{"https://nvd.nist.gov/products/cpe"},
	}, cpeText},
	{harrier.Vulnerability{
		ID: 86420, Slug: "mac-addresses", Name: "Ethernet MAC Addresses", Family: "General",
		Synopsis:    "The hardware address of the host is known.",
		Description: "The host is on the same network segment as the scan engine, which learnt its Ethernet address.",
	}, func(_ Context, h harrier.Host, _ []harrier.Service) string {
		if h.MAC == "" {
			return ""
		}
		return "Hardware addresses seen :\n  - " + strings.ToUpper(h.MAC) + "\n"
	}},
	{harrier.Vulnerability{
		ID: 10150, Slug: "netbios-names", Name: "Windows NetBIOS / SMB Remote Host Information Disclosure", Family: "Windows",
		Synopsis:    "The host tells its NetBIOS name.",
		Description: "The SMB or NetBIOS service of the host tells the name of the computer and of its workgroup or domain to whoever asks.",
	}, netbiosText},
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

func osText(_ Context, h harrier.Host, _ []harrier.Service) string {
	if h.OS == "" {
		return ""
	}
	return fmt.Sprintf("\nRemote operating system : %s\nConfidence level : %d\nMethod : %s\n\n \nThe remote host is running %s",
		h.OS, h.OSConfidence, cmp.Or(h.OSMethod, "banners"), h.OS)
}

func netbiosText(_ Context, h harrier.Host, services []harrier.Service) string {
	name, domain := h.NetBIOS, ""
	for _, s := range services {
		name = cmp.Or(name, s.Fact("smb.name"))
		domain = cmp.Or(domain, s.Fact("smb.domain"))
	}
	if name == "" {
		return ""
	}
	text := fmt.Sprintf("\n %-16s = Computer name\n", name)
	if domain != "" {
		text += fmt.Sprintf(" %-16s = Workgroup / Domain name\n", domain)
	}
	return text
}

// cpeText lists the names of the operating system and of the applications in
// the URI form.
//
// Source: nessus-api.md, section 13.2, plugin 45590.
func cpeText(_ Context, h harrier.Host, services []harrier.Service) string {
	var systems, applications []string
	add := func(s string) {
		name, err := ParseCPE(s)
		if err != nil {
			return
		}
		line := "  " + name.URI() + " -> " + name.Title()
		if name.Part == "a" {
			applications = append(applications, line)
		} else {
			systems = append(systems, line)
		}
	}
	add(h.OSCPE)
	for _, s := range services {
		add(s.CPE)
		for _, t := range s.Technologies {
			if t.Certainty == harrier.Certain {
				add(t.CPE)
			}
		}
	}
	var text strings.Builder
	for _, block := range []struct {
		title string
		lines []string
	}{{"CPE of the operating system : ", systems}, {"CPE of the applications : ", applications}} {
		if len(block.lines) > 0 {
			slices.Sort(block.lines)
			fmt.Fprintf(&text, "\n%s\n\n%s\n", block.title, strings.Join(slices.Compact(block.lines), "\n"))
		}
	}
	return text.String()
}
