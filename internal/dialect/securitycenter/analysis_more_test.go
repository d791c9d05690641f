package securitycenter_test

import (
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
	"github.com/harrier-scan/harrier/internal/scan"
)

// record is one record of an analysis.
type record = map[string]any

// analysed asks with a tool and returns its records.
func analysed(t *testing.T, c *exchange.Console, body string) []record {
	t.Helper()
	var out struct {
		Results []record `json:"results"`
	}
	call(t, c, "POST", "/analysis", body, &out)
	return out.Results
}

// TestTrend counts the findings at the end of each day: of three hosts that were
// seen an hour ago there is nothing at earlier ends, and all at the last.
func TestTrend(t *testing.T) {
	c, sc := lab(t)
	whole := analysed(t, c, `{"type":"vuln","sourceType":"cumulative","query":{"tool":"sumseverity","filters":[]}}`)
	total := 0
	for _, r := range whole {
		n, err := strconv.Atoi(fmt.Sprint(r["count"]))
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	from, to := sc.Started.AddDate(0, 0, -3).Unix(), time.Now().Unix()
	rows := analysed(t, c, fmt.Sprintf(`{"type":"vuln","sourceType":"cumulative","startTime":%d,"endTime":%d,"query":{"tool":"trend","filters":[]}}`, from, to))
	if len(rows) < 4 || len(rows) > 5 {
		t.Fatalf("%d points over three days; want 4 or 5", len(rows))
	}
	last := int64(0)
	for i, r := range rows {
		date := int64(r["date"].(float64)) //nolint:forcetypeassert // fails the test
		want := 0
		if date > sc.Started.Unix() {
			want = total
		}
		if got := int(r["total"].(float64)); got != want || date <= last { //nolint:forcetypeassert // fails the test
			t.Errorf("point %d at %s has %d; want %d", i, time.Unix(date, 0), got, want)
		}
		last = date
	}
	if last != to && last != to+1 {
		t.Errorf("the last point is at %d; want %d", last, to)
	}
	if rows := analysed(t, c, `{"type":"vuln","sourceType":"patched","query":{"tool":"trend","filters":[]}}`); len(rows) < 30 || rows[len(rows)-1]["total"] != 0.0 {
		t.Errorf("the trend of what is patched: %v", rows)
	}
	if code := call(t, c, "POST", "/analysis", `{"type":"vuln","sourceType":"cumulative","startTime":9,"query":{"tool":"trend","filters":[]}}`, nil); code != 146 {
		t.Errorf("a trend over all time = %d; want 146", code)
	}
}

// TestRemediationDetail: each solution names what it mends, and where.
func TestRemediationDetail(t *testing.T) {
	c, _ := lab(t)
	ask := func(tool string) []record {
		return analysed(t, c, `{"type":"vuln","sourceType":"cumulative","query":{"tool":"`+tool+`","filters":[]}}`)
	}
	short, long := ask("sumremediation"), ask("remediationdetail")
	if len(short) == 0 || len(short) != len(long) {
		t.Fatalf("%d solutions, %d details", len(short), len(long))
	}
	for i, d := range long {
		plugins, _ := d["plugins"].([]any)
		hosts, _ := d["hosts"].([]any)
		if d["solution"] != short[i]["solution"] || len(plugins) != len(strings.Split(fmt.Sprint(d["remediationList"]), ",")) || len(hosts) != 1 {
			t.Fatalf("detail %d: %v", i, d)
		}
		list, _ := hosts[0].(record)["iplist"].([]any) //nolint:forcetypeassert // fails the test
		if strconv.Itoa(len(list)) != d["hostTotal"] {
			t.Errorf("%v hosts are listed of %v", len(list), d["hostTotal"])
		}
	}
}

// TestResponsibility: what people answer for is summed up, and found by their ids.
func TestResponsibility(t *testing.T) {
	c, _ := lab(t)
	var list, user record
	call(t, c, "POST", "/asset", `{"name":"two","type":"static","definedIPs":"192.0.2.1-192.0.2.2"}`, &list)
	body := `{"type":"vuln","sourceType":"cumulative","query":{"tool":"%s","filters":[%s]}}`
	if rows := analysed(t, c, fmt.Sprintf(body, "sumuserresponsibility", "")); len(rows) != 0 {
		t.Errorf("nobody is responsible: %v", rows)
	}
	call(t, c, "POST", "/user", fmt.Sprintf(`{"username":"keeper","lastname":"van der Berg","password":"correct-horse-9","roleID":3,"responsibleAssetID":%q}`, list["id"]), &user)
	if user["firstname"] != "" || user["lastname"] != "van der Berg" {
		t.Errorf("a last name alone is %q, %q", user["firstname"], user["lastname"])
	}
	rows := analysed(t, c, fmt.Sprintf(body, "sumuserresponsibility", ""))
	want := analysed(t, c, fmt.Sprintf(body, "sumprotocol", `{"filterName":"ip","operator":"=","value":"192.0.2.1-192.0.2.2"}`))
	if len(rows) != 1 || len(want) != 1 || rows[0]["total"] != want[0]["total"] || rows[0]["score"] != want[0]["score"] {
		t.Fatalf("responsible for %v; want %v", rows, want)
	}
	people, _ := rows[0]["userList"].([]any)
	if len(people) != 1 || people[0].(record)["username"] != "keeper" || people[0].(record)["lastname"] != "van der Berg" { //nolint:forcetypeassert // fails the test
		t.Errorf("userList = %v", people)
	}
	mine := analysed(t, c, fmt.Sprintf(body, "sumip", fmt.Sprintf(`{"filterName":"responsibleUserIDs","operator":"=","value":%q}`, user["id"])))
	none := analysed(t, c, fmt.Sprintf(body, "sumip", `{"filterName":"responsibleUser","operator":"=","value":{"id":"999"}}`))
	if len(mine) != 2 || len(none) != 0 {
		t.Errorf("hosts by who answers for them: %d, %d; want 2, 0", len(mine), len(none))
	}
	var renamed record
	call(t, c, "PATCH", "/user/"+fmt.Sprint(user["id"]), `{"firstname":"Jan"}`, &renamed)
	if renamed["firstname"] != "Jan" || renamed["lastname"] != "van der Berg" {
		t.Errorf("renamed to %q, %q", renamed["firstname"], renamed["lastname"])
	}
}

// TestLog asks the audit log by its filters.
func TestLog(t *testing.T) {
	c := exchange.Start(t, securitycenter.New)
	var user record
	call(t, c, "POST", "/user", `{"username":"watched","password":"correct-horse-9","roleID":2,"orgID":1}`, &user)
	if code := call(t, c, "POST", "/token", `{"username":"watched","password":"wrong"}`, nil); code != 11 {
		t.Fatalf("a wrong password = %d", code)
	}
	ask := func(kind, filter string) []record {
		return analysed(t, c, fmt.Sprintf(`{"type":%q,"date":"all","query":{"tool":"scLog","filters":[%s]}}`, kind, filter))
	}
	f := func(name, op, value string) string {
		return fmt.Sprintf(`{"filterName":%q,"operator":%q,"value":%q}`, name, op, value)
	}
	all := ask("scLog", "")
	for _, tt := range []struct {
		filter string
		holds  func(record) bool
	}{
		{f("module", "=", "auth"), func(r record) bool { return r["module"] == "auth" }},
		{f("module", "!=", "auth"), func(r record) bool { return r["module"] != "auth" }},
		{f("severity", "=", "1"), func(r record) bool { return r["severity"].(record)["id"] == "1" }}, //nolint:forcetypeassert // fails the test
		{f("keywords", "=", "user.create"), func(r record) bool { return strings.Contains(fmt.Sprint(r["message"]), "user.create") }},
		{f("initiator", "=", fmt.Sprint(user["id"])), func(r record) bool { return r["initiator"].(record)["username"] == "watched" }}, //nolint:forcetypeassert // fails the test
		{f("date", "=", "0:1"), func(record) bool { return true }},
		{f("date", "=", "200001"), func(record) bool { return false }},
		{f("organization", "=", "1"), func(r record) bool { return r["organization"].(record)["id"] == "1" }}, //nolint:forcetypeassert // fails the test
	} {
		want := 0
		for _, r := range all {
			if tt.holds(r) {
				want++
			}
		}
		if got := ask("scanLog", tt.filter); len(got) != want || want == 0 && !strings.Contains(tt.filter, "200001") {
			t.Errorf("%s: %d lines; want %d of %d", tt.filter, len(got), want, len(all))
		}
	}
	for _, bad := range []string{f("moon", "=", "1"), f("date", "=", "yesterday"), f("module", ">=", "auth")} {
		if code := call(t, c, "POST", "/analysis", fmt.Sprintf(`{"type":"scLog","query":{"tool":"scLog","filters":[%s]}}`, bad), nil); code != 146 {
			t.Errorf("%s = %d; want 146", bad, code)
		}
	}
	if code := call(t, c, "POST", "/analysis", `{"type":"scLog","date":"soon","query":{"tool":"scLog","filters":[]}}`, nil); code != 146 {
		t.Errorf("a date that is none = %d; want 146", code)
	}
}

// TestWeights: the scores that an organisation gives severities weigh what its
// people see, and order it.
func TestWeights(t *testing.T) {
	c, _ := lab(t)
	var org, user record
	call(t, c, "PATCH", "/organization/1", `{"vulnScoreLow":"0","vulnScoreMedium":"0","vulnScoreHigh":"7","vulnScoreCritical":"100"}`, &org)
	call(t, c, "POST", "/user", `{"username":"weigher","password":"correct-horse-9","roleID":2,"orgID":1}`, &user)
	n, err := strconv.ParseInt(fmt.Sprint(user["id"]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	own := *c
	if own.Access, own.SecretID, err = c.Rooms.Identity.NewKeys(t.Context(), c.Admin, harrier.ID(n)); err != nil {
		t.Fatal(err)
	}
	body := `{"type":"vuln","sourceType":"cumulative","sortField":"score","sortDir":"desc","query":{"tool":"sumip","filters":[]}}`
	plain, weighed := analysed(t, c, body), analysed(t, &own, body)
	if len(plain) != 3 || len(weighed) != 3 {
		t.Fatalf("%d and %d hosts; want 3", len(plain), len(weighed))
	}
	count := func(r record, name string) int {
		n, _ := strconv.Atoi(fmt.Sprint(r[name])) // a wrong one shows
		return n
	}
	last := 1 << 30
	for i, r := range weighed {
		want := 7*count(r, "severityHigh") + 100*count(r, "severityCritical")
		if got := count(r, "score"); got != want || got > last {
			t.Errorf("host %d weighs %d; want %d, at most %d", i, got, want, last)
		}
		last = count(r, "score")
	}
	for _, r := range plain {
		if want := count(r, "severityLow") + 3*count(r, "severityMedium") + 10*count(r, "severityHigh") + 40*count(r, "severityCritical"); count(r, "score") != want {
			t.Errorf("to an administrator it weighs %v; want %d", r["score"], want)
		}
	}
}

// TestActiveIPs: an address that two repositories know counts once.
func TestActiveIPs(t *testing.T) {
	c, _ := lab(t)
	var repository record
	call(t, c, "POST", "/repository", `{"name":"second","dataFormat":"universal","type":"Local"}`, &repository)
	n, err := strconv.ParseInt(fmt.Sprint(repository["id"]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Hour)
	site := harrier.Site{Name: "again", Repository: harrier.ID(n)}
	hosts := func(yield func(scan.Imported, error) bool) {
		for _, last := range []byte{2, 3, 9} {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, last})
			yield(scan.Imported{Host: harrier.Host{Name: addr.String(), Addr: addr, Alive: true, Started: at, Ended: at}}, nil)
		}
	}
	if _, err := c.Rooms.Scans.Import(t.Context(), c.Admin, &site, harrier.Scan{Name: "again", Started: at, Ended: at}, iter.Seq2[scan.Imported, error](hosts)); err != nil {
		t.Fatal(err)
	}
	var status, list record
	call(t, c, "GET", "/status", "", &status)
	call(t, c, "POST", "/asset", `{"name":"net","type":"static","definedIPs":"192.0.2.0/24"}`, &list)
	call(t, c, "GET", "/asset/"+fmt.Sprint(list["id"])+"?fields=ipCount,repositories", "", &list)
	if status["activeIPs"] != "4" || list["ipCount"] != 4.0 {
		t.Errorf("active addresses %v, of the list %v; want 4", status["activeIPs"], list["ipCount"])
	}
}

// TestJobs: reports that are made and the fetching of content are jobs.
func TestJobs(t *testing.T) {
	c := exchange.Start(t, securitycenter.New)
	rooms, since := c.Rooms, time.Time{}
	rooms.Updating = func() time.Time { return since }
	door := securitycenter.New(rooms)
	ask := func(path string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		r.Header.Set("X-Apikey", "accesskey="+c.Access+"; secretkey="+c.SecretID)
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		return w.Body.String()
	}
	if got := ask("/rest/job"); strings.Contains(got, "updateFeed") {
		t.Errorf("nothing is fetched: %s", got)
	}
	since = time.Now()
	if got := ask("/rest/job"); !strings.Contains(got, `"type":"updateFeed","status":"running"`) {
		t.Errorf("content is fetched: %s", got)
	}
	if got := ask("/rest/feed/active"); !strings.Contains(got, `"updateRunning":"true"`) {
		t.Errorf("the feed is %s", got)
	}
}
