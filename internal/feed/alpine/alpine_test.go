package alpine

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
 "apkurl": "{{urlprefix}}/x.apk", "archs": ["x86_64"], "reponame": "main", "urlprefix": "https://example.org/alpine", "distroversion": "v3.19",
 "packages": [
  {"pkg": {"name": "examplesrv", "secfixes": {
    "1.2.3-r1": ["CVE-2024-1111", "CVE-2024-2222 (+ regression fix) CVE-2024-3333"],
    "1.10.0-r0": ["CVE-2024-1111", "GHSA-aaaa-bbbb-cccc/CVE-2019-XXXX", "not a name"],
    "0": ["CVE-2024-4444"]}}},
  {"pkg": {"name": 7, "secfixes": null}},
  {"pkg": []},
  {"pkg": {"name": "quiet", "secfixes": {}}}
 ]}`

func TestRead(t *testing.T) {
	one := func(id, fixed string) harrier.Record {
		r := harrier.Record{
			Source: "alpine", ID: id + " examplesrv 3.19/main",
			Affected: []harrier.Affected{{Package: harrier.Package{Ecosystem: "apk/alpine/3.19", Name: "examplesrv"}, Status: harrier.StatusNotAffected}},
		}
		if fixed != "" {
			r.Affected[0].Status, r.Affected[0].Otherwise = harrier.StatusAffected, harrier.StatusNotAffected
			r.Affected[0].Ranges = []harrier.Range{{Before: fixed}}
		}
		if strings.HasPrefix(id, "CVE") {
			r.CVEs = []string{id}
			r.References = []harrier.Reference{{URL: "https://security.alpinelinux.org/vuln/" + id, Tags: []string{"vendor-advisory"}}}
		} else {
			r.Aliases = []string{id}
		}
		return r
	}
	want := []harrier.Record{
		one("CVE-2024-1111", "1.10.0-r0"), one("CVE-2024-2222", "1.2.3-r1"), one("CVE-2024-3333", "1.2.3-r1"), one("CVE-2024-4444", ""), one("GHSA-aaaa-bbbb-cccc", "1.10.0-r0"),
	}
	got := feedtest.Read(t, Format, "main.json", sample)
	if diff := cmp.Diff(want, got.Records); diff != "" {
		t.Errorf("Read: -want +got\n%s", diff)
	}
	if len(got.Faults) != 2 {
		t.Errorf("faults %q; want two", got.Faults)
	}
}

func TestWhere(t *testing.T) {
	const rest = `"packages":[{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-2024-1111"]}}}]}`
	for _, c := range []struct{ name, text, want string }{
		{"v3.19/main.json", `{` + rest, "CVE-2024-1111 a 3.19/main"},
		{"edge-community.json", `{` + rest, "CVE-2024-1111 a edge/community"},
		{"x.json", `{"distroversion":"edge","reponame":"main",` + rest, "CVE-2024-1111 a edge/main"},
		{"v3.18/main.json", `{"distroversion":"v3.19","reponame":"community",` + rest, "CVE-2024-1111 a 3.19/community"},
		{"x.json", `{` + rest, ""},
		{"main.json", `{"distroversion":"../../x",` + rest, ""},
		{"main.json", `[]`, ""},
		{"main.json", ``, ""},
		{"main.json", `{"packages":`, ""},
	} {
		var got feed.Collect
		err := read(c.name, strings.NewReader(c.text), &got)
		id := ""
		if len(got.Records) > 0 {
			id = got.Records[0].ID
		}
		if id != c.want || (err == nil) != (c.want != "") {
			t.Errorf("read(%s, %s) = %q, %v; want %q", c.name, c.text, id, err, c.want)
		}
	}
}

func TestRemotes(t *testing.T) {
	for day, newest := range map[string]string{"2025-06-15": "v3.22", "2025-12-20": "v3.23", "2026-02-01": "v3.23", "2026-11-22": "v3.24", "2026-12-10": "v3.25", "2001-01-01": "v3.10"} {
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		r := Format.Remotes(now)
		if r[0].URL != "https://secdb.alpinelinux.org/edge/main.json" || r[2].URL != "https://secdb.alpinelinux.org/"+newest+"/main.json" {
			t.Errorf("on %s: %s, %s; want edge and %s", day, r[0].URL, r[2].URL, newest)
		}
		if last := r[len(r)-1].Name; last != "v3.10-community.json" {
			t.Errorf("on %s the last is %s", day, last)
		}
	}
}

func TestSamples(t *testing.T) {
	statements := map[string]int{}
	got, _ := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "alpine/secdb/"))
	for _, rec := range got.Records {
		statements[rec.Affected[0].Package.Ecosystem]++
	}
	if len(got.Faults) != 0 {
		t.Errorf("faults %q; want none", got.Faults)
	}
	want := map[string]int{"apk/alpine/3.2": 1, "apk/alpine/3.16": 3, "apk/alpine/edge": 11}
	if diff := cmp.Diff(want, statements); diff != "" {
		t.Errorf("statements: -want +got\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add(`{"distroversion":"edge","packages":[{"pkg":{"name":"a","secfixes":{"1":"CVE-2024-1111","1.0":["XSA-1 XSA-1"]}}}],"packages":null}`)
	feedtest.Fuzz(f, Format, "v3.19/main.json")
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
