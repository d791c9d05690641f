package nexpose_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// TestImportAssets sends assets as the gem does and looks at what became of them:
// those that are right are there with their services and findings, the others
// are told of.
func TestImportAssets(t *testing.T) {
	c, flaws := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	flaw, _ := c.Rooms.Vulns.Lookup(flaws[0])
	other, _ := c.Rooms.Vulns.Lookup(flaws[1])
	body := fmt.Sprintf(`[
		{"ip":"198.51.100.7","fqdn":"Ext.Example","net_bios":"EXT","mac":"00-11-22-AA-BB-CC","host_type":"MOBILE","aliases":[],"scan_date":"20260102T030405.678Z",
		 "os":"cpe:/o:microsoft:windows_10:1607","software":[],"users":[],"groups":[],"files":[],"unique_identifiers":[],"attributes":[],
		 "services":[{"name":"HTTPS","port":8443,"protocol":"TCP","vulnerabilities":[{"vuln_id":%q,"status":"vulnerable-exploited","key":"/a","proof":"it answered"}]}],
		 "vulnerabilities":[{"vuln_id":%q,"status":"potential","key":null,"proof":null}]},
		{"ip":null,"fqdn":"named.example","os":"Linux 6","services":[],"vulnerabilities":[]},
		{"ip":"198.51.100.300"},
		{"net_bios":"ALONE"},
		{"ip":"198.51.100.8","vulnerabilities":[{"vuln_id":"no-such","status":"potential"}]},
		{"ip":"198.51.100.8","vulnerabilities":[{"vuln_id":%q,"status":"fixed"}]},
		{"ip":"198.51.100.8","services":[{"name":"x","port":0,"protocol":"RAW"}]},
		{"ip":"198.51.100.8","scan_date":"yesterday"},
		{"ip":"198.51.100.8","host_type":"TOASTER"}
	]`, strings.ToUpper(flaw.Slug), other.Slug, flaw.Slug)
	status, text := admin.ask("POST", "/api/2.1/sites/1/assets", body)
	var results []struct {
		Name    string
		AssetID harrier.ID `json:"asset_id"`
		Asset   struct{ URL string }
		Error   string `json:"error_message"`
	}
	if err := json.Unmarshal([]byte(text), &results); err != nil || status != 200 || len(results) != 9 {
		t.Fatalf("import = %d %s", status, text)
	}
	for i, want := range []string{"", "", "198.51.100.300", "name in the DNS", "no-such", "fixed", "0/RAW", "yesterday", "TOASTER"} {
		if (want == "") != (results[i].AssetID > 0) || want == "" && results[i].Error != "" || !strings.Contains(results[i].Error, want) {
			t.Errorf("result %d = %+v; want %q", i, results[i], want)
		}
	}
	if results[0].Name != "198.51.100.7" || results[1].Name != "named.example" || results[3].Name != "ALONE" {
		t.Errorf("results = %+v", results)
	}
	_, door := admin.get(results[0].Asset.URL, nil)
	for _, want := range []string{
		`"ip":"198.51.100.7"`, `"mac":"00:11:22:AA:BB:CC"`, `"os_name":"Microsoft Windows 10 1607"`, `"os_cpe":"cpe:/o:microsoft:windows_10:1607"`, `"host_type":"MOBILE"`,
		`"name":"https","port":8443,"protocol":"TCP"`, `"ext.example"`, `"EXT"`, `"last_scan_date":"20260102T030405.678Z"`,
	} {
		if !strings.Contains(door, want) {
			t.Errorf("the asset = %s; want %s", door, want)
		}
	}
	found, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, harrier.Cmp{Field: "id", Op: harrier.Eq, Values: []any{int64(results[0].AssetID), int64(results[1].AssetID)}}, asset.Page{})
	if err != nil || len(found) != 2 || found[0].Open[harrier.High] != 2 || found[1].FQDN != "named.example" || found[1].OS != "Linux 6" {
		t.Errorf("assets = %+v, %v", found, err)
	}
	report := admin.adhoc("raw-xml-v2", `<filter type="device" id="`+fmt.Sprint(results[0].AssetID)+`"/>`)
	for _, want := range []string{`key="/a" status="vulnerable-exploited"`, `status="vulnerable-potential"`, `port="8443"`, "it answered"} {
		if !strings.Contains(report, want) {
			t.Errorf("report = %s; want %s", report, want)
		}
	}
	history := admin.ok(`<SiteScanHistoryRequest @ site-id="1"/>`)
	if !strings.Contains(history, `startTime="20260102T030405678"`) || !strings.Contains(history, `status="vuln-exploit"`) || !strings.Contains(history, `status="vuln-potential"`) {
		t.Errorf("history = %s", history)
	}

	// The same again is the same asset; a request of which nothing is right leaves
	// no scan.
	scans := strings.Count(history, "<ScanSummary ")
	if _, text := admin.ask("POST", "/api/2.1/sites/1/assets", `[{"fqdn":"NAMED.example."},{"ip":"198.51.100.7"}]`); !strings.Contains(text, fmt.Sprintf(`"asset_id":%d`, results[0].AssetID)) || !strings.Contains(text, fmt.Sprintf(`"asset_id":%d`, results[1].AssetID)) {
		t.Errorf("again = %s", text)
	}
	admin.ask("POST", "/api/2.1/sites/1/assets", `[{"ip":"x"}]`)
	if n := strings.Count(admin.ok(`<SiteScanHistoryRequest @ site-id="1"/>`), "<ScanSummary "); n != scans+1 {
		t.Errorf("%d scans; want %d", n, scans+1)
	}
	admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="reader" password="correct-horse-9" role-name="user" allSites="true" allGroups="true"/></UserSaveRequest>`)
	reader := signIn(t, c, "reader", "correct-horse-9")
	for _, bad := range []struct {
		who        client
		path, body string
		want       int
	}{{admin, "/api/2.1/sites/1/assets", "{", 400}, {admin, "/api/2.1/sites/99/assets", "[]", 404}, {reader, "/api/2.1/sites/1/assets", `[{"ip":"198.51.100.9"}]`, 403}} {
		if status, text := bad.who.ask("POST", bad.path, bad.body); status != bad.want {
			t.Errorf("%s %s = %d %s; want %d", bad.path, bad.body, status, text, bad.want)
		}
	}
}

// TestAssetScansByForm asks for the scans of an asset by a form, as the gem does.
func TestAssetScansByForm(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	if status, text := admin.get("/data/assets/1/scans", url.Values{"dir": {"DESC"}, "startIndex": {"0"}, "results": {"500"}}); status != 200 || !strings.Contains(text, `"totalRecords":1,"rowsPerPage":500`) {
		t.Errorf("by a form = %d %s", status, text)
	}
}

// adhoc is a report that is sent with the answer.
func (c client) adhoc(format, filters string) string {
	c.t.Helper()
	text := c.post("1.1", `<ReportAdhocGenerateRequest @><AdhocReportConfig format="`+format+`" template-id="audit-report"><Filters>`+filters+`</Filters></AdhocReportConfig></ReportAdhocGenerateRequest>`)
	_, data, _ := strings.Cut(text, "base64\r\n\r\n")
	data, _, found := strings.Cut(data, "--")
	file, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(data, "\r\n", ""))
	if err != nil || !found {
		c.t.Fatalf("no report in %s", text)
	}
	return string(file)
}
