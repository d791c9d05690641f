package match

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Table compares the versions that services show with the table of CVE
// facts. Present holds the vulnerabilities whose affected versions include the
// one shown. They are Potential: a banner can not show a fix that a
// distribution brought to an old version. Done holds the planned checks that
// did not end clean: vulnerable, skipped, or failed because the version is not
// shown, or not even the product: a service that hides what it is may be what it
// was before. A product whose place another one takes is clean without an entry.
//
// The caller sets the time of the observations.
func Table(_ harrier.Host, services []harrier.Service, planned *harrier.IDs, set harrier.Settings) (present []harrier.Observation, done []harrier.Done) {
	for _, s := range services {
		p := productOf(s)
		if p == nil {
			done = append(done, hidden(s, planned)...)
			continue
		}
		version := p.version(s)
		for i := range p.CVEs {
			c := &p.CVEs[i]
			if !wanted(planned, c.ID) {
				continue
			}
			end := harrier.Done{Check: c.ID, Endpoint: s.Endpoint}
			switch fixed, hit := c.affects(p.Scheme, version); {
			case version == "":
				end.Outcome, end.Reason = harrier.Failed, "the version is not shown"
			case !hit:
				continue
			case set.NoPotential:
				end.Outcome, end.Reason = harrier.Skipped, "only the banner says so, and the policy wants proof"
			default:
				end.Outcome = harrier.Vulnerable
				present = append(present, p.observation(s, c, version, fixed))
			}
			done = append(done, end)
		}
	}
	return present, done
}

// hidden are the outcomes of the planned checks of the products that s may be.
func hidden(s harrier.Service, planned *harrier.IDs) (done []harrier.Done) {
	for _, p := range possible(s) {
		for i := range p.CVEs {
			if id := p.CVEs[i].ID; wanted(planned, id) {
				done = append(done, harrier.Done{Check: id, Endpoint: s.Endpoint, Outcome: harrier.Failed, Reason: "the product is not shown"})
			}
		}
	}
	return done
}

// observation states that the version of s is affected by c.
//
// Source: nessus-api.md, section 13.7.
func (p *tableProduct) observation(s harrier.Service, c *cve, version, fixed string) harrier.Observation {
	var b strings.Builder
	b.WriteString("\n")
	if s.Evidence != "" {
		fmt.Fprintf(&b, "  Banner            : %s\n", strings.TrimSpace(s.Evidence))
	}
	fmt.Fprintf(&b, "  Product           : %s\n", p.Name)
	fmt.Fprintf(&b, "  Installed version : %s\n", version)
	fmt.Fprintf(&b, "  Fixed version     : %s\n", fixed)
	if d := distribution(s); d != "" {
		fmt.Fprintf(&b, "\nThe service shows that it comes from %s, which often brings a fix to the version\nit ships without changing the number: compare the version of the package with the\nadvisories of the distribution.\n", d)
	} else {
		b.WriteString("\nThis follows from the version in the banner alone, which does not show fixes that a\npackager may have added.\n")
	}
	return harrier.Observation{
		Vulnerability: c.ID, Endpoint: s.Endpoint, Service: s.Name, Evidence: b.String(),
		Certainty: harrier.Potential, Source: "banner",
	}
}
