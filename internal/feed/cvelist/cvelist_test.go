package cvelist

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const fileName = "cves/2026/123xxx/CVE-2026-123633.json"

const sample = `{"dataType":"CVE_RECORD","dataVersion":"5.1",
"cveMetadata":{"cveId":"CVE-2026-123633","assignerOrgId":"0","state":"PUBLISHED","assignerShortName":"example","datePublished":"2026-01-01T10:15:07.123Z","dateUpdated":"2026-01-02T00:00:00"},
"containers":{"cna":{"providerMetadata":{"orgId":"0","shortName":"example","dateUpdated":"2026-01-02T00:00:00Z"},
 "title":"Overflow in Server","descriptions":[{"lang":"de","value":"Ein Fehler."},{"lang":"en-US","value":"It overflows."}],
 "solutions":[{"lang":"en","value":"Update it."}],
 "problemTypes":[{"descriptions":[{"lang":"en","cweId":"CWE-787","description":"x"},{"lang":"en","description":"CWE-20 Improper input"},{"lang":"en","description":"n/a"}]}],
 "metrics":[{"format":"CVSS","cvssV3_1":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8}},{"other":{"type":"Some severity rating","content":{"value":"Important","namespace":"x"}}}],
 "references":[{"url":"https://example.org/a","tags":["vendor-advisory","x_refsource_MISC"],"name":"A"}],
 "source":{"advisory":"GHSA-2p49-hgcm-8545","discovery":"UNKNOWN"},
 "affected":[
  {"vendor":"Example Inc.","product":"Server","defaultStatus":"unaffected","platforms":["Linux","x86"],"versions":[{"version":"1.0","lessThan":"1.2.3","versionType":"semver","status":"affected"}]},
  {"vendor":"Example Inc.","product":"Client","cpes":["cpe:2.3:a:example:client:1.0:*:*:*:*:*:*:*","cpe:2.3:a:example:client:1.1:*:*:*:*:*:*:*"],"defaultStatus":"unknown","versions":[{"version":"1.0","lessThanOrEqual":"1.1","versionType":"custom","status":"affected"}]},
  {"vendor":"Example Inc.","product":"Old","cpes":["cpe:/a:example:old:7"],"versions":[{"version":"n/a","status":"affected"}]},
  {"collectionURL":"https://www.npmjs.com/package/Example-js","packageName":"Example-js","defaultStatus":"unaffected","versions":[{"version":"< 4.0.8","status":"affected"}]},
  {"vendor":"Red Hat","product":"Red Hat Enterprise Linux 9","collectionURL":"https://access.redhat.com/downloads/content/package-browser/","packageName":"server","defaultStatus":"affected","cpes":["cpe:/a:redhat:enterprise_linux:9::appstream","cpe:/o:redhat:enterprise_linux:9::baseos"],"versions":[{"version":"0:2.4.57-11.el9_4","lessThan":"*","versionType":"rpm","status":"unaffected"}]},
  {"vendor":"Red Hat","product":"A container","collectionURL":"https://catalog.redhat.com/software/containers/","packageName":"a/b","defaultStatus":"affected","cpes":["cpe:/a:redhat:openshift:4"]},
  {"vendor":"n/a","product":"n/a","versions":[{"version":"*","status":"affected"}]}]},
"adp":[
 {"providerMetadata":{"orgId":"1","shortName":"CVE"},"title":"CVE Program Container","references":[{"url":"https://example.org/a","tags":["x_transferred"]},{"url":"https://example.org/b","tags":["exploit"]}]},
 {"providerMetadata":{"orgId":"2","shortName":"CISA-ADP","dateUpdated":"2026-01-03T00:00:00.000Z"},"title":"CISA ADP Vulnrichment",
  "metrics":[{"other":{"type":"ssvc","content":{"id":"CVE-2026-123633","options":[{"Exploitation":"PoC"},{"Automatable":"No"},{"Technical Impact":"Total"}],"role":"CISA Coordinator","version":"2.0.3"}}},
   {"other":{"type":"kev","content":{"dateAdded":"2026-01-03","reference":"x"}}},{"cvssV3_1":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N","baseScore":"7.5"}}],
  "problemTypes":[{"descriptions":[{"lang":"en","cweId":"CWE-122"}]}],
  "affected":[{"vendor":"example","product":"server","cpes":["cpe:2.3:a:example:server:*:*:*:*:*:*:*:*"],"defaultStatus":"unknown","versions":[{"version":"0","lessThan":"1.2.3","status":"affected","versionType":"custom"}]}]}]}}`

const rejected = `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-0002","state":"REJECTED","dateUpdated":"2026-01-02T00:00:00Z","dateRejected":"2026-01-03T00:00:00Z"},
"containers":{"cna":{"providerMetadata":{"shortName":"example"},"rejectedReasons":[{"lang":"en","value":"Not one."}],"replacedBy":["CVE-2026-0001"]}}}`

func TestRead(t *testing.T) {
	day := wire.Time
	const yes, no = harrier.StatusAffected, harrier.StatusNotAffected
	linux := []string{"cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*"}
	want := []harrier.Record{
		{
			Source: "cvelist", ID: "CVE-2026-123633", CVEs: []string{"CVE-2026-123633"}, Aliases: []string{"GHSA-2p49-hgcm-8545"},
			Title: "Overflow in Server", Details: "It overflows.", Solution: "Update it.", Severity: "important",
			Scores: []harrier.Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, By: "example"}},
			CWEs:   []int{787, 20}, Published: day("2026-01-01T10:15:07.123Z"), Modified: day("2026-01-02"),
			References: []harrier.Reference{{URL: "https://example.org/a", Tags: []string{"vendor-advisory"}}, {URL: "https://example.org/b", Tags: []string{"exploit"}}},
			Affected: []harrier.Affected{
				{Maker: "example inc./server", Status: yes, Otherwise: no, Ranges: []harrier.Range{{From: "1.0", Before: "1.2.3"}}, Scheme: "semver", Platforms: linux},
				{CPE: "cpe:2.3:a:example:client:*:*:*:*:*:*:*:*", Status: yes, Ranges: []harrier.Range{{From: "1.0", To: "1.1"}}},
				{CPE: "cpe:2.3:a:example:old:7:*:*:*:*:*:*:*", Status: yes},
				{Package: harrier.Package{Ecosystem: "npm", Name: "example-js"}, Status: yes, Otherwise: no, Ranges: []harrier.Range{{Before: "4.0.8"}}},
				{Package: harrier.Package{Ecosystem: "rpm/redhat/9", Name: "server"}, Status: yes, Otherwise: no, Ranges: []harrier.Range{{Before: "0:2.4.57-11.el9_4"}}, Scheme: "rpm"},
			},
		},
		{
			Source: "vulnrichment", ID: "CVE-2026-123633", CVEs: []string{"CVE-2026-123633"}, Modified: day("2026-01-03"),
			Scores: []harrier.Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", Base: 7.5, By: "CISA-ADP"}},
			CWEs:   []int{122}, SSVC: &harrier.SSVC{Exploitation: "poc", Automatable: "no", TechnicalImpact: "total"}, KEV: &harrier.KEV{Added: day("2026-01-03")},
			Affected: []harrier.Affected{{CPE: "cpe:2.3:a:example:server:*:*:*:*:*:*:*:*", Status: yes, Ranges: []harrier.Range{{Before: "1.2.3"}}}},
		},
	}
	got := feedtest.Read(t, Format, fileName, sample)
	if diff := cmp.Diff(want, got.Records); diff != "" || len(got.Faults) > 0 {
		t.Errorf("Read: faults %v, (-want +got):\n%s", got.Faults, diff)
	}
	got = feedtest.Read(t, Vulnrichment, fileName, sample)
	if diff := cmp.Diff(want[1:], got.Records); diff != "" || len(got.Faults) > 0 {
		t.Errorf("Vulnrichment.Read: faults %v, (-want +got):\n%s", got.Faults, diff)
	}
	got = feedtest.Read(t, Format, "CVE-2026-0002.json", rejected)
	gone := []harrier.Record{{Source: "cvelist", ID: "CVE-2026-0002", CVEs: []string{"CVE-2026-0002"}, Details: "Not one.", Modified: day("2026-01-02"), Withdrawn: day("2026-01-03")}}
	if diff := cmp.Diff(gone, got.Records); diff != "" {
		t.Errorf("Read of a rejected one (-want +got):\n%s", diff)
	}
}

func TestReadBroken(t *testing.T) {
	for name, data := range map[string]string{
		"empty": "", "cut": sample[:500], "a list": "[]", "no id": `{}`, "an odd id": `{"cveMetadata":{"cveId":"CVE-x"},"containers":{"cna":{}}}`,
		"format 4":        `{"CVE_data_meta":{"ID":"CVE-2020-0001"}}`,
		"no container":    `{"cveMetadata":{"cveId":"CVE-2026-0001","state":"PUBLISHED"}}`,
		"another type":    strings.Replace(sample, `"versions":[{"version":"1.0"`, `"versions":[{"version":1.0`, 1),
		"number for text": strings.Replace(sample, `"Overflow in Server"`, `7`, 1),
	} {
		got := feedtest.Read(t, Format, fileName, data)
		if len(got.Records) != 0 || len(got.Faults) != 1 {
			t.Errorf("%s: %d records, faults %v; want one fault", name, len(got.Records), got.Faults)
		}
	}
	got := feedtest.Read(t, Format, fileName, `{"cveMetadata":{"cveId":"CVE-2026-0001","state":"RESERVED"}}`)
	if len(got.Records) != 0 || len(got.Faults) != 0 {
		t.Errorf("a reserved id gives %+v; want nothing", got)
	}
}

func TestWants(t *testing.T) {
	for name, want := range map[string]bool{
		"cvelistV5-main/cves/2026/0xxx/CVE-2026-0001.json": true, "deltaCves/CVE-2026-123633.json": true, "2024/3xxx/CVE-2024-3094.json": true,
		"cves/delta.json": false, "cves/deltaLog.json": false, "README.md": false, "CVE-2026-0001.json.bak": false,
	} {
		if got := Format.Wants(name); got != want {
			t.Errorf("Wants(%q) = %v; want %v", name, got, want)
		}
	}
}

func TestRemotes(t *testing.T) {
	names := map[string]bool{}
	list := Format.Remotes(time.Date(2026, 3, 1, 1, 30, 0, 0, time.UTC))
	for i, r := range list {
		if names[r.Name] || r.URL == "" || i > 0 && !r.Optional {
			t.Errorf("the remote %+v", r)
		}
		names[r.Name] = true
	}
	last := list[len(list)-1]
	if want := "https://github.com/CVEProject/cvelistV5/releases/download/cve_2026-03-01_0000Z/2026-03-01_delta_CVEs_at_0000Z.zip"; last.URL != want {
		t.Errorf("the last remote is %s; want %s", last.URL, want)
	}
	if want := "https://github.com/CVEProject/cvelistV5/releases/download/cve_2026-02-28_at_end_of_day/2026-02-28_delta_CVEs_at_end_of_day.zip"; list[len(list)-2].URL != want {
		t.Errorf("the day before is %s; want %s", list[len(list)-2].URL, want)
	}
	if days := len(list) - 2; time.Duration(days)*24*time.Hour <= list[0].Every {
		t.Errorf("the files of %d days do not cover %v", days, list[0].Every)
	}
}

func TestPackages(t *testing.T) {
	for _, c := range []struct {
		p    product
		want harrier.Package
	}{
		{product{Collection: "https://pypi.org/project/x", Package: "Some_Package.Name"}, harrier.Package{Ecosystem: "pypi", Name: "some-package-name"}},
		{product{Collection: "https://repo.maven.apache.org/maven2/", Package: "org.example:server"}, harrier.Package{Ecosystem: "maven", Name: "org.example:server"}},
		{product{Collection: "https://repo.maven.apache.org/maven2", Package: "org.example/server"}, harrier.Package{Ecosystem: "maven", Name: "org.example:server"}},
		{product{Collection: "https://pkg.go.dev", Package: "example.org/Server"}, harrier.Package{Ecosystem: "golang", Name: "example.org/Server"}},
		{product{PURL: "pkg:npm/%40scope/name@1.0?x=y"}, harrier.Package{Ecosystem: "npm", Name: "@scope/name"}},
		{product{PURL: "pkg:maven/org.example/server"}, harrier.Package{Ecosystem: "maven", Name: "org.example:server"}},
		{product{Collection: "https://github.com/x/y", Package: "y"}, harrier.Package{}},
		{product{Collection: "https://pypi.org", Package: "n/a"}, harrier.Package{}},
		{product{Collection: "https://pypi.org.evil.example", Package: "x"}, harrier.Package{}},
	} {
		if got, ok := c.p.pkg(); got != c.want || ok != (c.want != harrier.Package{}) {
			t.Errorf("pkg of %+v = %+v; want %+v", c.p, got, c.want)
		}
	}
}

// TestPublished reads the whole set of Vulnrichment, and samples of the list.
func TestPublished(t *testing.T) {
	c, files := feedtest.Play(t, Format, feedtest.Files(t, "vulnrichment"))
	count := map[string]int{}
	for _, r := range c.Records {
		count[r.Source]++
		for what, is := range map[string]bool{
			" withdrawn": !r.Withdrawn.IsZero(), " with SSVC": r.SSVC != nil, " with KEV": r.KEV != nil, " with scores": len(r.Scores) > 0,
			" with statements": len(r.Affected) > 0, " with CWEs": len(r.CWEs) > 0, " with title": r.Title != "",
		} {
			if is {
				count[r.Source+what]++
			}
		}
		if r.SSVC != nil && (!strings.Contains(" none poc active ", " "+r.SSVC.Exploitation+" ") || !strings.Contains(" yes no ", " "+r.SSVC.Automatable+" ")) {
			t.Errorf("%s: %+v", r.ID, *r.SSVC)
		}
		for _, a := range r.Affected {
			switch {
			case a.CPE != "":
				count["about CPEs"]++
			case a.Maker != "":
				count["about makers"]++
			default:
				count["about "+a.Package.Ecosystem]++
			}
		}
	}
	t.Logf("%d files, %d bad: %v", files, len(c.Faults), count)
	for _, f := range c.Faults {
		t.Log("bad:", f)
	}
	for what, want := range map[string]int{"cvelist": 3128, "cvelist withdrawn": 9, "vulnrichment": 3119, "vulnrichment with SSVC": 3119, "vulnrichment with KEV": 18} {
		if count[what] != want {
			t.Errorf("%d %s; want %d", count[what], what, want)
		}
	}
	for what, least := range map[string]int{"vulnrichment with statements": 1800, "cvelist with statements": 2300} {
		if count[what] < least {
			t.Errorf("%d %s; want %d and more", count[what], what, least)
		}
	}
	if len(c.Faults) != 0 {
		t.Errorf("%d bad records; want none", len(c.Faults))
	}
	c, _ = feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "mitre/cve/v5/"))
	if len(c.Records) < 4 || len(c.Faults) != 0 {
		t.Errorf("%d records of the samples, faults %v; want 4, none", len(c.Records), c.Faults)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add(rejected)
	feedtest.Fuzz(f, Format, fileName)
}

// FuzzVersions asks that statements about any text keep what all promise.
func FuzzVersions(f *testing.F) {
	f.Add("1.0", "2.0", "", "1.5", "affected", "unaffected")
	f.Add(">= 1.0, < 1.2.3", "", "", "", "affected", "unknown")
	f.Add("0", "", "5.4.*", "5.4.2", "unaffected", "affected")
	f.Add("1.0 to 1.2, v2 and earlier; before 7.x", "", "", "", "affected", "unknown")
	f.Fuzz(func(t *testing.T, v, less, equal, at, status, def string) {
		p := product{Vendor: "v", Product: "p", Default: def, Versions: []version{
			{Version: v, LessThan: less, LessThanOrEqual: equal, Status: status, Changes: []change{{At: at, Status: "unaffected"}}},
			{Version: at, Status: "affected"},
		}}
		feedtest.Check(t, Format, []harrier.Record{{Source: source, ID: "CVE-2026-0001", Affected: statements([]product{p})}})
	})
}

func BenchmarkRead(b *testing.B) {
	b.SetBytes(int64(len(sample)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Format.Read(fileName, strings.NewReader(sample), &feed.Collect{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHostile reads a record that has as many entries, all overlapping, as
// are put in order.
func BenchmarkHostile(b *testing.B) {
	entry := `{"version":"1.0","lessThan":"2.0","status":"affected","changes":[{"at":"1.5","status":"unaffected"},{"at":"1.4","status":"affected"}]},`
	data := strings.Replace(sample, `"versions":[`, `"versions":[`+strings.Repeat(entry, 9000), 1)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := Format.Read(fileName, strings.NewReader(data), &feed.Collect{}); err != nil {
			b.Fatal(err)
		}
	}
}
