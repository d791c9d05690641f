package nexpose_test

import (
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
	profile := `<SiloProfileConfig id="plain" name="%s" description="d" all-licensed-modules="false" all-global-engines="true" all-global-report-templates="false" all-global-scan-templates="true">` +
		`<GlobalReportTemplates><GlobalReportTemplate name="audit-report"/></GlobalReportTemplates><LicensedModules><LicensedModule name="m"/><LicensedModule name="m"/></LicensedModules>` +
		`<RestrictedReportFormats><RestrictedReportFormat name="CSV"/><RestrictedReportFormat name="rtf"/></RestrictedReportFormats></SiloProfileConfig>`
	if text := admin.post("1.2", `<SiloProfileUpdateRequest @>`+fmt.Sprintf(profile, "Plain")+`</SiloProfileUpdateRequest>`); !strings.Contains(text, "silo profile plain does not exist") {
		t.Errorf("a missing profile: %s", text)
	}
	if id := admin.value("silo-profile-id", `<SiloProfileCreateRequest @>`+fmt.Sprintf(profile, "Plain")+`</SiloProfileCreateRequest>`); id != "plain" {
		t.Errorf("the new profile is %q", id)
	}
	admin.fails(`<SiloProfileCreateRequest @>` + fmt.Sprintf(profile, "Other") + `</SiloProfileCreateRequest>`)
	for _, bad := range []string{`id="7" name="n"`, `id="default" name="n"`, `name=""`, `name="PLAIN"`, `name="n" all-global-engines="maybe"`} {
		admin.fails(`<SiloProfileCreateRequest @><SiloProfileConfig ` + bad + `/></SiloProfileCreateRequest>`)
	}
	if id := admin.value("silo-profile-id", `<SiloProfileUpdateRequest @>`+fmt.Sprintf(profile, "Plain 2")+`</SiloProfileUpdateRequest>`); id != "plain" {
		t.Errorf("the changed profile is %q", id)
	}
	text := admin.ok(`<SiloProfileConfigRequest @ silo-profile-id="plain"/>`)
	for _, want := range []string{
		`name="Plain 2" description="d" all-licensed-modules="false" all-global-engines="true"`, `<GlobalReportTemplate name="audit-report"/>`,
		`<LicensedModules><LicensedModule name="m"/></LicensedModules>`, `<RestrictedReportFormat name="CSV"/><RestrictedReportFormat name="rtf"/>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("profile = %s; want %s", text, want)
		}
	}
	if text := admin.ok(`<SiloProfileListingRequest @/>`); strings.Count(text, "<SiloProfileSummary ") != 2 || !strings.Contains(text, `id="plain" name="Plain 2" description="d" global-report-template-count="1" global-scan-engine-count="0" global-scan-template-count="0" licensed-module-count="1"`) {
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
	d := harrier.ReportDefinition{Name: "allowed", Format: "html"}
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
