// Package contenttest holds the promises of a content base, whatever it keeps
// its content in.
package contenttest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Classed is a record with the class of its source.
type Classed struct {
	Class  feed.Class
	Record harrier.Record
}

// day is a date of 2024.
func day(month time.Month, d int) time.Time { return time.Date(2024, month, d, 0, 0, 0, 0, time.UTC) }

// Keys of what the sample speaks of.
var (
	nginxCPE   = harrier.CPEKey("a", "f5", "nginx")
	nginxDeb   = harrier.PackageKey(harrier.Package{Ecosystem: "deb/debian/12", Name: "nginx"})
	nginxMaker = harrier.MakerKey("f5/nginx open source")
)

// Sample is a small world: a CVE of several sources, an advisory of two CVEs,
// records without a CVE, one that joins a CVE by its alias, one that was
// rejected.
func Sample() []Classed {
	nginx := harrier.Affected{
		CPE: "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*", Status: harrier.StatusAffected,
		Ranges: []harrier.Range{{From: "1.5.13", Before: "1.26.2"}, {From: "1.27.0", Before: "1.27.1"}},
	}
	deb := harrier.Affected{Package: harrier.Package{Ecosystem: "deb/debian/12", Name: "nginx"}, Status: harrier.StatusAffected, Fixed: "1.22.1-9+deb12u1", Advisory: "DSA-9001-1"}
	return []Classed{
		{feed.CNA, harrier.Record{
			Source: "cvelist", ID: "CVE-2024-7347", CVEs: []string{"CVE-2024-7347"}, Title: "NGINX MP4 module reads beyond a buffer",
			Details: "A crafted mp4 file makes a worker read memory that is not its own. It may end.", Published: day(8, 14), Modified: day(8, 15),
			Scores:     []harrier.Score{{Version: "3.1", Vector: "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:H", Base: 4.7}},
			References: []harrier.Reference{{URL: "https://my.f5.com/manage/s/article/K000140529"}}, CWEs: []int{126, 125},
			Affected: []harrier.Affected{{Maker: "f5/nginx open source", Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Ranges: nginx.Ranges}},
		}},
		{feed.NVD, harrier.Record{
			Source: "nvd", ID: "CVE-2024-7347", CVEs: []string{"CVE-2024-7347"}, Details: "Words of another.", Published: day(8, 16), Modified: day(9, 1),
			Scores:     []harrier.Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", By: "nvd@nist.gov", Primary: true}},
			References: []harrier.Reference{{URL: "https://my.f5.com/manage/s/article/K000140529"}, {URL: "javascript:alert(1)"}},
			Affected:   []harrier.Affected{nginx},
		}},
		{feed.Distribution, harrier.Record{
			Source: "debian", ID: "DSA-9001-1", CVEs: []string{"CVE-2024-7347", "CVE-2024-32760"}, Title: "nginx security update",
			Severity: "low", Published: day(10, 1), Affected: []harrier.Affected{deb},
		}},
		{feed.Facts, harrier.Record{Source: "epss", ID: "CVE-2024-7347", CVEs: []string{"CVE-2024-7347"}, EPSS: &harrier.EPSS{Probability: 0.25, Percentile: 0.9, Date: day(11, 1)}}},
		{feed.Facts, harrier.Record{Source: "kev", ID: "CVE-2023-0001", CVEs: []string{"CVE-2023-0001"}, KEV: &harrier.KEV{Added: day(2, 1), Vendor: "Acme", Product: "Door", Name: "Acme Door opens"}}},
		{feed.Ecosystem, harrier.Record{
			Source: "ghsa", ID: "GHSA-aaaa-bbbb-cccc", Title: "left-pad pads right", Severity: "moderate",
			Affected: []harrier.Affected{{Package: harrier.Package{Ecosystem: "npm", Name: "left-pad"}, Status: harrier.StatusAffected, Ranges: []harrier.Range{{Before: "1.3.1"}}}},
		}},
		{feed.Ecosystem, harrier.Record{Source: "npm", ID: "NPM-7", Aliases: []string{"GHSA-aaaa-bbbb-cccc"}, Solution: "Pad by hand."}},
		{feed.Ecosystem, harrier.Record{Source: "own", ID: "HV-1", Title: "Something without any other name"}},
		{feed.Vendor, harrier.Record{Source: "acme", ID: "ACME-1", CVEs: []string{"CVE-2023-0001"}, Aliases: []string{"GHSA-dddd-eeee-ffff"}}},
		{feed.Ecosystem, harrier.Record{Source: "go", ID: "GO-2023-1", Aliases: []string{"GHSA-dddd-eeee-ffff"}, Summary: "A door."}},
		{feed.CNA, harrier.Record{Source: "cvelist", ID: "CVE-2022-4444", CVEs: []string{"CVE-2022-4444"}, Withdrawn: day(1, 1)}},
		{feed.NVD, harrier.Record{Source: "nvd", ID: "CVE-2022-4444", CVEs: []string{"CVE-2022-4444"}, Affected: []harrier.Affected{nginx}}},
		{feed.NVD, harrier.Record{Source: "nvd", Title: "a record without an ID"}},
	}
}

func number(t *testing.T, b *content.Base, name string) harrier.VulnID {
	t.Helper()
	id, found, err := b.Number(name)
	if err != nil || !found {
		t.Errorf("Number(%s) = %d, %t, %v; want one", name, id, found, err)
	}
	return id
}

func definition(t *testing.T, b *content.Base, name string) harrier.Vulnerability {
	t.Helper()
	v, found, err := b.Vulnerability(number(t, b, name))
	if err != nil || !found {
		t.Fatalf("Vulnerability(%s) = %t, %v", name, found, err)
	}
	return v
}

// Run puts every promise of a base to the one that make builds from records.
func Run(t *testing.T, build func(t *testing.T, records []Classed) *content.Base) {
	t.Run("definitions", func(t *testing.T) { definitions(t, build(t, Sample())) })
	t.Run("names", func(t *testing.T) { names(t, build(t, Sample())) })
	t.Run("statements", func(t *testing.T) { statements(t, build(t, Sample())) })
	t.Run("records", func(t *testing.T) { records(t, build(t, Sample())) })
	t.Run("families", func(t *testing.T) { families(t, build(t, Sample())) })
	t.Run("the order of records does not matter", func(t *testing.T) { order(t, build) })
	t.Run("an empty base answers", func(t *testing.T) { empty(t, build(t, nil)) })
	t.Run("a record takes the place of its earlier form", func(t *testing.T) { replace(t, build) })
}

func definitions(t *testing.T, b *content.Base) {
	want := harrier.Vulnerability{
		ID: 1240007347, Slug: "cve-2024-7347", UUID: harrier.NamedUUID("cve-2024-7347"), Name: "NGINX MP4 module reads beyond a buffer",
		Family: "Debian Local Security Checks", Severity: harrier.High,
		Synopsis:    "A crafted mp4 file makes a worker read memory that is not its own.",
		Description: "A crafted mp4 file makes a worker read memory that is not its own. It may end.",
		Solution:    "Update nginx to 1.22.1-9+deb12u1 or later on Debian 12.\nUpgrade nginx to 1.26.2 or later.\nUpgrade nginx to 1.27.1 or later.",
		CVEs:        []string{"CVE-2024-7347"}, Aliases: []string{"DSA-9001-1"}, CWEs: []int{125, 126},
		References:  []string{"https://my.f5.com/manage/s/article/K000140529"},
		CPEs:        []string{"cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*"},
		CVSS3Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", CVSS3Score: 7.5,
		EPSS: 0.25, EPSSPercentile: 0.9, Published: day(8, 14), Added: day(8, 14), Modified: day(9, 1),
		Sources: []string{"cvelist", "debian", "epss", "nvd"},
		Solutions: []harrier.Solution{
			{ID: "deb/debian/12:nginx", Summary: "Update nginx to 1.22.1-9+deb12u1 or later on Debian 12.", Type: "package", Applies: "deb/debian/12", Fixed: "1.22.1-9+deb12u1", Advisory: "DSA-9001-1"},
			{ID: "f5:nginx", Summary: "Upgrade nginx to 1.26.2 or later.", Type: "upgrade", Applies: nginxCPE, Fixed: "1.26.2"},
			{ID: "f5:nginx@1.27.1", Summary: "Upgrade nginx to 1.27.1 or later.", Type: "upgrade", Applies: nginxCPE, Fixed: "1.27.1"},
		},
	}
	if diff := cmp.Diff(want, definition(t, b, "CVE-2024-7347")); diff != "" {
		t.Errorf("CVE-2024-7347 (-want +got):\n%s", diff)
	}
	if v := definition(t, b, "cve-2024-32760"); v.Name != "CVE-2024-32760 in nginx" || v.Severity != harrier.Low {
		t.Errorf("CVE-2024-32760, of which only an advisory speaks, is %q, %s", v.Name, v.Severity)
	}
	if v := definition(t, b, "CVE-2023-0001"); v.Name != "Acme Door opens" || !v.Exploited || !v.ExploitedSince.Equal(day(2, 1)) || v.Severity != harrier.High || v.Synopsis != "A door." {
		t.Errorf("CVE-2023-0001 = %+v", v)
	}
	if v := definition(t, b, "CVE-2022-4444"); v.Withdrawn.IsZero() {
		t.Errorf("CVE-2022-4444 = %+v; want it withdrawn", v)
	}
	v := definition(t, b, "GHSA-aaaa-bbbb-cccc")
	if v.Slug != "ghsa-aaaa-bbbb-cccc" || v.Name != "left-pad pads right" || v.Family != "CGI abuses" || v.Solution != "Pad by hand." || v.Severity != harrier.Medium || len(v.CVEs) > 0 {
		t.Errorf("GHSA-aaaa-bbbb-cccc = %+v", v)
	}
}

func names(t *testing.T, b *content.Base) {
	for name, want := range map[string]harrier.VulnID{
		"cve-2024-7347": 1240007347, "dsa-9001-1": 1240007347, "ACME-1": 1230000001, "go-2023-1": 1230000001, "ghsa-DDDD-eeee-ffff": 1230000001,
		"GHSA-aaaa-bbbb-cccc": harrier.ContentNumber("GHSA-AAAA-BBBB-CCCC"), "npm-7": harrier.ContentNumber("GHSA-AAAA-BBBB-CCCC"),
		"HV-1": harrier.ContentNumber("HV-1"),
	} {
		if got := number(t, b, name); got != want {
			t.Errorf("Number(%s) = %d; want %d", name, got, want)
		}
	}
	list, err := b.Numbers("DSA-9001-1")
	if diff := cmp.Diff([]harrier.VulnID{1240007347, 1240032760}, list); diff != "" || err != nil {
		t.Errorf("Numbers(DSA-9001-1), %v (-want +got):\n%s", err, diff)
	}
	for _, name := range []string{"CVE-2020-1234", "DSA-1", "", "CVE-", "GHSA"} {
		if id, found, err := b.Number(name); found || err != nil {
			t.Errorf("Number(%q) = %d, %t, %v; want none", name, id, found, err)
		}
	}
}

func statements(t *testing.T, b *content.Base) {
	for key, want := range map[string][]string{
		nginxCPE: {"CVE-2024-7347 nvd CVE-2024-7347"}, nginxMaker: {"CVE-2024-7347 cvelist CVE-2024-7347"},
		nginxDeb: {"CVE-2024-7347 debian DSA-9001-1", "CVE-2024-32760 debian DSA-9001-1"},
		harrier.PackageKey(harrier.Package{Ecosystem: "npm", Name: "left-pad"}): {"GHSA-aaaa-bbbb-cccc ghsa GHSA-aaaa-bbbb-cccc"},
		"cpe a:x:y": nil, "": nil,
	} {
		list, err := b.Statements(key)
		var got []string
		for _, s := range list {
			got = append(got, s.Name+" "+s.Source+" "+s.Record)
			if s.Key() != key {
				t.Errorf("a statement of %s speaks of %s", key, s.Key())
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Statements(%s), %v (-want +got):\n%s", key, err, diff)
		}
	}
	list, _ := b.Statements(nginxCPE)
	if len(list) == 1 && (len(list[0].Ranges) != 2 || list[0].Ranges[1].Before != "1.27.1" || list[0].Vulnerability != 1240007347) {
		t.Errorf("the statement is %+v", list[0])
	}
	if again, _ := b.Statements(nginxCPE); !cmp.Equal(list, again) {
		t.Errorf("asked again it is %+v", again)
	}
}

func records(t *testing.T, b *content.Base) {
	list, err := b.Records(1240007347)
	var got []string
	for _, r := range list {
		got = append(got, r.Source+" "+r.ID)
	}
	if diff := cmp.Diff([]string{"debian DSA-9001-1", "cvelist CVE-2024-7347", "nvd CVE-2024-7347", "epss CVE-2024-7347"}, got); diff != "" || err != nil {
		t.Errorf("Records, %v (-want +got):\n%s", err, diff)
	}
	if len(list) == 4 && (list[1].Title == "" || list[1].Affected[0].Maker == "" || list[3].EPSS.Probability != 0.25) {
		t.Errorf("the records are %+v", list)
	}
	if list, err := b.Records(7); len(list) > 0 || err != nil {
		t.Errorf("Records(7) = %d, %v; want none", len(list), err)
	}
	for source, want := range map[string]feed.Class{"debian": feed.Distribution, "nvd": feed.NVD, "kev": feed.Facts, "nobody": feed.Facts} {
		if got := b.Class(source); got != want {
			t.Errorf("Class(%s) = %s; want %s", source, got, want)
		}
	}
}

func families(t *testing.T, b *content.Base) {
	want := []harrier.Family{{Name: "CGI abuses", Count: 1}, {Name: "Debian Local Security Checks", Count: 2}, {Name: "Misc.", Count: 2}}
	if diff := cmp.Diff(want, b.Families()); diff != "" {
		t.Errorf("Families (-want +got):\n%s", diff)
	}
	for _, c := range []struct{ offset, limit, first, n int }{{0, 0, 1240007347, 2}, {0, 1, 1240007347, 1}, {1, 9, 1240032760, 1}, {2, 0, 0, 0}} {
		list, err := b.Family("Debian Local Security Checks", c.offset, c.limit)
		if err != nil || len(list) != c.n || c.n > 0 && list[0].ID != harrier.VulnID(c.first) {
			t.Errorf("Family(%d, %d) = %+v, %v", c.offset, c.limit, list, err)
		}
	}
	if list, err := b.Family("no such", 0, 0); len(list) > 0 || err != nil {
		t.Errorf("Family(no such) = %+v, %v", list, err)
	}
	if _, err := b.Family("Misc.", -1, 0); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Family(-1) = %v; want Invalid", err)
	}
}

func order(t *testing.T, build func(*testing.T, []Classed) *content.Base) {
	forth, back := build(t, Sample()), Sample()
	for i := range len(back) / 2 {
		back[i], back[len(back)-1-i] = back[len(back)-1-i], back[i]
	}
	Same(t, forth, build(t, back))
}

func empty(t *testing.T, b *content.Base) {
	if list, err := b.Statements(nginxCPE); len(list) > 0 || err != nil {
		t.Errorf("Statements = %v, %v", list, err)
	}
	if _, found, err := b.Vulnerability(1240007347); found || err != nil {
		t.Errorf("Vulnerability = %t, %v", found, err)
	}
	if b.Version() == "" || len(b.Families()) > 0 {
		t.Errorf("Version %q, %v", b.Version(), b.Families())
	}
}

func replace(t *testing.T, build func(*testing.T, []Classed) *content.Base) {
	list := Sample()
	old := list[1]
	old.Record.Affected = []harrier.Affected{{CPE: "cpe:2.3:a:other:thing", Status: harrier.StatusAffected}}
	old.Record.Aliases = []string{"OLD-NAME"}
	b := build(t, append([]Classed{old}, list...))
	Same(t, build(t, Sample()), b)
	if list, _ := b.Statements("cpe a:other:thing"); len(list) > 0 {
		t.Errorf("the earlier form still says %+v", list)
	}
}

// Same reports where two bases answer differently.
func Same(t *testing.T, want, got *content.Base) {
	t.Helper()
	if want.Version() != got.Version() {
		t.Errorf("Version %q; want %q", got.Version(), want.Version())
	}
	if diff := cmp.Diff(want.Families(), got.Families()); diff != "" {
		t.Errorf("Families (-want +got):\n%s", diff)
	}
	keys, aliases := map[string]bool{}, map[string]bool{}
	for _, b := range []*content.Base{want, got} {
		for _, f := range b.Families() {
			list, err := b.Family(f.Name, 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range list {
				x, _, err1 := want.Vulnerability(l.ID)
				y, _, err2 := got.Vulnerability(l.ID)
				if diff := cmp.Diff(x, y); diff != "" || err1 != nil || err2 != nil {
					t.Errorf("Vulnerability(%d), %v, %v (-want +got):\n%s", l.ID, err1, err2, diff)
				}
				r1, err1 := want.Records(l.ID)
				r2, err2 := got.Records(l.ID)
				if diff := cmp.Diff(r1, r2); diff != "" || err1 != nil || err2 != nil {
					t.Errorf("Records(%d), %v, %v (-want +got):\n%s", l.ID, err1, err2, diff)
				}
				for _, r := range append(r1, r2...) {
					aliases[r.ID] = true
					for _, a := range r.Aliases {
						aliases[a] = true
					}
					for _, a := range r.Affected {
						keys[a.Key()] = true
					}
				}
			}
		}
	}
	for key := range keys {
		x, err1 := want.Statements(key)
		y, err2 := got.Statements(key)
		if diff := cmp.Diff(x, y); diff != "" || err1 != nil || err2 != nil {
			t.Errorf("Statements(%s), %v, %v (-want +got):\n%s", key, err1, err2, diff)
		}
	}
	for name := range aliases {
		x, err1 := want.Numbers(name)
		y, err2 := got.Numbers(name)
		if diff := cmp.Diff(x, y); diff != "" || err1 != nil || err2 != nil {
			t.Errorf("Numbers(%s), %v, %v (-want +got):\n%s", name, err1, err2, diff)
		}
	}
}
