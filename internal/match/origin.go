package match

import (
	"regexp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Origin is who built the software that a service runs, as far as that shows:
// a distribution brings fixes to versions whose number does not change.
type Origin struct {
	// Distribution is the word of ecosystems: "debian", "ubuntu", "redhat" …;
	// "enterprise" for Red Hat's or one that is built from it; "" when it is not
	// known.
	Distribution string `json:"distribution,omitempty"`
	// Releases are those that it can be, the likeliest first: one when it is
	// known, none when nothing is.
	Releases []string `json:"releases,omitempty"`
	Minor    string   `json:"minor,omitempty"`    // "2" of Enterprise Linux 9.2
	Backport bool     `json:"backport,omitempty"` // built for the release from a later one
	Foreign  bool     `json:"foreign,omitempty"`  // built for the release by somebody else
	Own      bool     `json:"own,omitempty"`      // the service says so, not only its host
	Sign     string   `json:"sign,omitempty"`     // the text that told
}

// names are distributions for people, by their words.
var names = map[string]string{
	"debian": "Debian", "ubuntu": "Ubuntu", "raspbian": "Raspbian", "redhat": "Red Hat Enterprise Linux", "centos": "CentOS",
	"enterprise": "Enterprise Linux", "alma": "AlmaLinux", "rocky": "Rocky Linux", "oracle": "Oracle Linux", "fedora": "Fedora",
	"amazon": "Amazon Linux", "sles": "SUSE Linux Enterprise", "leap": "openSUSE Leap", "alpine": "Alpine Linux", "arch": "Arch Linux",
}

// String names distribution and release: "Debian 12", "Ubuntu 20.04 or 22.04".
func (o Origin) String() string {
	name := names[o.Distribution]
	if name == "" || len(o.Releases) == 0 {
		return name
	}
	text := name + " " + strings.Join(o.Releases, " or ")
	switch {
	case o.Backport:
		text += " backports"
	case o.Foreign:
		text = "a packager for " + text
	}
	return text
}

// marks of releases in the version of a package.
var (
	markBackport = regexp.MustCompile(`~bpo(\d+)`)
	markDebian   = regexp.MustCompile(`[+~]deb(\d+)u\d+`)
	markDebianTo = regexp.MustCompile(`[+~](?:debian|deb)(\d+)(?:[^\du]|$)`)
	markUbuntu   = regexp.MustCompile(`(?:ubuntu|ubu)[\d.~+]*?(?:^|[^\d])?(1[02468]|2[02468])\.?(04|10)(?:[^\d]|$)`)
	markEL       = regexp.MustCompile(`\.el(\d+)(?:_(\d+))?`)
	markFedora   = regexp.MustCompile(`\.fc(\d+)`)
	markAmazon   = regexp.MustCompile(`\.amzn(\d+)`)
	markSUSE     = regexp.MustCompile(`SUSE Linux Enterprise(?: Server)? (\d+)(?: SP(\d+))?`)
)

// words are what distributions put into banners. The first that fits holds.
var words = []struct{ text, distribution string }{
	{"raspbian", "raspbian"},
	{"ubuntu", "ubuntu"},
	{"debian", "debian"},
	{"almalinux", "alma"},
	{"rocky linux", "rocky"},
	{"centos", "centos"},
	{"oracle linux", "oracle"},
	{"red hat", "redhat"},
	{"redhat", "redhat"},
	{"rhel", "redhat"},
	{"fedora", "fedora"},
	{"amazon linux", "amazon"},
	{"opensuse", "leap"},
	{"suse", "sles"},
	{"alpine", "alpine"},
	{"arch linux", "arch"},
}

// builders are the marks of who builds packages for distributions of others.
var builders = []string{"sury.org", "pgdg", "maria~", "nodesource", "dotdeb", "ppa", ".remi", ".ius", "dockerhub"}

// codenames are releases by name, as packagers add them.
var codenames = []struct{ name, distribution, release string }{
	{"stretch", "debian", "9"},
	{"buster", "debian", "10"},
	{"bullseye", "debian", "11"},
	{"bookworm", "debian", "12"},
	{"trixie", "debian", "13"},
	{"xenial", "ubuntu", "16.04"},
	{"bionic", "ubuntu", "18.04"},
	{"focal", "ubuntu", "20.04"},
	{"jammy", "ubuntu", "22.04"},
	{"noble", "ubuntu", "24.04"},
}

// maxOrigin is how much of a text is looked at.
const maxOrigin = 1 << 10

// readOrigin reads the marks of a distribution in a text; the zero Origin when
// there are none.
func readOrigin(text string) Origin {
	if len(text) > maxOrigin {
		text = text[:maxOrigin]
	}
	if len(text) < 4 {
		return Origin{}
	}
	if o, ok := originsRead.get("", text); ok {
		return o
	}
	var o Origin
	if o.read(text, strings.ToLower(text)) {
		o.Sign = oneLine(text)
	} else {
		o = Origin{}
	}
	originsRead.put("", strings.Clone(text), o, 128+2*len(text))
	return o
}

// originsRead keeps what texts told: many hosts show the same ones. The lists in
// it are shared.
var originsRead = memo[string, Origin]{limit: keptTexts}

// keptTexts bounds the bytes of texts of one kind that are kept, in each of two
// generations.
const keptTexts = 4 << 20

// read reads the marks in a text, which is given in lower case too, and reports
// whether there are any.
func (o *Origin) read(text, low string) bool {
	for _, b := range builders {
		o.Foreign = o.Foreign || strings.Contains(low, b)
	}
	if o.release(low) {
		return true
	}
	if m := find(markSUSE, text, "SUSE"); m != nil {
		o.Distribution, o.Releases = "sles", []string{m[1]}
		if m[2] != "" {
			o.Releases[0] += "." + m[2]
		}
		return true
	}
	for _, w := range words {
		if strings.Contains(low, w.text) {
			o.Distribution = w.distribution
			return true
		}
	}
	return o.Foreign
}

// release reads the marks that name a release, in lower case.
func (o *Origin) release(low string) bool {
	set := func(distribution, release string) bool {
		o.Distribution, o.Releases = distribution, []string{release}
		return true
	}
	if m := find(markBackport, low, "~bpo"); m != nil {
		o.Backport = true
		if m[1] == "50" || m[1] == "60" || m[1] == "70" {
			m[1] = m[1][:1] // as releases were counted then
		}
		return set("debian", m[1])
	}
	if m := find(markUbuntu, low, "ubu"); m != nil {
		return set("ubuntu", m[1]+"."+m[2])
	}
	if m := find(markDebian, low, "deb"); m != nil {
		return set("debian", m[1])
	}
	if m := find(markDebianTo, low, "deb"); m != nil {
		o.Foreign = true // the distribution itself writes deb12u1
		return set("debian", m[1])
	}
	if m := find(markEL, low, ".el"); m != nil {
		o.Minor = m[2]
		for _, d := range []string{"centos", "alma", "rocky"} {
			if strings.Contains(low, d) {
				return set(d, m[1])
			}
		}
		return set("enterprise", m[1])
	}
	if m := find(markFedora, low, ".fc"); m != nil {
		return set("fedora", m[1])
	}
	if m := find(markAmazon, low, ".amzn"); m != nil {
		return set("amazon", m[1])
	}
	if !strings.ContainsAny(low, "~+.") {
		return false
	}
	for _, c := range codenames {
		if strings.Contains(low, "~"+c.name) || strings.Contains(low, "+"+c.name) || strings.Contains(low, "."+c.name) {
			o.Foreign = true
			return set(c.distribution, c.release)
		}
	}
	return false
}

// find returns the groups of the first match in text, which has word in it.
func find(re *regexp.Regexp, text, word string) []string {
	if !strings.Contains(text, word) {
		return nil
	}
	return re.FindStringSubmatch(text)
}

// systemOrigin is the distribution that the operating system of a host is, by
// its CPE name.
func systemOrigin(osCPE string) Origin {
	if osCPE == "" {
		return Origin{}
	}
	c, err := ParseCPE(osCPE)
	if err != nil || c.Part != "o" {
		return Origin{}
	}
	o := Origin{Distribution: systems[c.Vendor+":"+c.Product], Sign: osCPE}
	if o.Distribution == "" {
		return Origin{}
	}
	release := c.Version
	switch o.Distribution {
	case "debian", "redhat", "centos", "alma", "rocky", "oracle":
		release, o.Minor, _ = strings.Cut(release, ".")
	}
	if release != "" && release != "-" {
		o.Releases = []string{release}
	}
	return o
}

// systems are distributions by the CPE names of their systems.
var systems = map[string]string{
	"debian:debian_linux": "debian", "canonical:ubuntu_linux": "ubuntu", "redhat:enterprise_linux": "redhat", "redhat:linux": "redhat",
	"centos:centos": "centos", "almalinux:almalinux": "alma", "rocky:linux": "rocky", "rockylinux:rocky_linux": "rocky", "oracle:linux": "oracle",
	"fedoraproject:fedora": "fedora", "amazon:linux": "amazon", "suse:linux_enterprise_server": "sles", "suse:sles": "sles",
	"rocky:rocky": "rocky", "amazon:amazon_linux": "amazon", "opensuse:leap": "leap",
	"opensuse:opensuse": "leap", "alpinelinux:alpine_linux": "alpine", "archlinux:arch_linux": "arch",
}

// originFacts are the facts about services in which distributions show.
var originFacts = []string{"http.server", "http.powered_by", "ssh.version", "os.hint", "dns.version", "smb.os", "snmp.sysdescr", "smtp.banner", "ftp.banner", "telnet.banner"}

// texts are what a service said of itself, the version first.
func texts(s *harrier.Service) []string {
	out := make([]string, 0, 4)
	add := func(t string) {
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	add(s.Version)
	add(s.Evidence)
	add(s.Banner)
	for _, f := range originFacts {
		add(s.Facts[f])
	}
	return out
}

// hostOrigin is the distribution that a host runs, by its system and by what
// its services show. Services that name different releases leave it open.
func hostOrigin(h harrier.Host, services []harrier.Service) Origin {
	o := systemOrigin(h.OSCPE)
	for i := range services {
		for _, text := range texts(&services[i]) {
			o = o.and(readOrigin(text))
		}
		for _, t := range services[i].Technologies {
			o = o.and(readOrigin(t.Version))
		}
	}
	o.Own, o.Foreign, o.Backport = false, false, false
	if o.Distribution == "raspbian" {
		o.Distribution = "debian"
	}
	return o
}

// and adds what another sign on the same host says.
func (o Origin) and(p Origin) Origin {
	switch {
	case p.Distribution == "":
		return o
	case o.Distribution == "":
		return p
	case kin(o.Distribution, p.Distribution):
		if o.Distribution == "enterprise" {
			o.Distribution = p.Distribution
		}
		for _, r := range p.Releases {
			if !slices.Contains(o.Releases, r) {
				o.Releases = append(slices.Clone(o.Releases), r)
			}
		}
		if o.Minor == "" {
			o.Minor = p.Minor
		}
		if len(o.Releases) > 3 {
			o.Releases = o.Releases[:3]
		}
	}
	return o // of two distributions, a container's among them, the system's holds
}

// kin reports whether two words can mean the same system.
func kin(a, b string) bool {
	if a == b {
		return true
	}
	switch {
	case a == "enterprise":
		return ofEnterprise(b)
	case b == "enterprise":
		return ofEnterprise(a)
	}
	return a == "raspbian" && b == "debian" || a == "debian" && b == "raspbian"
}

// ofEnterprise reports whether a distribution is Red Hat's or one that is built
// from it.
func ofEnterprise(distribution string) bool {
	switch distribution {
	case "enterprise", "redhat", "centos", "alma", "rocky", "oracle":
		return true
	}
	return false
}

// ecosystems are those whose statements speak of packages of one release, the
// first the release's own, further ones those of longer support.
func ecosystems(distribution, release, minor string) []string {
	switch distribution {
	case "debian", "raspbian":
		return []string{"deb/debian/" + release}
	case "ubuntu":
		return []string{"deb/ubuntu/" + release, "deb/ubuntu-pro/" + release}
	case "redhat", "enterprise", "centos":
		out := []string{"rpm/redhat/" + release}
		if minor != "" {
			out = append(out, "rpm/redhat-eus/"+release+"."+minor)
		}
		return out
	case "alma", "rocky", "oracle", "amazon", "fedora", "sles", "leap":
		return []string{"rpm/" + distribution + "/" + release}
	case "alpine":
		if p := strings.SplitN(release, ".", 3); len(p) > 1 {
			release = p[0] + "." + p[1]
		}
		return []string{"apk/alpine/" + release}
	case "arch":
		return []string{"alpm/arch"}
	}
	return nil
}

// kindOf is the kind of package that a distribution has.
func kindOf(distribution string) string {
	switch distribution {
	case "debian", "raspbian", "ubuntu":
		return "deb"
	case "redhat", "enterprise", "centos", "alma", "rocky", "oracle", "amazon", "fedora", "sles", "leap":
		return "rpm"
	case "alpine":
		return "apk"
	case "arch":
		return "alpm"
	}
	return ""
}
