package nexpose_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// TestDynamicGroups saves a dynamic asset group as the gem does, reads it back,
// lists what is in it, changes it, and looks at it through the XML API.
func TestDynamicGroups(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	const criteria = `{"operator":"AND","criteria":[{"metadata":{"fieldName":"IP_RANGE"},"operator":"IN","values":["192.0.2.1","192.0.2.%d"]}]}`
	group := func(name string, last int) string {
		return fmt.Sprintf(`{"searchCriteria":`+criteria+`,"name":%q,"description":"d","dynamic":true,"users":[]}`, last, name)
	}
	save := func(id, mode, body string) (int, string) {
		t.Helper()
		return admin.ask("POST", "/data/assetGroup/saveAssetGroup?entityid="+id+"&mode="+mode, body)
	}
	status, text := save("false", "false", group("web", 2))
	var saved struct{ Response, EntityID string }
	if err := json.Unmarshal([]byte(text), &saved); err != nil || status != 200 || saved.Response != "success." {
		t.Fatalf("save = %d %s", status, text)
	}
	id := saved.EntityID
	load := func() (out struct {
		Response, Name, Description string
		Dynamic                     bool
		SearchCriteria              json.RawMessage
		Users                       []int
	},
	) {
		t.Helper()
		_, text := admin.get("/data/assetGroup/loadAssetGroup?entityid="+id, nil)
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatalf("load = %s", text)
		}
		return out
	}
	if g := load(); !g.Dynamic || g.Name != "web" || g.Description != "d" || !strings.Contains(string(g.SearchCriteria), `"values":["192.0.2.1","192.0.2.2"]`) || g.Users == nil {
		t.Errorf("loaded %+v, criteria %s", g, g.SearchCriteria)
	}
	rows := func() (list struct {
		Records []struct {
			AssetID   int
			AssetIP   string
			VulnCount int
		}
		TotalRecords int
	},
	) {
		t.Helper()
		_, text := admin.get("/data/asset/group", url.Values{"sort": {"assetName"}, "table-id": {"group-assets"}, "groupID": {id}, "dir": {"DESC"}, "startIndex": {"-1"}, "results": {"-1"}})
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			t.Fatalf("group = %s", text)
		}
		return list
	}
	if list := rows(); list.TotalRecords != 2 || len(list.Records) != 2 || list.Records[0].VulnCount != 2 {
		t.Errorf("the group holds %+v; want two assets", list)
	}
	if _, text := save(id, "edit", group("web two", 1)); !strings.Contains(text, `"success."`) {
		t.Errorf("a second save = %s", text)
	}
	if g, list := load(), rows(); g.Name != "web two" || list.TotalRecords != 1 || list.Records[0].AssetIP != "192.0.2.1" {
		t.Errorf("changed: %+v with %+v", g, list)
	}
	if text := admin.ok(`<AssetGroupListingRequest @/>`); !strings.Contains(text, `id="`+id+`" name="web two"`) || !strings.Contains(text, `dynamic="1"`) {
		t.Errorf("groups = %s", text)
	}

	// What can not be saved changes nothing, and says why.
	static := admin.value("group-id", `<AssetGroupSaveRequest @><AssetGroup id="-1" name="static"/></AssetGroupSaveRequest>`)
	for _, bad := range []struct {
		id, body, want string
		status         int
	}{
		{"false", `{`, "no asset group", 400},
		{"false", `{"dynamic":false,"name":"n"}`, "dynamic", 400},
		{"false", `{"dynamic":true,"name":"n"}`, "searchCriteria", 400},
		{"false", `{"dynamic":true,"name":"n","searchCriteria":{"operator":"AND","criteria":[]}}`, "criteria", 400},
		{"false", strings.Replace(group("n", 1), "IP_RANGE", "MOON", 1), "MOON", 400},
		{"false", strings.Replace(group("n", 1), `"users":[]`, `"users":[999]`, 1), "999", 404},
		{"false", group("", 1), "name", 400},
		{"x", group("n", 1), "entityid", 400},
		{"999", group("n", 1), "999", 404},
		{static, group("n", 1), "not dynamic", 409},
	} {
		if status, text := save(bad.id, "edit", bad.body); status != bad.status || !strings.Contains(text, bad.want) {
			t.Errorf("%s %s = %d %s; want %d and %q", bad.id, bad.body, status, text, bad.status, bad.want)
		}
	}
	if text := admin.ok(`<AssetGroupListingRequest @/>`); strings.Count(text, "<AssetGroupSummary ") != 2 {
		t.Errorf("groups = %s; want two", text)
	}
	if _, text := admin.get("/data/assetGroup/loadAssetGroup?entityid="+static, nil); !strings.Contains(text, `"dynamic":false`) {
		t.Errorf("a group of devices = %s", text)
	}
	if status, text := admin.get("/data/assetGroup/loadAssetGroup?entityid=999", nil); status != 200 || !strings.Contains(text, `"response":"failure"`) {
		t.Errorf("no group = %d %s", status, text)
	}

	// A user of the group sees the group and its asset, and nothing else.
	user := admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="member" password="correct-horse-9" role-name="user"/></UserSaveRequest>`)
	save(id, "edit", strings.Replace(group("web two", 1), `"users":[]`, `"users":[`+user+`]`, 1))
	if g := load(); !strings.Contains(fmt.Sprint(g.Users), user) {
		t.Errorf("users = %v; want %s among them", g.Users, user)
	}
	member := signIn(t, c, "member", "correct-horse-9")
	if _, text := member.get("/data/asset/group?groupID="+id, nil); !strings.Contains(text, `"192.0.2.1"`) || strings.Contains(text, `"192.0.2.2"`) {
		t.Errorf("the member sees %s", text)
	}
	if status, text := member.ask("POST", "/data/assetGroup/saveAssetGroup?entityid="+id, group("mine", 3)); status != 403 {
		t.Errorf("a member saves the group: %d %s", status, text)
	}
}

var pageByAddress = asset.Page{Sort: "address"}

// TestAssetDoors asks what is known of one asset, and deletes assets.
func TestAssetDoors(t *testing.T) {
	c, flaws := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	d, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, pageByAddress)
	if err != nil || len(d) != 3 {
		t.Fatalf("%d devices, %v", len(d), err)
	}
	first := fmt.Sprint(int64(d[0].ID))
	expect := func(path string, form url.Values, want ...string) {
		t.Helper()
		status, text := admin.get(path, form)
		for _, w := range want {
			if status != 200 || !strings.Contains(text, w) {
				t.Errorf("%s = %d %s; want %s", path, status, text, w)
			}
		}
	}
	expect("/data/vulnerability/asset-vulnerabilities", url.Values{"devid": {first}, "table-id": {"vulnerability-listing"}, "startIndex": {"-1"}, "results": {"-1"}, "dir": {"DESC"}},
		`"totalRecords":2`, `"nexVulnID":`, fmt.Sprintf(`"vulnID":%d`, flaws[0]), `"severity":8`, `"vulnInstanceCount":1`)
	expect("/data/vulnerability/asset-vulnerabilities?startIndex=1&results=500&devid="+first, nil, `"recordOffset":1`, `"totalRecords":2`)
	const huge = "startIndex=9223372036854775807&results=9223372036854775807"
	expect("/data/vulnerability/asset-vulnerabilities?devid="+first+"&"+huge, nil, `"records":[]`, `"totalRecords":2`)
	expect("/data/assets/"+first+"/scans?"+huge, nil, `"records":[]`, `"totalRecords":1`)
	// An exception that is accepted takes the vulnerability out.
	e := harrier.Exception{Vulnerability: flaws[0], Hide: true, Reason: "known"}
	if err := c.Rooms.Findings.CreateException(t.Context(), c.Admin, &e); err != nil {
		t.Fatal(err)
	}
	expect("/data/vulnerability/asset-vulnerabilities?devid="+first, nil, `"totalRecords":1`)
	expect("/data/assets/"+first+"/scans?startIndex=-1&results=-1", nil, `"totalRecords":1`, `"scanID":1`, `"siteName":"lab"`, `"ipAddress":"192.0.2.1"`, `"vulnCount":1`)
	expect("/api/2.1/assets/"+first, nil, `"ip":"192.0.2.1"`, `"addresses":["192.0.2.1"]`, `"services":[]`, `"last_scan_id":1`)

	for path, want := range map[string]int{
		"/data/vulnerability/asset-vulnerabilities?devid=x": 400, "/data/vulnerability/asset-vulnerabilities?devid=999": 404, "/data/assets/999/scans": 404,
		"/data/assets/x/scans": 404, "/api/2.1/assets/999": 404, "/data/asset/group?groupID=999": 404, "/data/asset/group": 400,
	} {
		if status, text := admin.get(path, nil); status != want {
			t.Errorf("%s = %d %s; want %d", path, status, text, want)
		}
	}

	remove := func(query, body string, want, left int) {
		t.Helper()
		status, text := admin.ask("POST", "/data/assets/bulk-delete"+query, body)
		if _, n, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, pageByAddress); status != want || n != left || err != nil {
			t.Errorf("delete %s = %d %s, %d assets are left, %v; want %d, %d", body, status, text, n, err, want, left)
		}
	}
	remove("?siteid=1", `["x"]`, 400, 3)
	remove("?siteid=1", `[`+first+`,999]`, 404, 3)
	remove("?siteid=7", `[`+first+`]`, 400, 3)
	remove("?siteid=1", fmt.Sprintf(`[%s,%d]`, first, d[1].ID), 200, 1)
}

// TestSeveralSites looks at devices that scans of two sites saw: they belong to
// both, also when the scan that saw them last is deleted, and reports of each have
// them.
func TestSeveralSites(t *testing.T) {
	c, _ := lab(t) // site 1 with 192.0.2.1 to .3
	second := fmt.Sprint(int64(imported(t, c, "second", 1)))
	admin := signIn(t, c, c.Name, c.Password)
	d, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, pageByAddress)
	if err != nil || len(d) != 3 {
		t.Fatalf("%d devices, %v", len(d), err)
	}
	shared := fmt.Sprint(int64(d[0].ID))
	search := func() string {
		t.Helper()
		_, text := admin.get("/data/asset/filterAssets", url.Values{"searchCriteria": {`{"operator":"AND","criteria":[{"metadata":{"fieldName":"IP_RANGE"},"operator":"IN","values":["192.0.2.1","192.0.2.1"]}]}`}})
		return text
	}
	both := `"sitePermissions":[{"siteID":1,"siteName":"lab"},{"siteID":` + second + `,"siteName":"second"}]`
	if text := search(); !strings.Contains(text, both) {
		t.Errorf("assets = %s; want %s", text, both)
	}
	for site, want := range map[string]int{"1": 3, second: 1} {
		if text := admin.adhoc("ns-xml", `<filter type="site" id="`+site+`"/>`); strings.Count(text, "<device ") != want || !strings.Contains(text, "192.0.2.1") {
			t.Errorf("report of site %s = %s; want %d devices", site, text, want)
		}
	}
	if status, text := admin.ask("POST", "/data/assets/bulk-delete?siteid="+second, "["+shared+"]"); status != 409 {
		t.Errorf("delete = %d %s; want 409", status, text)
	}

	scan := admin.value("scan-id", `<SiteScanHistoryRequest @ site-id="`+second+`"/>`)
	if status, text := admin.ask("DELETE", "/data/scan/"+scan, ""); status != 200 {
		t.Fatalf("delete the scan: %d %s", status, text)
	}
	if text := search(); !strings.Contains(text, `"sitePermissions":[{"siteID":1,"siteName":"lab"}]`) {
		t.Errorf("assets = %s; want the first site", text)
	}
	group := admin.value("group-id", `<AssetGroupSaveRequest @><AssetGroup id="-1" name="g"><Devices><device id="`+shared+`"/></Devices></AssetGroup></AssetGroupSaveRequest>`)
	if text := admin.ok(`<AssetGroupConfigRequest @ group-id="` + group + `"/>`); !strings.Contains(text, `site-id="1"`) {
		t.Errorf("group = %s; want site 1", text)
	}
	if text := admin.adhoc("ns-xml", `<filter type="site" id="1"/>`); strings.Count(text, "<device ") != 3 {
		t.Errorf("report = %s; want three devices", text)
	}
	if status, text := admin.ask("POST", "/data/assets/bulk-delete?siteid=1", "["+shared+"]"); status != 200 {
		t.Errorf("delete = %d %s", status, text)
	}
}

// TestReportsByTag makes reports of what carries tags, joined with other scopes.
func TestReportsByTag(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	d, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, pageByAddress)
	if err != nil || len(d) != 3 {
		t.Fatalf("%d devices, %v", len(d), err)
	}
	_, uri := admin.ask("POST", "/api/2.0/tags", fmt.Sprintf(`{"tag_name":"web","tag_type":"CUSTOM","tag_config":{"tag_associated_asset_ids":[%d]}}`, d[1].ID))
	tag := uri[strings.LastIndex(uri, "/")+1:]
	if text := admin.adhoc("ns-xml", `<filter type="tag" id="`+tag+`"/>`); strings.Count(text, "<device ") != 1 || !strings.Contains(text, "192.0.2.2") {
		t.Errorf("report of the tag = %s", text)
	}
	both := fmt.Sprintf(`<filter type="tag" id="%s"/><filter type="device" id="%d"/>`, tag, d[2].ID)
	if text := admin.adhoc("ns-xml", both); strings.Count(text, "<device ") != 2 || strings.Contains(text, "192.0.2.1") {
		t.Errorf("report of the tag and a device = %s", text)
	}
	id := admin.value("reportcfg-id", `<ReportSaveRequest @ generate-now="0"><ReportConfig id="-1" name="tagged" format="csv" template-id=""><Filters>`+both+`</Filters></ReportConfig></ReportSaveRequest>`)
	if text := admin.ok(`<ReportConfigRequest @ reportcfg-id="` + id + `"/>`); !strings.Contains(text, `<filter type="tag" id="`+tag+`"/>`) {
		t.Errorf("report = %s", text)
	}
	admin.fails(`<ReportSaveRequest @><ReportConfig id="-1" name="none" format="csv"><Filters><filter type="tag" id="999"/></Filters></ReportConfig></ReportSaveRequest>`)
}
