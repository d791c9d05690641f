package debian

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

const sample = `{
 "examplesrv": {
  "CVE-2024-1111": {"description": "own words", "scope": "remote", "debianbug": 1, "releases": {
   "bullseye": {"status": "resolved", "fixed_version": "1.2-3+deb11u1", "urgency": "high**", "repositories": {"bullseye": "1.2-3+deb11u2"}},
   "bookworm": {"status": "open", "urgency": "not yet assigned", "nodsa": "Minor issue", "nodsa_reason": "postponed"},
   "trixie": {"status": "open", "urgency": "medium"},
   "sid": {"status": "resolved", "fixed_version": "1.4-1", "urgency": "medium"}}},
  "CVE-2024-2222": {"releases": {
   "bullseye": {"status": "resolved", "fixed_version": "0", "urgency": "unimportant"},
   "bookworm": {"status": "open", "urgency": "end-of-life"},
   "trixie": {"status": "open", "urgency": "unimportant"},
   "forky": {"status": "undetermined", "urgency": "not yet assigned"},
   "newer": {"status": "open", "nodsa": "Too intrusive to backport", "nodsa_reason": "ignored"},
   "sid": {"status": "open", "nodsa": "Minor issue", "nodsa_reason": ""}}},
  "TEMP-0000000-ABCDEF": {"releases": {"sid": {"status": "open"}}}
 },
 "bad": 7,
 "worse": {"CVE-2024-3333": [1], "CVE-2024-3334": {"releases": {"sid": {"status": "resolved", "fixed_version": ""}}}, "": {}}
}`

func TestRead(t *testing.T) {
	pkg := func(release string) harrier.Package {
		return harrier.Package{Ecosystem: "deb/debian/" + release, Name: "examplesrv"}
	}
	link := func(cve string) []harrier.Reference {
		return []harrier.Reference{{URL: "https://security-tracker.debian.org/tracker/" + cve, Tags: []string{"vendor-advisory"}}}
	}
	want := []harrier.Record{
		{
			Source: "debian", ID: "CVE-2024-1111 examplesrv", CVEs: []string{"CVE-2024-1111"}, Summary: "own words", Severity: "medium", References: link("CVE-2024-1111"),
			Affected: []harrier.Affected{
				{Package: pkg("12"), Status: harrier.StatusFixDeferred, Why: "postponed: Minor issue"},
				{Package: pkg("11"), Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: []harrier.Range{{Before: "1.2-3+deb11u1"}}},
				{Package: pkg("sid"), Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: []harrier.Range{{Before: "1.4-1"}}},
				{Package: pkg("13"), Status: harrier.StatusAffected},
			},
		},
		{
			Source: "debian", ID: "CVE-2024-2222 examplesrv", CVEs: []string{"CVE-2024-2222"}, Severity: "unimportant", References: link("CVE-2024-2222"),
			Affected: []harrier.Affected{
				{Package: pkg("12"), Status: harrier.StatusWillNotFix, Why: "end-of-life"},
				{Package: pkg("11"), Status: harrier.StatusNotAffected, Why: "unimportant"},
				{Package: pkg("14"), Status: harrier.StatusUnknown},
				{Package: pkg("newer"), Status: harrier.StatusWillNotFix, Why: "ignored: Too intrusive to backport"},
				{Package: pkg("sid"), Status: harrier.StatusWillNotFix, Why: "no-dsa: Minor issue"},
				{Package: pkg("13"), Status: harrier.StatusWillNotFix, Why: "unimportant"},
			},
		},
		{
			Source: "debian", ID: "TEMP-0000000-ABCDEF examplesrv", Aliases: []string{"TEMP-0000000-ABCDEF"},
			Affected: []harrier.Affected{{Package: pkg("sid"), Status: harrier.StatusAffected}},
		},
		{
			Source: "debian", ID: "CVE-2024-3334 worse", CVEs: []string{"CVE-2024-3334"}, References: link("CVE-2024-3334"),
			Affected: []harrier.Affected{{Package: harrier.Package{Ecosystem: "deb/debian/sid", Name: "worse"}, Status: harrier.StatusUnknown}},
		},
	}
	got := feedtest.Read(t, Format, "tracker.json", sample)
	if diff := cmp.Diff(want, got.Records); diff != "" {
		t.Errorf("Read: -want +got\n%s", diff)
	}
	if len(got.Faults) != 3 || !strings.HasPrefix(got.Faults[0], "bad:") || !strings.HasPrefix(got.Faults[1], "CVE-2024-3333 worse:") {
		t.Errorf("faults %q; want those of bad, CVE-2024-3333 and one without a name", got.Faults)
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{"", "x", `{"a":{"CVE-2024-1111":{"releases":{`, `{"a"`, `{"a":{"CVE-2024-1111":{"description":"` + strings.Repeat("x", 2*mostBytes) + `"}}}`} {
		if err := read("", strings.NewReader(text), &feed.Collect{}); err == nil {
			t.Errorf("read(%.40q) = nil; want an error", text)
		}
	}
}

// endless is a tracker's file of n packages, which is made while it is read.
type endless struct {
	n, left int
	rest    string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		switch {
		case e.left < 0:
			return 0, io.EOF
		case e.left == e.n:
			e.rest = "{"
		case e.left == 0:
			e.rest = `"last":{}}`
		default:
			e.rest = fmt.Sprintf(`"p%d":{"CVE-2024-1111":{"description":"%s","releases":{"sid":{"status":"open"}}}},`, e.left, strings.Repeat("x", 1000))
		}
		e.left--
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

type count int

func (c *count) Put(*harrier.Record) error { *c++; return nil }
func (c *count) Bad(string, error)         {}

// TestLong: a file is longer than what one value may be.
func TestLong(t *testing.T) {
	var c count
	if err := read("", &endless{n: 5000, left: 5000}, &c); err != nil || c != 4999 {
		t.Errorf("read: %d records, %v; want 4999", c, err)
	}
}

func TestSamples(t *testing.T) {
	statuses := map[string]int{}
	got, _ := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "debian/tracker/api/advisory.json"))
	for _, rec := range got.Records {
		for _, a := range rec.Affected {
			statuses[a.Package.Ecosystem+" "+a.Status.String()]++
		}
	}
	if len(got.Faults) != 0 {
		t.Errorf("faults %q; want none", got.Faults)
	}
	if got, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "debian/tracker/api/invalid.json")); n != 1 || len(got.Faults) != 1 {
		t.Errorf("an invalid file gave %+v; want one fault", got)
	}
	want := map[string]int{
		"deb/debian/11 not affected": 2, "deb/debian/11 affected": 1, "deb/debian/11 will not fix": 1,
		"deb/debian/sid not affected": 2, "deb/debian/sid affected": 2,
	}
	if diff := cmp.Diff(want, statuses); diff != "" {
		t.Errorf("statuses: -want +got\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add(`{"a":{"CVE-2024-1111":{"releases":null},"TEMP-1":{"releases":{"SID":{"status":1}}}}}`)
	feedtest.Fuzz(f, Format, "tracker.json")
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var c count
		if err := read("", strings.NewReader(sample), &c); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(sample)))
}
