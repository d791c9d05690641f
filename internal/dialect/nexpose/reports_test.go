package nexpose_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/format/nexpose/nexposetest"
	"github.com/harrier-scan/harrier/internal/scan"
)

const top = "../../.."

// reader calls the API as one user.
type reader struct {
	t       *testing.T
	url     string
	session string
}

func (c reader) post(version, body string) (string, http.Header) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/api/"+version+"/xml", strings.NewReader(strings.ReplaceAll(body, "SESSION", `session-id="`+c.session+`"`)))
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		c.t.Fatalf("status %d, %v: %s", res.StatusCode, err, text)
	}
	return string(text), res.Header
}

// call is post for a command that has to succeed.
func (c reader) call(body string) *nexposetest.Element {
	c.t.Helper()
	text, h := c.post("1.1", body)
	if strings.HasPrefix(text, "<?") || h.Get("Content-Type") != "application/xml;charset=UTF-8" {
		c.t.Errorf("the answer has type %s and begins %.20s", h.Get("Content-Type"), text)
	}
	doc := nexposetest.Parse(c.t, []byte(text))
	if doc.Attrs["success"] != "1" {
		c.t.Fatalf("%s: %s", body, text)
	}
	return doc
}

// get fetches a path with the cookie of the session alone; a redirect is not
// followed.
func (c reader) get(path, cookie string) (status int, location string, file []byte) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if cookie != "" {
		r.Header.Set("Cookie", "nexposeCCSessionID="+cookie)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), text
}

// history polls the history of a configuration until its newest report has
// ended.
func (c reader) history(cfg string) *nexposetest.Element {
	c.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		list := c.call(`<ReportHistoryRequest SESSION reportcfg-id="` + cfg + `"/>`).All("ReportSummary")
		for _, s := range list {
			if s.Attrs["generated-on"] == "" {
				c.t.Fatalf("an entry has no generated-on: %v", s.Attrs)
			}
		}
		if len(list) > 0 && list[0].Attrs["status"] != "Started" {
			if list[0].Attrs["status"] != "Generated" {
				c.t.Fatalf("the report ended as %v", list[0].Attrs)
			}
			return list[0]
		}
	}
	c.t.Fatal("no report came")
	return nil
}

// reportLab is a console with a site of one web server.
func reportLab(t *testing.T, preferences map[string]string) (*exchange.Console, reader, harrier.ID, func() harrier.ID) {
	t.Helper()
	port := exchange.Listen(t, "127.0.0.91:0", func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			const body = "<html><title>lab</title></html>"
			if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nServer: nginx/1.18.0\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
				return
			}
		}
	})
	console := exchange.Start(t, recorded(t))
	policy := harrier.Policy{Name: "lab", Template: "basic", Preferences: preferences}
	policy.Settings.Ports = port
	site := harrier.Site{Name: "lab", Targets: "127.0.0.91"}
	if err := console.Rooms.Sites.CreateWith(t.Context(), console.Admin, &site, &policy); err != nil {
		t.Fatal(err)
	}
	c := reader{t: t, url: console.URL}
	c.session = c.call(`<LoginRequest user-id="` + console.Name + `" password="` + console.Password + `"/>`).Attrs["session-id"]
	run := func() harrier.ID {
		t.Helper()
		sc, err := console.Rooms.Scans.Launch(t.Context(), console.Admin, site.ID, scan.Launch{})
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if got, err := console.Rooms.Scans.Scan(t.Context(), console.Admin, sc.ID); err != nil || got.Status.Ended() {
				if got.Status != harrier.ScanCompleted {
					t.Fatalf("the scan ended as %s, %v", got.Status, err)
				}
				return sc.ID
			}
		}
		t.Fatal("the scan does not end")
		return 0
	}
	return console, c, site.ID, run
}

// TestReports scans a service and fetches reports of it in every way and shape.
//
// Source: section 17, items 9 to 13.
func TestReports(t *testing.T) {
	_, c, site, run := reportLab(t, nil)

	// A client that scans asks for the default configuration, saves one that runs
	// after scans, scans, and polls the history for ever.
	if d := c.call(`<ReportConfigRequest SESSION reportcfg-id="-1"/>`).Child("ReportConfig"); d.Attrs["id"] != "-1" || d.Attrs["template-id"] != "audit-report" || d.Attrs["format"] != "pdf" {
		t.Errorf("the default configuration = %v", d.Attrs)
	}
	after := c.call(fmt.Sprintf(`<ReportSaveRequest SESSION><ReportConfig id="-1" name="after" template-id="pentest-audit" format="ns-xml"><Filters><SiteFilter id="%d"/></Filters><Generate after-scan="1" schedule="0"/></ReportConfig></ReportSaveRequest>`, site)).Attrs["reportcfg-id"]
	if s := c.call(`<ReportListingRequest SESSION/>`).Child("ReportConfigSummary"); s.Attrs["status"] != "Unknown" || s.Attrs["generated-on"] != "" {
		t.Errorf("a configuration without report is listed as %v", s.Attrs)
	}
	id := run()
	made := c.history(after)
	status, _, file := c.get(made.Attrs["report-URI"], c.session)
	if status != http.StatusOK || !bytes.HasPrefix(file, []byte("<NeXposeSimpleXML")) || !bytes.Contains(file, []byte(`address="127.0.0.91"`)) {
		t.Fatalf("GET %s = %d: %.300s", made.Attrs["report-URI"], status, file)
	}
	nexposetest.Valid(t, top, "nexpose-simple.xsd", file)
	if !bytes.Contains(file, []byte(`resultCode="V`)) {
		t.Error("an old nginx has no finding")
	}
	if !regexp.MustCompile(`^/reports/\d{8}/\d{8}/report\.xml$`).MatchString(made.Attrs["report-URI"]) {
		t.Errorf("report-URI = %s", made.Attrs["report-URI"])
	}
	if status, to, _ := c.get(made.Attrs["report-URI"], ""); status != http.StatusFound || !strings.Contains(to, "login") {
		t.Errorf("without a session: %d to %s; want a redirect to the login page", status, to)
	}

	// generate-now shows at once, whatever template a raw format names.
	saved := c.call(fmt.Sprintf(`<ReportSaveRequest SESSION generate-now="1"><ReportConfig id="-1" name="now" template-id="garbage" format="raw-xml"><Filters><filter type="scan" id="%d"/></Filters><Baseline compareTo="20061131T00000000"/></ReportConfig></ReportSaveRequest>`, id)).Attrs["reportcfg-id"]
	if list := c.call(`<ReportHistoryRequest SESSION reportcfg-id="` + saved + `"/>`).All("ReportSummary"); len(list) != 1 {
		t.Errorf("%d reports right after generate-now", len(list))
	}
	_, _, file = c.get(c.history(saved).Attrs["report-URI"], c.session)
	nexposetest.Raw(t, file, false)
	nexposetest.Valid(t, top, "nexpose-report.xsd", file)
	started := c.call(`<ReportGenerateRequest SESSION report-id="` + saved + `"/>`).Child("ReportSummary")
	if len(started.Attrs) != 3 || started.Attrs["status"] != "Started" || started.Attrs["cfg-id"] != saved {
		t.Errorf("ReportGenerate answers %v; want id, cfg-id and status alone", started.Attrs)
	}
	if newest := c.history(saved); newest.Attrs["id"] != started.Attrs["id"] {
		t.Errorf("the history begins with %v; want the newest, %s", newest.Attrs, started.Attrs["id"])
	}
	c.call(`<ReportDeleteRequest SESSION reportcfg-id="` + saved + `" report-id="` + started.Attrs["id"] + `"/>`)
	if list := c.call(`<ReportHistoryRequest SESSION reportcfg-id="` + saved + `"/>`).All("ReportSummary"); len(list) != 1 {
		t.Errorf("%d reports after one of two was removed", len(list))
	}
	c.call(`<ReportDeleteRequest SESSION reportcfg-id="` + saved + `"/>`)
	if text, _ := c.post("1.1", `<ReportConfigRequest SESSION reportcfg-id="`+saved+`"/>`); !strings.Contains(text, `success="0"`) {
		t.Errorf("a removed configuration is there: %s", text)
	}

	// What the raw export has is defined, and can be looked up.
	scope := fmt.Sprintf(`<filter type="site" id="%d"/>`, site)
	doc := nexposetest.Raw(t, c.adhoc("raw-xml-v2", scope, "text/xml; name=report.xml"), true)
	nexposetest.Valid(t, top, "nexpose-report.xsd", c.adhoc("raw-xml-v2", scope, "text/xml; name=report.xml"))
	tests := doc.All("test")
	if len(tests) == 0 || len(doc.All("scan")) != 1 || doc.All("node")[0].Attrs["site-name"] != "lab" {
		t.Fatalf("%d tests, %d scans", len(tests), len(doc.All("scan")))
	}
	details := c.call(`<VulnerabilityDetailsRequest SESSION vuln-id="` + tests[0].Attrs["id"] + `"/>`)
	if details.Children[0].Name != "Vulnerability" || details.Child("Vulnerability", "description") == nil || details.Child("Vulnerability", "solution") == nil {
		t.Errorf("details = %v", details.Children[0])
	}
	listed := c.call(`<VulnerabilityListingRequest SESSION/>`).All("VulnerabilitySummary")
	if !slices.ContainsFunc(listed, func(e *nexposetest.Element) bool { return e.Attrs["id"] == tests[0].Attrs["id"] }) {
		t.Errorf("%s is not among the %d vulnerabilities", tests[0].Attrs["id"], len(listed))
	}

	// Filters restrict, of a scan and of what is known now alike.
	for _, about := range []string{scope, fmt.Sprintf(`<filter type="scan" id="%d"/>`, id), `<filter type="scan" id="last"/>`} {
		if got := nexposetest.Parse(t, c.adhoc("raw-xml-v2", about+`<filter type="vuln-severity" id="10"/>`, "text/xml; name=report.xml")); len(got.All("test")) >= len(tests) {
			t.Errorf("of %s severity 10 leaves %d of %d tests", about, len(got.All("test")), len(tests))
		}
		want := len(tests)
		got := 0
		for _, status := range []string{"vulnerable-exploited", "vulnerable-version", "potential"} {
			got += len(nexposetest.Parse(t, c.adhoc("raw-xml-v2", about+`<filter type="vuln-status" id="`+status+`"/>`, "text/xml; name=report.xml")).All("test"))
		}
		if got != want {
			t.Errorf("of %s the statuses have %d tests together; want %d", about, got, want)
		}
	}
	for format, part := range map[string]string{"pdf": "application/pdf; name=report.pdf", "html": "text/html; name=report.html", "text": "text/plain; name=report.txt", "xml": "text/xml; name=report.xml", "csv": "text/csv; name=report.csv"} {
		file := c.adhoc(format, scope, part)
		switch {
		case format == "pdf" && !bytes.HasPrefix(file, []byte("%PDF")), len(file) == 0:
			t.Errorf("%s begins %.20q", format, file)
		case format == "csv":
			if rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll(); err != nil || len(rows) != len(tests)+1 {
				t.Errorf("csv has %d rows, %v; want %d", len(rows), err, len(tests)+1)
			}
		}
	}
	for _, refused := range []string{`format="sql"`, `format="db"`, `format="nonsense"`, `format="pdf" template-id="garbage"`} {
		text, h := c.post("1.1", `<ReportAdhocGenerateRequest SESSION><AdhocReportConfig `+refused+`><Filters>`+scope+`</Filters></AdhocReportConfig></ReportAdhocGenerateRequest>`)
		if !strings.HasPrefix(text, `<ReportAdhocGenerateResponse success="0"><Failure>`) || !strings.HasPrefix(h.Get("Content-Type"), "application/xml") {
			t.Errorf("%s = %s", refused, text)
		}
	}
}

// TestNotVulnerable has what checks did not find in the raw exports, of scans
// whose template stores it, and nowhere else.
//
// Source: section 12.3.
func TestNotVulnerable(t *testing.T) {
	console, c, site, run := reportLab(t, map[string]string{harrier.PreferenceStoresClean: "on"})
	id := run()
	sc, err := console.Rooms.Scans.Scan(t.Context(), console.Admin, id)
	if err != nil {
		t.Fatal(err)
	}
	of := func(file []byte) (clean, found []string) {
		for _, e := range nexposetest.Raw(t, file, false).All("test") {
			if e.Attrs["status"] == "not-vulnerable" {
				clean = append(clean, e.Attrs["id"])
			} else {
				found = append(found, e.Attrs["id"])
			}
		}
		return clean, found
	}
	const part = "text/xml; name=report.xml"
	const zoned = `html" timezone="America/New_York`
	if file := c.adhoc(zoned, fmt.Sprintf(`<filter type="site" id="%d"/>`, site), "text/html; name=report.html"); !bytes.Contains(file, []byte(" EDT")) && !bytes.Contains(file, []byte(" EST")) {
		t.Errorf("a document for another time zone has none of its times")
	}
	for _, about := range []string{fmt.Sprintf(`<filter type="site" id="%d"/>`, site), fmt.Sprintf(`<filter type="scan" id="%d"/>`, id)} {
		for _, format := range []string{"raw-xml-v2", "raw-xml"} {
			file := c.adhoc(format, about, part)
			nexposetest.Valid(t, top, "nexpose-report.xsd", file)
			clean, found := of(file)
			if len(clean) == 0 || len(clean) > sc.Coverage.Clean || len(found) == 0 {
				t.Fatalf("%s of %s: %d not found, %d found; the scan found %d clean", format, about, len(clean), len(found), sc.Coverage.Clean)
			}
			for _, id := range found {
				if slices.Contains(clean, id) {
					t.Errorf("%s of %s: %s is there and is not", format, about, id)
				}
			}
			grave, _ := of(c.adhoc(format, about+`<filter type="vuln-severity" id="10"/>`, part))
			if len(grave) == 0 || len(grave) >= len(clean) {
				t.Errorf("%s of %s: %d of %d not found are grave", format, about, len(grave), len(clean))
			}
			if clean, found := of(c.adhoc(format, about+`<filter type="vuln-status" id="vulnerable-version"/><filter type="vuln-status" id="vulnerable-exploited"/><filter type="vuln-status" id="potential"/>`, part)); len(clean) != 0 || len(found) == 0 {
				t.Errorf("%s of %s by status: %d not found, %d found", format, about, len(clean), len(found))
			}
		}
		file := c.adhoc("ns-xml", about, part)
		nexposetest.Valid(t, top, "nexpose-simple.xsd", file)
		if !bytes.Contains(file, []byte(`resultCode="NV"`)) {
			t.Errorf("ns-xml of %s has nothing that was not found", about)
		}
		const table = "text/csv; name=report.csv"
		clean, found := of(c.adhoc("raw-xml-v2", about, part))
		file = c.adhoc("csv", about, table)
		if n := bytes.Count(file, []byte(",nv,")); n != len(clean) || bytes.Count(file, []byte("\n")) != 1+len(clean)+len(found) {
			t.Errorf("the table of %s has %d rows of what was not found; want %d, and %d of what was", about, n, len(clean), len(found))
		}
		if file := c.adhoc("csv", about+`<filter type="vuln-status" id="vulnerable-version"/>`, table); bytes.Contains(file, []byte(",nv,")) {
			t.Errorf("the table of %s by status has what was not found", about)
		}
	}
}

// adhoc fetches a report with the answer, which has to be as clients split it,
// byte for byte.
//
// Source: section 8.9.
func (c reader) adhoc(format, filters, part string) []byte {
	c.t.Helper()
	text, h := c.post("1.2", `<ReportAdhocGenerateRequest SESSION sync-id="s"><AdhocReportConfig format="`+format+`"><Filters>`+filters+`</Filters></AdhocReportConfig></ReportAdhocGenerateRequest>`)
	const boundary = "AxB9sl3299asdjvbA"
	if got := h.Get("Content-Type"); got != "multipart/mixed; boundary="+boundary+"; charset=UTF-8" {
		c.t.Fatalf("Content-Type = %s: %.300s", got, text)
	}
	head := "--" + boundary + "\r\nContent-Type: application/xml; name=response_xml\r\n\r\n" + `<ReportAdhocGenerateResponse success="1" sync-id="s"/>` +
		"\r\n--" + boundary + "\r\nContent-Type: " + part + "\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	rest, ok := strings.CutPrefix(text, head)
	body, ends := strings.CutSuffix(rest, "--"+boundary+"--\r\n")
	if !ok || !ends {
		c.t.Fatalf("the answer is not as clients split it: %.400q", text)
	}
	lines := strings.Split(strings.TrimSuffix(body, "\r\n"), "\r\n")
	for i, line := range lines {
		if len(line) != 76 && i < len(lines)-1 || len(line) > 76 || strings.Contains(line, "\n") {
			c.t.Fatalf("line %d has %d digits", i, len(line))
		}
	}
	file, err := base64.StdEncoding.DecodeString(strings.Join(lines, ""))
	if err != nil {
		c.t.Fatal(err)
	}
	return file
}
