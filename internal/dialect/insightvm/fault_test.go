package insightvm_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
)

// TestBadInput: whatever is malformed, too large or too deep is refused with a
// JSON body that says so, and nothing else happens.
func TestBadInput(t *testing.T) {
	c, v := start(t)
	post := func(path, body string) (int, string) {
		status, raw := exchange.Ask(t, http.MethodPost, c.URL+path, body, "X-Api-Key", v["key"])
		var e struct {
			Status  int
			Message string
		}
		if err := json.Unmarshal(raw, &e); err != nil || e.Status != status || e.Message == "" {
			t.Errorf("%.60s: status %d, body %.200s (%v)", body, status, raw, err)
		}
		return status, e.Message
	}
	ask := func(expression string) string {
		b, err := json.Marshal(map[string]string{"asset": expression})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	many := make([]string, 30_000)
	for i := range many {
		many[i] = fmt.Sprintf("'v-%d'", i)
	}
	const assets = "/vm/v4/integration/assets"
	for what, tt := range map[string]struct {
		path, body string
		want       int
	}{
		"10,000 parentheses":      {assets, ask(strings.Repeat("(", 10_000) + "ip = 1" + strings.Repeat(")", 10_000)), 400},
		"10,000 open parentheses": {assets, ask(strings.Repeat("(", 10_000)), 400},
		"10,000 negations":        {assets, ask(strings.Repeat("NOT ", 10_000)), 400},
		"too many values":         {assets, ask("id IN [" + strings.Join(many, ",") + "]"), 400},
		"too long an expression":  {assets, ask("id = '" + strings.Repeat("x", 2<<20) + "'"), 400},
		"a regular expression":    {assets, ask("host_name LIKE '('"), 400},
		"an open quote":           {assets, ask("host_name = 'x"), 400},
		"deep JSON":               {assets, strings.Repeat(`{"a":`, 20_000), 400},
		"a list":                  {assets, `[]`, 400},
		"a number":                {assets, `7`, 400},
		"too large a body":        {assets, `{"asset":"` + strings.Repeat("x", 5<<20) + `"}`, 413},
		"a large page":            {assets + "?page=99999999999999999999", `{}`, 400},
		"many sort keys":          {assets + "?sort=ip,mac,type,id,host_name,os_name,os_type,os_family,os_vendor,os_version,risk_score", `{}`, 400},
		"an odd cursor":           {assets + "?cursor=" + strings.Repeat(":", 2000), `{}`, 400},
		"deep exclusions":         {"/vm/v4/integration/scan", strings.Repeat(`{"exclusions":`, 50) + "{}" + strings.Repeat("}", 50), 400},
		"exclusions of a kind":    {"/vm/v4/integration/scan", `{"exclusions":[]}`, 400},
		"a start time":            {"/vm/v4/integration/scan", `{"start_time":"soon"}`, 400},
		"a name":                  {"/vm/v4/integration/scan", `{"name":{}}`, 400},
		"a list of numbers":       {"/vm/v4/integration/scan", `{"asset_ids":[1]}`, 400},
		"the catalogue":           {"/vm/v4/integration/vulnerabilities", `{"vulnerability":"port = 1"}`, 400},
	} {
		if status, message := post(tt.path, tt.body); status != tt.want {
			t.Errorf("%s: status %d (%s); want %d", what, status, message, tt.want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-02": "2026-01-02T00:00:00Z", "2026-01-02T03:04:05": "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z": "2026-01-02T03:04:05.678Z",
		"2026-01-02T03:04:05+02:00": "2026-01-02T01:04:05Z", "2026-01-02T03:04:05 02:00": "2026-01-02T01:04:05Z",
		"2026-07-02T03:04:05.1+02:00[Europe/Paris]": "2026-07-02T01:04:05.1Z", "2026-07-02T03:04:05[Europe/Paris]": "2026-07-02T01:04:05Z",
		"yesterday": "", "2026-13-01": "", "2026-01-02T03:04:05[Nowhere]": "", "": "",
	} {
		got, ok := insightvm.ParseTime(text)
		if ok != (want != "") || ok && got.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("ParseTime(%q) = %v, %v; want %s", text, got, ok, want)
		}
	}
}
