package redhat

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

func TestPlatformOf(t *testing.T) {
	for uri, want := range map[string]platform{
		"cpe:/a:redhat:enterprise_linux:9::appstream":             {ecosystem: "rpm/redhat/9"},
		"cpe:/o:redhat:enterprise_linux:10.0":                     {ecosystem: "rpm/redhat/10"},
		"cpe:/o:redhat:enterprise_linux:7::client":                {ecosystem: "rpm/redhat/7"},
		"cpe:/a:redhat:rhel_eus:9.2::appstream":                   {ecosystem: "rpm/redhat-eus/9.2"},
		"cpe:/o:redhat:rhel_aus:8.4::baseos":                      {ecosystem: "rpm/redhat-aus/8.4"},
		"cpe:/a:redhat:rhel_tus:8.2::appstream":                   {ecosystem: "rpm/redhat-tus/8.2"},
		"cpe:/a:redhat:rhel_e4s:8.1::appstream":                   {ecosystem: "rpm/redhat-e4s/8.1"},
		"cpe:/o:redhat:rhel_els:7":                                {ecosystem: "rpm/redhat-els/7"},
		"cpe:/a:redhat:openstack:17.1::el9":                       {ecosystem: "rpm/redhat/9", product: "cpe:2.3:a:redhat:openstack:17.1:*:el9:*:*:*:*:*"},
		"cpe:/a:redhat:rhel_software_collections:3::el7":          {ecosystem: "rpm/redhat/7", product: "cpe:2.3:a:redhat:rhel_software_collections:3:*:el7:*:*:*:*:*"},
		"cpe:/a:redhat:jboss_enterprise_application_platform:7.4": {},
		"cpe:/a:other:enterprise_linux:9":                         {},
		"cpe:/a:redhat:enterprise_linux":                          {},
		"cpe:2.3:a:redhat:enterprise_linux:9":                     {},
		"":                                                        {},
	} {
		if got := platformOf(uri); got != want {
			t.Errorf("platformOf(%q) = %+v; want %+v", uri, got, want)
		}
	}
}

// document is a VEX document of the shape that is published, about what the
// samples do not have: modules told in three ways, an image, statuses of every
// kind, and two products.
const document = `{"document":{"category":"csaf_vex","csaf_version":"2.0","title":"nodejs: a flaw","aggregate_severity":{"text":"Important"},
 "tracking":{"id":"CVE-2098-1000","status":"final","initial_release_date":"2099-01-02T03:04:05+00:00","current_release_date":"2099-02-03T00:00:00+00:00"},
 "references":[{"category":"self","url":"https://example.com/self"}]},
"product_tree":{"branches":[{"category":"vendor","name":"Red Hat","branches":[
 {"category":"product_name","name":"RHEL 8","product":{"product_id":"AppStream-8","name":"RHEL 8","product_identification_helper":{"cpe":"cpe:/a:redhat:enterprise_linux:8::appstream"}}},
 {"category":"product_name","name":"RHEL 9","product":{"product_id":"rhel9","name":"RHEL 9","product_identification_helper":{"cpe":"cpe:/o:redhat:enterprise_linux:9"}}},
 {"category":"product_version","name":"m","product":{"product_id":"mod","name":"nodejs:18:8090:a7","product_identification_helper":{"purl":"pkg:rpmmod/redhat/nodejs@18:8090:a7"}}},
 {"category":"product_version","name":"b","product":{"product_id":"npm","name":"npm-1:9.5.0-1.module+el8.x86_64"}},
 {"category":"product_version","name":"c","product":{"product_id":"node20","name":"nodejs-1:20.1.0-1.module+el8.x86_64::nodejs:20"}},
 {"category":"product_version","name":"d","product":{"product_id":"old","name":"nodejs:10/nodejs","product_identification_helper":{"purl":"pkg:rpm/redhat/nodejs?arch=src&rpmmod=nodejs:10"}}},
 {"category":"product_version","name":"e","product":{"product_id":"late","name":"grafana"}},
 {"category":"product_version","name":"f","product":{"product_id":"image","name":"openshift4/ose-cli","product_identification_helper":{"purl":"pkg:oci/ose-cli"}}}
 ]}],"relationships":[
 {"category":"default_component_of","full_product_name":{"product_id":"AppStream-8:mod","name":"x"},"product_reference":"mod","relates_to_product_reference":"AppStream-8"},
 {"category":"default_component_of","full_product_name":{"product_id":"AppStream-8:mod:npm","name":"x"},"product_reference":"npm","relates_to_product_reference":"AppStream-8:mod"},
 {"category":"default_component_of","full_product_name":{"product_id":"AppStream-8:node20","name":"x"},"product_reference":"node20","relates_to_product_reference":"AppStream-8"},
 {"category":"default_component_of","full_product_name":{"product_id":"AppStream-8:old","name":"x"},"product_reference":"old","relates_to_product_reference":"AppStream-8"},
 {"category":"default_component_of","full_product_name":{"product_id":"rhel9:grafana","name":"x"},"product_reference":"late","relates_to_product_reference":"rhel9"},
 {"category":"default_component_of","full_product_name":{"product_id":"rhel9:image","name":"x"},"product_reference":"image","relates_to_product_reference":"rhel9"},
 {"category":"default_component_of","full_product_name":{"product_id":"loop","name":"x"},"product_reference":"loop","relates_to_product_reference":"loop"}
 ]},
"vulnerabilities":[{"cve":"CVE-2098-1000","cwe":{"id":"CWE-79"},"title":"nodejs: a flaw","release_date":"2099-01-01T00:00:00+00:00",
 "product_status":{"fixed":["AppStream-8:mod:npm","AppStream-8:node20","loop","nowhere"],"known_affected":["AppStream-8:old","rhel9:grafana","rhel9:image"]},
 "remediations":[{"category":"vendor_fix","details":"Update.","url":"https://access.redhat.com/errata/RHSA-2099:0001","product_ids":["AppStream-8:mod:npm"]},
  {"category":"no_fix_planned","details":"Will not fix","product_ids":["AppStream-8:old"]},
  {"category":"none_available","details":"Fix deferred","product_ids":["rhel9:grafana"]}],
 "threats":[{"category":"impact","details":"Moderate"}],
 "scores":[{"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8},"products":["x"]}]}]}`

func TestRead(t *testing.T) {
	var got feed.Collect
	if err := Format.Read("2099/cve-2098-1000.json", strings.NewReader(document), &got); err != nil || len(got.Faults) > 0 || len(got.Records) != 1 {
		t.Fatalf("Read: %v, %d records, faults %v", err, len(got.Records), got.Faults)
	}
	feedtest.Check(t, Format, got.Records)
	el := func(release, name string) harrier.Package {
		return harrier.Package{Ecosystem: "rpm/redhat/" + release, Name: name}
	}
	want := harrier.Record{
		Source: "redhat", ID: "CVE-2098-1000", CVEs: []string{"CVE-2098-1000"}, Title: "nodejs: a flaw", Solution: "Update.", Severity: "moderate",
		Scores:     []harrier.Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8}},
		CWEs:       []int{79},
		References: []harrier.Reference{{URL: "https://example.com/self", Tags: []string{"vendor-advisory"}}},
		Published:  time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), Modified: time.Date(2099, 2, 3, 0, 0, 0, 0, time.UTC),
		Affected: []harrier.Affected{
			{Package: el("8", "nodejs"), Status: harrier.StatusWillNotFix, Why: "Will not fix", Module: "nodejs:10", Source: true},
			{Package: el("8", "nodejs"), Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Module: "nodejs:20", Fixed: "1:20.1.0-1.module+el8", Ranges: []harrier.Range{{Before: "1:20.1.0-1.module+el8"}}},
			{Package: el("8", "npm"), Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected, Module: "nodejs:18", Advisory: "RHSA-2099:0001", Fixed: "1:9.5.0-1.module+el8", Ranges: []harrier.Range{{Before: "1:9.5.0-1.module+el8"}}},
			{Package: el("9", "grafana"), Status: harrier.StatusFixDeferred, Why: "Fix deferred", Source: true},
		},
	}
	if !reflect.DeepEqual(got.Records[0], want) {
		t.Errorf("Read = %+v\nwant %+v", got.Records[0], want)
	}
}

func TestSamples(t *testing.T) {
	advisories, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", "redhat/csaf/csaf_advisories"))
	if n != 5 || len(advisories.Records) != 11 || len(advisories.Faults) > 0 {
		t.Errorf("%d advisories gave %d records, faults %v; want 5, 11, none", n, len(advisories.Records), advisories.Faults)
	}
	for _, archive := range []string{"redhat/vex/v1/csaf_vex", "redhat/vex/v2/"} {
		vex, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", archive))
		if n != 5 || len(vex.Records) != 5 || len(vex.Faults) > 0 {
			t.Errorf("%d documents gave %d records, faults %v; want 5, 5, none", n, len(vex.Records), vex.Faults)
		}
		for _, want := range []struct {
			id, ecosystem, name, fixed, advisory string
			status                               harrier.Status
			source                               bool
		}{
			{"CVE-2023-6212", "rpm/redhat/6", "firefox", "", "", harrier.StatusWillNotFix, true},
			{"CVE-2023-6212", "rpm/redhat-eus/9.2", "firefox", "115.5.0-1.el9_2", "RHSA-2023:7577", harrier.StatusAffected, false},
			{"CVE-2023-6237", "rpm/redhat/9", "edk2", "", "", harrier.StatusAffected, true},
			{"CVE-2023-6238", "rpm/redhat/8", "kernel-rt", "", "", harrier.StatusNotAffected, true},
			{"CVE-2023-6240", "rpm/redhat-eus/9.2", "kernel-headers", "", "", harrier.StatusNotAffected, false},
		} {
			a := feedtest.Find(vex.Records, want.id, want.ecosystem, want.name)
			if len(a) != 1 || a[0].Status != want.status || a[0].Fixed != want.fixed || a[0].Advisory != want.advisory || a[0].Source != want.source {
				t.Errorf("%s on %s %s = %+v; want %+v", want.id, want.ecosystem, want.name, a, want)
			}
		}
	}
}

func TestArchive(t *testing.T) {
	at := Format.Remotes(time.Now())[0]
	for page, want := range map[string]string{"csaf_vex_2024-08-04.tar.zst\n": vex + "csaf_vex_2024-08-04.tar.zst", "../x.tar.zst": "", "": "", "x.exe": "", strings.Repeat("a", 300) + ".tar.zst": ""} {
		if got, err := at.Next(strings.NewReader(page), at.URL); got != want || (err == nil) != (want != "") {
			t.Errorf("Next(%.40q) = %q, %v; want %q", page, got, err, want)
		}
	}
	if got, err := at.Next(strings.NewReader("anything"), vex+"csaf_vex_2024-08-04.tar.zst"); got != "" || err != nil {
		t.Errorf("Next behind the archive = %q, %v; want none", got, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(document)
	f.Add(`{"document":{"tracking":{"id":"x"}},"vulnerabilities":[[{}]]}`)
	feedtest.Fuzz(f, Format, "cve-x.json")
}

// BenchmarkRead reads the largest document of the samples, of a kernel.
func BenchmarkRead(b *testing.B) {
	for f := range feedtest.Files(b, "vendor-samples", "redhat/vex/v2/") {
		if !strings.HasSuffix(f.Name, "cve-2023-6240.json") {
			continue
		}
		b.SetBytes(int64(len(f.Data)))
		b.ReportAllocs()
		for b.Loop() {
			if err := Format.Read(f.Name, strings.NewReader(string(f.Data)), &feed.Collect{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
