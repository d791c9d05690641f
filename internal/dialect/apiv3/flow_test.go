package apiv3_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/apiv3"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// serveWeb answers like a small web server with an old nginx.
func serveWeb(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		const page = "<html><head><title>lab</title></head><body>lab</body></html>"
		if _, err = io.WriteString(c, "HTTP/1.1 200 OK\r\nServer: nginx/1.18.0\r\nContent-Type: text/html\r\nContent-Length: "+strconv.Itoa(len(page))+"\r\n\r\n"+page); err != nil {
			return
		}
	}
}

type object = map[string]any

// world is a console with a site that was scanned.
type world struct {
	*client
	console           *exchange.Console
	site, asset, scan int
	vulnerability     string
}

func list(v ...any) []any { return v }

// newWorld makes a site, scans it and waits for the end, as scripts do.
func newWorld(t *testing.T) *world {
	web := exchange.Listen(t, "127.0.0.79:0", serveWeb)
	console := exchange.Start(t, apiv3.New)
	p := harrier.Policy{Name: "lab", Template: "basic", Settings: harrier.Settings{Ports: "T:" + web, Connect: true, NoPing: true}}
	if err := console.Rooms.Policies.Create(t.Context(), console.Admin, &p); err != nil {
		t.Fatal(err)
	}
	w := &world{client: newClient(t, console.URL, console.Name, console.Password), console: console}
	w.site = w.made("/sites", object{
		"name": "lab", "description": "the lab", "importance": "high", "scanTemplateId": fmt.Sprintf("policy-%d", p.ID),
		"scan": object{"assets": object{"includedTargets": object{"addresses": list("127.0.0.79")}}},
	})
	w.scan = w.made(fmt.Sprintf("/sites/%d/scans", w.site), object{})
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		status := w.get(fmt.Sprintf("/scans/%d", w.scan))["status"]
		if status == "finished" {
			break
		}
		if time.Now().After(end) || status != "running" && status != "dispatched" {
			t.Fatalf("the scan is %v", status)
		}
	}
	assets := w.rows(fmt.Sprintf("/sites/%d/assets", w.site))
	if len(assets) != 1 || assets[0]["ip"] != "127.0.0.79" {
		t.Fatalf("assets of the site: %v", assets)
	}
	w.asset = int(assets[0]["id"].(float64))
	found := w.rows(fmt.Sprintf("/assets/%d/vulnerabilities", w.asset))
	if len(found) == 0 {
		t.Fatal("nothing was found")
	}
	w.vulnerability = found[0]["id"].(string)
	return w
}

// TestFlows drives everything that there is, as scripts do, and holds the table
// of coverage to what came of it.
func TestFlows(t *testing.T) {
	w := newWorld(t)
	t.Run("reading", func(t *testing.T) { w.in(t).reading() })
	t.Run("sites", func(t *testing.T) { w.in(t).sites() })
	t.Run("tags", func(t *testing.T) { w.in(t).tags() })
	t.Run("groups", func(t *testing.T) { w.in(t).groups() })
	t.Run("engines", func(t *testing.T) { w.in(t).engines() })
	t.Run("groups of sites", func(t *testing.T) { w.in(t).siteGroups() })
	t.Run("exceptions", func(t *testing.T) { w.in(t).exceptions() })
	t.Run("reports", func(t *testing.T) { w.in(t).reports() })
	t.Run("users", func(t *testing.T) { w.in(t).users() })
	t.Run("manners", func(t *testing.T) { w.in(t).manners() })
	t.Run("removing", func(t *testing.T) { w.in(t).removing() })
	t.Run("coverage", func(t *testing.T) { coverage(t, w.client) })
}

// in is w for a part of the test.
func (w *world) in(t *testing.T) *world {
	c := *w.client
	c.t = t
	o := *w
	o.client = &c
	return &o
}

// catalogue is in the order that was asked for: by numbers, and what is equal by
// ids.
func (w *world) catalogue() {
	t := w.t
	all := func(sort string) (rows []object) {
		for n := 0; ; n++ {
			part := w.get(fmt.Sprintf("/vulnerabilities?sort=%s&size=500&page=%d", sort, n))
			for _, v := range part["resources"].([]any) {
				rows = append(rows, v.(object))
			}
			if float64(n+1) >= part["page"].(object)["totalPages"].(float64) {
				return rows
			}
		}
	}
	rows := all("severityScore,DESC")
	scores := map[any]bool{}
	for i, v := range rows {
		scores[v["severityScore"]] = true
		if i == 0 {
			continue
		}
		before, now := rows[i-1], v
		if x, y := before["severityScore"].(float64), now["severityScore"].(float64); x < y || x == y && before["id"].(string) >= now["id"].(string) {
			t.Errorf("by score, %v (%v) comes before %v (%v)", before["id"], x, now["id"], y)
		}
	}
	if len(rows) < 10 || len(scores) < 4 {
		t.Fatalf("%d vulnerabilities have %d scores; too few to tell", len(rows), len(scores))
	}
	for _, by := range []string{"id", "title"} {
		sorted := all(by)
		if len(sorted) != len(rows) || !slices.IsSortedFunc(sorted, func(a, b object) int { return strings.Compare(a[by].(string), b[by].(string)) }) {
			t.Errorf("the catalogue is not in the order of %s", by)
		}
	}
	w.get("/vulnerabilities?sort=modified,cvss.v3.score,DESC&sort=riskScore&page=1&size=3")
	w.do(400, "GET", "/vulnerabilities?sort=nose", nil)
}

func (w *world) reading() {
	t := w.t
	if len(w.get("/")["links"].([]any)) < 10 || w.get("/administration/info")["version"] == nil {
		t.Error("the root links to little")
	}
	w.get("/json")
	a := w.get(fmt.Sprintf("/assets/%d", w.asset))
	counts := a["vulnerabilities"].(object)
	if counts["total"].(float64) < 1 || counts["critical"].(float64)+counts["severe"].(float64)+counts["moderate"].(float64) != counts["total"] {
		t.Errorf("counts of the asset: %v", counts)
	}
	if a["riskScore"].(float64) <= 0 || len(a["services"].([]any)) != 1 || len(a["software"].([]any)) != 1 {
		t.Errorf("asset: %v", a)
	}
	if s := w.get(fmt.Sprintf("/assets/%d?view=summary", w.asset)); s["services"] != nil || s["vulnerabilities"] == nil || s["links"] == nil {
		t.Errorf("summary of the asset: %v", s)
	}
	service := w.rows(fmt.Sprintf("/assets/%d/services", w.asset))[0]
	if service["name"] != "HTTP" || service["product"] != "nginx" {
		t.Errorf("service: %v", service)
	}
	w.get(fmt.Sprintf("/assets/%d/services/tcp/%v", w.asset, service["port"]))
	if s := w.rows(fmt.Sprintf("/assets/%d/software", w.asset)); len(s) != 1 || s[0]["version"] != "1.18.0" {
		t.Errorf("software: %v", s)
	}
	w.get(fmt.Sprintf("/assets/%d/users", w.asset))
	if h := a["history"].([]any); len(h) != 1 || h[0].(object)["scanId"] != float64(w.scan) || h[0].(object)["user"] != w.console.Name || h[0].(object)["type"] != "SCAN" {
		t.Errorf("history of the asset: %v", h)
	}
	w.get("/assets?sort=riskScore,DESC&size=1")
	w.get("/assets?sort=vulnerabilities.total,osFingerprint.family,DESC&sort=assessedForVulnerabilities&sort=id")
	w.do(400, "GET", "/assets?sort=id,nose", nil)
	told := 0
	for _, f := range w.rows(fmt.Sprintf("/assets/%d/vulnerabilities?size=500", w.asset)) {
		id := f["id"].(string)
		v := w.get("/vulnerabilities/" + id)
		if v["severity"] != map[bool]string{true: "Critical"}[v["severityScore"].(float64) >= 8] && v["severityScore"].(float64) >= 8 {
			t.Errorf("%s: %v, %v", id, v["severity"], v["severityScore"])
		}
		one := w.get(fmt.Sprintf("/assets/%d/vulnerabilities/%s", w.asset, id))
		if one["status"] != "vulnerable" || one["instances"] != float64(len(one["results"].([]any))) {
			t.Errorf("finding %s: %v", id, one)
		}
		if ids := w.get("/vulnerabilities/" + id + "/assets")["resources"].([]any); !slices.Contains(ids, any(float64(w.asset))) {
			t.Errorf("%s is not on the asset: %v", id, ids)
		}
		solutions := w.rows(fmt.Sprintf("/assets/%d/vulnerabilities/%s/solution", w.asset, id))
		for _, s := range solutions {
			if got := w.get("/solutions/" + s["id"].(string)); got["summary"] == nil {
				t.Errorf("solution %v: %v", s["id"], got)
			}
		}
		for i, s := range solutions { // that of the product that was found comes first
			text := s["summary"].(map[string]any)["text"].(string)
			_, version, _ := strings.Cut(text, " to ")
			version, _, _ = strings.Cut(version, " ")
			if version == "" || !strings.Contains(fmt.Sprint(one["results"]), "Fixed version     : "+version+"\n") {
				continue
			}
			if told++; s["confidence"] != "exact" {
				t.Errorf("%s: solution %d, %s, is %v though the proof names it", id, i, text, s["confidence"])
			}
		}
		if of := w.get("/vulnerabilities/" + id + "/solutions")["resources"].([]any); len(of) != len(solutions) {
			t.Errorf("%s has the solutions %v, on the asset %d", id, of, len(solutions))
		}
		w.get("/vulnerabilities/" + id + "/references")
		w.get("/vulnerabilities/" + id + "/exploits")
		w.get("/vulnerabilities/" + id + "/malware_kits")
	}
	if told == 0 {
		t.Error("no proof names the version of a solution")
	}
	w.get("/solutions")
	w.catalogue()
	search := func(filters ...any) int {
		return len(w.do(200, "POST", "/assets/search?size=5", object{"match": "all", "filters": filters})["resources"].([]any))
	}
	if n := search(object{"field": "ip-address", "operator": "is", "value": "127.0.0.79"}, object{"field": "site-id", "operator": "in", "values": list(strconv.Itoa(w.site))}); n != 1 {
		t.Errorf("by address and site: %d", n)
	}
	if n := search(object{"field": "vulnerability-title", "operator": "contains", "value": "no such thing"}); n != 0 {
		t.Errorf("by a title that there is not: %d", n)
	}
	w.do(400, "POST", "/assets/search", object{"filters": list(object{"field": "nose", "operator": "is"})})
	w.get("/scans")
	if n := len(w.rows(fmt.Sprintf("/sites/%d/scans?active=true", w.site))); n != 0 {
		t.Errorf("%d scans go on", n)
	}
	if n := len(w.rows(fmt.Sprintf("/sites/%d/scans?active=false", w.site))); n != 1 {
		t.Errorf("%d scans have ended", n)
	}
	engine := w.rows("/scan_engines")[0]
	w.get(fmt.Sprintf("/scan_engines/%v", engine["id"]))
	w.get(fmt.Sprintf("/scan_engines/%v/sites", engine["id"]))
	w.get("/scan_engine_pools")
	w.do(404, "GET", "/scan_engine_pools/7", nil)
	if len(w.rows("/scan_templates")) < 22 || w.get("/scan_templates/full-audit")["name"] != "Full audit" {
		t.Error("templates are missing")
	}
	w.get("/report_formats")
}

func (w *world) sites() {
	t := w.t
	id := w.made("/sites", object{"name": "second", "scan": object{"assets": object{
		"includedTargets": object{"addresses": list("192.0.2.0/30", "www.example.org")}, "excludedTargets": object{"addresses": list("192.0.2.2")},
	}}})
	path := fmt.Sprintf("/sites/%d", id)
	s := w.get(path)
	if s["scanTemplate"] != "full-audit-without-web-spider" || s["importance"] != "normal" || s["type"] != "static" {
		t.Errorf("site: %v", s)
	}
	w.do(400, "POST", "/sites", object{"name": "SECOND"})
	w.do(200, "PUT", path, object{"name": "second site", "importance": "very_low", "scanTemplateId": "discovery", "engineId": s["scanEngine"]})
	if s := w.get(path); s["name"] != "second site" || s["scanTemplate"] != "discovery" || s["importance"] != "very_low" {
		t.Errorf("changed site: %v", s)
	}
	if len(w.rows("/sites?sort=name,DESC")) != 2 {
		t.Error("there are not two sites")
	}
	for _, which := range []string{"included", "excluded"} {
		at := path + "/" + which + "_targets"
		w.do(200, "PUT", at, list("198.51.100.1", "198.51.100.4 - 198.51.100.9"))
		w.do(201, "POST", at, list("198.51.100.77"))
		w.do(200, "DELETE", at, list("198.51.100.1"))
		if got := fmt.Sprint(w.get(at)["addresses"]); got != "[198.51.100.4 - 198.51.100.9 198.51.100.77]" {
			t.Errorf("%s targets: %s", which, got)
		}
		w.do(400, "PUT", at, list("not a target!"))
	}
	w.get(path + "/scan_engine")
	w.do(200, "PUT", path+"/scan_engine", s["scanEngine"])
	w.do(400, "PUT", path+"/scan_engine", 4711)
	w.do(200, "PUT", path+"/scan_template", "full-audit")
	if got := w.get(path + "/scan_template")["id"]; got != "full-audit" {
		t.Errorf("template: %v", got)
	}
	daily := object{"enabled": true, "start": "2030-03-01T04:31:56Z", "onScanRepeat": "restart-scan", "scanName": "nightly", "repeat": object{"every": "day", "interval": 2}}
	one := w.made(path+"/scan_schedules", daily)
	two := w.made(path+"/scan_schedules", object{
		"enabled": false, "start": "2030-03-01T04:00:00Z", "onScanRepeat": "resume-scan", "duration": "PT2H30M", "scanTemplateId": "discovery",
		"repeat": object{"every": "day-of-month", "interval": 1, "dayOfWeek": "friday", "weekOfMonth": 1}, "assets": object{"includedTargets": object{"addresses": list("198.51.100.77")}},
	})
	if got := w.get(fmt.Sprintf("%s/scan_schedules/%d", path, one)); got["start"] != "2030-03-01T04:31:56Z" || got["scanName"] != "nightly" || len(got["nextRuntimes"].([]any)) != 10 {
		t.Errorf("schedule: %v", got)
	}
	daily["enabled"] = false
	w.do(200, "PUT", fmt.Sprintf("%s/scan_schedules/%d", path, one), daily)
	got := w.rows(path + "/scan_schedules")
	if len(got) != 2 || got[0]["enabled"] != false || got[1]["duration"] != "PT2H30M" || got[1]["scanTemplateId"] != "discovery" || got[1]["repeat"].(object)["dayOfWeek"] != "friday" {
		t.Errorf("schedules: %v", got)
	}
	w.do(200, "DELETE", fmt.Sprintf("%s/scan_schedules/%d", path, two), nil)
	w.do(404, "GET", fmt.Sprintf("%s/scan_schedules/%d", path, two), nil)
	w.do(200, "PUT", path+"/scan_schedules", list(daily))
	w.do(400, "POST", path+"/scan_schedules", object{"enabled": true, "start": "soon"})
	w.do(200, "DELETE", path+"/scan_schedules", nil)
	ssh := object{"name": "root", "enabled": true, "hostRestriction": "192.0.2.1", "account": object{"service": "ssh", "username": "root", "password": "hunter2"}}
	c := w.made(path+"/site_credentials", ssh)
	at := fmt.Sprintf("%s/site_credentials/%d", path, c)
	if got := fmt.Sprint(w.get(at)); strings.Contains(got, "hunter2") || !strings.Contains(got, "root") {
		t.Errorf("credential: %s", got)
	}
	ssh["account"] = object{"service": "ssh", "username": "admin"}
	w.do(200, "PUT", at, ssh)
	if got := w.rows(path + "/site_credentials"); len(got) != 1 || got[0]["account"].(object)["username"] != "admin" {
		t.Errorf("credentials: %v", got)
	}
	w.do(400, "POST", path+"/site_credentials", object{"name": "x", "account": object{"service": "nothing"}})
	w.do(200, "PUT", path+"/site_credentials", list(ssh))
	w.do(404, "DELETE", path+"/site_credentials/4711", nil)
	left := w.rows(path + "/site_credentials")
	w.do(200, "DELETE", fmt.Sprintf("%s/site_credentials/%v", path, left[0]["id"]), nil)
	w.do(200, "DELETE", path+"/site_credentials", nil)
	w.do(400, "POST", path+"/scans", object{"hosts": list("203.0.113.1")})
	w.do(400, "POST", fmt.Sprintf("/scans/%d/dance", w.scan), nil)
	w.do(409, "POST", fmt.Sprintf("/scans/%d/pause", w.scan), nil)
	part := w.made(fmt.Sprintf("/sites/%d/scans", w.site), object{"hosts": list("127.0.0.79"), "templateId": "discovery"})
	w.do(200, "POST", fmt.Sprintf("/scans/%d/stop", part), nil)
	w.do(200, "DELETE", path, nil)
	w.do(404, "GET", path, nil)
}

func (w *world) tags() {
	t := w.t
	if n := len(w.rows("/tags?type=criticality")); n != 5 {
		t.Errorf("%d criticality tags", n)
	}
	id := w.made("/tags", object{"name": "web", "type": "custom", "color": "blue"})
	path, at := fmt.Sprintf("/tags/%d", id), fmt.Sprintf("/assets/%d/tags", w.asset)
	w.do(409, "POST", "/tags", object{"name": "WEB", "type": "custom"})
	w.do(400, "POST", "/tags", object{"name": "x", "type": "colour"})
	w.do(200, "PUT", fmt.Sprintf("%s/%d", at, id), nil)
	if got := w.rows(at); len(got) != 1 || got[0]["name"] != "web" || fmt.Sprint(got[0]["sources"]) != "[map[source:tag]]" {
		t.Errorf("tags of the asset: %v", got)
	}
	if n := len(w.do(200, "POST", "/assets/search", object{"filters": list(object{"field": "custom-tag", "operator": "starts-with", "value": "we"})})["resources"].([]any)); n != 1 {
		t.Errorf("by the tag: %d", n)
	}
	w.do(200, "DELETE", fmt.Sprintf("%s/%d", at, id), nil)
	w.do(200, "PUT", fmt.Sprintf("%s/assets/%d", path, w.asset), nil)
	w.do(200, "DELETE", fmt.Sprintf("%s/assets/%d", path, w.asset), nil)
	w.do(200, "PUT", path, object{"name": "web servers", "type": "custom", "color": "red"})
	w.do(200, "PUT", path+"/search_criteria", object{"match": "all", "filters": list(object{"field": "service-name", "operator": "contains", "value": "http"})})
	if got := w.rows(path + "/assets"); len(got) != 1 || fmt.Sprint(got[0]["sources"]) != "[criteria]" {
		t.Errorf("assets of the tag: %v", got)
	}
	if w.get(path)["searchCriteria"] == nil || w.get(path + "/search_criteria")["filters"] == nil {
		t.Error("the criteria are lost")
	}
	w.do(200, "DELETE", path+"/search_criteria", nil)
	site := fmt.Sprintf("/sites/%d/tags", w.site)
	w.do(200, "PUT", fmt.Sprintf("%s/%d", site, id), nil)
	if got := w.rows(at); len(got) != 1 || got[0]["sources"].([]any)[0].(object)["source"] != "site" {
		t.Errorf("tags of the asset, by its site: %v", got)
	}
	if n := len(w.rows(site)); n != 1 || len(w.get(path + "/sites")["resources"].([]any)) != 1 {
		t.Errorf("%d tags of the site", n)
	}
	w.do(200, "DELETE", fmt.Sprintf("%s/%d", site, id), nil)
	w.do(200, "PUT", site, list(id))
	w.do(200, "PUT", path+"/sites", list())
	w.do(200, "PUT", fmt.Sprintf("%s/sites/%d", path, w.site), nil)
	w.do(200, "DELETE", fmt.Sprintf("%s/sites/%d", path, w.site), nil)
	w.do(200, "DELETE", path+"/sites", nil)
	// The criticality of an asset weighs its risk.
	raw := func() float64 { return w.get(fmt.Sprintf("/assets/%d", w.asset))["riskScore"].(float64) }
	before := raw()
	w.do(200, "PUT", at+"/1", nil)
	if after := raw(); after != 2*before {
		t.Errorf("risk %v before, %v with a very high criticality", before, after)
	}
	w.do(200, "DELETE", at+"/1", nil)
	w.do(403, "DELETE", "/tags/1", nil)
}

func (w *world) groups() {
	t := w.t
	id := w.made("/asset_groups", object{"name": "mine", "type": "static", "description": "some"})
	path := fmt.Sprintf("/asset_groups/%d", id)
	w.do(200, "PUT", path+"/assets", list(w.asset))
	if got := w.get(path); got["assets"] != 1.0 || got["vulnerabilities"].(object)["total"].(float64) < 1 {
		t.Errorf("group: %v", got)
	}
	w.do(200, "DELETE", fmt.Sprintf("%s/assets/%d", path, w.asset), nil)
	w.do(200, "PUT", fmt.Sprintf("%s/assets/%d", path, w.asset), nil)
	if got := w.get(path + "/assets")["resources"].([]any); len(got) != 1 {
		t.Errorf("assets of the group: %v", got)
	}
	tag := w.made("/tags", object{"name": "grouped", "type": "location"})
	w.do(200, "PUT", fmt.Sprintf("%s/tags/%d", path, tag), nil)
	if n := len(w.get(path + "/tags")["resources"].([]any)); n != 1 {
		t.Errorf("%d tags of the group", n)
	}
	if got := w.rows(fmt.Sprintf("/assets/%d/tags", w.asset)); len(got) != 1 || got[0]["sources"].([]any)[0].(object)["source"] != "asset-group" {
		t.Errorf("tags of the asset, by its group: %v", got)
	}
	of := fmt.Sprintf("/tags/%d/asset_groups", tag)
	if n := len(w.get(of)["resources"].([]any)); n != 1 {
		t.Errorf("%d groups of the tag", n)
	}
	w.do(200, "DELETE", fmt.Sprintf("%s/tags/%d", path, tag), nil)
	w.do(200, "PUT", path+"/tags", list(tag))
	w.do(200, "PUT", of, list(id))
	w.do(200, "DELETE", of, nil)
	w.do(200, "PUT", fmt.Sprintf("%s/%d", of, id), nil)
	w.do(200, "DELETE", fmt.Sprintf("%s/%d", of, id), nil)
	w.do(200, "DELETE", fmt.Sprintf("/tags/%d", tag), nil)
	w.do(200, "PUT", path, object{"name": "ours", "type": "static"})
	w.do(400, "PUT", path, object{"name": "ours", "type": "dynamic"})
	w.do(404, "GET", path+"/search_criteria", nil)
	w.do(200, "DELETE", path+"/assets", nil)
	criteria := object{"match": "any", "filters": list(object{"field": "ip-address", "operator": "in-range", "lower": "127.0.0.1", "upper": "127.0.0.99"})}
	dynamic := w.made("/asset_groups", object{"name": "dynamic", "type": "dynamic", "searchCriteria": criteria})
	at := fmt.Sprintf("/asset_groups/%d", dynamic)
	if got := w.get(at); got["assets"] != 1.0 || got["searchCriteria"] == nil {
		t.Errorf("dynamic group: %v", got)
	}
	w.do(200, "PUT", at+"/search_criteria", criteria)
	w.get(at + "/search_criteria")
	w.do(409, "PUT", at+"/assets", list(w.asset))
	if n := len(w.rows("/asset_groups?type=dynamic")); n != 1 {
		t.Errorf("%d dynamic groups", n)
	}
	w.do(200, "DELETE", at, nil)
	w.do(200, "DELETE", path, nil)
}

func (w *world) exceptions() {
	t := w.t
	body := object{"scope": object{"type": "Asset", "id": w.asset, "vulnerability": w.vulnerability}, "submit": object{"reason": "Acceptable Risk", "comment": "lab"}}
	id := w.made("/vulnerability_exceptions", body)
	path := fmt.Sprintf("/vulnerability_exceptions/%d", id)
	if got := w.get(path); got["state"] != "Under Review" || got["scope"].(object)["id"] != float64(w.asset) {
		t.Errorf("exception: %v", got)
	}
	time.Sleep(2 * time.Millisecond) // the clock of the answers has milliseconds
	w.do(200, "POST", path+"/approve", "fine")
	if got := w.get(path); got["state"] != "Approved" || got["review"].(object)["comment"] != "fine" {
		t.Errorf("approved exception: %v", got)
	}
	f := w.get(fmt.Sprintf("/assets/%d/vulnerabilities/%s", w.asset, w.vulnerability))
	if got := f["results"].([]any)[0].(object); f["status"] != "invulnerable" || !strings.HasSuffix(got["status"].(string), "-with-exception-applied") || got["exceptions"].([]any)[0] != float64(id) {
		t.Errorf("accepted finding: %v", f)
	}
	w.do(200, "PUT", path+"/expires", "2031-01-01T00:00:00Z")
	if got := w.get(path)["expires"]; got != "2031-01-01T00:00:00.000Z" {
		t.Errorf("expires %v", got)
	}
	w.get(path + "/expires")
	other := w.made("/vulnerability_exceptions", object{"scope": object{"type": "Global", "vulnerability": w.vulnerability}, "submit": object{"reason": "Other", "comment": "x"}})
	w.do(200, "POST", fmt.Sprintf("/vulnerability_exceptions/%d/reject", other), object{"comment": "no"})
	if n := len(w.rows("/vulnerability_exceptions")); n != 2 {
		t.Errorf("%d exceptions", n)
	}
	group := w.made("/asset_groups", object{"name": "excepted", "type": "dynamic", "searchCriteria": object{"match": "all", "filters": list(object{"field": "ip-address", "operator": "is", "value": "127.0.0.79"})}})
	of := fmt.Sprintf("/vulnerability_exceptions/%d", w.made("/vulnerability_exceptions", object{
		"scope": object{"type": "Asset Group", "id": group, "vulnerability": w.vulnerability}, "submit": object{"reason": "Other", "comment": "x"},
	}))
	if got := w.get(of)["scope"].(object); got["type"] != "Asset Group" || got["id"] != float64(group) {
		t.Errorf("exception of a group: %v", got)
	}
	w.do(200, "DELETE", of, nil)
	w.do(200, "DELETE", fmt.Sprintf("/asset_groups/%d", group), nil)
	if got := w.get(path); got["review"].(object)["date"].(string) <= got["submit"].(object)["date"].(string) {
		t.Errorf("reviewed when it was submitted: %v", got)
	}
	// An instance is told by its key only where no other instance would be accepted with it.
	instance := func(key string) object {
		return object{"scope": object{"type": "Instance", "id": w.asset, "vulnerability": w.vulnerability, "key": key}, "submit": object{"reason": "Other", "comment": "x"}}
	}
	w.do(400, "POST", "/vulnerability_exceptions", instance("no such key"))
	w.do(400, "POST", path+"/bless", nil)
	w.do(400, "POST", "/vulnerability_exceptions", object{"scope": object{"type": "Everything", "vulnerability": w.vulnerability}, "submit": object{"reason": "Other"}})
	w.do(200, "DELETE", path, nil)
	w.do(404, "GET", path, nil)
}

func (w *world) reports() {
	t := w.t
	for _, format := range []string{"xml-export-v2", "csv-export", "html"} {
		id := w.made("/reports", object{
			"name": "all " + format, "format": format, "scope": object{"sites": list(w.site)}, "filters": object{"severity": "all", "statuses": list("vulnerable-version", "vulnerable", "potentially-vulnerable")},
			"frequency": object{"type": "none"},
		})
		path := fmt.Sprintf("/reports/%d", id)
		made := w.do(200, "POST", path+"/generate", nil)["id"]
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			got := w.get(fmt.Sprintf("%s/history/%v", path, made))
			if got["status"] == "complete" {
				break
			}
			if time.Now().After(end) || got["status"] != "running" {
				t.Fatalf("the report is %v", got)
			}
		}
		res, text := w.raw("GET", path+"/history/latest/output", nil)
		w.answered["GET /reports/{id}/history/{instance}/output"] = true
		if res.StatusCode != 200 || !strings.Contains(string(text), "127.0.0.79") {
			t.Errorf("%s is %d %.200s", format, res.StatusCode, text)
		}
		if w.get(path)["format"] != format || len(w.rows(path+"/history")) != 1 {
			t.Errorf("%s: report or history are wrong", format)
		}
		if format == "html" {
			w.do(200, "PUT", path, object{"name": "tagged", "format": "csv-export", "scope": object{"tags": list(1)}, "frequency": object{"type": "schedule", "start": "2030-01-01", "repeat": object{"every": "week", "interval": 1}}})
			if got := w.get(path); got["frequency"].(object)["type"] != "schedule" || got["scope"].(object)["tags"] == nil {
				t.Errorf("changed report: %v", got)
			}
			w.do(200, "DELETE", fmt.Sprintf("%s/history/%v", path, made), nil)
			w.do(200, "DELETE", path, nil)
		}
	}
	if n := len(w.rows("/reports")); n != 2 {
		t.Errorf("%d reports", n)
	}
	if got := w.do(400, "POST", "/reports", object{"name": "sql", "format": "sql-query", "query": "SELECT 1", "version": "2.3.0"})["message"]; !strings.Contains(got.(string), "sql-query") {
		t.Errorf("a report by SQL: %v", got)
	}
}

func (w *world) users() {
	t := w.t
	const secret = "correct horse battery 9"
	id := w.made("/users", object{"login": "ann", "name": "Ann", "email": "ann@example.org", "password": secret, "role": object{"id": "user"}})
	path := fmt.Sprintf("/users/%d", id)
	if got := w.get(path); got["login"] != "ann" || got["role"].(object)["id"] != "user" {
		t.Errorf("user: %v", got)
	}
	ann := w.as("ann", secret)
	if n := len(ann.rows("/sites")); n != 0 {
		t.Errorf("Ann sees %d sites", n)
	}
	ann.do(404, "GET", fmt.Sprintf("/sites/%d", w.site), nil)
	ann.do(403, "POST", "/tags", object{"name": "x", "type": "custom"})
	ann.do(403, "POST", "/users", object{"login": "bob", "name": "Bob", "password": secret, "role": object{"id": "user"}})
	w.do(200, "PUT", path, object{"login": "ann", "name": "Ann B.", "role": object{"id": "site-admin", "allSites": true}})
	if n := len(ann.rows("/sites")); n != 1 {
		t.Errorf("Ann sees %d sites; want all", n)
	}
	w.get(path + "/sites")
	w.do(200, "PUT", path+"/password", "another horse 77")
	ann.do(401, "GET", "/", nil)
	w.as("ann", "another horse 77").get("/")
	if n := len(w.rows("/users")); n != 2 {
		t.Errorf("%d users", n)
	}
	w.do(200, "DELETE", path, nil)
	kept := harrier.Policy{Name: "ssh of all", Hidden: true, Template: "custom", Preferences: map[string]string{"securitycenter.kind": "credential"}, Credentials: []harrier.Credential{
		{Category: "Host", Type: "SSH", Fields: map[string]string{"username": "root", "password": "hunter2"}},
	}}
	if err := w.console.Rooms.Policies.Create(t.Context(), w.console.Admin, &kept); err != nil {
		t.Fatal(err)
	}
	if got := w.rows("/shared_credentials"); len(got) != 1 || got[0]["name"] != "ssh of all" || strings.Contains(fmt.Sprint(got), "hunter2") {
		t.Errorf("shared credentials: %v", got)
	}
	w.get(fmt.Sprintf("/shared_credentials/%d", kept.ID))
	shared := object{"name": "windows of all", "description": "for audits", "account": object{"service": "cifs", "username": "audit", "domain": "LAB", "password": "hunter3"}}
	own := "/shared_credentials/" + fmt.Sprint(w.do(201, "POST", "/shared_credentials", shared)["id"])
	shared["name"] = "windows of most"
	shared["account"] = object{"service": "cifs", "username": "auditor", "domain": "LAB"}
	w.do(200, "PUT", own, shared)
	if got := w.get(own); got["name"] != "windows of most" || got["account"].(object)["username"] != "auditor" || strings.Contains(fmt.Sprint(got), "hunter3") {
		t.Errorf("shared credential: %v", got)
	}
	w.do(400, "POST", "/shared_credentials", object{"name": "x", "account": object{"service": "carrier pigeon"}})
	w.do(400, "PUT", own, object{"name": "x", "siteAssignment": "all-sites", "account": object{"service": "ssh"}})
	w.do(200, "DELETE", own, nil)
	w.do(404, "GET", "/scan_engines/shared_secret", nil)
	w.do(200, "POST", "/scan_engines/shared_secret", nil)
	w.do(200, "GET", "/scan_engines/shared_secret", nil)
	w.do(200, "GET", "/scan_engines/shared_secret/time_to_live", nil)
	w.do(200, "DELETE", "/scan_engines/shared_secret", nil)
	w.do(404, "GET", "/scan_engines/shared_secret", nil)
	w.do(200, "DELETE", fmt.Sprintf("/shared_credentials/%d", kept.ID), nil)
}

// manners are what holds for all requests alike.
func (w *world) manners() {
	t := w.t
	w.do(404, "GET", "/assets?page=1", nil)
	w.do(404, "GET", "/sites?page=7&size=500", nil)
	for _, q := range []string{"page=-1", "page=x", "size=0", "sort=nose", "view=all"} {
		w.do(400, "GET", "/assets?"+q, nil)
	}
	if got := w.get("/vulnerabilities?size=9999")["page"].(object)["size"]; got != 500.0 {
		t.Errorf("size 9999 is %v", got)
	}
	second := w.get("/vulnerabilities?page=1&size=2&unknown=1")
	rels := ""
	for _, l := range second["links"].([]any) {
		rels += l.(object)["rel"].(string) + " "
		if !strings.Contains(l.(object)["href"].(string), "unknown=1") {
			t.Errorf("link %v lost a parameter", l)
		}
	}
	if rels != "first prev self next last " {
		t.Errorf("links %s", rels)
	}
	w.do(404, "GET", "/nothing", nil)
	w.do(404, "GET", "/assets/x", nil)
	w.do(404, "GET", "/vulnerabilities/no-such-thing", nil)
	w.do(405, "DELETE", "/assets", nil)
	w.do(400, "POST", "/sites", "{")
	w.do(400, "POST", "/sites", object{"name": list()})
	for _, c := range []*client{w.as("", ""), w.as(w.name, "wrong"), w.as("nobody", "x")} {
		for _, path := range []string{"/", "/assets", "/nothing"} {
			res, text := c.raw("GET", path, nil)
			if res.StatusCode != 401 || res.Header.Get("WWW-Authenticate") == "" || !strings.Contains(string(text), "Full authentication is required") {
				t.Errorf("%s without a password: %d %s", path, res.StatusCode, text)
			}
		}
	}
	res, text := w.raw("OPTIONS", "/assets/1", nil)
	if res.StatusCode != 200 || res.Header.Get("Allow") != "DELETE, GET, OPTIONS" || len(text) > 0 {
		t.Errorf("OPTIONS: %d %q %q", res.StatusCode, res.Header.Get("Allow"), text)
	}
	res, text = w.raw("POST", "/sites", "<site/>", "Content-Type", "application/xml")
	if res.StatusCode != 415 || len(text) > 0 {
		t.Errorf("XML: %d %q", res.StatusCode, text)
	}
	res, text = w.raw("GET", "/", nil, "Accept-Encoding", "identity")
	if res.Header.Get("Content-Encoding") != "" || !strings.Contains(string(text), "\n  \"links\"") || res.Header.Get("Cache-Control") != "no-store, must-revalidate" {
		t.Errorf("a plain answer: %v %.60s", res.Header, text)
	}
	res, _ = w.raw("GET", "/", nil)
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Error("an answer is not compressed")
	}
}

func (w *world) removing() {
	w.do(200, "DELETE", fmt.Sprintf("/assets/%d", w.asset), nil)
	w.do(404, "GET", fmt.Sprintf("/assets/%d", w.asset), nil)
}

const table = "../../../docs/dialects/apiv3.md"

var row = regexp.MustCompile("(?m)^\\| `([A-Z]+ [^`]+)` \\| (served|refused) \\|")

// coverage holds the table of the documentation to the routes and to what the
// flows got from them.
func coverage(t *testing.T, c *client) {
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		told[m[1]] = true
		if m[2] == "served" && !c.answered[m[1]] {
			t.Errorf("%s is served in the table, and no flow shows it", m[1])
		}
		if m[2] == "refused" && (!c.failed[m[1]] || c.answered[m[1]]) {
			t.Errorf("%s is refused in the table, and no flow shows that", m[1])
		}
	}
	for _, p := range apiv3.Patterns() {
		if !told[p] {
			t.Errorf("%s is a route and not in the table", p)
		}
	}
	if len(told) != len(apiv3.Patterns()) {
		t.Errorf("the table has %d routes; there are %d", len(told), len(apiv3.Patterns()))
	}
}
