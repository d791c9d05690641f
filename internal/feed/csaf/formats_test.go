package csaf_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

func TestSamples(t *testing.T) {
	for name, want := range map[string]struct {
		files, records int
		has            map[string]string // record to a statement of it, as in line
	}{
		"cisco": {2, 9, map[string]string{
			"cisco-sa-ios-xr-verii-bypass-HhPwQRvx":     "",
			"cisco-sa-snmp-dos-sdxnSUcW/CVE-2025-20169": "cpe:2.3:o:cisco:ios_xe:*:*:*:*:*:*:*:* affected 16.12.1z1",
			"cisco-sa-snmp-dos-sdxnSUcW/CVE-2025-20170": "cpe:2.3:o:cisco:ios:*:*:*:*:*:*:*:* affected 12.2(11)YU",
		}},
		"fortinet": {2, 2, map[string]string{
			"FG-IR-25-756": "cpe:2.3:o:fortinet:fortios:*:*:*:*:*:*:*:* affected 7.6.2",
			"FG-IR-25-771": "fortinet/fortidlp affected 12.2.1,12.2.2] 12.1,12.2) 12.0,12.1) 11.5,11.6) 11.4,11.5) 11.3,11.4)",
		}},
		"paloalto": {2, 17, map[string]string{
			"CVE-2025-0114":                  "cpe:2.3:o:paloaltonetworks:pan-os:*:*:*:*:*:*:*:* affected 11.0,11.0.2) 10.2,10.2.5) 10.1,10.1.14-h11)",
			"PAN-SA-2025-0007/CVE-2025-0995": "palo alto networks/prisma access browser affected ,133.16.4.99)",
		}},
		"siemens": {1, 3, map[string]string{"SSA-426509/CVE-2024-47196": "siemens/questa affected ,2025.2)"}},
		"cisa": {2, 2, map[string]string{
			"ICSMA-25-160-01": "microdicom/dicom viewer affected ,2025.2_Build_8154]",
			"VA-25-148-01":    "zkteco/biotime affected",
		}},
	} {
		f := find(t, name)
		got, n := feedtest.Play(t, f, feedtest.Files(t, "vendor-samples", name+"/csaf"))
		if n != want.files || len(got.Records) != want.records || len(got.Faults) > 0 {
			t.Errorf("%s: %d files gave %d records, faults %v; want %d, %d, none", name, n, len(got.Records), got.Faults, want.files, want.records)
		}
		for id, statement := range want.has {
			found := false
			for _, r := range got.Records {
				if r.ID != id {
					continue
				}
				found = statement == "" && len(r.Affected) == 0
				for _, a := range r.Affected {
					found = found || line(a, statement) == statement
				}
				if !found {
					t.Errorf("%s says %.500v; want %q", id, r.Affected, statement)
				}
			}
			if !found {
				t.Errorf("%s: no record %s with %q", name, id, statement)
			}
		}
	}
}

// line writes a statement down; of listed versions the one that want ends with.
func line(a harrier.Affected, want string) string {
	s := a.CPE + a.Maker + " " + a.Status.String()
	for _, r := range a.Ranges {
		s += " " + r.From + r.After + "," + r.Before + r.To
		if r.To != "" {
			s += "]"
		} else {
			s += ")"
		}
	}
	for _, v := range a.Versions {
		if strings.HasSuffix(want, " "+v) {
			s += " " + v
		}
	}
	return s
}

func find(t *testing.T, name string) feed.Format {
	t.Helper()
	for _, f := range csaf.Formats {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no format %s", name)
	return feed.Format{}
}

func TestReadRefuses(t *testing.T) {
	for what, doc := range map[string]string{
		"a page":         "<!DOCTYPE html><html></html>",
		"nothing":        "",
		"no id":          `{"document":{"title":"x"}}`,
		"a list":         `[]`,
		"cut off":        `{"document":{"tracking":{"id":"X-1"}},"vulnerabilities":[{"cve":"CVE-2024-1000"}`,
		"nested deeply":  strings.Repeat(`{"product_tree":{"branches":[`, 11_000),
		"not even lists": `{"document":{"tracking":{"id":"X-1"}},"vulnerabilities":{"cve":1}}`,
	} {
		var got feed.Collect
		if err := find(t, "siemens").Read("ssa-1.json", strings.NewReader(doc), &got); err == nil || len(got.Records) > 0 {
			t.Errorf("%s: %v, %d records; want an error", what, err, len(got.Records))
		}
	}
}

// TestReadHostile gives trees that grow when they are followed without bounds.
func TestReadHostile(t *testing.T) {
	var rel strings.Builder
	for i := range 64 { // each refers twice to the next
		rel.WriteString(`,{"category":"default_component_of","full_product_name":{"product_id":"r` + strconv.Itoa(i) + `","name":"x"},"product_reference":"r` +
			strconv.Itoa(i+1) + `","relates_to_product_reference":"r` + strconv.Itoa(i+1) + `"}`)
	}
	deep := strings.Repeat(`{"category":"product_name","name":"p","branches":[`, 200) +
		`{"category":"product_version","name":"1.0","product":{"product_id":"deep","name":"x"}}` + strings.Repeat(`]}`, 200)
	same := strings.Repeat(`,{"category":"product_name","name":"p","product":{"product_id":"same","name":"p"}}`, 5000)
	doc := `{"document":{"tracking":{"id":"X-1"}},"product_tree":{"branches":[{"category":"vendor","name":"V","branches":[` + deep + same + `]}],"relationships":[{}` + rel.String() +
		`]},"vulnerabilities":[{"cve":"CVE-2024-1000","product_status":{"known_affected":["r0","deep"` + strings.Repeat(`,"same"`, 5000) + `]}},{"cve":"CVE-1-1"}]}`
	var got feed.Collect
	if err := find(t, "siemens").Read("ssa-1.json", strings.NewReader(doc), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Records) != 1 || len(got.Faults) != 1 || len(got.Records[0].Affected) != 1 || got.Records[0].Affected[0].Maker != "siemens/p" {
		t.Errorf("records %+v, faults %v; want one statement about siemens/p and one fault", got.Records, got.Faults)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"document":{"tracking":{"id":"X-1"}},"product_tree":{"branches":[{"category":"vendor","name":"V","branches":[{"category":"product_name","name":"P","branches":[{"category":"product_version_range","name":"<1.2","product":{"product_id":"1","name":"P","product_identification_helper":{"cpe":"cpe:2.3:a:v:p:1:*:*:*:*:*:*:*"}}}]}]}]},"vulnerabilities":[{"cve":"CVE-2024-1000","product_status":{"known_affected":["1"],"fixed":["1"]}}]}`)
	f.Add(`{"document":{"tracking":{"id":"X-1"}},"vulnerabilities":[[{"scores":[{"cvss_v4":{"baseScore":1e300}}]}]]}`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, format := range csaf.Formats {
			feedtest.Hostile(t, format, "x.json", s)
		}
	})
}
