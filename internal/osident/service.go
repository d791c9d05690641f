package osident

import (
	"regexp"
	"strings"

	"github.com/harrier-scan/harrier"
)

// fromService reads the signs of one service.
func fromService(s *harrier.Service) []sign {
	source := strings.ToUpper(s.Name)
	if source == "" {
		source = "banner"
	}
	var out []sign
	for _, t := range texts(s, source) {
		out = append(out, fromText(t.source, t.text, t.most)...)
		out = append(out, fromPackage(t.source, t.text, t.most)...)
	}
	out = append(out, fromSSH(s.Fact("ssh.version"))...)
	out = append(out, fromWindows(s, source)...)
	out = append(out, fromHints(s, source)...)
	out = append(out, fromProduct(s, source)...)
	return append(out, fromCertificate(s)...)
}

// text is something that a service said, and the most that a sign in it weighs.
type text struct {
	source string
	text   string
	most   int
}

// textFacts are the facts in which services name what they run on.
var textFacts = []struct {
	key, source string // source "": the service's name
	most        int
}{
	{"snmp.sysdescr", "SNMP", 95},
	{"ssh.version", "SSH", 90},
	{"telnet.banner", "TELNET", 85},
	{"ftp.banner", "FTP", 80},
	{"ftp.syst", "FTP", 60},
	{"smtp.banner", "SMTP", 75},
	{"imap.id", "IMAP", 70},
	{"http.server", "HTTP", 75},
	{"http.via", "HTTP", 40},
	{"http.headers", "HTTP", 70},
	{"http.title", "HTTP title", 45},
	{"rtsp.server", "RTSP", 75},
	{"sip.server", "SIP", 80},
	{"ssdp.server", "UPNP", 75},
	{"mdns.model", "MDNS", 85},
	{"dns.version", "DNS", 60},
	{"ntp.variables", "NTP", 70},
}

func texts(s *harrier.Service, source string) []text {
	var out []text
	for _, f := range textFacts {
		if v := s.Fact(f.key); v != "" {
			out = append(out, text{f.source, v, f.most})
		}
	}
	if s.Banner != "" && source != "HTTP" { // of HTTP it is a page, where anything may stand
		out = append(out, text{source, s.Banner, 80})
	}
	if s.Version != "" {
		out = append(out, text{source, s.Product + " " + s.Version, 80})
	}
	return out
}

// packages are the marks that distributions add to the version of a package.
//
// Source: the version policies of Debian, Ubuntu, Fedora, SUSE, Amazon and
// MariaDB's repositories.
var packages = []struct {
	literal string // must be in it
	pattern string
	system  string
	weight  int
	example string
	told    string
}{
	{"deb", `[+~]deb(\d{1,2})u\d`, "debian", 90, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10", "12"},
	{"~bpo", `~bpo(\d{1,2})\+\d`, "debian", 80, "10.19.0-1~bpo12+1", "12"},
	{"+maria~deb", `\+maria~deb(\d{1,2})\b`, "debian", 75, "5.5.5-10.11.6-MariaDB-1:10.11.6+maria~deb12", "12"},
	{"+b", `-\d[\w.]*\+b\d+\b`, "debian", 40, "1.18.0-6.1+b2", ""},
	{"ubuntu", `ubuntu\d[\w.]*?[.~](\d\d\.(?:04|10))`, "ubuntu", 80, "8.0.36-0ubuntu0.22.04.1", "22.04"},
	{"ubuntu", `[-~.\d]ubuntu\d`, "ubuntu", 75, "9.18.1-1ubuntu1.3", ""},
	{"+maria~ubu", `\+maria~ubu(\d\d)`, "ubuntu", 70, "10.6.16-MariaDB-1:10.6.16+maria~ubu2004", ""},
	{".el", `\.el(\d{1,2})(?:[._]|\b)`, "enterprise", 80, "9.9.4-RedHat-9.9.4-61.el7_5.1", "7"},
	{".fc", `\.fc(\d\d)\b`, "fedora", 80, "9.18.21-1.fc39", "39"},
	{".amzn", `\.amzn(2023|\d)\b`, "amazon", 80, "9.18.5-1.amzn2", "2"},
	{"-Debian", `-Debian\b`, "debian", 75, "Samba 4.17.12-Debian", ""},
	{"-Ubuntu", `-Ubuntu\b`, "ubuntu", 75, "Samba 4.15.13-Ubuntu", ""},
	{"-alpine", `-alpine\d`, "alpine", 50, "3.1.4-alpine3.18", ""},
	{"-RedHat-", `-RedHat-\d`, "enterprise", 60, "9.11.4-P2-RedHat-9.11.4-26.P2", ""},
}

var packagePatterns = func() []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(packages))
	for i, p := range packages {
		out[i] = regexp.MustCompile(p.pattern)
	}
	return out
}()

func fromPackage(source, text string, most int) []sign {
	if len(text) > maxRead {
		text = text[:maxRead]
	}
	var out []sign
	for i, p := range packages {
		if !strings.Contains(text, p.literal) {
			continue
		}
		m := packagePatterns[i].FindStringSubmatchIndex(text)
		if m == nil {
			continue
		}
		s := sign{source: source, system: p.system, weight: min(p.weight, most), text: around(text, m[0])}
		if len(m) > 3 && m[2] >= 0 {
			s.version = text[m[2]:m[3]]
		}
		if s.system == "ubuntu" && len(s.version) == 2 { // "22" of 22.04
			s.version = ""
		}
		out = append(out, s)
	}
	return out
}

// fromSSH reads the comment that distributions add to the banner. OpenSSH's
// version tells the release of Debian and Ubuntu, for each ships one.
func fromSSH(banner string) []sign {
	for _, d := range []struct {
		word, system string
		releases     map[string]string
	}{{" Debian", "debian", debianSSH}, {" Ubuntu", "ubuntu", ubuntuSSH}} {
		if !strings.Contains(banner, d.word) || strings.Contains(banner, "+deb") {
			continue
		}
		for mark, release := range d.releases {
			if strings.Contains(banner, mark) {
				return []sign{{source: "SSH", system: d.system, version: release, weight: 85, text: banner}}
			}
		}
		return []sign{{source: "SSH", system: d.system, weight: 75, text: banner}}
	}
	return nil
}

// The OpenSSH that each release ships.
//
// Source: the package archives of Debian and Ubuntu.
var (
	debianSSH = map[string]string{
		"OpenSSH_10.0p": "13", "OpenSSH_9.2p1": "12", "OpenSSH_8.4p1": "11", "OpenSSH_7.9p1": "10", "OpenSSH_7.4p1": "9", "OpenSSH_6.7p1": "8", "OpenSSH_6.0p1": "7",
	}
	ubuntuSSH = map[string]string{
		"OpenSSH_9.7p1": "24.10", "OpenSSH_9.6p1": "24.04", "OpenSSH_9.3p1": "23.10", "OpenSSH_8.9p1": "22.04", "OpenSSH_8.2p1": "20.04", "OpenSSH_7.6p1": "18.04",
		"OpenSSH_7.2p2": "16.04", "OpenSSH_6.6.1p1": "14.04", "OpenSSH_5.9p1": "12.04",
	}
)

var (
	buildPattern = regexp.MustCompile(`(?i)build:? ?(\d{4,5})`)
	snmpWindows  = regexp.MustCompile(`Windows Version [\d.]+ \(Build (\d+)`)
	nativeBuild  = regexp.MustCompile(`Windows .*?\b(\d{4,5})\b(?: Service Pack|$)`)
)

// fromWindows reads build numbers and the side that a text speaks of.
func fromWindows(s *harrier.Service, source string) []sign {
	var out []sign
	if m := snmpWindows.FindStringSubmatch(s.Fact("snmp.sysdescr")); m != nil {
		out = append(out, sign{source: "SNMP", system: "windows", version: m[1], weight: 95, text: s.Fact("snmp.sysdescr")})
	}
	if text := s.Fact("smb.os"); strings.Contains(text, "Windows") && !strings.Contains(text, "6.1.0") {
		w := sign{source: source, system: "windows", weight: 85, text: text, role: roleOf(text)}
		if m := buildPattern.FindStringSubmatch(text); m != nil {
			w.version = m[1]
		} else if m := nativeBuild.FindStringSubmatch(text); m != nil {
			w.version = m[1]
		}
		out = append(out, w)
	}
	if strings.Contains(s.Product, "Active Directory") {
		out = append(out, sign{source: source, system: "windows", role: server, weight: 60, text: s.Product})
	}
	return out
}

func roleOf(text string) role {
	switch {
	case strings.Contains(text, "Server"):
		return server
	case strings.Contains(text, "Pro") || strings.Contains(text, "Home") || strings.Contains(text, "Enterprise") && !strings.Contains(text, "Server"):
		return client
	}
	return 0
}

var kernelText = regexp.MustCompile(`^Linux (\d+\.\d+\.\d+)`)

// hints are the words in which products name what they run on, in lower case.
// The first that a text starts with, or has as a word, holds.
var hints = []struct {
	word, system string
	weight       int
}{
	{"deb", "debian", 70},
	{"ubu", "ubuntu", 70},
	{"raspbian", "raspbian", 70},
	{"centos", "centos", 70},
	{"red hat", "rhel", 70},
	{"redhat", "rhel", 70},
	{"fedora", "fedora", 70},
	{"rocky", "rocky", 70},
	{"almalinux", "alma", 70},
	{"alpine", "alpine", 70},
	{"suse", "suse", 65},
	{"amazon", "amazon", 70},
	{"gentoo", "gentoo", 70},
	{"arch linux", "arch", 70},
	{"win", "windows", 70},
	{"freebsd", "freebsd", 70},
	{"openbsd", "openbsd", 70},
	{"netbsd", "netbsd", 70},
	{"cisco ios", "ios", 70},
	{"routeros", "routeros", 70},
	{"openwrt", "openwrt", 70},
	{"macos", "macos", 70},
	{"mac os", "macos", 70},
	{"darwin", "apple", 60},
	{"solaris", "solaris", 70},
	{"sunos", "solaris", 65},
	{"android", "android", 65},
	{"esxi", "esxi", 75},
	{"vxworks", "vxworks", 65},
	{"linux", "linux", 50},
}

// fromHints reads the facts that probes and rules leave for this package.
func fromHints(s *harrier.Service, source string) []sign {
	var out []sign
	if text := s.Fact("os.hint"); text != "" && s.Name != "ssh" {
		if m := kernelText.FindStringSubmatch(text); m != nil {
			out = append(out, sign{source: source, system: "linux", version: m[1], weight: 70, text: text})
		} else {
			lower := strings.ToLower(text)
			for _, h := range hints {
				if strings.HasPrefix(lower, h.word) || strings.Contains(lower, " "+h.word) {
					out = append(out, sign{source: source, system: h.system, weight: h.weight, text: text})
					break
				}
			}
		}
	}
	if hint := strings.ToLower(s.Fact("device.hint")); hint != "" {
		if class, ok := others[hint]; ok {
			hint = class
		}
		if _, known := classes[hint]; known {
			out = append(out, sign{source: source, device: hint, weight: 80, text: "by its own protocol: " + s.Fact("device.hint")})
		}
	}
	return out
}

// fromProduct reads what the product itself runs on.
func fromProduct(s *harrier.Service, source string) []sign {
	parts := strings.Split(s.CPE, ":")
	if len(parts) < 6 {
		return nil
	}
	id := parts[3] + ":" + parts[4]
	what := strings.TrimSpace(s.Product + " " + s.Version)
	switch {
	case parts[2] == "o":
		for _, k := range keys(systems) {
			if systems[k].cpe == id {
				out := sign{source: source, system: k, weight: 80, text: what}
				if v := parts[5]; v != "*" && v != "-" && k != "windows" {
					out.version = strings.ReplaceAll(v, `\`, "")
				}
				return []sign{out}
			}
		}
		if strings.HasPrefix(id, "microsoft:windows") {
			return []sign{{source: source, system: "windows", weight: 70, text: what}}
		}
	case parts[2] == "a" && parts[3] == "microsoft" && !strings.Contains(parts[4], "sql_server") && !strings.Contains(parts[4], "asp"):
		return []sign{{source: source, system: "windows", weight: 65, text: what}}
	case id == "samba:samba":
		return []sign{{source: source, system: "linux", weight: 20, text: what}}
	}
	return nil
}

// fromCertificate reads names that devices put into their own certificates.
func fromCertificate(s *harrier.Service) []sign {
	if len(s.Certificates) == 0 {
		return nil
	}
	leaf := s.Certificates[0]
	if leaf.Subject == leaf.Issuer { // a certificate that somebody signed for it says less of the machine
		return fromText("certificate", leaf.Subject, 60)
	}
	return fromText("certificate", leaf.Subject+" "+leaf.Issuer, 40)
}
