package parity_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
	nexposeformat "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// nexposeClient speaks the XML API.
type nexposeClient struct {
	t       *testing.T
	url     string
	session string
}

func signIn(t *testing.T, c *exchange.Console, url string) nexposeClient {
	t.Helper()
	x := nexposeClient{t: t, url: url}
	var a struct {
		Session string `xml:"session-id,attr"`
	}
	x.post(fmt.Sprintf(`<LoginRequest user-id="%s" password="%s"/>`, c.Name, c.Password), &a)
	x.session = a.Session
	return x
}

func (x nexposeClient) post(body string, to any) {
	x.t.Helper()
	if raw := x.raw(body); xml.Unmarshal([]byte(raw), to) != nil {
		x.t.Fatalf("%s is no XML", raw)
	}
}

// raw sends a request that has to succeed and returns the answer as it came.
func (x nexposeClient) raw(body string) string {
	x.t.Helper()
	r, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, x.url+"/api/1.1/xml", strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer reply.Body.Close()
	raw, err := io.ReadAll(reply.Body)
	if err != nil || strings.Contains(string(raw), `success="0"`) {
		x.t.Fatalf("%s: %s, %v", body, raw, err)
	}
	return string(raw)
}

// TestNexpose: a site that was made by the XML API is a scan of the two others,
// and an imported scan counts the same hosts and flaws there.
func TestNexpose(t *testing.T) {
	c, sc := lab(t)
	xmlAPI, other := httptest.NewServer(nexpose.New(c.Rooms)), httptest.NewServer(nessus.New(c.Rooms))
	defer xmlAPI.Close()
	defer other.Close()
	x := signIn(t, c, xmlAPI.URL)

	var saved struct {
		Site int `xml:"site-id,attr"`
	}
	x.post(fmt.Sprintf(`<SiteSaveRequest session-id="%s"><Site id="-1" name="from xml"><Hosts><range from="192.0.2.1" to="192.0.2.3"/></Hosts>`+
		`<ScanConfig templateID="discovery"/></Site></SiteSaveRequest>`, x.session), &saved)
	var listed struct {
		Scans []struct {
			ID   int
			Name string
		}
	}
	if err := json.Unmarshal(send(t, c, other.URL, "GET", "/scans", ""), &listed); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, s := range listed.Scans {
		found = found || s.ID == saved.Site && s.Name == "from xml"
	}
	if !found {
		t.Errorf("Nessus lists %+v; want scan %d", listed.Scans, saved.Site)
	}
	var scan struct{ Name, IPList string }
	call(t, c, "GET", fmt.Sprintf("/scan/%d?fields=name,ipList", saved.Site), "", &scan)
	if scan.Name != "from xml" || scan.IPList != "192.0.2.1-192.0.2.3" {
		t.Errorf("SecurityCenter has %+v", scan)
	}

	same(t, c, x, other.URL, sc)
}

// same compares what NeXpose tells of a scan with what the Nessus API does: by
// host and severity, and by vulnerability, in the scan's summary and in its
// report. Numbers of NeXpose become severities by nexposeformat.SeverityOf, and
// each severity has numbers of its own, so that counts agree both ways.
func same(t *testing.T, c *exchange.Console, x nexposeClient, nessus string, sc harrier.Scan) {
	t.Helper()
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
	if err := json.Unmarshal(send(t, c, nessus, "GET", fmt.Sprintf("/scans/%d", sc.Site), ""), &details); err != nil {
		t.Fatal(err)
	}
	hosts, flaws := map[string]harrier.Counts{}, map[string]counted{}
	var sums harrier.Counts
	for _, h := range details.Hosts {
		counts := harrier.Counts{0, h.Low, h.Medium, h.High, h.Critical}
		for s, n := range counts {
			sums[s] += n
		}
		hosts[h.Hostname] = counts
	}
	for _, v := range details.Vulnerabilities {
		if v.Severity > 0 {
			known, err := c.Rooms.Vulns.Vulnerability(t.Context(), v.PluginID)
			if err != nil {
				t.Fatal(err)
			}
			flaws[nexposeformat.Slug(known)] = counted{v.Count, harrier.Severity(v.Severity)} //nolint:gosec // 0 to 4
		}
	}
	if sums.Total() == 0 || len(flaws) < 4 {
		t.Fatalf("Nessus tells of %v and %v", sums, flaws)
	}
	var cumulative harrier.Counts
	for _, r := range analyse(t, c, "cumulative", "sumseverity", "").Results {
		var n, s int
		_, _ = fmt.Sscan(r["count"].(string), &n)
		_, _ = fmt.Sscan(r["severity"].(map[string]any)["id"].(string), &s)
		if s > 0 {
			cumulative[s] = n
		}
	}
	if diff := cmp.Diff(sums, cumulative); diff != "" {
		t.Errorf("severities (-Nessus +SecurityCenter):\n%s", diff)
	}
	summary, live := x.summary(sc.ID)
	if diff := cmp.Diff(sums, summary); diff != "" || live != len(hosts) {
		t.Errorf("severities (-Nessus +NeXpose), %d of %d hosts:\n%s", live, len(hosts), diff)
	}
	gotHosts, gotFlaws := x.report(sc.ID)
	if diff := cmp.Diff(hosts, gotHosts); diff != "" {
		t.Errorf("hosts of the report (-Nessus +NeXpose):\n%s", diff)
	}
	if diff := cmp.Diff(flaws, gotFlaws, cmp.AllowUnexported(counted{})); diff != "" {
		t.Errorf("vulnerabilities of the report (-Nessus +NeXpose):\n%s", diff)
	}
}

// counted is how often a vulnerability was found.
type counted struct {
	times    int
	severity harrier.Severity
}

// summary counts what ScanStatistics tells, and the live hosts.
func (x nexposeClient) summary(scan harrier.ID) (sums harrier.Counts, live int) {
	x.t.Helper()
	var a struct {
		Summary struct {
			Nodes struct {
				Live int `xml:"live,attr"`
			} `xml:"nodes"`
			Found []struct {
				Status   string `xml:"status,attr"`
				Severity int    `xml:"severity,attr"`
				Count    int    `xml:"count,attr"`
			} `xml:"vulnerabilities"`
		} `xml:"ScanSummary"`
	}
	x.post(fmt.Sprintf(`<ScanStatisticsRequest session-id="%s" scan-id="%d"/>`, x.session, scan), &a)
	for _, f := range a.Summary.Found {
		if !strings.HasPrefix(f.Status, "vuln-") {
			continue
		}
		if f.Severity < 1 || f.Severity > 10 {
			x.t.Errorf("severity %d", f.Severity)
		}
		sums[harrier.SeverityOfNumber(f.Severity)] += f.Count
	}
	return sums, a.Summary.Nodes.Live
}

// report counts what the raw report of a scan tells.
func (x nexposeClient) report(scan harrier.ID) (hosts map[string]harrier.Counts, flaws map[string]counted) {
	x.t.Helper()
	type test struct {
		ID string `xml:"id,attr"`
	}
	var whole struct {
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
	body := x.raw(fmt.Sprintf(`<ReportAdhocGenerateRequest session-id="%s"><AdhocReportConfig format="raw-xml-v2" template-id="audit-report"><Filters><filter type="scan" id="%d"/></Filters></AdhocReportConfig></ReportAdhocGenerateRequest>`, x.session, scan))
	_, text, _ := strings.Cut(body, "base64\r\n\r\n")
	text, _, _ = strings.Cut(text, "--")
	file, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\r\n", ""))
	if err != nil {
		x.t.Fatalf("%v in %s", err, body)
	}
	if err := xml.Unmarshal(file, &whole); err != nil {
		x.t.Fatalf("%v in %s", err, file)
	}
	hosts, flaws = map[string]harrier.Counts{}, map[string]counted{}
	severity := map[string]harrier.Severity{}
	for _, d := range whole.Definitions {
		severity[d.ID] = harrier.SeverityOfNumber(d.Severity)
	}
	for _, n := range whole.Nodes {
		var counts harrier.Counts
		for _, f := range append(n.Tests, n.Ports...) {
			s := severity[f.ID]
			counts[s]++
			flaws[f.ID] = counted{flaws[f.ID].times + 1, s}
		}
		hosts[n.Address] = counts
	}
	return hosts, flaws
}
