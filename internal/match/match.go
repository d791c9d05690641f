// Package match turns what a scan found out about a host into observations:
// facts that are stated under well-known plugin numbers, and decisions about
// vulnerabilities by what every source of content says of the versions that
// run. It runs in the console, while results are folded and again when there is
// new knowledge; but for the Knowledge that it is given it is pure.
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

// Vulnerabilities returns the definitions of the facts that this package can
// state, by rising number. Those of content are in Knowledge.
func Vulnerabilities() []harrier.Vulnerability { return slices.Clone(definitions().vulns) }

// Checks describes how each of Vulnerabilities is found, in the same order.
func Checks() []harrier.CheckInfo { return slices.Clone(definitions().checks) }

type defined struct {
	vulns  []harrier.Vulnerability
	checks []harrier.CheckInfo
}

var definitions = sync.OnceValue(func() defined {
	var d defined
	add := func(v harrier.Vulnerability) {
		v.UUID = harrier.NamedUUID(v.Slug)
		d.vulns = append(d.vulns, v)
		d.checks = append(d.checks, harrier.CheckInfo{
			ID: v.ID, Name: v.Name, Family: v.Family, Severity: v.Severity, Kind: harrier.FactCheck, Safe: true,
		})
	}
	for _, f := range hostFacts {
		add(f.Vulnerability)
	}
	for _, f := range placedFacts {
		add(f.Vulnerability)
	}
	for _, f := range serviceFacts {
		add(f.Vulnerability)
	}
	slices.SortFunc(d.vulns, func(a, b harrier.Vulnerability) int { return int(a.ID) - int(b.ID) })
	slices.SortFunc(d.checks, func(a, b harrier.CheckInfo) int { return int(a.ID) - int(b.ID) })
	return d
})

// wanted reports whether id is planned; nil plans everything.
func wanted(planned *harrier.IDs, id harrier.VulnID) bool {
	return planned == nil || planned.Has(id)
}
