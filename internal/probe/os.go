package probe

import (
	"regexp"
	"strings"

	"github.com/harrier-scan/harrier"
)

// hint is one sign of the operating system or the kind of a device.
type hint struct {
	os, cpe, device string
	confidence      int
	method          string
}

// OS returns host with what its services tell of the operating system, the
// kind of device and the machine's names, by the strongest sign. What host
// says already stays where it is surer.
//
// Confidence is 0 to 100: 95 for an agent's or the system's own statement with
// a version, 70 to 90 for a distribution's mark in a banner, 50 and less for
// signs of a family of systems.
func OS(host harrier.Host, services []harrier.Service) harrier.Host {
	for _, s := range services {
		for _, h := range hints(s) {
			if h.os != "" && h.confidence > host.OSConfidence {
				host.OS, host.OSCPE, host.OSConfidence, host.OSMethod = h.os, h.cpe, h.confidence, h.method
			}
			if h.device != "" && host.DeviceType == "" {
				host.DeviceType = h.device
			}
		}
		if host.NetBIOS == "" {
			host.NetBIOS = strings.ToUpper(s.Fact("smb.name"))
		}
		if mac := s.Fact("netbios.mac"); host.MAC == "" && mac != "" {
			host.MAC = mac
		}
	}
	if host.DeviceType == "" && host.OS != "" {
		host.DeviceType = "general-purpose"
	}
	if host.FQDN == "" {
		host.FQDN = fqdn(services)
	}
	return host
}

// hints reads the signs of one service.
func hints(s harrier.Service) []hint {
	var out []hint
	if text := s.Fact("snmp.sysdescr"); text != "" {
		out = append(out, fromSysDescr(text))
	}
	if text := s.Fact("smb.os"); text != "" {
		name, cpe := windowsName(text)
		out = append(out, hint{name, cpe, "general-purpose", 85, "SMB"})
	}
	if s.Name == "ssh" {
		out = append(out, fromSSH(s.Fact("ssh.version")))
	}
	if text := s.Fact("telnet.banner"); text != "" {
		out = append(out, fromIssue(text))
	}
	if text := s.Fact("os.hint"); text != "" && s.Name != "ssh" {
		out = append(out, fromHint(text, strings.ToUpper(s.Name)))
	}
	return out
}

// debianReleases are the releases by the mark in a package's version.
var debianReleases = regexp.MustCompile(`\+deb(\d{1,2})u`)

// fromSSH reads the comment that distributions add to the banner. OpenSSH's
// version tells the release of Ubuntu and Debian, for each ships one.
func fromSSH(banner string) hint {
	switch {
	case strings.Contains(banner, "Debian"):
		if m := debianReleases.FindStringSubmatch(banner); m != nil {
			return hint{"Debian GNU/Linux " + m[1], cpe("o:debian:debian_linux", m[1], ""), "general-purpose", 90, "SSH"}
		}
		for mark, release := range debianSSH {
			if strings.Contains(banner, mark) {
				return hint{"Debian GNU/Linux " + release, cpe("o:debian:debian_linux", release, ""), "general-purpose", 85, "SSH"}
			}
		}
		return hint{"Debian GNU/Linux", cpe("o:debian:debian_linux", "", ""), "general-purpose", 75, "SSH"}
	case strings.Contains(banner, "Ubuntu"):
		for mark, release := range ubuntuSSH {
			if strings.Contains(banner, mark) {
				return hint{"Ubuntu " + release, cpe("o:canonical:ubuntu_linux", release, ""), "general-purpose", 85, "SSH"}
			}
		}
		return hint{"Ubuntu", cpe("o:canonical:ubuntu_linux", "", ""), "general-purpose", 75, "SSH"}
	case strings.Contains(banner, "Raspbian"):
		return hint{"Raspbian", "", "embedded", 80, "SSH"}
	case strings.Contains(banner, "FreeBSD"):
		return hint{"FreeBSD", cpe("o:freebsd:freebsd", "", ""), "general-purpose", 80, "SSH"}
	case strings.Contains(banner, "NetBSD"):
		return hint{"NetBSD", cpe("o:netbsd:netbsd", "", ""), "general-purpose", 80, "SSH"}
	case strings.Contains(banner, "OpenSSH_for_Windows"):
		return hint{"Microsoft Windows", cpe("o:microsoft:windows", "", ""), "general-purpose", 80, "SSH"}
	case strings.Contains(banner, "ROSSSH"):
		return hint{"MikroTik RouterOS", cpe("o:mikrotik:routeros", "", ""), "router", 80, "SSH"}
	case strings.HasPrefix(banner, "SSH-2.0-Cisco"), strings.HasPrefix(banner, "SSH-1.99-Cisco"):
		return hint{"Cisco IOS", cpe("o:cisco:ios", "", ""), "router", 75, "SSH"}
	case strings.Contains(banner, "dropbear"):
		return hint{"Linux", cpe("o:linux:linux_kernel", "", ""), "", 40, "SSH"}
	}
	return hint{}
}

// The OpenSSH that each release ships.
//
// Source: the package archives of Debian and Ubuntu.
var debianSSH = map[string]string{"OpenSSH_10.0p": "13", "OpenSSH_9.2p1": "12", "OpenSSH_8.4p1": "11", "OpenSSH_7.9p1": "10", "OpenSSH_7.4p1": "9", "OpenSSH_6.7p1": "8"}

var ubuntuSSH = map[string]string{
	"OpenSSH_9.6p1": "24.04", "OpenSSH_8.9p1": "22.04", "OpenSSH_8.2p1": "20.04", "OpenSSH_7.6p1": "18.04", "OpenSSH_7.2p2": "16.04", "OpenSSH_6.6.1p1": "14.04",
}

var (
	linuxDescr   = regexp.MustCompile(`^Linux \S+ (\d+\.\d+\.\d+)\S*`)
	windowsDescr = regexp.MustCompile(`Windows Version (\d+\.\d+) \(Build (\d+)`)
	ciscoDescr   = regexp.MustCompile(`^Cisco (IOS|IOS-XE|NX-OS|Adaptive Security)[^,]*.*?Version ([0-9A-Za-z.()]+)`)
	issuePattern = regexp.MustCompile(`(Debian GNU/Linux|Ubuntu|CentOS Linux release|Red Hat Enterprise Linux release|FreeBSD) ?(\d+(?:\.\d+)*)?`)
	kernelText   = regexp.MustCompile(`^Linux (\d+\.\d+\.\d+)`)
	buildPattern = regexp.MustCompile(`build (\d+)`)
)

// fromSysDescr reads an SNMP agent's description of its system.
func fromSysDescr(text string) hint {
	if m := windowsDescr.FindStringSubmatch(text); m != nil {
		name, id := windowsName("Windows " + m[1] + " build " + m[2])
		return hint{name, id, "general-purpose", 95, "SNMP"}
	}
	if m := linuxDescr.FindStringSubmatch(text); m != nil {
		if strings.Contains(text, "Debian") {
			return hint{"Debian GNU/Linux (kernel " + m[1] + ")", cpe("o:debian:debian_linux", "", ""), "general-purpose", 80, "SNMP"}
		}
		return hint{"Linux " + m[1], cpe("o:linux:linux_kernel", m[1], ""), "general-purpose", 80, "SNMP"}
	}
	if m := ciscoDescr.FindStringSubmatch(text); m != nil {
		return hint{"Cisco " + m[1] + " " + m[2], cpe("o:cisco:"+strings.ToLower(strings.ReplaceAll(m[1], " ", "_")), m[2], ""), "router", 95, "SNMP"}
	}
	for _, known := range []struct{ mark, os, cpe, device string }{
		{"RouterOS", "MikroTik RouterOS", "o:mikrotik:routeros", "router"},
		{"HP ETHERNET MULTI-ENVIRONMENT", "HP JetDirect", "h:hp:jetdirect", "printer"},
		{"JETDIRECT", "HP JetDirect", "h:hp:jetdirect", "printer"},
		{"Juniper Networks", "Juniper Junos", "o:juniper:junos", "router"},
		{"FreeBSD", "FreeBSD", "o:freebsd:freebsd", "general-purpose"},
		{"Darwin Kernel", "Apple macOS", "o:apple:macos", "general-purpose"},
		{"VMware ESXi", "VMware ESXi", "o:vmware:esxi", "hypervisor"},
	} {
		if strings.Contains(text, known.mark) {
			return hint{known.os, cpe(known.cpe, "", ""), known.device, 85, "SNMP"}
		}
	}
	return hint{}
}

// windowsBuilds name the build numbers that belong to one release on both the
// client's and the server's side, or to one of them.
//
// Source: Microsoft's list of Windows release information.
var windowsBuilds = map[string]string{
	"26100": "Windows 11 24H2 or Server 2025", "22631": "Windows 11 23H2", "22621": "Windows 11 22H2", "22000": "Windows 11 21H2", "20348": "Windows Server 2022",
	"19045": "Windows 10 22H2", "19044": "Windows 10 21H2", "19041": "Windows 10 2004", "18363": "Windows 10 1909", "17763": "Windows 10 1809 or Server 2019",
	"14393": "Windows 10 1607 or Server 2016", "10240": "Windows 10 1507", "9600": "Windows 8.1 or Server 2012 R2", "9200": "Windows 8 or Server 2012",
	"7601": "Windows 7 SP1 or Server 2008 R2 SP1", "7600": "Windows 7 or Server 2008 R2", "6002": "Windows Vista SP2 or Server 2008 SP2", "3790": "Windows Server 2003",
}

// windowsName names the system of a text with a build number.
func windowsName(text string) (name, id string) {
	name = text
	if m := buildPattern.FindStringSubmatch(text); m != nil && windowsBuilds[m[1]] != "" {
		name = windowsBuilds[m[1]]
	}
	return "Microsoft " + name, cpe("o:microsoft:windows", "", "")
}

// fromIssue reads the greeting that many systems show before a login.
func fromIssue(text string) hint {
	m := issuePattern.FindStringSubmatch(text)
	if m == nil {
		return hint{}
	}
	name := strings.TrimSuffix(m[1], " release")
	ids := map[string]string{
		"Debian GNU/Linux": "o:debian:debian_linux", "Ubuntu": "o:canonical:ubuntu_linux", "CentOS Linux": "o:centos:centos",
		"Red Hat Enterprise Linux": "o:redhat:enterprise_linux", "FreeBSD": "o:freebsd:freebsd",
	}
	return hint{strings.TrimSpace(name + " " + m[2]), cpe(ids[name], m[2], ""), "general-purpose", 85, "TELNET"}
}

// fromHint reads a word in which a product names what it runs on.
func fromHint(text, method string) hint {
	lower := strings.ToLower(text)
	if m := kernelText.FindStringSubmatch(text); m != nil {
		return hint{"Linux " + m[1], cpe("o:linux:linux_kernel", m[1], ""), "general-purpose", 70, method}
	}
	for _, known := range []struct{ mark, os, cpe string }{
		{"deb", "Debian GNU/Linux", "o:debian:debian_linux"},
		{"ubu", "Ubuntu", "o:canonical:ubuntu_linux"},
		{"centos", "CentOS Linux", "o:centos:centos"},
		{"red hat", "Red Hat Enterprise Linux", "o:redhat:enterprise_linux"},
		{"redhat", "Red Hat Enterprise Linux", "o:redhat:enterprise_linux"},
		{"fedora", "Fedora Linux", "o:fedoraproject:fedora"},
		{"win", "Microsoft Windows", "o:microsoft:windows"},
		{"freebsd", "FreeBSD", "o:freebsd:freebsd"},
		{"cisco ios", "Cisco IOS", "o:cisco:ios"},
		{"routeros", "MikroTik RouterOS", "o:mikrotik:routeros"},
		{"macos", "Apple macOS", "o:apple:macos"},
		{"linux", "Linux", "o:linux:linux_kernel"},
		{"unix", "Unix", ""},
	} {
		if strings.HasPrefix(lower, known.mark) || strings.Contains(lower, " "+known.mark) {
			confidence := 70
			if known.os == "Linux" || known.os == "Unix" {
				confidence = 50
			}
			return hint{known.os, cpe(known.cpe, "", ""), "", confidence, method}
		}
	}
	return hint{}
}

// fqdn is the machine's own statement of its name, or else the name that all
// certificates with one agree on.
func fqdn(services []harrier.Service) string {
	for _, key := range []string{"smb.fqdn", "ldap.host"} {
		for _, s := range services {
			if name := hostName(s.Fact(key)); name != "" {
				return name
			}
		}
	}
	name := ""
	for _, s := range services {
		if len(s.Certificates) == 0 || len(s.Certificates[0].DNSNames) == 0 {
			continue
		}
		own := hostName(s.Certificates[0].DNSNames[0])
		if own == "" || name != "" && own != name {
			return ""
		}
		name = own
	}
	return name
}

var hostNamePattern = regexp.MustCompile(`^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)+$`)

// hostName returns s in lower case when it is a full name of one host, else "".
func hostName(s string) string {
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if len(s) > 253 || !hostNamePattern.MatchString(s) {
		return ""
	}
	return s
}
