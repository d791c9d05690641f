package overrides

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const sample = `{"_annotation":{"cve_id":"CVE-2026-0394","cna":"example","reason":"Why.","published":"2026-03-27T08:10:17.375000+00:00","modified":"2026-03-27T19:41:17+00:00"},
"cve":{"configurations":[{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[
 {"criteria":"cpe:2.3:a:example:server:*:*:*:*:*:*:*:*","versionStartIncluding":"0","versionEndExcluding":"2.4.0","vulnerable":true},
 {"criteria":"cpe:2.3:a:example:server:*:*:*:*:*:*:*:*","versionStartIncluding":"3.0","versionEndExcluding":"3.1.0","vulnerable":true},
 {"criteria":"cpe:2.3:a:example:server:*:*:*:*:*:*:*:*","versionStartIncluding":"4.0","vulnerable":false}]}]}],
 "references":[{"url":"https://example.org/a","source":"x"}]}}`

func TestRead(t *testing.T) {
	got := feedtest.Read(t, Format, "data/2026/CVE-2026-0394.json", sample)
	want := []harrier.Record{{
		Source: "overrides", ID: "CVE-2026-0394", CVEs: []string{"CVE-2026-0394"},
		Published: wire.Time("2026-03-27T08:10:17.375Z"), Modified: wire.Time("2026-03-27T19:41:17Z"),
		References: []harrier.Reference{{URL: "https://example.org/a"}},
		Affected: []harrier.Affected{{
			CPE: "cpe:2.3:a:example:server:*:*:*:*:*:*:*:*", Status: harrier.StatusAffected,
			Ranges: []harrier.Range{{Before: "2.4.0"}, {From: "3.0", Before: "3.1.0"}},
		}},
	}}
	if diff := cmp.Diff(want, got.Records); diff != "" || len(got.Faults) > 0 {
		t.Errorf("Read: faults %v, (-want +got):\n%s", got.Faults, diff)
	}
}

func TestReadBroken(t *testing.T) {
	for name, data := range map[string]string{
		"CVE-2026-0001.json": "", "CVE-2026-0002.json": `{"cve":`, "CVE-2026-0003.json": `{}`,
		"CVE-2026-0004.json": `{"cve":{"configurations":"none"}}`, "CVE-2026-0005.json": `{"_annotation":{"cve_id":"x"},"cve":{}}`,
	} {
		if got := feedtest.Read(t, Format, name, data); len(got.Records) != 0 || len(got.Faults) != 1 {
			t.Errorf("%s: %d records, faults %v; want one fault", name, len(got.Records), got.Faults)
		}
	}
}

// TestApart shows that names of one product do not have to be there together.
func TestApart(t *testing.T) {
	const data = `{"cve":{"configurations":[{"operator":"AND","nodes":[
 {"operator":"OR","cpeMatch":[{"criteria":"cpe:2.3:a:x:desktop:*:*:*:*:*:*:*:*","vulnerable":true}]},
 {"operator":"OR","cpeMatch":[{"criteria":"cpe:2.3:a:x:x_desktop:*:*:*:*:*:*:*:*","vulnerable":true}]},
 {"operator":"OR","cpeMatch":[{"criteria":"cpe:2.3:o:apple:macos:-:*:*:*:*:*:*:*","vulnerable":false}]}]}]}}`
	got := feedtest.Read(t, Format, "CVE-2026-0001.json", data)
	mac := []string{"cpe:2.3:o:apple:macos:-:*:*:*:*:*:*:*"}
	want := []harrier.Affected{
		{CPE: "cpe:2.3:a:x:desktop:*:*:*:*:*:*:*:*", Status: harrier.StatusAffected, Platforms: mac},
		{CPE: "cpe:2.3:a:x:x_desktop:*:*:*:*:*:*:*:*", Status: harrier.StatusAffected, Platforms: mac},
	}
	if len(got.Records) != 1 || len(got.Faults) > 0 {
		t.Fatalf("Read = %+v", got)
	}
	if diff := cmp.Diff(want, got.Records[0].Affected); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
}

// TestPublished reads the whole set.
func TestPublished(t *testing.T) {
	const least = 20_618
	c, _ := feedtest.Play(t, Format, feedtest.Files(t, "nvd-overrides", "data/"))
	statements := 0
	empty := 0
	for _, r := range c.Records {
		statements += len(r.Affected)
		if len(r.Affected) == 0 {
			empty++
		}
	}
	t.Logf("%d records, %d without statements, %d statements, %d bad", len(c.Records), empty, statements, len(c.Faults))
	for _, f := range c.Faults {
		t.Log("bad:", f)
	}
	if len(c.Records) < least || len(c.Faults) > 0 || statements < 25_000 {
		t.Errorf("%d records with %d statements and %d faults; want %d and more, 25000 and more, none", len(c.Records), statements, len(c.Faults), least)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	feedtest.Fuzz(f, Format, "CVE-2026-0394.json")
}

func BenchmarkRead(b *testing.B) {
	b.SetBytes(int64(len(sample)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Format.Read("CVE-2026-0394.json", bytes.NewReader([]byte(sample)), &feed.Collect{}); err != nil {
			b.Fatal(err)
		}
	}
}
