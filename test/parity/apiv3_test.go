package parity_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/apiv3"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
)

// v3 asks the console API v3.
func v3(t *testing.T, c *exchange.Console, url, method, path, body string, to any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url+"/api/3"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(c.Name, c.Password)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	raw, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode > 299 {
		t.Fatalf("%s %s: %d %s, %v", method, path, reply.StatusCode, raw, err)
	}
	if err := json.Unmarshal(raw, to); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
}

// TestAPIv3: the console API v3 has the hosts, the flaws and the severities of
// the others, and what it makes is there in them.
func TestAPIv3(t *testing.T) {
	c, sc := lab(t)
	own, other, xmlAPI := httptest.NewServer(apiv3.New(c.Rooms)), httptest.NewServer(nessus.New(c.Rooms)), httptest.NewServer(nexpose.New(c.Rooms))
	defer own.Close()
	defer other.Close()
	defer xmlAPI.Close()

	var details struct {
		Hosts []struct{ Critical, High, Medium, Low int }
	}
	if err := json.Unmarshal(send(t, c, other.URL, "GET", fmt.Sprintf("/scans/%d", sc.Site), ""), &details); err != nil {
		t.Fatal(err)
	}
	flaws := 0
	for _, h := range details.Hosts {
		flaws += h.Critical + h.High + h.Medium + h.Low
	}
	var assets struct {
		Resources []struct {
			ID              int
			Vulnerabilities struct{ Critical, Severe, Moderate, Total int }
		}
	}
	v3(t, c, own.URL, "GET", fmt.Sprintf("/sites/%d/assets?size=500", sc.Site), "", &assets)
	var listed struct {
		Vulnerabilities []struct {
			ID       string `xml:"id,attr"`
			Severity int    `xml:"severity,attr"`
		} `xml:"VulnerabilitySummary"`
	}
	x := signIn(t, c, xmlAPI.URL)
	x.post(fmt.Sprintf(`<VulnerabilityListingRequest session-id="%s"/>`, x.session), &listed)
	severity := map[string]int{}
	for _, v := range listed.Vulnerabilities {
		severity[v.ID] = v.Severity
	}
	total, instances := 0, 0
	for _, a := range assets.Resources {
		total += a.Vulnerabilities.Total
		var found struct {
			Resources []struct {
				ID        string
				Instances int
			}
		}
		v3(t, c, own.URL, "GET", fmt.Sprintf("/assets/%d/vulnerabilities?size=500", a.ID), "", &found)
		words := map[string]int{}
		for _, f := range found.Resources {
			var v struct {
				Severity      string
				SeverityScore int
			}
			v3(t, c, own.URL, "GET", "/vulnerabilities/"+f.ID, "", &v)
			if n, known := severity[f.ID]; known && n != v.SeverityScore {
				t.Errorf("%s has the severity %d, and %d in NeXpose", f.ID, v.SeverityScore, n)
			}
			instances += f.Instances
			words[v.Severity] += f.Instances
		}
		if n := a.Vulnerabilities; words["Critical"] != n.Critical || words["Severe"] != n.Severe || words["Moderate"] != n.Moderate {
			t.Errorf("asset %d counts %+v and has %v", a.ID, n, words)
		}
	}
	if total != flaws || instances != flaws || flaws == 0 || len(assets.Resources) != len(details.Hosts) {
		t.Errorf("%d and %d flaws on %d hosts; Nessus has %d on %d", total, instances, len(assets.Resources), flaws, len(details.Hosts))
	}

	var made struct{ ID int }
	v3(t, c, own.URL, "POST", "/sites", `{"name":"from v3","scan":{"assets":{"includedTargets":{"addresses":["192.0.2.1 - 192.0.2.3"]}}}}`, &made)
	var scan struct{ Name, IPList string }
	call(t, c, "GET", fmt.Sprintf("/scan/%d?fields=name,ipList", made.ID), "", &scan)
	if scan.Name != "from v3" || scan.IPList != "192.0.2.1-192.0.2.3" {
		t.Errorf("SecurityCenter has %+v", scan)
	}
	v3(t, c, own.URL, "POST", "/asset_groups", `{"name":"v3 group","type":"dynamic","searchCriteria":{"match":"all","filters":[{"field":"ip-address","operator":"is-not","value":"192.0.2.99"}]}}`, &made)
	var group struct {
		Name, Type string
		IPCount    int
	}
	call(t, c, "GET", fmt.Sprintf("/asset/%d?fields=name,type,ipCount", made.ID), "", &group)
	if group.Name != "v3 group" || group.Type != "dynamic" || group.IPCount != len(details.Hosts) {
		t.Errorf("SecurityCenter has the group as %+v", group)
	}
}
