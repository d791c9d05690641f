package site

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
)

func TestCreate(t *testing.T) {
	ctx := t.Context()
	h := open(t)
	s := h.site(t, harrier.Site{
		ID: 44, Name: "lan", Targets: "192.0.2.0/28", Owner: 3, LastScan: 9, NextRun: noon,
		Schedule: harrier.Schedule{Enabled: true, Start: "20260302T080000", Rule: "FREQ=DAILY", Timezone: "Europe/London"},
		Grants:   []harrier.Grant{{User: 2, Level: harrier.MayControl}},
	})
	if s.ID != 1 || s.UUID.IsZero() || s.Owner != 1 || s.Folder != harrier.MyScans || s.Repository != harrier.DefaultRepository || s.LastScan != 0 || !s.Created.Equal(noon) {
		t.Errorf("Create gave %+v", s)
	}
	if want := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC); !s.NextRun.Equal(want) {
		t.Errorf("NextRun = %v; want %v", s.NextRun, want)
	}
	got, err := h.Site(ctx, h.users[0], s.ID)
	if diff := cmp.Diff(s, got); err != nil || diff != "" {
		t.Errorf("Site = %v (-created +read):\n%s", err, diff)
	}
	p, err := h.db.Policy(ctx, s.Policy)
	if err != nil || !p.Hidden || p.Template != "basic" || p.Owner != 1 || len(p.Grants) != 1 {
		t.Errorf("the site's own policy = %+v, %v; want a hidden basic one, shared as the site is", p, err)
	}
	if list, err := h.policies.Policies(ctx, h.users[0]); err != nil || len(list) != 0 {
		t.Errorf("Policies = %v, %v; want none listed", list, err)
	}
	if s := h.site(t, harrier.Site{Name: "later"}); !s.NextRun.IsZero() {
		t.Errorf("NextRun without a schedule = %v; want none", s.NextRun)
	}
	byAdmin := harrier.Site{Name: "for another", Owner: 1}
	noError(t, "Create", h.Create(ctx, h.users[2], &byAdmin))
	if byAdmin.Owner != 1 {
		t.Errorf("owner = %d; want 1, whom the administrator named", byAdmin.Owner)
	}
}

func TestCreateRefuses(t *testing.T) {
	ctx := t.Context()
	h := open(t)
	theirs := harrier.Folder{Name: "theirs"}
	noError(t, "CreateFolder", h.CreateFolder(ctx, h.users[1], &theirs))
	secret := harrier.Policy{Name: "secret"}
	noError(t, "Create policy", h.policies.Create(ctx, h.users[1], &secret))
	list := harrier.AssetList{UUID: harrier.NewUUID(noon), Name: "theirs", Kind: "static", Definition: "192.0.2.1", Owner: h.users[1].User, Created: noon, Modified: noon}
	noError(t, "InsertAssetList", h.db.InsertAssetList(ctx, &list))
	taken := h.site(t, harrier.Site{})
	for field, s := range map[string]harrier.Site{
		"name":       {Name: " "},
		"targets":    {Name: "x", Targets: "999.1.1.1"},
		"exclude":    {Name: "x", Exclude: "192.0.2.1/33"},
		"policy":     {Name: "x", Policy: 999},
		"folder":     {Name: "x", Folder: 999},
		"engine":     {Name: "x", Engine: 999},
		"repository": {Name: "x", Repository: 999},
		"grants":     {Name: "x", Grants: []harrier.Grant{{User: 999, Level: harrier.MayView}}},
		"rrules":     {Name: "x", Schedule: harrier.Schedule{Enabled: true, Start: "20260302T080000", Rule: "FREQ=NEVERMORE"}},
		"starttime":  {Name: "x", Schedule: harrier.Schedule{Enabled: true, Start: "tomorrow"}},
		"timezone":   {Name: "x", Schedule: harrier.Schedule{Enabled: true, Start: "20260302T080000", Timezone: "Mars"}},
		// Out of sight is as good as not there.
		"policy ":  {Name: "x", Policy: secret.ID},
		"policy  ": {Name: "x", Policy: taken.Policy}, // another site's own
		"folder ":  {Name: "x", Folder: theirs.ID},
		"lists":    {Name: "x", Options: harrier.SiteOptions{Lists: []harrier.ID{999}}},
		"lists ":   {Name: "x", Options: harrier.SiteOptions{Spared: []harrier.ID{list.ID}}},
		"grants ":  {Name: "x", Grants: []harrier.Grant{{Level: 17}}},
	} {
		err := h.Create(ctx, h.users[0], &s)
		wantKind(t, "Create with a bad "+field, err, harrier.Invalid)
		if field = strings.TrimSpace(field); field != "targets" && !strings.HasPrefix(harrier.MessageOf(err), field+": ") {
			t.Errorf("Create with a bad %s says %q", field, harrier.MessageOf(err))
		}
	}
	wantKind(t, "Create by a viewer", h.Create(ctx, h.users[3], &harrier.Site{Name: "x"}), harrier.Forbidden)
	sites, err := h.db.Sites(ctx)
	policies, err2 := h.db.Policies(ctx)
	if len(sites) != 1 || len(policies) != 2 || err != nil || err2 != nil {
		t.Errorf("refused sites left %d sites and %d policies; want 1 and 2", len(sites), len(policies))
	}
}

// TestPermissions is the matrix of role and level by operation.
func TestPermissions(t *testing.T) {
	ctx := t.Context()
	const (
		ok        = harrier.Kind(255)
		forbidden = harrier.Forbidden
		notFound  = harrier.NotFound
	)
	h := open(t)
	owner, other, admin, viewer := h.users[0], h.users[1], h.users[2], h.users[3]
	none := harrier.Actor{User: other.User, Role: harrier.NoRole}
	for _, c := range []struct {
		name                               string
		by                                 harrier.Actor
		grant                              harrier.Grant
		level                              harrier.Level
		see, read, update, move, own, kill harrier.Kind
	}{
		{"owner", owner, harrier.Grant{}, harrier.Owns, ok, ok, ok, ok, ok, ok},
		{"another", other, harrier.Grant{}, harrier.NoAccess, notFound, notFound, notFound, notFound, notFound, notFound},
		{"no access granted", other, harrier.Grant{User: 2}, harrier.NoAccess, notFound, notFound, notFound, notFound, notFound, notFound},
		{"another's grant", other, harrier.Grant{User: 4, Level: harrier.MayConfigure}, harrier.NoAccess, notFound, notFound, notFound, notFound, notFound, notFound},
		{"view", other, harrier.Grant{User: 2, Level: harrier.MayView}, harrier.MayView, ok, ok, forbidden, forbidden, forbidden, forbidden},
		{"view, as everybody", other, harrier.Grant{Level: harrier.MayView}, harrier.MayView, ok, ok, forbidden, forbidden, forbidden, forbidden},
		{"control", other, harrier.Grant{User: 2, Level: harrier.MayControl}, harrier.MayControl, ok, ok, forbidden, forbidden, forbidden, forbidden},
		{"configure", other, harrier.Grant{User: 2, Level: harrier.MayConfigure}, harrier.MayConfigure, ok, ok, ok, ok, forbidden, forbidden},
		{"own", other, harrier.Grant{User: 2, Level: harrier.Owns}, harrier.MayConfigure, ok, ok, ok, ok, forbidden, forbidden},
		{"viewer", viewer, harrier.Grant{}, harrier.NoAccess, notFound, notFound, forbidden, forbidden, forbidden, forbidden},
		{"viewer who may configure", viewer, harrier.Grant{User: 4, Level: harrier.MayConfigure}, harrier.MayConfigure, ok, ok, forbidden, forbidden, forbidden, forbidden},
		{"without a role", none, harrier.Grant{User: 2, Level: harrier.MayConfigure}, harrier.NoAccess, notFound, notFound, forbidden, forbidden, forbidden, forbidden},
		{"administrator", admin, harrier.Grant{}, harrier.Owns, ok, ok, ok, ok, ok, ok},
		{"system", harrier.System, harrier.Grant{}, harrier.Owns, ok, ok, ok, ok, ok, ok},
	} {
		grants := []harrier.Grant{c.grant}
		s := h.site(t, harrier.Site{Grants: grants})
		want := func(op string, err error, want harrier.Kind) {
			t.Helper()
			got := ok
			if err != nil {
				got = harrier.KindOf(err)
			}
			if got != want {
				t.Errorf("%s: %s = %v; want kind %v", c.name, op, err, want)
			}
		}
		if got := h.Level(c.by, s); got != c.level {
			t.Errorf("%s: Level = %d; want %d", c.name, got, c.level)
		}
		_, err := h.Site(ctx, c.by, s.ID)
		want("Site", err, c.see)
		list, err := h.Sites(ctx, c.by)
		seen := false
		for _, o := range list {
			seen = seen || o.ID == s.ID
		}
		if err != nil || seen != (c.see == ok) {
			t.Errorf("%s: Sites has it: %v, %v; want %v", c.name, seen, err, c.see == ok)
		}
		want("SetRead", h.SetRead(ctx, c.by, s.ID, true), c.read)
		u := s
		u.Description, u.Grants = "changed", []harrier.Grant{c.grant, {User: 3, Level: harrier.MayView}}
		want("Update", h.Update(ctx, c.by, &u), c.update)
		stored, err := h.db.Site(ctx, s.ID)
		if err != nil || (stored.Description == "changed") != (c.update == ok) || (len(stored.Grants) == 2) != (c.own == ok) {
			t.Errorf("%s: after Update %q, shared with %v, %v", c.name, stored.Description, stored.Grants, err)
		}
		p, err := h.db.Policy(ctx, s.Policy)
		if err != nil || len(p.Grants) != len(stored.Grants) {
			t.Errorf("%s: the site is shared with %v, its own policy with %v, %v", c.name, stored.Grants, p.Grants, err)
		}
		want("Move", h.Move(ctx, c.by, s.ID, harrier.Trash), c.move)
		want("Delete", h.Delete(ctx, c.by, s.ID), c.kill)
	}
}

func TestUpdate(t *testing.T) {
	ctx := t.Context()
	h := open(t)
	daily := harrier.Schedule{Enabled: true, Start: "20260302T080000", Rule: "FREQ=DAILY"}
	s := h.site(t, harrier.Site{Schedule: daily})
	// A scan writes what only scans write.
	stored := s
	stored.LastScan, stored.LastRun = 7, noon
	noError(t, "UpdateSite", h.db.UpdateSite(ctx, &stored))
	h.at = noon.Add(48 * time.Hour)
	stored.Options.Survey = &harrier.Survey{Kind: harrier.SurveyVendor, Enabled: true}
	noError(t, "UpdateSite", h.db.UpdateSite(ctx, &stored))
	for _, v := range []*harrier.Survey{nil, {Kind: harrier.SurveyOwn, Enabled: true}} {
		u := stored
		u.Options.Survey = v
		noError(t, "Update", h.Update(ctx, h.users[0], &u))
		if v := u.Options.Survey; v == nil || v.Kind != harrier.SurveyVendor || !v.Enabled {
			t.Errorf("Update made the survey %+v", v)
		}
	}
	stored.Options.Survey = nil
	noError(t, "UpdateSite", h.db.UpdateSite(ctx, &stored))
	u := harrier.Site{ID: s.ID, Name: "renamed", Policy: s.Policy, Schedule: daily, Owner: 2}
	noError(t, "Update", h.Update(ctx, h.users[0], &u))
	if u.UUID != s.UUID || u.Owner != 1 || u.LastScan != 7 || !u.Created.Equal(s.Created) || u.Folder != s.Folder || u.Repository != s.Repository || u.Name != "renamed" {
		t.Errorf("Update gave %+v", u)
	}
	if !u.NextRun.Equal(s.NextRun) {
		t.Errorf("Update with the same schedule moved the next run, which is due, from %v to %v", s.NextRun, u.NextRun)
	}
	u.Schedule.Rule = "FREQ=WEEKLY"
	noError(t, "Update", h.Update(ctx, h.users[0], &u))
	if want := time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC); !u.NextRun.Equal(want) {
		t.Errorf("NextRun of another schedule = %v; want %v", u.NextRun, want)
	}
	u.Schedule.Enabled = false
	noError(t, "Update", h.Update(ctx, h.users[0], &u))
	if !u.NextRun.IsZero() {
		t.Errorf("NextRun of a schedule that is off = %v; want none", u.NextRun)
	}
	u.Owner = 2
	noError(t, "Update by an administrator", h.Update(ctx, h.users[2], &u))
	if p, err := h.db.Policy(ctx, u.Policy); u.Owner != 2 || err != nil || p.Owner != 2 {
		t.Errorf("owner %d, of the policy %d, %v; want 2", u.Owner, p.Owner, err)
	}
	u.Owner = 999
	wantKind(t, "Update with an unknown owner", h.Update(ctx, h.users[2], &u), harrier.Invalid)
	wantKind(t, "Update of no site", h.Update(ctx, h.users[0], &harrier.Site{ID: 999}), harrier.NotFound)
}

// TestUpdateKeepsWhatIsOutOfSight: a policy that was shared once may go on
// being used.
func TestUpdateKeepsWhatIsOutOfSight(t *testing.T) {
	ctx := t.Context()
	h := open(t)
	p := harrier.Policy{Name: "shared", Grants: []harrier.Grant{{User: 1, Level: harrier.MayView}}}
	noError(t, "Create policy", h.policies.Create(ctx, h.users[1], &p))
	s := h.site(t, harrier.Site{Policy: p.ID})
	p.Grants = nil
	noError(t, "Update policy", h.policies.Update(ctx, h.users[1], &p))
	s.Name = "renamed"
	noError(t, "Update", h.Update(ctx, h.users[0], &s))
	if p, err := h.db.Policy(ctx, p.ID); err != nil || p.Owner != 2 {
		t.Errorf("a listed policy has the owner %d, %v; want 2 still", p.Owner, err)
	}
}

func TestUpdateWith(t *testing.T) {
	ctx := t.Context()
	h := open(t)
	s := h.site(t, harrier.Site{})
	first := s.Policy
	p := harrier.Policy{Name: "new", Template: "advanced"}
	noError(t, "UpdateWith a new policy", h.UpdateWith(ctx, h.users[0], &s, &p))
	if s.Policy != p.ID || s.Policy == first {
		t.Errorf("the site has policy %d; want the new one, %d", s.Policy, p.ID)
	}
	if _, err := h.db.Policy(ctx, first); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("the policy that was replaced is still there: %v", err)
	}
	p.Settings.UDP, s.Name = true, " "
	wantKind(t, "UpdateWith a bad site", h.UpdateWith(ctx, h.users[0], &s, &p), harrier.Invalid)
	if stored, err := h.db.Policy(ctx, p.ID); err != nil || stored.Settings.UDP {
		t.Errorf("a refused UpdateWith changed the policy (%v)", err)
	}
	s.Name = "good"
	noError(t, "UpdateWith", h.UpdateWith(ctx, h.users[0], &s, &p))
	if stored, err := h.db.Policy(ctx, p.ID); err != nil || !stored.Settings.UDP {
		t.Errorf("UpdateWith did not change the policy (%v)", err)
	}
	wantKind(t, "UpdateWith by another", h.UpdateWith(ctx, h.users[1], &s, &p), harrier.NotFound)
}

func TestDelete(t *testing.T) {
	ctx := t.Context()
	h := open(t)
	s := h.site(t, harrier.Site{})
	scan := harrier.Scan{UUID: harrier.NewUUID(noon), Site: s.ID, Repository: s.Repository, Name: "run", Created: noon}
	for _, status := range []harrier.ScanStatus{harrier.ScanRunning, harrier.ScanQueued, harrier.ScanPaused, harrier.ScanStopping} {
		scan.Status = status
		if scan.ID == 0 {
			noError(t, "InsertScan", h.db.InsertScan(ctx, &scan))
		} else {
			noError(t, "UpdateScan", h.db.UpdateScan(ctx, &scan))
		}
		err := h.Delete(ctx, h.users[0], s.ID)
		wantKind(t, "Delete while a scan is "+string(status), err, harrier.Conflict)
		if harrier.MessageOf(err) != "Can not delete an active scan" {
			t.Errorf("Delete while a scan is %s says %q", status, harrier.MessageOf(err))
		}
	}
	scan.Status = harrier.ScanCompleted
	noError(t, "UpdateScan", h.db.UpdateScan(ctx, &scan))
	noError(t, "Delete", h.Delete(ctx, h.users[0], s.ID))
	_, errSite := h.db.Site(ctx, s.ID)
	_, errScan := h.db.Scan(ctx, scan.ID)
	_, errPolicy := h.db.Policy(ctx, s.Policy)
	for what, err := range map[string]error{"site": errSite, "scan": errScan, "its own policy": errPolicy} {
		wantKind(t, what+" after Delete", err, harrier.NotFound)
	}
	wantKind(t, "Delete again", h.Delete(ctx, h.users[0], s.ID), harrier.NotFound)

	p := harrier.Policy{Name: "listed"}
	noError(t, "Create policy", h.policies.Create(ctx, h.users[0], &p))
	s = h.site(t, harrier.Site{Policy: p.ID})
	noError(t, "Delete", h.Delete(ctx, h.users[0], s.ID))
	_, err := h.db.Policy(ctx, p.ID)
	noError(t, "a listed policy after Delete", err)

	log, err := h.db.Audit(ctx, 1)
	if err != nil || len(log) != 1 || log[0].Action != "site.delete" || log[0].Actor != "user1" || log[0].Via != "test" {
		t.Errorf("audit log ends with %+v, %v; want site.delete by user1", log, err)
	}
}

// TestOwnersInReach: somebody of an organisation gives sites to those alone whose
// objects they manage, and not to the installation's people, whose scans may more.
func TestOwnersInReach(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	seats := map[harrier.ID]harrier.Seat{1: {User: 1, Organization: 1, Group: 5}, 2: {User: 2, Organization: 1, Group: 6}, 3: {User: 3, Organization: 1, Group: 5}, 4: {User: 4}}
	by := h.users[2]
	by.Organization, by.Group, by.Place = 1, 5, &harrier.Standing{Seats: seats, Objects: []harrier.ID{5}}
	for owner, ok := range map[harrier.ID]bool{1: true, 2: false, 3: true, 4: false} {
		s := harrier.Site{Name: "s", Owner: owner}
		err := h.Create(ctx, by, &s)
		if !ok {
			wantKind(t, fmt.Sprintf("Create for user %d", owner), err, harrier.Invalid)
			s = harrier.Site{Name: "s"}
			if err := h.Create(ctx, by, &s); err != nil {
				t.Fatal(err)
			}
			s.Owner = owner
			wantKind(t, fmt.Sprintf("Update for user %d", owner), h.Update(ctx, by, &s), harrier.Invalid)
		} else if err != nil || s.Owner != owner {
			t.Errorf("Create for user %d = %v, owner %d", owner, err, s.Owner)
		}
	}
}
