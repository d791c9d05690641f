package securitycenter_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestRulesOfLists accepts the risk of an asset list's hosts: the rule shows the
// list, and applied again it follows what the list has become.
func TestRulesOfLists(t *testing.T) {
	c, _ := lab(t)
	var list map[string]any
	call(t, c, "POST", "/asset", `{"name":"some","description":"hosts","type":"static","definedIPs":"192.0.2.1"}`, &list)
	id := fmt.Sprint(list["id"])
	type rule struct {
		ID           string
		HostType     string
		HostValue    json.RawMessage
		Organization struct{ ID, Name string }
	}
	var made []rule
	call(t, c, "POST", "/acceptRiskRule", `{"plugin":{"id":"22964"},"repositories":[{"id":1}],"hostType":"asset","hostValue":{"id":`+id+`},"port":"any","protocol":"any","comments":"known","expires":-1}`, &made)
	if len(made) != 1 || made[0].HostType != "asset" || string(made[0].HostValue) != `{"id":"`+id+`","name":"some","description":"hosts"}` || made[0].Organization.Name != "Harrier" {
		t.Errorf("rule = %+v; want the list by name, of the organisation Harrier", made)
	}
	accepted := func() string {
		t.Helper()
		return analyse(t, c, "cumulative", "listvuln", `,"filters":[{"filterName":"acceptRiskStatus","operator":"=","value":"accepted"}]`).Total
	}
	if n := accepted(); n != "1" {
		t.Errorf("%s findings accepted; want 1", n)
	}
	call(t, c, "PATCH", "/asset/"+id, `{"definedIPs":"192.0.2.1-192.0.2.2"}`, &list)
	one := "/acceptRiskRule/" + made[0].ID
	if code := call(t, c, "POST", one+"/apply", `{"repository":{"id":1}}`, nil); code != 0 || accepted() != "2" {
		t.Errorf("applied again: %d, %s findings accepted; want 2", code, accepted())
	}
	if code := call(t, c, "POST", one+"/apply", `{"repository":{"id":99}}`, nil); code != 146 {
		t.Errorf("applied to another repository: %d; want 146", code)
	}
	for query, want := range map[string]int{"": 1, "?organizationIDs=1": 1, "?organizationIDs=2": 0, "?repositoryIDs=2": 0} {
		var rules []rule
		if call(t, c, "GET", "/acceptRiskRule"+query, "", &rules); len(rules) != want {
			t.Errorf("%d rules with %q; want %d", len(rules), query, want)
		}
	}
}
