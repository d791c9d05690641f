package insightvm_test

import (
	"encoding/json"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

// TestEveryInput gives each parameter and each member of a body what it can not
// be: the answer is a 400 that names it, or the place in the text, and the memory
// that an answer takes does not grow with the depth.
func TestEveryInput(t *testing.T) {
	c, v := start(t)
	ask := func(method, path, body string) (int, string) {
		status, raw := exchange.Ask(t, method, c.URL+path, body, "X-Api-Key", v["key"])
		var e struct {
			Status  int
			Message string
		}
		if err := json.Unmarshal(raw, &e); err != nil || e.Status != status {
			t.Errorf("%s %.60s: status %d, body %.100s", method, path, status, raw)
		}
		return status, e.Message
	}
	const base = "/vm/v4/integration"
	engine := ""
	for end := time.Now().Add(20 * time.Second); engine == ""; time.Sleep(10 * time.Millisecond) { // until the console's own was heard of
		list, err := c.Rooms.Fleet.Engines(t.Context(), c.Admin)
		if err != nil || time.Now().After(end) {
			t.Fatalf("no engine: %v", err)
		}
		if len(list) > 0 {
			engine = base + "/scan/engine/" + list[0].UUID.String()
		}
	}
	malformed := map[string]string{"malformed": "x y", "oversized": strings.Repeat("9", 20_000), "deep": strings.Repeat("(", 10_000)}
	for route, names := range map[string]string{
		"POST " + base + "/assets":          "currentTime comparisonTime includeSame includeUniqueIdentifiers page size sort cursor",
		"GET " + base + "/assets/1":         "currentTime comparisonTime includeSame includeUniqueIdentifiers",
		"POST " + base + "/vulnerabilities": "page size sort cursor",
		"POST " + base + "/sites":           "page size sort cursor",
		"GET " + base + "/scan":             "includeDetails page size",
		"GET " + base + "/scan/engine":      "page size",
	} {
		method, path, _ := strings.Cut(route, " ")
		for name := range strings.FieldsSeq(names) {
			for how, value := range malformed {
				status, message := ask(method, path+"?"+url.Values{name: {value}}.Encode(), "")
				if status != 400 || !strings.Contains(message, name) || len(message) > 3000 {
					t.Errorf("%s, %s %s: %d %.200s", route, how, name, status, message)
				}
			}
		}
	}
	deep := strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)
	parentheses := strings.Repeat("(", 10_000)
	for _, tt := range []struct{ method, path, member, value, want string }{
		{"POST", base + "/assets", "asset", "7", "asset is not a string"},
		{"POST", base + "/assets", "asset", `"` + parentheses + `"`, "Parentheses are nested more than 100 deep at 100"},
		{"POST", base + "/assets", "asset", `"ip = 1.2.3.4 && foo = 1"`, "Unknown field: foo at 16"},
		{"POST", base + "/assets", "asset", `"ip = 1.2.3.4 && risk_score > many"`, `"many" is not a number at 29`},
		{"POST", base + "/assets", "asset", `"ip > 'x'"`, " at "},
		{"POST", base + "/assets", "asset", `"host_name = '` + strings.Repeat("x", 5000) + `'"`, " at 12"},
		{"POST", base + "/assets", "vulnerability", "[]", "vulnerability is not a string"},
		{"POST", base + "/assets", "vulnerability", `"` + parentheses + `"`, "Parentheses are nested more than 100 deep at 100"},
		{"POST", base + "/assets", "vulnerability", `"severity = purple"`, " at 11"},
		{"POST", base + "/vulnerabilities", "vulnerability", "{}", "vulnerability is not a string"},
		{"POST", base + "/vulnerabilities", "vulnerability", `"` + parentheses + `"`, "Parentheses are nested more than 100 deep at 100"},
		{"POST", base + "/vulnerabilities", "vulnerability", `"cves LIKE '('"`, " at 10"},
		{"POST", base + "/scan", "name", "{}", "name is not a string"},
		{"POST", base + "/scan", "result_consumer", "[]", "result_consumer is not a string"},
		{"POST", base + "/scan", "start_time", `"soon"`, `start_time: "soon" is not a date and time`},
		{"POST", base + "/scan", "start_time", "1", "start_time is not a string"},
		{"POST", base + "/scan", "asset_ids", `"x"`, "asset_ids is not an array of strings"},
		{"POST", base + "/scan", "engine_ids", "[1]", "engine_ids is not an array of strings"},
		{"POST", base + "/scan", "credential_sources", "[[]]", "credential_sources is not an array of strings"},
		{"POST", base + "/scan", "solution_ids", "{}", "solution_ids is not an array of strings"},
		{"POST", base + "/scan", "vulnerability_ids", "true", "vulnerability_ids is not an array of strings"},
		{"POST", base + "/scan", "exclusions", "[]", "exclusions is not an object"},
		{"POST", base + "/scan", "exclusions", strings.Repeat(`{"exclusions":`, 11) + "{}" + strings.Repeat("}", 11), "exclusions are more than 10 deep"},
		{"POST", engine + "/configuration", "properties", "7", "properties"},
		{"POST", engine + "/configuration", "properties", `[{"name":1}]`, "properties"},
		{"DELETE", engine + "/configuration", "properties", `"x"`, "properties"},
	} {
		status, message := ask(tt.method, tt.path, `{"`+tt.member+`":`+tt.value+`}`)
		if status != 400 || !strings.Contains(message, tt.want) || len(message) > 3000 {
			t.Errorf("%s %s with %s %.60s: %d %.300s; want %q", tt.method, tt.path, tt.member, tt.value, status, message, tt.want)
		}
		// Each member as deep as nobody reads, and as long.
		if status, message := ask(tt.method, tt.path, `{"`+tt.member+`":`+deep+`}`); status != 400 || !strings.Contains(message, "at byte ") {
			t.Errorf("%s %s with a deep %s: %d %.300s", tt.method, tt.path, tt.member, status, message)
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 200 {
		ask("POST", base+"/assets", `{"asset":"`+parentheses+`"}`)
		ask("POST", base+"/scan", `{"exclusions":`+deep+`}`)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 { //nolint:gosec // heaps are smaller
		t.Errorf("the heap grew by %d bytes", grown)
	}
}
