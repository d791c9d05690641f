package parity_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/asm"
	"github.com/harrier-scan/harrier/internal/dialect/asm/asmtest"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
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
}
