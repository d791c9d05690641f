package nexpose_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestSiloProfiles makes a profile, gives it to a silo, and holds the people of
// the silo to it, in this API and in the rooms.
func TestSiloProfiles(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	profile := `<SiloProfileConfig id="plain" name="%s" description="d" all-licensed-modules="true" all-global-engines="true" all-global-report-templates="false" all-global-scan-templates="true">` +
		`<GlobalReportTemplates><GlobalReportTemplate name="audit-report"/><GlobalReportTemplate name="audit-report"/></GlobalReportTemplates>` +
		`<RestrictedReportFormats><RestrictedReportFormat name="CSV"/><RestrictedReportFormat name="rtf"/></RestrictedReportFormats></SiloProfileConfig>`
	if text := admin.post("1.2", `<SiloProfileUpdateRequest @>`+fmt.Sprintf(profile, "Plain")+`</SiloProfileUpdateRequest>`); !strings.Contains(text, "silo profile plain does not exist") {
		t.Errorf("a missing profile: %s", text)
	}
	if id := admin.value("silo-profile-id", `<SiloProfileCreateRequest @>`+fmt.Sprintf(profile, "Plain")+`</SiloProfileCreateRequest>`); id != "plain" {
		t.Errorf("the new profile is %q", id)
	}
	admin.fails(`<SiloProfileCreateRequest @>` + fmt.Sprintf(profile, "Other") + `</SiloProfileCreateRequest>`)
	for _, bad := range []string{`id="7" name="n"`, `id="default" name="n"`, `name=""`, `name="PLAIN"`, `name="n" all-global-engines="maybe"`, `name="n" all-licensed-modules="false"`} {
		admin.fails(`<SiloProfileCreateRequest @><SiloProfileConfig ` + bad + `/></SiloProfileCreateRequest>`)
	}
	if id := admin.value("silo-profile-id", `<SiloProfileUpdateRequest @>`+fmt.Sprintf(profile, "Plain 2")+`</SiloProfileUpdateRequest>`); id != "plain" {
		t.Errorf("the changed profile is %q", id)
	}
	text := admin.ok(`<SiloProfileConfigRequest @ silo-profile-id="plain"/>`)
	for _, want := range []string{
		`name="Plain 2" description="d" all-licensed-modules="true" all-global-engines="true" all-global-report-templates="false"`,
		`<GlobalReportTemplates><GlobalReportTemplate name="audit-report"/></GlobalReportTemplates>`, `<RestrictedReportFormat name="CSV"/><RestrictedReportFormat name="rtf"/>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("profile = %s; want %s", text, want)
		}
	}
	if text := admin.ok(`<SiloProfileListingRequest @/>`); strings.Count(text, "<SiloProfileSummary ") != 2 || !strings.Contains(text, `id="plain" name="Plain 2" description="d" global-report-template-count="1" global-scan-engine-count="0" global-scan-template-count="0" licensed-module-count="0"`) {
		t.Errorf("profiles = %s", text)
	}

	silo := `<SiloConfig id="branch" name="Branch" silo-profile-id="%s"/>`
	admin.fails(`<SiloCreateRequest @>` + fmt.Sprintf(silo, "moon") + `</SiloCreateRequest>`)
	admin.ok(`<SiloCreateRequest @>` + fmt.Sprintf(silo, "plain") + `</SiloCreateRequest>`)
	for _, ask := range []string{`<SiloConfigRequest @ silo-id="branch"/>`, `<SiloListingRequest @/>`} {
		if text := admin.ok(ask); !strings.Contains(text, `silo-profile-id="plain"`) {
			t.Errorf("%s = %s", ask, text)
		}
	}
	admin.fails(`<SiloProfileDeleteRequest @ silo-profile-id="plain"/>`) // a silo has it
	admin.ok(`<MultiTenantUserCreateRequest @><MultiTenantUserConfig id="-1" full-name="Far Away" user-name="far" authsrcid="2" email="f@example.org" password="correct-horse-9" superuser="false" enabled="true"><SiloAccesses><SiloAccess silo-id="branch" role-name="security-manager" all-groups="true" all-sites="true" default-silo="true"/></SiloAccesses></MultiTenantUserConfig></MultiTenantUserCreateRequest>`)
	far := signIn(t, c, "far", "correct-horse-9")
	for _, denied := range []string{`<SiloProfileListingRequest @/>`, `<SiloProfileConfigRequest @ silo-profile-id="plain"/>`, `<SiloProfileDeleteRequest @ silo-profile-id="plain"/>`, `<SiloProfileUpdateRequest @>` + fmt.Sprintf(profile, "Mine") + `</SiloProfileUpdateRequest>`} {
		far.fails(denied)
	}

	// What the profile takes away is refused in every way, to the silo only.
	by, err := c.Rooms.Identity.Session(t.Context(), far.session, "nexpose")
	if err != nil {
		t.Fatal(err)
	}
	define := func(by harrier.Actor, format string) harrier.Kind {
		d := harrier.ReportDefinition{Name: "report " + by.Name + " " + format, Format: format}
		return harrier.KindOf(c.Rooms.Reports.CreateDefinition(t.Context(), by, &d))
	}
	for _, format := range []string{"nexpose-csv", "csv"} {
		if kind := define(by, format); kind != harrier.Forbidden {
			t.Errorf("a definition of format %s: %v; want it refused", format, kind)
		}
		d := harrier.ReportDefinition{Name: "once", Format: format}
		if _, err := c.Rooms.Reports.Once(t.Context(), by, d); harrier.KindOf(err) != harrier.Forbidden {
			t.Errorf("a report of format %s: %v; want it refused", format, err)
		}
		if d.Name += "!"; c.Rooms.Reports.CreateDefinition(t.Context(), c.Admin, &d) != nil {
			t.Errorf("an operator can not define a report of format %s", format)
		}
	}
	d := harrier.ReportDefinition{Name: "allowed", Format: "html", Template: "detailed"}
	if err := c.Rooms.Reports.CreateDefinition(t.Context(), by, &d); err != nil {
		t.Errorf("an allowed format: %v", err)
	}
	admin.ok(`<SiloProfileUpdateRequest @><SiloProfileConfig id="plain"><RestrictedReportFormats><RestrictedReportFormat name="html"/></RestrictedReportFormats></SiloProfileConfig></SiloProfileUpdateRequest>`)
	if _, err := c.Rooms.Reports.Launch(t.Context(), by, d.ID, 0); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("a report of a format that was taken away: %v", err)
	}

	admin.ok(`<SiloUpdateRequest @>` + fmt.Sprintf(silo, "default") + `</SiloUpdateRequest>`)
	if _, err := c.Rooms.Reports.Launch(t.Context(), by, d.ID, 0); err != nil {
		t.Errorf("a report without the profile: %v", err)
	}
	admin.ok(`<SiloProfileDeleteRequest @ silo-profile-id="plain"/>`)
	admin.fails(`<SiloProfileConfigRequest @ silo-profile-id="plain"/>`)
	admin.fails(`<SiloProfileDeleteRequest @ silo-profile-id="default"/>`)
	admin.fails(`<SiloProfileUpdateRequest @><SiloProfileConfig id="default" name="n"/></SiloProfileUpdateRequest>`)
	admin.ok(`<SiloProfileConfigRequest @ silo-profile-id="default"/>`)
}

// TestSiloLimits has a profile leave the people of a silo one engine elsewhere,
// one scan template, one report template and no summaries, and its silo few users:
// that is what they see, and all that the rooms let them use.
func TestSiloLimits(t *testing.T) {
	c, _ := lab(t)
	const target = "127.0.0.77"
	admin := signIn(t, c, c.Name, c.Password)
	elsewhere := func(name string) string {
		return admin.value("id", `<EngineSaveRequest @><EngineConfig id="-1" name="`+name+`" address="" port="40814"/></EngineSaveRequest>`)
	}
	near, far := elsewhere("near"), elsewhere("far")
	for pool, member := range map[string]string{"ours": "near", "theirs": "far"} {
		admin.ok(`<EnginePoolCreateRequest @><EnginePool name="` + pool + `"><Engine name="` + member + `"/></EnginePool></EnginePoolCreateRequest>`)
	}
	const names = `<GlobalScanEngines><GlobalScanEngine name="%s"/></GlobalScanEngines><GlobalScanTemplates><GlobalScanTemplate name="%s"/></GlobalScanTemplates>` +
		`<GlobalReportTemplates><GlobalReportTemplate name="%s"/></GlobalReportTemplates><RestrictedReportSections><RestrictedReportSection name="%s"/></RestrictedReportSections><LicensedModules>%s</LicensedModules>` +
		`<RestrictedReportFormats><RestrictedReportFormat name="%s"/></RestrictedReportFormats>`
	profile := func(attrs string, values ...any) string {
		return `<SiloProfileConfig id="few" name="Few" ` + attrs + ` all-global-scan-templates="false" all-global-report-templates="false">` + fmt.Sprintf(names, values...) + `</SiloProfileConfig>`
	}
	const none = `all-global-engines="false"`
	for _, bad := range [][]any{
		{"moon", "discovery", "audit-report", "trend", "", "pdf"},
		{"near", "moon", "audit-report", "trend", "", "pdf"},
		{"near", "discovery", "moon", "trend", "", "pdf"},
		{"near", "discovery", "audit-report", "moon", "", "pdf"},
		{"near", "discovery", "audit-report", "trend", `<LicensedModule name="m"/>`, "pdf"},
		{"near", "discovery", "audit-report", "trend", "", "moon"},
	} {
		admin.fails(`<SiloProfileCreateRequest @>` + profile(none, bad...) + `</SiloProfileCreateRequest>`)
	}
	admin.ok(`<SiloProfileCreateRequest @>` + profile(none, "near", "discovery", "audit-report", "Executive Summary", "", "pdf") + `</SiloProfileCreateRequest>`)
	text := admin.ok(`<SiloProfileListingRequest @/>`)
	if want := `global-report-template-count="1" global-scan-engine-count="1" global-scan-template-count="1" licensed-module-count="0" restricted-report-section-count="1" all-licensed-modules="true" all-global-engines="false" all-global-report-templates="false" all-global-scan-templates="false"`; !strings.Contains(text, want) {
		t.Errorf("profiles = %s; want %s", text, want)
	}
	silo := `<SiloConfig id="branch" name="Branch" silo-profile-id="few" max-users="1" max-assets="%d" max-hosted-assets="%d"/>`
	admin.fails(`<SiloCreateRequest @>` + fmt.Sprintf(silo, 0, 1) + `</SiloCreateRequest>`)
	admin.ok(`<SiloCreateRequest @>` + fmt.Sprintf(silo, 0, 0) + `</SiloCreateRequest>`)
	user := `<MultiTenantUserCreateRequest @><MultiTenantUserConfig id="-1" user-name="%s" full-name="%[1]s" password="correct-horse-9" superuser="false" enabled="true"><SiloAccesses><SiloAccess silo-id="branch" role-name="security-manager" all-groups="true" all-sites="true"/></SiloAccesses></MultiTenantUserConfig></MultiTenantUserCreateRequest>`
	admin.ok(fmt.Sprintf(user, "one"))
	admin.fails(fmt.Sprintf(user, "two")) // the silo has its one user
	one := signIn(t, c, "one", "correct-horse-9")
	by, err := c.Rooms.Identity.Session(t.Context(), one.session, "nexpose")
	if err != nil {
		t.Fatal(err)
	}

	// What is seen.
	if text := one.ok(`<EngineListingRequest @/>`); strings.Count(text, "<EngineSummary ") != 1 || !strings.Contains(text, `name="near"`) {
		t.Errorf("engines = %s", text)
	}
	if text := one.ok(`<EnginePoolListingRequest @/>`); strings.Count(text, "<EnginePoolSummary ") != 1 || !strings.Contains(text, `name="ours"`) {
		t.Errorf("pools = %s", text)
	}
	one.fails(`<EngineConfigRequest @ engine-id="` + far + `"/>`)
	if _, text := one.ask("GET", "/api/2.0/scan_templates", ""); strings.Count(text, `"id":`) != 1 || !strings.Contains(text, `"discovery"`) {
		t.Errorf("scan templates = %s", text)
	}
	if text := one.ok(`<ReportTemplateListingRequest @/>`); strings.Count(text, "<ReportTemplateSummary ") != 1 || !strings.Contains(text, `id="audit-report"`) {
		t.Errorf("report templates = %s", text)
	}
	one.fails(`<ReportTemplateConfigRequest @ template-id="executive-overview"/>`)

	// What is used: of engines and scan templates.
	site := func(name, template, engine string) string {
		return `<SiteSaveRequest @><Site id="-1" name="` + name + `"><Hosts><range from="` + target + `"/></Hosts><ScanConfig configID="-1" name="x" templateID="` + template + `" engineID="` + engine + `" configVersion="3"/></Site></SiteSaveRequest>`
	}
	one.fails(site("a", "discovery", far))
	one.fails(site("b", "full-audit", near))
	one.fails(site("c", "aggressive-discovery", near)) // of the same base
	ours := one.value("site-id", site("d", "discovery", near))
	local := one.value("site-id", site("e", "discovery", ""))
	one.fails(`<SiteScanRequest @ site-id="` + local + `"/>`)
	one.ok(`<SiteScanRequest @ site-id="` + ours + `"/>`)
	for name, s := range map[string]harrier.Site{"engine": {Engine: idNumber(t, far)}, "pool": {Pool: "theirs"}} {
		s.Name, s.Targets = name, target
		p := harrier.Policy{Name: "p", Template: "discovery"}
		if err := c.Rooms.Sites.CreateWith(t.Context(), by, &s, &p); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("a site of an %s that was taken away: %v", name, err)
		}
	}
	p := harrier.Policy{Name: "p", Template: "advanced"}
	if err := c.Rooms.Policies.Create(t.Context(), by, &p); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("a policy of another template: %v", err)
	}

	// Of report templates and sections.
	d := harrier.ReportDefinition{Name: "short", Format: "html", Template: "executive"}
	if err := c.Rooms.Reports.CreateDefinition(t.Context(), by, &d); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("a document of another template: %v", err)
	}
	report := func(template string) string {
		return `<ReportAdhocGenerateRequest @><AdhocReportConfig format="html" template-id="` + template + `"><Filters><filter type="site" id="` + ours + `"/></Filters></AdhocReportConfig></ReportAdhocGenerateRequest>`
	}
	one.fails(report("executive-overview"))
	one.fails(report("report-card")) // of the same base
	_, text = one.ask("POST", "/api/1.1/xml", strings.Replace(report("audit-report"), "@", `session-id="`+one.session+`"`, 1))
	page, err := base64.StdEncoding.DecodeString(between(text, "base64\r\n\r\n", "--AxB9"))
	if err != nil || !strings.Contains(string(page), ">Hosts<") || strings.Contains(string(page), ">Summary<") {
		t.Errorf("%v; the document is %.4000s; want it without a summary", err, page)
	}

	// A profile that leaves all lets the same site scan by the console's own.
	admin.ok(`<SiloProfileUpdateRequest @><SiloProfileConfig id="few" all-global-engines="true" all-global-scan-templates="true" all-global-report-templates="true"/></SiloProfileUpdateRequest>`)
	one.ok(`<SiteScanRequest @ site-id="` + local + `"/>`)
	if text := one.ok(`<EngineListingRequest @/>`); strings.Count(text, "<EngineSummary ") != 3 {
		t.Errorf("engines without limits = %s", text)
	}
	one.ok(site("f", "full-audit", far))

	// With more assets than it may have, the silo scans no more.
	if err := c.Rooms.Repositories.Assign(t.Context(), c.Admin, harrier.DefaultRepository, []harrier.ID{harrier.FirstOrganization, by.Organization}); err != nil {
		t.Fatal(err)
	}
	admin.ok(`<SiloUpdateRequest @>` + fmt.Sprintf(silo, 2, 0) + `</SiloUpdateRequest>`)
	if text := admin.ok(`<SiloListingRequest @/>`); !strings.Contains(text, `assets="3" max-assets="0"`) || !strings.Contains(text, ` max-assets="2" max-hosted-assets="0" users="1" max-users="1"`) {
		t.Errorf("silos = %s", text)
	}
	one.fails(`<SiteScanRequest @ site-id="` + local + `"/>`)
	admin.ok(`<SiloUpdateRequest @>` + fmt.Sprintf(silo, 9, 0) + `</SiloUpdateRequest>`)
	one.ok(`<SiteScanRequest @ site-id="` + local + `"/>`)
}

// between is the part of text between two marks, without white space.
func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return strings.NewReplacer("\r", "", "\n", "").Replace(text)
}
