package match

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// nameFacts are about the names of the host.
var nameFacts = []hostFact{
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
		ID: 46180, Slug: "additional-names", Name: "Additional DNS Hostnames", Family: "General",
		Synopsis:    "The host is known by further names.",
		Description: "The services of the host, or the certificate that one of them shows, tell further names of it. Web servers may serve other pages by another name.",
		Solution:    "To see what is served by such a name, scan the host by that name too.",
	}, furtherNames},
	{harrier.Vulnerability{
		ID: 10150, Slug: "netbios-names", Name: "Windows NetBIOS / SMB Remote Host Information Disclosure", Family: "Windows",
		Synopsis:    "The host tells its NetBIOS name.",
		Description: "The SMB or NetBIOS service of the host tells the name of the computer and of its workgroup or domain to whoever asks.",
	}, netbiosText},
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
	for _, s := range services {
		if mac := s.Fact("host.mac"); s.Name == "netbios-ns" && mac != "" {
			return text + "\nThe host tells this address of its network card :\n\n   " + strings.ToUpper(mac) + "\n"
		}
	}
	return text
}

// maxFurther is how many further names are listed.
const maxFurther = 100

// furtherNames lists the full domain names that services tell of their host,
// but for those that it is scanned by. What is in a certificate was not looked
// up: it need not lead here.
func furtherNames(_ Context, h harrier.Host, services []harrier.Service) string {
	known := []string{strings.ToLower(h.Name), h.FQDN}
	var out []string
	add := func(name string) {
		name = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
		if _, err := netip.ParseAddr(name); err == nil || !isDomain(name) || slices.Contains(known, name) || len(out) >= maxFurther {
			return
		}
		known, out = append(known, name), append(out, name)
	}
	for _, s := range services {
		for _, key := range []string{"smb.fqdn", "ldap.host", "host.name", "snmp.sysname"} {
			add(s.Fact(key))
		}
		if len(s.Certificates) > 0 {
			for _, name := range s.Certificates[0].DNSNames {
				add(name)
			}
		}
	}
	if len(out) == 0 {
		return ""
	}
	slices.Sort(out)
	return "\nFurther names of the host :\n\n  - " + strings.Join(out, "\n  - ") + "\n"
}

// isDomain reports whether name is a full domain name of a machine: no wildcard,
// not a name for itself.
func isDomain(name string) bool {
	if len(name) > 253 || !strings.Contains(name, ".") || strings.HasPrefix(name, "localhost.") {
		return false
	}
	for _, label := range strings.Split(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}
