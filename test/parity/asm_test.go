package parity_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/apiv3"
	"github.com/harrier-scan/harrier/internal/dialect/asm"
	"github.com/harrier-scan/harrier/internal/dialect/asm/asmtest"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
	"github.com/harrier-scan/harrier/internal/survey"
)

// TestASM: what a survey found has the same counts by severity in the Hexiosec ASM
// API as in the Nessus API, for each address and each name, and the same
// vulnerabilities as often.
func TestASM(t *testing.T) {
	w := asmtest.New(t)
	c := exchange.Start(t, asm.New, w.Surface)
	ctx, r := t.Context(), c.Rooms.Surveys
	s := harrier.Site{Name: "Acme", Repository: harrier.DefaultRepository, Options: harrier.SiteOptions{Survey: &harrier.Survey{Kind: harrier.SurveyOnce, Words: true}}}
	if err := r.Create(ctx, c.Admin, &s, ""); err != nil {
		t.Fatal(err)
	}
	w.Narrow(t, c, s.UUID.String())
	seed, err := survey.NewSeed("acme.test", harrier.NodeDomain, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.AddSeed(ctx, c.Admin, s.UUID, seed); err != nil {
		t.Fatal(err)
	}
	on := true
	if _, err := r.Update(ctx, c.Admin, s.UUID, survey.Change{Enabled: &on}); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err = r.View(ctx, c.Admin, s.UUID); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	key, err := c.Rooms.Identity.NewAPIKey(ctx, c.Admin, &harrier.APIKey{Name: "parity"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string, into any) {
		t.Helper()
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/api/v1/scan_data/"+s.UUID.String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("X-Hexiosec-API-Key", key)
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
	}
	type row struct {
		Name   string
		IP     string
		Counts struct{ Critical, High, Medium, Low int } `json:"risk_counts"`
	}
	var domains, ips []row
	var risks []struct {
		Kind     string `json:"risk_node_id"`
		Severity string
	}
	ask("/domains", &domains)
	ask("/ips", &ips)
	ask("/risks", &risks)
	have, found := map[string]string{}, map[string]int{}
	for _, d := range append(domains, ips...) {
		if d.Counts != (row{}).Counts {
			have[d.Name+d.IP] = fmt.Sprint(d.Counts)
		}
	}
	for _, k := range risks {
		if k.Severity != "info" {
			found[k.Kind]++
		}
	}

	other := httptest.NewServer(nessus.New(c.Rooms))
	defer other.Close()
	var details struct {
		Hosts []struct {
			Hostname                    string
			Critical, High, Medium, Low int
		}
		Vulnerabilities []struct {
			PluginID        harrier.VulnID `json:"plugin_id"`
			Count, Severity int
		}
	}
	if err := json.Unmarshal(send(t, c, other.URL, "GET", fmt.Sprintf("/scans/%d", s.ID), ""), &details); err != nil {
		t.Fatal(err)
	}
	want, told := map[string]string{}, map[string]int{}
	for _, h := range details.Hosts {
		if counts := fmt.Sprint(struct{ Critical, High, Medium, Low int }{h.Critical, h.High, h.Medium, h.Low}); counts != "{0 0 0 0}" {
			want[h.Hostname] = counts
		}
	}
	for _, v := range details.Vulnerabilities {
		if known, _ := c.Rooms.Vulns.Lookup(v.PluginID); v.Severity > 0 {
			told[known.UUID.String()] = v.Count
		}
	}
	if diff := cmp.Diff(want, have); diff != "" || len(want) == 0 {
		t.Errorf("hosts (-Nessus +ASM):\n%s", diff)
	}
	if diff := cmp.Diff(told, found); diff != "" || len(told) == 0 {
		t.Errorf("vulnerabilities (-Nessus +ASM):\n%s", diff)
	}
	nameless(t, c, s)
}

// nameless: what a survey found without an address is shown by its name through
// every door and in the exports, and nowhere as an address that is none.
func nameless(t *testing.T, c *exchange.Console, s harrier.Site) {
	t.Helper()
	key, err := c.Rooms.Identity.NewAPIKey(t.Context(), c.Admin, &harrier.APIKey{Name: "nameless"})
	if err != nil {
		t.Fatal(err)
	}
	shows := func(what, text string) {
		t.Helper()
		name := "shop.acme.test"
		if what == "securitycenter" || what == "csv" { // they list findings, and that one has none
			name = "acme.test"
		}
		if !regexp.MustCompile("[\"',>]"+regexp.QuoteMeta(name)+"[\"',<]").MatchString(text) || strings.Contains(text, "invalid IP") {
			t.Errorf("%s: %s is not there, or an invalid address is: %.2000s", what, name, text)
		}
	}
	doors := map[string]http.Handler{
		"nessus": nessus.New(c.Rooms), "securitycenter": securitycenter.New(c.Rooms), "nexpose": nexpose.New(c.Rooms), "apiv3": apiv3.New(c.Rooms), "insightvm": insightvm.New(c.Rooms),
	}
	urls := map[string]string{}
	for door, h := range doors {
		web := httptest.NewServer(h)
		defer web.Close()
		urls[door] = web.URL
	}
	scan := fmt.Sprintf("/scans/%d", s.ID)
	shows("nessus", string(send(t, c, urls["nessus"], "GET", scan, "")))
	shows("securitycenter", string(send(t, c, urls["securitycenter"], "POST", "/rest/analysis", `{"type":"vuln","sourceType":"cumulative","query":{"tool":"sumip","type":"vuln"}}`)))
	shows("nexpose", signIn(t, c, urls["nexpose"]).raw(fmt.Sprintf(`<SiteDeviceListingRequest session-id="%s" site-id="%d"/>`, signIn(t, c, urls["nexpose"]).session, s.ID)))
	var v3list json.RawMessage
	v3(t, c, urls["apiv3"], "GET", "/assets", "", &v3list)
	shows("apiv3", string(v3list))
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, urls["insightvm"]+"/vm/v4/integration/assets?size=500", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Api-Key", key)
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	shows("insightvm", string(raw))
	for _, format := range []string{"nessus", "csv"} {
		var made struct{ File int }
		if err := json.Unmarshal(send(t, c, urls["nessus"], "POST", scan+"/export", `{"format":"`+format+`"}`), &made); err != nil || made.File == 0 {
			t.Fatalf("export %+v, %v", made, err)
		}
		file := fmt.Sprintf("%s/export/%d/", scan, made.File)
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if strings.Contains(string(send(t, c, urls["nessus"], "GET", file+"status", "")), "ready") {
				break
			}
		}
		shows(format, string(send(t, c, urls["nessus"], "GET", file+"download", "")))
	}
}
