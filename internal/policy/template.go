package policy

import (
	"time"

	"github.com/harrier-scan/harrier"
)

// Template is a policy to begin with: settings and a selection of checks under
// a name that clients know.
type Template struct {
	Name        string // "basic": stable
	Title       string // for people
	Description string // one sentence
	Settings    harrier.Settings
	Checks      harrier.CheckSelection
}

// Policy returns a policy of this name as the template has it, to be changed
// and given to Create.
func (t Template) Policy(name string) harrier.Policy {
	return harrier.Policy{Name: name, Template: t.Name, Settings: t.Settings, Checks: t.Checks}
}

// Template returns a template, and false for a name that there is none of.
func (*Room) Template(name string) (Template, bool) {
	for _, t := range Templates() {
		if t.Name == name {
			return t, true
		}
	}
	return Template{}, false
}

// Templates returns the templates in the order in which they are shown. The
// caller owns them.
func (*Room) Templates() []Template { return Templates() }

// Templates returns the templates in the order in which they are shown, made
// anew each time: the caller owns them. A further template is a further value.
//
// Source of names and titles: nessus-api.md, section 6.1.
func Templates() []Template {
	return []Template{
		{
			Name: "basic", Title: "Basic Network Scan",
			Description: "All safe checks on the customary ports of any host.",
			Settings:    harrier.Settings{Ports: "default", MaxHosts: 30, MaxChecks: 4},
		},
		{
			Name: "advanced", Title: "Advanced Scan",
			Description: "All safe checks, at a higher pace, to be set up in every detail.",
			Settings:    harrier.Settings{Ports: "default", MaxHosts: 100, MaxChecks: 5, AllAddresses: true},
		},
		{
			Name: "custom", Title: "Custom Scan",
			Description: "Begins with the built-in settings and every check.",
		},
		{
			Name: "discovery", Title: "Host Discovery",
			Description: "Finds the hosts that are alive, and looks no further.",
			Settings:    harrier.Settings{DiscoverOnly: true, ReverseNames: true, MaxHosts: 256},
			Checks:      only("Port scanners", "Settings"),
		},
		{
			Name: "webapp", Title: "Web Application Tests",
			Description: "Checks of web servers and of what they serve.",
			Settings:    harrier.Settings{Ports: "default", MaxHosts: 30, MaxChecks: 4},
			Checks:      only("Port scanners", "Settings", "Service detection", "Web Servers", "CGI abuses", "CGI abuses : XSS"),
		},
		{
			Name: "patch_audit", Title: "Credentialed Patch Audit",
			Description: "Looks for missing patches from inside; what needs a sign-in is skipped without one.",
			Settings:    harrier.Settings{Ports: "T:22,135,139,445,5985-5986", MaxHosts: 30, MaxChecks: 4},
			Checks:      only(append(localFamilies(), "Port scanners", "Settings", "Service detection", "General", "Misc.", "Windows", "Windows : Microsoft Bulletins")...),
		},
		{
			Name: "drown", Title: "DROWN Detection",
			Description: "Looks for servers that still speak SSL 2.0 or 3.0 (CVE-2016-0800).",
			Settings:    harrier.Settings{Ports: "default", MaxHosts: 30, MaxChecks: 4, ReadTimeout: harrier.Duration(10 * time.Second)},
			Checks:      single(drownChecks...),
		},
	}
}

// drownChecks are the checks that tell whether SSL 2.0 is spoken, and the
// facts that they rest on: scan mechanics, services, TLS versions and ciphers.
//
// Source of the numbers: nessus-api.md, section 13.
var drownChecks = []harrier.VulnID{10180, 10335, 11219, 19506, 20007, 21643, 22964, 56984}

// only selects whole families.
func only(families ...string) harrier.CheckSelection {
	s := harrier.CheckSelection{NoOthers: true, Families: map[string]bool{}}
	for _, f := range families {
		s.Families[f] = true
	}
	return s
}

// single selects single vulnerabilities.
func single(ids ...harrier.VulnID) harrier.CheckSelection {
	s := harrier.CheckSelection{NoOthers: true, Single: map[harrier.VulnID]bool{}}
	for _, id := range ids {
		s.Single[id] = true
	}
	return s
}

// localFamilies are the families of missing patches by operating system.
func localFamilies() []string {
	var out []string
	for _, system := range []string{
		"AIX", "Alibaba Cloud Linux", "Alma Linux", "Alpine Linux", "Amazon Linux", "Arch Linux", "Azure Linux", "CentOS", "Debian",
		"F5 Networks", "Fedora", "FreeBSD", "Gentoo", "HP-UX", "Huawei", "Junos", "MacOS X", "Mandriva", "MarinerOS", "NewStart CGSL",
		"Oracle Linux", "OracleVM", "Palo Alto", "PhotonOS", "Red Hat", "Rocky Linux", "Scientific Linux", "Slackware", "Solaris", "SuSE",
		"TencentOS", "Ubuntu", "Unity Linux", "VMware ESX", "Virtuozzo",
	} {
		out = append(out, system+" Local Security Checks")
	}
	return out
}
