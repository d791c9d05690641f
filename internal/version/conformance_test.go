package version

import (
	"strings"
	"testing"
)

// chains are versions in order, the oldest first; those of a line are the same.
var chains = map[string][]string{
	// deb-version(7), and versions that Debian has published.
	Deb: {
		"~~", "~~a", "~", "0 0:0 00", "1.0~beta1~svn1245", "1.0~beta1", "1.0", "1.0-1~bpo12+1", "1.0-1", "1.0-1ubuntu1", "1.0-1+b1", "1.0-1+deb12u1",
		"1.0-1+deb12u2", "1.0-1+deb12u10", "1.0a", "1.0+dfsg-1", "1.0.1", "1.2-1", "1.10-1", "2.4.62-1~deb12u1", "2.4.62-1~deb12u2", "1:0.1-1 1:0.1-01", "1:9.2p1-2+deb12u3", "1:9.2p1-2+deb12u5", "2:0",
	},
	// rpm-version(7): tilde and caret, what divides does not count, letters are
	// below numbers; a missing release is below any.
	RPM: {
		"1.0~rc1", "1.0~rc1^git1", "1.0", "1.0-1~1", "1.0-1", "1.0-1.el9", "1.0-1.el9_2", "1.0-2", "1.0^git1~rc1-1", "1.0^git1", "1.0a", "1.0b", "1.0.1 1.0_1 1..0.1 1.0.01 0:1.0.1",
		"2.0.a", "2.0.1", "2.0.1a", "5.5p1", "5.5p2", "5.5p10", "5.6p1", "10.0001 10.1", "10.10", "1:0.1-1",
	},
	// What apk-tools' own test of versions asks for.
	APK: {
		"0.9", "1.0_alpha", "1.0_alpha1", "1.0_alpha2", "1.0_beta", "1.0_pre1", "1.0_rc1", "1.0_rc10", "1.0", "1.0-r0", "1.0-r1", "1.0-r10", "1.0_cvs", "1.0_svn2", "1.0_git20240101", "1.0_hg", "1.0_p", "1.0_p1-r2", "1.0_p2",
		"1.0a", "1.0b_rc1", "1.0b", "1.0.01", "1.0.05", "1.0.1", "1.0.2_rc1", "1.0.2_rc1-r3", "1.0.2", "1.0.9", "1.0.10", "1.1", "2.0 02.0", "2.0-r1", "2.0~abc", "2.0~abd-r1", "3.1.4-r5", "3.1.4-r6", "20240101",
	},
	// vercmp(8).
	ALPM: {
		"1.0a", "1.0alpha", "1.0b", "1.0beta", "1.0p", "1.0pre", "1.0rc", "1.0 0:1.0 1.00", "1.0-1", "1.0-1.1", "1.0-2", "1.0.a", "1.0.1 1.0_1 1.0+1", "1.1", "1.5", "1.11", "1:0.1-1", "2:0",
	},
	// semver.org 2.0, section 11, and what npm reads more loosely.
	Semver: {
		"0.0.0-foo", "0.0.0 0 =v0.0", "0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta 1.0.0beta 1.0.0-beta+exp.sha.5114f85", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0 v1.0.0 1.0 1 1.0.0+20130313144700", "1.2.3-5", "1.2.3-5-foo", "1.2.3-a", "1.2.3", "1.2.10", "2.0.0", "2.1.0", "2.1.1", "11.0.0",
	},
	// Modules of Go: go.dev/ref/mod#versions.
	Golang: {
		"v0.0.0-20190101000000-000000000000", "v0.0.0-20210921155107-089bfa567519", "v0.0.0 0.0.0", "v1.2.3-pre", "v1.2.3-pre.0.20191109021931-daa7c04131f5", "v1.2.3", "v1.2.4-0.20191109021931-daa7c04131f5", "v1.2.4", "go1.20.14", "1.21.0-0", "go1.21rc2", "go1.21 1.21.0", "go1.21.3 go1.21.3 X:boringcrypto",
	},
	// The version order specification of Maven's POM reference.
	Maven: {
		"1-alpha 1-a0 1-alpha-0", "1-alpha-1 1-a1 1a1 1.a1", "1-beta", "1-milestone-1 1m1", "1-rc1 1-cr1 1-CR1", "1-SNAPSHOT", "1 1.0 1.0.0 1-ga 1.ga 1-final 1-release 1-0 1.0-0 1- 1.", "1-sp", "1-sp.1", "1-foo 1.foo", "1-foo2", "1-foo10", "1-1 1-ga-1", "1-1.foo-bar1baz-.1", "1-2", "1.0.1", "1.1 1.1.0", "1.2", "1.10", "2-1", "2.0.1.RELEASE 2.0.1", "10",
	},
	// PEP 440, "summary of permitted suffixes and relative ordering" and
	// "normalization".
	PyPI: {
		"french toast", "1.dev0", "1.0.dev456 1.0-dev456 1.0DEV456", "1.0a1 1.0alpha1 1.0-a.1 1.0.a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2", "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1 1.0c1 1.0-preview1 1.0pre1", "1.0 v1.0 1 1.0.0 1.00",
		"1.0+abc.5", "1.0+abc.7 1.0+abc-7 1.0+ABC.7", "1.0+5", "1.0.post456.dev34", "1.0.post456 1.0-456 1.0-r456 1.0rev456", "1.0.15", "1.1.dev1", "1.1", "2013.10", "1!0.1",
	},
	// learn.microsoft.com/nuget/concepts/package-versioning.
	NuGet: {
		"1.0.0-alpha 1.0-ALPHA", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-beta", "1.0.0-rc.1", "1.0.0 1 1.0 1.0.0.0 1.00.0 1.0.0+build", "1.0.0.1", "1.0.1", "1.0.1.2", "1.0.1.10",
	},
	// The documentation of Gem::Version.
	Gem: {
		"0.beta.1", "0 0.0", "0.3", "0.3.7", "1.0.a.2 1.a.2", "1.0.a10", "1.0.b1", "1.0.pre", "1.0-1 1.0.pre.1 1.0.pre1", "1.0.rc", "1.0 1 1.0.0", "1.8.2.a9", "1.8.2.a10", "1.8.2.b", "1.8.2", "1.10",
	},
	// getcomposer.org: stabilities, and PHP's version_compare.
	Composer: {
		"1.0-dev", "1.0.0-alpha1 1.0a1 v1.0.0alpha1", "1.0.0-beta2 1.0b2", "1.0-beta10", "1.0-RC1 1.0rc1", "1.0 1.0.0 v1.0", "1.0-p1 1.0pl1 1.0-patch1", "1.0.1", "1.2", "1.10",
	},
	Dotted: {
		"0", "not a version", "0.1", "1.3.5rc1 1.3.5-RC1 1.3.5_rc1", "1.3.5 1.3.5-2+deb12u1", "1.3.5a", "1.3.5b", "1.3.6rc1", "9.0.0.M3 9.0.0-M3", "9.0.0-M11", "9.0.0",
	},
	OpenSSH: {"3.9", "7.4p1 7.4 7.4p1-hpn14v5", "9.2 9.2p1 OpenSSH", "9.3p1", "9.3p2", "9.9p2", "10.0"},
	BIND:    {"9.18.0a1", "9.18.0b1", "9.18.0rc1", "9.18.0 9.18.0-1~deb12u3-Debian 9.18.0-S1", "9.18.0-P1", "9.18.0-P2-RedHat-9.18.0-26.P2", "9.18.0-P10", "9.18.1"},
}

// networks are chains of Network, one for each maker: what is between two
// makers' versions means nothing. The forms are those of their release notes and
// advisories.
var networks = map[string][]string{
	"PAN-OS": {
		"10.1.0-b6", "10.1 10.1.0 v10.1.0", "10.1.0-h1", "10.1.14", "10.1.14-h1", "10.1.14-h9 10.1.14h9 10.1.14-H9", "10.1.14-h10", "10.1.15",
		"10.2.0", "10.2.9-h1", "11.1.4-h13", "11.1.10",
	},
	"Junos": {
		"12.3 12.3-EVO", "12.3R12-S21", "12.3X48-D105", "15.1B1", "15.1F6", "15.1R7", "15.1X49-D240", "21.4", "21.4R1 21.4R1-EVO 21.4r1", "21.4R3", "21.4R3-S5 21.4R3-S5-EVO 21.4r3-s5",
		"21.4R3-S5.4 21.4R3-S5.4-EVO", "21.4R3-S6", "21.4R3-S10", "22.1R1", "22.1R1.10", "23.2R2-S4",
	},
	"NetScaler": {
		"12.1", "12.1-55.297 12.1-55.297-FIPS", "12.1-65.35", "13.0-92.21 13.0.92.21", "13.1 13.1-0.0", "13.1-9.60", "13.1-49.15 13.1-49.15.nc 13.1_49.15", "13.1-51.14", "14.1-8.50", "14.1-43.50",
	},
	"IOS": {
		"12.2(55)SE", "12.2(55)SE12", "12.4(25)", "12.4(25d)", "15.0(2)SE11", "15.1(4)M12", "15.1(4)M12a", "15.2(7)E 15.2(7)e", "15.2(7)E0a", "15.2(7)E0b", "15.2(7)E3 15.2.7E3 15.2(7)e3", "15.2(7)E3k", "15.2(7)E10", "15.2(8)E1", "15.9(3)M9",
	},
	"IOS XE": {
		"3.16.10S", "16.9.8", "16.12.1", "16.12.1a", "16.12.1z", "16.12.1z1", "16.12.10", "17.3.8a", "17.9.4 17.09.04", "17.9.4a 17.09.04a", "17.9.5", "17.12.1",
	},
	"NX-OS, ASA": {"7.0(3)I7(9)", "7.0(3)I7(10)", "9.3(10) 9.3.10", "9.16(4) 9.16.4", "9.16(4)57 9.16.4.57", "9.16(4)61", "10.3(4a)"},
	"Ivanti": {
		"9.1R2", "9.1R18", "9.1R18.2", "9.1R18.9 9.1r18.9", "9.1R18.10", "22.3R1", "22.7R2", "22.7R2.1", "22.7R2.5", "22.7R2.10", "22.8R1",
	},
}

func TestNetworks(t *testing.T) {
	for maker, chain := range networks {
		t.Run(maker, func(t *testing.T) { inOrder(t, Network, chain) })
	}
}

// several are lines of chains that are one version with spaces, or hold one.
var several = map[string][]string{
	"not a version":                    {"not a version", "not"},
	"french toast":                     {"french toast"},
	"go1.21.3 go1.21.3 X:boringcrypto": {"go1.21.3", "go1.21.3 X:boringcrypto"},
	"9.2 9.2p1 OpenSSH":                {"9.2", "9.2p1", "9.2p1 Debian-2+deb12u7"},
	"7.4p1 7.4 7.4p1-hpn14v5":          {"7.4p1", "7.4", "7.4p1-hpn14v5", " 7.4p1 "},
	"1.3.5 1.3.5-2+deb12u1":            {"1.3.5", "1.3.5-2+deb12u1", "v1.3.5", "1.3.5 (Debian)"},
}

func TestChains(t *testing.T) {
	for scheme, chain := range chains {
		inOrder(t, scheme, chain)
	}
}

func inOrder(t *testing.T, scheme string, chain []string) {
	t.Helper()
	var all []string
	var place []int
	for i, line := range chain {
		same := several[line]
		if same == nil {
			same = strings.Fields(line)
		}
		for _, s := range same {
			all, place = append(all, s), append(place, i)
		}
	}
	for i, a := range all {
		if !Valid(scheme, a) && chains[scheme] == nil {
			t.Errorf("Valid(%s, %q) = false", scheme, a)
		}
		for j, b := range all {
			if got, want := Compare(scheme, a, b), sign(place[i]-place[j]); sign(got) != want {
				t.Errorf("Compare(%s, %q, %q) = %d; want %d", scheme, a, b, got, want)
			}
		}
	}
}

func TestValid(t *testing.T) {
	for scheme, c := range map[string]struct{ yes, no string }{
		Deb:     {"1 1.0-1 1:9.2p1-2+deb12u3 1.0~rc1-1 1.0-1-2", "- a 1.0- :1 x:1 1.0_1 1.0-1_2 -1 1.0ü"},
		RPM:     {"1 1.0-1.el9 1:1.0~rc1^git-1 a", "- 1- 1-2-3 1:2:3 1/2 -1"},
		APK:     {"1 1.0-r0 1.0_rc1 1.0a_p2-r3 1.0~abc-r1 20240101", "a 1. 1.0-1 1.0_foo 1.0-r 1.0A 1.0ab 1..0 1.0~xyz"},
		ALPM:    {"1.0-1 1:1.0.r5.gabc-2 1.0", "- 1.0-1-2"},
		Semver:  {"1.0.0 v1.0.0 1.0 1 1.0.0-rc.1+x 1.0.0beta", "a - latest 1.2.3.4 1.0.0-ä * ^1.0"},
		NuGet:   {"1.0.0.0 1.0-beta", "1.0.0.0.0 a"},
		Golang:  {"v1.2.3 1.21.0-0 go1.21rc2 v2.0.0+incompatible", "go devel v"},
		Maven:   {"1.0 1.0-alpha-1 foo", "a/b [1,2) ${x}[1]"},
		PyPI:    {"1.0 1!1.0a1.post2.dev3+x.1 1.0-1 v1", "a 1.0+ 1.0+a..b 1.0x 1.0-a-b !1 1..0"},
		Gem:     {"1.0 1.0.a 1.0-x86.1 1", "a 1. 1..0 1_0 1a"},
		Dotted:  {"1 1.2 v1.2 1.2-3+deb12u1", "a - latest"},
		OpenSSH: {"9.2p1 9.2", "p1"},
		Network: {"10.1.14-h9 v21.4R3-S5-EVO 13.1-49.15 15.2(7)E3", "- EVO latest"},
	} {
		for _, s := range strings.Fields(c.yes) {
			if !Valid(scheme, s) {
				t.Errorf("Valid(%s, %q) = false", scheme, s)
			}
		}
		for _, s := range append(strings.Fields(c.no), "") {
			if Valid(scheme, s) {
				t.Errorf("Valid(%s, %q) = true", scheme, s)
			}
		}
	}
}

func TestSchemeOf(t *testing.T) {
	for ecosystem, want := range map[string]string{
		"deb/debian/12": Deb, "deb/ubuntu-pro/18.04": Deb, "rpm/redhat-eus/9.2": RPM, "apk/alpine/3.19": APK, "alpm/arch": ALPM,
		"npm": NPM, "pypi": PyPI, "maven": Maven, "golang": Golang, "gem": Gem, "nuget": NuGet, "composer": Composer,
		"cargo": Semver, "hex": Semver, "pub": Semver, "bitnami": Semver, "retire": Semver,
		"windows": Dotted, "eol": Dotted, "generic": Dotted, "": Dotted, "debian": Dotted,
	} {
		if got := SchemeOf(ecosystem); got != want || !Known(got) {
			t.Errorf("SchemeOf(%q) = %q; want %q", ecosystem, got, want)
		}
	}
	if Known("") || Known("debian") {
		t.Error("a scheme that is none is known")
	}
	if Compare("no such scheme", "1.10", "1.9") <= 0 || (Version{}).Compare(Parse(Deb, "1")) >= 0 {
		t.Error("an unknown scheme and the zero Version are not ordered as Dotted")
	}
}

func TestNumbers(t *testing.T) {
	for s, want := range map[string]int{"1.22.1-9+deb12u3": 3, "v1.22": 2, "9.2p1 Debian": 2, "latest": 0, "": 0, "1.2.rc3.4": 2} {
		if got := Numbers(Dotted, s); got != want {
			t.Errorf("Numbers(%q) = %d; want %d", s, got, want)
		}
	}
	for s, want := range map[string]int{"13.1-49.15": 4, "13.1": 2, "21.4R3-S5-EVO": 4, "15.2(7)E": 3, "EVO": 0, "R3": 0, "": 0} {
		if got := Numbers(Network, s); got != want {
			t.Errorf("Numbers(%s, %q) = %d; want %d", Network, s, got, want)
		}
	}
}

// alike are pairs that differ only at the end, the costly case.
var alike = map[string][2]string{
	Deb: {"1:9.2p1-2+deb12u3", "1:9.2p1-2+deb12u5"}, RPM: {"1:1.1.1k-9.el8_7", "1:1.1.1k-12.el8_9"}, APK: {"3.1.4_rc2-r5", "3.1.4_rc2-r6"},
	ALPM: {"1:3.1.4-1", "1:3.1.4-2"}, Semver: {"1.20.3-rc.1", "1.20.3-rc.2"}, Golang: {"v1.20.3-rc.1", "v1.20.3-rc.2"}, PyPI: {"2.31.0rc1", "2.31.0rc2"},
	NuGet: {"1.20.3-rc.1", "1.20.3-rc.2"}, Gem: {"1.20.3.rc1", "1.20.3.rc2"}, Dotted: {"1.22.1RC1", "1.22.1RC2"}, OpenSSH: {"9.2p1", "9.2p2"}, BIND: {"9.18.1-P1", "9.18.1-P2"},
	Network: {"21.4R3-S5.4-EVO", "21.4R3-S5.5-EVO"},
}

func TestNoAllocation(t *testing.T) {
	for scheme, p := range alike {
		if n := testing.AllocsPerRun(100, func() { Compare(scheme, p[0], p[1]) }); n != 0 {
			t.Errorf("Compare(%s) allocates %v times", scheme, n)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, scheme := range schemes() {
		p, ok := alike[scheme]
		if !ok {
			p = [2]string{"1.20.3-rc1", "1.20.3-rc2"}
		}
		b.Run(scheme, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Compare(scheme, p[0], p[1])
			}
		})
	}
	b.Run("maven parsed", func(b *testing.B) {
		v, w := Parse(Maven, "1.20.3-rc1"), Parse(Maven, "1.20.3-rc2")
		for b.Loop() {
			v.Compare(w)
		}
	})
}
