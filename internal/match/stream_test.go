package match

import (
	"fmt"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// build is an advisory that mends a package by one build.
func build(advisory, cve, ecosystem, name, fixed string) harrier.Record {
	r := says("alma", cve, debFix(ecosystem, name, fixed))
	r.ID = advisory
	return r
}

// about makes a statement one about a source package.
func about(a harrier.Affected) harrier.Affected {
	a.Source = true
	return a
}

func verdictsOf(t *testing.T, k Knowledge, inv harrier.Inventory) string {
	t.Helper()
	list, err := Packages(k, inv)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range list {
		out = append(out, fmt.Sprintf("%s %s %s %s", d.Thing.What, strings.TrimPrefix(d.Name, "CVE-2024-"), d.Certainty, d.Fixed))
	}
	return strings.Join(out, "; ")
}

// TestStreams shows what counts where a source names several builds that mend one
// package in one release.
func TestStreams(t *testing.T) {
	const alma = "rpm/alma/9"
	k := know(
		build("ALSA-1", "CVE-2024-0001", alma, "nginx", "1:1.22.1-4.module_el9.2.0+1"),
		build("ALSA-2", "CVE-2024-0001", alma, "nginx", "1:1.24.0-2.module_el9.4.0+2"),
		build("ALSA-3", "CVE-2024-0002", alma, "openssl", "1:3.0.7-6.el9_2"),
		build("ALSA-4", "CVE-2024-0002", alma, "openssl", "1:3.0.7-16.el9_2"),
		build("ALSA-5", "CVE-2024-0003", alma, "postgresql", "12.15-1.module_el9"),
		build("ALSA-6", "CVE-2024-0003", alma, "postgresql", "13.11-1.module_el9"),
		// One record lists a range, another what it does not list is not affected.
		says("alma", "CVE-2024-0004", harrier.Affected{
			Package: harrier.Package{Ecosystem: alma, Name: "php"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
			Ranges: []harrier.Range{{From: "8.1.0-1", Before: "8.1.14-1"}},
		}),
		harrier.Record{Source: "alma", ID: "ALSA-7", CVEs: []string{"CVE-2024-0004"}, Affected: []harrier.Affected{{
			Package: harrier.Package{Ecosystem: alma, Name: "php"}, Status: harrier.StatusWillNotFix, Ranges: []harrier.Range{{To: "8.0.99"}},
		}}},
	)
	for _, c := range []struct{ name, version, want string }{
		{"nginx", "1:1.22.1-3.module_el9.2.0+1", "nginx 0001 certain 1:1.22.1-4.module_el9.2.0+1"},
		{"nginx", "1:1.22.1-4.module_el9.2.0+1", ""},
		{"nginx", "1:1.22.1-9.module_el9.4.0+3", ""},
		{"nginx", "1:1.24.0-1.module_el9.4.0+1", "nginx 0001 certain 1:1.24.0-2.module_el9.4.0+2"},
		{"nginx", "1:1.24.0-2.module_el9.4.0+2", ""},
		{"nginx", "1:1.20.1-13.el9", ""},
		{"openssl", "1:3.0.7-2.el9", "openssl 0002 certain 1:3.0.7-6.el9_2"},
		{"openssl", "1:3.0.7-6.el9_2", ""},
		{"openssl", "1:3.0.7-8.el9_3", ""},
		{"postgresql", "12.17-1.module_el9", ""},
		{"postgresql", "13.10-1.module_el9", "postgresql 0003 certain 13.11-1.module_el9"},
		{"postgresql", "12.14-1.module_el9", "postgresql 0003 certain 12.15-1.module_el9"},
		{"postgresql", "14.0-1.module_el9", ""},
		{"php", "8.0.30-1.el9", "php 0004 certain later than 8.0.99"},
		{"php", "8.1.14-1.el9", ""},
	} {
		inv := harrier.Inventory{Distro: "alma", Release: "9", Packages: []harrier.InstalledPackage{{Name: c.name, Version: c.version}}}
		if got := verdictsOf(t, k, inv); got != c.want {
			t.Errorf("%s %s: %q; want %q", c.name, c.version, got, c.want)
		}
	}
}

// TestSourcePackages shows that what is said of a source package holds for what
// is built from it and has no statement of its own.
func TestSourcePackages(t *testing.T) {
	const el = "rpm/redhat/9"
	k := know(
		says("redhat", "CVE-2024-0001", about(always(el, "openssl", harrier.StatusWillNotFix))),
		says("redhat", "CVE-2024-0002", about(always(el, "openssl", harrier.StatusFixDeferred)), always(el, "openssl-libs", harrier.StatusNotAffected)),
		says("redhat", "CVE-2024-0003", about(always(el, "openssl", harrier.StatusNotAffected)), debFix(el, "openssl-libs", "1:3.0.7-9.el9")),
		says("redhat", "CVE-2024-0004", always(el, "openssl", harrier.StatusWillNotFix)), // of the binary package alone
		says("redhat", "CVE-2024-0005", withModule(about(always(el, "nodejs", harrier.StatusWillNotFix)), "nodejs:18"), debFix(el, "npm", "1:9.0-1")),
	)
	p := func(name, version, source string) harrier.InstalledPackage {
		return harrier.InstalledPackage{Name: name, Version: version, Source: source}
	}
	inModule := p("npm", "1:8.19-1.module+el9", "nodejs")
	inModule.Module = "nodejs:18"
	for _, c := range []struct {
		name string
		p    harrier.InstalledPackage
		want string
	}{
		{"of the source", p("openssl-libs", "1:3.0.7-6.el9", "openssl"), "openssl-libs 0001 certain ; openssl-libs 0003 certain 1:3.0.7-9.el9"},
		{"itself and its source", p("openssl", "1:3.0.7-6.el9", ""), "openssl 0001 certain ; openssl 0002 certain ; openssl 0004 certain "},
		{"another with the name of a source package", p("openssl", "1:3.0.7-6.el9", "compat-openssl"), "openssl 0004 certain "},
		{"the source does not show", p("openssl-libs", "1:3.0.7-6.el9", ""), "openssl-libs 0003 certain 1:3.0.7-9.el9"},
		{"a module's source, its own word is about no module", inModule, "npm 0005 certain "},
	} {
		inv := harrier.Inventory{Distro: "redhat", Release: "9", Packages: []harrier.InstalledPackage{c.p}}
		if got := verdictsOf(t, k, inv); got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}

// TestSourceAsks shows that a changed statement about a source package is
// compared with what is built from it.
func TestSourceAsks(t *testing.T) {
	j := NewJudge(New(know()), func(string) harrier.VulnID { return 0 })
	inv := &harrier.Inventory{Distro: "redhat", Release: "9", Packages: []harrier.InstalledPackage{{Name: "openssl-libs", Version: "1:3.0.7-6.el9", Source: "openssl"}}}
	list := j.Things(Known{Packages: inv})
	if len(list) != 2 || strings.Join(list[1].Asks, ",") != "pkg rpm/redhat/9 openssl-libs,pkg rpm/redhat/9 openssl" {
		t.Errorf("Things = %+v; want to ask about the package and its source", list)
	}
}

// TestUpdates shows that updates are told by their numbers.
func TestUpdates(t *testing.T) {
	a := cpeRange("a:microsoft:exchange_server", harrier.Range{From: "15.2.1544", Before: "15.2.1544.9"})
	a.Updates = []harrier.Update{{ID: "KB5036402", Kind: "security update", Supersedes: []string{"KB5030524"}}, {ID: "KB5036403"}}
	k := know(says("cisco", "CVE-2024-0001", a))
	s := harrier.Service{Endpoint: tcp(443), Name: "http", Product: "Exchange Server", Version: "15.2.1544.4", CPE: "cpe:2.3:a:microsoft:exchange_server:15.2.1544.4:*:*:*:*:*:*:*", Certainty: harrier.Certain}
	present, _ := servicesOf(k, harrier.Host{}, []harrier.Service{s}, harrier.Settings{})
	const want = "  Mended by         : KB5036402 (security update), KB5036403, or any that contains one of them\n"
	if len(present) != 1 || !strings.Contains(present[0].Evidence, want) {
		t.Errorf("Services = %+v; want the updates named", present)
	}
	list, err := Decide(k, Known{Services: []harrier.Service{s}}, present[0].Vulnerability)
	var b strings.Builder
	if err == nil {
		err = Explanation(&b, list)
	}
	if err != nil || !strings.Contains(b.String(), "mended by KB5036402 (security update), KB5036403") {
		t.Errorf("Explanation = %v, %s", err, b.String())
	}
}
