package nexpose_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// TestTags writes tags as the gem does and puts them on assets, sites and
// groups, by JSON and by XML: they are the tags of the model.
func TestTags(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	devices, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{Sort: "address"})
	if err != nil {
		t.Fatal(err)
	}
	device := devices[0].ID
	ask := func(want int, method, path, body string) string {
		t.Helper()
		status, text := admin.ask(method, path, body)
		if status != want {
			t.Fatalf("%s %s %s = %d, %s; want %d", method, path, body, status, text, want)
		}
		return text
	}
	last := func(uri string) string { return uri[strings.LastIndex(uri, "/")+1:] }
	id := last(ask(201, "POST", "/api/2.0/tags", fmt.Sprintf(`{"tag_name":"web","tag_type":"CUSTOM","tag_id":-1,"attributes":[{"tag_attribute_name":"SOURCE","tag_attribute_value":"nexpose-client"},{"tag_attribute_name":"COLOR","tag_attribute_value":"#de7200"}],"tag_config":{"site_ids":null,"tag_associated_asset_ids":[%d],"asset_group_ids":null,"search_criteria":{"operator":"AND","criteria":[{"field_name":"IP_RANGE","operator":"IN","values":["192.0.2.2","192.0.2.2"]}]}}}`, device)))
	var tag struct {
		Name   string       `json:"tag_name"`
		Type   string       `json:"tag_type"`
		Assets []harrier.ID `json:"asset_ids"`
		Config struct {
			Sites    []harrier.ID   `json:"site_ids"`
			Assets   []harrier.ID   `json:"tag_associated_asset_ids"`
			Groups   []harrier.ID   `json:"asset_group_ids"`
			Criteria map[string]any `json:"search_criteria"`
		} `json:"tag_config"`
	}
	load := func() string {
		t.Helper()
		text := ask(200, "GET", "/api/2.0/tags/"+id, "")
		tag.Config.Criteria = nil
		if err := json.Unmarshal([]byte(text), &tag); err != nil {
			t.Fatal(err)
		}
		return text
	}
	text := load()
	if tag.Name != "web" || tag.Type != "CUSTOM" || !slices.Equal(tag.Assets, []harrier.ID{devices[0].ID, devices[1].ID}) || !slices.Equal(tag.Config.Assets, []harrier.ID{device}) ||
		tag.Config.Criteria["operator"] != "AND" || !strings.Contains(text, `"tag_attribute_value":"#de7200"`) || !strings.Contains(text, `"nexpose-client"`) {
		t.Errorf("tag = %s", text)
	}
	ask(200, "PUT", "/api/2.0/tags/"+id, `{"tag_name":"front","tag_type":"CUSTOM","tag_config":{"site_ids":[1],"tag_associated_asset_ids":[],"asset_group_ids":null,"search_criteria":null}}`)
	if text = load(); tag.Name != "front" || !slices.Equal(tag.Config.Sites, []harrier.ID{1}) || len(tag.Config.Assets) != 0 || len(tag.Assets) != 3 || tag.Config.Criteria == nil {
		t.Errorf("changed tag = %s", text)
	}

	// What XML and the site's JSON show of it is the same tag.
	site := admin.value("site-id", `<SiteSaveRequest @><Site id="-1" name="tagged"><Hosts><range from="192.0.2.1"/></Hosts><ScanConfig templateID="discovery"><Schedules/></ScanConfig><Tags><Tag id="`+id+`"/><Tag id="-1" name="north" type="LOCATION"/><Tag name="FRONT" type="general"/></Tags></Site></SiteSaveRequest>`)
	config := `<SiteConfigRequest @ site-id="` + site + `"/>`
	if text := admin.ok(config); !strings.Contains(text, `<Tag id="`+id+`" name="front" type="general"><param name="source" value="nexpose-client"/><param name="color" value="#de7200"/></Tag>`) || strings.Count(text, "<Tag ") != 2 || !strings.Contains(text, `name="north" type="location"`) {
		t.Errorf("site = %s", text)
	}
	object := ask(200, "GET", "/api/2.1/site_configurations/"+site, "")
	if !strings.Contains(object, `"tag_name":"front"`) || !strings.Contains(object, `"tag_type":"LOCATION"`) {
		t.Errorf("site object = %s", object)
	}
	ask(200, "PUT", "/api/2.1/site_configurations/"+site, object)
	if text := admin.ok(config); strings.Count(text, "<Tag ") != 2 {
		t.Errorf("a site that was stored as it was = %s", text)
	}
	admin.ok(`<SiteSaveRequest @><Site id="` + site + `" name="tagged"><ScanConfig templateID="discovery"/></Site></SiteSaveRequest>`) // knows of no tags
	ask(200, "DELETE", "/api/2.0/sites/"+site+"/tags/"+id, "")
	if text := ask(200, "GET", "/api/2.0/sites/"+site+"/tags?per_page=2147483647", ""); strings.Contains(text, "front") || !strings.Contains(text, "north") {
		t.Errorf("tags of the site = %s", text)
	}
	admin.ok(`<SiteSaveRequest @><Site id="` + site + `" name="tagged"><ScanConfig templateID="discovery"/><Tags/></Site></SiteSaveRequest>`)
	if text := admin.ok(config); strings.Contains(text, "<Tag ") {
		t.Errorf("a site whose tags were taken off = %s", text)
	}

	// Groups, and assets by a tag that is made on the way.
	group := admin.value("group-id", fmt.Sprintf(`<AssetGroupSaveRequest @><AssetGroup id="-1" name="g"><Devices><device id="%d"/></Devices><Tags><Tag id="%s"/></Tags></AssetGroup></AssetGroupSaveRequest>`, device, id))
	if text := admin.ok(`<AssetGroupConfigRequest @ group-id="` + group + `"/>`); !strings.Contains(text, `<Tag id="`+id+`"`) {
		t.Errorf("group = %s", text)
	}
	ask(201, "POST", fmt.Sprint("/api/2.0/asset_groups/", group, "/tags"), `{"tag_name":"me","tag_type":"OWNER","attributes":[]}`)
	if text := ask(200, "GET", fmt.Sprint("/api/2.0/asset_groups/", group, "/tags"), ""); !strings.Contains(text, `"tag_type":"OWNER"`) {
		t.Errorf("tags of the group = %s", text)
	}
	if text := ask(200, "GET", fmt.Sprint("/data/asset/", device, "/selected-criticality-tag"), ""); text != "" {
		t.Errorf("criticality = %q; want none", text)
	}
	for _, name := range []string{"Low", "Very High"} {
		ask(201, "POST", fmt.Sprint("/api/2.0/assets/", device, "/tags"), `{"tag_name":"`+name+`","tag_type":"CRITICALITY"}`)
	}
	if text := ask(200, "GET", fmt.Sprint("/data/asset/", device, "/selected-criticality-tag"), ""); !strings.Contains(text, `"name":"Very High"`) {
		t.Errorf("criticality = %s", text)
	}
	on := ask(200, "GET", fmt.Sprint("/api/2.0/assets/", device, "/tags"), "")
	if !strings.Contains(on, fmt.Sprintf(`"asset_ids":[%d]`, device)) || !strings.Contains(on, "RISK_MODIFIER") || strings.Contains(on, `"Low"`) {
		t.Errorf("tags of the asset = %s", on)
	}

	// What is wrong changes nothing, and who only looks writes nothing.
	before := ask(200, "GET", "/api/2.0/tags", "")
	for _, bad := range []string{
		`{`, `[]`, `{"tag_name":"","tag_type":"CUSTOM"}`, `{"tag_name":"x","tag_type":"MOON"}`, `{"tag_name":"x","tag_type":"CUSTOM","tag_config":{"site_ids":["x"]}}`,
		`{"tag_name":"x","tag_type":"CUSTOM","attributes":[{"tag_attribute_name":"COLOR","tag_attribute_value":"#000000"}]}`,
		`{"tag_name":"x","tag_type":"CUSTOM","tag_config":{"search_criteria":{"operator":"AND","criteria":[{"field_name":"MOON","operator":"IS","values":["1"]}]}}}`,
	} {
		ask(400, "POST", "/api/2.0/tags", bad)
	}
	ask(404, "POST", "/api/2.0/tags", `{"tag_name":"x","tag_type":"CUSTOM","tag_config":{"site_ids":[999]}}`)
	ask(404, "POST", "/api/2.0/sites/999/tags", `{"tag_name":"x","tag_type":"CUSTOM"}`)
	ask(404, "PUT", "/api/2.0/sites/1/tags/999", "")
	ask(409, "POST", "/api/2.0/tags", `{"tag_name":"FRONT","tag_type":"CUSTOM"}`)
	admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="looker" fullname="L" password="correct-horse-9" role-name="user" allSites="true" allGroups="true"/></UserSaveRequest>`)
	looker := signIn(t, c, "looker", "correct-horse-9")
	for method, path := range map[string]string{"POST": "/api/2.0/tags", "PUT": "/api/2.0/tags/" + id, "DELETE": "/api/2.0/tags/" + id} {
		if status, text := looker.ask(method, path, `{"tag_name":"mine","tag_type":"CUSTOM"}`); status != 403 {
			t.Errorf("%s by a viewer = %d, %s; want 403", method, status, text)
		}
	}
	if after := ask(200, "GET", "/api/2.0/tags", ""); after != before {
		t.Errorf("tags after what was refused = %s; want %s", after, before)
	}
	ask(200, "DELETE", "/api/2.0/tags/"+id, "")
	ask(404, "GET", "/api/2.0/tags/"+id, "")
}
