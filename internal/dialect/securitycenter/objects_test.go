package securitycenter_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/asset"
)

// TestObjectsLive makes, reads, lists, changes, shares and deletes one object of
// each kind that analysis has, and reads what hangs on them.
func TestObjectsLive(t *testing.T) {
	c, _ := lab(t)
	get := func(path string) string {
		t.Helper()
		var out json.RawMessage
		call(t, c, "GET", path, "", &out)
		return string(out)
	}
	for _, o := range []struct{ path, body, change, share string }{
		{"/asset", `{"name":"first","type":"static","definedIPs":"192.0.2.1","tags":"blue"}`, `{"name":"second"}`, `{"groups":[{"id":0}]}`},
		{"/query", `{"name":"first","type":"vuln","tool":"sumip","filters":[],"tags":"blue"}`, `{"name":"second"}`, `{"groups":[{"id":0}]}`},
		{"/repository", `{"name":"first","dataFormat":"IPv4","type":"Local"}`, `{"name":"second"}`, ""},
	} {
		var made map[string]any
		call(t, c, "POST", o.path, o.body, &made)
		one := fmt.Sprint(o.path, "/", made["id"])
		if made["name"] != "first" || !strings.Contains(get(one), `"first"`) || !strings.Contains(get(o.path), `"first"`) {
			t.Errorf("%s was made as %v, reads %s and is listed in %s", one, made, get(one), get(o.path))
		}
		call(t, c, "PATCH", one, o.change, &made)
		if !strings.Contains(get(one), `"second"`) || strings.Contains(get(o.path), `"first"`) {
			t.Errorf("%s after its change: %s", one, get(one))
		}
		if o.share != "" {
			call(t, c, "POST", one+"/share", o.share, &made)
			if !strings.Contains(get(o.path+"/tag"), `"blue"`) {
				t.Errorf("tags of %s: %s", o.path, get(o.path+"/tag"))
			}
		}
		if o.path == "/asset" {
			if export := string(send(t, c, "GET", "/rest"+one+"/export", "")); !strings.Contains(export, "192.0.2.1") {
				t.Errorf("export of an asset list: %.300s", export)
			}
			call(t, c, "POST", one+"/refresh", `{"repositories":[{"id":1}]}`, &made)
		}
		if code := call(t, c, "DELETE", one, "", nil); code != 0 {
			t.Errorf("DELETE %s: %d", one, code)
		}
		if code := call(t, c, "GET", one, "", nil); code != 147 {
			t.Errorf("GET %s after it was deleted: %d; want 147", one, code)
		}
	}
}

// TestRulesLive reads risk rules in every place that shows them.
func TestRulesLive(t *testing.T) {
	c, _ := lab(t)
	for kind, body := range map[string]string{
		"acceptRiskRule": `{"plugin":{"id":"22964"},"repositories":[{"id":1}],"hostType":"all","port":"any","protocol":"any","comments":"known","expires":-1}`,
		"recastRiskRule": `{"plugin":{"id":"22964"},"repositories":[{"id":1}],"hostType":"all","port":"any","protocol":"any","comments":"known","newSeverity":{"id":3}}`,
	} {
		var made []map[string]any
		call(t, c, "POST", "/"+kind, body, &made)
		one := fmt.Sprint("/", kind, "/", made[0]["id"])
		for _, path := range []string{"/" + kind, one, "/repository/1/" + kind} {
			if text := string(send(t, c, "GET", "/rest"+path, "")); !strings.Contains(text, fmt.Sprint(made[0]["uuid"])) {
				t.Errorf("%s shows no rule: %.300s", path, text)
			}
		}
		if code := call(t, c, "POST", one+"/apply", `{"repository":{"id":1}}`, nil); code != 0 {
			t.Errorf("apply %s: %d", one, code)
		}
		if code := call(t, c, "DELETE", one, "", nil); code != 0 {
			t.Errorf("DELETE %s: %d", one, code)
		}
	}
}

// TestHostsLive reads hosts by all of their ways, and templates of asset lists.
func TestHostsLive(t *testing.T) {
	c, _ := lab(t)
	var hosts []map[string]any
	call(t, c, "GET", "/hosts", "", &hosts)
	for path, want := range map[string]string{
		fmt.Sprint("/hosts/", hosts[0]["id"]): "192.0.2.", "/ipInfo?ip=192.0.2.1": "192.0.2.1", "/repository/1/ipInfo?ip=192.0.2.1": "192.0.2.1",
		"/repository/1/deviceInfo?ip=192.0.2.1": "h1.example.org", "/assetTemplate": `"error_code":0`, "/assetTemplate/categories": `"error_code":0`,
	} {
		if text := string(send(t, c, "GET", "/rest"+path, "")); !strings.Contains(text, want) || !strings.Contains(text, `"error_code":0`) {
			t.Errorf("%s: no %q in %.400s", path, want, text)
		}
	}
}

// TestRestLives asks what no other test does.
func TestRestLives(t *testing.T) {
	c, sc := lab(t)
	var hosts []map[string]any
	call(t, c, "GET", "/hosts", "", &hosts)
	id := fmt.Sprint(hosts[0]["id"])
	if code := call(t, c, "PATCH", "/hosts/"+id+"/acr", `{"overwritten":"true","overwrittenScore":9}`, nil); code != 0 {
		t.Fatalf("acr: %d", code)
	}
	var importance []int
	list, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		importance = append(importance, a.Importance)
	}
	slices.Sort(importance)
	if !slices.Equal(importance, []int{100, 100, 180}) {
		t.Errorf("importance of the hosts %v; want one of 180", importance)
	}
	if code := call(t, c, "PATCH", "/hosts/"+id+"/acr", `{"overwritten":"true","overwrittenScore":11}`, nil); code != 146 {
		t.Errorf("acr of 11: %d; want 146", code)
	}
	if code := call(t, c, "DELETE", "/auditFile/99", "", nil); code != 147 {
		t.Errorf("an audit file that is not there: %d; want 147", code)
	}
	var made map[string]any
	call(t, c, "POST", "/credential", `{"name":"c","type":"ssh","authType":"password","username":"u","password":"p"}`, &made)
	if code := call(t, c, "POST", fmt.Sprint("/credential/", made["id"], "/share"), `{"groups":[{"id":0}]}`, nil); code != 0 {
		t.Errorf("share of a credential: %d", code)
	}
	if code := call(t, c, "POST", fmt.Sprint("/scanResult/", sc.ID, "/copy"), `{"users":[{"id":"0"}]}`, nil); code != 146 {
		t.Errorf("copy of a result for nobody: %d; want 146", code)
	}
	var solutions answer
	call(t, c, "POST", "/solutions", `{"type":"vuln","sourceType":"cumulative","query":{}}`, &solutions)
	one := fmt.Sprint("/solutions/", solutions.Results[0]["solutionID"])
	for path, want := range map[string]string{"/asset": `"ip":"192.0.2.`, "/vuln": `"pluginID":"`} {
		text := string(send(t, c, "POST", "/rest"+one+path, `{"type":"vuln","sourceType":"cumulative","query":{}}`))
		if !strings.Contains(text, `"error_code":0`) || !strings.Contains(text, want) {
			t.Errorf("%s%s: %s", one, path, text)
		}
	}
}
