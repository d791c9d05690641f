package policy

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/secret"
	"github.com/harrier-scan/harrier/internal/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// checks is a small content with checks of several families.
type checks []harrier.CheckInfo

func (c checks) Checks() []harrier.CheckInfo { return c }

var content = checks{
	{ID: 900002, Family: "Databases", Safe: false},
	{ID: 10180, Family: "Port scanners", Kind: harrier.FactCheck, Safe: true},
	{ID: 19506, Family: "Settings", Kind: harrier.FactCheck, Safe: true},
	{ID: 20007, Family: "Service detection", Safe: true},
	{ID: 900001, Family: "Databases", Safe: true},
	{ID: 900001, Family: "Databases", Kind: harrier.MatchCheck, Safe: true},
	{ID: 11213, Family: "Web Servers", Safe: true},
	{ID: 900100, Family: "Debian Local Security Checks", Kind: harrier.MatchCheck, Safe: true},
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func room(t *testing.T) (*Room, *store.DB, string) {
	t.Helper()
	dir := t.TempDir()
	db, err := store.Open(t.Context(), dir+"/h.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	box, err := secret.New(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return New(db, content, box, func() time.Time { return noon }), db, dir
}

func analyst(id harrier.ID) harrier.Actor {
	return harrier.Actor{User: id, Name: fmt.Sprint("user", id), Role: harrier.Analyst, Permissions: harrier.Analyst.Permissions()}
}

func withRole(id harrier.ID, role harrier.Role) harrier.Actor {
	return harrier.Actor{User: id, Name: string(role), Role: role, Permissions: role.Permissions()}
}

func create(t *testing.T, r *Room, by harrier.Actor, p harrier.Policy) harrier.Policy {
	t.Helper()
	if err := r.Create(t.Context(), by, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCreate(t *testing.T) {
	ctx := t.Context()
	r, _, _ := room(t)
	p := create(t, r, analyst(5), harrier.Policy{
		ID: 77, Name: "lan", Owner: 9, Template: "basic", Grants: []harrier.Grant{{Level: harrier.MayView}},
		Settings: harrier.Settings{Ports: "1-1024", PingPorts: []uint16{22}}, Preferences: map[string]string{"x": "y"},
		Checks: harrier.CheckSelection{Families: map[string]bool{"FTP": false}, Single: map[harrier.VulnID]bool{10079: true}},
	})
	if p.ID != 1 || p.UUID.IsZero() || p.Owner != 5 || !p.Created.Equal(noon) || !p.Modified.Equal(noon) {
		t.Errorf("Create gave %+v", p)
	}
	got, err := r.Policy(ctx, analyst(5), p.ID)
	if diff := cmp.Diff(p, got); err != nil || diff != "" {
		t.Errorf("Policy = %v (-created +read):\n%s", err, diff)
	}
	for _, want := range []string{"lan (1)", "lan (2)"} {
		if p := create(t, r, analyst(6), harrier.Policy{Name: "lan"}); p.Name != want || p.Template != "custom" {
			t.Errorf("Create of a taken name gave %q, template %q; want %q, custom", p.Name, p.Template, want)
		}
	}
	if p := create(t, r, analyst(6), harrier.Policy{Name: "lan", Hidden: true}); p.Name != "lan" {
		t.Errorf("a hidden policy got the name %q; want lan", p.Name)
	}
	long := strings.Repeat("ä", 127)
	create(t, r, analyst(6), harrier.Policy{Name: long + "x"})
	if p := create(t, r, analyst(6), harrier.Policy{Name: long + "x"}); len(p.Name) > 255 || !strings.HasSuffix(p.Name, " (1)") {
		t.Errorf("Create of a long taken name gave %q of %d bytes", p.Name, len(p.Name))
	}
	for name, p := range map[string]harrier.Policy{
		"name":     {Name: " "},
		"template": {Name: "x", Template: "nonsense"},
		"ports":    {Name: "x", Settings: harrier.Settings{Ports: "0-99999"}},
	} {
		err := r.Create(ctx, analyst(5), &p)
		if harrier.KindOf(err) != harrier.Invalid || !strings.HasPrefix(harrier.MessageOf(err), name+": ") {
			t.Errorf("Create of a bad %s = %v; want Invalid about it", name, err)
		}
	}
}

// TestPermissions is the matrix of role and level by operation.
func TestPermissions(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	const (
		ok        = harrier.Kind(255)
		forbidden = harrier.Forbidden
		notFound  = harrier.NotFound
	)
	type row struct {
		name                       string
		by                         harrier.Actor
		grant                      harrier.Level
		see, update, share, delete harrier.Kind
	}
	owner := analyst(1)
	for _, c := range []row{
		{"owner", owner, 0, ok, ok, ok, ok},
		{"another analyst", analyst(2), 0, notFound, notFound, notFound, notFound},
		{"analyst who may view", analyst(2), harrier.MayView, ok, forbidden, forbidden, forbidden},
		{"analyst who may control", analyst(2), harrier.MayControl, ok, forbidden, forbidden, forbidden},
		{"analyst who may configure", analyst(2), harrier.MayConfigure, ok, ok, forbidden, forbidden},
		{"analyst who is granted all", analyst(2), harrier.Owns, ok, ok, forbidden, forbidden},
		{"viewer who may configure", withRole(2, harrier.Viewer), harrier.MayConfigure, ok, forbidden, forbidden, forbidden},
		{"viewer", withRole(2, harrier.Viewer), 0, notFound, forbidden, forbidden, forbidden},
		{"administrator", withRole(3, harrier.Administrator), 0, ok, ok, ok, ok},
		{"operator", withRole(4, harrier.Operator), 0, ok, ok, ok, ok},
		{"nobody", harrier.Actor{}, 0, notFound, forbidden, forbidden, forbidden},
		{"a user without a role", withRole(2, harrier.NoRole), harrier.MayConfigure, notFound, forbidden, forbidden, forbidden},
	} {
		p := create(t, r, owner, harrier.Policy{Name: "p"})
		if c.grant != 0 {
			p.Grants = []harrier.Grant{{User: 2, Level: c.grant}}
			if err := r.Update(ctx, owner, &p); err != nil {
				t.Fatal(err)
			}
		}
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
		_, err := r.Policy(ctx, c.by, p.ID)
		want("Policy", err, c.see)
		list, err := r.Policies(ctx, c.by)
		if seen := slices.ContainsFunc(list, func(o harrier.Policy) bool { return o.ID == p.ID }); err != nil || seen != (c.see == ok) {
			t.Errorf("%s: Policies has it: %v, %v; want %v", c.name, seen, err, c.see == ok)
		}
		q := p
		q.Description = "changed"
		want("Update", r.Update(ctx, c.by, &q), c.update)
		q.Grants = []harrier.Grant{{User: 2, Level: harrier.MayConfigure}, {User: 7, Level: harrier.MayView}}
		_ = r.Update(ctx, c.by, &q)
		if stored, err := db.Policy(ctx, p.ID); err != nil || (len(stored.Grants) == 2) != (c.share == ok) {
			t.Errorf("%s: shared with %v, %v; want allowed: %v", c.name, stored.Grants, err, c.share == ok)
		}
		if c.share == ok {
			q.Grants = p.Grants
			want("Update", r.Update(ctx, c.by, &q), ok)
		}
		want("Delete", r.Delete(ctx, c.by, p.ID), c.delete)
	}
	if err := r.Create(ctx, withRole(2, harrier.Viewer), &harrier.Policy{Name: "x"}); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("Create by a viewer = %v; want Forbidden", err)
	}
}

func TestUpdateKeeps(t *testing.T) {
	ctx := t.Context()
	r, _, _ := room(t)
	p := create(t, r, analyst(1), harrier.Policy{Name: "a", Template: "basic", Hidden: true})
	create(t, r, analyst(1), harrier.Policy{Name: "taken"})
	q := harrier.Policy{ID: p.ID, Name: "taken", Owner: 9, Settings: harrier.Settings{UDP: true}}
	if err := r.Update(ctx, analyst(1), &q); err != nil {
		t.Fatal(err)
	}
	if q.UUID != p.UUID || q.Owner != 1 || q.Template != "basic" || !q.Hidden || !q.Created.Equal(p.Created) || !q.Settings.UDP || q.Name != "taken" {
		t.Errorf("Update gave %+v", q)
	}
	listed := create(t, r, analyst(1), harrier.Policy{Name: "b"})
	listed.Name = "taken"
	if err := r.Update(ctx, analyst(1), &listed); err != nil || listed.Name != "taken (1)" {
		t.Errorf("Update to a taken name gave %q, %v; want a suffix", listed.Name, err)
	}
	if err := r.Update(ctx, analyst(1), &listed); err != nil || listed.Name != "taken (1)" {
		t.Errorf("Update with its own name gave %q, %v; want no further suffix", listed.Name, err)
	}
}

func TestDeleteInUse(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	p := create(t, r, analyst(1), harrier.Policy{Name: "lan"})
	site := harrier.Site{Name: "s", Policy: p.ID, Repository: harrier.DefaultRepository}
	if err := db.InsertSite(ctx, &site); err != nil {
		t.Fatal(err)
	}
	err := r.Delete(ctx, analyst(1), p.ID)
	want := `Policy "lan" (ID 1) cannot be deleted since it is currently used by one or more scans.`
	if harrier.KindOf(err) != harrier.Conflict || harrier.MessageOf(err) != want {
		t.Errorf("Delete of a policy in use = %v; want Conflict %s", err, want)
	}
	if err := db.DeleteSite(ctx, site.ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Delete(ctx, analyst(1), p.ID); err != nil {
		t.Errorf("Delete afterwards = %v", err)
	}
}

// TestSecretsStay plants canaries and looks for them in every answer and in
// every byte of the database.
func TestSecretsStay(t *testing.T) {
	ctx := t.Context()
	r, db, dir := room(t)
	const canary = "canary-7f3a91"
	ssh := func() harrier.Credential {
		return harrier.Credential{Category: "Host", Type: "SSH", Fields: map[string]string{
			"username": "root", "auth_method": "password", "custom_password_prompt": "Password:",
			"password": canary + "-1", "private_key": canary + "-2", "Escalation_Password": canary + "-3",
		}}
	}
	p := create(t, r, analyst(1), harrier.Policy{
		Name: "p", Credentials: []harrier.Credential{ssh(), {Category: "Plaintext", Type: "SNMP", Fields: map[string]string{"community": canary}}},
		Preferences: map[string]string{"smtp_password": canary, "max_hosts_per_scan": "30"},
	})
	c, err := r.Copy(ctx, analyst(1), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	u := p
	u.Credentials = []harrier.Credential{{ID: p.Credentials[0].ID, Category: "Host", Type: "SSH", Fields: map[string]string{"username": "admin", "password": canary + "-new"}}}
	if err := r.Update(ctx, analyst(1), &u); err != nil {
		t.Fatal(err)
	}
	list, err := r.Policies(ctx, analyst(1))
	if err != nil {
		t.Fatal(err)
	}
	log, err := db.Audit(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	for what, v := range map[string]any{"Create": p, "Copy": c, "Update": u, "Policies": list, "the audit log": log} {
		if strings.Contains(fmt.Sprintf("%+v", v), canary) {
			t.Errorf("%s gives a secret out: %+v", what, v)
		}
	}
	for _, cred := range slices.Concat(p.Credentials, c.Credentials) {
		if len(cred.Sealed) != 0 || !HasSecret(cred) {
			t.Errorf("credential %+v: want Sealed empty, but there", cred)
		}
	}
	want := map[string]string{"username": "root", "auth_method": "password", "custom_password_prompt": "Password:"}
	if diff := cmp.Diff(want, p.Credentials[0].Fields); diff != "" {
		t.Errorf("Fields (-want +got):\n%s", diff)
	}
	if p.Preferences["max_hosts_per_scan"] != "30" || len(p.Preferences) != 1 {
		t.Errorf("Preferences = %v; want those that are no secret", p.Preferences)
	}

	// The secrets are still there for whoever has the key.
	wantSecrets := func(id harrier.ID, credential int, want map[string]string) {
		t.Helper()
		stored, err := db.Policy(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.secretsOf(stored.UUID, stored.Credentials[credential])
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("secrets of policy %d = %v (-want +got):\n%s", id, err, diff)
		}
	}
	kept := map[string]string{"password": canary + "-new", "private_key": canary + "-2", "Escalation_Password": canary + "-3"}
	wantSecrets(u.ID, 0, kept)
	wantSecrets(c.ID, 0, map[string]string{"password": canary + "-1", "private_key": canary + "-2", "Escalation_Password": canary + "-3"})
	wantSecrets(c.ID, 1, map[string]string{"community": canary})
	if c.Credentials[0].ID == p.Credentials[0].ID {
		t.Error("two credentials have one number")
	}

	files, err := filepath.Glob(dir + "/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no database: %v", err)
	}
	for _, f := range files {
		if raw, err := os.ReadFile(f); err != nil || bytes.Contains(raw, []byte(canary)) {
			t.Errorf("%s holds a secret in the clear (%v)", f, err)
		}
	}
}

// TestCredentialsOfOthers: the number of a credential that one may not see is
// no way to its secrets.
func TestCredentialsOfOthers(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	p := create(t, r, analyst(1), harrier.Policy{Name: "p", Credentials: []harrier.Credential{{Type: "SSH", Fields: map[string]string{"password": "x"}}}})
	theft := create(t, r, analyst(2), harrier.Policy{Name: "q", Credentials: []harrier.Credential{{ID: p.Credentials[0].ID, Type: "SSH"}}})
	if HasSecret(theft.Credentials[0]) {
		t.Error("a credential was copied from a policy out of sight")
	}
	// Sealed bytes that are moved to another policy are of no use there.
	from, err := db.Policy(ctx, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	to, err := db.Policy(ctx, theft.ID)
	if err != nil {
		t.Fatal(err)
	}
	to.Credentials[0].Sealed = from.Credentials[0].Sealed
	if got, err := r.secretsOf(to.UUID, to.Credentials[0]); err == nil {
		t.Errorf("secretsOf moved bytes = %v; want an error", got)
	}
}

func TestIsSecret(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "Private_Key": true, "private_key_passphrase": true, "escalation_password": true, "community_string": true,
		"secretKey": true, "api_key": true, "privacy_password": true,
		"username": false, "auth_method": false, "custom_password_prompt": false, "domain": false, "escalation_account": false, "": false,
	} {
		if got := IsSecret(name); got != want {
			t.Errorf("IsSecret(%q) = %v; want %v", name, got, want)
		}
	}
}

func TestCopy(t *testing.T) {
	ctx := t.Context()
	r, _, _ := room(t)
	p := create(t, r, analyst(1), harrier.Policy{Name: "lan", Template: "basic", Grants: []harrier.Grant{{User: 2, Level: harrier.MayView}}, Settings: harrier.Settings{UDP: true}})
	c, err := r.Copy(ctx, analyst(2), p.ID)
	if err != nil || c.Name != "Copy of lan" || c.Owner != 2 || len(c.Grants) != 0 || !c.Settings.UDP || c.ID == p.ID || c.UUID == p.UUID {
		t.Errorf("Copy = %+v, %v", c, err)
	}
	if c, err := r.Copy(ctx, analyst(1), p.ID); err != nil || c.Name != "Copy of lan (1)" {
		t.Errorf("Copy again = %q, %v; want a suffix", c.Name, err)
	}
	if _, err := r.Copy(ctx, analyst(3), p.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Copy of what one may not see = %v; want NotFound", err)
	}
}

// TestCredentialsOfSites: who may only see what the scans of a site found does not
// get its credentials by naming them, nor by a copy; who may run them does, and so
// does everybody with whom a policy of its own is shared.
func TestCredentialsOfSites(t *testing.T) {
	ctx := t.Context()
	for _, tt := range []struct {
		hidden, used bool
		level        harrier.Level
		want         bool
	}{
		{true, true, harrier.MayView, false},
		{true, true, harrier.MayControl, true},
		{true, false, harrier.MayView, true},
		{false, true, harrier.MayView, true},
		{false, true, harrier.NoAccess, false},
	} {
		r, db, _ := room(t)
		p := create(t, r, analyst(1), harrier.Policy{
			Name: "lan", Hidden: tt.hidden, Grants: []harrier.Grant{{User: 2, Level: tt.level}},
			Credentials: []harrier.Credential{{Category: "Host", Type: "SSH", Fields: map[string]string{"username": "root", "password": "s3cret"}}},
		})
		if tt.used {
			if err := db.InsertSite(ctx, &harrier.Site{Name: "s", Owner: 1, Policy: p.ID, Repository: harrier.DefaultRepository}); err != nil {
				t.Fatal(err)
			}
		}
		mine := create(t, r, analyst(2), harrier.Policy{Name: "mine", Credentials: []harrier.Credential{{ID: p.Credentials[0].ID, Category: "Host", Type: "SSH", Fields: map[string]string{"username": "root"}}}})
		ids := []harrier.ID{mine.ID}
		if tt.level > 0 {
			c, err := r.Copy(ctx, analyst(2), p.ID)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, c.ID)
		}
		for _, id := range ids {
			logins, err := r.Logins(ctx, id)
			if err != nil || len(logins) != 1 || (logins[0].Secrets["password"] == "s3cret") != tt.want {
				t.Errorf("%+v: %+v, %v; has the password: want %v", tt, logins, err, tt.want)
			}
		}
	}
}

func TestPlan(t *testing.T) {
	r, _, _ := room(t)
	for _, c := range []struct {
		name string
		sel  harrier.CheckSelection
		want []harrier.VulnID
	}{
		{"all, unsafe ones too", harrier.CheckSelection{}, []harrier.VulnID{10180, 11213, 19506, 20007, 900001, 900002, 900100}},
		{"one family", only("Databases"), []harrier.VulnID{10180, 19506, 900001, 900002}},
		{"a family without one of it", harrier.CheckSelection{NoOthers: true, Families: map[string]bool{"Databases": true}, Single: map[harrier.VulnID]bool{900002: false}}, []harrier.VulnID{10180, 19506, 900001}},
		{"one check", single(11213), []harrier.VulnID{10180, 11213, 19506}},
		{"all but a family", harrier.CheckSelection{Families: map[string]bool{"Databases": false}}, []harrier.VulnID{10180, 11213, 19506, 20007, 900100}},
		{"scan mechanics switched off by name", harrier.CheckSelection{NoOthers: true, Single: map[harrier.VulnID]bool{10180: false, 19506: false}}, []harrier.VulnID{}},
		{"what is not there", single(123456), []harrier.VulnID{10180, 19506}},
	} {
		plan, err := r.Plan(t.Context(), harrier.Policy{Checks: c.sel, Settings: harrier.Settings{UDP: true}})
		if diff := cmp.Diff(c.want, plan.Checks); err != nil || diff != "" || !plan.Settings.UDP {
			t.Errorf("Plan of %s = %v (-want +got):\n%s", c.name, err, diff)
		}
	}
	if _, err := r.Plan(t.Context(), harrier.Policy{Settings: harrier.Settings{Ports: "x"}}); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("Plan with bad ports = %v; want Invalid", err)
	}
}

func TestTemplates(t *testing.T) {
	r, _, _ := room(t)
	var names []string
	for _, tm := range r.Templates() {
		names = append(names, tm.Name)
		p := tm.Policy("x")
		if err := p.Check(); err != nil {
			t.Errorf("template %s: %v", tm.Name, err)
		}
		if tm.Title == "" || !strings.HasSuffix(tm.Description, ".") || tm.Settings.Unsafe {
			t.Errorf("template %s is not complete, or not safe: %+v", tm.Name, tm)
		}
		if got, found := r.Template(tm.Name); !found || got.Title != tm.Title {
			t.Errorf("Template(%q) = %+v, %v", tm.Name, got, found)
		}
	}
	if diff := cmp.Diff([]string{"basic", "advanced", "custom", "discovery", "webapp", "patch_audit", "drown"}, names); diff != "" {
		t.Errorf("Templates (-want +got):\n%s", diff)
	}
	if _, found := r.Template("nonsense"); found {
		t.Error("Template(nonsense) is found")
	}
	// Whoever changes one changes no other's.
	a, _ := r.Template("webapp")
	a.Checks.Families["Web Servers"] = false
	if b, _ := r.Template("webapp"); !b.Checks.Families["Web Servers"] {
		t.Error("a template was changed for everybody")
	}
	for name, want := range map[string][]harrier.VulnID{
		"discovery":   {10180, 19506},
		"drown":       {10180, 19506, 20007},
		"webapp":      {10180, 11213, 19506, 20007},
		"patch_audit": {10180, 19506, 20007, 900100},
	} {
		tm, _ := r.Template(name)
		plan, err := r.Plan(t.Context(), tm.Policy("x"))
		if diff := cmp.Diff(want, plan.Checks); err != nil || diff != "" {
			t.Errorf("Plan of %s = %v (-want +got):\n%s", name, err, diff)
		}
		if plan.Settings.DiscoverOnly != (name == "discovery") {
			t.Errorf("%s: DiscoverOnly = %v", name, plan.Settings.DiscoverOnly)
		}
	}
}

// TestHiddenFollows: the hidden policy of a site is as much one's own as the
// site is.
func TestHiddenFollows(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	hidden := create(t, r, analyst(1), harrier.Policy{Name: "h", Hidden: true})
	listed := create(t, r, analyst(1), harrier.Policy{Name: "l"})
	for _, p := range []harrier.Policy{hidden, listed} {
		err := r.Follow(ctx, harrier.Site{Policy: p.ID, Owner: 3, Grants: []harrier.Grant{{User: 2, Level: harrier.MayConfigure}}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.Policy(ctx, p.ID)
		if err != nil || (got.Owner == 3 && len(got.Grants) == 1) != p.Hidden {
			t.Errorf("Follow left policy %q with owner %d, grants %v, %v", p.Name, got.Owner, got.Grants, err)
		}
	}
	if err := r.Delete(ctx, analyst(2), hidden.ID); err != nil {
		t.Errorf("Delete of a hidden policy by who may configure it = %v", err)
	}
	for _, id := range []harrier.ID{listed.ID, hidden.ID, 99} {
		if err := r.Discard(ctx, id); err != nil {
			t.Errorf("Discard(%d) = %v", id, err)
		}
	}
	if _, err := db.Policy(ctx, listed.ID); err != nil {
		t.Errorf("Discard removed a listed policy: %v", err)
	}
}

// failing is a store that can not read settings.
type failing struct{ *store.DB }

func (failing) Value(context.Context, string) (string, bool, error) {
	return "", false, harrier.Errorf(harrier.Unavailable, "no database")
}

// TestPrivate: what is not listed is found by who may see it.
func TestPrivate(t *testing.T) {
	r, _, _ := room(t)
	mine := create(t, r, analyst(1), harrier.Policy{Name: "mine", Hidden: true, Credentials: []harrier.Credential{{Type: "SSH", Fields: map[string]string{"password": "x"}}}})
	create(t, r, analyst(1), harrier.Policy{Name: "listed"})
	create(t, r, analyst(2), harrier.Policy{Name: "other", Hidden: true})
	list, err := r.Private(t.Context(), analyst(1))
	if err != nil || len(list) != 1 || list[0].ID != mine.ID || len(list[0].Credentials[0].Sealed) != 0 {
		t.Errorf("Private = %+v, %v; want the own one without its secret", list, err)
	}
}
