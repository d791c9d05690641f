package securitycenter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

type scanShown struct {
	ID, Name, IPList string
	Assets           []struct{ ID, Name string }
	Schedule         struct{ Type string }
	Result           string `json:"scanResultID"`
}

// TestScansFollowTheirAssets changes asset lists after scans were made of them:
// whatever launches the scans, they go to what the lists hold then. Targets that
// somebody writes elsewhere take the place of the lists.
func TestScansFollowTheirAssets(t *testing.T) {
	c, _ := lab(t)
	list := func(body string) string {
		t.Helper()
		var made map[string]any
		call(t, c, "POST", "/asset", body, &made)
		return fmt.Sprint(made["id"])
	}
	written := list(`{"name":"written","type":"static","definedIPs":"192.0.2.1"}`)
	found := list(`{"name":"found","type":"dynamic","rules":{"operator":"all","children":[{"type":"clause","filterName":"dns","operator":"eq","value":"h2.example.org"}]}}`)
	var policy map[string]any
	call(t, c, "POST", "/policy", `{"name":"p"}`, &policy)
	var s scanShown
	call(t, c, "POST", "/scan", fmt.Sprintf(`{"name":"s","policy":{"id":%q},"repository":{"id":1},"assets":[{"id":%q},{"id":%q}],"ipList":"",
		"schedule":{"type":"ical","start":"TZID=UTC:20990101T090000","repeatRule":"FREQ=DAILY;INTERVAL=1"}}`, policy["id"], written, found), &s)
	var id harrier.ID
	fmt.Sscan(s.ID, &id)
	goesTo := func(want string) {
		t.Helper()
		if got, err := c.Rooms.Scans.Targets(t.Context(), c.Admin, id); err != nil || got != want {
			t.Errorf("the scan goes to %q, %v; want %q", got, err, want)
		}
	}
	if len(s.Assets) != 2 || s.Assets[0].Name != "written" || s.IPList != "" {
		t.Errorf("scan = %+v; want it to name its lists", s)
	}
	goesTo("192.0.2.1,192.0.2.2")
	call(t, c, "PATCH", "/asset/"+written, `{"definedIPs":"192.0.2.9,198.51.100.0/30"}`, &map[string]any{})
	call(t, c, "PATCH", "/asset/"+found, `{"rules":{"operator":"all","children":[{"type":"clause","filterName":"dns","operator":"eq","value":"h3.example.org"}]}}`, &map[string]any{})
	goesTo("192.0.2.9,198.51.100.0/30,192.0.2.3")

	// Sending the object back changes nothing.
	call(t, c, "PATCH", "/scan/"+s.ID, fmt.Sprintf(`{"name":"t","assets":[{"id":%q},{"id":%q}],"ipList":""}`, written, found), &s)
	goesTo("192.0.2.9,198.51.100.0/30,192.0.2.3")

	site, err := c.Rooms.Sites.Site(t.Context(), c.Admin, id)
	if err != nil {
		t.Fatal(err)
	}
	site.Targets = "192.0.2.77"
	if err := c.Rooms.Sites.Update(t.Context(), c.Admin, &site); err != nil {
		t.Fatal(err)
	}
	goesTo("192.0.2.77")
	if call(t, c, "GET", "/scan/"+s.ID, "", &s); len(s.Assets) != 0 || s.IPList != "192.0.2.77" {
		t.Errorf("scan after its targets were written elsewhere = %+v; want these", s)
	}
	call(t, c, "PATCH", "/scan/"+s.ID, fmt.Sprintf(`{"assets":[%q]}`, written), &s)
	call(t, c, "DELETE", "/asset/"+written, "", nil)
	if text := string(send(t, c, "POST", "/rest/scan/"+s.ID+"/launch", "")); !strings.Contains(text, `"error_code":146`) {
		t.Errorf("launch of a scan whose list is gone: %.300s; want code 146", text)
	}
}

// TestPatchToNow gives a scan the schedule "now": it runs at once, and stays in
// the list.
func TestPatchToNow(t *testing.T) {
	c, _ := lab(t)
	var policy map[string]any
	call(t, c, "POST", "/policy", `{"name":"p"}`, &policy)
	var s scanShown
	call(t, c, "POST", "/scan", fmt.Sprintf(`{"name":"s","policy":{"id":%q},"repository":{"id":1},"ipList":"127.0.0.76","schedule":{"type":"never"}}`, policy["id"]), &s)
	call(t, c, "PATCH", "/scan/"+s.ID, `{"description":"d"}`, &s)
	if s.Result != "" {
		t.Errorf("a change of the description started result %s", s.Result)
	}
	call(t, c, "PATCH", "/scan/"+s.ID, `{"schedule":{"type":"now"}}`, &s)
	var result struct{ Scan struct{ ID string } }
	if call(t, c, "GET", "/scanResult/"+s.Result, "", &result); result.Scan.ID != s.ID {
		t.Errorf("result %q is of scan %q; want %s", s.Result, result.Scan.ID, s.ID)
	}
	if text := string(send(t, c, "GET", "/rest/scan", "")); !strings.Contains(text, `"name":"s"`) {
		t.Errorf("the scan is not listed any more: %s", text)
	}
}
