package parity_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
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
	if err := xml.Unmarshal(raw, to); err != nil {
		x.t.Fatalf("%v in %s", err, raw)
	}
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

	var sums [5]int
	var details struct {
		Hosts []struct{ Critical, High, Medium, Low, Info int }
	}
	if err := json.Unmarshal(send(t, c, other.URL, "GET", fmt.Sprintf("/scans/%d", sc.Site), ""), &details); err != nil {
		t.Fatal(err)
	}
	flaws := 0
	for _, h := range details.Hosts {
		flaws += h.Critical + h.High + h.Medium + h.Low
	}
	var cumulative int
	for _, r := range analyse(t, c, "cumulative", "sumseverity", "").Results {
		var n int
		_, _ = fmt.Sscan(r["count"].(string), &n)
		var s int
		_, _ = fmt.Sscan(r["severity"].(map[string]any)["id"].(string), &s)
		if sums[s] = n; s > 0 {
			cumulative += n
		}
	}
	var statistics struct {
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
	x.post(fmt.Sprintf(`<ScanStatisticsRequest session-id="%s" scan-id="%d"/>`, x.session, sc.ID), &statistics)
	have := 0
	for _, f := range statistics.Summary.Found {
		if strings.HasPrefix(f.Status, "vuln-") {
			if have += f.Count; f.Severity < 1 || f.Severity > 10 {
				t.Errorf("severity %d", f.Severity)
			}
		}
	}
	if have != flaws || have != cumulative || have == 0 || statistics.Summary.Nodes.Live != len(details.Hosts) {
		t.Errorf("NeXpose counts %d flaws on %d hosts, Nessus %d on %d, SecurityCenter %d", have, statistics.Summary.Nodes.Live, flaws, len(details.Hosts), cumulative)
	}
}
