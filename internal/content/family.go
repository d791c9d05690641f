package content

import "strings"

// noFamily is the family of what fits in no other.
const noFamily = "Misc."

// ecosystemFamilies are the plugin families of software that a package system
// brings, by the beginning of the ecosystem. The first that fits holds.
var ecosystemFamilies = []struct{ ecosystem, family string }{
	{"deb/debian", "Debian Local Security Checks"},
	{"deb/ubuntu", "Ubuntu Local Security Checks"},
	{"rpm/redhat", "Red Hat Local Security Checks"},
	{"rpm/alma", "Alma Linux Local Security Checks"},
	{"rpm/rocky", "Rocky Linux Local Security Checks"},
	{"rpm/oracle", "Oracle Linux Local Security Checks"},
	{"rpm/amazon", "Amazon Linux Local Security Checks"},
	{"rpm/sl", "SuSE Local Security Checks"},
	{"rpm/suse", "SuSE Local Security Checks"},
	{"rpm/leap", "SuSE Local Security Checks"},
	{"rpm/opensuse", "SuSE Local Security Checks"},
	{"rpm/tumbleweed", "SuSE Local Security Checks"},
	{"rpm/fedora", "Fedora Local Security Checks"},
	{"rpm/centos", "CentOS Local Security Checks"},
	{"rpm/azure", "Azure Linux Local Security Checks"},
	{"apk/alpine", "Alpine Linux Local Security Checks"},
	{"alpm", "Arch Linux Local Security Checks"},
	{"windows", "Windows : Microsoft Bulletins"},
	{"npm", "CGI abuses"},
	{"retire", "CGI abuses"},
	{"composer", "CGI abuses"},
}

// familyOf puts a vulnerability into a plugin family: that of a product that it
// affects, else that of the first package system in the list above that has it.
func familyOf(records []sourced, product func(cpe string) string) string {
	best := len(ecosystemFamilies)
	asked := map[string]bool{}
	for _, r := range records {
		for _, a := range r.Affected {
			if c := cpeName(a); c != "" && product != nil && !asked[c] && a.Status.Affects() {
				asked[c] = true
				if f := product(c); f != "" {
					return f
				}
			}
			for i, e := range ecosystemFamilies[:best] {
				if strings.HasPrefix(a.Package.Ecosystem, e.ecosystem) {
					best = i
					break
				}
			}
		}
	}
	if best < len(ecosystemFamilies) {
		return ecosystemFamilies[best].family
	}
	return noFamily
}

// EcosystemFamilies are the families that vulnerabilities are put into by the
// package system alone.
func EcosystemFamilies() []string {
	var out []string
	for _, e := range ecosystemFamilies {
		out = append(out, e.family)
	}
	return out
}
