// Package version orders versions as those who publish them do. Which order
// holds for a version is its scheme: that of a package manager, of a language's
// registry, or of the makers of servers.
//
// Every scheme is a total order over all texts. What a scheme does not allow is
// no error: each scheme says how it orders that, and Valid tells it apart.
package version

import (
	"cmp"
	"strings"
)

// The schemes.
const (
	Deb      = "deb"      // epoch:upstream-revision of Debian and Ubuntu
	RPM      = "rpm"      // epoch:version-release
	APK      = "apk"      // of Alpine Linux: 1.2.3a_rc1-r4
	ALPM     = "alpm"     // epoch:pkgver-pkgrel of Arch Linux
	Semver   = "semver"   // semver.org 2.0, as leniently read as npm does
	NPM      = "npm"      // the same
	Golang   = "golang"   // modules of Go, and its releases: v1.2.3, go1.21rc2
	Maven    = "maven"    // ComparableVersion
	PyPI     = "pypi"     // PEP 440
	NuGet    = "nuget"    // four numbers, then semver without case
	Gem      = "gem"      // Gem::Version
	Composer = "composer" // 1.0-dev < 1.0alpha1 < 1.0b1 < 1.0RC1 < 1.0 < 1.0p1
	Dotted   = "dotted"   // 1.22.1, 1.3.5rc1 < 1.3.5 < 1.3.5a, 9.0.0.M3 < 9.0.0
	OpenSSH  = "openssh"  // 9.2p1; a version without a level is level 1
	BIND     = "bind"     // 9.18.0a1 < 9.18.0rc1 < 9.18.0 < 9.18.0-P1
	Network  = "network"  // of firewalls, routers: 10.1.14-h9, 21.4R3-S5-EVO, 13.1-49.15, 15.2(7)E3, 22.7R2.5
)

// order is what a scheme can do.
type order struct {
	compare func(a, b string) int
	valid   func(s string) bool
	// parse makes what compareParsed takes, for a scheme whose texts are costly
	// to read; nil for the others, whose texts are compared as they are.
	parse         func(s string) any
	compareParsed func(a, b any) int
}

var orders = map[string]*order{
	Deb:      {compare: compareDeb, valid: validDeb},
	RPM:      {compare: compareRPM, valid: validRPM},
	APK:      {compare: compareAPK, valid: validAPK},
	ALPM:     {compare: compareALPM, valid: validRPM},
	Semver:   {compare: compareSemver, valid: validSemver},
	NPM:      {compare: compareSemver, valid: validSemver},
	Golang:   {compare: compareGolang, valid: validGolang},
	Maven:    {compare: compareMaven, valid: validMaven, parse: parseMaven, compareParsed: compareMavenParsed},
	PyPI:     {compare: comparePyPI, valid: validPyPI},
	NuGet:    {compare: compareNuGet, valid: validNuGet},
	Gem:      {compare: compareGem, valid: validGem},
	Composer: dottedOrder(Composer),
	Dotted:   dottedOrder(Dotted),
	OpenSSH:  dottedOrder(OpenSSH),
	BIND:     dottedOrder(BIND),
	Network:  networkOrder(),
}

func orderOf(scheme string) *order {
	if o := orders[scheme]; o != nil {
		return o
	}
	return orders[Dotted]
}

// Known reports whether scheme is one of the schemes.
func Known(scheme string) bool { return orders[scheme] != nil }

// Compare orders two versions by a scheme: negative when a is older than b, 0
// when they are the same version, positive when a is newer. An unknown scheme
// is Dotted.
func Compare(scheme, a, b string) int { return orderOf(scheme).compare(a, b) }

// Valid reports whether s is a version as the scheme defines it. An unknown
// scheme is Dotted.
func Valid(scheme, s string) bool { return orderOf(scheme).valid(s) }

// Version is a version that is ready to be compared many times.
type Version struct {
	order  *order
	text   string
	parsed any
}

// Parse reads a version. An unknown scheme is Dotted.
func Parse(scheme, s string) Version {
	v := Version{order: orderOf(scheme), text: s}
	if v.order.parse != nil {
		v.parsed = v.order.parse(s)
	}
	return v
}

// String returns the text that v was read from.
func (v Version) String() string { return v.text }

// Compare orders v and w, which must be of the same scheme, as the function
// Compare does.
func (v Version) Compare(w Version) int {
	if v.parsed != nil && w.parsed != nil {
		return v.order.compareParsed(v.parsed, w.parsed)
	}
	return cmp.Or(v.order, w.order, orders[Dotted]).compare(v.text, w.text)
}

// SchemeOf returns the scheme of an ecosystem of package harrier, such as
// "deb/debian/12" or "npm"; Dotted for one that has none of its own.
func SchemeOf(ecosystem string) string {
	kind, _, _ := strings.Cut(ecosystem, "/")
	switch kind {
	case Deb, RPM, APK, ALPM, Golang, Maven, PyPI, NuGet, Gem, NPM, Composer:
		return kind
	case "cargo", "hex", "pub", "bitnami", "retire":
		return Semver
	}
	return Dotted
}
