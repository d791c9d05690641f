package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/needs"
)

// TestReproducible makes the facts again: they must be those of the sources.
func TestReproducible(t *testing.T) {
	data := needs.Shared(t, filepath.Join("..", "..", "..", "..", "shared", "data"))
	want, err := generate(data)
	if err != nil {
		t.Fatal(err)
	}
	facts := filepath.Join("..", "..", "content", "builtin", "facts")
	files, err := filepath.Glob(filepath.Join(facts, "*.txt"))
	if err != nil || len(files) != len(want) {
		t.Errorf("%d files are there, want %d (%v): run go generate ./internal/content/builtin", len(files), len(want), err)
	}
	total := 0
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(facts, name))
		if err != nil || string(got) != text {
			t.Errorf("%s is not what the sets give (%v): run go generate ./internal/content/builtin", name, err)
		}
		total += len(text)
	}
	if total > 3<<20 {
		t.Errorf("%d bytes of facts; want at most 3 MiB", total)
	}
}

func TestComparison(t *testing.T) {
	for text, want := range map[string]harrier.Range{
		">= 1.0, < 2.0":   {From: "1.0", Before: "2.0"},
		"<= v2.4.1":       {To: "2.4.1"},
		"> 1.0, <= 1.9":   {After: "1.0", To: "1.9"},
		"= 3.1":           {From: "3.1", To: "3.1"},
		"< 2, < 3, <= 4":  {},
		"before 2.0":      {},
		">= 0, < 1.2.3-4": {Before: "1.2.3-4"},
	} {
		if got, ok := comparison(text); ok != (want != harrier.Range{}) || ok && got != want {
			t.Errorf("%q is %+v, %v", text, got, ok)
		}
	}
}

// TestRecord reads a CVE record in which two organisations name versions.
func TestRecord(t *testing.T) {
	const text = `{"cveMetadata": {"cveId": "CVE-2024-0001", "state": "PUBLISHED", "datePublished": "2024-02-03T10:00:00Z"}, "containers": {
		"cna": {"affected": [
			{"vendor": "F5", "product": "NGINX Open Source", "versions": [
				{"version": "1.25.0", "status": "affected", "lessThan": "1.25.4", "versionType": "semver"},
				{"version": "1.24.0", "status": "affected"}, {"version": "unspecified", "status": "affected", "lessThanOrEqual": "0.9"},
				{"version": ">= 1.0, < 1.2", "status": "affected"}, {"version": "1.26", "status": "unaffected"}, {"version": "some of them", "status": "affected"},
				{"version": "3.0", "status": "affected", "lessThan": "*"}, {"version": "0:1.2.3-4.el9", "status": "affected", "lessThan": "0:9", "versionType": "rpm"}]},
			{"vendor": "nobody", "product": "nothing", "versions": [{"version": "1", "status": "affected"}]}],
			"problemTypes": [{"descriptions": [{"cweId": "CWE-416"}, {"description": "words"}]}],
			"metrics": [{"cvssV3_1": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}, {"other": {"content": 1}}]},
		"adp": [{"affected": [{"cpes": ["cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*", "cpe:2.3:a:openresty:openresty:*:*:*:*:*:*:*:*"],
			"versions": [{"version": "0", "status": "affected", "lessThan": "9"}]}]}]}}`
	c := collection{entries: map[string]*draft{}}
	if err := c.record("2024/0xxx/CVE-2024-0001.json", []byte(text)); err != nil {
		t.Fatal(err)
	}
	files := c.files()
	want := header + "2024-0001\t2024-02-03\t416\tCVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H\t-\t-\t" +
		"nginx[,0.9][1.0,1.2)[1.25.0,1.25.4)[3.0,)=1.24.0 openresty[,9)\n"
	if files["2024.txt"] != want {
		t.Errorf("it gives\n%swant\n%s", files["2024.txt"], want)
	}
}

// TestOverride reads configurations: one of them wants two things at once.
func TestOverride(t *testing.T) {
	const text = `{"_annotation": {"cve_id": "CVE-2026-0001", "published": "2026-01-02T00:00:00Z"}, "cve": {"configurations": [
		{"operator": "AND", "nodes": [{"cpeMatch": [{"criteria": "cpe:2.3:a:apache:tomcat:*:*:*:*:*:*:*:*", "versionEndExcluding": "9", "vulnerable": true}]}, {"cpeMatch": []}]},
		{"nodes": [{"cpeMatch": [
			{"criteria": "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*", "versionStartExcluding": "1.0", "versionEndIncluding": "1.9", "vulnerable": true},
			{"criteria": "cpe:2.3:a:nginx:nginx:1.11:rc1:*:*:*:*:*:*", "vulnerable": true},
			{"criteria": "cpe:2.3:a:f5:nginx:1.12:*:*:*:*:*:*:*", "vulnerable": false},
			{"criteria": "cpe:2.3:a:f5:nginx", "vulnerable": true}, {"criteria": "cpe:2.3:a:nobody:nothing:1:*:*:*:*:*:*:*", "vulnerable": true}]}]}]}}`
	c := collection{entries: map[string]*draft{}}
	if err := c.override("data/2026/CVE-2026-0001.json", []byte(text)); err != nil {
		t.Fatal(err)
	}
	if got, want := c.files()["2026.txt"], header+"2026-0001\t2026-01-02\t-\t-\t-\t-\tnginx(1.0,1.9]=1.11-rc1\n"; got != want {
		t.Errorf("it gives\n%swant\n%s", got, want)
	}
}

// TestRanks: what a better set says stays, what an equal one says is added.
func TestRanks(t *testing.T) {
	c := collection{entries: map[string]*draft{}}
	bitnami := `{"aliases": ["CVE-2024-0002"], "affected": [{"package": {"name": "nginx"}, "severity": [{"score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
		"ranges": [{"events": [{"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "1.3"}, {"last_affected": "1.3.5"}]}]}]}`
	record := `{"cveMetadata": {"cveId": "CVE-2024-0002"}, "containers": {"cna": {"affected": [{"vendor": "f5", "product": "nginx", "versions": [{"version": "7", "status": "affected"}]}],
		"metrics": [{"cvssV3_1": {"vectorString": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H"}}]}}}`
	for _, err := range []error{c.record("x/CVE-2024-0002.json", []byte(record)), c.bitnami("nginx/BIT.json", []byte(bitnami)), c.record("x/CVE-2024-0002.json", []byte(record))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	d := c.entry("CVE-2024-0002")
	d.finish()
	if got := d.Claims[0].String(); got != "nginx[,1.2)[1.3,1.3.5]" {
		t.Errorf("the versions are %s", got)
	}
	if !slices.Equal(d.Vectors, []string{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}) {
		t.Errorf("the vectors are %v", d.Vectors)
	}
}

func TestSupport(t *testing.T) {
	c := collection{entries: map[string]*draft{}}
	page := "---\ntitle: nginx\nreleases:\n  - releaseCycle: \"1.26\"\n    eol: 2025-04-23\n  - releaseCycle: \"1.27\"\n    eol: false\n  - releaseCycle: \"mainline\"\n    eol: 2020-01-01\n---\n\n> words\n"
	if err := c.support("eol/products/nginx.md", []byte(page)); err != nil {
		t.Fatal(err)
	}
	if got, want := c.cycleText(), header+"nginx\t1.26\t2025-04-23\n"; got != want {
		t.Errorf("it gives %q", got)
	}
}
