package asset

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestCriteria asks every field with every operator, and some with known answers.
func TestCriteria(t *testing.T) {
	db, r, assets := openTags(t)
	ctx, now := t.Context(), time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	assets[0].FQDN, assets[0].OS, assets[0].LastSeen = "www.example.com", "Debian GNU/Linux 12", now.AddDate(0, 0, -1)
	assets[1].FQDN, assets[1].OS, assets[1].LastSeen = "mail.example.com", "Windows Server 2022", now.AddDate(0, 0, -40)
	assets[2].Addr = netip.MustParseAddr("2001:db8::3")
	for i := range assets {
		if err := db.UpdateAsset(ctx, &assets[i]); err != nil {
			t.Fatal(err)
		}
	}
	service := harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 443}, Name: "https", Product: "nginx"}
	if err := db.PutServices(ctx, assets[0].ID, []harrier.Service{service}); err != nil {
		t.Fatal(err)
	}
	// On the second asset is what malware uses, and what can only be made to fail.
	err := db.PutVulnerabilities(ctx, []harrier.Vulnerability{
		{ID: 7, UUID: harrier.UUID{7}, Slug: "seven", Name: "seven", Family: "Web", Exploited: true, Ransomware: true, CVSS3Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", CVSS3Score: 9.8},
		{ID: 8, UUID: harrier.UUID{8}, Slug: "eight", Name: "eight", Family: "Web", CVSS3Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", CVSS3Score: 7.5},
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, id := range map[int]harrier.VulnID{1: 7, 0: 8} {
		f := &harrier.Finding{Asset: assets[n].ID, Severity: harrier.Low}
		f.Vulnerability = id
		f.Fold(harrier.Present, now)
		if err := db.SaveFindings(ctx, []*harrier.Finding{f}); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(t *testing.T, filter string) (out []int) {
		t.Helper()
		e, err := members.Criteria([]byte(`{"match":"all","filters":[`+filter+`]}`), now)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		list, _, err := r.search(ctx, e, Page{})
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		if _, _, err := db.SearchFindings(ctx, e, store.Page{}); err != nil {
			t.Errorf("%s: not a condition on findings: %v", filter, err)
		}
		for _, a := range list {
			out = append(out, slices.IndexFunc(assets, func(b harrier.Asset) bool { return a.ID == b.ID }))
		}
		return out
	}
	// What fits each field: a filter with all members that some operator asks for.
	special := map[string]string{
		"ip-address": `"value":"192.0.2.1","lower":"192.0.2.1","upper":"192.0.2.9"`, "pci-compliance": `"value":"0"`, "containers": `"value":"1"`,
		"vulnerability-exposures": `"values":["type:\"exploit_source_type\", name:\"2\""]`, "criticality-tag": `"value":"Low"`,
		"last-scan-date": `"value":3,"lower":"2026-05-01","upper":"2026-05-20"`, "vulnerability-assessed": `"value":3,"lower":"2026-05-01","upper":"2026-05-20"`,
		"cvss-access-vector": `"value":"N"`, "cvss-v3-attack-vector": `"value":"N"`, "cvss-v3-user-interaction": `"value":"N"`, "cvss-authentication-required": `"value":"N"`,
	}
	for field, operators := range members.FilterFields() {
		for _, op := range operators {
			value := special[field]
			if value == "" {
				value = `"value":"1","values":["1"],"lower":1,"upper":5`
				if len(field) > 4 && field[:4] == "cvss" {
					value = `"value":"L"`
					if field == "cvss-availability-impact" || field == "cvss-confidentiality-impact" || field == "cvss-integrity-impact" {
						value = `"value":"C"`
					}
				}
			}
			if op == "is-on-or-before" || op == "is-on-or-after" {
				value = `"value":"2026-05-01"`
			}
			ask(t, `{"field":"`+field+`","operator":"`+op+`",`+value+`}`)
		}
	}
	for filter, want := range map[string][]int{
		`{"field":"host-name","operator":"is","value":"WWW.example.com"}`:                                                    {0},
		`{"field":"host-name","operator":"starts-with","value":"mail."}`:                                                     {1},
		`{"field":"host-name","operator":"ends-with","value":".com"}`:                                                        {0, 1},
		`{"field":"host-name","operator":"is-like","value":"w*.example.com"}`:                                                {0},
		`{"field":"host-name","operator":"is-empty"}`:                                                                        {2},
		`{"field":"host-name","operator":"does-not-contain","value":"example"}`:                                              {2},
		`{"field":"ip-address","operator":"in-range","lower":"192.0.2.2","upper":"192.0.2.200"}`:                             {1},
		`{"field":"ip-address","operator":"not-like","value":"192.*"}`:                                                       {2},
		`{"field":"ip-address-type","operator":"in","values":["1"]}`:                                                         {2},
		`{"field":"operating-system","operator":"contains","value":"linux"}`:                                                 {0},
		`{"field":"operating-system","operator":"is-empty"}`:                                                                 {2},
		`{"field":"last-scan-date","operator":"is-within-the-last","value":7}`:                                               {0},
		`{"field":"last-scan-date","operator":"is-earlier-than","value":7}`:                                                  {1, 2},
		`{"field":"last-scan-date","operator":"is-between","lower":"2026-05-19","upper":"2026-05-19"}`:                       {0},
		`{"field":"open-ports","operator":"is","value":443}`:                                                                 {0},
		`{"field":"open-ports","operator":"in-range","lower":400,"upper":500}`:                                               {0},
		`{"field":"open-ports","operator":"in-range","lower":444,"upper":500}`:                                               nil,
		`{"field":"service-name","operator":"does-not-contain","value":"http"}`:                                              {1, 2},
		`{"field":"software","operator":"contains","value":"NGINX"}`:                                                         {0},
		`{"field":"containers","operator":"are","value":"0"}`:                                                                nil,
		`{"field":"host-type","operator":"in","values":["0"]}`:                                                               {0, 1, 2},
		`{"field":"custom-tag","operator":"is-not-applied"}`:                                                                 {0, 1, 2},
		`{"field":"risk-score","operator":"is-greater-than","value":5},{"field":"os","operator":"contains","value":"w"}`:     {1},
		`{"field":"vulnerability-title","operator":"does-not-contain","value":"x"}`:                                          {0, 1, 2},
		`{"field":"vulnerability-exposures","operator":"includes","values":["type:\"malware_type\", name:\"malware kit\""]}`: {1},
		`{"field":"vulnerability-exposures","operator":"does-not-include","values":["malware"]}`:                             {0, 2},
		`{"field":"vulnerability-category","operator":"is","value":"CISA KEV"}`:                                              {1},
		`{"field":"vulnerability-category","operator":"is","value":"web"}`:                                                   {0, 1},
		`{"field":"pci-compliance","operator":"is","value":"fail"}`:                                                          {1},
		`{"field":"pci-compliance","operator":"is","value":1}`:                                                               {0, 2},
		`{"field":"cve","operator":"contains","value":"CVE"}`:                                                                nil,
	} {
		if diff := cmp.Diff(want, ask(t, filter)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filter, diff)
		}
	}
}

// TestCriteriaAreRefused: each says what is wrong with which filter.
func TestCriteriaAreRefused(t *testing.T) {
	for _, text := range []string{
		`{"filters":[]}`, `[]`, `{"match":"some","filters":[{"field":"cve","operator":"is","value":"x"}]}`,
		`{"filters":[{"field":"nose","operator":"is","value":"x"}]}`, `{"filters":[{"field":"cve","operator":"in","value":"x"}]}`,
		`{"filters":[{"field":"cve","operator":"is"}]}`, `{"filters":[{"field":"ip-address","operator":"is","value":"x"}]}`,
		`{"filters":[{"field":"site-id","operator":"in","values":["x"]}]}`, `{"filters":[{"field":"risk-score","operator":"is","value":{}}]}`,
		`{"filters":[{"field":"last-scan-date","operator":"is-on-or-after","value":"soon"}]}`,
		`{"filters":[{"field":"last-scan-date","operator":"is-earlier-than","value":-1}]}`,
		`{"filters":[{"field":"cvss-access-vector","operator":"is","value":"NN"}]}`,
	} {
		if _, err := members.Criteria([]byte(text), time.Now()); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("%s: %v; want Invalid", text, err)
		}
	}
}

func FuzzCriteria(f *testing.F) {
	f.Add(`{"match":"any","filters":[{"field":"open-ports","operator":"in-range","lower":1,"upper":70000}]}`)
	f.Add(`{"filters":[{"field":"last-scan-date","operator":"is-within-the-last","value":1e300}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := members.Criteria([]byte(text), time.Unix(1_800_000_000, 0))
		if err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Errorf("Criteria(%q) = %v; want Invalid", text, err)
			}
			return
		}
		if _, err := json.Marshal(harrier.Condition{Expr: e}); err != nil {
			t.Errorf("Criteria(%q) gives what can not be kept: %v", text, err)
		}
	})
}
