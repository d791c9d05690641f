package harrier

import (
	"cmp"
	"strings"
)

// OSParts is an operating system in its parts. "" is not known.
type OSParts struct {
	Architecture string // "x86_64"
	Family       string // "Linux", "Windows"
	Name         string // "Debian GNU/Linux"
	System       string // vendor and family without repetition: "Debian Linux"
	Type         string // "General", "Router"
	Vendor       string // "Debian"
	Version      string // "12"
}

// osTypes are the kinds of devices, by DeviceType.
var osTypes = map[string]string{
	"": "General", "general-purpose": "General", "router": "Router", "switch": "Switch", "firewall": "Firewall", "printer": "Printer",
	"storage": "Storage", "nas": "Storage", "wireless-access-point": "WAP", "wap": "WAP", "voip": "VoIP", "phone": "VoIP",
}

// osFamilies are the families of systems, by a part of their names.
var osFamilies = []struct{ part, family string }{
	{"windows", "Windows"},
	{"linux", "Linux"},
	{"ubuntu", "Linux"},
	{"debian", "Linux"},
	{"centos", "Linux"},
	{"freebsd", "FreeBSD"},
	{"openbsd", "OpenBSD"},
	{"netbsd", "NetBSD"},
	{"macos", "Mac OS X"},
	{"mac os", "Mac OS X"},
	{"solaris", "Solaris"},
	{"ios", "IOS"},
	{"esx", "ESX"},
}

// architectures are parts of names of systems that tell the processor.
var architectures = []struct{ part, architecture string }{
	{"x86_64", "x86_64"}, {"amd64", "x86_64"}, {"x64", "x86_64"}, {"aarch64", "aarch64"}, {"arm64", "aarch64"}, {"i386", "x86"}, {"i686", "x86"}, {"x86", "x86"},
}

// PartsOfOS are the parts of a system's name, see Asset.OS, its CPE name and the
// kind of device. All are "" when the name is.
func PartsOfOS(name, cpe, device string) OSParts {
	if name == "" {
		return OSParts{}
	}
	_, product, version := cpeParts(cpe)
	lower := strings.ToLower(name)
	out := OSParts{Type: cmp.Or(osTypes[device], "Specialized"), Name: name, Version: version}
	for _, f := range osFamilies {
		if strings.Contains(lower, f.part) {
			out.Family = f.family
			break
		}
	}
	for _, a := range architectures {
		if strings.Contains(lower, a.part) {
			out.Architecture = a.architecture
			break
		}
	}
	if version != "" {
		out.Name = cmp.Or(strings.TrimSpace(strings.TrimSuffix(name, version)), name)
	}
	out.Vendor = MakerOf(name, cpe)
	out.Family = cmp.Or(out.Family, titled(product), out.Name)
	out.System = out.Family
	if !strings.Contains(strings.ToLower(out.Family), strings.ToLower(out.Vendor)) {
		out.System = out.Vendor + " " + out.Family
	}
	return out
}

// MakerOf is who makes a system or a product, in words: as its CPE name says, else
// the first word of its name.
func MakerOf(name, cpe string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return cmp.Or(titled(VendorOf(cpe)), first)
}

// Value tells a part by the name that searches have for it: "os_family".
func (p OSParts) Value(field string) string {
	switch field {
	case "os_architecture":
		return p.Architecture
	case "os_family":
		return p.Family
	case "os_name":
		return p.Name
	case "os_system":
		return p.System
	case "os_type":
		return p.Type
	case "os_vendor":
		return p.Vendor
	case "os_version":
		return p.Version
	}
	return ""
}

// OSFields are the names that OSParts.Value knows.
var OSFields = []string{"os_architecture", "os_family", "os_name", "os_system", "os_type", "os_vendor", "os_version"}

// titled makes words of a part of a CPE name.
func titled(s string) string {
	words := strings.Split(s, "_")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

// cpeParts are vendor, product and version of a CPE 2.3 name; "" for what it
// leaves open.
func cpeParts(cpe string) (vendor, product, version string) {
	f := strings.Split(cpe, ":")
	if len(f) < 6 || f[0] != "cpe" {
		return "", "", ""
	}
	for i := range f {
		if f[i] == "*" || f[i] == "-" {
			f[i] = ""
		}
		f[i] = strings.ReplaceAll(f[i], `\`, "")
	}
	return f[3], f[4], f[5]
}

// riskWeights weigh open findings by severity.
var riskWeights = [Severities]int{0, 10, 100, 400, 800}

// RiskScore weighs what is open on an asset by how much the asset matters.
func (a *Asset) RiskScore() float64 {
	sum := 0
	for s, n := range a.Open {
		sum += riskWeights[s] * n
	}
	return float64(sum*cmp.Or(a.Importance, 100)) / 100
}

// Criticality is how much an asset matters, as a word: "Very Low" to "Very
// High", "" for an ordinary one.
func (a *Asset) Criticality() string { return CriticalityOf(a.Importance) }

// CriticalityOf is the word for an importance in percent.
func CriticalityOf(importance int) string {
	switch {
	case importance == 0 || importance == 100:
		return ""
	case importance <= 50:
		return "Very Low"
	case importance < 100:
		return "Low"
	case importance < 200:
		return "High"
	}
	return "Very High"
}
