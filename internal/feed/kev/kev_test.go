package kev

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const (
	jsonName = "known_exploited_vulnerabilities.json"
	csvName  = "known_exploited_vulnerabilities.csv"
)

const sampleJSON = `{"title":"A catalogue","catalogVersion":"2026.01.02","count":5,"vulnerabilities":[
{"cveID":"CVE-2026-123633","vendorProject":"Example","product":"Server","vulnerabilityName":"Example Server Overflow","dateAdded":"2026-01-02","shortDescription":"It overflows.","requiredAction":"Update.","dueDate":"2026-01-23","knownRansomwareCampaignUse":"Known","notes":"https:\/\/example.org\/a ; See also https://example.org/b; none","cwes":["CWE-787","CWE-787"]},
{"cveID":"2026-1","dateAdded":"2026-01-02"},
{"cveID":"CVE-2026-0002","dateAdded":"soon"},
{"cveID":"CVE-2026-0003","dateAdded":20260102},
{"cveID":" cve-2026-0004 ","dateAdded":"2026-01-02","knownRansomwareCampaignUse":"Unknown"}]}`

const sampleCSV = "\uFEFFcveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,knownRansomwareCampaignUse,notes,cwes\r\n" +
	"CVE-2026-123633,Example,Server,\"Example Server Overflow\",2026-01-02,It overflows.,Update.,2026-01-23,Known,\"https://example.org/a ; See also https://example.org/b; none\",CWE-787\n" +
	"2026-1,,,,2026-01-02\n" +
	"CVE-2026-0002,,,,soon,,,,,,\n" +
	"CVE-2026-0003,a\"b,,,2026-01-02,,,,,,\n" +
	"CVE-2026-0004,,,,2026-01-02,,,,Unknown,,\n"

func TestRead(t *testing.T) {
	want := []harrier.Record{
		{
			Source: "kev", ID: "CVE-2026-123633", CVEs: []string{"CVE-2026-123633"}, Title: "Example Server Overflow", Summary: "It overflows.", CWEs: []int{787},
			References: []harrier.Reference{{URL: "https://example.org/a"}, {URL: "https://example.org/b"}},
			KEV: &harrier.KEV{
				Added: wire.Time("2026-01-02"), Due: wire.Time("2026-01-23"), Ransomware: true,
				Vendor: "Example", Product: "Server", Name: "Example Server Overflow", Action: "Update.",
			},
		},
		{Source: "kev", ID: "CVE-2026-0004", CVEs: []string{"CVE-2026-0004"}, KEV: &harrier.KEV{Added: wire.Time("2026-01-02")}},
	}
	for name, data := range map[string]string{jsonName: sampleJSON, csvName: sampleCSV} {
		got := feedtest.Read(t, Format, name, data)
		if diff := cmp.Diff(want, got.Records); diff != "" || len(got.Faults) != 3 {
			t.Errorf("%s: faults %q; want 3; (-want +got):\n%s", name, got.Faults, diff)
		}
	}
}

func TestReadBrokenFile(t *testing.T) {
	for data, name := range map[string]string{"": jsonName, "[]": jsonName, "{}": jsonName, sampleJSON[:300]: jsonName, "cve,date\n": csvName, "\n": csvName} {
		var e *harrier.Error
		if err := Format.Read(name, strings.NewReader(data), &feed.Collect{}); !errors.As(err, &e) || e.Kind != harrier.Invalid {
			t.Errorf("Read(%q) = %v; want Invalid", data, err)
		}
	}
}

// TestPublished reads the whole catalogue in both forms, which say the same.
func TestPublished(t *testing.T) {
	forms := map[string][]harrier.Record{}
	for file := range feedtest.Files(t, "kev") {
		c, n := feedtest.Play(t, Format, slices.Values([]feedtest.File{file}))
		if len(c.Faults) > 0 {
			t.Errorf("%s: %v", file.Name, c.Faults)
		}
		if n > 0 {
			forms[path.Ext(file.Name)] = c.Records
		}
	}
	ransomware := 0
	for i, r := range forms[".json"] {
		if r.KEV.Ransomware {
			ransomware++
		}
		other := forms[".csv"][i]
		r.References, other.References = nil, nil
		r.CWEs, other.CWEs = nil, nil // the table has another order
		if diff := cmp.Diff(r, other); diff != "" {
			t.Errorf("JSON and CSV differ: %s", diff)
		}
	}
	if n := len(forms[".json"]); n != 1404 || len(forms[".csv"]) != n || ransomware != 293 {
		t.Errorf("%d and %d entries, %d of ransomware; want 1404 and 293", n, len(forms[".csv"]), ransomware)
	}
	if c, _ := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "cisa/kev/")); len(c.Records) != 1 || len(c.Faults) > 0 {
		t.Errorf("%d records of the sample, faults %v; want 1, none", len(c.Records), c.Faults)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add(sampleJSON)
	feedtest.Fuzz(f, Format, jsonName)
}

func FuzzCSV(f *testing.F) {
	f.Add(sampleCSV)
	feedtest.Fuzz(f, Format, csvName)
}
