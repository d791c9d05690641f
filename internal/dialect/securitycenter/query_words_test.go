package securitycenter_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/finding"
)

// TestSavedOrder saves queries with an order and a window: an analysis by their
// id follows them, and what it says itself comes first.
func TestSavedOrder(t *testing.T) {
	c, _ := lab(t)
	order := func(saved, more string) []string {
		t.Helper()
		var made map[string]any
		call(t, c, "POST", "/query", `{"name":"q","type":"vuln","tool":"sumid","filters":[]`+saved+`}`, &made)
		var out answer
		call(t, c, "POST", "/analysis", fmt.Sprintf(`{"type":"vuln","sourceType":"cumulative","query":{"id":%q}%s}`, made["id"], more), &out)
		var ids []string
		for _, r := range out.Results {
			ids = append(ids, fmt.Sprint(r["pluginID"]))
		}
		call(t, c, "DELETE", fmt.Sprint("/query/", made["id"]), "", nil)
		return ids
	}
	up := order(`,"sortField":"pluginID","sortDir":"asc"`, "")
	down := slices.Clone(up)
	slices.Reverse(down)
	if len(up) < 4 || slices.Equal(up, down) {
		t.Fatalf("%v says nothing of an order", up)
	}
	for _, tt := range []struct {
		saved, more string
		want        []string
	}{
		{`,"sortField":"pluginID","sortDir":"DESC"`, "", down},
		{`,"browseSortColumn":"pluginID","browseSortDirection":"DESC"`, "", down},
		{`,"browseSortColumn":"pluginID","browseSortDirection":"ASC"`, "", up},
		{`,"sortField":"pluginID","sortDir":"desc"`, `,"sortField":"pluginID","sortDir":"asc"`, up},
		{`,"sortField":"pluginID","sortDir":"asc","startOffset":1,"endOffset":"3"`, "", up[1:3]},
		{`,"sortField":"pluginID","sortDir":"asc","startOffset":1,"endOffset":"3"`, `,"startOffset":0,"endOffset":2`, up[:2]},
	} {
		if got := order(tt.saved, tt.more); !slices.Equal(got, tt.want) {
			t.Errorf("query with %s asked with %s: %v; want %v", tt.saved, tt.more, got, tt.want)
		}
	}
	if code := call(t, c, "POST", "/query", `{"name":"q","type":"vuln","tool":"sumid","filters":[],"startOffset":3,"endOffset":1}`, nil); code != 146 {
		t.Errorf("a window that ends before it begins: %d; want 146", code)
	}
}

// TestShownFilters saves filters that name objects by their ids: the query shows
// them by name too, and those of others as they were sent.
func TestShownFilters(t *testing.T) {
	c, _ := lab(t)
	var list, made map[string]any
	call(t, c, "POST", "/asset", `{"name":"two","description":"of them","type":"static","definedIPs":"192.0.2.1-192.0.2.2"}`, &list)
	id := fmt.Sprint(list["id"])
	call(t, c, "POST", "/query", `{"name":"q","type":"vuln","tool":"listvuln","filters":[
		{"filterName":"repository","operator":"=","value":[{"id":"1"}]},
		{"filterName":"asset","operator":"~","value":{"operator":"union","operand1":{"id":"`+id+`"},"operand2":{"id":0}}},
		{"filterName":"family","operator":"=","value":[{"id":"41"},{"id":"4711"}]},
		{"filterName":"severity","operator":"=","value":"3,4"}]}`, &made)
	text, err := json.Marshal(made["filters"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"description":"","id":"1","name":"Default","uuid":"`, `"operand1":{"description":"of them","id":"` + id + `","name":"two","uuid":"`,
		`"operand2":{"description":"All defined ranges`, `"id":"0","name":"All Defined Ranges"`, `"id":"41","name":"Settings"`, `{"id":"4711"}`, `"value":"3,4"`, `"operator":"union"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("filters %s; want %s", text, want)
		}
	}
	// What is shown can be sent back.
	var again map[string]any
	call(t, c, "PATCH", fmt.Sprint("/query/", made["id"]), `{"filters":`+string(text)+`}`, &again)
	if got, _ := json.Marshal(again["filters"]); string(got) != string(text) {
		t.Errorf("filters sent back: %s; want %s", got, text)
	}
	// One filter without a list around it becomes a list.
	call(t, c, "POST", "/query", `{"name":"one","type":"vuln","tool":"listvuln","filters":{"filterName":"severity","operator":"=","value":"3"}}`, &made)
	if got := fmt.Sprint(made["filters"]); got != "[map[filterName:severity operator:= value:3]]" {
		t.Errorf("a single filter is shown as %s", got)
	}
}

// TestDaysBeginWhereTheUserIs asks what was seen today, by people in two time
// zones: for one of them it was yesterday.
func TestDaysBeginWhereTheUserIs(t *testing.T) {
	c, _ := lab(t)
	list, _, err := c.Rooms.Findings.Findings(t.Context(), c.Admin, nil, finding.Page{Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d findings, %v", len(list), err)
	}
	seen := list[0].FirstSeen().UTC() // an hour ago
	// zoneAt is where it was the hour h then.
	zoneAt := func(h int) string {
		hours := (h - seen.Hour() + 36) % 24 // east of Greenwich, and 12 more
		return fmt.Sprintf("Etc/GMT%+d", 12-hours)
	}
	today := func(zone string) string {
		t.Helper()
		call(t, c, "PATCH", "/currentUser/preferences", `{"preferences":[{"name":"timezone","tag":"system","value":"`+zone+`"}]}`, &map[string]any{})
		return analyse(t, c, "cumulative", "listvuln", `,"filters":[{"filterName":"firstSeen","operator":"=","value":"0:0"}]`).Total
	}
	if n := today(zoneAt(23)); n != "0" {
		t.Errorf("%s findings today where the scan was an hour before midnight; want none", n)
	}
	if n := today(zoneAt(11)); n == "0" {
		t.Errorf("no findings today where the scan was before noon")
	}
	if code := call(t, c, "PATCH", "/currentUser/preferences", `{"preferences":[{"name":"timezone","tag":"system","value":"Mars/Olympus"}]}`, nil); code != 146 {
		t.Errorf("a zone that is none: %d; want 146", code)
	}
	var made map[string]any
	call(t, c, "POST", "/user", `{"username":"anna","password":"correct-horse-9","roleID":2,"preferences":[{"name":"timezone","tag":"system","value":"Europe/Berlin"}]}`, &made)
	if got := fmt.Sprint(made["preferences"]); got != "[map[name:timezone tag:system value:Europe/Berlin]]" {
		t.Errorf("preferences of a new user: %s", got)
	}
}

// TestPagesOfLists cuts windows out of lists, sorted by a member.
func TestPagesOfLists(t *testing.T) {
	c, _ := lab(t)
	admin := client{t, c.URL, "accesskey=" + c.Access + "; secretkey=" + c.SecretID}
	manager := newPerson(t, c, `{"username":"manager","password":"correct-horse-9","roleID":2}`)
	for _, name := range []string{"beta", "Alpha", "gamma", "delta"} {
		manager.must("POST", "/policy", `{"name":"`+name+`"}`)
	}
	type page struct {
		Total      string `json:"totalRecords"`
		Returned   int    `json:"returnedRecords"`
		Start      string `json:"startOffset"`
		End        string `json:"endOffset"`
		Usable     []struct{ Name string }
		Manageable []struct{ Name string }
	}
	for _, tt := range []struct{ query, want string }{
		{"paginated=true&sortField=name&sortDirection=ASC&startOffset=0&endOffset=2", "4 2 0 2 [{Alpha} {beta}] [{Alpha} {beta}]"},
		{"paginated=true&sortField=name&sortDirection=ASC&startOffset=2&endOffset=9", "4 2 2 9 [{delta} {gamma}] [{delta} {gamma}]"},
		{"paginated=true&sortField=name&startOffset=0&endOffset=1", "4 1 0 1 [{gamma}] [{gamma}]"},
		{"paginated=true&startOffset=9&endOffset=12&filter=usable", "4 0 9 12 [] []"},
		{"sortField=modifiedTime&sortDirection=DESC&name=alp", " 0   [{Alpha}] [{Alpha}]"},
		{"owner=manager&name=beta", " 0   [{beta}] [{beta}]"},
		{"owner=nobody", " 0   [] []"},
		{"groupID=0&name=beta", " 0   [{beta}] [{beta}]"},
		{"groupID=99", " 0   [] []"},
	} {
		var p page
		if err := json.Unmarshal(manager.must("GET", "/policy?fields=name&"+tt.query, ""), &p); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s %d %s %s %v %v", p.Total, p.Returned, p.Start, p.End, p.Usable, p.Manageable); got != tt.want {
			t.Errorf("/policy?%s = %s; want %s", tt.query, got, tt.want)
		}
	}
	for _, bad := range []string{"sortField=nonsense", "sortField=name&sortDirection=UP", "paginated=true&startOffset=4&endOffset=2", "paginated=perhaps", "startOffset=x"} {
		if _, code := manager.call("GET", "/policy?"+bad, ""); code != 146 {
			t.Errorf("/policy?%s: %d; want 146", bad, code)
		}
	}
	// For administrators a list is one.
	var one []struct{ Name string }
	if err := json.Unmarshal(admin.must("GET", "/policy?fields=name&paginated=true&sortField=name&sortDirection=ASC&startOffset=1&endOffset=3", ""), &one); err != nil || fmt.Sprint(one) != "[{beta} {delta}]" {
		t.Errorf("an administrator's page: %v, %v", one, err)
	}
}

// TestRecordOrders sorts the findings by fields of their records, up and down, of
// the tracked ones and of a scan's.
func TestRecordOrders(t *testing.T) {
	c, sc := lab(t)
	for _, field := range []string{"baseScore", "vulnPubDate", "operatingSystem", "exploitAvailable", "pluginName", "ip", "port", "cvssV3BaseScore"} {
		for _, source := range []string{"cumulative", "individual"} {
			more := fmt.Sprintf(`,"sortField":%q,"sortDir":"<dir>"`, field)
			if source == "individual" {
				more += fmt.Sprintf(`,"view":"all","scanID":"%d"`, sc.ID)
			}
			var columns [2][]string
			for i, dir := range []string{"asc", "desc"} {
				for _, r := range analyse(t, c, source, "vulndetails", strings.Replace(more, "<dir>", dir, 1)).Results {
					columns[i] = append(columns[i], fmt.Sprint(r[field]))
				}
			}
			slices.Reverse(columns[1])
			if len(columns[0]) == 0 || !slices.Equal(columns[0], columns[1]) {
				t.Errorf("%s by %s: up %v, and down, turned round, %v", source, field, columns[0], columns[1])
			}
		}
	}
}

// TestDownloads fetches as CSV what is no list of findings.
func TestDownloads(t *testing.T) {
	c, _ := lab(t)
	analyst := newPerson(t, c, `{"username":"analyst","password":"correct-horse-9","roleID":3}`)
	get := func(body string) string {
		t.Helper()
		return string(send(t, c, "POST", "/rest/analysis/download", body))
	}
	if got := get(`{"type":"vuln","query":{"tool":"iplist","filters":[]}}`); got != "IP Address\n192.0.2.1-192.0.2.3\n" {
		t.Errorf("iplist: %q", got)
	}
	if got := get(`{"type":"scLog","columns":[{"name":"module"},{"name":"initiator"}],"query":{"tool":"scLog","filters":[{"filterName":"module","operator":"=","value":"user"}]}}`); !strings.HasPrefix(got, "Module,Initiator\nuser,") {
		t.Errorf("the log: %q", got)
	}
	if got := get(`{"type":"vuln","query":{"tool":"sumseverity","filters":[]}}`); !strings.HasPrefix(got, "Severity,Count\nCritical,") {
		t.Errorf("sumseverity: %q", got)
	}
	if got := get(`{"type":"nonsense","query":{}}`); !strings.Contains(got, `"error_code":146`) {
		t.Errorf("an unknown type: %q", got)
	}
	if got := analyse(t, c, "cumulative", "listos", `,"startOffset":0,"endOffset":0`); got.Returned != 0 || got.Total == "0" {
		t.Errorf("an empty window of listos: %+v", got)
	}
	if got := analyse(t, c, "patched", "listvuln", `,"filters":[{"filterName":"daysToMitigated","operator":"=","value":"0:30"}]`); got.Total != "0" {
		t.Errorf("mitigated within a month: %+v", got)
	}
	// Who manages no users finds themselves, as in /user.
	if p := analyst.must("POST", "/analysis", `{"type":"user","query":{"tool":"user","filters":[]}}`); !strings.Contains(string(p), `"totalRecords":"1"`) || !strings.Contains(string(p), `"username":"analyst"`) {
		t.Errorf("users for an analyst: %s", p)
	}
}
