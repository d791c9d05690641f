package vuln

import "github.com/harrier-scan/harrier"

// misc is the family of what nobody knows better.
const misc = "Misc."

// Check is the number of the check that finds a vulnerability of content: the
// one that stands for its family.
func (r *Room) Check(id harrier.VulnID) harrier.VulnID {
	v, found := r.Lookup(id)
	family := familyID(v.Family)
	if !found || family == 0 {
		family = familyID(misc)
	}
	return harrier.FamilyCheck(family)
}

// FamilyChecks are the checks that stand for the vulnerabilities that content
// knows, one for each family, with their definitions.
func FamilyChecks() (definitions []harrier.Vulnerability, checks []harrier.CheckInfo) {
	for _, f := range families {
		v := harrier.Vulnerability{
			ID: harrier.FamilyCheck(f.ID), Family: f.Name,
			Slug:     "known-vulnerabilities-" + slugOf(f.Name),
			Name:     "Known vulnerabilities: " + f.Name,
			Synopsis: "Software that a scan recognises is compared with what is known of its versions.",
			Description: "This check stands for all vulnerabilities of this family that the content in force knows: products, packages and " +
				"certificates that a scan recognises are compared with it, and each vulnerability found is told under its own number. " +
				"Switching this check off leaves all of them out.",
		}
		v.UUID = harrier.NamedUUID(v.Slug)
		definitions = append(definitions, v)
		checks = append(checks, harrier.CheckInfo{ID: v.ID, Name: v.Name, Family: v.Family, Kind: harrier.MatchCheck, Safe: true})
	}
	return definitions, checks
}

// FamilyID is the number of a family by its name, 0 for a name without one.
func FamilyID(name string) int { return familyID(name) }

// slugOf is a family's name in the form that slugs have.
func slugOf(name string) string {
	var b []byte
	for _, c := range []byte(name) {
		switch {
		case c >= 'A' && c <= 'Z':
			b = append(b, c+'a'-'A')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b = append(b, c)
		case len(b) > 0 && b[len(b)-1] != '-':
			b = append(b, '-')
		}
	}
	if n := len(b); n > 0 && b[n-1] == '-' {
		b = b[:n-1]
	}
	return string(b)
}
