package securitycenter_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// told is an answer.
type told struct {
	status, code int
	text         string // without its time
}

var stampOf = regexp.MustCompile(`"timestamp":\d+`)

func (c client) tell(method, path, body string) told {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/rest"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Apikey", c.keys)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var e struct {
		Code *int `json:"error_code"`
	}
	out := told{a.StatusCode, -1, stampOf.ReplaceAllString(string(text), "")}
	if json.Unmarshal(text, &e) == nil && e.Code != nil {
		out.code = *e.Code
	}
	return out
}

// TestSweep asks every route for ids that are none, that nothing has, and of
// objects of another organisation and of another user. The answer to a foreign
// id is the one to an unknown id, nothing of the object is in it, and all
// objects stay as they are.
func TestSweep(t *testing.T) {
	routes := securitycenter.Patterns()
	for _, p := range routes {
		if _, ok := sweep[p]; !ok {
			t.Errorf("%s is a route and not in the table", p)
		}
	}
	for p := range sweep {
		if !slices.Contains(routes, p) {
			t.Errorf("%s is in the table and no route", p)
		}
	}

	c, sc := lab(t)
	admin := client{t, c.URL, "accesskey=" + c.Access + "; secretkey=" + c.SecretID}
	keysOf := func(body string) client {
		t.Helper()
		var id int64
		fmt.Sscan(admin.text(admin.must("POST", "/user", body), "id"), &id)
		access, secret, err := c.Rooms.Identity.NewKeys(t.Context(), c.Admin, harrier.ID(id))
		if err != nil {
			t.Fatal(err)
		}
		return client{t, c.URL, "accesskey=" + access + "; secretkey=" + secret}
	}
	owner := keysOf(`{"username":"SECRET user","password":"correct-horse-9","roleID":2}`)
	org := admin.text(admin.must("POST", "/organization", `{"name":"other"}`), "id")
	stranger := keysOf(`{"username":"stranger","password":"correct-horse-9","roleID":2,"orgID":"` + org + `"}`)
	neighbour := keysOf(`{"username":"neighbour","password":"correct-horse-9","roleID":3}`)

	ids := map[string]string{"scanResult": fmt.Sprint(sc.ID), "organization": "1"}
	ids["user"] = owner.text(owner.must("GET", "/currentUser", ""), "id")
	ids["repository"] = admin.text(admin.must("POST", "/repository", `{"name":"SECRET repository","dataFormat":"IPv4","type":"Local"}`), "id")
	ids["group"] = admin.text(admin.must("POST", "/group", `{"name":"SECRET group"}`), "id")
	made := func(kind, body string) {
		t.Helper()
		p := owner.must("POST", "/"+kind, body)
		if kind == "acceptRiskRule" || kind == "recastRiskRule" {
			var list []json.RawMessage
			if err := json.Unmarshal(p, &list); err != nil {
				t.Fatal(err)
			}
			p = list[0]
		}
		ids[kind] = owner.text(p, "id")
	}
	made("policy", `{"name":"SECRET policy"}`)
	made("credential", `{"name":"SECRET credential","type":"ssh","authType":"password","username":"u","password":"p"}`)
	made("asset", `{"name":"SECRET asset","type":"static","definedIPs":"192.0.2.1"}`)
	made("query", `{"name":"SECRET query","type":"vuln","tool":"sumip","filters":[]}`)
	made("acceptRiskRule", `{"plugin":{"id":"22964"},"repositories":[{"id":1}],"hostType":"all","port":"any","protocol":"any","comments":"SECRET","expires":-1}`)
	made("recastRiskRule", `{"plugin":{"id":"22964"},"repositories":[{"id":1}],"hostType":"all","port":"any","protocol":"any","comments":"SECRET","newSeverity":{"id":3}}`)
	made("alert", `{"name":"SECRET alert","query":{"id":"`+ids["query"]+`"},"triggerName":"sumip","triggerOperator":">=","triggerValue":"9","action":[{"type":"notification","message":"x","users":[{"id":`+ids["user"]+`}]}]}`)
	made("ticket", `{"name":"SECRET ticket","assignee":{"id":"`+ids["user"]+`"}}`)
	made("dashboard", `{"name":"SECRET dashboard"}`)
	made("reportDefinition", `{"name":"SECRET report","type":"csv","definition":{"columns":[{"name":"pluginID"}],"query":{"id":-1,"filters":[]},"dataSource":{"querySourceType":"cumulative"}},"schedule":{"type":"never"}}`)
	made("freeze", `{"name":"SECRET freeze","start":"TZID=UTC:20990105T090000","repeatRule":"FREQ=WEEKLY;INTERVAL=1","duration":"60","ipList":"192.0.2.9"}`)
	made("scan", `{"name":"SECRET scan","policy":{"id":`+ids["policy"]+`},"repository":{"id":1},"ipList":"192.0.2.9","schedule":{"type":"never"}}`)
	made("role", `{"name":"SECRET role","permScan":"full"}`)
	var ownerID int64
	fmt.Sscan(ids["user"], &ownerID)
	by, err := c.Rooms.Identity.ActorOf(t.Context(), harrier.ID(ownerID), "test")
	if err != nil {
		t.Fatal(err)
	}
	audit := harrier.AuditFile{Name: "SECRET audit"}
	if err := c.Rooms.Policies.CreateAuditFile(t.Context(), by, &audit, "<check_type:\"SECRET\">\n</check_type>"); err != nil {
		t.Fatal(err)
	}
	ids["auditFile"] = fmt.Sprint(audit.ID)
	var launched struct{ ReportResult struct{ ID string } }
	if err := json.Unmarshal(owner.must("POST", "/reportDefinition/"+ids["reportDefinition"]+"/launch", ""), &launched); err != nil {
		t.Fatal(err)
	}
	ids["report"] = launched.ReportResult.ID
	var hosts []map[string]any
	call(t, c, "GET", "/hosts", "", &hosts)
	ids["hosts"] = fmt.Sprint(hosts[0]["id"])
	file, err := c.Rooms.Reports.Upload(t.Context(), c.Admin, "theirs.nessus", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	ids["file"] = file
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if owner.text(owner.must("GET", "/report/"+ids["report"], ""), "running") == "false" {
			break
		}
	}

	before := dump(admin, owner, ids)
	const unknown = "99999"
	wild := regexp.MustCompile(`\{[a-z]+\}`)
	leaks := func(what string, a told) {
		t.Helper()
		for _, s := range []string{"SECRET", "192.0.2.", "h1.example.org"} {
			if strings.Contains(a.text, s) {
				t.Errorf("%s tells of what is not the asker's: %.300s", what, a.text)
				return
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(sweep)) {
		s := sweep[p]
		method, path, _ := strings.Cut(p, " ")
		switch {
		case strings.Contains(path, "{"):
			body := ""
			if method != "GET" && method != "DELETE" {
				body = `{"name":"changed"}`
			}
			at := func(who client, id string) told {
				return who.tell(method, wild.ReplaceAllLiteralString(path, id), body)
			}
			none, bad := at(stranger, unknown), at(stranger, "abc")
			want := s.code
			if want == 0 {
				want = 147
			}
			if none.code != want || none.status != http.StatusForbidden {
				t.Errorf("%s with an unknown id: %d, code %d; want code %d: %.200s", p, none.status, none.code, want, none.text)
			}
			if bad.code != want || bad.status != http.StatusForbidden {
				t.Errorf("%s with what is no id: %d, code %d; want code %d: %.200s", p, bad.status, bad.code, want, bad.text)
			}
			if s.of == "" {
				continue
			}
			id := ids[s.of]
			if id == "" {
				t.Fatalf("no object for %s", p)
			}
			foreign := at(stranger, id)
			leaks(p, foreign)
			mask := func(a told, id string) string { return strings.ReplaceAll(a.text, "#"+id, "#N") }
			if foreign.status != none.status || foreign.code != none.code || mask(foreign, id) != mask(none, unknown) {
				t.Errorf("%s: a foreign id gets %d %.200s, an unknown one %d %.200s", p, foreign.status, foreign.text, none.status, none.text)
			}
			if method == "PATCH" || method == "DELETE" {
				if a := at(neighbour, id); a.status != http.StatusForbidden || a.code != 146 && a.code != 147 {
					t.Errorf("%s by another user: %d %.200s", p, a.status, a.text)
				}
			}
		case s.list:
			leaks(p, stranger.tell(method, path, ""))
		default:
			for i, body := range s.bodies {
				filled := body
				for kind, id := range ids {
					filled = strings.ReplaceAll(filled, "<"+kind+">", id)
				}
				a := stranger.tell(method, path, filled)
				leaks(p+" "+body, a)
				if a.status != http.StatusForbidden || a.code < 11 {
					t.Errorf("%s %s: %d %.200s", p, body, a.status, a.text)
				}
				if filled != body && i > 0 { // as the one before, which names nothing
					if last := stranger.tell(method, path, s.bodies[i-1]); last.code != a.code {
						t.Errorf("%s %s: code %d; an unknown id gets %d", p, body, a.code, last.code)
					}
				}
			}
		}
	}
	after := dump(admin, owner, ids)
	for path, text := range before {
		if after[path] != text {
			t.Errorf("%s was\n%s\nand is\n%s", path, text, after[path])
		}
	}
}

// dump reads all lists and all objects, as those who see them.
func dump(admin, owner client, ids map[string]string) map[string]string {
	out := map[string]string{}
	for p, s := range sweep {
		method, path, _ := strings.Cut(p, " ")
		if method != "GET" {
			continue
		}
		switch first := strings.Split(path, "/")[1]; {
		case s.list && !slices.Contains([]string{"status", "feed", "token", "system", "currentUser", "user", "job", "plugin", "pluginFamily", "policyTemplate", "dashboardTemplate"}, first):
			out["admin "+path] = admin.tell(method, path, "").text
			out["owner "+path] = owner.tell(method, path, "").text
		case s.of != "" && strings.Count(path, "/") == 2:
			one := strings.ReplaceAll(path, "{id}", ids[s.of])
			out["owner "+one] = owner.tell(method, one, "").text
		}
	}
	delete(out, "owner /user/"+ids["user"]) // has the time of its last request
	return out
}
