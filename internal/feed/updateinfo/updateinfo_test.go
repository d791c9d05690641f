package updateinfo

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

const modules = `<?xml version="1.0" encoding="UTF-8"?><updates>
<update type="security" status="final"><id>RLSA-2024:1000</id><title>Important: nginx:1.22 security update</title><severity>Important</severity>
<issued date="2024-01-02 03:04:05"/><references><reference type="cve" id="CVE-2024-1000" href="https://example.com/1"/><reference type="self" id="RLSA-2024:1000" href="https://example.com/2"/></references>
<pkglist><collection short="rocky-linux-9-x86-64-appstream-rpms"><name>x</name><module name="nginx" stream="1.22" version="9" context="a" arch="x86_64"/>
<package name="nginx" epoch="1" version="1.22.1" release="3.module+el9.2.0+1+a" arch="x86_64"/><package name="nginx" epoch="1" version="1.22.1" release="3.module+el9.2.0+1+a" arch="src"/></collection>
<collection short="b"><package name="nginx-mod" epoch="" version="2" release="1.module+el9.2.0+1+a" arch="x86_64"/><package name="plain" version="3" release="1.el9" arch="noarch"/><package name="bad" version="" release="1.el9"/></collection></pkglist></update>
<update type="bugfix"><id>RLBA-2024:1001</id></update></updates>`

func TestReadXML(t *testing.T) {
	var got feed.Collect
	if err := rocky.readXML(strings.NewReader(modules), &got); err != nil || len(got.Records) != 1 || len(got.Faults) != 1 {
		t.Fatalf("%v, records %+v, faults %v; want one of each", err, got.Records, got.Faults)
	}
	mended := func(name, module, fixed string) harrier.Affected {
		return harrier.Affected{
			Package: harrier.Package{Ecosystem: "rpm/rocky/9", Name: name}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
			Module: module, Fixed: fixed, Advisory: "RLSA-2024:1000", Ranges: []harrier.Range{{Before: fixed}},
		}
	}
	want := harrier.Record{
		Source: "rocky", ID: "RLSA-2024:1000", CVEs: []string{"CVE-2024-1000"}, Title: "Important: nginx:1.22 security update", Severity: "important",
		Published:  time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
		References: []harrier.Reference{{URL: "https://example.com/1"}, {URL: "https://example.com/2", Tags: []string{"vendor-advisory"}}},
		Affected: []harrier.Affected{
			mended("nginx", "nginx:1.22", "1:1.22.1-3.module+el9.2.0+1+a"), mended("nginx-mod", "nginx:1.22", "2-1.module+el9.2.0+1+a"), mended("plain", "", "3-1.el9"),
		},
	}
	if !reflect.DeepEqual(got.Records[0], want) {
		t.Errorf("readXML = %+v\nwant %+v", got.Records[0], want)
	}
}

func TestReadXMLRefuses(t *testing.T) {
	for what, doc := range map[string]string{
		"nothing":   "",
		"cut off":   `<updates><update type="security"><id>ALSA-2024:1</id>`,
		"cut after": `<updates><update type="security"><id>ALSA-2024:1</id></update>`,
		"a page":    `<html><body/></html>`,
		"an entity": `<!DOCTYPE x [<!ENTITY a "aaaa">]><updates><update type="security"><id>&a;</id></update></updates>`,
		"too deep":  strings.Repeat("<updates>", 1000),
	} {
		if err := alma.readXML(strings.NewReader(doc), &feed.Collect{}); err == nil {
			t.Errorf("%s is read without an error", what)
		}
	}
}

func TestSamples(t *testing.T) {
	for i, want := range []struct {
		files, records, faults int
		has                    [][4]string // record, ecosystem, package, fixed
	}{
		{6, 4, 2, [][4]string{
			{"ALSA-2022:4940", "rpm/alma/9", "xz", "5.2.5-8.el9_0"},
			{"ALSA-2023:7549", "rpm/alma/9", "nodejs", "1:18.18.2-1.el9"},
		}},
		{7, 5, 1, [][4]string{
			{"RLSA-2023:3820", "rpm/rocky/9", "mariadb", "3:10.5.16-2.module+el9.1.0+13358+56c3b6a3"},
			{"RLSA-2025:21816", "rpm/rocky/10", "delve", "1.25.2-1.el10_1"},
			{"RLSA-2022:1234", "rpm/rocky/8", "openssl", "1:1.1.1k-6.el8_5"},
		}},
		{9, 7, 2, [][4]string{
			{"ALAS-2011-1", "rpm/amazon/1", "httpd-devel", "2.2.21-1.18.amzn1"},
			{"ALAS2-2018-939", "rpm/amazon/2", "kernel", "4.9.76-38.79.amzn2"},
			{"ALAS2KERNEL-5.15-2022-001", "rpm/amazon/2", "kernel", "5.15.43-20.123.amzn2"},
			{"ALAS2023-2023-001", "rpm/amazon/2023", "rsyslog", "8.2204.0-3.amzn2023.0.2"},
		}},
	} {
		f := Formats[i]
		files := feedtest.Files(t, "vendor-samples", f.Name+"/errata", f.Name+"/updateinfo")
		broken := 0
		for file := range files {
			if file.Err != nil {
				broken++
			}
		}
		got, n := feedtest.Play(t, f, files)
		if n != want.files || len(got.Records) != want.records || len(got.Faults) != want.faults || broken != 1 {
			t.Errorf("%s: %d files, %d of them broken archives, gave %d records, faults %v; want %+v", f.Name, n, broken, len(got.Records), got.Faults, want)
		}
		for _, has := range want.has {
			if a := feedtest.Find(got.Records, has[0], has[1], has[2]); len(a) != 1 || a[0].Fixed != has[3] {
				t.Errorf("%s: %+v; want %v", has[0], a, has)
			}
		}
		for _, a := range feedtest.Find(got.Records, "ALAS2KERNEL-5.15-2022-001", "rpm/amazon/2", "kernel") {
			if a.Ranges[0].From != "5.15" || a.Otherwise != harrier.StatusUnknown {
				t.Errorf("kernel of an extra: %+v; want from 5.15 on", a)
			}
		}
		for _, a := range feedtest.Find(got.Records, "ALSA-2019:3708", "rpm/alma/8", "Judy") {
			if !strings.HasPrefix(a.Module, "mariadb") || strings.Count(a.Module, ":") != 1 {
				t.Errorf("Judy is of module %q; want one of mariadb", a.Module)
			}
		}
	}
}

func TestStreamOf(t *testing.T) {
	for title, want := range map[string]string{
		"Moderate: mariadb:10.3 security and bug fix update": "mariadb:10.3",
		"virt:kvm_utils security update":                     "virt:kvm_utils",
		"Important: nodejs security update":                  "",
		"a:1 and b:2":                                        "",
		"RLSA-2024:1":                                        "",
		"https://example.com":                                "",
	} {
		if got := streamOf(title); got != want {
			t.Errorf("streamOf(%q) = %q; want %q", title, got, want)
		}
	}
}

func TestRemotes(t *testing.T) {
	const index = `<repomd><data type="primary"><location href="repodata/a.xml.gz"/></data><data type="updateinfo"><location href="repodata/b-updateinfo.xml.gz"/></data></repomd>`
	for _, step := range []struct {
		next        func() (string, error)
		want, fails string
	}{
		{next: func() (string, error) {
			return repository(strings.NewReader("https://a.example/core/1\nhttps://b.example/\n"), "https://cdn.example/mirror.list")
		}, want: "https://a.example/core/1/repodata/repomd.xml"},
		{next: func() (string, error) {
			return repository(strings.NewReader(index), "https://a.example/core/1/repodata/repomd.xml")
		}, want: "https://a.example/core/1/repodata/b-updateinfo.xml.gz"},
		{next: func() (string, error) {
			return repository(strings.NewReader("x"), "https://a.example/core/1/repodata/b-updateinfo.xml.gz")
		}},
		{next: func() (string, error) {
			return repository(strings.NewReader("<repomd/>"), "https://a.example/repodata/repomd.xml")
		}, fails: "no update notices"},
		{next: func() (string, error) {
			return repository(strings.NewReader("file:///etc/passwd"), "https://cdn.example/mirror.list")
		}, fails: "leads away"},
		{next: func() (string, error) {
			return nextPage(strings.NewReader(`{"links":{"next":"/api?page=2"}}`), "https://a.example/api?page=1")
		}, want: "https://a.example/api?page=2"},
		{next: func() (string, error) {
			return nextPage(strings.NewReader(`{"links":{"next":null}}`), "https://a.example/api?page=2")
		}},
		{next: func() (string, error) { return nextPage(strings.NewReader(`<html>`), "https://a.example/") }, fails: "page of advisories"},
	} {
		got, err := step.next()
		if got != step.want || (err == nil) != (step.fails == "") || err != nil && !strings.Contains(err.Error(), step.fails) {
			t.Errorf("next = %q, %v; want %q, %q", got, err, step.want, step.fails)
		}
	}
}

func FuzzReadXML(f *testing.F) {
	f.Add(modules)
	f.Fuzz(func(t *testing.T, s string) {
		for _, format := range Formats {
			feedtest.Hostile(t, format, "updateinfo.xml", s)
		}
	})
}

func FuzzErrata(f *testing.F) {
	f.Add(`{"data":[{"id":"ALSA-2024:1","type":"security","packages":[{"name":"a","epoch":"0","version":"1","release":"1.el9","module":"m:1:2"}],"references":[{"id":"CVE-2024-1000"}]}]}`)
	f.Add(`{"advisories":[{"name":"RLSA-2024:1","kind":"Security","cves":[{"cve":"CVE-2024-1000","cvss3_base_score":"7.5","cvss3_scoring_vector":"CVSS:3.1/AV:N"}],"packages":[{"nevra":"a-0:1-1.el9.x86_64.rpm"}]}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, format := range Formats {
			feedtest.Hostile(t, format, "errata.json", s)
		}
	})
}
