package securitycenter_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestRightsBehindRoles makes roles with one permission each: who has it may do
// what it is for, and not what the others are for.
func TestRightsBehindRoles(t *testing.T) {
	c, _ := lab(t)
	admin := client{t, c.URL, "accesskey=" + c.Access + "; secretkey=" + c.SecretID}
	deeds := map[string]struct{ path, body string }{
		"permCreateTickets":         {"/ticket", `{"name":"x","assignee":{"id":"<me>"}}`},
		"permCreateAlerts":          {"/alert", `{"name":"x","query":{"type":"vuln","filters":[]},"triggerName":"sumip","triggerOperator":">=","triggerValue":"9","action":[{"type":"notification","message":"x","users":[{"id":"<me>"}]}]}`},
		"permManageBlackoutWindows": {"/freeze", `{"name":"x","start":"TZID=UTC:20990105T090000","repeatRule":"FREQ=WEEKLY;INTERVAL=1","duration":"60","ipList":"192.0.2.9"}`},
		"permManageAcceptRiskRules": {"/acceptRiskRule", `{"plugin":{"id":"22964"},"repositories":[{"id":1}],"hostType":"all","port":"any","protocol":"any","comments":"x","expires":-1}`},
		"permCreatePolicies":        {"/policy", `{"name":"x"}`},
	}
	for perm := range deeds {
		role := admin.text(admin.must("POST", "/role", fmt.Sprintf(`{"name":%q,%[1]q:"true"}`, perm)), "id")
		who := newPerson(t, c, fmt.Sprintf(`{"username":%q,"password":"correct-horse-9","roleID":%s,"orgID":1}`, perm, role))
		me := who.must("GET", "/currentUser", "")
		var u struct{ Role map[string]any }
		if err := json.Unmarshal(me, &u); err != nil {
			t.Fatal(err)
		}
		for other, d := range deeds {
			if want := fmt.Sprint(other == perm); u.Role[other] != want {
				t.Errorf("a role with %s shows %s as %v; want %s", perm, other, u.Role[other], want)
			}
			a := who.tell("POST", d.path, strings.ReplaceAll(d.body, "<me>", who.text(me, "id")))
			if other == perm && a.code != 0 || other != perm && a.code != 146 {
				t.Errorf("with %s: POST %s: %d %.200s", perm, d.path, a.code, a.text)
			}
		}
	}
	// What is taken from a role is taken from its users.
	role := admin.text(admin.must("POST", "/role", `{"name":"writer","permCreateTickets":"true"}`), "id")
	who := newPerson(t, c, `{"username":"writer","password":"correct-horse-9","orgID":1,"roleID":`+role+`}`)
	body := strings.ReplaceAll(deeds["permCreateTickets"].body, "<me>", who.text(who.must("GET", "/currentUser", ""), "id"))
	who.must("POST", "/ticket", body)
	admin.must("PATCH", "/role/"+role, `{"permCreateTickets":"false"}`)
	if _, code := who.call("POST", "/ticket", body); code != 146 {
		t.Errorf("a ticket by one who may not any more: %d; want 146", code)
	}
}
