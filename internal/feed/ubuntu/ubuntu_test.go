package ubuntu

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

const sampleCVEs = `{"cves":[
 {"id":"CVE-2024-1111","description":"own words","ubuntu_description":"","mitigation":"Turn it off.","priority":"Medium","status":"active","published":"2024-03-01T10:00:00","updated_at":"2024-03-02T10:00:00.5+00:00","references":["https://example.org/a"],
  "packages":[{"name":"examplesrv","statuses":[
   {"description":"1.2-3ubuntu0.1","pocket":"security","release_codename":"jammy","status":"released"},
   {"description":"1.1-1ubuntu0.1+esm2","pocket":"esm-infra","release_codename":"bionic","status":"released"},
   {"description":"some time","pocket":"security","release_codename":"focal","status":"released"},
   {"description":"","pocket":"security","release_codename":"noble","status":"needed"},
   {"description":"code not present","pocket":"security","release_codename":"xenial","status":"not-affected"},
   {"description":"end of life","pocket":"security","release_codename":"trusty","status":"ignored"},
   {"description":"2024-05-01","pocket":"security","release_codename":"oracular","status":"deferred"},
   {"description":"","pocket":"security","release_codename":"plucky","status":"needs-triage"},
   {"description":"","pocket":"fips-updates","release_codename":"jammy","status":"needed"},
   {"description":"","pocket":"security","release_codename":"lunar","status":"DNE"},
   {"description":"9","pocket":"security","release_codename":"upstream","status":"released"}]},
   {"name":"not a name","statuses":[]}]},
 {"id":"CVE-2024-2222","status":"rejected","updated_at":"2024-03-02T10:00:00Z","packages":[{"name":"a","statuses":[{"release_codename":"jammy","status":"needed"}]}]},
 {"id":"nothing"}, 7],
 "limit":1,"offset":0,"total_results":20}`

func pkg(release string) harrier.Package {
	return harrier.Package{Ecosystem: "deb/" + release, Name: "examplesrv"}
}

func before(release, version string) harrier.Affected {
	return harrier.Affected{Package: pkg(release), Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: []harrier.Range{{Before: version}}}
}

func advisory(url string) []harrier.Reference {
	return []harrier.Reference{{URL: "https://ubuntu.com/security/" + url, Tags: []string{"vendor-advisory"}}}
}

func TestCVEs(t *testing.T) {
	plain := before("ubuntu/18.04", "1.1-1ubuntu0.1+esm2")
	plain.Status, plain.Why = harrier.StatusWillNotFix, "fixed in Ubuntu Pro only: esm-infra"
	day := time.Date(2024, 3, 2, 10, 0, 0, 0, time.UTC)
	want := []harrier.Record{
		{
			Source: "ubuntu", ID: "CVE-2024-1111", CVEs: []string{"CVE-2024-1111"}, Summary: "own words", Solution: "Turn it off.", Severity: "medium",
			Published: day.AddDate(0, 0, -1), Modified: day.Add(time.Second / 2), References: append(advisory("CVE-2024-1111"), harrier.Reference{URL: "https://example.org/a"}),
			Affected: []harrier.Affected{
				before("ubuntu/22.04", "1.2-3ubuntu0.1"), before("ubuntu-pro/18.04", "1.1-1ubuntu0.1+esm2"), plain,
				{Package: pkg("ubuntu/24.04"), Status: harrier.StatusAffected},
				{Package: pkg("ubuntu/16.04"), Status: harrier.StatusNotAffected, Why: "code not present"},
				{Package: pkg("ubuntu/14.04"), Status: harrier.StatusWillNotFix, Why: "end of life"},
				{Package: pkg("ubuntu/24.10"), Status: harrier.StatusFixDeferred, Why: "2024-05-01"},
				{Package: pkg("ubuntu/25.04"), Status: harrier.StatusUnknown},
				{Package: pkg("ubuntu-pro-fips-updates/22.04"), Status: harrier.StatusAffected},
			},
		},
		{Source: "ubuntu", ID: "CVE-2024-2222", CVEs: []string{"CVE-2024-2222"}, Modified: day, Withdrawn: day, References: advisory("CVE-2024-2222")},
	}
	got := feedtest.Read(t, Format, "cves.json", sampleCVEs)
	if diff := cmp.Diff(want, got.Records); diff != "" || len(got.Faults) != 3 {
		t.Errorf("Read: faults %q; -want +got\n%s", got.Faults, diff)
	}
}

const sampleNotices = `{
 "6000-1":{"title":"Example vulnerability","isummary":"own summary","description":"own details","action":"Update.","timestamp":1559819644.967449,"id":"6000-1",
  "cves":["CVE-2024-1111","https://launchpad.net/bugs/1"],"releases":{
   "jammy":{"sources":{"examplesrv":{"version":"1.2-3ubuntu0.1","description":"x"}},"allbinaries":{"examplesrv":{"version":"1.2-3ubuntu0.1","pocket":"security"}}},
   "bionic":{"sources":{"examplesrv":{"version":"4.15.0-1.2"}},"allbinaries":{"a":{"pocket":"esm-infra"},"b":{"pocket":"esm-infra"}}},
   "xenial":{"sources":{"examplesrv":{"version":"1.1+esm1"}}},
   "unheard":{"sources":{"examplesrv":{"version":"9"}}}}},
 "6000-2":{"title":"Example regression","cves":[],"releases":{}},
 "6001-1":{"cves":["CVE-2024-1111"],"releases":7},
 "6001-x":{"cves":["CVE-2024-1111"]}}`

func TestNotices(t *testing.T) {
	said := func(release, version string) harrier.Affected {
		a := before(release, version)
		a.Status, a.Advisory = harrier.StatusUnknown, "USN-6000-1"
		return a
	}
	want := []harrier.Record{{
		Source: "ubuntu", ID: "USN-6000-1", CVEs: []string{"CVE-2024-1111"}, Title: "Example vulnerability", Summary: "own summary", Details: "own details", Solution: "Update.",
		Published: time.Date(2019, 6, 6, 11, 14, 4, 0, time.UTC), References: advisory("notices/USN-6000-1"),
		Affected: []harrier.Affected{said("ubuntu-pro/18.04", "4.15.0-1.2"), said("ubuntu/22.04", "1.2-3ubuntu0.1"), said("ubuntu-pro/16.04", "1.1+esm1")},
	}}
	got := feedtest.Read(t, Format, "usn.json", sampleNotices)
	if diff := cmp.Diff(want, got.Records); diff != "" || len(got.Faults) != 2 {
		t.Errorf("Read: faults %q; -want +got\n%s", got.Faults, diff)
	}
}

const sampleVEX = `{"metadata":{"@id":"x","timestamp":"2025-02-06T16:37:20.173026"},"statements":[
 {"vulnerability":{"name":"CVE-2024-1111","description":"own words"},"status":"not_affected","justification":"vulnerable_code_not_present","products":[
  {"@id":"pkg:deb/ubuntu/examplesrv@1.0?arch=source&distro=esm-infra-legacy/trusty"},{"@id":"pkg:deb/ubuntu/examplesrv@1.0?arch=amd64"},{"@id":"pkg:deb/ubuntu/examplesrv@1.1?arch=source&distro=focal"},{"@id":"pkg:deb/debian/x@1?arch=source&distro=focal"}]},
 {"vulnerability":{"name":"CVE-2024-1111"},"status":"fixed","products":[{"@id":"pkg:deb/ubuntu/examplesrv@1%3A1.2-3ubuntu0.1+x?arch=source&distro=jammy"}]},
 {"vulnerability":{"name":"CVE-2024-1111"},"status":"under_investigation","products":[{"@id":"pkg:deb/ubuntu/examplesrv@1?arch=source&distro=noble"}]},
 {"vulnerability":{"name":"CVE-2024-1111"},"status":"affected","products":[{"@id":"pkg:deb/ubuntu/examplesrv@1?arch=source&distro=esm-apps/noble"}]},
 {"vulnerability":{"name":"USN-1-1"},"status":"fixed","products":[]},
 {"vulnerability":{"name":"CVE-2024-9999"},"status":"fixed","products":[]}]}`

func TestVEX(t *testing.T) {
	want := []harrier.Record{{
		Source: "ubuntu", ID: "CVE-2024-1111 VEX", CVEs: []string{"CVE-2024-1111"}, Summary: "own words",
		Modified: time.Date(2025, 2, 6, 16, 37, 20, 173026000, time.UTC), References: advisory("CVE-2024-1111"),
		Affected: []harrier.Affected{
			{Package: pkg("ubuntu-pro/14.04"), Status: harrier.StatusNotAffected, Why: "vulnerable_code_not_present"},
			{Package: pkg("ubuntu/20.04"), Status: harrier.StatusNotAffected, Why: "vulnerable_code_not_present"},
			before("ubuntu/22.04", "1:1.2-3ubuntu0.1+x"),
			{Package: pkg("ubuntu/24.04"), Status: harrier.StatusUnknown},
			{Package: pkg("ubuntu-pro/24.04"), Status: harrier.StatusAffected},
		},
	}}
	got := feedtest.Read(t, Format, "CVE-2024-1111.json", sampleVEX)
	if diff := cmp.Diff(want, got.Records); diff != "" || len(got.Faults) != 1 {
		t.Errorf("Read: faults %q; -want +got\n%s", got.Faults, diff)
	}
	for _, text := range []string{`{"metadata":{},"statements":[]}`, `{}`, `{"other":[1,{"a":2}]}`} {
		got := feedtest.Read(t, Format, "x.json", text)
		if len(got.Records)+len(got.Faults) != 0 {
			t.Errorf("Read(%s) = %+v; want nothing", text, got)
		}
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{"", "[]", `{"cves":[`, `{"cves":[{"id":`, `{"statements":7}`, `{"1-1":{`} {
		if err := read("", strings.NewReader(text), &feed.Collect{}); err == nil {
			t.Errorf("read(%s) = nil; want an error", text)
		}
	}
}

func TestSamples(t *testing.T) {
	statuses := map[string]int{}
	records := map[string]int{}
	for kind, under := range map[string]string{"cve": "ubuntu/cve/happy/", "usn": "ubuntu/usndb/happy/database-all.json.bz2"} {
		got, _ := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", under))
		if len(got.Faults) != 0 {
			t.Errorf("%s: %q", under, got.Faults)
		}
		records[kind] += len(got.Records)
		for _, rec := range got.Records {
			for _, a := range rec.Affected {
				statuses[kind+" "+a.Status.String()+", else "+a.Otherwise.String()]++
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"cve": 4, "usn": 3}, records); diff != "" {
		t.Errorf("records: -want +got\n%s", diff)
	}
	want := map[string]int{
		"cve affected, else unknown": 38, "cve not affected, else unknown": 92, "cve unknown, else unknown": 6, "cve will not fix, else unknown": 80,
		"usn unknown, else not affected": 14,
	}
	if diff := cmp.Diff(want, statuses); diff != "" {
		t.Errorf("statuses: -want +got\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sampleCVEs)
	f.Add(sampleNotices)
	f.Add(sampleVEX)
	feedtest.Fuzz(f, Format, "x.json")
}

func BenchmarkRead(b *testing.B) {
	for name, text := range map[string]string{"cve": sampleCVEs, "usn": sampleNotices, "vex": sampleVEX} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := read("", strings.NewReader(text), &feed.Collect{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
