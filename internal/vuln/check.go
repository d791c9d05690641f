package vuln

import (
	"slices"

	"github.com/harrier-scan/harrier"
)

// misc is the family of what nobody knows better.
const misc = "Misc."

// Check is the number of the check that finds a vulnerability of content: the
// one that stands for its family.
func (r *Room) Check(id harrier.VulnID) harrier.VulnID {
	v, _ := r.Lookup(id)
	return CheckOf(v.Family)
}

// CheckOf is the number of the check that stands for the vulnerabilities of a
// family. Those of a family that no content is of are counted as miscellaneous.
func CheckOf(family string) harrier.VulnID {
	if !slices.Contains(ofContent, family) {
		family = misc
	}
	return harrier.FamilyCheck(familyID(family))
}

// ofContent are the families that vulnerabilities of content can be of: those of
// recognised products, of package systems, and what fits in no other.
var ofContent = []string{
	"Web Servers", "CGI abuses", "CGI abuses : XSS", "FTP", misc, "Windows", "Firewalls", "Backdoors", "CISCO", "SMTP problems", "General",
	"Gain a shell remotely", "Service detection", "RPC", "Databases", "SNMP", "DNS", "SCADA", "Mobile Devices", "Peer-To-Peer File Sharing",
	"Artificial Intelligence", "Denial of Service",
	"F5 Networks Local Security Checks", "Palo Alto Local Security Checks", "Junos Local Security Checks", "Huawei Local Security Checks",
	"VMware ESX Local Security Checks", "Windows : Microsoft Bulletins",
	"Debian Local Security Checks", "Ubuntu Local Security Checks", "Red Hat Local Security Checks", "CentOS Local Security Checks",
	"Alma Linux Local Security Checks", "Rocky Linux Local Security Checks", "Oracle Linux Local Security Checks",
	"Amazon Linux Local Security Checks", "SuSE Local Security Checks", "Fedora Local Security Checks", "Azure Linux Local Security Checks",
	"Alpine Linux Local Security Checks", "Arch Linux Local Security Checks",
}

// FamilyChecks are the checks that stand for the vulnerabilities that content
// knows, one for each family, with their definitions.
func FamilyChecks() (definitions []harrier.Vulnerability, checks []harrier.CheckInfo) {
	for _, f := range families {
		if !slices.Contains(ofContent, f.Name) {
			continue
		}
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
