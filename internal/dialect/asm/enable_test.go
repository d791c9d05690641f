package asm_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/scan"
	"github.com/harrier-scan/harrier/internal/survey"
)

// dying is a room of scans beside which the console dies: before what it stored
// is committed, or right after.
type dying struct {
	survey.Scans
	after bool
}

var errKilled = errors.New("killed")

// LaunchWithin launches, and dies.
func (d dying) LaunchWithin(ctx context.Context, by harrier.Actor, site harrier.ID, l scan.Launch) (harrier.Scan, func(), error) {
	sc, _, err := d.Scans.LaunchWithin(ctx, by, site, l)
	if err == nil && !d.after {
		err = errKilled
	}
	return sc, func() {}, err
}

// CommandWithin commands, and dies.
func (d dying) CommandWithin(ctx context.Context, by harrier.Actor, scan harrier.ID, c harrier.Command) (func(context.Context), error) {
	_, err := d.Scans.CommandWithin(ctx, by, scan, c)
	if err == nil && !d.after {
		err = errKilled
	}
	return func(context.Context) {}, err
}

// TestDeleteWhole: a scan is deleted, or a scan group with its scans, and what goes
// on is stopped, or neither, whenever the console dies.
func TestDeleteWhole(t *testing.T) {
	c, _, _ := start(t)
	ctx, r := t.Context(), c.Rooms.Surveys
	orgs, err := c.Rooms.Identity.Organizations(ctx, c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []bool{false, true} {
		for _, whole := range []bool{false, true} {
			g, err := r.CreateGroup(ctx, c.Admin, fmt.Sprint("group ", after, whole), orgs[0])
			if err != nil {
				t.Fatal(err)
			}
			var ids []harrier.UUID
			for n := range 2 {
				s := harrier.Site{Name: fmt.Sprint("acme ", after, whole, n), Repository: g.ID, Options: harrier.SiteOptions{Survey: &harrier.Survey{Kind: harrier.SurveyOwn}}}
				seed, err := survey.NewSeed("acme.test", harrier.NodeDomain, nil)
				if err := errors.Join(err, r.Create(ctx, c.Admin, &s, "")); err != nil {
					t.Fatal(err)
				}
				if _, err := r.AddSeed(ctx, c.Admin, s.UUID, seed); err != nil {
					t.Fatal(err)
				}
				if _, err := c.Rooms.Scans.Launch(ctx, c.Admin, s.ID, scan.Launch{Queue: true, NotBefore: time.Now().Add(time.Hour)}); err != nil {
					t.Fatal(err)
				}
				ids = append(ids, s.UUID)
			}
			config := r.Config
			config.Scans = dying{config.Scans, after}
			dead := survey.New(config)
			if whole {
				err = dead.DeleteGroup(ctx, c.Admin, g.UUID)
			} else {
				err = dead.Delete(ctx, c.Admin, ids[0])
			}
			if (err == nil) != after || err != nil && !errors.Is(err, errKilled) {
				t.Fatalf("Delete = %v", err)
			}
			sites, err := r.Sites(ctx, c.Admin)
			if err != nil {
				t.Fatal(err)
			}
			for n, id := range ids {
				s := sites[slices.IndexFunc(sites, func(s harrier.Site) bool { return s.UUID == id })]
				list, err := r.Iterations(ctx, c.Admin, s)
				if err != nil {
					t.Fatal(err)
				}
				want := after && (whole || n == 0)
				if gone, stopped := s.Folder == harrier.Trash, list[0].Status != harrier.ScanQueued; gone != want || stopped != want {
					t.Errorf("killed after the commit: %t; of the whole group: %t: scan %d is deleted: %t, stopped: %t; want %t", after, whole, n, gone, stopped, want)
				}
			}
			if _, err := r.Group(ctx, c.Admin, g.UUID); (err == nil) == (after && whole) {
				t.Errorf("killed after the commit: %t; the group is %v", after, err)
			}
		}
	}
}

// TestEnableWhole: a scan is enabled and has its first iteration, or neither,
// whenever the console dies; to disable it again ends what an earlier call left.
func TestEnableWhole(t *testing.T) {
	c, _, _ := start(t)
	ctx, r := t.Context(), c.Rooms.Surveys
	on, off := true, false
	made := func(name string) harrier.UUID {
		t.Helper()
		s := harrier.Site{Name: name, Repository: harrier.DefaultRepository, Options: harrier.SiteOptions{Survey: &harrier.Survey{Kind: harrier.SurveyOwn}}}
		seed, err := survey.NewSeed("acme.test", harrier.NodeDomain, nil)
		if err := errors.Join(err, r.Create(ctx, c.Admin, &s, "")); err != nil {
			t.Fatal(err)
		}
		if _, err := r.AddSeed(ctx, c.Admin, s.UUID, seed); err != nil {
			t.Fatal(err)
		}
		return s.UUID
	}
	iterations := func(id harrier.UUID) (harrier.Site, []harrier.Scan) {
		t.Helper()
		s, err := r.Site(ctx, c.Admin, id)
		if err != nil {
			t.Fatal(err)
		}
		list, err := r.Iterations(ctx, c.Admin, s)
		if err != nil {
			t.Fatal(err)
		}
		return s, list
	}
	for _, after := range []bool{false, true} {
		id := made(fmt.Sprint("acme ", after))
		config := r.Config
		config.Scans = dying{config.Scans, after}
		name := "renamed"
		_, err := survey.New(config).Update(ctx, c.Admin, id, survey.Change{Name: &name, Enabled: &on})
		if (err == nil) != after || err != nil && !errors.Is(err, errKilled) {
			t.Fatalf("Update = %v", err)
		}
		s, list := iterations(id)
		if s.Options.Survey.Enabled != after || s.Schedule.Enabled != after || (s.Name == name) != after || (len(list) == 1) != after {
			t.Errorf("killed after the commit: %t; it is enabled: %t, %t, is called %s and has %d iterations", after, s.Options.Survey.Enabled, s.Schedule.Enabled, s.Name, len(list))
		}
		if _, err := r.Update(ctx, c.Admin, id, survey.Change{Enabled: &on}); err != nil {
			t.Fatal(err)
		}
		if s, list := iterations(id); !s.Options.Survey.Enabled || len(list) != 1 {
			t.Errorf("enabled again it is %t, with %d iterations", s.Options.Survey.Enabled, len(list))
		}
	}

	id := made("left over")
	s, _ := iterations(id)
	left, err := c.Rooms.Scans.Launch(ctx, c.Admin, s.ID, scan.Launch{Queue: true, NotBefore: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Update(ctx, c.Admin, id, survey.Change{Enabled: &off}); err != nil {
		t.Fatal(err)
	}
	if _, list := iterations(id); len(list) != 1 || list[0].ID != left.ID || list[0].Status == harrier.ScanQueued {
		t.Errorf("what was left is %+v", list)
	}
}

// call asks for something as JSON, and returns the status and the body.
func call(t *testing.T, c *exchange.Console, key, method, path, body string) (int, string) {
	t.Helper()
	status, raw := exchange.Ask(t, method, c.URL+"/api/"+path, body, "X-Hexiosec-API-Key", key)
	return status, strings.TrimSpace(string(raw))
}

// TestBackports: risks that a distribution may have mended show or not, as the scan
// says of the component, at once and wherever risks are told of.
func TestBackports(t *testing.T) {
	c, w, v := start(t)
	lab(t, c, w, v)
	get := func(path string) string {
		t.Helper()
		status, body := call(t, c, v["key"], http.MethodGet, path, "")
		if status != http.StatusOK {
			t.Fatalf("%s = %d %s", path, status, body)
		}
		return body
	}
	shown := func() (doubtful, others int) {
		t.Helper()
		risks := get("v1/scan_data/" + v["scan"] + "/risks")
		doubtful, others = strings.Count(risks, `"is_br_risk":true`), strings.Count(risks, `"is_br_risk":false`)
		if count := get("v1/scan_data/" + v["scan"] + "/risks/count"); count != fmt.Sprintf(`{"count":%d}`, doubtful+others) {
			t.Errorf("count = %s; there are %d and %d", count, doubtful, others)
		}
		for _, path := range []string{"v1/actions?scan_id=" + v["scan"], "v1/scan_data/" + v["scan"] + "/services", "v1/scan_data/" + v["scan"] + "/ips", "v1/scan_data/" + v["scan"] + "/link_changes?link_type=RISK"} {
			if has := strings.Contains(get(path), "CVE-2023-44487"); has != (doubtful > 0) {
				t.Errorf("%s tells of a doubtful risk: %t; there are %d", path, has, doubtful)
			}
		}
		return doubtful, others
	}
	all, others := shown()
	if all == 0 || others == 0 {
		t.Fatalf("%d doubtful risks and %d others; want some of each", all, others)
	}
	urn := "urn:component:application:nginx:1.22.1"
	if list := get("v1/scan_data/" + v["scan"] + "/components"); !strings.Contains(list, urn) {
		t.Fatalf("components = %.500s", list)
	}
	for _, tt := range []struct {
		say  string
		want int
	}{
		{`{"urn:component:application:nginx":false}`, 0},
		{`{"urn:component:application:nginx":true}`, all},
		{`{"` + urn + `":false}`, 0}, // as the list of components calls it
		{`{"urn:component:application:apache":false}`, all},
		{`{"urn:component:application:apache":false,"urn:component:application:nginx":false}`, 0},
		{`null`, all},
	} {
		status, body := call(t, c, v["key"], http.MethodPatch, "v1/scans/"+v["scan"], `{"include_br_risks":`+tt.say+`}`)
		if status != http.StatusOK || !strings.Contains(body, `"include_br_risks":`+tt.say) {
			t.Errorf("%s: %d %s", tt.say, status, body)
		}
		if doubtful, rest := shown(); doubtful != tt.want || rest != others {
			t.Errorf("%s: %d doubtful risks and %d others; want %d and %d", tt.say, doubtful, rest, tt.want, others)
		}
	}
}

// TestOtherOrganisation: who is of another organisation finds nothing of this one,
// by the room as by the door.
func TestOtherOrganisation(t *testing.T) {
	c, w, v := start(t)
	s := lab(t, c, w, v)
	ctx, r := t.Context(), c.Rooms.Surveys
	o := harrier.Organization{Name: "Elsewhere"}
	if err := c.Rooms.Identity.CreateOrganization(ctx, c.Admin, &o); err != nil {
		t.Fatal(err)
	}
	groups, err := c.Rooms.Identity.Groups(ctx, c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(groups, func(g harrier.Group) bool { return g.Organization == o.ID })
	u := harrier.User{Name: "stranger", Role: harrier.Administrator, Organization: o.ID, Group: groups[i].ID}
	if err := c.Rooms.Identity.Create(ctx, c.Admin, &u, "correct-horse-9"); err != nil {
		t.Fatal(err)
	}
	by, err := c.Rooms.Identity.ActorOf(ctx, u.ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	page := harrier.Node{Kind: harrier.NodeURL}
	view, err := r.View(ctx, c.Admin, s.UUID)
	if err != nil {
		t.Fatal(err)
	}
	if list := view.Of(harrier.NodeURL, true); len(list) > 0 {
		page = list[0]
	}
	node := view.Node(page).UUID
	_, err1 := r.Blob(ctx, by, harrier.FirstOrganization, "logo")
	err2 := r.PutBlob(ctx, by, harrier.FirstOrganization, "logo", "x")
	_, err3 := r.Screenshot(ctx, by, s.UUID, node)
	_, _, err4 := r.NodeByID(ctx, by, node)
	_, err5 := r.Site(ctx, by, s.UUID)
	for n, err := range []error{err1, err2, err3, err4, err5} {
		if err == nil || harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("%d: %v; want NotFound", n+1, err)
		}
	}
	if text, err := r.Blob(ctx, c.Admin, harrier.FirstOrganization, "logo"); err != nil || text != "PHN2Zy8+" {
		t.Errorf("the logo is %q, %v", text, err)
	}
	key := newKey(t, c, by)
	for _, path := range []string{
		"orgs/" + v["org"], "orgs/" + v["org"] + "/asset/logo", "scan_groups/" + v["group"], "scan_groups?organisation_id=" + v["org"], "scans?type=adhoc&scan_group_id=" + v["group"],
		"scans/" + v["scan"], "scans/" + v["scan"] + "/seeds", "scans/" + v["scan"] + "/iterations", "scans/" + v["scan"] + "/link_tags", "scans/" + v["scan"] + "/screenshots/" + node.String(),
		"scan_data/" + v["scan"] + "/domains", "scan_data/" + v["scan"] + "/risks", "scan_data/" + v["scan"] + "/risks/count", "scan_data/" + v["scan"] + "/link_changes",
		"actions?scan_id=" + v["scan"], "actions?scan_group_id=" + v["group"], "reports/scan/" + v["scan"], "reports/organisation/" + v["org"], "reports/templates/organisation/" + v["org"],
		"users?organisation_id=" + v["org"], "users?scan_group_id=" + v["group"],
	} {
		if status, body := call(t, c, key, http.MethodGet, "v1/"+path, ""); status != http.StatusNotFound {
			t.Errorf("%s for a stranger = %d %.200s; want 404", path, status, body)
		}
	}
	if status, body := call(t, c, key, http.MethodGet, "v1/orgs", ""); status != http.StatusOK || strings.Contains(body, v["org"]) || !strings.Contains(body, "Elsewhere") {
		t.Errorf("a stranger's organisations = %d %s", status, body)
	}
}

// TestVendor: a scan of others finds names and connects to nothing, whatever is
// said of it here and by other doors.
func TestVendor(t *testing.T) {
	c, w, v := start(t)
	ctx := t.Context()
	_, body := call(t, c, v["key"], http.MethodPost, "v1/scans", `{"name":"Vendor","type":"continuous_vendor","scan_group_id":"`+v["group"]+`"}`)
	id, err := harrier.ParseUUID(strings.TrimPrefix(body, `{"id":"`)[:36])
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	w.Narrow(t, c, id.String())
	for _, change := range []struct{ method, path, body string }{
		{http.MethodPost, "/seeds", `{"name":"acme.test","type":"Domain"}`}, {http.MethodPatch, "", `{"type":"continuous_own","enabled":true}`},
	} {
		if status, body := call(t, c, v["key"], change.method, "v1/scans/"+id.String()+change.path, change.body); status != http.StatusOK {
			t.Fatalf("%s = %d %s", change.body, status, body)
		}
	}
	wait(t, c, id, 1)
	s, err := c.Rooms.Sites.Site(ctx, c.Admin, siteOf(t, c, id).ID)
	if err != nil {
		t.Fatal(err)
	}
	s.Options.Survey = nil // as a door does that knows nothing of surveys
	if err := c.Rooms.Sites.Update(ctx, c.Admin, &s); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Rooms.Scans.Launch(ctx, c.Admin, s.ID, scan.Launch{Targets: "127.0.55.10"}); err != nil {
		t.Fatal(err)
	}
	wait(t, c, id, 2)
	if n := w.Met.Load(); n != 0 {
		t.Errorf("there were %d connections to what is looked at", n)
	}
	if status, body := call(t, c, v["key"], http.MethodGet, "v1/scan_data/"+id.String()+"/domains", ""); status != http.StatusOK || !strings.Contains(body, `"acme.test"`) {
		t.Errorf("domains = %d %.200s", status, body)
	}
	for _, of := range []string{"services", "web_presence", "components"} {
		if _, body := call(t, c, v["key"], http.MethodGet, "v1/scan_data/"+id.String()+"/"+of, ""); body != "[]" {
			t.Errorf("%s = %.200s; want none", of, body)
		}
	}
}

func siteOf(t *testing.T, c *exchange.Console, id harrier.UUID) harrier.Site {
	t.Helper()
	s, err := c.Rooms.Surveys.Site(t.Context(), c.Admin, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
