package securitycenter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
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
			for k, id := range flaws[:min(len(flaws), 2+i)] {
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
	raw := send(t, c, method, "/rest"+path, body)
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

func send(t *testing.T, c *exchange.Console, method, path, body string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-ApiKey", "accesskey="+c.Access+"; secretkey="+c.SecretID)
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

// TestTools asks every tool of every source, with and without a filter: all
// answer, and a window cuts the same rows out. The trend, which has no windows, is
// TestTrend's.
func TestTools(t *testing.T) {
	c, sc := lab(t)
	tools := strings.Fields(`sumip sumdnsname sumclassa sumclassb sumclassc sumid sumseverity sumfamily sumport sumprotocol sumasset sumcve sumiavm
		summsbulletin sumcce sumremediation sumuserresponsibility listvuln vulndetails vulnipdetail vulnipsummary cveipdetail iavmipdetail listos
		listservices listsoftware listsshservers listwebservers listmailclients listwebclients remediationdetail sumwasurl waslistvuln wasvulndetail`)
	for source, more := range map[string]string{
		"cumulative": "", "patched": "", "individual": fmt.Sprintf(`,"scanID":"%d","view":"all"`, sc.ID),
	} {
		for _, tool := range tools {
			whole := analyse(t, c, source, tool, more)
			if fmt.Sprint(len(whole.Results)) != whole.Total {
				t.Errorf("%s %s: %d of %s", source, tool, len(whole.Results), whole.Total)
			}
			part := analyse(t, c, source, tool, more+`,"startOffset":1,"endOffset":"3"`)
			if want := whole.Results[min(1, len(whole.Results)):min(3, len(whole.Results))]; !cmp.Equal(want, part.Results) && len(want)+len(part.Results) > 0 {
				t.Errorf("%s %s from 1 to 3:\n%s", source, tool, cmp.Diff(want, part.Results))
			}
			none := analyse(t, c, source, tool, more+`,"filters":[{"filterName":"ip","operator":"=","value":"203.0.113.0/24"}]`)
			if len(none.Results) > 0 && tool != "sumseverity" && tool != "sumasset" {
				t.Errorf("%s %s of hosts that nobody knows: %v", source, tool, none.Results)
			}
		}
	}
	for _, view := range []string{"new", "patched"} {
		analyse(t, c, "individual", "listvuln", fmt.Sprintf(`,"scanID":%d,"view":%q`, sc.ID, view))
	}
	var list map[string]any
	call(t, c, "POST", "/analysis", `{"type":"vuln","sourceType":"cumulative","query":{"tool":"iplist"}}`, &list)
	if !cmp.Equal(list, map[string]any{"0": "192.0.2.1-192.0.2.3", "results": nil}) {
		t.Errorf("iplist = %v", list)
	}
	for _, kind := range []string{"event", "user", "scLog", "mobile"} {
		if code := call(t, c, "POST", "/analysis", fmt.Sprintf(`{"type":%q,"query":{"tool":"x"}}`, kind), nil); code != 0 {
			t.Errorf("type %s: error %d", kind, code)
		}
	}
	text := send(t, c, "POST", "/rest/analysis/download", `{"type":"vuln","sourceType":"cumulative","query":{"tool":"vulndetails"},"columns":[{"name":"pluginID"},{"name":"ipAddress"}]}`)
	if !bytes.HasPrefix(text, []byte("Plugin,IP Address\n")) || bytes.Count(text, []byte("\n")) < 10 {
		t.Errorf("download = %.200s", text)
	}
}

// TestRulesAlterReads recasts and accepts: reads change, history does not, and
// deleting a rule undoes it.
func TestRulesAlterReads(t *testing.T) {
	c, _ := lab(t)
	count := func(filters string) string {
		return analyse(t, c, "cumulative", "listvuln", `,"filters":[`+filters+`]`).Total
	}
	critical := `{"filterName":"severity","operator":"=","value":"4"},{"filterName":"pluginID","operator":"=","value":"22964"}`
	before := count(critical)
	var made []map[string]any
	call(t, c, "POST", "/recastRiskRule", `{"plugin":{"id":"22964"},"repositories":[{"id":1}],"hostType":"ip","hostValue":"192.0.2.1,192.0.2.2","port":"443","protocol":"6","newSeverity":{"id":4},"comments":"grave"}`, &made)
	if len(made) != 1 || before != "0" || count(critical) != "2" {
		t.Fatalf("%v: %s and then %s critical findings; want 0 and 2", made, before, count(critical))
	}
	rows := analyse(t, c, "cumulative", "vulndetails", `,"filters":[`+critical+`]`).Results
	if rows[0]["recastRisk"] != "1" || rows[0]["recastRiskRuleComment"] != "grave" || rows[0]["hasBeenMitigated"] != "0" {
		t.Errorf("a recast finding: %v", rows[0])
	}
	call(t, c, "POST", "/acceptRiskRule", `{"plugin":{"id":"10180"},"repositories":"1","hostType":"all","port":"any","protocol":"any","expires":-1}`, &made)
	accepted := `{"filterName":"acceptRiskStatus","operator":"=","value":"accepted"}`
	if n := count(accepted); n != "3" {
		t.Errorf("%s accepted findings; want 3", n)
	}
	if n := count(""); n == "0" {
		t.Error("accepting hid everything")
	}
	if code := call(t, c, "DELETE", fmt.Sprint("/acceptRiskRule/", made[0]["id"]), "", nil); code != 0 {
		t.Fatalf("DELETE: %d", code)
	}
	if code := call(t, c, "DELETE", fmt.Sprint("/acceptRiskRule/", made[0]["id"]), "", nil); code != 147 {
		t.Errorf("DELETE again: %d; want 147", code)
	}
	if n := count(accepted); n != "0" {
		t.Errorf("%s accepted findings after the rule is gone", n)
	}
}

// TestBadInput holds each endpoint to the codes of section 4.
func TestBadInput(t *testing.T) {
	c, sc := lab(t)
	for _, tt := range []struct {
		method, path, body string
		code               int
	}{
		{"POST", "/analysis", `{"type":"nosuch"}`, 146},
		{"POST", "/analysis", `{"type":"vuln","query":{"tool":"nosuch"}}`, 143},
		{"POST", "/analysis", `{"type":"vuln","query":7}`, 146},
		{"POST", "/analysis", `{"type":"vuln","sourceType":"x"}`, 146},
		{"POST", "/analysis", fmt.Sprintf(`{"type":"vuln","sourceType":"individual","scanID":%d}`, sc.ID), 142},
		{"POST", "/analysis", `{"type":"vuln","sourceType":"individual","scanID":999,"view":"all"}`, 147},
		{"POST", "/analysis", `{"type":"vuln","sourceType":"individual","view":"all"}`, 146},
		{"POST", "/analysis", `{"type":"vuln","startOffset":5,"endOffset":2}`, 146},
		{"POST", "/analysis", `{"type":"vuln","query":{"filters":[{"filterName":"nosuch","operator":"=","value":"1"}]}}`, 146},
		{"POST", "/analysis", `{"type":"vuln","query":{"filters":[{"filterName":"asset","operator":"=","value":{"id":"99"}}]}}`, 147},
		{"POST", "/analysis", `{"type":"vuln","query":{"id":99}}`, 147},
		{"POST", "/analysis/download", `{"type":"user"}`, 146},
		{"GET", "/asset/99", "", 147},
		{"PATCH", "/asset/99", `{"name":"x"}`, 147},
		{"DELETE", "/asset/99", "", 147},
		{"GET", "/asset/x", "", 147},
		{"POST", "/asset", `{"name":"x"}`, 146},
		{"POST", "/asset", `{"definedIPs":"192.0.2.1"}`, 146},
		{"POST", "/asset", `{"name":"x","definedIPs":"192.0.2.300"}`, 146},
		{"POST", "/asset", `{"name":"x","type":"nosuch"}`, 146},
		{"POST", "/asset", `{"name":"x","type":"dynamic","rules":{"operator":"all","children":[]}}`, 146},
		{"POST", "/asset", `{"name":"x","type":"combination","combinations":{"operator":"union","operand1":{"id":"98"},"operand2":{"id":"99"}}}`, 147},
		{"GET", "/repository/99", "", 147},
		{"DELETE", "/repository/1", "", 146},
		{"POST", "/repository", `{"name":""}`, 146},
		{"GET", "/repository/99/deviceInfo?ip=192.0.2.1", "", 147},
		{"GET", "/deviceInfo", "", 146},
		{"GET", "/deviceInfo?ip=x", "", 146},
		{"GET", "/acceptRiskRule/99", "", 147},
		{"POST", "/acceptRiskRule", `{}`, 146},
		{"POST", "/acceptRiskRule", `{"plugin":{"id":10180}}`, 146},
		{"POST", "/acceptRiskRule", `{"plugin":{"id":10180},"repositories":[{"id":99}]}`, 147},
		{"POST", "/acceptRiskRule", `{"plugin":{"id":10180},"repositories":[{"id":1}],"port":"x"}`, 146},
		{"POST", "/recastRiskRule", `{"plugin":{"id":10180},"repositories":[{"id":1}]}`, 146},
		{"GET", "/recastRiskRule/99", "", 147},
		{"GET", "/query/99", "", 147},
		{"DELETE", "/query/99", "", 147},
		{"POST", "/query", `{"name":"x","type":"vuln","tool":"nosuch"}`, 146},
		{"POST", "/query", `{"name":"x","type":"vuln","tool":"sumip","filters":[{"filterName":"nosuch","operator":"=","value":"1"}]}`, 146},
		{"POST", "/query", `{"type":"vuln","tool":"sumip"}`, 146},
		{"GET", "/hosts/99", "", 147},
		{"POST", "/hosts/search", `{"filters":{"and":[{"property":"nosuch","operator":"eq","value":"1"}]}}`, 146},
		{"POST", "/solutions/x-99/vuln", "{}", 147},
	} {
		if code := call(t, c, tt.method, tt.path, tt.body, nil); code != tt.code {
			t.Errorf("%s %s %s: error %d; want %d", tt.method, tt.path, tt.body, code, tt.code)
		}
	}
}

// TestAssetLists makes lists of each type, asks what they hold, and finds them
// again in sums and filters.
func TestAssetLists(t *testing.T) {
	c, _ := lab(t)
	make := func(body string) map[string]any {
		var out map[string]any
		call(t, c, "POST", "/asset", body, &out)
		return out
	}
	static := make(`{"name":"two","type":"static","definedIPs":"192.0.2.1, 192.0.2.2"}`)
	names := make(`{"name":"one","type":"dnsname","definedDNSNames":"h3.example.org"}`)
	dynamic := make(`{"name":"debian","type":"dynamic","rules":{"operator":"all","children":[{"type":"clause","filterName":"os","operator":"contains","value":"debian","pluginIDConstraint":"-1"},
		{"type":"clause","filterName":"pluginid","operator":"eq","value":{"id":22964}}]}}`)
	both := make(fmt.Sprintf(`{"name":"rest","type":"combination","combinations":{"operator":"intersection","operand1":{"id":%q},"operand2":{"operator":"complement","operand1":{"id":%q}}}}`, dynamic["id"], static["id"]))
	for _, tt := range []struct {
		list map[string]any
		want float64
	}{{static, 2}, {names, 1}, {dynamic, 3}, {both, 1}} {
		if tt.list["ipCount"] != tt.want {
			t.Errorf("%v holds %v; want %v", tt.list["name"], tt.list["ipCount"], tt.want)
		}
	}
	if have := static["typeFields"]; !cmp.Equal(have, map[string]any{"definedIPs": "192.0.2.1,192.0.2.2"}) {
		t.Errorf("typeFields = %v", have)
	}
	filter := fmt.Sprintf(`,"filters":[{"filterName":"asset","operator":"=","value":{"id":%q}}]`, both["id"])
	if rows := analyse(t, c, "cumulative", "sumip", filter).Results; len(rows) != 1 || rows[0]["ip"] != "192.0.2.3" {
		t.Errorf("hosts in the combination: %v", rows)
	}
	if n := analyse(t, c, "cumulative", "sumasset", "").Total; n != "5" {
		t.Errorf("sumasset has %s lists; want 5", n)
	}
	if code := call(t, c, "DELETE", fmt.Sprint("/asset/", static["id"]), "", nil); code != 146 {
		t.Errorf("deleting a list in use: %d; want 146", code)
	}
	var device map[string]any
	call(t, c, "GET", "/deviceInfo?ip=192.0.2.3", "", &device)
	if device["dnsName"] != "h3.example.org" || len(device["repositories"].([]any)) != 1 {
		t.Errorf("deviceInfo = %v", device)
	}
	call(t, c, "GET", "/deviceInfo?ip=203.0.113.9", "", &device)
	if len(device["repositories"].([]any)) != 0 {
		t.Errorf("deviceInfo of nobody = %v", device)
	}
	var in struct{ Assets []map[string]any }
	call(t, c, "GET", "/repository/1/assetIntersections?ip=192.0.2.3", "", &in)
	if len(in.Assets) != 4 {
		t.Errorf("192.0.2.3 is in %v; want four lists", in.Assets)
	}
	var hosts []map[string]any
	call(t, c, "GET", "/hosts", "", &hosts)
	var page answer
	call(t, c, "POST", "/hosts/search", `{"filters":{"and":[{"property":"ipAddress","operator":"eq","value":"192.0.2.2"}]}}`, &page)
	if len(hosts) != 3 || page.Total != "1" {
		t.Errorf("%d hosts, %s found; want 3 and 1", len(hosts), page.Total)
	}
	var saved map[string]any
	call(t, c, "POST", "/query", `{"name":"q","type":"vuln","tool":"sumip","filters":[{"filterName":"ip","operator":"=","value":"192.0.2.2"}]}`, &saved)
	call(t, c, "POST", "/analysis", fmt.Sprintf(`{"type":"vuln","sourceType":"cumulative","query":{"id":%q}}`, saved["id"]), &page)
	if page.Total != "1" {
		t.Errorf("a saved query finds %s hosts; want 1", page.Total)
	}
	var solutions answer
	call(t, c, "POST", "/solutions", `{"type":"vuln","sourceType":"cumulative","query":{}}`, &solutions)
	if solutions.Total == "0" {
		t.Error("there are no solutions")
	}
}
