package osv

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

const sample = `{
 "schema_version": "1.6.2", "id": "BIT-examplesrv-2024-1234",
 "summary": "Own summary", "details": "Own\ndetails",
 "aliases": ["CVE-2024-1234", "GHSA-aaaa-bbbb-cccc", "CVE-2024-1234"], "related": ["CVE-2020-1111"],
 "affected": [{
  "package": {"ecosystem": "Bitnami", "name": "ExampleSrv", "purl": "pkg:bitnami/examplesrv"},
  "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
  "ranges": [
   {"type": "GIT", "repo": "https://example.org/x", "events": [{"introduced": "0"}]},
   {"type": "SEMVER", "events": [{"fixed": "2.1.4"}, {"introduced": "0"}, {"introduced": "2.0.0"}, {"fixed": "1.9.9"}]}],
  "versions": ["1.0.0", "2.1.4", "2.1.3", "3.0.0-special"]
 }],
 "database_specific": {"severity": "CRITICAL", "cwe_ids": ["CWE-79", "CWE-x"], "cpes": [
  "cpe:2.3:a:example:server:9.0:rc1:*:*:*:maven:*:*", "cpe:2.3:a:example:server:*:*:*:*:*:*:*:*", "cpe:2.3:a:exa\\:mple:other:*:*:*:*:*:*:*:*", "cpe:/a:old:form"]},
 "references": [{"type": "FIX", "url": "https://example.org/fix"}, {"type": "WEB", "url": "https://example.org/fix"}, {"type": "WEB", "url": "javascript:alert(1)"}],
 "published": "2024-03-01T10:00:00Z", "modified": "2024-03-02T10:00:00.5+01:00"
}`

func TestRead(t *testing.T) {
	ranges := []harrier.Range{{Before: "1.9.9"}, {From: "2.0.0", Before: "2.1.4"}}
	versions := []string{"2.1.4", "3.0.0-special"}
	want := []harrier.Record{{
		Source: "bitnami", ID: "BIT-examplesrv-2024-1234", CVEs: []string{"CVE-2024-1234"}, Aliases: []string{"GHSA-aaaa-bbbb-cccc"},
		Title: "Own summary", Details: "Own\ndetails", Severity: "critical",
		Scores:     []harrier.Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8}},
		CWEs:       []int{79},
		References: []harrier.Reference{{URL: "https://example.org/fix", Tags: []string{"patch"}}},
		Published:  time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC), Modified: time.Date(2024, 3, 2, 9, 0, 0, 5e8, time.UTC),
		Affected: []harrier.Affected{
			{Package: harrier.Package{Ecosystem: "bitnami", Name: "examplesrv"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: ranges, Versions: versions},
			{CPE: "cpe:2.3:a:example:server:*:*:*:*:*:*:*:*", Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: ranges, Versions: versions},
			{CPE: `cpe:2.3:a:exa\:mple:other:*:*:*:*:*:*:*:*`, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: ranges, Versions: versions},
		},
	}}
	for _, text := range []string{sample, " " + sample + "\n", "[" + sample + "]"} {
		got := feedtest.Read(t, format(t, "bitnami"), "BIT-examplesrv-2024-1234.json", text)
		if diff := cmp.Diff(want, got.Records); diff != "" || len(got.Faults) != 0 {
			t.Errorf("Read: %v (-want +got)\n%s", got.Faults, diff)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		format, text string
		cves         []string
		aliases      []string
	}{
		{"ubuntu-osv", `{"id":"UBUNTU-CVE-2024-51988","related":["CVE-2024-51988"]}`, []string{"CVE-2024-51988"}, nil},
		{"debian-osv", `{"id":"DEBIAN-CVE-2026-123633","upstream":["CVE-2026-123633"]}`, []string{"CVE-2026-123633"}, nil},
		{"alma-osv", `{"id":"ALSA-2024:1","related":["cve-2024-1111","CVE-2024-2222"]}`, []string{"CVE-2024-1111", "CVE-2024-2222"}, nil},
		{"npm", `{"id":"GHSA-x","aliases":["CVE-2024-1111","SNYK-1"],"related":["CVE-2024-2222"]}`, []string{"CVE-2024-1111"}, []string{"SNYK-1"}},
		{"osv", `{"id":"CVE-2024-1111","aliases":"GHSA-y"}`, []string{"CVE-2024-1111"}, []string{"GHSA-y"}},
	} {
		got := feedtest.Read(t, format(t, c.format), strings.Split(c.text, `"`)[3]+".json", c.text)
		if len(got.Records) != 1 {
			t.Errorf("%s: %d records, %v", c.text, len(got.Records), got.Faults)
			continue
		}
		if r := got.Records[0]; !cmp.Equal(r.CVEs, c.cves) || !cmp.Equal(r.Aliases, c.aliases) {
			t.Errorf("%s = %q, %q; want %q, %q", c.text, r.CVEs, r.Aliases, c.cves, c.aliases)
		}
	}
}

func TestBad(t *testing.T) {
	for text, want := range map[string]struct {
		records, faults int
		fails           bool
	}{
		`{"id":""}`:                            {0, 1, false},
		`{"id":"A","affected":{"x":1}}`:        {0, 1, false},
		`[{"id":"A","affected":3},{"id":"B"}]`: {1, 1, false},
		`{"id":"A"`:                            {0, 0, true},
		`pkg`:                                  {0, 0, true},
		``:                                     {0, 0, true},
		`{"id":"A","published":"yesterday","database_specific":[1],"aliases":{"a":1}}`:                          {1, 0, false},
		`{"id":"ALBA-2021:1","affected":[]}`:                                                                    {1, 0, false},
		`{"id":"A","affected":[{"package":{"ecosystem":"npm","name":"x"}},{"ranges":[]},null]}`:                 {1, 0, false},
		`{"id":"A","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/nonsense"},{"type":"CVSS_V2","score":"x"}]}`: {1, 0, false},
	} {
		var got feed.Collect
		err := format(t, "osv").Read("x.json", strings.NewReader(text), &got)
		if (err != nil) != want.fails || len(got.Records) != want.records || len(got.Faults) != want.faults {
			t.Errorf("Read(%s) = %d records, %q, %v; want %+v", text, len(got.Records), got.Faults, err, want)
		}
		for _, r := range got.Records {
			if len(r.Affected)+len(r.Scores) != 0 {
				t.Errorf("Read(%s) = %+v; want no statement and no score", text, r)
			}
		}
	}
}

// TestWithdrawn: a record that was taken back says nothing about any version,
// and an update that mends no weakness is no record.
func TestSaysNothing(t *testing.T) {
	const affected = `"affected":[{"package":{"ecosystem":"AlmaLinux:9","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1-2.el9"}]}]}]`
	for text, want := range map[string]string{
		`{"id":"ALSA-2024:1","related":["CVE-2024-1111"],` + affected + `}`:                                    "ALSA-2024:1/1",
		`{"id":"ALSA-2024:1",` + affected + `}`:                                                                "ALSA-2024:1/1",
		`{"id":"ALSA-2024:1","withdrawn":"2024-01-01T00:00:00Z","related":["CVE-2024-1111"],` + affected + `}`: "ALSA-2024:1/0",
		`{"id":"ALBA-2024:1",` + affected + `}`:                                                                "",
		`{"id":"ALEA-2024:1",` + affected + `}`:                                                                "",
		`{"id":"ALBA-2024:1","related":["CVE-2024-1111"],` + affected + `}`:                                    "ALBA-2024:1/1",
		`{"id":"RLBA-2024:1",` + strings.ReplaceAll(affected, "AlmaLinux", "Rocky Linux") + `}`:                "",
	} {
		got := feedtest.Read(t, format(t, "alma-osv"), "ALSA-2024:1.json", text)
		said := ""
		for _, r := range got.Records {
			said = r.ID + "/" + string(rune('0'+len(r.Affected)))
			for _, a := range r.Affected {
				if a.Advisory != r.ID {
					t.Errorf("%s: advisory %q; want %q", text, a.Advisory, r.ID)
				}
			}
		}
		if said != want {
			t.Errorf("Read(%s) = %q; want %q", text, said, want)
		}
	}
}

func TestScore(t *testing.T) {
	for vector, want := range map[string]harrier.Score{
		"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                        {Version: "3.0", Base: 9.8},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H":                        {Version: "3.1", Base: 7.5},
		"AV:N/AC:L/Au:N/C:P/I:P/A:P":                                          {Version: "2.0", Base: 7.5},
		"(AV:N/AC:L/Au:N/C:P/I:P/A:P)":                                        {Version: "2.0", Base: 7.5},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":     {Version: "4.0", Base: 9.3},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:X": {Version: "4.0", Base: 9.3},
	} {
		got, ok := Score(vector)
		want.Vector = strings.Trim(vector, "()")
		if !ok || got != want {
			t.Errorf("Score(%s) = %+v, %v; want %+v", vector, got, ok, want)
		}
	}
	for _, vector := range []string{"", "CVSS:3.1/", "CVSS:5.0/AV:N", "9.8", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:" + strings.Repeat("H", 1000)} {
		if got, ok := Score(vector); ok {
			t.Errorf("Score(%.40q) = %+v; want none", vector, got)
		}
	}
}

func TestEcosystem(t *testing.T) {
	for name, want := range map[string]string{
		"Debian:12": "deb/debian/12", "Debian": "deb/debian", "Debian:unstable": "deb/debian/sid",
		"Ubuntu:22.04:LTS": "deb/ubuntu/22.04", "Ubuntu:24.10": "deb/ubuntu/24.10", "Ubuntu:Pro:18.04:LTS": "deb/ubuntu-pro/18.04",
		"Ubuntu:Pro:FIPS-updates:20.04:LTS": "deb/ubuntu-pro-fips-updates/20.04", "Ubuntu:Pro:22.04:LTS:Realtime:Kernel": "deb/ubuntu-pro-realtime-kernel/22.04",
		"Alpine:v3.19": "apk/alpine/3.19", "Alpine:edge": "apk/alpine/edge", "Alpine": "apk/alpine", "Wolfi": "apk/wolfi", "Chainguard": "apk/chainguard",
		"AlmaLinux:9": "rpm/alma/9", "Rocky Linux:9": "rpm/rocky/9", "Mageia:9": "rpm/mageia/9", "openEuler:22.03-LTS-SP3": "rpm/openeuler/22.03-lts-sp3",
		"Red Hat:enterprise_linux:9::appstream": "rpm/redhat/9", "Red Hat:rhel_eus:8.8::baseos": "rpm/redhat-eus/8.8", "Red Hat:rhel_aus:8.2::baseos": "rpm/redhat-aus/8.2",
		"Red Hat:enterprise_linux:9.2": "rpm/redhat/9", "Red Hat": "rpm/redhat", "Red Hat:ocp_tools:4.15::el9": "rpm/redhat-ocp_tools/4.15",
		"SUSE:Linux Enterprise Server 15 SP5": "rpm/sles/15.5", "SUSE:Linux Enterprise Server 12": "rpm/sles/12", "SUSE:Linux Enterprise Server 12 SP5-LTSS": "rpm/sles-ltss/12.5",
		"SUSE:Linux Enterprise Server for SAP Applications 12 SP1": "rpm/sles-sap/12.1", "SUSE:Linux Enterprise Module for Basesystem 15 SP5": "rpm/sles/15.5",
		"SUSE:Linux Enterprise Desktop 15 SP6": "rpm/sled/15.6", "SUSE:Linux Enterprise Micro 5.5": "rpm/sle-micro/5.5",
		"SUSE:Linux Enterprise High Performance Computing 15 SP4-ESPOS": "rpm/sle-hpc-espos/15.4", "SUSE:Package Hub 15 SP5": "rpm/suse/package-hub-15-sp5",
		"openSUSE:Leap 15.5": "rpm/leap/15.5", "openSUSE:Tumbleweed": "rpm/tumbleweed", "openSUSE:Leap Micro 5.5": "rpm/leap-micro/5.5",
		"Go": "golang", "PyPI": "pypi", "npm": "npm", "Maven": "maven", "Maven:https://repo.example.org/maven2": "maven", "RubyGems": "gem", "NuGet": "nuget",
		"crates.io": "cargo", "Packagist": "composer", "Packagist:https://packages.drupal.org/8": "composer", "Hex": "hex", "Pub": "pub", "Bitnami": "bitnami", "GitHub Actions": "githubactions",
		"Something New:7": "something new/7", "": "",
	} {
		if got := Ecosystem(name); got != want {
			t.Errorf("Ecosystem(%q) = %q; want %q", name, got, want)
		}
	}
	for _, c := range [][3]string{{"PyPI", "Django_REST.framework", "django-rest-framework"}, {"npm", "@Scope/Name", "@Scope/Name"}, {"NuGet", "Newtonsoft.Json", "newtonsoft.json"}, {"Maven", "org.Apache:X", "org.Apache:X"}} {
		if p, ok := packageOf(c[0], c[1]); !ok || p.Name != c[2] {
			t.Errorf("packageOf(%s, %s) = %+v, %v; want %s", c[0], c[1], p, ok, c[2])
		}
	}
	for _, c := range [][2]string{{"npm", ""}, {"", "x"}, {"npm", "a\nb"}, {"npm", strings.Repeat("x", 301)}} {
		if p, ok := packageOf(c[0], c[1]); ok {
			t.Errorf("packageOf(%.20q, %.20q) = %+v; want none", c[0], c[1], p)
		}
	}
}

func TestFormats(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Formats {
		if seen[f.Name] || f.Title == "" || f.Publisher == "" || f.Home == "" || f.Licence == "" {
			t.Errorf("format %+v: incomplete, or twice", f)
		}
		seen[f.Name] = true
		if f.Remotes != nil {
			if r := f.Remotes(time.Now()); len(r) != 1 || r[0].Name != f.Name+".zip" || !strings.HasPrefix(r[0].URL, bucket) {
				t.Errorf("%s: remotes %+v", f.Name, r)
			}
		}
		for _, name := range []string{"README.md", "x/all.json", "MAL-2024-1.json"} {
			if f.Wants(name) {
				t.Errorf("%s wants %s", f.Name, name)
			}
		}
	}
	if f := format(t, "ubuntu-osv"); !f.Wants("osv/cve/2024/UBUNTU-CVE-2024-1.json") || f.Wants("osv/usn/USN-1-1.json") || f.Wants("LSN-0108-1.json") {
		t.Error("ubuntu-osv wants the wrong files")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add(`[{"id":"A","affected":[{"package":{"ecosystem":"SUSE:Linux Enterprise Server 15 SP5","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"last_affected":"1"},{"limit":"2"},{"introduced":"0"}]}]}]}]`)
	f.Add(`{"id":"UBUNTU-CVE-2024-1234","affected":[{"package":{"ecosystem":"Ubuntu:Pro:18.04:LTS","name":"x"},"versions":["1","1",""]}],"severity":[{"type":"CVSS_V4","score":"CVSS:4.0/AV:N"}]}`)
	feedtest.Fuzz(f, format(f, "osv"), "x.json")
}

func BenchmarkRead(b *testing.B) {
	f := format(b, "bitnami")
	b.SetBytes(int64(len(sample)))
	b.ReportAllocs()
	for b.Loop() {
		var got feed.Collect
		if err := f.Read("x.json", strings.NewReader(sample), &got); err != nil {
			b.Fatal(err)
		}
	}
}
