package nvd

import (
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const feedName = "nvdcve-2.0-modified.json"

// sample is a page in the shape of NVD: a record with everything, a rejected
// one, and ones that are broken.
const sample = `{"resultsPerPage":5,"startIndex":0,"totalResults":5,"format":"NVD_CVE","version":"2.0","timestamp":"2026-01-02T03:04:05.678",
"vulnerabilities":[
{"cve":{"id":"CVE-2026-123633","sourceIdentifier":"cna@example.org","published":"2026-01-01T10:15:07.123","lastModified":"2026-01-02T00:00:00.000","vulnStatus":"Analyzed",
 "cisaExploitAdd":"2026-01-03","cisaActionDue":"2026-01-24","cisaRequiredAction":"Update it.","cisaVulnerabilityName":"Example Server Overflow",
 "descriptions":[{"lang":"es","value":"Un fallo."},{"lang":"en","value":" An overflow. "}],
 "metrics":{"cvssMetricV31":[{"source":"nvd@nist.gov","type":"Primary","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8}}],
  "cvssMetricV2":[{"source":"nvd@nist.gov","type":"Primary","cvssData":{"version":"2.0","vectorString":"(AV:N/AC:L/Au:N/C:P/I:P/A:P)","baseScore":7.5}},
   {"source":"x","type":"Secondary","cvssData":{"version":"2.0","vectorString":"AV:N/AC:L/Au:N/C:P/I:P/A:P","baseScore":75}}]},
 "weaknesses":[{"source":"nvd@nist.gov","type":"Primary","description":[{"lang":"en","value":"CWE-787"},{"lang":"en","value":"NVD-CWE-noinfo"}]}],
 "configurations":[{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[
  {"vulnerable":true,"criteria":"cpe:2.3:a:example:server:*:*:*:*:*:*:*:*","versionStartIncluding":"1.0","versionEndExcluding":"1.2.3","matchCriteriaId":"0"},
  {"vulnerable":true,"criteria":"cpe:2.3:a:example:server:*:*:*:*:*:*:*:*","versionStartExcluding":"2.0","versionEndIncluding":"2.1"},
  {"vulnerable":false,"criteria":"cpe:2.3:a:example:client:*:*:*:*:*:*:*:*"},
  {"vulnerable":true,"criteria":"cpe:2.3:a:example:server:3.0:rc1:*:*:*:*:*:*"}]}]},
  {"operator":"AND","nodes":[{"operator":"OR","negate":false,"cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:o:example:box_firmware:*:*:*:*:*:*:*:*","versionEndExcluding":"7"}]},
   {"operator":"OR","negate":false,"cpeMatch":[{"vulnerable":false,"criteria":"cpe:2.3:h:example:box:-:*:*:*:*:*:*:*"}]}]},
  {"negate":true,"nodes":[{"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:example:other:*:*:*:*:*:*:*:*"}]}]}],
 "references":[{"url":"https://example.org/advisory","source":"x","tags":["Vendor Advisory","Patch"]},{"url":"https://example.org/advisory","tags":["Patch"]},{"url":"javascript:alert(1)"}]}},
{"cve":{"id":"CVE-2026-0002","vulnStatus":"Rejected","published":"2026-01-01T00:00:00.000","lastModified":"2026-02-01T00:00:00.000","descriptions":[{"lang":"en","value":"Rejected."}]}},
{"cve":{"id":"CVE-26-1","published":"2026-01-01T00:00:00.000"}},
{"cve":{"id":["CVE-2026-0003"]}},
{"cve":{"id":"CVE-2026-0004","descriptions":"none"}},
{"cve":{"id":"CVE-2026-0005","configurations":[{"nodes":[{"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"windows"}]}]}]}}
]}`

func TestRead(t *testing.T) {
	got := feedtest.Read(t, Format, feedName, sample)
	day := func(s string) time.Time { return wire.Time(s) }
	want := []harrier.Record{
		{
			Source: "nvd", ID: "CVE-2026-123633", CVEs: []string{"CVE-2026-123633"}, Details: "An overflow.",
			Published: day("2026-01-01T10:15:07.123"), Modified: day("2026-01-02"),
			Scores: []harrier.Score{
				{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, By: "nvd@nist.gov", Primary: true},
				{Version: "2.0", Vector: "AV:N/AC:L/Au:N/C:P/I:P/A:P", Base: 7.5, By: "nvd@nist.gov", Primary: true},
			},
			CWEs:       []int{787},
			References: []harrier.Reference{{URL: "https://example.org/advisory", Tags: []string{"vendor-advisory", "patch"}}},
			KEV:        &harrier.KEV{Added: day("2026-01-03"), Due: day("2026-01-24"), Name: "Example Server Overflow", Action: "Update it."},
			Affected: []harrier.Affected{
				{CPE: "cpe:2.3:a:example:server:*:*:*:*:*:*:*:*", Status: harrier.StatusAffected, Ranges: []harrier.Range{{From: "1.0", Before: "1.2.3"}, {After: "2.0", To: "2.1"}}},
				{CPE: "cpe:2.3:a:example:server:3.0:rc1:*:*:*:*:*:*", Status: harrier.StatusAffected},
				{CPE: "cpe:2.3:o:example:box_firmware:*:*:*:*:*:*:*:*", Status: harrier.StatusAffected, Ranges: []harrier.Range{{Before: "7"}}, Platforms: []string{"cpe:2.3:h:example:box:-:*:*:*:*:*:*:*"}},
			},
		},
		{Source: "nvd", ID: "CVE-2026-0002", CVEs: []string{"CVE-2026-0002"}, Details: "Rejected.", Published: day("2026-01-01"), Modified: day("2026-02-01"), Withdrawn: day("2026-02-01")},
		{Source: "nvd", ID: "CVE-2026-0005", CVEs: []string{"CVE-2026-0005"}},
	}
	if diff := cmp.Diff(want, got.Records); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
	faults := strings.Join(got.Faults, "\n")
	for _, id := range []string{"CVE-2026-123633: configuration 3 is left out", "CVE-26-1: ", ": json: cannot unmarshal", "CVE-2026-0004: ", `CVE-2026-0005: "windows" is no CPE`} {
		if !strings.Contains(faults, id) {
			t.Errorf("faults are\n%s\nwant one with %q", faults, id)
		}
	}
	if len(got.Faults) != 5 {
		t.Errorf("%d faults; want 5:\n%s", len(got.Faults), faults)
	}
}

func TestReadBrokenFile(t *testing.T) {
	for name, data := range map[string]string{
		"empty": "", "no JSON": "<html>", "another shape": `{"CVE_Items":[]}`, "a list": "[]",
		"cut": sample[:len(sample)-40], "rubbish behind a record": strings.Replace(sample, "\n{\"cve\":{\"id\":\"CVE-2026-0002\"", "\n}{", 1),
	} {
		var c feed.Collect
		err := Format.Read(feedName, strings.NewReader(data), &c)
		var e *harrier.Error
		if !errors.As(err, &e) || e.Kind != harrier.Invalid {
			t.Errorf("%s: Read = %v; want Invalid", name, err)
		}
		if name == "cut" && len(c.Records) == 0 {
			t.Errorf("%s: what was whole is lost", name)
		}
	}
}

// TestReadKeepsLittle reads a record that never ends: reading stops before
// memory does.
func TestReadKeepsLittle(t *testing.T) {
	r := io.MultiReader(strings.NewReader(`{"vulnerabilities":[{"cve":{"id":"`), endless{})
	var e *harrier.Error
	if err := Format.Read(feedName, r, &feed.Collect{}); !errors.As(err, &e) || e.Kind != harrier.Invalid {
		t.Errorf("Read of an endless record = %v; want Invalid", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestWants(t *testing.T) {
	for name, want := range map[string]bool{
		"nvdcve-2.0-2024.json": true, "x/nvdcve-2.0-modified.json": true, "nvd-api-0.json": true, "nvdcve-2.0-000.json": true,
		"nvdcve-1.1-2002.json": false, "nvdcpe-2.0.json": false, "CVE-2024-0001.json": false,
	} {
		if got := Format.Wants(name); got != want {
			t.Errorf("Wants(%q) = %v; want %v", name, got, want)
		}
	}
}

func TestRemotes(t *testing.T) {
	list := Format.Remotes(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if n := len(list); n != 26 || list[0].Name != "nvdcve-2.0-2002.json.gz" || list[n-2].Name != "nvdcve-2.0-2026.json.gz" || list[n-1].Name != "nvdcve-2.0-modified.json.gz" {
		t.Errorf("Remotes = %+v", list)
	}
}

// TestPublished reads the publisher's own samples, of NVD and of a mirror.
func TestPublished(t *testing.T) {
	count := map[string]int{}
	for _, under := range []string{"nvd/api/cve/", "nvd/feed/cve/v2/", "vulncheck/nist-nvd2/"} {
		for file := range feedtest.Files(t, "vendor-samples", under) {
			if file.Err != nil || !strings.HasSuffix(file.Name, ".json") {
				continue
			}
			file.Name = "nvd-api-" + path.Base(file.Name) // as whoever saves pages names them
			c, _ := feedtest.Play(t, Format, slices.Values([]feedtest.File{file}))
			for _, f := range c.Faults {
				t.Logf("%s: %s", file.Name, f)
				count["bad"]++
			}
			count[under] += len(c.Records)
		}
	}
	want := map[string]int{"nvd/api/cve/": 30, "nvd/feed/cve/v2/": 3, "vulncheck/nist-nvd2/": 1}
	t.Log(count)
	for under, least := range want {
		if count[under] < least {
			t.Errorf("%d records below %s; want %d and more", count[under], under, least)
		}
	}
	if count["bad"] != 0 {
		t.Errorf("%d bad records; want none", count["bad"])
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add(`{"vulnerabilities":[{"cve":{"id":"CVE-2026-0001","configurations":[{"operator":"AND","nodes":[{"cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:b:c\\:d:*"}]},{}]}]}}]}`)
	f.Add(`{"x":[[[[{}]]]],"vulnerabilities":null}`)
	feedtest.Fuzz(f, Format, feedName)
}

func BenchmarkRead(b *testing.B) {
	one := sample[strings.Index(sample, `{"cve"`):strings.Index(sample, "\n{\"cve\":{\"id\":\"CVE-2026-0002")]
	data := []byte(`{"vulnerabilities":[` + strings.Repeat(one, 2000) + strings.TrimSuffix(one, ",") + "]}")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		n := counter(0)
		if err := Format.Read(feedName, bytes.NewReader(data), &n); err != nil || n != 2001 {
			b.Fatal(n, err)
		}
	}
}

type counter int

func (c *counter) Put(*harrier.Record) error { *c++; return nil }
func (c *counter) Bad(string, error)         {}
