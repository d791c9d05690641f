package nexpose

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// all are the elements of a name, at any depth.
func (n node) all(name string) (out []node) {
	if n.XMLName.Local == name {
		out = append(out, n)
	}
	for _, c := range n.Nodes {
		out = append(out, c.all(name)...)
	}
	return out
}

// download fetches a file with nothing but the cookie of the session.
func (c *client) download(uri string) []byte {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, "https://"+c.addr+uri, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "nexposeCCSessionID", Value: c.session})
	a, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		c.t.Fatalf("GET %s: %d, %v", uri, a.StatusCode, err)
	}
	return body
}

// report has a report of a site made, waits for it, and fetches it.
func (c *client) report(name, format, template, site string) []byte {
	c.t.Helper()
	id := c.do("ReportSave", `generate-now="1"`, fmt.Sprintf(`<ReportConfig id="-1" name=%q format=%q template-id=%q><Filters><filter type="site" id=%q/></Filters></ReportConfig>`, name, format, template, site)).attr("reportcfg-id")
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		last := c.do("ReportHistory", `reportcfg-id="`+id+`"`, "").find("ReportSummary")
		switch last.attr("status") {
		case "Started":
		case "Generated":
			return c.download(last.attr("report-URI"))
		default:
			c.t.Fatalf("report %s is %+v", name, last)
		}
	}
	c.t.Fatalf("report %s is not made", name)
	return nil
}

// reports fetches a scan in all forms, and returns the id of a vulnerability
// that the raw one has.
func (c *client) reports(site string) (flaw string) {
	c.t.Helper()
	if file := c.report("executive", "pdf", "executive-overview", site); !strings.HasPrefix(string(file), "%PDF") {
		c.t.Errorf("pdf begins %.20q", file)
	}
	if file := string(c.report("detailed", "html", "audit-report", site)); !strings.Contains(file, "127.0.0.91") || !strings.Contains(file, "<svg") {
		c.t.Errorf("the detailed report has no host or no chart")
	}
	var doc node
	file := c.report("raw", "raw-xml-v2", "audit-report", site)
	if err := xml.Unmarshal(file, &doc); err != nil || !strings.HasPrefix(string(file), "<NexposeReport") {
		c.t.Fatalf("%v in %.200s", err, file)
	}
	known := map[string]bool{}
	for _, v := range doc.all("vulnerability") {
		known[v.attr("id")] = true
	}
	for _, test := range doc.all("test") {
		if !known[test.attr("id")] {
			c.t.Errorf("test %s has no definition", test.attr("id"))
		}
		if strings.HasPrefix(test.attr("status"), "vulnerable-") {
			flaw = test.attr("id")
		}
	}
	if nodes := doc.all("node"); len(nodes) != 1 || nodes[0].attr("address") != "127.0.0.91" || flaw == "" {
		c.t.Fatalf("the raw report has %d nodes, vulnerability %q", len(nodes), flaw)
	}
	return flaw
}

// people grants a device to a user, who sees it, and the site of another not.
func (c *client) people(site, device string) {
	c.t.Helper()
	group := c.do("AssetGroupSave", "", fmt.Sprintf(`<AssetGroup id="-1" name="web"><Devices><device id=%q/></Devices></AssetGroup>`, device)).attr("group-id")
	empty := c.do("AssetGroupSave", "", `<AssetGroup id="-1" name="nobody's"><Devices/></AssetGroup>`).attr("group-id")
	user := c.do("UserSave", "", fmt.Sprintf(`<UserConfig id="-1" name="member" fullname="M" password="correct-horse-9" role-name="user" enabled="1"><group id=%q/></UserConfig>`, group)).attr("id")
	other := &client{t: c.t, http: c.http, addr: c.addr}
	other.session = other.post("1.1", `<LoginRequest user-id="member" password="correct-horse-9"/>`).attr("session-id")
	if got := other.do("AssetGroupListing", "", "").all("AssetGroupSummary"); len(got) != 1 || got[0].attr("id") != group {
		c.t.Errorf("the member sees the groups %+v", got)
	}
	if got := other.do("AssetGroupConfig", `group-id="`+group+`"`, "").all("device"); len(got) != 1 || got[0].attr("id") != device {
		c.t.Errorf("the member sees the devices %+v", got)
	}
	if got := other.do("SiteListing", "", "").all("SiteSummary"); len(got) != 0 {
		c.t.Errorf("the member sees the sites %+v", got)
	}
	c.do("UserSave", "", fmt.Sprintf(`<UserConfig id=%q name="member" role-name="user"><site id=%q/><group id=%q/></UserConfig>`, user, site, group))
	if got := other.do("SiteListing", "", "").all("SiteSummary"); len(got) != 1 {
		c.t.Errorf("the member sees the sites %+v", got)
	}
	other.do("Logout", "", "")
	c.do("UserDelete", `id="`+user+`"`, "")
	c.do("AssetGroupDelete", `group-id="`+empty+`"`, "")
}

// ticket writes, shows and deletes a ticket.
func (c *client) ticket(device, flaw string) {
	c.t.Helper()
	id := c.do("TicketCreate", "", fmt.Sprintf(`<TicketCreate name="mend" priority="high" device-id=%q assigned-to="admin"><Vulnerabilities><Vulnerability id=%q/></Vulnerabilities><Comments><Comment>soon</Comment></Comments></TicketCreate>`, device, flaw)).attr("id")
	if v := c.do("TicketDetails", "", `<Ticket id="`+id+`"/>`).find("Vulnerability"); v == nil || v.attr("id") != flaw {
		c.t.Errorf("the ticket is about %+v", v)
	}
	c.do("TicketDelete", "", `<Ticket id="`+id+`"/>`)
}

// exception takes an exception through its review.
func (c *client) exception(scan, flaw string) {
	c.t.Helper()
	is := func(want string) {
		c.t.Helper()
		if e := c.do("VulnerabilityExceptionListing", "", "").find("VulnerabilityException"); e == nil || e.attr("status") != want || e.attr("vuln-id") != flaw {
			c.t.Errorf("the exception is %+v; want it %s", e, want)
		}
	}
	id := c.do("VulnerabilityExceptionCreate", fmt.Sprintf(`vuln-id=%q reason="Acceptable Risk" scope="All Instances"`, flaw), `<comment>known</comment>`).attr("exception-id")
	is("Under Review")
	before := c.flaws(scan)
	c.do("VulnerabilityExceptionApprove", `exception-id="`+id+`"`, `<comment>yes</comment>`)
	is("Approved")
	if after := c.flaws(scan); after >= before || before == 0 {
		c.t.Errorf("the scan has %d vulnerabilities with the exception, %d before", after, before)
	}
	c.do("VulnerabilityExceptionDelete", `exception-id="`+id+`"`, "")
	if again := c.flaws(scan); again != before {
		c.t.Errorf("the scan has %d vulnerabilities without the exception, %d before it", again, before)
	}
}

// flaws counts the vulnerabilities that ScanStatistics tells of a scan.
func (c *client) flaws(scan string) (n int) {
	c.t.Helper()
	for _, v := range c.do("ScanStatistics", `scan-id="`+scan+`"`, "").find("ScanSummary").Nodes {
		if count, err := strconv.Atoi(v.attr("count")); err == nil && strings.HasPrefix(v.attr("status"), "vuln-") {
			n += count
		}
	}
	return n
}

// steered pauses a scan of many addresses, resumes it and stops it.
func (c *client) steered() {
	c.t.Helper()
	site := c.do("SiteSave", "", `<Site id="-1" name="steered"><Hosts><range from="127.1.0.0" to="127.1.15.255"/></Hosts><ScanConfig configID="-1" name="x" templateID="exhaustive-audit" configVersion="3"/></Site>`).attr("site-id")
	scan := c.do("SiteScan", `site-id="`+site+`"`, "").find("Scan").attr("scan-id")
	is := func(want string) {
		c.t.Helper()
		got := ""
		for end := time.Now().Add(time.Minute); got != want && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			got = c.do("ScanStatus", `scan-id="`+scan+`"`, "").attr("status")
		}
		if got != want {
			c.t.Fatalf("the scan is %s; want it %s", got, want)
		}
	}
	is("running")
	if n := c.do("ScanActivity", "", "").find("ScanSummary"); n == nil || n.attr("scan-id") != scan {
		c.t.Errorf("ScanActivity: %+v", n)
	}
	c.do("ScanPause", `scan-id="`+scan+`"`, "")
	is("paused")
	c.do("ScanResume", `scan-id="`+scan+`"`, "")
	is("running")
	c.do("ScanStop", `scan-id="`+scan+`"`, "")
	is("stopped")
	if n := c.do("SiteScanHistory", `site-id="`+site+`"`, "").all("ScanSummary"); len(n) != 1 || n[0].attr("endTime") == "" {
		c.t.Errorf("SiteScanHistory: %+v", n)
	}
	c.do("SiteDelete", `site-id="`+site+`"`, "")
}
