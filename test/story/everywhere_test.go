package story_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/apiv3"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
	nexposeformat "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// numbers are how many flaws are open, those that are accepted left out: by
// severity, by host and severity, and by vulnerability.
type numbers struct {
	Severities [harrier.Severities]int
	Hosts      map[string][harrier.Severities]int
	Flaws      map[string]int
}

func newNumbers() numbers {
	return numbers{Hosts: map[string][harrier.Severities]int{}, Flaws: map[string]int{}}
}

func (n *numbers) add(host, flaw string, s harrier.Severity) {
	counts := n.Hosts[host]
	counts[s]++
	n.Severities[s]++
	n.Hosts[host] = counts
	n.Flaws[flaw]++
}

// ungraded are the same without severities.
func (n numbers) ungraded() numbers {
	out := newNumbers()
	out.Flaws = n.Flaws
	for host, counts := range n.Hosts {
		all := 0
		for _, c := range counts {
			all += c
		}
		out.Hosts[host] = [harrier.Severities]int{all}
		out.Severities[0] += all
	}
	return out
}

// doors are the other dialects, over the same console.
type doors struct {
	v3, v4, xml string // URLs
	key         string // for v4
	scan        string // SecurityCenter's number of the scan of everything
}

func (l *lab) openDoors(t *testing.T, targets string) doors {
	t.Helper()
	serve := func(h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	key, err := l.c.Rooms.Identity.NewAPIKey(t.Context(), l.c.Admin, &harrier.APIKey{Name: "story"})
	if err != nil {
		t.Fatal(err)
	}
	return doors{
		v3: serve(apiv3.New(l.c.Rooms)), v4: serve(insightvm.New(l.c.Rooms)), xml: serve(nexpose.New(l.c.Rooms)), key: key,
		scan: l.text(l.must("POST", "/scan", fmt.Sprintf(`{"name":"everything","type":"policy","repository":{"id":1},"schedule":{"type":"never"},"policy":{"id":%s},"ipList":%q}`, l.policy, targets)), "id"),
	}
}

// everywhere scans everything once more, so that what a scan shows and what is
// known are the same, and asks every dialect for both. Recast says that a rule gives
// a flaw another severity.
func (l *lab) everywhere(t *testing.T, d doors, when string, recast bool) {
	t.Helper()
	var launched struct{ ScanResult struct{ ID string } }
	if err := json.Unmarshal(l.must("POST", "/scan/"+d.scan+"/launch", ""), &launched); err != nil {
		t.Fatal(err)
	}
	result := launched.ScanResult.ID
	if got := l.finished(result); got != "Completed/Finished" {
		t.Fatalf("%s: the scan of everything ended as %s", when, got)
	}
	l.parity(when)
	want := l.cumulative(t, when, `{"filterName":"acceptRiskStatus","operator":"=","value":"notAccepted"}`)
	if len(want.Hosts) == 0 {
		t.Fatalf("%s: SecurityCenter knows of no flaws", when)
	}
	for name, have := range map[string]numbers{
		"InsightVM": l.byV4(t, d), "the console API v3": l.byV3(t, d), "NeXpose": l.byXML(t, d, result), "Nessus": l.byNessus(t, d),
	} {
		want := want
		if name == "the console API v3" && recast { // there a severity is one of the vulnerability, wherever it was found
			want, have = want.ungraded(), have.ungraded()
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s (-SecurityCenter +%s):\n%s", when, name, diff)
		}
	}
}

// cumulative is what SecurityCenter knows, asked by record and by each of its
// sums, which have to agree.
func (l *lab) cumulative(t *testing.T, when string, filters ...string) numbers {
	t.Helper()
	flaw := append(filters, `{"filterName":"severity","operator":"=","value":"1,2,3,4"}`)
	n := newNumbers()
	for _, r := range l.analyse("cumulative", "vulndetails", flaw...) {
		n.add(fmt.Sprint(r["ip"]), l.slug(t, r["pluginID"]), harrier.Severity(number(r["severity"].(map[string]any)["id"]))) //nolint:gosec // 0 to 4
	}
	sums := newNumbers()
	for _, r := range l.analyse("cumulative", "sumip", flaw...) {
		sums.Hosts[fmt.Sprint(r["ip"])] = [harrier.Severities]int{
			0, int(number(r["severityLow"])), int(number(r["severityMedium"])), int(number(r["severityHigh"])), int(number(r["severityCritical"])),
		}
	}
	for _, r := range l.analyse("cumulative", "sumid", flaw...) {
		sums.Flaws[l.slug(t, r["pluginID"])] += int(number(r["total"]))
	}
	for _, r := range l.analyse("cumulative", "sumseverity", flaw...) {
		sums.Severities[number(r["severity"].(map[string]any)["id"])] = int(number(r["count"]))
	}
	if diff := cmp.Diff(n, sums); diff != "" {
		t.Errorf("%s: SecurityCenter's records and sums differ (-records +sums):\n%s", when, diff)
	}
	return n
}

func (l *lab) slug(t *testing.T, plugin any) string {
	t.Helper()
	v, known := l.c.Rooms.Vulns.Lookup(harrier.VulnID(number(plugin)))
	if !known {
		t.Fatalf("plugin %v is unknown", plugin)
	}
	return nexposeformat.Slug(v)
}

// byNessus is what the newest run of the scan shows.
func (l *lab) byNessus(t *testing.T, d doors) numbers {
	t.Helper()
	n := newNumbers()
	var details struct {
		Hosts []struct {
			Hostname                    string
			Critical, High, Medium, Low int
		}
		Vulnerabilities []struct {
			PluginID int `json:"plugin_id"`
			Count    int
			Severity int
		}
	}
	if err := json.Unmarshal(l.send("GET", l.nessus+"/scans/"+d.scan, ""), &details); err != nil {
		t.Fatal(err)
	}
	for _, h := range details.Hosts {
		counts := [harrier.Severities]int{0, h.Low, h.Medium, h.High, h.Critical}
		if counts == ([harrier.Severities]int{}) {
			continue // seen, with nothing wrong
		}
		n.Hosts[h.Hostname] = counts
		for s, c := range counts {
			n.Severities[s] += c
		}
	}
	for _, v := range details.Vulnerabilities {
		if v.Severity > 0 {
			n.Flaws[l.slug(t, v.PluginID)] += v.Count
		}
	}
	return n
}

func (l *lab) other(t *testing.T, method, url, body string, change func(*http.Request), to any) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	change(r)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	raw, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK || json.Unmarshal(raw, to) != nil {
		t.Fatalf("%s %s: %d %s, %v", method, url, a.StatusCode, raw, err)
	}
}

// byV4 is what the cloud API tells of assets.
func (l *lab) byV4(t *testing.T, d doors) numbers {
	t.Helper()
	var assets struct {
		Data []struct {
			IP       string
			Critical int `json:"critical_vulnerabilities"`
			Severe   int `json:"severe_vulnerabilities"`
			Moderate int `json:"moderate_vulnerabilities"`
			Total    int `json:"total_vulnerabilities"`
			Same     []struct {
				ID     string `json:"vulnerability_id"`
				Status string
			}
		}
	}
	l.other(t, http.MethodPost, d.v4+"/vm/v4/integration/assets?includeSame=true&size=500", "{}", func(r *http.Request) { r.Header.Set("X-Api-Key", d.key) }, &assets)
	n := newNumbers()
	for _, a := range assets.Data {
		if a.Total == 0 {
			continue
		}
		counts := [harrier.Severities]int{0, a.Total - a.Critical - a.Severe - a.Moderate, a.Moderate, a.Severe, a.Critical}
		n.Hosts[a.IP] = counts
		for s, c := range counts {
			n.Severities[s] += c
		}
		for _, f := range a.Same {
			if !strings.Contains(strings.ToUpper(f.Status), "EXCEPTION") {
				n.Flaws[f.ID]++
			}
		}
	}
	return n
}

// byV3 is what the console API tells of assets and what was found on them.
func (l *lab) byV3(t *testing.T, d doors) numbers {
	t.Helper()
	get := func(path string, to any) {
		l.other(t, http.MethodGet, d.v3+"/api/3"+path, "", func(r *http.Request) { r.SetBasicAuth(l.c.Name, l.c.Password) }, to)
	}
	var assets struct {
		Resources []struct {
			ID              int
			IP              string
			Vulnerabilities struct{ Total int }
		}
	}
	get("/assets?size=500", &assets)
	n := newNumbers()
	for _, a := range assets.Resources {
		var found struct {
			Resources []struct {
				ID        string
				Instances int
			}
		}
		get(fmt.Sprintf("/assets/%d/vulnerabilities?size=500", a.ID), &found)
		all := 0
		for _, f := range found.Resources {
			var v struct{ SeverityScore int }
			get("/vulnerabilities/"+f.ID, &v)
			for range f.Instances {
				n.add(a.IP, f.ID, harrier.SeverityOfNumber(v.SeverityScore))
			}
			all += f.Instances
		}
		if all != a.Vulnerabilities.Total {
			t.Errorf("the console API v3 counts %d on %s and lists %d", a.Vulnerabilities.Total, a.IP, all)
		}
	}
	return n
}

// byXML is what a raw report tells of a run.
func (l *lab) byXML(t *testing.T, d doors, run string) numbers {
	t.Helper()
	post := func(body string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.xml+"/api/1.1/xml", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		raw, err := io.ReadAll(a.Body)
		if err != nil || strings.Contains(string(raw), `success="0"`) {
			t.Fatalf("%s: %s, %v", body, raw, err)
		}
		return string(raw)
	}
	session := regexp.MustCompile(`session-id="([^"]*)"`).FindStringSubmatch(post(fmt.Sprintf(`<LoginRequest user-id=%q password=%q/>`, l.c.Name, l.c.Password)))[1]
	body := post(fmt.Sprintf(`<ReportAdhocGenerateRequest session-id=%q><AdhocReportConfig format="raw-xml-v2" template-id="audit-report"><Filters><filter type="scan" id=%q/></Filters></AdhocReportConfig></ReportAdhocGenerateRequest>`, session, run))
	post(fmt.Sprintf(`<LogoutRequest session-id=%q/>`, session))
	_, text, _ := strings.Cut(body, "base64\r\n\r\n")
	text, _, _ = strings.Cut(text, "--")
	file, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\r\n", ""))
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	type test struct {
		ID     string `xml:"id,attr"`
		Status string `xml:"status,attr"`
	}
	var report struct {
		Nodes []struct {
			Address string `xml:"address,attr"`
			Tests   []test `xml:"tests>test"`
			Ports   []test `xml:"endpoints>endpoint>services>service>tests>test"`
		} `xml:"nodes>node"`
		Definitions []struct {
			ID       string `xml:"id,attr"`
			Severity int    `xml:"severity,attr"`
		} `xml:"VulnerabilityDefinitions>vulnerability"`
	}
	if err := xml.Unmarshal(file, &report); err != nil {
		t.Fatalf("%v in %s", err, file)
	}
	severity := map[string]harrier.Severity{}
	for _, v := range report.Definitions {
		severity[v.ID] = harrier.SeverityOfNumber(v.Severity)
	}
	n := newNumbers()
	for _, node := range report.Nodes {
		for _, f := range append(node.Tests, node.Ports...) {
			if !strings.Contains(f.Status, "exception") {
				n.add(node.Address, f.ID, severity[f.ID])
			}
		}
	}
	return n
}
