package match

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/product"
)

// computers are the systems of computers by their CPE names: what is wrong with
// their many packages does not follow from the version of the whole.
var computers = []string{
	"linux:linux_kernel", "gentoo:linux", "microsoft:", "apple:macos", "apple:mac_os", "freebsd:freebsd", "openbsd:openbsd", "netbsd:netbsd",
	"oracle:solaris", "ibm:aix", "hp:hp-ux", "google:android",
}

// deviceThing is the operating system of h, where its version is known.
func deviceThing(h harrier.Host) (Thing, bool) {
	raw, ok := cpeKey(h.OSCPE)
	if !ok || raw[0] != 'o' {
		return Thing{}, false
	}
	shown := cpeVersion(h.OSCPE)
	if shown == "" {
		return Thing{}, false
	}
	t := Thing{
		What: strings.TrimSuffix(h.OS, " "+shown), Key: raw, Endpoint: wholeHost, Version: shown, How: Upstream, Certainty: harrier.Potential,
		banner: h.OS,
	}
	sw := product.ByCPE(raw)
	if sw != nil {
		t.What, t.Family = sw.Name, sw.Family
	}
	t.sw = registered(raw)
	if t.What == "" {
		t.What = strings.TrimPrefix(raw, "o:")
	}
	if h.OSConfidence < 60 {
		t.Certainty = harrier.Guessed
	}
	t.subject = subject{product: raw, version: shown, how: Upstream, kind: kindDevice, guessed: t.Certainty == harrier.Guessed}
	if isComputer(raw[len("o:"):]) {
		t.kind = kindSystem
	}
	return t, true
}

// systemNames are distributions' systems by the word of ecosystems: the CPE name
// that things bear, and others under which sources speak of it.
var systemNames = map[string][]string{
	"debian": {"o:debian:debian_linux"}, "ubuntu": {"o:canonical:ubuntu_linux"}, "redhat": {"o:redhat:enterprise_linux"},
	"centos": {"o:centos:centos"}, "alma": {"o:almalinux:almalinux"}, "rocky": {"o:rocky:linux", "o:rocky:rocky", "o:rockylinux:rocky_linux"},
	"oracle": {"o:oracle:linux"}, "amazon": {"o:amazon:linux", "o:amazon:amazon_linux"}, "fedora": {"o:fedoraproject:fedora"},
	"sles": {"o:suse:linux_enterprise_server", "o:suse:sles"}, "leap": {"o:opensuse:leap", "o:opensuse:opensuse"},
	"alpine": {"o:alpinelinux:alpine_linux"},
}

// system is the operating system by the list of packages, where the host itself
// does not show it.
func (f *Known) system() (Thing, bool) {
	if f.Packages == nil {
		return Thing{}, false
	}
	known := systemNames[f.Packages.Distro]
	if len(known) == 0 || f.Packages.Release == "" {
		return Thing{}, false
	}
	if t, ok := deviceThing(f.Host); ok && slices.Contains(known, t.Key) {
		return Thing{}, false
	}
	c, err := ParseCPE("cpe:2.3:" + known[0] + ":*:*:*:*:*:*:*:*")
	if err != nil {
		return Thing{}, false
	}
	c.Version = f.Packages.Release
	return deviceThing(harrier.Host{OS: names[f.Packages.Distro] + " " + c.Version, OSCPE: c.String(), OSConfidence: 100})
}

// isComputer reports whether "vendor:product" is the system of a computer.
func isComputer(name string) bool {
	if systems[name] != "" {
		return true
	}
	for _, c := range computers {
		if strings.HasPrefix(name, c) {
			return true
		}
	}
	return false
}

// systemName is vendor and product of the operating system in a CPE, or "".
func systemName(osCPE string) string {
	if raw, ok := cpeKey(osCPE); ok && raw[0] == 'o' {
		return raw[len("o:"):]
	}
	return ""
}

// runs reports whether a host with the given system can be on a platform, which
// is the CPE of an operating system or of hardware; sure tells that it is known.
func runs(system, platform string) (yes, sure bool) {
	raw, ok := cpeKey(platform)
	if !ok || raw[0] == 'a' || system == "" {
		return true, false
	}
	if raw[0] == 'h' {
		return true, false
	}
	return sameSystem(system, raw[len("o:"):]), true
}

// sameSystem reports whether vendor and product of two systems can mean one.
func sameSystem(a, b string) bool {
	if a == b {
		return true
	}
	linux := func(s string) bool { return s == "linux:linux_kernel" || systems[s] != "" }
	if linux(a) && linux(b) {
		return a == "linux:linux_kernel" || b == "linux:linux_kernel"
	}
	windows := func(s string) bool { return strings.HasPrefix(s, "microsoft:windows") }
	if windows(a) && windows(b) {
		return a == "microsoft:windows" || b == "microsoft:windows"
	}
	apple := func(s string) bool { return strings.HasPrefix(s, "apple:mac") }
	return apple(a) && apple(b)
}
