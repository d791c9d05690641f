package nexpose_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestSilos makes a silo with a user, who sees nothing of the other one, in this
// API and in the rooms.
func TestSilos(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	silo := `<SiloConfig id="branch" name="%s" description="d" silo-profile-id="default" max-assets="10" max-users="5" max-hosted-assets="0"><Merchant company="M" first-name="F"><Address city="C" line1="1"/><DBAs><DBA name="x"/></DBAs></Merchant></SiloConfig>`
	admin.fails(`<SiloUpdateRequest @>` + fmt.Sprintf(silo, "Branch") + `</SiloUpdateRequest>`)
	if id := admin.value("id", `<SiloCreateRequest @>`+fmt.Sprintf(silo, "Branch")+`</SiloCreateRequest>`); id != "branch" {
		t.Errorf("the new silo is %q", id)
	}
	admin.fails(`<SiloCreateRequest @>` + fmt.Sprintf(silo, "Other") + `</SiloCreateRequest>`)
	admin.ok(`<SiloUpdateRequest @>` + fmt.Sprintf(silo, "Branch 2") + `</SiloUpdateRequest>`)
	text := admin.ok(`<SiloConfigRequest @ silo-id="branch"/>`)
	for _, want := range []string{`name="Branch 2"`, `max-assets="10"`, `<Merchant company="M" first-name="F"><Address city="C" line1="1"/><DBAs><DBA name="x"/></DBAs></Merchant>`} {
		if !strings.Contains(text, want) {
			t.Errorf("silo = %s; want %s", text, want)
		}
	}
	all, err := c.Rooms.Identity.Organizations(t.Context(), c.Admin)
	if err != nil || len(all) != 2 || all[1].Name != "Branch 2" {
		t.Fatalf("organizations = %+v, %v", all, err)
	}

	user := `<MultiTenantUserConfig id="%s" full-name="Far Away" user-name="far" authsrcid="2" email="f@example.org" password="%s" superuser="false" enabled="true"><SiloAccesses><SiloAccess silo-id="%s" role-name="%s" all-groups="true" all-sites="true" default-silo="true"><AllowedGroups/><AllowedSites/></SiloAccess></SiloAccesses></MultiTenantUserConfig>`
	id := admin.value("user-id", `<MultiTenantUserCreateRequest @>`+fmt.Sprintf(user, "-1", "correct-horse-9", "branch", "security-manager")+`</MultiTenantUserCreateRequest>`)
	text = admin.ok(`<MultiTenantUserConfigRequest @ user-id="` + id + `"/>`)
	if strings.Count(text, "<SiloAccess ") != 1 || !strings.Contains(text, `<SiloAccess silo-id="branch" role-name="security-manager" all-groups="true" all-sites="true" default-silo="true">`) {
		t.Errorf("user = %s", text)
	}
	if text := admin.ok(`<SiloListingRequest @/>`); strings.Count(text, "<SiloSummary ") != 2 || !strings.Contains(text, `users="1" max-users="5"`) {
		t.Errorf("silos = %s", text)
	}
	if text := admin.ok(`<MultiTenantUserListingRequest @/>`); !strings.Contains(text, `user-name="far"`) || !strings.Contains(text, `silo-count="2"`) {
		t.Errorf("users = %s", text)
	}

	// Nothing of one silo is seen from the other.
	far := signIn(t, c, "far", "correct-horse-9")
	if text := far.ok(`<SiteListingRequest @/>`); strings.Contains(text, "<SiteSummary") {
		t.Errorf("sites in the other silo = %s", text)
	}
	if text := far.ok(`<UserListingRequest @/>`); strings.Contains(text, `userName="`+c.Name+`"`) {
		t.Errorf("users in the other silo = %s", text)
	}
	by, err := c.Rooms.Identity.Session(t.Context(), far.session, "nexpose")
	if err != nil || by.Organization != all[1].ID {
		t.Errorf("far is %+v, %v; want one of organization %d", by, err, all[1].ID)
	}
	for _, denied := range []string{
		`<SiloListingRequest @/>`, `<SiloConfigRequest @ silo-id="default"/>`, `<SiloDeleteRequest @ silo-id="branch"/>`, `<SiloCreateRequest @>` + strings.ReplaceAll(fmt.Sprintf(silo, "New"), `"branch"`, `"new"`) + `</SiloCreateRequest>`,
		`<MultiTenantUserCreateRequest @>` + strings.ReplaceAll(fmt.Sprintf(user, "-1", "correct-horse-9", "default", "user"), `"far"`, `"spy"`) + `</MultiTenantUserCreateRequest>`,
	} {
		far.fails(denied)
	}

	// Who signs in to a silo has to be of it.
	for silo, ok := range map[string]bool{"branch": true, "default": true, "moon": false} {
		status, answer := admin.ask("POST", "/api/1.1/xml", `<LoginRequest user-id="far" password="correct-horse-9" silo-id="`+silo+`"/>`)
		if status != 200 || strings.Contains(answer, `success="1"`) != ok {
			t.Errorf("sign in to %s = %d, %s; want success: %v", silo, status, answer, ok)
		}
	}
	if _, answer := admin.ask("POST", "/api/1.1/xml", `<LoginRequest user-id="`+c.Name+`" password="`+c.Password+`" silo-id="branch"/>`); !strings.Contains(answer, `success="1"`) {
		t.Errorf("an operator in the silo: %s", answer)
	}

	admin.ok(`<MultiTenantUserUpdateRequest @>` + fmt.Sprintf(user, id, "", "branch", "user") + `</MultiTenantUserUpdateRequest>`)
	if u, err := c.Rooms.Identity.User(t.Context(), c.Admin, idNumber(t, id)); err != nil || u.Role != harrier.Viewer || u.Organization != all[1].ID {
		t.Errorf("changed user = %+v, %v", u, err)
	}
	for _, bad := range []string{
		fmt.Sprintf(user, "-1", "correct-horse-9", "moon", "user"), fmt.Sprintf(user, "-1", "correct-horse-9", "branch", "king"),
		`<MultiTenantUserConfig user-name="n" password="correct-horse-9"/>`,
	} {
		admin.fails(`<MultiTenantUserCreateRequest @>` + bad + `</MultiTenantUserCreateRequest>`)
	}
	admin.fails(`<SiloDeleteRequest @ silo-id="branch"/>`) // it has a user
	admin.ok(`<MultiTenantUserDeleteRequest @ user-id="` + id + `"/>`)
	admin.ok(`<SiloDeleteRequest @ silo-id="branch"/>`)
	admin.fails(`<SiloDeleteRequest @ silo-id="default"/>`)
	admin.fails(`<SiloConfigRequest @ silo-id="branch"/>`)
}

func idNumber(t *testing.T, text string) harrier.ID {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return harrier.ID(n)
}
