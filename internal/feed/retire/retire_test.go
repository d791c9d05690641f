package retire

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

const sample = `{
 "retire-example": {"vulnerabilities": [{"below": "1", "identifiers": {"CVE": ["CVE-2024-9999"]}}]},
 "Example.js": {"npmname": "examplejs", "bowername": ["x"], "vulnerabilities": [
  {"atOrAbove": "0", "below": "1.2.0", "severity": "Medium", "cwe": ["CWE-79", "CWE-20"], "info": ["https://example.org/a"],
   "identifiers": {"summary": "own words", "CVE": ["CVE-2024-1111", "CVE-XXXX-XXXX"], "githubID": "GHSA-aaaa-bbbb-cccc"}},
  {"atOrAbove": "2.0.0", "below": "2.1.0", "excludes": ["2.0.9", "2.0.5-x", "7"], "identifiers": {"CVE": ["CVE-2024-1111"]}},
  {"below": "3", "severity": "low", "identifiers": {"summary": "other words", "retid": "73", "issue": 162}},
  {"below": "4", "identifiers": {"summary": "third words", "issue": "162"}},
  {"below": "5", "identifiers": {"summary": "without a name"}},
  {"atOrAbove": "1", "identifiers": {"summary": "without an end"}}],
  "extractors": {"filename": ["example-(§§version§§).js"]}},
 "bad": {"vulnerabilities": {"below": 1}},
 "none": {"extractors": {}}
}`

func TestRead(t *testing.T) {
	both := func(r ...harrier.Range) []harrier.Affected {
		a := harrier.Affected{Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: r}
		b := a
		a.Package, b.Package = harrier.Package{Ecosystem: "retire", Name: "example.js"}, harrier.Package{Ecosystem: "npm", Name: "examplejs"}
		return []harrier.Affected{a, b}
	}
	want := []harrier.Record{
		{
			Source: "retire", ID: "RETIRE-example.js-CVE-2024-1111", CVEs: []string{"CVE-2024-1111"}, Aliases: []string{"GHSA-aaaa-bbbb-cccc"},
			Title: "own words", Severity: "medium", CWEs: []int{79, 20}, References: []harrier.Reference{{URL: "https://example.org/a"}},
			Affected: both(harrier.Range{Before: "1.2.0"}, harrier.Range{From: "2.0.0", Before: "2.0.5-x"}, harrier.Range{After: "2.0.5-x", Before: "2.0.9"}, harrier.Range{After: "2.0.9", Before: "2.1.0"}),
		},
		{Source: "retire", ID: "RETIRE-example.js-r73", Title: "other words", Severity: "low", Affected: both(harrier.Range{Before: "3"})},
		{Source: "retire", ID: "RETIRE-example.js-162", Title: "third words", Affected: both(harrier.Range{Before: "4"})},
		{Source: "retire", ID: "RETIRE-example.js-7656dd6a", Title: "without a name", Affected: both(harrier.Range{Before: "5"})},
	}
	got := feedtest.Read(t, Format, "jsrepository-v5.json", sample)
	if diff := cmp.Diff(want, got.Records); diff != "" {
		t.Errorf("Read: -want +got\n%s", diff)
	}
	if len(got.Faults) != 2 {
		t.Errorf("faults %q; want two", got.Faults)
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{"", "[]", `{"a":`, `{"a":{"vulnerabilities":[`} {
		if err := read("", strings.NewReader(text), &feed.Collect{}); err == nil {
			t.Errorf("read(%s) = nil; want an error", text)
		}
	}
}

func TestPublished(t *testing.T) {
	files := 0
	for file := range feedtest.Files(t, "retire") {
		name := file.Name
		got, n := feedtest.Play(t, Format, slices.Values([]feedtest.File{file}))
		if files += n; n == 0 {
			continue
		}
		ids, cves, ranges := map[string]bool{}, map[string]bool{}, 0
		for _, rec := range got.Records {
			ids[rec.ID] = true
			for _, c := range rec.CVEs {
				cves[c] = true
			}
			ranges += len(rec.Affected[0].Ranges)
		}
		if len(got.Faults) != 0 || len(ids) != len(got.Records) {
			t.Errorf("%s: faults %q; %d names of %d records", name, got.Faults, len(ids), len(got.Records))
		}
		wantRanges := 722 // all but the example's
		if strings.Contains(name, "v5") {
			wantRanges += 2 // two leave out a version
		}
		if ranges != wantRanges {
			t.Errorf("%s: %d ranges; want %d", name, ranges, wantRanges)
		}
		t.Logf("%s: %d records, %d CVEs", name, len(got.Records), len(cves))
	}
	if files != 2 {
		t.Errorf("%d files; want 2", files)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add(`{"a":{"vulnerabilities":[{"below":"1","excludes":"0.5","identifiers":{"retid":7}},null,{"below":"2"}]},"A":{"npmname":5}}`)
	feedtest.Fuzz(f, Format, "jsrepository-v5.json")
}

func BenchmarkRead(b *testing.B) {
	b.SetBytes(int64(len(sample)))
	b.ReportAllocs()
	for b.Loop() {
		if err := read("", strings.NewReader(sample), &feed.Collect{}); err != nil {
			b.Fatal(err)
		}
	}
}
