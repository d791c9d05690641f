package match

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// backportFacts tell where a version number alone does not tell what was
// mended.
//
// Source: nessus-api.md, section 13.2.
var backportFacts = []hostFact{
	backport(39520, "ssh", "SSH", func(s harrier.Service) string { return s.Fact("ssh.version") }),
	backport(39521, "http", "WWW", func(s harrier.Service) string { return s.Fact("http.server") }),
	backport(39519, "ftp", "FTP", func(s harrier.Service) string { return s.Banner }),
	{harrier.Vulnerability{
		ID: 84574, Slug: "backported-php", Name: "Backported Security Patch Detection (PHP)", Family: "General",
		Synopsis: backportSynopsis, Description: backportText,
	}, func(_ Context, _ harrier.Host, services []harrier.Service) string {
		return backported(services, func(s harrier.Service) (string, string) {
			by := s.Fact("http.powered_by")
			if !strings.Contains(by, "PHP/") {
				return "", ""
			}
			return by, marked(by)
		})
	}},
}

const (
	backportSynopsis = "Security fixes may have been brought to an old version."
	backportText     = "The service shows that its software comes from a distribution that brings fixes to the versions it ships without changing their number. What follows from the number alone may then be wrong."
)

// backport is the statement about services of the protocol name.
func backport(id harrier.VulnID, name, title string, banner func(harrier.Service) string) hostFact {
	return hostFact{harrier.Vulnerability{
		ID: id, Slug: "backported-" + strings.ToLower(title), Name: "Backported Security Patch Detection (" + title + ")", Family: "General",
		Synopsis: backportSynopsis, Description: backportText,
	}, func(_ Context, _ harrier.Host, services []harrier.Service) string {
		return backported(services, func(s harrier.Service) (string, string) {
			if s.Name != name {
				return "", ""
			}
			return banner(s), distribution(s)
		})
	}}
}

// backported lists the services that are of a distribution, by their banners.
func backported(services []harrier.Service, of func(harrier.Service) (banner, from string)) string {
	var b strings.Builder
	for _, s := range services {
		if banner, from := of(s); from != "" {
			fmt.Fprintf(&b, "  %s : %s (%s)\n", s.Endpoint, from, oneLine(banner))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\nSoftware from a distribution that mends old versions :\n\n" + b.String()
}
