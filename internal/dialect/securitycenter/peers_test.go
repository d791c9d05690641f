package securitycenter_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

// newPerson makes a user and returns what they ask with.
func newPerson(t *testing.T, c *exchange.Console, body string) client {
	t.Helper()
	admin := client{t, c.URL, "accesskey=" + c.Access + "; secretkey=" + c.SecretID}
	var id int64
	fmt.Sscan(admin.text(admin.must("POST", "/user", body), "id"), &id)
	access, secret, err := c.Rooms.Identity.NewKeys(t.Context(), c.Admin, harrier.ID(id))
	if err != nil {
		t.Fatal(err)
	}
	return client{t, c.URL, "accesskey=" + access + "; secretkey=" + secret}
}

// TestForeignPeople names users of another organisation wherever a request may
// name users: the answer is the one for a user that nobody knows, and none of
// them is written to. People of one's own organisation may be named.
func TestForeignPeople(t *testing.T) {
	c, _ := lab(t)
	admin := client{t, c.URL, "accesskey=" + c.Access + "; secretkey=" + c.SecretID}
	user := func(body string) (string, client) {
		t.Helper()
		u := newPerson(t, c, body)
		return u.text(u.must("GET", "/currentUser", ""), "id"), u
	}
	org := admin.text(admin.must("POST", "/organization", `{"name":"other"}`), "id")
	theirs, _ := user(`{"username":"theirs","password":"correct-horse-9","roleID":2,"email":"theirs@example.org"}`)
	_, asker := user(`{"username":"asker","password":"correct-horse-9","roleID":2,"orgID":"` + org + `"}`)
	peer, _ := user(`{"username":"peer","firstname":"Pia","lastname":"Peer","password":"correct-horse-9","roleID":2,"email":"peer@example.org","orgID":"` + org + `"}`)
	query := asker.text(asker.must("POST", "/query", `{"name":"q","type":"vuln","tool":"sumip","filters":[]}`), "id")
	const alert = `{"name":"a","query":{"id":%q},"triggerName":"sumip","triggerOperator":">=","triggerValue":"9","action":[%s]}`
	for what, p := range map[string]struct{ path, body string }{
		"a notification": {"/alert", fmt.Sprintf(alert, query, `{"type":"notification","message":"x","users":[{"id":"<user>"}]}`)},
		"a mail":         {"/alert", fmt.Sprintf(alert, query, `{"type":"email","subject":"x","message":"x","users":[{"id":"<user>"}]}`)},
		"a ticket alert": {"/alert", fmt.Sprintf(alert, query, `{"type":"ticket","name":"x","assignee":{"id":"<user>"}}`)},
		"a ticket":       {"/ticket", `{"name":"x","assignee":{"id":"<user>"}}`},
		"a report":       {"/reportDefinition", `{"name":"x","type":"csv","emailUsers":[{"id":"<user>"}]}`},
	} {
		ask := func(id string) told {
			a := asker.tell("POST", p.path, strings.ReplaceAll(p.body, "<user>", id))
			a.text = strings.ReplaceAll(a.text, "#"+id, "#N")
			return a
		}
		unknown, foreign := ask("99999"), ask(theirs)
		if foreign != unknown || foreign.code < 11 {
			t.Errorf("%s for a user of another organisation: %+v; for an unknown one %+v", what, foreign, unknown)
		}
		if own := ask(peer); own.code != 0 {
			t.Errorf("%s for a user of the same organisation: %+v", what, own)
		}
	}

	// What is launched later has to be there, and one's own.
	policy := admin.text(admin.must("POST", "/policy", `{"name":"p"}`), "id")
	scan := admin.text(admin.must("POST", "/scan", `{"name":"s","policy":{"id":`+policy+`},"repository":{"id":1},"ipList":"192.0.2.9","schedule":{"type":"never"}}`), "id")
	report := admin.text(admin.must("POST", "/reportDefinition", `{"name":"theirs","type":"csv"}`), "id")
	for what, p := range map[string]struct{ foreign, action string }{
		"a scan": {scan, `{"type":"scan","scan":{"id":"<id>"}}`}, "a report": {report, `{"type":"report","report":{"id":"<id>"}}`},
	} {
		ask := func(id string) told {
			a := asker.tell("POST", "/alert", fmt.Sprintf(alert, query, strings.ReplaceAll(p.action, "<id>", id)))
			a.text = strings.ReplaceAll(a.text, "#"+id, "#N")
			return a
		}
		if unknown, foreign := ask("99999"), ask(p.foreign); foreign != unknown || foreign.code != 146 {
			t.Errorf("an alert that launches %s of another organisation: %+v; an unknown one %+v", what, foreign, unknown)
		}
	}
	if a := admin.tell("PATCH", "/scan/"+scan, `{"reports":[{"id":"99999","reportSource":"cumulative"}]}`); a.code != 146 {
		t.Errorf("a scan with an unknown report: %+v; want 146", a)
	}
	admin.must("PATCH", "/scan/"+scan, `{"reports":[{"id":"`+report+`","reportSource":"cumulative"}]}`)
	admin.must("DELETE", "/reportDefinition/"+report, "")
	admin.must("PATCH", "/scan/"+scan, `{"name":"t","reports":[{"id":"`+report+`","reportSource":"cumulative"}]}`)

	// A report goes to the addresses of the users that its definition names, and
	// shows them to nobody.
	list, err := c.Rooms.Reports.Definitions(t.Context(), c.Admin)
	if err != nil || len(list) != 1 || len(list[0].Recipients) != 1 || list[0].Recipients[0] != "peer@example.org" {
		t.Errorf("recipients of the report: %+v, %v; want peer@example.org", list, err)
	}
	if p := asker.must("GET", "/reportDefinition/"+fmt.Sprint(list[0].ID), ""); strings.Contains(string(p), "peer@example.org") {
		t.Errorf("a definition tells its users' addresses: %s", p)
	}

	// Whoever is named is named in full.
	var tickets struct {
		Usable []struct {
			Assignee struct{ Username, Firstname, Lastname, UUID string }
		}
	}
	if err := json.Unmarshal(asker.must("GET", "/ticket?fields=assignee", ""), &tickets); err != nil {
		t.Fatal(err)
	}
	if len(tickets.Usable) != 1 || tickets.Usable[0].Assignee.Firstname != "Pia" || tickets.Usable[0].Assignee.Lastname != "Peer" || tickets.Usable[0].Assignee.UUID == "" {
		t.Errorf("the assignee is shown as %+v", tickets)
	}
}

// TestZonesOfOthers shows people the zones and scanners of their organisation,
// and of other organisations neither these nor their names.
func TestZonesOfOthers(t *testing.T) {
	c, _ := lab(t)
	admin := client{t, c.URL, "accesskey=" + c.Access + "; secretkey=" + c.SecretID}
	org := admin.text(admin.must("POST", "/organization", `{"name":"SECRET organisation"}`), "id")
	scanner := admin.text(admin.must("POST", "/scanner", `{"name":"SECRET scanner","ip":"192.0.2.9"}`), "id")
	shared := admin.text(admin.must("POST", "/scanner", `{"name":"common"}`), "id")
	hidden := admin.text(admin.must("POST", "/zone", `{"name":"SECRET zone","ipList":"10.9.0.0/16","scanners":[{"id":"`+scanner+`"},{"id":"`+shared+`"}],"organizations":[{"id":"`+org+`"}]}`), "id")
	both := admin.text(admin.must("POST", "/zone", `{"name":"both","scanners":[{"id":"`+shared+`"}],"organizations":[{"id":"1"},{"id":"`+org+`"}]}`), "id")
	own := newPerson(t, c, `{"username":"own","password":"correct-horse-9","roleID":2}`)
	theirs := newPerson(t, c, `{"username":"theirs","password":"correct-horse-9","roleID":2,"orgID":"`+org+`"}`)
	for _, path := range []string{"/zone", "/scanner", "/zone/" + both, "/scanner/" + shared, "/organization"} {
		if a := own.tell("GET", path, ""); a.code != 0 || strings.Contains(a.text, "SECRET") || strings.Contains(a.text, "10.9.") {
			t.Errorf("%s tells of another organisation: %d %s", path, a.code, a.text)
		}
	}
	for _, tt := range []struct{ path, hidden string }{{"/zone/", hidden}, {"/scanner/", scanner}} {
		there, none := own.tell("GET", tt.path+tt.hidden, ""), own.tell("GET", tt.path+"99999", "")
		if there.text = strings.ReplaceAll(there.text, "#"+tt.hidden, "#99999"); there != none || there.code != 147 {
			t.Errorf("%s of another organisation: %+v; an unknown one %+v", tt.path, there, none)
		}
	}
	scan := `{"name":"s","policy":{"id":` + own.text(own.must("POST", "/policy", `{"name":"p"}`), "id") + `},"repository":{"id":1},"ipList":"192.0.2.9","schedule":{"type":"never"},"zone":{"id":<zone>}}`
	there, none := own.tell("POST", "/scan", strings.ReplaceAll(scan, "<zone>", hidden)), own.tell("POST", "/scan", strings.ReplaceAll(scan, "<zone>", "99999"))
	if there.text = strings.ReplaceAll(there.text, "#"+hidden, "#99999"); there != none || there.code != 146 {
		t.Errorf("a scan in the zone of another organisation: %+v; in an unknown one %+v", there, none)
	}
	for body, path := range map[string]string{`{"name":"z","organizations":[{"id":"<id>"}]}`: "/zone", `{"name":"z","zones":[{"id":"<id>"}]}`: "/scanner"} {
		for _, id := range []string{org, hidden, "99999"} {
			if a := own.tell("POST", path, strings.ReplaceAll(body, "<id>", id)); a.code != 146 || !strings.Contains(a.text, "may not") {
				t.Errorf("POST %s with %s: %+v; want a refusal that tells nothing", path, id, a)
			}
		}
	}
	for _, path := range []string{"/zone/" + hidden, "/scanner/" + scanner, "/organization/" + org + "?fields=zones"} {
		if a := theirs.tell("GET", path, ""); a.code != 0 || !strings.Contains(a.text, "SECRET") {
			t.Errorf("%s is hidden from its own organisation: %+v", path, a)
		}
	}
}

// TestDeviceSources asks for a host by what was found in one scan result, is
// mitigated, and is there now, with the links and the weights of the
// organisation.
func TestDeviceSources(t *testing.T) {
	c, sc := lab(t)
	admin := client{t, c.URL, "accesskey=" + c.Access + "; secretkey=" + c.SecretID}
	admin.must("PATCH", "/organization/1", `{"vulnScoreCritical":100,"vulnScoreHigh":"50","vulnScoreMedium":20,"vulnScoreLow":7,"ipInfoLinks":[{"name":"registry","link":"https://registry.example.org/?q=%IP%"}]}`)
	own := newPerson(t, c, `{"username":"own","password":"correct-horse-9","roleID":2}`)
	var device struct {
		Score, Total string
		Links        []struct{ Name, Link string }
	}
	ask := func(more string) {
		t.Helper()
		device.Links = nil
		if err := json.Unmarshal(own.must("GET", "/deviceInfo?ip=192.0.2.3"+more, ""), &device); err != nil {
			t.Fatal(err)
		}
	}
	var sums struct {
		Results []struct{ Score, Total string }
	}
	if err := json.Unmarshal(own.must("POST", "/analysis", `{"type":"vuln","query":{"tool":"sumip","filters":[{"filterName":"ip","operator":"=","value":"192.0.2.3"}]}}`), &sums); err != nil || len(sums.Results) != 1 {
		t.Fatal(sums, err)
	}
	all := sums.Results[0]
	if ask(""); device.Score != all.Score || device.Total != all.Total || fmt.Sprint(device.Links) != "[{registry https://registry.example.org/?q=192.0.2.3}]" {
		t.Errorf("device %+v; want score and total %v, and the link", device, all)
	}
	if ask("&sourceType=patched"); device.Total != "0" {
		t.Errorf("mitigated on the device: %s; want 0", device.Total)
	}
	if ask(fmt.Sprint("&scanResultID=", sc.ID)); device.Total != all.Total {
		t.Errorf("in the scan result: %s; want %s", device.Total, all.Total)
	}
	if _, code := own.call("GET", "/deviceInfo?ip=192.0.2.3&scanResultID=99999", ""); code != 147 {
		t.Errorf("an unknown scan result: %d; want 147", code)
	}
	if _, code := own.call("GET", "/deviceInfo?ip=192.0.2.3&sourceType=lce", ""); code != 146 {
		t.Errorf("an unknown source: %d; want 146", code)
	}
	if _, code := admin.call("PATCH", "/organization/1", `{"ipInfoLinks":[{"name":"x","link":"javascript:alert(1)"}]}`); code != 146 {
		t.Errorf("a link that is none: %d; want 146", code)
	}
}
