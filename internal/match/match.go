// Package match turns what a scan found out about a host into observations:
// facts that are stated under well-known plugin numbers, and versions that are
// compared with a table of CVE facts. It is pure and runs in the console, while
// results are folded and again when the table has grown.
package match

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// Content is the version of the definitions in this build, in the form that
// plugin feeds have: the minute of the newest change, "200601021504".
const Content = "202611010000"

// Context is what facts about a host need to know of its scan.
type Context struct {
	Scan    harrier.Scan
	Version string     // of Harrier
	Scanner netip.Addr // of the engine, as far as known
	Now     time.Time  // becomes the time of the observations
}

// Vulnerabilities returns the definitions of everything that this package can
// observe, by rising number.
func Vulnerabilities() []harrier.Vulnerability { return slices.Clone(definitions().vulns) }

// Checks describes how each of Vulnerabilities is found, in the same order.
func Checks() []harrier.CheckInfo { return slices.Clone(definitions().checks) }

type defined struct {
	vulns  []harrier.Vulnerability
	checks []harrier.CheckInfo
}

var definitions = sync.OnceValue(func() defined {
	var d defined
	add := func(v harrier.Vulnerability, kind harrier.CheckKind) {
		v.UUID = harrier.NamedUUID(v.Slug)
		d.vulns = append(d.vulns, v)
		d.checks = append(d.checks, harrier.CheckInfo{
			ID: v.ID, Name: v.Name, Family: v.Family, Severity: v.Severity, Kind: kind, Safe: true,
		})
	}
	for _, f := range hostFacts {
		add(f.Vulnerability, harrier.FactCheck)
	}
	for _, f := range placedFacts {
		add(f.Vulnerability, harrier.FactCheck)
	}
	for _, f := range serviceFacts {
		add(f.Vulnerability, harrier.FactCheck)
	}
	for _, p := range products {
		for _, c := range p.CVEs {
			add(c.vulnerability(p), harrier.MatchCheck)
		}
	}
	slices.SortFunc(d.vulns, func(a, b harrier.Vulnerability) int { return int(a.ID) - int(b.ID) })
	slices.SortFunc(d.checks, func(a, b harrier.CheckInfo) int { return int(a.ID) - int(b.ID) })
	return d
})

// wanted reports whether id is planned; nil plans everything.
func wanted(planned *harrier.IDs, id harrier.VulnID) bool {
	return planned == nil || planned.Has(id)
}
