package asm_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/asm"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

// TestBadInput: whatever is malformed, too large, too deep or somebody else's is
// refused with a code, by every operation, and changes nothing.
func TestBadInput(t *testing.T) {
	c, w, v := start(t)
	lab(t, c, w, v)
	ask := func(method, path, body, key string) (int, string) {
		t.Helper()
		status, raw := exchange.Ask(t, method, c.URL+path, body, "X-Hexiosec-API-Key", key)
		var e struct{ Code string }
		if err := json.Unmarshal(raw, &e); status >= 300 && (err != nil || e.Code == "") {
			t.Errorf("%s %s %.60s: status %d, body %.200s (%v)", method, path, body, status, raw, err)
		}
		return status, e.Code
	}
	state := func() string {
		var all strings.Builder
		for _, path := range []string{"/api/v1/scans/" + v["scan"], "/api/v1/scans/" + v["scan"] + "/seeds?expand=tags", "/api/v1/scan_groups?include_deleted=true&organisation_id=" + v["org"], "/api/v1/orgs/" + v["org"], "/api/v1/scans/" + v["scan"] + "/iterations"} {
			_, raw := exchange.Ask(t, http.MethodGet, c.URL+path, "", "X-Hexiosec-API-Key", v["key"])
			all.Write(raw)
		}
		return all.String()
	}
	before := state()

	own := map[string]bool{"GET /api/auth": true, "GET /api/openapi.yml": true} // which take nothing
	bodies := map[string]string{
		"nothing": "", "a list": "[]", "a number": "7", "null": "null", "half an object": `{"name":`, "deep": strings.Repeat(`{"a":`, 20_000), "no text": "{\"name\":\"\xff\"}",
		"wrong types": `{"name":7,"type":[],"scan_group_id":{},"enabled":"yes","description":1,"lifetime":2,"organisation_id":[],"tags":"x","mark_as_secondary":"no","scan_id":9}`,
		"large":       `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, "two": "{} {}",
	}
	for _, route := range asm.Patterns() {
		method, path, _ := strings.Cut(route, " ")
		foreign, odd := fill(path, v["org"], "00000000-0000-7000-8000-000000000000"), fill(path, "x%00'\"", "..%2f")
		for _, p := range []string{foreign, odd} {
			if status, _ := ask(method, p, "", v["key"]); !own[route] && strings.Contains(path, "{") && (status < 400 || status > 404) && !strings.Contains(path, "organisation/{") && path != "/api/v1/orgs/{id}" {
				t.Errorf("%s %s = %d; want a refusal", method, p, status)
			}
		}
		if !own[route] && !strings.HasSuffix(path, "/file") {
			if status, code := ask(method, fill(path, v["scan"], v["scan"]), "{}", ""); status != 401 || code != "unauthorized" {
				t.Errorf("%s without a key = %d %s", route, status, code)
			}
			if status, _ := ask(method, fill(path, v["scan"], v["scan"]), "{}", v["viewer"]); strings.Contains(path, "{") && !strings.Contains(path, "/orgs/") && status != 403 && status != 404 {
				t.Errorf("%s for somebody else = %d; want 403 or 404", route, status)
			}
		}
		if method == http.MethodGet || method == http.MethodDelete || strings.HasSuffix(path, "/rescan") {
			continue
		}
		for what, body := range bodies {
			if what == "wrong types" && strings.HasSuffix(path, "/preferences") { // which have no types
				continue
			}
			if status, code := ask(method, fill(path, v["scan"], v["scan"]), body, v["key"]); status < 400 || status > 404 {
				t.Errorf("%s with %s = %d %s; want a refusal", route, what, status, code)
			}
		}
	}

	long := strings.Repeat("x", 300)
	seed := "/api/v1/scans/" + v["scan"] + "/seeds"
	for what, tt := range map[string]struct{ method, path, body, code string }{
		"a long name":           {"PATCH", "/api/v1/scans/" + v["scan"], `{"name":"` + long + `"}`, "invalid_name"},
		"an empty name":         {"PATCH", "/api/v1/scans/" + v["scan"], `{"name":""}`, "invalid_name"},
		"control characters":    {"PATCH", "/api/v1/scans/" + v["scan"], `{"name":"a\u0000b"}`, "invalid_name"},
		"a group that is none":  {"PATCH", "/api/v1/scans/" + v["scan"], `{"scan_group_id":"x"}`, "invalid_scan_group_id"},
		"somebody else's group": {"PATCH", "/api/v1/scans/" + v["scan"], `{"scan_group_id":"` + v["org"] + `"}`, "not_found"},
		"a schedule for adhoc":  {"PATCH", "/api/v1/scans/" + v["scan"], `{"calendar_schedule":"daily"}`, "invalid_schedule"},
		"an odd component":      {"PATCH", "/api/v1/scans/" + v["scan"], `{"include_br_risks":{"x":true}}`, "invalid_include_br_risks"},
		"components as a list":  {"PATCH", "/api/v1/scans/" + v["scan"], `{"include_br_risks":[1]}`, "invalid_include_br_risks"},
		"a long seed":           {"POST", seed, `{"name":"` + strings.Repeat("x", 5000) + `.test","type":"Domain"}`, "invalid_seed"},
		"a seed with a star":    {"POST", seed, `{"name":"*.acme.test","type":"Domain"}`, "invalid_seed"},
		"a public suffix":       {"POST", seed, `{"name":"co.uk","type":"Domain"}`, "invalid_seed"},
		"all addresses":         {"POST", seed, `{"name":"0.0.0.0/0","type":"IPRange"}`, "invalid_seed"},
		"a long tag":            {"POST", seed, `{"name":"b.test","type":"Domain","tags":["` + long + `"]}`, "invalid_tags"},
		"a deep filter":         {"GET", "/api/v1/scan_data/" + v["scan"] + "/domains?ids=" + strings.Repeat("a,", 3000), "", "invalid_ids"},
		"too many ids":          {"GET", "/api/v1/scan_data/" + v["scan"] + "/risks?link_ids=" + strings.Repeat("a,", 12_000), "", "invalid_link_ids"},
		"half an id":            {"GET", "/api/v1/scan_data/" + v["scan"] + "/domains?offset=-1", "", "invalid_offset"},
		"a large page":          {"GET", "/api/v1/scan_data/" + v["scan"] + "/domains?limit=1e99", "", "invalid_limit"},
		"a page of text":        {"GET", "/api/v1/scan_data/" + v["scan"] + "/domains?limit=NaN", "", "invalid_limit"},
		"a direction":           {"GET", "/api/v1/scan_data/" + v["scan"] + "/domains?dir=up", "", "invalid_dir"},
		"a report's long name":  {"POST", "/api/v1/reports", `{"type":"excel_summary","scan_id":"` + v["scan"] + `","name":"` + long + `"}`, "invalid_name"},
		"a report's long text":  {"POST", "/api/v1/reports", `{"type":"summary","scan_id":"` + v["scan"] + `","name":"x","time_zone":"UTC","executive_summary":"` + strings.Repeat("é", 3001) + `"}`, "invalid_executive_summary"},
		"a report's odd time":   {"POST", "/api/v1/reports", `{"type":"summary","scan_id":"` + v["scan"] + `","name":"x","time_zone":"UTC","time_selection":{"from":"yesterday"}}`, "invalid_time_selection"},
		"a report's back time":  {"POST", "/api/v1/reports", `{"type":"summary","scan_id":"` + v["scan"] + `","name":"x","time_zone":"UTC","time_selection":{"from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}}`, "invalid_time_selection"},
		"a report's no window":  {"POST", "/api/v1/reports", `{"type":"summary","scan_id":"` + v["scan"] + `","name":"x","time_zone":"UTC","time_selection":7}`, "invalid_time_selection"},
		"this machine's zone":   {"POST", "/api/v1/reports", `{"type":"summary","scan_id":"` + v["scan"] + `","name":"x","time_zone":"Local"}`, "invalid_time_zone"},
		"a report of nothing":   {"POST", "/api/v1/reports", `{}`, "invalid_type"},
		"a scan of nothing":     {"POST", "/api/v1/scans", `{}`, "invalid_name"},
		"a seed of nothing":     {"POST", seed, `{"tags":[]}`, "invalid_name"},
		"an odd order of risks": {"GET", "/api/v1/scan_data/" + v["scan"] + "/risks?order=severity", "", "invalid_order"},
		"no page of risks":      {"GET", "/api/v1/scan_data/" + v["scan"] + "/risks?limit=0", "", "invalid_limit"},
		"many preferences":      {"PATCH", "/api/users/preferences", many(100), "invalid_preferences"},
		"a long preference":     {"PATCH", "/api/users/preferences", `{"x":"` + strings.Repeat("x", 5000) + `"}`, "invalid_preferences"},
	} {
		if status, code := ask(tt.method, tt.path, tt.body, v["key"]); status < 400 || status > 404 || code != tt.code {
			t.Errorf("%s: %d %s; want %s", what, status, code, tt.code)
		}
	}
	if after := state(); after != before {
		t.Errorf("bad input changed something:\n%s\n%s", before, after)
	}
}

// fill puts ids into a path.
func fill(path, id, other string) string {
	parts := strings.Split(path, "/")
	n := 0
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = id
			if n++; n > 1 {
				parts[i] = other
			}
		}
	}
	return strings.Join(parts, "/")
}

func many(n int) string {
	all := map[string]int{}
	for i := range n {
		all[strings.Repeat("x", i+1)] = i
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic(err) // numbers alone
	}
	return string(b)
}
