package nexpose_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
)

// TestBySites: who was granted sites and no asset group sees what these hold, at
// once and in every room; who makes a site of their own sees no more by it.
func TestBySites(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	site := admin.value("site-id", `<SiteSaveRequest @><Site id="-1" name="part"><Hosts><range from="192.0.2.1" to="192.0.2.2"/></Hosts><ExcludedHosts><range from="192.0.2.2"/></ExcludedHosts><ScanConfig templateID="discovery"/></Site></SiteSaveRequest>`)
	user := admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="member" password="correct-horse-9" role-name="site-admin"><site id="`+site+`"/></UserConfig></UserSaveRequest>`)
	member := signIn(t, c, "member", "correct-horse-9")
	sees := func(what string, want int) {
		t.Helper()
		by, err := c.Rooms.Identity.Session(t.Context(), member.session, "nexpose")
		if err != nil {
			t.Fatal(err)
		}
		_, n, err := c.Rooms.Assets.Assets(t.Context(), by, nil, asset.Page{})
		_, m, errF := c.Rooms.Findings.Findings(t.Context(), by, nil, finding.Page{})
		if err != nil || errF != nil || n != want || m != 2*want {
			t.Errorf("%s: the member sees %d assets, %d findings (%v, %v); want %d", what, n, m, err, errF, want)
		}
	}
	listed := func(name string, want bool) {
		t.Helper()
		if text := member.ok(`<SiteListingRequest @/>`); strings.Contains(text, `name="`+name+`"`) != want {
			t.Errorf("sites = %s; want %s: %v", text, name, want)
		}
	}
	sees("granted", 1)
	listed("part", true)
	listed("lab", false)
	if text := admin.ok(`<UserConfigRequest @ id="` + user + `"/>`); !strings.Contains(text, `allSites="false" allGroups="false"`) || !strings.Contains(text, `<site id="`+site+`"/>`) || strings.Contains(text, "<group ") {
		t.Errorf("user = %s", text)
	}
	admin.ok(`<SiteSaveRequest @><Site id="` + site + `" name="part"><Users><user id="` + user + `"/></Users><Hosts><range from="192.0.2.1" to="192.0.2.3"/></Hosts><ScanConfig templateID="discovery"/></Site></SiteSaveRequest>`)
	sees("more targets", 3)
	admin.ok(`<SiteSaveRequest @><Site id="` + site + `" name="part"><Hosts><range from="192.0.2.1" to="192.0.2.3"/></Hosts><ScanConfig templateID="discovery"/></Site></SiteSaveRequest>`)
	sees("not shared any more", 0)
	member.ok(`<SiteSaveRequest @><Site id="-1" name="mine"><Hosts><range from="192.0.2.0" to="192.0.2.255"/></Hosts><ScanConfig templateID="discovery"/></Site></SiteSaveRequest>`)
	sees("a site of one's own", 0)

	// All sites are those to come, too.
	change := func(attrs string) {
		admin.ok(`<UserSaveRequest @><UserConfig id="` + user + `" name="member" role-name="site-admin" ` + attrs + `/></UserSaveRequest>`)
	}
	change(`allSites="true"`)
	if text := admin.ok(`<UserConfigRequest @ id="` + user + `"/>`); !strings.Contains(text, `allSites="true"`) {
		t.Errorf("user = %s", text)
	}
	sees("all sites", 3)
	admin.ok(`<SiteSaveRequest @><Site id="-1" name="later"><Hosts><range from="198.51.100.1"/></Hosts><ScanConfig templateID="discovery"/></Site></SiteSaveRequest>`)
	listed("later", true)
	listed("lab", true)
	admin.ok(`<UserSaveRequest @><UserConfig id="-1" name="born" password="correct-horse-9" role-name="user" allSites="true"/></UserSaveRequest>`)
	if text := signIn(t, c, "born", "correct-horse-9").ok(`<SiteListingRequest @/>`); !strings.Contains(text, `name="lab"`) || !strings.Contains(text, `name="later"`) {
		t.Errorf("whoever was created with all sites sees %s", text)
	}
	change(`allSites="false"`)
	listed("later", false)
	sees("no sites", 0)

	// An asset group says what its users see, whatever their sites hold.
	devices, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{Sort: "address"})
	if err != nil {
		t.Fatal(err)
	}
	group := admin.value("group-id", fmt.Sprintf(`<AssetGroupSaveRequest @><AssetGroup id="-1" name="one"><Devices><device id="%d"/></Devices></AssetGroup></AssetGroupSaveRequest>`, devices[2].ID))
	admin.ok(`<UserSaveRequest @><UserConfig id="` + user + `" name="member" role-name="site-admin" allSites="true"><group id="` + group + `"/></UserConfig></UserSaveRequest>`)
	sees("a group", 1)
}

// TestSiteDelete: with a site go the devices that no other site has seen, and
// its alerts; those who may not delete devices leave them.
func TestSiteDelete(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	sites, err := c.Rooms.Sites.Sites(t.Context(), c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	left := func(want int) {
		t.Helper()
		if _, n, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{}); err != nil || n != want {
			t.Errorf("%d devices are left, %v; want %d", n, err, want)
		}
		if _, n, err := c.Rooms.Findings.Findings(t.Context(), c.Admin, nil, finding.Page{}); err != nil || n != 2*want {
			t.Errorf("%d findings are left, %v; want %d", n, err, 2*want)
		}
	}
	left(3)
	second := imported(t, c, "second", 1)
	admin.ok(fmt.Sprintf(`<SiteDeleteRequest @ site-id="%d"/>`, sites[0].ID))
	left(1) // which the second has seen
	admin.fails(fmt.Sprintf(`<SiteDeleteRequest @ site-id="%d"/>`, sites[0].ID))

	user := admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="member" password="correct-horse-9" role-name="site-admin" allGroups="true"/></UserSaveRequest>`)
	s, err := c.Rooms.Sites.Site(t.Context(), c.Admin, second)
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	if _, err := fmt.Sscan(user, &id); err != nil {
		t.Fatal(err)
	}
	s.Owner = harrier.ID(id)
	if err := c.Rooms.Sites.Update(t.Context(), c.Admin, &s); err != nil {
		t.Fatal(err)
	}
	member := signIn(t, c, "member", "correct-horse-9")
	member.ok(fmt.Sprintf(`<SiteDeleteRequest @ site-id="%d"/>`, second))
	left(1)
}

// adhocFile is the file of a report that was made for one answer.
func adhocFile(t *testing.T, answer string) string {
	t.Helper()
	_, text, found := strings.Cut(answer, "base64\r\n\r\n")
	text, _, _ = strings.Cut(text, "--")
	file, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\r\n", ""))
	if err != nil || !found {
		t.Fatalf("%v in %.500s", err, answer)
	}
	return string(file)
}

// TestOwnReportTemplates writes a document and a table of somebody's own, uses
// and deletes them.
func TestOwnReportTemplates(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	save := func(id, name, rest string) string {
		return fmt.Sprintf(`<ReportTemplateSaveRequest @><ReportTemplate id=%q name=%q %s</ReportTemplate></ReportTemplateSaveRequest>`, id, name, rest)
	}
	columns := `type="data"><description>d</description><ReportAttributes><ReportAttribute name="asset-ip-address"/><ReportAttribute name="Vulnerability Title"/></ReportAttributes>`
	table := admin.value("template-id", save("-1", "two columns", columns))
	document := admin.value("template-id", save("", "short", `><ReportSections><property name="title">T</property><ReportSection name="summary"/><ReportSection name="Cover"><property name="logo">x</property></ReportSection></ReportSections><Settings><showDeviceNames enabled="0"/></Settings>`))
	admin.fails(save("-1", "Short", `>`))
	admin.fails(save("-1", "", `>`))
	admin.fails(save("-1", "x", `type="data"><ReportAttributes><ReportAttribute name="moon"/></ReportAttributes>`))
	admin.fails(save("-1", "x", `type="data">`))
	admin.fails(save("-1", "x", `type="song">`))
	admin.fails(save("own-99", "x", `>`))
	admin.fails(save("audit-report", "x", `>`))
	if text := admin.ok(`<ReportTemplateListingRequest @/>`); !strings.Contains(text, `<ReportTemplateSummary id="`+table+`" name="two columns" scope="silo" type="data" builtin="0"><description>d</description>`) {
		t.Errorf("templates = %s", text)
	}
	if text := admin.ok(`<ReportTemplateConfigRequest @ template-id="` + document + `"/>`); !strings.Contains(text, `<ReportSections><property name="title">T</property><ReportSection name="summary"/><ReportSection name="Cover"><property name="logo">x</property></ReportSection></ReportSections><Settings><showDeviceNames enabled="0"/>`) {
		t.Errorf("document = %s", text)
	}
	adhoc := func(format, template string) string {
		return admin.post("1.1", fmt.Sprintf(`<ReportAdhocGenerateRequest @><AdhocReportConfig format=%q template-id=%q><Filters><filter type="scan" id="first"/></Filters></AdhocReportConfig></ReportAdhocGenerateRequest>`, format, template))
	}
	if text := adhocFile(t, adhoc("csv", table)); !strings.HasPrefix(text, "Asset IP Address,Vulnerability Title\n192.0.2.1,") {
		t.Errorf("table = %.200q", text)
	}
	if text := adhocFile(t, adhoc("html", document)); !strings.Contains(text, "Summary") || strings.Contains(text, "Findings by host") {
		t.Errorf("the document has other chapters: %.200q", text)
	}
	if text := adhocFile(t, adhoc("html", "audit-report")); !strings.Contains(text, "Findings by host") {
		t.Errorf("the built-in document lacks a chapter: %.200q", text)
	}
	for _, wrong := range [][2]string{{"csv", document}, {"pdf", table}, {"html", "own-99"}} {
		if text := adhoc(wrong[0], wrong[1]); !strings.Contains(text, `success="0"`) {
			t.Errorf("%v = %.200s; want a failure", wrong, text)
		}
	}
	report := admin.value("reportcfg-id", `<ReportSaveRequest @><ReportConfig id="-1" name="r" format="csv" template-id="`+table+`"><Filters><filter type="scan" id="last"/></Filters></ReportConfig></ReportSaveRequest>`)
	if text := admin.ok(`<ReportConfigRequest @ reportcfg-id="` + report + `"/>`); !strings.Contains(text, `template-id="`+table+`"`) {
		t.Errorf("configuration = %s", text)
	}
	remove := func(id string) int {
		status, _ := admin.ask("DELETE", "/data/report/templates/"+id, "")
		return status
	}
	for id, want := range map[string]int{table: 409, document: 200, "own-99": 404, "audit-report": 403} {
		if got := remove(id); got != want {
			t.Errorf("DELETE of %s = %d; want %d", id, got, want)
		}
	}
	admin.ok(`<ReportDeleteRequest @ reportcfg-id="` + report + `"/>`)
	admin.ok(save(table, "renamed", columns))
	if got := remove(table); got != 200 {
		t.Errorf("DELETE = %d", got)
	}
}
