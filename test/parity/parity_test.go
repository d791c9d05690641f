// Package parity_test asks the same of every dialect: the numbers are equal.
package parity_test

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
	"github.com/harrier-scan/harrier/internal/scan"
)

// Three plugins of the catalogue, by what they are for: facts and flaws of
// several severities.
const (
	scanInformation = 19506
	serviceDetected = 22964
	pingResult      = 10180
)

// lab is a console with one imported scan of three hosts.
func lab(t *testing.T) (*exchange.Console, harrier.Scan) {
	t.Helper()
	c := exchange.Start(t, securitycenter.New)
	all := c.Rooms.Vulns.All(t.Context())
	var flaws []harrier.VulnID // one of each severity
	for s := range harrier.Severity(harrier.Severities) {
		for _, v := range all {
			if v.Severity == s && v.Solution != "" {
				flaws = append(flaws, v.ID)
				break
			}
		}
	}
	if len(flaws) < 3 {
		t.Fatalf("the catalogue has flaws of %d severities only", len(flaws))
	}
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	hosts := func(yield func(scan.Imported, error) bool) {
		for i := range 3 {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})
			h := scan.Imported{Host: harrier.Host{
				Name: addr.String(), Addr: addr, Alive: true, FQDN: fmt.Sprintf("h%d.example.org", i+1), OS: "Debian GNU/Linux 12", Started: at, Ended: at,
			}}
			add := func(id harrier.VulnID, port uint16) {
				h.Observations = append(h.Observations, harrier.Observation{
					Vulnerability: id, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Evidence: "seen", Certainty: harrier.Certain, At: at,
				})
			}
			add(scanInformation, 0)
			add(pingResult, 0)
			add(serviceDetected, 443)
			for k, id := range flaws[:min(len(flaws), 3+i)] {
				add(id, uint16(80+k))
			}
			if !yield(h, nil) {
				return
			}
		}
	}
	site := harrier.Site{Name: "lab"}
	sc, err := c.Rooms.Scans.Import(t.Context(), c.Admin, &site, harrier.Scan{Name: "lab", Started: at, Ended: at.Add(time.Minute)}, iter.Seq2[scan.Imported, error](hosts))
	if err != nil {
		t.Fatal(err)
	}
	return c, sc
}

// call asks and decodes the answer; code is its error code.
func call(t *testing.T, c *exchange.Console, method, path, body string, to any) (code int) {
	t.Helper()
	raw := send(t, c, c.URL, method, "/rest"+path, body)
	var e struct {
		Response json.RawMessage `json:"response"`
		Code     int             `json:"error_code"`
		Message  string          `json:"error_msg"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, raw)
	}
	if e.Code != 0 && to != nil {
		t.Fatalf("%s %s %s: error %d %s", method, path, body, e.Code, e.Message)
	}
	if to != nil {
		if err := json.Unmarshal(e.Response, to); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, e.Response)
		}
	}
	return e.Code
}

func send(t *testing.T, c *exchange.Console, base, method, path, body string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-ApiKey", "accesskey="+c.Access+"; secretkey="+c.SecretID)
	r.Header.Set("X-ApiKeys", "accessKey="+c.Access+"; secretKey="+c.SecretID)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	raw, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

type answer struct {
	Total    string           `json:"totalRecords"`
	Returned int              `json:"returnedRecords"`
	Matching string           `json:"matchingDataElementCount"`
	Results  []map[string]any `json:"results"`
}

func analyse(t *testing.T, c *exchange.Console, source, tool, more string) answer {
	t.Helper()
	var out answer
	call(t, c, "POST", "/analysis", fmt.Sprintf(`{"type":"vuln","sourceType":%q,"query":{"tool":%q,"type":"vuln"%s}}`, source, tool, more), &out)
	if out.Returned != len(out.Results) {
		t.Errorf("%s: %d returned of %d", tool, out.Returned, len(out.Results))
	}
	return out
}

// TestParity asks the same through three ways: cumulative, the single scan, and
// the Nessus API. Severities, hosts and plugins count the same.
func TestParity(t *testing.T) {
	c, sc := lab(t)
	other := httptest.NewServer(nessus.New(c.Rooms))
	defer other.Close()
	var details struct {
		Hosts []struct {
			Hostname                          string
			Critical, High, Medium, Low, Info int
		}
		Vulnerabilities []struct {
			PluginID int `json:"plugin_id"`
			Count    int
			Severity int
		}
	}
	if err := json.Unmarshal(send(t, c, other.URL, "GET", fmt.Sprintf("/scans/%d", sc.Site), ""), &details); err != nil {
		t.Fatal(err)
	}
	hosts, plugins, severities := map[string]string{}, map[string]string{}, map[string]string{}
	var sums [5]int
	for _, h := range details.Hosts {
		hosts[h.Hostname] = fmt.Sprint(h.Critical, h.High, h.Medium, h.Low, h.Info)
		for i, n := range []int{h.Info, h.Low, h.Medium, h.High, h.Critical} {
			sums[i] += n
		}
	}
	for i, n := range sums {
		severities[fmt.Sprint(i)] = fmt.Sprint(n)
	}
	for _, v := range details.Vulnerabilities {
		plugins[fmt.Sprint(v.PluginID)] = fmt.Sprint(v.Count, v.Severity)
	}
	if len(hosts) != 3 || len(plugins) < 5 {
		t.Fatalf("Nessus tells of %v and %v", hosts, plugins)
	}
	for source, more := range map[string]string{"cumulative": "", "individual": fmt.Sprintf(`,"scanID":"%d","view":"all"`, sc.ID)} {
		have := map[string]string{}
		for _, r := range analyse(t, c, source, "sumip", more).Results {
			have[r["ip"].(string)] = fmt.Sprint(r["severityCritical"], " ", r["severityHigh"], " ", r["severityMedium"], " ", r["severityLow"], " ", r["severityInfo"])
		}
		if diff := cmp.Diff(hosts, have); diff != "" {
			t.Errorf("hosts of %s (-Nessus +SecurityCenter):\n%s", source, diff)
		}
		have = map[string]string{}
		for _, r := range analyse(t, c, source, "sumid", more).Results {
			have[r["pluginID"].(string)] = fmt.Sprint(r["total"], " ", r["severity"].(map[string]any)["id"])
		}
		if diff := cmp.Diff(plugins, have); diff != "" {
			t.Errorf("plugins of %s (-Nessus +SecurityCenter):\n%s", source, diff)
		}
		have = map[string]string{}
		for _, r := range analyse(t, c, source, "sumseverity", more).Results {
			have[r["severity"].(map[string]any)["id"].(string)] = r["count"].(string)
		}
		if diff := cmp.Diff(severities, have); diff != "" {
			t.Errorf("severities of %s (-Nessus +SecurityCenter):\n%s", source, diff)
		}
	}
}
