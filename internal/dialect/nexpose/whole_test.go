package nexpose_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
)

// TestWhole ends every save of several steps after its last step and before its
// end, as a kill would: nothing of it is there.
func TestWhole(t *testing.T) {
	c, _ := lab(t)
	rooms := c.Rooms
	killed, ended := false, 0
	rooms.Together = func(ctx context.Context, do func(context.Context) error) error {
		return c.Rooms.Together(ctx, func(ctx context.Context) error {
			err := do(ctx)
			if err == nil && killed {
				ended++
				return errors.New("killed")
			}
			return err
		})
	}
	server := httptest.NewServer(nexpose.New(rooms))
	defer server.Close()
	admin := signIn(t, &exchange.Console{Rooms: c.Rooms, URL: server.URL}, c.Name, c.Password)
	devices, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{})
	if err != nil {
		t.Fatal(err)
	}
	sites, err := c.Rooms.Sites.Sites(t.Context(), c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	group := admin.value("group-id", fmt.Sprintf(`<AssetGroupSaveRequest @><AssetGroup id="-1" name="one"><Devices><device id="%d"/></Devices></AssetGroup></AssetGroupSaveRequest>`, devices[0].ID))
	person := `<UserSaveRequest @><UserConfig id="%s" name="%s" fullname="%s" password="correct-horse-9" role-name="user"><site id="` + fmt.Sprint(sites[0].ID) + `"/><group id="` + group + `"/></UserConfig></UserSaveRequest>`
	user := admin.value("id", fmt.Sprintf(person, "-1", "first", ""))
	site := `<SiteSaveRequest @><Site id="%s" name="%s" riskfactor="2.0"><Users><user id="` + user + `"/></Users><Hosts><range from="192.0.2.1"/></Hosts><Credentials><adminCredentials service="ssh" userid="u" password="p"/></Credentials>` +
		`<Alerting><Alert name="tell" enabled="1"><scanFilter scanStop="1"/><syslogAlert server="192.0.2.9"/></Alert></Alerting>` +
		`<ScanConfig templateID="discovery"><Schedules><Schedule enabled="1" type="daily" interval="1" start="20990101T000000000"/><Schedule enabled="1" type="weekly" interval="1" start="20990102T000000000" template="full-audit"/></Schedules></ScanConfig></Site></SiteSaveRequest>`
	saved := admin.value("site-id", fmt.Sprintf(site, "-1", "saved"))
	report := `<ReportSaveRequest @ generate-now="1"><ReportConfig id="%s" name="%s" format="raw-xml-v2" template-id="audit-report"><Filters><filter type="site" id="` + saved + `"/></Filters></ReportConfig></ReportSaveRequest>`
	before := everything(t, c.Rooms, c.Admin)
	requests := []string{
		fmt.Sprintf(site, "-1", "new"), fmt.Sprintf(site, saved, "renamed"),
		fmt.Sprintf(person, "-1", "second", ""), fmt.Sprintf(person, user, "", "Another"),
		fmt.Sprintf(`<AssetGroupSaveRequest @><AssetGroup id="-1" name="two"><Devices><device id="%d"/></Devices><Users><user id="%s"/></Users></AssetGroup></AssetGroupSaveRequest>`, devices[1].ID, user),
		fmt.Sprintf(`<AssetGroupSaveRequest @><AssetGroup id="%s" name="one more"><Users/></AssetGroup></AssetGroupSaveRequest>`, group),
		`<AssetGroupDeleteRequest @ group-id="` + group + `"/>`,
		fmt.Sprintf(report, "-1", "r"),
		fmt.Sprintf(`<TicketCreateRequest @><TicketCreate name="n" device-id="%d"><Vulnerabilities><Vulnerability id="plugin-1"/></Vulnerabilities></TicketCreate></TicketCreateRequest>`, devices[0].ID),
	}
	killed = true
	for _, body := range requests {
		admin.fails(body)
		if diff := cmp.Diff(before, everything(t, c.Rooms, c.Admin)); diff != "" {
			t.Fatalf("%s left (-before +after):\n%s", body, diff)
		}
	}
	if ended != len(requests)-1 { // the last fails by itself
		t.Errorf("%d of the saves came to their end", ended)
	}
	killed = false
	for _, body := range requests[:len(requests)-3] {
		admin.ok(body)
	}
}

// everything is what saves can change, in words.
func everything(t *testing.T, rooms kit.Rooms, by harrier.Actor) map[string]string {
	t.Helper()
	out := map[string]string{}
	put := func(name string, v any, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = string(text)
	}
	ctx := t.Context()
	sites, err := rooms.Sites.Sites(ctx, by)
	put("sites", sites, err)
	policies, err := rooms.Policies.Policies(ctx, by)
	put("policies", policies, err)
	for _, s := range sites {
		if s.Policy == 0 {
			continue // imported
		}
		p, err := rooms.Policies.Policy(ctx, harrier.System, s.Policy)
		put(fmt.Sprint("policy of ", s.ID), p, err)
	}
	users, err := rooms.Identity.Users(ctx, by)
	for i := range users {
		users[i].LastLogin = users[0].LastLogin
	}
	put("users", users, err)
	groups, err := rooms.Identity.Groups(ctx, by)
	put("groups", groups, err)
	lists, err := rooms.AssetLists.All(ctx, by)
	put("lists", lists, err)
	alerts, err := rooms.Alerts.Alerts(ctx, by)
	put("alerts", alerts, err)
	definitions, err := rooms.Reports.Definitions(ctx, by)
	put("definitions", definitions, err)
	reports, err := rooms.Reports.Reports(ctx, by)
	put("reports", reports, err)
	return out
}
