// Package rpm holds what the feeds of rpm distributions share: how a package is
// named with its version, and how many mentions of it become few statements.
package rpm

import (
	"net/url"
	"slices"
	"strings"
)

// NEVRA names one build of a package.
type NEVRA struct {
	Name    string
	Epoch   string // digits; "" when not told, which is 0
	Version string
	Release string
	Arch    string // "x86_64", "noarch", "src"; "" when not told
}

// maxName bounds what is taken for the name of a package or a build.
const maxName = 512

// arches are the architectures that a build's name ends with.
var arches = []string{
	"x86_64", "x86_64_v2", "x86_64_v3", "amd64", "i386", "i486", "i586", "i686", "athlon", "ia32e",
	"aarch64", "aarch64_ilp32", "armv5tel", "armv6hl", "armv7hl", "armv7l", "armv7hnl",
	"ppc", "ppc64", "ppc64le", "ppc64p7", "s390", "s390x", "ia64", "riscv64", "loongarch64",
	"alpha", "sparc", "sparc64", "hppa", "mips", "noarch", "src", "nosrc",
}

// IsArch reports whether a word is the name of an architecture.
func IsArch(s string) bool { return slices.Contains(arches, s) }

// Parse reads "name-epoch:version-release.arch", where epoch and architecture
// may be missing and ".rpm" may follow. It is false when there is no version.
func Parse(s string) (NEVRA, bool) {
	name, arch := CutArch(strings.TrimSuffix(s, ".rpm"))
	release := strings.LastIndexByte(name, '-')
	if release <= 0 || len(s) > maxName {
		return NEVRA{}, false
	}
	version := strings.LastIndexByte(name[:release], '-')
	if version <= 0 {
		return NEVRA{}, false
	}
	p := NEVRA{Name: name[:version], Version: name[version+1 : release], Release: name[release+1:], Arch: arch}
	if epoch, rest, ok := strings.Cut(p.Version, ":"); ok {
		p.Epoch, p.Version = epoch, rest
	} else if epoch, rest, ok := strings.Cut(p.Name, ":"); ok && digits(epoch) {
		p.Epoch, p.Name = epoch, rest // "1:openssl-3.0.7-2.el9", as older tools write it
	}
	return p, p.valid()
}

// CutArch splits the architecture off a name that ends with one.
func CutArch(s string) (name, arch string) {
	if at := strings.LastIndexByte(s, '.'); at > 0 && IsArch(s[at+1:]) {
		return s[:at], s[at+1:]
	}
	return s, ""
}

// ParseEVR reads "epoch:version-release", the epoch being optional.
func ParseEVR(name, evr string) (NEVRA, bool) {
	p := NEVRA{Name: name, Version: evr}
	if epoch, rest, ok := strings.Cut(evr, ":"); ok {
		if epoch == "" {
			return p, false
		}
		p.Epoch, p.Version = epoch, rest
	}
	p.Version, p.Release, _ = strings.Cut(p.Version, "-")
	return p, p.valid()
}

// valid reports whether the parts are such as rpm allows: an epoch of digits, a
// version with a digit, and nothing that rpm's own naming has no place for.
func (p NEVRA) valid() bool {
	const strange = " \t\r\n/:;,<>\"'()[]{}|\\"
	return p.Name != "" && len(p.Name) <= maxName && !strings.ContainsAny(p.Name, strange) &&
		(p.Epoch == "" || digits(p.Epoch)) &&
		strings.ContainsAny(p.Version, "0123456789") && p.Release != "" && len(p.Version)+len(p.Release) <= maxName &&
		!strings.ContainsAny(p.Version+p.Release, strange+"-")
}

// EVR is the version as rpm compares it: "1:3.0.7-2.el9"; an epoch of 0 is left
// out.
func (p NEVRA) EVR() string {
	evr := p.Version + "-" + p.Release
	if epoch := strings.TrimLeft(p.Epoch, "0"); epoch != "" {
		return epoch + ":" + evr
	}
	return evr
}

// Source reports whether it is a source package.
func (p NEVRA) Source() bool { return p.Arch == "src" || p.Arch == "nosrc" }

// Debug reports whether a package holds nothing but symbols and sources for a
// debugger, which no weakness is in.
func Debug(name string) bool {
	return strings.HasSuffix(name, "-debuginfo") || strings.HasSuffix(name, "-debugsource") || strings.Contains(name, "-debuginfo-")
}

// PURL is what matters of a package URL of type rpm or rpmmod.
type PURL struct {
	Type      string // "rpm", "rpmmod", "oci", "maven"
	Namespace string // "redhat"; "" when there is none
	Name      string
	Version   string
	Qualifier map[string]string
}

// ParsePURL reads a package URL. Source: purl-spec, "How to parse a purl string
// in its components".
func ParsePURL(s string) (PURL, bool) {
	rest, ok := strings.CutPrefix(s, "pkg:")
	if !ok || len(s) > 2048 {
		return PURL{}, false
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	var p PURL
	p.Type, rest, ok = strings.Cut(strings.TrimLeft(rest, "/"), "/")
	if !ok {
		return PURL{}, false
	}
	if at := strings.LastIndexByte(rest, '@'); at > 0 {
		p.Version = unescape(rest[at+1:])
		rest = rest[:at]
	}
	if at := strings.LastIndexByte(rest, '/'); at >= 0 {
		p.Namespace, rest = unescape(rest[:at]), rest[at+1:]
	}
	p.Type, p.Name = strings.ToLower(p.Type), unescape(rest)
	for pair := range strings.SplitSeq(query, "&") {
		if key, value, ok := strings.Cut(pair, "="); ok && len(p.Qualifier) < 32 {
			if p.Qualifier == nil {
				p.Qualifier = map[string]string{}
			}
			p.Qualifier[strings.ToLower(key)] = unescape(value)
		}
	}
	return p, p.Name != "" && p.Type != ""
}

// NEVRA is the build that a package URL of type rpm names.
func (p PURL) NEVRA() (NEVRA, bool) {
	if p.Type != "rpm" {
		return NEVRA{}, false
	}
	n, ok := ParseEVR(p.Name, p.Version)
	n.Arch = p.Qualifier["arch"]
	if n.Epoch == "" && digits(p.Qualifier["epoch"]) {
		n.Epoch = p.Qualifier["epoch"]
	}
	return n, ok
}

// unescape decodes %XX; what is no escape stays as it is. A plus sign is one:
// versions have it.
func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
