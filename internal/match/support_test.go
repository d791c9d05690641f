package match

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// servicesOf is what the services of a host have by a Judge, and the outcomes of
// endpoints that are not clean, those of families by all of them.
func servicesOf(k Knowledge, h harrier.Host, list []harrier.Service, set harrier.Settings) ([]harrier.Observation, []harrier.Done) {
	now := h.Ended
	if now.IsZero() {
		now = time.Now()
	}
	present, unsure := NewJudge(New(k), func(string) harrier.VulnID { return familyOfTests }).Observations(Known{Host: h, Services: list, Now: now}, set)
	return present, slices.Compact(unsure)
}

// presentOn is what services have by m at a time.
func presentOn(m *Matcher, list []harrier.Service, now time.Time) []harrier.Observation {
	present, _ := NewJudge(m, func(string) harrier.VulnID { return familyOfTests }).Observations(Known{Services: list, Now: now}, harrier.Settings{})
	return present
}

const familyOfTests = 980_001

// ended is a statement that the support of some versions has ended.
func ended(name, thing string, at time.Time, r harrier.Range) harrier.Record {
	a := harrier.Affected{Status: harrier.StatusEndOfSupport, Ranges: []harrier.Range{r}, Since: at, Scheme: "dotted"}
	if strings.Contains(thing, ":") {
		a.CPE = "cpe:2.3:" + thing + ":*:*:*:*:*:*:*:*"
	} else {
		a.Package = harrier.Package{Ecosystem: "eol", Name: thing}
	}
	return harrier.Record{Source: "eol", ID: name, Affected: []harrier.Affected{a}}
}

// TestSupport shows whose end of support is reported: never that of what a
// distribution looks after, and that of the system once, at the host.
func TestSupport(t *testing.T) {
	then := time.Date(2024, 6, 30, 0, 0, 0, 0, time.UTC)
	k := know(
		ended("eol nginx 1.18", "a:f5:nginx", then, harrier.Range{From: "1.18", Before: "1.19"}),
		ended("eol nginx 1.20", "a:f5:nginx", then, harrier.Range{From: "1.20", Before: "1.21"}),
		ended("eol debian 10", "o:debian:debian_linux", then, harrier.Range{From: "10", Before: "11"}),
		ended("eol sles 12", "o:suse:sles", then, harrier.Range{From: "12", Before: "13"}),
	)
	debian := func(release string) harrier.Host {
		return harrier.Host{OS: "Debian", OSCPE: "cpe:2.3:o:debian:debian_linux:" + release + ":*:*:*:*:*:*:*", OSConfidence: 95}
	}
	list := func(distro, release string, packages ...string) *harrier.Inventory {
		inv := &harrier.Inventory{Distro: distro, Release: release}
		for _, p := range packages {
			name, v, _ := strings.Cut(p, " ")
			inv.Packages = append(inv.Packages, harrier.InstalledPackage{Name: name, Version: v})
		}
		return inv
	}
	for _, c := range []struct {
		name  string
		known Known
		want  string
	}{
		{"nobody's build", Known{Services: []harrier.Service{webOf("nginx/1.18.0")}}, "eol nginx 1.18 at 80/tcp"},
		{"a distribution's by its own word", Known{Services: []harrier.Service{webOf("nginx/1.18.0 (Ubuntu)")}}, ""},
		{"a distribution's revision", Known{Services: []harrier.Service{webOf("nginx/1.18.0-6ubuntu14.3")}}, ""},
		{"what the host's release came with", Known{Host: debian("11"), Services: []harrier.Service{webOf("nginx/1.18.0")}}, ""},
		{"another version on that release", Known{Host: debian("11"), Services: []harrier.Service{webOf("nginx/1.20.2")}}, "eol nginx 1.20 at 80/tcp"},
		{"an installed package", Known{Packages: list("debian", "11", "nginx 1.18.0-6.1+deb11u3")}, ""},
		{"the system", Known{Host: debian("10"), Services: []harrier.Service{sshOf("SSH-2.0-OpenSSH_7.9p1 Debian-10+deb10u2"), webOf("nginx/1.14.2")}}, "eol debian 10 at 0/tcp"},
		{"a point release", Known{Host: debian("10.13")}, "eol debian 10 at 0/tcp"},
		{"the system by its packages", Known{Host: harrier.Host{OS: "Linux", OSCPE: "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*"}, Packages: list("debian", "10", "nginx 1.14.2-2+deb10u4")}, "eol debian 10 at 0/tcp"},
		{"the system by both", Known{Host: debian("10"), Packages: list("debian", "10", "nginx 1.14.2-2+deb10u4")}, "eol debian 10 at 0/tcp"},
		{"a system that is supported", Known{Host: debian("12"), Packages: list("debian", "12")}, ""},
		{"by another name", Known{Packages: list("sles", "12.5")}, "eol sles 12 at 0/tcp"},
		{"a list without a release", Known{Packages: list("arch", "")}, ""},
	} {
		c.known.Now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		j := NewJudge(New(k), func(string) harrier.VulnID { return 0 })
		present, _ := j.Observations(c.known, harrier.Settings{})
		var got []string
		for _, o := range present {
			v, _, err := k.Vulnerability(o.Vulnerability)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%s at %s", v.Name, o.Endpoint))
		}
		slices.Sort(got)
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s: %q; want %q", c.name, text, c.want)
		}
		c.known.Now = then.AddDate(0, 0, -1)
		if early, _ := j.Observations(c.known, harrier.Settings{}); len(early) != 0 {
			t.Errorf("%s: %+v before the support ended", c.name, early)
		}
	}
}
