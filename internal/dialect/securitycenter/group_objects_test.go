package securitycenter_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestGroupObjects says what is shared with a group: each list that a request
// gives is the whole of it, and lists that it does not give stay.
func TestGroupObjects(t *testing.T) {
	c, _ := lab(t)
	own := newPerson(t, c, `{"username":"own","password":"correct-horse-9","roleID":2}`)
	ids := map[string]string{}
	for key, o := range map[string]struct{ path, body string }{
		"assets":        {"/asset", `{"name":"o","type":"static","definedIPs":"192.0.2.1"}`},
		"queries":       {"/query", `{"name":"o","type":"vuln","tool":"sumip","filters":[]}`},
		"policies":      {"/policy", `{"name":"o"}`},
		"credentials":   {"/credential", `{"name":"o","type":"ssh","authType":"password","username":"u","password":"p"}`},
		"dashboardTabs": {"/dashboardTab", `{"name":"o"}`},
	} {
		ids[key] = own.text(own.must("POST", o.path, o.body), "id")
	}
	group := own.text(own.must("POST", "/group", `{"name":"g","policies":[{"id":`+ids["policies"]+`}]}`), "id")
	has := func() map[string]int {
		t.Helper()
		var g map[string]json.RawMessage
		if err := json.Unmarshal(own.must("GET", "/group/"+group, ""), &g); err != nil {
			t.Fatal(err)
		}
		out := map[string]int{}
		for key, id := range ids {
			var list []struct{ ID string }
			if err := json.Unmarshal(g[key], &list); err != nil {
				t.Fatal(err)
			}
			if len(list) == 1 && list[0].ID != id {
				t.Errorf("%s of the group: %v; want %s", key, list, id)
			}
			out[key] = len(list)
		}
		return out
	}
	patch := func(body, want string) {
		t.Helper()
		own.must("PATCH", "/group/"+group, body)
		if got := fmt.Sprint(has()); got != want {
			t.Errorf("after %s the group has %s; want %s", body, got, want)
		}
	}
	if got := fmt.Sprint(has()); got != "map[assets:0 credentials:0 dashboardTabs:0 policies:1 queries:0]" {
		t.Errorf("a new group has %s; want the policy", got)
	}
	all, err := json.Marshal(map[string][]map[string]string{
		"assets": {{"id": ids["assets"]}}, "queries": {{"id": ids["queries"]}}, "credentials": {{"id": ids["credentials"]}}, "dashboardTabs": {{"id": ids["dashboardTabs"]}},
	})
	if err != nil {
		t.Fatal(err)
	}
	patch(string(all), "map[assets:1 credentials:1 dashboardTabs:1 policies:1 queries:1]")
	patch(`{"description":"d"}`, "map[assets:1 credentials:1 dashboardTabs:1 policies:1 queries:1]")
	patch(`{"assets":[],"credentials":[],"dashboardTabs":[]}`, "map[assets:0 credentials:0 dashboardTabs:0 policies:1 queries:1]")
	patch(`{"policies":[],"queries":[]}`, "map[assets:0 credentials:0 dashboardTabs:0 policies:0 queries:0]")
	if _, code := own.call("PATCH", "/group/"+group, `{"assets":[{"id":`+ids["assets"]+`}],"queries":[{"id":99999}]}`); code != 147 || has()["assets"] != 0 {
		t.Errorf("an unknown query: %d, and the group has %v; want 147 and no change", code, has())
	}
}
