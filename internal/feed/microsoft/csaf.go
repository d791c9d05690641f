package microsoft

import (
	"cmp"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/rpm"
)

// linuxes are Microsoft's distributions by the word that begins the name of a
// build, "azl3 openssh 9.8p1-4".
var linuxes = map[string]string{"azl3": "rpm/azurelinux/3.0", "azl4": "rpm/azurelinux/4.0", "cbl2": "rpm/mariner/2.0"}

// say reads the claims of a CSAF document: products with the range of versions
// below the one that mends them, and packages of Microsoft's distributions told
// in the same way.
func say(d *csaf.Document, v *csaf.Vulnerability, r *harrier.Record) (faults []error) {
	var said rpm.Statements
	for c := range d.Claims(v) {
		status := harrier.StatusAffected
		switch c.Status {
		case "known_affected", "first_affected", "last_affected":
		case "known_not_affected":
			status = harrier.StatusNotAffected
		default:
			continue // what is fixed is the end of what is affected
		}
		text := cmp.Or(c.Item.Range, c.Item.Version)
		if words := strings.Fields(strings.TrimPrefix(text, "<")); len(words) == 3 && linuxes[words[0]] != "" {
			build, ok := rpm.ParseEVR(words[1], words[2])
			said.Add(rpm.Claim{Ecosystem: linuxes[words[0]], Package: build, Fixed: ok && strings.HasPrefix(text, "<"), Status: status, Why: c.Flag})
			continue
		}
		name := strings.ToLower(strings.Join(strings.Fields(cmp.Or(c.Item.Product, c.Item.Name)), " "))
		if name == "" || len(name) > 256 {
			continue
		}
		a := harrier.Affected{Package: harrier.Package{Ecosystem: "windows", Name: name}, Status: status, Why: c.Flag}
		if text != "" {
			versions, err := csaf.ParseRange(text)
			if err != nil {
				if len(faults) < 16 {
					faults = append(faults, err)
				}
				continue
			}
			a.Ranges, a.Versions, a.Scheme = versions.Ranges, versions.List, "dotted"
			if len(a.Ranges) == 1 {
				a.Fixed = a.Ranges[0].Before
			}
		}
		r.Affected = append(r.Affected, a)
		if at, ok := onNetwork(name, a); ok {
			r.Affected = append(r.Affected, at)
		}
	}
	r.Affected = append(r.Affected, said.Affected()...)
	return faults
}
