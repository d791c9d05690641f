package arch

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

func TestRead(t *testing.T) {
	const text = `[
 {"name":"AVG-10","packages":["examplesrv","lib32-examplesrv","examplesrv"],"status":"Fixed","severity":"High","type":"multiple issues","affected":"1.2-1","fixed":"1.3-1","ticket":null,"issues":["CVE-2024-1111","CVE-2024-2222","CVE-2024-XXXX"],"advisories":["ASA-202401-1"]},
 {"name":"AVG-11","packages":["a"],"status":"Vulnerable","severity":"Low","affected":"1-1","fixed":null,"issues":[]},
 {"name":"AVG-12","packages":["a"],"status":"Not affected","severity":"Unknown","issues":["CVE-2024-3333"]},
 {"name":"AVG-13","packages":["a"],"status":"Testing","fixed":"2-1","issues":["CVE-2024-4444"]},
 {"name":"AVG-14","packages":["a"],"status":"Unknown","issues":["CVE-2024-5555"]},
 {"name":"AVG-15","packages":["a"],"status":"Fixed","issues":["CVE-2024-6666"]},
 {"name":""}, 7]`
	link := func(names ...string) (out []harrier.Reference) {
		for _, n := range names {
			out = append(out, harrier.Reference{URL: "https://security.archlinux.org/" + n, Tags: []string{"vendor-advisory"}})
		}
		return out
	}
	pkg := func(name string) harrier.Package { return harrier.Package{Ecosystem: "alpm/arch", Name: name} }
	fixed := harrier.Affected{Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: []harrier.Range{{Before: "1.3-1"}}, Advisory: "ASA-202401-1"}
	first, second := fixed, fixed
	first.Package, second.Package = pkg("examplesrv"), pkg("lib32-examplesrv")
	want := []harrier.Record{
		{
			Source: "arch", ID: "AVG-10", CVEs: []string{"CVE-2024-1111", "CVE-2024-2222"}, Title: "multiple issues", Severity: "high",
			References: link("AVG-10", "ASA-202401-1"), Affected: []harrier.Affected{first, second},
		},
		{Source: "arch", ID: "AVG-11", Severity: "low", References: link("AVG-11"), Affected: []harrier.Affected{{Package: pkg("a"), Status: harrier.StatusAffected}}},
		{Source: "arch", ID: "AVG-12", CVEs: []string{"CVE-2024-3333"}, Severity: "unknown", References: link("AVG-12"), Affected: []harrier.Affected{{Package: pkg("a"), Status: harrier.StatusNotAffected}}},
		{Source: "arch", ID: "AVG-13", CVEs: []string{"CVE-2024-4444"}, References: link("AVG-13"), Affected: []harrier.Affected{{Package: pkg("a"), Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: []harrier.Range{{Before: "2-1"}}, Why: "the fix is being tested"}}},
		{Source: "arch", ID: "AVG-14", CVEs: []string{"CVE-2024-5555"}, References: link("AVG-14"), Affected: []harrier.Affected{{Package: pkg("a"), Why: "unknown"}}},
		{Source: "arch", ID: "AVG-15", CVEs: []string{"CVE-2024-6666"}, References: link("AVG-15"), Affected: []harrier.Affected{{Package: pkg("a")}}},
	}
	got := feedtest.Read(t, Format, "all.json", text)
	if diff := cmp.Diff(want, got.Records); diff != "" || len(got.Faults) != 2 {
		t.Errorf("Read: faults %q; -want +got\n%s", got.Faults, diff)
	}
}

func TestSamples(t *testing.T) {
	got, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "arch/advisory.json"))
	if n != 1 || len(got.Records) != 2 || len(got.Faults) != 0 || got.Records[1].Affected[0].Ranges[0].Before != "4.0.8-2" {
		t.Errorf("%d files gave %+v, %q", n, got.Records, got.Faults)
	}
	if got, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "arch/invalid.json")); n != 1 || len(got.Faults) != 1 {
		t.Errorf("an invalid file gave %+v; want one fault", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`[{"name":"AVG-10","packages":["x"],"status":"Fixed","severity":"High","type":"multiple issues","affected":"1.2-1","fixed":"1.3-1","issues":["CVE-2024-1111"],"advisories":["ASA-1"]}]`)
	f.Add(`[{"name":"A","packages":"x","status":"Testing","fixed":["1"],"issues":{}},null]`)
	feedtest.Fuzz(f, Format, "all.json")
}
