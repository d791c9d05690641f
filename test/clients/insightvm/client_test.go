package insightvm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
	"github.com/harrier-scan/harrier/internal/scan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type finding struct {
	CheckID         *string    `json:"check_id"`
	First           time.Time  `json:"first_found"`
	Key             string     `json:"key"`
	Last            *time.Time `json:"last_found"`
	Nic             *string    `json:"nic"`
	Port            *int       `json:"port"`
	Proof           string     `json:"proof"`
	Protocol        *string    `json:"protocol"`
	Reintroduced    *time.Time `json:"reintroduced"`
	SolutionFix     string     `json:"solution_fix"`
	SolutionID      string     `json:"solution_id"`
	SolutionSummary string     `json:"solution_summary"`
	SolutionType    string     `json:"solution_type"`
	Status          string     `json:"status"`
	VulnerabilityID string     `json:"vulnerability_id"`
}

type asset struct {
	Policies      bool       `json:"assessed_for_policies"`
	Assessed      bool       `json:"assessed_for_vulnerabilities"`
	Credentials   []struct{} `json:"credential_assessments"`
	Critical      int        `json:"critical_vulnerabilities"`
	Exploits      int        `json:"exploits"`
	HostName      string     `json:"host_name"`
	ID            string     `json:"id"`
	IP            string     `json:"ip"`
	LastAssessed  time.Time  `json:"last_assessed_for_vulnerabilities"`
	LastScanEnd   time.Time  `json:"last_scan_end"`
	LastScanStart time.Time  `json:"last_scan_start"`
	MAC           string     `json:"mac"`
	Kits          int        `json:"malware_kits"`
	Moderate      int        `json:"moderate_vulnerabilities"`
	Architecture  string     `json:"os_architecture"`
	OS            string     `json:"os_description"`
	Family        string     `json:"os_family"`
	Name          string     `json:"os_name"`
	System        string     `json:"os_system_name"`
	OSType        string     `json:"os_type"`
	Vendor        string     `json:"os_vendor"`
	Version       string     `json:"os_version"`
	Risk          float64    `json:"risk_score"`
	Severe        int        `json:"severe_vulnerabilities"`
	Tags          []tag      `json:"tags"`
	Total         int        `json:"total_vulnerabilities"`
	Type          string     `json:"type"`
	Identifiers   []struct {
		ID, Source string
	} `json:"unique_identifiers"`
	New        []finding `json:"new"`
	Remediated []finding `json:"remediated"`
	Same       []finding `json:"same"`
}

type tag struct{ Name, Type string }

type page[T any] struct {
	Data     []T `json:"data"`
	Metadata struct {
		Number, Size   int
		TotalResources int
		TotalPages     int
		Cursor         *string
	} `json:"metadata"`
	Links []struct{ Href, Rel string } `json:"links"`
}

// client speaks to a console with one key.
type client struct {
	t         *testing.T
	base, key string
}

// send asks, and returns status and body.
func (c client) send(method, path, body string) (int, []byte) {
	c.t.Helper()
	q, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	q.Header.Set("x-api-key", c.key)
	q.Header.Set("Content-Type", "application/json")
	q.Close = true
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		c.t.Error(err)
		return 0, nil
	}
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Error(err)
	}
	return r.StatusCode, raw
}

// read asks for what must succeed.
func read[T any](c client, method, path, body string) T {
	c.t.Helper()
	var out T
	status, raw := c.send(method, path, body)
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&out); status != http.StatusOK || err != nil {
		c.t.Errorf("%s %s %.80s: status %d, %v: %.300s", method, path, body, status, err, raw)
	}
	return out
}

const base = "/vm/v4/integration"

// walk follows the cursor to the end, as Elastic's collectors do: rows of a page
// whose cursor is null are lost to them.
func walk[T any](c client, path, body string, size int) []T {
	c.t.Helper()
	var out []T
	cursor := ""
	for range 10_000 {
		q := url.Values{"size": {fmt.Sprint(size)}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		p := read[page[T]](c, http.MethodPost, path+join+q.Encode(), body)
		if p.Metadata.Cursor == nil {
			if len(p.Data) > 0 || p.Metadata.TotalResources != 0 && cursor != "" {
				c.t.Errorf("%d rows on a page without cursor: %+v", len(p.Data), p.Metadata)
			}
			return out
		}
		out, cursor = append(out, p.Data...), *p.Metadata.Cursor
	}
	c.t.Fatal("the walk has no end")
	return nil
}

// redis is a server that may ask for a password.
type redis struct{ secured atomic.Bool }

func (r *redis) serve(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		reply := "-ERR unknown command\r\n"
		switch word := strings.ToUpper(strings.TrimSpace(line)); {
		case word == "" || word == "SERVER" || strings.HasPrefix(word, "*") || strings.HasPrefix(word, "$"):
			continue
		case r.secured.Load():
			reply = "-NOAUTH Authentication required.\r\n"
		case strings.HasPrefix(word, "INFO"):
			const info = "# Server\r\nredis_version:7.2.4\r\n"
			reply = fmt.Sprintf("$%d\r\n%s\r\n", len(info), info)
		case strings.HasPrefix(word, "PING"):
			reply = "+PONG\r\n"
		}
		if _, err := c.Write([]byte(reply)); err != nil {
			return
		}
	}
}

// hosts is how many servers there are, at 127.0.0.131 and the next.
const hosts = 5

// lab starts a console and its servers, and scans them.
func lab(t *testing.T) (client, *exchange.Console, *redis, harrier.ID) {
	t.Helper()
	c := exchange.Start(t, insightvm.New)
	key, err := c.Rooms.Identity.NewAPIKey(t.Context(), c.Admin, &harrier.APIKey{Name: "collector", ForAll: true})
	if err != nil {
		t.Fatal(err)
	}
	first := &redis{}
	var ports []string
	for i := range hosts {
		r := &redis{}
		if i == 0 {
			r = first
		}
		ports = append(ports, exchange.Listen(t, fmt.Sprintf("127.0.0.%d:0", 131+i), r.serve))
	}
	p := harrier.Policy{Name: "lab", Template: "basic", Settings: harrier.Settings{Ports: "T:" + strings.Join(ports, ","), Connect: true, NoPing: true}}
	if err := c.Rooms.Policies.Create(t.Context(), c.Admin, &p); err != nil {
		t.Fatal(err)
	}
	s := harrier.Site{Name: "lab", Targets: fmt.Sprintf("127.0.0.131-127.0.0.%d", 130+hosts), Policy: p.ID}
	if err := c.Rooms.Sites.Create(t.Context(), c.Admin, &s); err != nil {
		t.Fatal(err)
	}
	run(t, c, s.ID)
	return client{t, c.URL, key}, c, first, s.ID
}

func run(t *testing.T, c *exchange.Console, site harrier.ID) {
	t.Helper()
	sc, err := c.Rooms.Scans.Launch(t.Context(), c.Admin, site, scan.Launch{})
	for end := time.Now().Add(2 * time.Minute); err == nil && !sc.Status.Ended() && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		sc, err = c.Rooms.Scans.Scan(t.Context(), c.Admin, sc.ID)
	}
	if err != nil || sc.Status != harrier.ScanCompleted {
		t.Fatalf("the scan is %s, %v", sc.Status, err)
	}
}

// TestCollectors asks as the collectors do, over one console.
func TestCollectors(t *testing.T) {
	c, console, first, site := lab(t)
	before := time.Now()

	// Elastic: a walk with all findings, then what the findings are of, by thousands
	// of ids at once.
	all := walk[asset](c, base+"/assets?includeSame=true", "", 2)
	if len(all) != hosts {
		t.Fatalf("the walk has %d assets; want %d", len(all), hosts)
	}
	seen, ids := map[string]bool{}, map[string]bool{}
	for _, a := range all {
		if seen[a.ID] || a.Total == 0 || len(a.Same) != a.Total || len(a.New)+len(a.Remediated) != 0 || a.LastScanEnd.Before(a.LastScanStart) || !slices.Contains(a.Tags, tag{"lab", "SITE"}) {
			t.Errorf("asset %+v", a)
		}
		seen[a.ID] = true
		for _, f := range a.Same {
			ids[f.VulnerabilityID] = true
			if !strings.HasPrefix(f.Proof, "<p>") || f.SolutionSummary == "" || f.Last == nil {
				t.Errorf("finding %+v", f)
			}
		}
	}
	var quoted, python []string
	for id := range ids {
		quoted, python = append(quoted, "'"+id+"'"), append(python, "'"+id+"'")
	}
	for i := range 4000 {
		quoted = append(quoted, fmt.Sprintf("'nothing-%d'", i))
	}
	body, err := json.Marshal(map[string]string{"vulnerability": "id IN [" + strings.Join(quoted, ",") + "]"})
	if err != nil {
		t.Fatal(err)
	}
	rows := walk[map[string]any](c, base+"/vulnerabilities", string(body), 500)
	if len(rows) != len(ids) {
		t.Errorf("%d vulnerabilities of %d", len(rows), len(ids))
	}

	// Elastic's next run: one server asks for a password since.
	first.secured.Store(true)
	run(t, console, site)
	gone := 0
	for _, a := range walk[asset](c, base+"/assets?comparisonTime="+url.QueryEscape(before.UTC().Format(time.RFC3339Nano)), "{}", 500) {
		if len(a.New) != 0 {
			t.Errorf("new since: %+v", a.New)
		}
		if gone += len(a.Remediated); len(a.Remediated) > 0 && a.IP != "127.0.0.131" {
			t.Errorf("remediated on %s: %+v", a.IP, a.Remediated)
		}
	}
	if gone == 0 {
		t.Error("nothing is remediated")
	}

	// InsightConnect: pages until one is empty, with a body on GET too.
	pages := 0
	for n := 0; ; n++ {
		p := read[page[asset]](c, http.MethodPost, fmt.Sprintf("%s/assets?page=%d&size=2&sort=risk-score,DESC&includeUniqueIdentifiers=False", base, n), `{"asset":"ip = 127.0.0.0/8"}`)
		if len(p.Data) == 0 {
			break
		}
		if pages += len(p.Data); p.Metadata.Number != n || p.Metadata.TotalPages != (hosts+1)/2 {
			t.Errorf("metadata %+v", p.Metadata)
		}
	}
	if pages != hosts {
		t.Errorf("pages have %d assets", pages)
	}
	one := read[asset](c, http.MethodGet, base+"/assets/"+all[0].ID, "{}")
	if one.ID != all[0].ID || one.Same != nil {
		t.Errorf("asset %+v", one)
	}

	// It starts a scan and stops it: within five seconds it must be seen.
	started := read[struct {
		Scans []struct {
			AssetIDs []string `json:"asset_ids"`
			EngineID string   `json:"engine_id"`
			ID, Name string
		}
		Unscanned []struct{ ID, Reason string } `json:"unscanned_assets"`
	}](c, http.MethodPost, base+"/scan?name=x&asset_ids=y&ips=&hostnames=", fmt.Sprintf(`{"asset_ids":[%q,%q],"name":"now"}`, all[0].ID, all[1].ID))
	if len(started.Scans) != 1 || len(started.Scans[0].AssetIDs) != 2 || started.Scans[0].Name != "now" {
		t.Fatalf("started %+v", started)
	}
	if status, raw := c.send(http.MethodPost, base+"/scan/"+started.Scans[0].ID+"/stop", "{}"); status != http.StatusAccepted || len(raw) != 0 {
		t.Errorf("stop: %d %s", status, raw)
	}
	type row struct {
		EngineID string `json:"engine_id"`
		ID, Name string
		Status   string
		Started  *time.Time
		Finished *time.Time
	}
	if r := read[row](c, http.MethodGet, base+"/scan/"+started.Scans[0].ID, "{}"); r.Status != "Stopped" && r.Status != "Success" {
		t.Errorf("after the stop it is %+v", r)
	}
	if p := read[page[row]](c, http.MethodGet, base+"/scan", ""); len(p.Data) != 3 || p.Data[0].ID != started.Scans[0].ID {
		t.Errorf("scans %+v", p)
	}

	// Sentinel: assets since a time, and 50 ids at a time, all at once.
	recent := walk[asset](c, base+"/assets?includeSame=true", fmt.Sprintf(`{"asset":"last_scan_end > %s"}`, before.Add(-time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")), 100)
	if len(recent) != hosts {
		t.Errorf("%d assets were scanned since", len(recent))
	}
	var g errgroup.Group
	for range 10 {
		g.Go(func() error {
			p := read[page[map[string]any]](c, http.MethodPost, base+"/vulnerabilities?size=50", `{"vulnerability":"id IN [`+strings.Join(python, ", ")+`]"}`)
			if len(p.Data) != len(ids) {
				return fmt.Errorf("%d vulnerabilities of %d", len(p.Data), len(ids))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}

	// XSOAR: its connection test, and its list of sites.
	if status, _ := c.send(http.MethodGet, "/vm/admin/health", ""); status != http.StatusOK {
		t.Errorf("health: %d", status)
	}
	if p := read[page[tag]](c, http.MethodPost, base+"/sites", ""); len(p.Data) != 1 || p.Data[0] != (tag{"lab", "SITE"}) {
		t.Errorf("sites %+v", p)
	}
	if sum := walk[map[string]any](c, base+"/vulnerabilities", `{"vulnerability":"severity IN ['Critical', 'Severe'] && modified > 2020-01-01T00:00:00Z"}`, 7); len(sum) == 0 {
		t.Error("the catalogue has nothing grave")
	}
}

// TestRecordedErrors: the texts that clients show or match.
func TestRecordedErrors(t *testing.T) {
	console := exchange.Start(t, insightvm.New)
	key, err := console.Rooms.Identity.NewAPIKey(t.Context(), console.Admin, &harrier.APIKey{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	good, bad := client{t, console.URL, key}, client{t, console.URL, "x"}
	for _, tt := range []struct {
		c                  client
		method, path, body string
		status             int
		message, localized string
	}{
		{bad, "GET", "/validate", "", 401, "Full authentication is required to access this resource.", "Authorization is required to interact with this resource."},
		{good, "POST", base + "/scan", "", 400, "Required request body is missing.", "A request body must be provided."},
		{good, "GET", base + "/assets/unknown", "", 404, "The requested resource does not exist.", "The requested resource does not exist."},
		{good, "POST", base + "/scan", `{"asset_ids":["unknown"],"name":"x"}`, 400, "Your scan start request has 1 error: Did not find any platform registered engines from assets in scope. No scans will be performed.", ""},
		{good, "POST", base + "/assets", `{"asset":"invalid asset criteria"}`, 400, "Your query string format is not valid. It has 1 error: Unable to parse query: invalid asset criteria due to The query invalid asset criteria seems to be invalid format: null", ""},
	} {
		status, raw := tt.c.send(tt.method, tt.path, tt.body)
		var e struct {
			Status    int
			Message   string
			Localized *string `json:"localized_message"`
		}
		err := json.Unmarshal(raw, &e)
		if err != nil || status != tt.status || e.Status != status || e.Message != tt.message || (e.Localized == nil) != (tt.localized == "") || e.Localized != nil && *e.Localized != tt.localized {
			t.Errorf("%s %s: %d %s, %v; want %d %q %q", tt.method, tt.path, status, raw, err, tt.status, tt.message, tt.localized)
		}
	}
}
