package parity_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
)

// TestInsightVM: hosts have the same counts by severity there as in the Nessus API,
// and the same vulnerabilities.
func TestInsightVM(t *testing.T) {
	c, sc := lab(t)
	vm, other := httptest.NewServer(insightvm.New(c.Rooms)), httptest.NewServer(nessus.New(c.Rooms))
	defer vm.Close()
	defer other.Close()
	key, err := c.Rooms.Identity.NewAPIKey(t.Context(), c.Admin, &harrier.APIKey{Name: "parity"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, vm.URL+"/vm/v4/integration/assets?includeSame=true&size=500", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var assets struct {
		Data []struct {
			IP       string
			Critical int `json:"critical_vulnerabilities"`
			Severe   int `json:"severe_vulnerabilities"`
			Moderate int `json:"moderate_vulnerabilities"`
			Total    int `json:"total_vulnerabilities"`
			Same     []struct {
				ID string `json:"vulnerability_id"`
			}
		}
	}
	if err := json.Unmarshal(raw, &assets); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	have, found := map[string]string{}, map[string]int{}
	for _, a := range assets.Data {
		have[a.IP] = fmt.Sprint(a.Critical, a.Severe, a.Moderate, a.Total)
		for _, f := range a.Same {
			found[f.ID]++
		}
	}
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
	if err := json.Unmarshal(send(t, c, other.URL, "GET", fmt.Sprintf("/scans/%d", sc.Site), ""), &details); err != nil {
		t.Fatal(err)
	}
	want, told := map[string]string{}, map[string]int{}
	for _, h := range details.Hosts {
		want[h.Hostname] = fmt.Sprint(h.Critical, h.High, h.Medium, h.Critical+h.High+h.Medium+h.Low)
	}
	for _, v := range details.Vulnerabilities {
		if known, _ := c.Rooms.Vulns.Lookup(v.PluginID); v.Severity > 0 {
			told[known.Slug] = v.Count
		}
	}
	if diff := cmp.Diff(want, have); diff != "" || len(want) == 0 {
		t.Errorf("hosts (-Nessus +InsightVM):\n%s", diff)
	}
	if diff := cmp.Diff(told, found); diff != "" || len(told) == 0 {
		t.Errorf("vulnerabilities (-Nessus +InsightVM):\n%s", diff)
	}
}
