package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// systemFacts are about what the host is.
var systemFacts = []hostFact{
	{harrier.Vulnerability{
		ID: 11936, Slug: "os-identification", Name: "OS Identification", Family: "General",
		Synopsis:    "The operating system of the host was told from its answers.",
		Description: "Banners and protocol behaviour of the services on a host give its operating system away. The confidence says how much the method is worth, out of 100.",
	}, osText},
	{harrier.Vulnerability{
		ID: 50350, Slug: "os-identification-failed", Name: "OS Identification Failed", Family: "General",
		Synopsis:    "The operating system of the host could not be told.",
		Description: "Nothing that the host answered gives its operating system away. What was seen is listed, so that it can be judged by a person.",
	}, osFailedText},
	{harrier.Vulnerability{
		ID: 209654, Slug: "os-fingerprints", Name: "OS Fingerprints Detected", Family: "General",
		Synopsis:    "What each sign says about the operating system of the host.",
		Description: "Each sign that speaks for an operating system, from banners, certificates, names and the TCP/IP stack, with the confidence that it would have alone.",
	}, fingerprintsText},
	{harrier.Vulnerability{
		ID: 54615, Slug: "device-type", Name: "Device Type", Family: "General",
		Synopsis:    "The kind of device was told from its answers.",
		Description: "From the operating system and the services it follows what kind of machine this is, such as a general purpose computer, a printer or a router.",
	}, func(_ Context, h harrier.Host, _ []harrier.Service) string {
		if h.DeviceType == "" {
			return ""
		}
		return fmt.Sprintf("Remote device type : %s\nConfidence level : %d\n", h.DeviceType, deviceConfidence(h))
	}},
	{harrier.Vulnerability{
		ID: 45590, Slug: "cpe-list", Name: "Common Platform Enumeration (CPE)", Family: "General",
		Synopsis:    "What runs on the host, by its CPE names.",
		Description: "Common Platform Enumeration gives products a machine-readable name. These are the names of the operating system and of the server software that were recognised on the host.",
		References:  []string{"https://nvd.nist.gov/products/cpe"},
	}, cpeText},
}

// osText is the output of 11936: what the signs were stands before the last
// line, which readers look for.
func osText(_ Context, h harrier.Host, _ []harrier.Service) string {
	if h.OS == "" {
		return ""
	}
	return fmt.Sprintf("\nRemote operating system : %s\nConfidence level : %d\nMethod : %s\n\n%s \nThe remote host is running %s",
		h.OS, h.OSConfidence, cmp.Or(h.OSMethod, "banners"), signsText(h.Signs), h.OS)
}

// signsText lists signs, each in a line, with a blank line at the end; "" when
// there are none.
func signsText(signs []harrier.Sign) string {
	var b strings.Builder
	for _, s := range signs {
		if says := oneLine(s.Text); says != "" {
			fmt.Fprintf(&b, "  %s (%d) : %s\n", s.Source, s.Weight, says)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "Signs :\n" + b.String() + "\n"
}

// osFailedText states that the system is not known, of a host whose services
// were asked.
func osFailedText(c Context, h harrier.Host, services []harrier.Service) string {
	set := c.Scan.Plan.Settings
	known := slices.ContainsFunc(services, func(s harrier.Service) bool { return s.Name != "" })
	if h.OS != "" || set.PortsOnly || set.DiscoverOnly || !known && h.Stack == nil {
		return ""
	}
	return "\nNothing that the host answered tells its operating system.\n\n" + signsText(h.Signs)
}

func fingerprintsText(_ Context, h harrier.Host, _ []harrier.Service) string {
	var b strings.Builder
	for _, s := range h.Signs {
		if s.OS == "" || s.Weight <= 0 {
			continue
		}
		fmt.Fprintf(&b, "\nRemote operating system : %s\nConfidence level : %d\nMethod : %s\n", strings.TrimSpace(s.OS+" "+s.Version), s.Weight, s.Source)
		if s.Device != "" {
			fmt.Fprintf(&b, "Type : %s\n", s.Device)
		}
		if text := oneLine(s.Text); text != "" {
			fmt.Fprintf(&b, "Fingerprint : %s\n", text)
		}
	}
	return b.String()
}

// deviceConfidence is how sure the kind of device is: by the weightiest sign for
// it, or as sure as the system that it follows from.
func deviceConfidence(h harrier.Host) int {
	best := 0
	for _, s := range h.Signs {
		if s.Device == h.DeviceType {
			best = max(best, s.Weight)
		}
	}
	return cmp.Or(best, h.OSConfidence)
}

// oneLine is text without line breaks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

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
