package asm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/hexiosec/asm-sdk-go"
	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/asm"
	"github.com/harrier-scan/harrier/internal/dialect/asm/asmtest"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/finding"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder notes which operations were called and went well.
type recorder struct {
	mu   sync.Mutex
	seen map[string]bool
	add  http.Header // to every request
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// RoundTrip sends a request.
func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	for name, values := range r.add {
		q.Header[name] = values
	}
	answer, err := http.DefaultTransport.RoundTrip(q)
	if err == nil && (answer.StatusCode < 300 || strings.Contains(q.URL.Path, "/screenshots/")) {
		path := ids.ReplaceAllString(strings.TrimPrefix(q.URL.Path, "/api"), "{}")
		path = regexp.MustCompile(`/(asset|tags)/[^/]+`).ReplaceAllString(path, "/$1/{}")
		r.mu.Lock()
		r.seen[q.Method+" "+path] = true
		r.mu.Unlock()
	}
	return answer, err
}

// client is the published client, signed in with a key; "" for none.
func client(t *testing.T, url, key string, r *recorder) *sdk.APIClient {
	t.Helper()
	c := sdk.NewConfiguration()
	c.Servers, c.APIKey, c.HTTPClient = sdk.ServerConfigurations{{URL: url + "/api"}}, key, &http.Client{Transport: r, Timeout: time.Minute}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return sdk.NewAPIClient(c)
}

// must returns what a call answered that has to go well.
func must[A any](t *testing.T, what string) func(A, *http.Response, error) A {
	return func(a A, r *http.Response, err error) A {
		t.Helper()
		closed(r)
		var told *sdk.GenericOpenAPIError
		if errors.As(err, &told) {
			t.Fatalf("%s: %v: %s", what, err, told.Body())
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return a
	}
}

func closed(r *http.Response) {
	if r != nil && r.Body != nil {
		_ = r.Body.Close()
	}
}

// empty is must for calls that answer nothing.
func empty(t *testing.T, what string) func(*http.Response, error) {
	return func(r *http.Response, err error) {
		t.Helper()
		must[struct{}](t, what)(struct{}{}, r, err)
	}
}

// refused asks that a call fails with a status and a code.
func refused(t *testing.T, what string, status int, code string, r *http.Response, err error) {
	t.Helper()
	closed(r)
	var told *sdk.GenericOpenAPIError
	if !errors.As(err, &told) || r == nil || r.StatusCode != status || !bytes.Contains(told.Body(), []byte(`"code":"`+code+`"`)) {
		body := []byte{}
		if told != nil {
			body = told.Body()
		}
		t.Errorf("%s = %v, %s; want %d %s", what, err, body, status, code)
	}
}

// finish waits for an iteration to end, as the guide does.
func finish(t *testing.T, ctx context.Context, api *sdk.APIClient, scan string) map[string]any {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		s := must[*sdk.ScanResponse](t, "poll")(api.ScansAPI.GetScanByID(ctx, scan).Expand([]string{"iteration"}).Execute())
		if state := s.Iteration["state"]; state == "completed" || state == "failed" || state == "timed_out" {
			return s.Iteration
		}
	}
	t.Fatal("the iteration does not end")
	return nil
}

// TestClient sweeps every operation with the published client, on a console whose
// surveys look at a little internet.
func TestClient(t *testing.T) {
	w := asmtest.New(t)
	c := exchange.Start(t, asm.New, w.Surface)
	ctx, rec := t.Context(), &recorder{seen: map[string]bool{}}

	// Nobody, then a browser's session makes a key.
	if s := must[*sdk.AuthResponse](t, "auth without a key")(client(t, c.URL, "", rec).AuthAPI.GetState(ctx).Execute()); s.Authenticated {
		t.Error("authenticated without a key")
	}
	_, r, err := client(t, c.URL, "wrong", rec).OrganisationsAPI.GetOrganisations(ctx).Execute()
	refused(t, "a wrong key", 401, "unauthorized", r, err)
	token, _, err := c.Rooms.Identity.SignIn(ctx, c.Name, c.Password, "test", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	browser := client(t, c.URL, "", &recorder{seen: rec.seen, add: http.Header{"Cookie": {"hexiosec-session=" + token}}})
	session := must[*sdk.AuthResponse](t, "session")(browser.AuthAPI.GetState(ctx).Execute())
	if !session.Authenticated || session.GetScheme() != "session" || session.GetCsrf() == "" {
		t.Fatalf("session = %+v", session)
	}
	form := *sdk.NewUsersCreateAPIKeyRequest("sweep", "720h")
	_, r, err = browser.UsersAPI.UsersApiKeyPost(ctx).XCSRFToken("wrong").UsersCreateAPIKeyRequest(form).Execute()
	refused(t, "a wrong token", 403, "invalid_csrf", r, err)
	key := must[*sdk.UsersCreateAPIKeyResponse](t, "new key")(browser.UsersAPI.UsersApiKeyPost(ctx).XCSRFToken(session.GetCsrf()).UsersCreateAPIKeyRequest(form).Execute())
	api := client(t, c.URL, key.ApiKey, rec)
	if s := must[*sdk.AuthResponse](t, "auth")(api.AuthAPI.GetState(ctx).Execute()); !s.Authenticated || !slices.Contains(s.Roles, "scans:manage") {
		t.Fatalf("auth = %+v", s)
	}
	org, group := organisations(t, ctx, c, api)

	// The guide: create, seed, enable, wait.
	scan := must[*sdk.ScanResponse](t, "create")(api.ScansAPI.CreateScan(ctx).CreateScanRequest(*sdk.NewCreateScanRequest("Acme", group, sdk.SCANTYPE_CONTINUOUS_OWN)).Execute())
	if scan.Enabled || !scan.GetMonitor() || scan.GetMonitorSchedule() != "weekly" || scan.GetNode() != nil {
		t.Errorf("a new scan is %+v", scan)
	}
	w.Narrow(t, c, scan.Id)
	on := sdk.UpdateScanByIdRequest{Enabled: sdk.PtrBool(true)}
	_, r, err = api.ScansAPI.UpdateScanById(ctx, scan.Id).UpdateScanByIdRequest(on).Execute()
	refused(t, "enable without seeds", 400, "no_seeds", r, err)
	node := seeds(t, ctx, api, scan.Id)
	must[*sdk.ScanResponse](t, "enable")(api.ScansAPI.UpdateScanById(ctx, scan.Id).UpdateScanByIdRequest(on).Execute())
	if it := finish(t, ctx, api, scan.Id); it["state"] != "completed" {
		t.Fatalf("iteration = %v", it)
	}

	// Another iteration of a changed world.
	w.Set(strings.ReplaceAll(asmtest.Zone, "shop CNAME edge.provider.test.\n", "api A 127.0.55.10\n"))
	empty(t, "rescan")(api.ScansAPI.TriggerRescanByScanId(ctx, scan.Id).Execute())
	_, err = api.ScansAPI.TriggerRescanByScanId(ctx, scan.Id).Execute()
	if err == nil {
		t.Error("rescan while one runs went well")
	}
	second := finish(t, ctx, api, scan.Id)
	if second["state"] != "completed" {
		t.Fatalf("iteration = %v", second)
	}
	scans(t, ctx, api, group, scan.Id)
	data(t, ctx, api, scan.Id, second["id"].(string))
	actions(t, ctx, c, api, scan.Id)
	reports(t, ctx, api, scan.Id, org)

	// Its end.
	empty(t, "remove a tag")(api.ScansAPI.RemoveSeedTag(ctx, scan.Id, node, "main").Execute())
	empty(t, "remove a seed")(api.ScansAPI.RemoveScanSeedById(ctx, scan.Id, node).Execute())
	empty(t, "delete")(api.ScansAPI.DeleteScanById(ctx, scan.Id).Execute())
	_, r, err = api.ScansAPI.GetScanByID(ctx, scan.Id).Execute()
	refused(t, "a deleted scan", 404, "not_found", r, err)
	if n := must[*sdk.InlineObject](t, "count")(api.ScansAPI.GetScansCount(ctx).ScanGroupId(group).Type_([]string{"continuous_own"}).IncludeDeleted(true).Execute()); n.GetCount() != 1 {
		t.Errorf("with deleted ones there are %d scans; want 1", n.GetCount())
	}
	empty(t, "delete a group")(api.ScanGroupsAPI.DeleteScanGroupByID(ctx, group).Execute())
	if n := len(rec.seen); n != 58 {
		t.Errorf("%d operations were called; want 58: %q", n, slices.Sorted(keys(rec.seen)))
	}
}

func keys(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// organisations sweeps organisations, scan groups and users, and returns an
// organisation and a new scan group of it.
func organisations(t *testing.T, ctx context.Context, c *exchange.Console, api *sdk.APIClient) (org, group string) {
	t.Helper()
	list := must[[]sdk.OrganisationResponse](t, "organisations")(api.OrganisationsAPI.GetOrganisations(ctx).Expand([]string{"roles", "owner"}).Execute())
	if len(list) != 1 || len(list[0].Roles) == 0 {
		t.Fatalf("organisations = %+v", list)
	}
	org = list[0].Id
	must[*sdk.OrganisationResponse](t, "organisation")(api.OrganisationsAPI.GetOrganisationByID(ctx, org).Execute())
	if err := c.Rooms.Surveys.PutBlob(ctx, c.Admin, harrier.FirstOrganization, "logo", "PHN2Zy8+"); err != nil {
		t.Fatal(err)
	}
	if a := must[*sdk.OrganisationAssetResponse](t, "logo")(api.OrganisationsAPI.GetOrganisationAsset(ctx, org, "logo").Execute()); a.Asset != "PHN2Zy8+" {
		t.Errorf("logo = %q", a.Asset)
	}
	empty(t, "delete the logo")(api.OrganisationsAPI.DeleteOrganisationAsset(ctx, org, "logo").Execute())
	made := must[*sdk.ScanGroupResponse](t, "new group")(api.ScanGroupsAPI.CreateScanGroup(ctx).ScanGroupCreateRequestBody(*sdk.NewScanGroupCreateRequestBody("Outside", org)).Execute())
	group = made.Id
	name := sdk.NewScanGroupUpdateRequestBody()
	name.SetName("Perimeter")
	must[*sdk.ScanGroupResponse](t, "rename")(api.ScanGroupsAPI.UpdateScanGroupByID(ctx, group).ScanGroupUpdateRequestBody(*name).Execute())
	one := must[*sdk.ScanGroupResponse](t, "group")(api.ScanGroupsAPI.GetScanGroupByID(ctx, group).Expand([]string{"created_by", "roles"}).Execute())
	if one.Name != "Perimeter" || one.OrganisationId != org || one.CreatedByUser == nil {
		t.Errorf("group = %+v", one)
	}
	if all := must[[]sdk.ScanGroupResponse](t, "groups")(api.ScanGroupsAPI.GetScanGroups(ctx).OrganisationId(org).Dir("desc").Execute()); len(all) != 2 || all[0].Id != group {
		t.Errorf("groups = %+v", all)
	}
	if users := must[[]sdk.UserResponse](t, "users")(api.UsersAPI.GetUsers(ctx).OrganisationId(org).Execute()); len(users) != 1 || len(users[0].ScanGroups) != 2 {
		t.Errorf("users = %+v", users)
	}
	want := sdk.NewUpdateUserPreferencesRequest()
	want.SetDefaultScanGroup(group)
	u := must[*sdk.UserRowResponse](t, "preferences")(api.UsersAPI.UpdateUserPreferences(ctx).UpdateUserPreferencesRequest(*want).Execute())
	if u.Attributes["default_scan_group"] != group {
		t.Errorf("preferences = %v", u.Attributes)
	}
	return org, group
}

// seeds adds seeds as the connector does, and returns the id of the first one.
func seeds(t *testing.T, ctx context.Context, api *sdk.APIClient, scan string) string {
	t.Helper()
	add := func(name, kind string, tags ...string) (*sdk.NodeResponse, *http.Response, error) {
		q := sdk.NewCreateScanSeedRequest(name, kind)
		q.Tags = tags
		return api.ScansAPI.AddScanSeedById(ctx, scan).CreateScanSeedRequest(*q).Execute()
	}
	node := must[*sdk.NodeResponse](t, "seed")(add("Acme.test", "Domain", "main", "web"))
	for _, tt := range []struct{ name, kind, code string }{
		{"acme.TEST.", "domain", "seed_exists"}, {"acme.test", "IPv4", "invalid_seed"}, {"127.0.0.1", "IPv4", "reserved_range"}, {"224.0.0.0/24", "IPRange", "reserved_range"}, {"x y", "Domain", "invalid_seed"},
	} {
		_, r, err := add(tt.name, tt.kind)
		refused(t, tt.name, 400, tt.code, r, err)
	}
	_, r, err := add("acme.example", "Domain", "1", "2", "3", "4", "5", "6")
	refused(t, "six tags", 400, "invalid_tags", r, err)
	list := must[[]sdk.SeedsResponseInner](t, "seeds")(api.ScansAPI.GetScanSeedsById(ctx, scan).Expand([]string{"tags"}).Execute())
	if len(list) != 1 || list[0].Id != node.Id || list[0].Name != "acme.test" || list[0].Type != "Domain" || !slices.Equal(list[0].Tags, []string{"main", "web"}) {
		t.Errorf("seeds = %+v", list)
	}
	return node.Id
}

// scans sweeps what scans are told by.
func scans(t *testing.T, ctx context.Context, api *sdk.APIClient, group, scan string) {
	t.Helper()
	types := []string{"adhoc", "continuous_own"}
	list := must[[]sdk.ScanResponse](t, "scans")(api.ScansAPI.GetScans(ctx).ScanGroupId(group).Type_(types).Order("name").Expand([]string{"node", "iteration", "created_by"}).Execute())
	if len(list) != 1 || list[0].Id != scan || list[0].MonitorNext == nil || list[0].CreatedByUser == nil || list[0].Node["id"] == nil {
		t.Errorf("scans = %+v", list)
	}
	if n := must[*sdk.InlineObject](t, "count")(api.ScansAPI.GetScansCount(ctx).ScanGroupId(group).Type_(types).Search("acme.test").SearchSeeds(true).Execute()); n.GetCount() != 1 {
		t.Errorf("count = %d", n.GetCount())
	}
	its := must[[]sdk.ScanIterationResponse](t, "iterations")(api.ScansAPI.GetScanIterationsById(ctx, scan).Execute())
	if len(its) != 2 || its[0].State != "completed" || its[1].Completed == nil {
		t.Fatalf("iterations = %+v", its)
	}
	p := must[*sdk.ScanProgressResponse](t, "progress")(api.ScansAPI.GetScanIterationProgress(ctx, scan, its[1].Id).Execute())
	if p.Done != p.Total || p.Total < 2 || p.Complete != p.Done {
		t.Errorf("progress = %+v", p)
	}
	tags := must[[]sdk.ScanLinkTagResponse](t, "link tags")(api.ScansAPI.GetScanLinkTags(ctx, scan).Expand([]string{"link", "tag", "tag_name", "created_by"}).Execute())
	if len(tags) != 2 || tags[0].Link.Label != "SEED" || tags[0].GetTagName() != "main" || tags[0].Tag.Name != "main" {
		t.Errorf("link tags = %+v", tags)
	}
	_, r, err := api.ScansAPI.GetScreenshotById(ctx, scan, scan).Execute()
	refused(t, "a screenshot", 404, "not_found", r, err)
}

// data sweeps what was found.
func data(t *testing.T, ctx context.Context, api *sdk.APIClient, scan, second string) {
	t.Helper()
	d := api.ScanDataAPI
	count := func(what string, want int, o *sdk.InlineObject) {
		t.Helper()
		if int(o.GetCount()) != want || want == 0 {
			t.Errorf("%s: counted %d of %d", what, o.GetCount(), want)
		}
	}
	domains := must[[]sdk.ScanDataDomainResponse](t, "domains")(d.GetScanDataDomains(ctx, scan).Lang("en_gb").Execute())
	count("domains", len(domains), must[*sdk.InlineObject](t, "domains")(d.GetScanDataDomainsCount(ctx, scan).Execute()))
	www := slices.IndexFunc(domains, func(r sdk.ScanDataDomainResponse) bool { return r.Name == "www.acme.test" })
	if www < 0 || len(domains[www].Ips) != 1 || domains[www].Ips[0].Name != "127.0.55.10" {
		t.Fatalf("domains = %+v", domains)
	}
	if one := must[[]sdk.ScanDataDomainResponse](t, "one domain")(d.GetScanDataDomains(ctx, scan).Ids([]string{domains[www].Id}).Execute()); len(one) != 1 {
		t.Errorf("%d domains of one id", len(one))
	}
	others := must[[]sdk.ScanDataOutOfScopeDomainResponse](t, "secondary")(d.GetScanDataSecondaryDomains(ctx, scan).Execute())
	count("secondary", len(others), must[*sdk.InlineObject](t, "secondary")(d.GetScanDataSecondaryDomainsCount(ctx, scan).Execute()))
	count("secondary by its old name", len(others), must[*sdk.InlineObject](t, "old")(d.GetScanDataOutOfScopeDomainsCount(ctx, scan).Execute()))
	must[[]sdk.ScanDataOutOfScopeDomainResponse](t, "old")(d.GetScanDataOutOfScopeDomains(ctx, scan).Execute())
	ips := must[[]sdk.ScanDataIPResponse](t, "ips")(d.GetScanDataIPs(ctx, scan).Order("last_seen").Dir("desc").Execute())
	count("ips", len(ips), must[*sdk.InlineObject](t, "ips")(d.GetScanDataIPsCount(ctx, scan).Execute()))
	pages := must[[]sdk.ScanDataWebPresenceResponse](t, "web presence")(d.GetScanDataWebPresence(ctx, scan).Execute())
	count("pages", len(pages), must[*sdk.InlineObject](t, "pages")(d.GetScanDataWebPresenceCount(ctx, scan).Execute()))
	parts := must[[]sdk.ScanDataComponentResponse](t, "components")(d.GetScanDataComponents(ctx, scan).Execute())
	count("components", len(parts), must[*sdk.InlineObject](t, "components")(d.GetScanDataComponentsCount(ctx, scan).Execute()))
	services := must[[]sdk.ScanDataServiceResponse](t, "services")(d.GetScanDataServices(ctx, scan).Execute())
	count("services", len(services), must[*sdk.InlineObject](t, "services")(d.GetScanDataServicesCount(ctx, scan).Execute()))
	if len(services) != 1 || services[0].Host.Name != "127.0.55.10" || services[0].GetIanaName() != "http" {
		t.Errorf("services = %+v", services)
	}
	risks := must[[]sdk.ScanDataRiskResponse](t, "risks")(d.GetScanDataRisks(ctx, scan).Execute())
	count("risks", len(risks), must[*sdk.InlineObject](t, "risks")(d.GetScanDataRisksCount(ctx, scan).Execute()))
	if one := must[[]sdk.ScanDataRiskResponse](t, "one risk")(d.GetScanDataRisks(ctx, scan).LinkIds([]string{risks[0].LinkId}).Execute()); len(one) != 1 || one[0].Urn != risks[0].Urn {
		t.Errorf("risks of one link = %+v", one)
	}

	changes := must[*sdk.ScanDataLinkChangesResponse](t, "changes")(d.GetScanDataLinkChanges(ctx, scan).LinkType([]string{"CHILD", "DNS_CNAME"}).Execute())
	if changes.Comparison.IterationTo != second || len(changes.Added) != 1 || changes.Added[0].To.Key != "api.acme.test" || changes.Added[0].AddedIn != second {
		t.Errorf("added = %+v", changes)
	}
	if len(changes.Removed) != 2 || changes.Removed[0].GetRemovedIn() != second || changes.Removed[0].To.Key != "shop.acme.test" || changes.Removed[1].To.Key != "edge.provider.test" {
		t.Errorf("removed = %+v", changes.Removed)
	}

	// A person says that an address is not theirs: its risks are gone at once.
	mark := sdk.NewUpdateNodeRequest()
	mark.SetMarkAsSecondary(true)
	web := ips[slices.IndexFunc(ips, func(r sdk.ScanDataIPResponse) bool { return r.Ip == "127.0.55.10" })].Id
	must[*sdk.GenericGraphNode](t, "mark")(api.GraphAPI.UpdateNodeById(ctx, web).UpdateNodeRequest(*mark).Execute())
	if less := must[[]sdk.ScanDataRiskResponse](t, "risks")(d.GetScanDataRisks(ctx, scan).Execute()); len(less) >= len(risks) {
		t.Errorf("%d risks of %d are left", len(less), len(risks))
	}
	mark.SetMarkAsSecondary(false)
	must[*sdk.GenericGraphNode](t, "mark back")(api.ScansAPI.UpdateNodeInScanById(ctx, scan, web).UpdateNodeRequest(*mark).Execute())
	if again := must[[]sdk.ScanDataRiskResponse](t, "risks")(d.GetScanDataRisks(ctx, scan).Execute()); len(again) != len(risks) {
		t.Errorf("%d risks; want %d again", len(again), len(risks))
	}
}

// actions sweeps what is to be done; a ticket of another door says who does it.
func actions(t *testing.T, ctx context.Context, c *exchange.Console, api *sdk.APIClient, scan string) {
	t.Helper()
	list := must[[]sdk.ActionResponse](t, "actions")(api.ActionsAPI.GetActions(ctx).ScanId(scan).Expand([]string{"link_ids", "assignee_user"}).Execute())
	i := slices.IndexFunc(list, func(a sdk.ActionResponse) bool { return a.Rule == "urn:risk:cve:CVE-2023-44487" })
	if i < 0 || list[i].State != "unplanned" || len(list[i].LinkIds) != 1 {
		t.Fatalf("actions = %+v", list)
	}
	found, _, err := c.Rooms.Findings.Findings(ctx, c.Admin, harrier.Cmp{Field: "cve", Op: harrier.Eq, Values: []any{"CVE-2023-44487"}}, finding.Page{})
	if err != nil || len(found) != 1 {
		t.Fatalf("findings %v, %v", found, err)
	}
	ticket := harrier.Ticket{Name: "nginx", Asset: found[0].Asset, Findings: []harrier.VulnID{found[0].Instance.Vulnerability}, Notes: "next week"}
	if err := c.Rooms.Alerts.CreateTicket(ctx, c.Admin, &ticket); err != nil {
		t.Fatal(err)
	}
	a := must[*sdk.ActionResponse](t, "action")(api.ActionsAPI.GetActionByID(ctx, list[i].Id).Expand([]string{"assignee_user", "links"}).Execute())
	if a.State != "prioritised" || a.GetNote() != "next week" || a.AssigneeUser == nil {
		t.Errorf("action = %+v", a)
	}
	if risks := must[[]sdk.ScanDataRiskResponse](t, "its risks")(api.ActionsAPI.GetRisksByActionID(ctx, list[i].Id).Execute()); len(risks) != 1 || risks[0].LinkId != list[i].LinkIds[0] {
		t.Errorf("its risks = %+v", risks)
	}
	gone := slices.ContainsFunc(list, func(a sdk.ActionResponse) bool { return a.GetAssetName() == "shop.acme.test" && a.State == "resolved" })
	if slices.ContainsFunc(list, func(a sdk.ActionResponse) bool { return a.GetAssetName() == "shop.acme.test" }) && !gone {
		t.Error("what is to be done about a name that is gone is not resolved")
	}
}

// reports sweeps reports, and fetches their files.
func reports(t *testing.T, ctx context.Context, api *sdk.APIClient, scan, org string) {
	t.Helper()
	d := api.ReportsAPI
	summary := sdk.NewCreateSummaryReportBody(sdk.REPORTTYPE_SUMMARY, scan, "Quarter", "Europe/London")
	summary.SetExecutiveSummary("All is well.")
	for name, body := range map[string]sdk.CreateReportRequest{
		"%PDF": sdk.CreateSummaryReportBodyAsCreateReportRequest(summary),
		"PK":   sdk.CreateExcelSummaryReportBodyAsCreateReportRequest(sdk.NewCreateExcelSummaryReportBody(sdk.REPORTTYPE_EXCEL_SUMMARY, scan, "Table")),
	} {
		made := must[*sdk.ReportResponse](t, "report")(d.CreateReport(ctx).CreateReportRequest(body).Execute())
		var got *sdk.ReportResponse
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if got = must[*sdk.ReportResponse](t, "its state")(d.GetReport(ctx, made.Id).Execute()); got.State == "done" || got.State == "failed" {
				break
			}
		}
		if got.State != "done" || got.GetDownloadUrl() == "" {
			t.Fatalf("report = %+v", got)
		}
		if status, file := fetch(t, ctx, got.GetDownloadUrl()); status != 200 || !bytes.HasPrefix(file, []byte(name)) {
			t.Errorf("the file is %d %.40q; want %s", status, file, name)
		}
		if status, _ := fetch(t, ctx, got.GetDownloadUrl()+"0"); status != 403 {
			t.Errorf("with a wrong signature: %d; want 403", status)
		}
	}
	list := must[[]sdk.ReportResponse](t, "reports")(d.GetReportsForScan(ctx, scan).Order("name").Execute())
	if len(list) != 2 || list[0].DisplayName != "Quarter" || list[0].DownloadUrl != nil {
		t.Errorf("reports = %+v", list)
	}
	if n := must[*sdk.InlineObject](t, "count")(d.GetReportCountForScan(ctx, scan).Type_("excel_summary").Execute()); n.GetCount() != 1 {
		t.Errorf("count = %d", n.GetCount())
	}
	if all := must[[]sdk.ReportResponse](t, "reports")(d.GetReportsForOrg(ctx, org).Search("tab").Execute()); len(all) != 1 {
		t.Errorf("reports = %+v", all)
	}
	if n := must[*sdk.InlineObject](t, "count")(d.GetReportCountForOrg(ctx, org).Execute()); n.GetCount() != 2 {
		t.Errorf("count = %d", n.GetCount())
	}
	must[[]sdk.ReportTemplateResponse](t, "templates")(d.GetReportTemplatesForOrg(ctx, org).Execute())
	empty(t, "delete")(d.DeleteReport(ctx, list[0].Id).Execute())
}

func fetch(t *testing.T, ctx context.Context, url string) (int, []byte) {
	t.Helper()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, body
}
