package eol

import (
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

const samplePage = `---
title: Example Server
category: server-app
permalink: /examplesrv
releasePolicyLink: https://example.org/policy
identifiers:
  - repology: examplesrv
  - purl: pkg:deb/debian/examplesrv
  - purl: pkg:npm/%40example/server
  - cpe: cpe:2.3:a:example:server
  - cpe: cpe:/a:example:server
releases:
  - releaseCycle: "3.1"
    eol: false
    latest: "3.1.2"
  - releaseCycle: "3.0"
    releaseDate: 2023-01-01
    eol: 2024-03-31 # why
    eoes: 2026-01-01
    latest: '3.0.9'
  - releaseCycle: "2022-LTSC"
    eol: true
---
# Words that are not read
---
`

const sampleJSON = `{"schema_version":"1.2.0","total":1,"result":[
 {"name":"examplesrv","label":"Example Server","identifiers":[{"type":"purl","id":"pkg:deb/debian/examplesrv"},{"type":"purl","id":"pkg:npm/%40example/server"},{"type":"cpe","id":"cpe:2.3:a:example:server"},{"type":"cpe","id":"cpe:/a:example:server"}],
  "links":{"html":"https://endoflife.date/examplesrv","releasePolicy":"https://example.org/policy"},
  "releases":[
   {"name":"3.1","isEol":false,"eolFrom":null,"isEoes":null,"latest":{"name":"3.1.2"}},
   {"name":"3.0","isEol":true,"eolFrom":"2024-03-31","isEoes":false,"eoesFrom":"2026-01-01","latest":{"name":"3.0.9"}},
   {"name":"2022-LTSC","isEol":true,"eolFrom":null,"latest":null}]},
 {"name":"quiet","releases":[]}, {"name":"bad","releases":7}, {"name":""}]}`

func TestRead(t *testing.T) {
	thing := func(a harrier.Affected, i int) harrier.Affected {
		switch i {
		case 0:
			a.Package, a.Scheme = harrier.Package{Ecosystem: "eol", Name: "examplesrv"}, "dotted"
		case 1:
			a.Package = harrier.Package{Ecosystem: "npm", Name: "@example/server"}
		case 2:
			a.CPE, a.Scheme = "cpe:2.3:a:example:server:*:*:*:*:*:*:*:*", "dotted"
		}
		return a
	}
	old := harrier.Affected{Status: harrier.StatusEndOfSupport, Ranges: []harrier.Range{{From: "3.0", Before: "3.1"}}, Since: time.Date(2024, 3, 31, 0, 0, 0, 0, time.UTC), Why: "release cycle 3.0; extended support until 2026-01-01"}
	word := harrier.Affected{Status: harrier.StatusEndOfSupport, Versions: []string{"2022-LTSC"}, Why: "release cycle 2022-LTSC"}
	want := []harrier.Record{{
		Source: "eol", ID: "EOL-examplesrv", CWEs: []int{1104}, Title: "Example Server: no longer supported by its maker",
		Summary:    "The release of Example Server that is in use gets no fixes from its maker any more, also not for weaknesses that become known.",
		Solution:   "Change to a release of Example Server that its maker supports.",
		References: []harrier.Reference{{URL: "https://endoflife.date/examplesrv"}, {URL: "https://example.org/policy"}},
		Affected:   []harrier.Affected{thing(old, 0), thing(old, 1), thing(old, 2), thing(word, 0), thing(word, 1), thing(word, 2)},
	}}
	for name, text := range map[string]string{"x/products/examplesrv.md": samplePage, "full": sampleJSON, "products/examplesrv.md": strings.ReplaceAll(samplePage, "\n", "\r\n")} {
		got := feedtest.Read(t, Format, name, text)
		if diff := cmp.Diff(want, got.Records); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
		if faults := map[bool]int{true: 0, false: 2}[isPage(name)]; len(got.Faults) != faults {
			t.Errorf("%s: faults %q; want %d", name, got.Faults, faults)
		}
	}
}

func TestCover(t *testing.T) {
	r := func(ends ...string) (s span) {
		for i := 0; i < len(ends); i += 2 {
			s.ranges = append(s.ranges, harrier.Range{From: ends[i], Before: ends[i+1]})
		}
		return s
	}
	v := func(names ...string) span { return span{versions: names} }
	for _, c := range []struct {
		cycles []cycle
		want   []span
	}{
		{[]cycle{{name: "1.20", latest: "1.20.2"}, {name: "1.22"}}, []span{r("1.20", "1.21"), r("1.22", "1.23")}},
		{[]cycle{{name: "1.9"}, {name: "1.10"}}, []span{r("1.9", "1.10"), r("1.10", "1.11")}},
		{[]cycle{{name: "9", latest: "9.6.1"}, {name: "9.0.0"}}, []span{r("9.0.1", "10"), r("9.0.0", "9.0.1")}},
		{[]cycle{{name: "8.5"}, {name: "8"}, {name: "8.0"}, {name: "8.5.1"}}, []span{r("8.5", "8.5.1", "8.5.2", "8.6"), r("8.1", "8.5", "8.6", "9"), r("8.0", "8.1"), r("8.5.1", "8.5.2")}},
		{[]cycle{{name: "5", latest: "5.5.36"}, {name: "v6", latest: "v6.0.1"}}, []span{r("5", "6"), r("6", "7")}},
		{[]cycle{{name: "1.1.1", latest: "1.1.1w"}, {name: "3.0"}}, []span{r("1.1.1", "1.1.2"), r("3.0", "3.1")}},
		{[]cycle{{name: "4.0", latest: "4.4.2"}, {name: "4.5"}}, []span{{ranges: []harrier.Range{{From: "4.0", To: "4.4.2"}}}, r("4.5", "4.6")}},
		{[]cycle{{name: "4.0", latest: "4.4.2"}, {name: "4.2"}}, []span{v("4.0"), r("4.2", "4.3")}},
		{[]cycle{{name: "2012", latest: "6.2.9200"}, {name: "2022-LTSC"}, {name: ""}}, []span{v("2012"), v("2022-LTSC"), {}}},
		{[]cycle{{name: "16.0", latest: "16.0.4265.3 CU26"}, {name: "13.0-sp3", latest: "13.0.1"}}, []span{r("16.0", "16.1"), {ranges: r("13.0", "13.1").ranges, versions: []string{"13.0-sp3"}}}},
		{[]cycle{{name: "7"}, {name: "7"}}, []span{{}, r("7", "8")}},
		{[]cycle{{name: "1.-2"}, {name: "99999999999999999999"}, {name: "1..2"}}, []span{v("1.-2"), v("99999999999999999999"), v("1..2")}},
		{
			[]cycle{{name: "12.0-sp3", latest: "12.0.6449.1 CU4+GDR"}, {name: "12.0", latest: "12.0.2569.0"}, {name: "12.0-sp1", latest: "12.0.4522.0"}, {name: "12.1"}},
			[]span{
				{ranges: []harrier.Range{{After: "12.0.4522.0", Before: "12.1"}}, versions: []string{"12.0-sp3"}},
				{ranges: []harrier.Range{{From: "12.0", To: "12.0.2569.0"}}, versions: []string{"12.0"}},
				{ranges: []harrier.Range{{After: "12.0.2569.0", To: "12.0.4522.0"}}, versions: []string{"12.0-sp1"}},
				r("12.1", "12.2"),
			},
		},
		{[]cycle{{name: "12.0-sp3", latest: "12.0.9"}, {name: "12.0"}}, []span{v("12.0-sp3"), v("12.0")}},
		{[]cycle{{name: "12.0-sp3", latest: "12.0.9"}, {name: "12.0", latest: "12.0.9"}}, []span{v("12.0-sp3"), v("12.0")}},
		{[]cycle{{name: "12.0-sp3", latest: "12.1.9"}, {name: "12.0", latest: "12.0.9"}}, []span{v("12.0-sp3"), v("12.0")}},
		{[]cycle{{name: "11-23h2", latest: "11.0.9"}, {name: "11", latest: "11.0.1"}}, []span{v("11-23h2"), v("11")}},
	} {
		got := cover(c.cycles)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(span{})); diff != "" {
			t.Errorf("cover(%+v): -want +got\n%s", c.cycles, diff)
		}
	}
}

func TestThings(t *testing.T) {
	for in, want := range map[string]string{
		"cpe:2.3:a:f5:nginx": "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*", "cpe:/a:f5:nginx": "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*",
		"cpe:2.3:a:f5:nginx:1.2:*:*:*:*:*:*:*": "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*", "cpe:/o:x:y:1.2": "cpe:2.3:o:x:y:*:*:*:*:*:*:*:*",
		`cpe:2.3:a:erlang:erlang\/otp`: `cpe:2.3:a:erlang:erlang\/otp:*:*:*:*:*:*:*:*`,
		"cpe:2.3:a:f5":                 "", "cpe:2.3:a:f5:*": "", "cpe:2.3:ao:f5:x": "", "cpe:/a": "", "": "", "cpe:2.3:a:f 5:x": "", `cpe:2.3:a:x:y\`: `cpe:2.3:a:x:y\:*:*:*:*:*:*:*:*`,
	} {
		if got := product23(in); got != want {
			t.Errorf("product23(%q) = %q; want %q", in, got, want)
		}
	}
	for in, want := range map[string]harrier.Package{
		"pkg:maven/org.apache.tomcat/tomcat": {Ecosystem: "maven", Name: "org.apache.tomcat:tomcat"}, "pkg:npm/%40angular/core@1": {Ecosystem: "npm", Name: "@angular/core"},
		"pkg:pypi/Django": {Ecosystem: "pypi", Name: "django"}, "pkg:composer/Drupal/Core?x=y": {Ecosystem: "composer", Name: "drupal/core"},
		"pkg:deb/debian/nginx": {}, "pkg:npm/": {}, "pkg:npm": {}, "npm/x": {}, "pkg:npm/%zz": {},
	} {
		if got, _ := packageOf(in); got != want {
			t.Errorf("packageOf(%q) = %+v; want %+v", in, got, want)
		}
	}
}

func TestBroken(t *testing.T) {
	for name, text := range map[string]string{"products/a.md": "title: x", "products/b.md": "---\ntitle: x\n", "products/c.md": "---\n" + strings.Repeat("#", mostBytes), "full": `{"result":[`, "x.json": "", "y.json": "[]"} {
		if err := Format.Read(name, strings.NewReader(text), &feed.Collect{}); err == nil {
			t.Errorf("Read(%s) = nil; want an error", name)
		}
	}
	var got feed.Collect
	if err := Format.Read("products/a.md", strings.NewReader("---\ntitle: [\n---\n"), &got); err != nil || len(got.Faults) != 1 {
		t.Errorf("Read of bad YAML = %v, %q; want one fault", err, got.Faults)
	}
}

// ended is the cycles of a product whose versions contain v, by a statement
// about its name, that have ended on a day.
func ended(rec *harrier.Record, v string, on time.Time) (whys []string) {
	n := numberOf(v)
	for _, a := range rec.Affected {
		if a.Package.Ecosystem != "eol" || a.Since.After(on) {
			continue
		}
		in := slices.Contains(a.Versions, v)
		for _, r := range a.Ranges {
			in = in || n != nil && n.compare(numberOf(r.From)) >= 0 && (r.After == "" || n.compare(numberOf(r.After)) > 0) && (r.Before == "" || n.compare(numberOf(r.Before)) < 0) && (r.To == "" || n.compare(numberOf(r.To)) <= 0)
		}
		if in {
			whys = append(whys, a.Why)
		}
	}
	return whys
}

func TestPublished(t *testing.T) {
	products := map[string]*harrier.Record{}
	pages, ranges, words, faults := 0, 0, 0, 0
	for file := range feedtest.Files(t, "eol") {
		got, n := feedtest.Play(t, Format, slices.Values([]feedtest.File{file}))
		pages += n
		if faults += len(got.Faults); len(got.Faults) > 0 {
			t.Errorf("%s: %q", file.Name, got.Faults)
		}
		for i := range got.Records {
			products[strings.TrimSuffix(path.Base(file.Name), ".md")] = &got.Records[i]
			for _, a := range got.Records[i].Affected {
				if a.Package.Ecosystem == "eol" {
					ranges, words = ranges+min(1, len(a.Ranges)), words+len(a.Versions)
				}
			}
		}
	}
	if pages != 464 || len(products) < 400 || faults != 0 {
		t.Errorf("%d pages, %d products, %d faults; want 464, many and none", pages, len(products), faults)
	}
	t.Logf("%d products, %d cycles with ranges, %d names", len(products), ranges, words)
	on := time.Date(2026, 8, 22, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		product, version string
		want             []string
	}{
		{"nginx", "1.18.0", []string{"release cycle 1.18"}},
		{"nginx", "1.30.4", nil},
		{"nginx", "1.31.0", nil},
		{"tomcat", "8.5.100", []string{"release cycle 8.5"}},
		{"tomcat", "8.0.3", []string{"release cycle 8.0"}},
		{"tomcat", "5.5.36", []string{"release cycle 5"}},
		{"tomcat", "9.0.121", nil},
		{"tomcat", "10.0.27", []string{"release cycle 10.0"}},
		{"php", "7.4.33", []string{"release cycle 7.4"}},
		{"postgresql", "9.6.24", []string{"release cycle 9.6"}},
		{"apache-http-server", "2.2.34", []string{"release cycle 2.2"}},
		{"apache-http-server", "2.4.60", nil},
		{"mssqlserver", "12.0.6024", []string{"release cycle 12.0-sp3; extended support until 2027-07-12"}},
		{"mssqlserver", "13.0.1601", []string{"release cycle 13.0"}},
		{"mssqlserver", "16.0.1000", nil},
	} {
		if rec := products[c.product]; rec == nil || !slices.Equal(ended(rec, c.version, on), c.want) {
			t.Errorf("%s %s: %+v; want %q", c.product, c.version, rec, c.want)
		}
	}
}

func TestSamples(t *testing.T) {
	got, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "endoflife-date/api/happy/full"))
	if n != 1 || len(got.Faults) != 0 || len(got.Records) != 2 || ended(&got.Records[0], "22.10", time.Now()) == nil {
		t.Errorf("%d files gave %d records, %q", n, len(got.Records), got.Faults)
	}
	if got, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "endoflife-date/products/happy/master.tar.gz")); n != 2 || len(got.Records) != 2 || len(got.Faults) != 0 {
		t.Errorf("%d pages gave %d records, %q; want 2 and 2", n, len(got.Records), got.Faults)
	}
}

func FuzzPage(f *testing.F) {
	f.Add(samplePage)
	f.Add("---\ntitle: &a x\nidentifiers: [{cpe: *a}]\nreleases: [{releaseCycle: 1.2, eol: 2020-01-01, latest: 1.9}]\n---")
	feedtest.Fuzz(f, Format, "products/x.md")
}

func FuzzAll(f *testing.F) {
	f.Add(sampleJSON)
	f.Add(`{"result":[{"name":"a","releases":[{"name":"1","isEol":true,"latest":{"name":"v1.2 x"}},{"name":"1.1","eolFrom":"2020-01-01"}]}],"result":{}}`)
	feedtest.Fuzz(f, Format, "full")
}
