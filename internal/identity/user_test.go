package identity

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestFirst(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	var mu sync.Mutex
	var name, password string
	var wg sync.WaitGroup
	created := 0
	for range 4 {
		wg.Go(func() {
			n, p, made, err := r.First(ctx)
			noError(t, "First", err)
			mu.Lock()
			defer mu.Unlock()
			if made {
				created++
				name, password = n, p
			} else if n+p != "" {
				t.Errorf("First that made nobody = %q, %q", n, p)
			}
		})
	}
	wg.Wait()
	users, _ := db.Users(ctx)
	if created != 1 || len(users) != 1 || name != "admin" || len(password) != 20 {
		t.Fatalf("%d created, %d users, name %q, password of %d characters; want one admin", created, len(users), name, len(password))
	}
	_, who, err := r.SignIn(ctx, name, password, "cli", "")
	if err != nil || who.Role != harrier.Operator {
		t.Errorf("SignIn as the first user = %+v, %v; want an operator", who, err)
	}
}

func TestCreate(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	for _, c := range []struct {
		name, password string
		role           harrier.Role
		want           string
	}{
		{"", goodPassword, harrier.Viewer, "username: "},
		{" alice", goodPassword, harrier.Viewer, "username: "},
		{"al\nice", goodPassword, harrier.Viewer, "username: "},
		{strings.Repeat("a", 129), goodPassword, harrier.Viewer, "username: "},
		{"alice", "short", harrier.Viewer, "password: must have at least 8 characters"},
		{"alice", "äöüß", harrier.Viewer, "password: "}, // 8 bytes, 4 characters
		{"alice", strings.Repeat("a", 1025), harrier.Viewer, "password: "},
		{"alicealice", "AliceAlice", harrier.Viewer, "password: "},
		{"alice", goodPassword, "king", "role: "},
		{"alice", goodPassword, "", "role: "},
	} {
		err := r.Create(ctx, harrier.System, &harrier.User{Name: c.name, Role: c.role}, c.password)
		if harrier.KindOf(err) != harrier.Invalid || !strings.HasPrefix(harrier.MessageOf(err), c.want) {
			t.Errorf("Create(%.20q, %.20q, %q) = %v; want Invalid %q", c.name, c.password, c.role, err, c.want)
		}
	}
	u := harrier.User{ID: 99, Name: "Alice", FullName: "A. Liddell", Email: "a@example.com", Role: harrier.Analyst, AccessKey: "x", PasswordHash: "x"}
	noError(t, "Create", r.Create(ctx, harrier.System, &u, goodPassword))
	if u.ID != 1 || u.UUID.IsZero() || u.Created.IsZero() || u.PasswordHash != "" || u.AccessKey != "" {
		t.Errorf("Create gave %+v", u)
	}
	wantKind(t, "Create of a taken name", r.Create(ctx, harrier.System, &harrier.User{Name: "aLICE", Role: harrier.Viewer}, goodPassword), harrier.Conflict)
	if stored, _ := db.User(ctx, u.ID); !strings.HasPrefix(stored.PasswordHash, "$argon2id$") {
		t.Errorf("stored password %q; want a hash", stored.PasswordHash)
	}
	got, err := r.User(ctx, harrier.System, u.ID)
	if err != nil || got.PasswordHash != "" || got.SecretHash != "" || got.FullName != "A. Liddell" {
		t.Errorf("User = %+v, %v", got, err)
	}
	if names, err := r.Names(ctx); err != nil || len(names) != 1 || names[u.ID] != "Alice" {
		t.Errorf("Names = %v, %v", names, err)
	}
}

// TestPermissions is the matrix of who may do what to whom.
func TestPermissions(t *testing.T) {
	ctx := t.Context()
	const (
		ok        = harrier.Kind(255)
		forbidden = harrier.Forbidden
		notFound  = harrier.NotFound
		conflict  = harrier.Conflict
		invalid   = harrier.Invalid
	)
	ops := []struct {
		name string
		run  func(r *Room, by harrier.Actor, u harrier.User) error
		// want by the actor's role: to oneself; to a viewer, an analyst, an
		// administrator, an operator.
		want map[harrier.Role][5]harrier.Kind
	}{
		{"see", func(r *Room, by harrier.Actor, u harrier.User) error {
			_, err := r.User(ctx, by, u.ID)
			return err
		}, map[harrier.Role][5]harrier.Kind{
			harrier.NoRole:        {ok, notFound, notFound, notFound, notFound},
			harrier.Viewer:        {ok, notFound, notFound, notFound, notFound},
			harrier.Analyst:       {ok, notFound, notFound, notFound, notFound},
			harrier.Administrator: {ok, ok, ok, ok, notFound},
			harrier.Operator:      {ok, ok, ok, ok, ok},
		}},
		{"change the address of", func(r *Room, by harrier.Actor, u harrier.User) error {
			u.Email = "new@example.com"
			return r.Update(ctx, by, &u)
		}, map[harrier.Role][5]harrier.Kind{
			harrier.NoRole:        {ok, notFound, notFound, notFound, notFound},
			harrier.Viewer:        {ok, notFound, notFound, notFound, notFound},
			harrier.Analyst:       {ok, notFound, notFound, notFound, notFound},
			harrier.Administrator: {ok, ok, ok, ok, notFound},
			harrier.Operator:      {ok, ok, ok, ok, ok},
		}},
		{"make an operator of", func(r *Room, by harrier.Actor, u harrier.User) error {
			u.Role = harrier.Operator
			return r.Update(ctx, by, &u)
		}, map[harrier.Role][5]harrier.Kind{
			harrier.NoRole:        {forbidden, notFound, notFound, notFound, notFound},
			harrier.Viewer:        {forbidden, notFound, notFound, notFound, notFound},
			harrier.Analyst:       {forbidden, notFound, notFound, notFound, notFound},
			harrier.Administrator: {forbidden, forbidden, forbidden, forbidden, notFound},
			harrier.Operator:      {ok, ok, ok, ok, ok},
		}},
		{"make an analyst of", func(r *Room, by harrier.Actor, u harrier.User) error {
			u.Role = harrier.Analyst
			return r.Update(ctx, by, &u)
		}, map[harrier.Role][5]harrier.Kind{
			harrier.NoRole:        {forbidden, notFound, notFound, notFound, notFound},
			harrier.Viewer:        {forbidden, notFound, notFound, notFound, notFound},
			harrier.Analyst:       {ok, notFound, notFound, notFound, notFound},
			harrier.Administrator: {ok, ok, ok, ok, notFound},
			harrier.Operator:      {ok, ok, ok, ok, ok},
		}},
		{"disable", func(r *Room, by harrier.Actor, u harrier.User) error {
			u.Disabled = true
			return r.Update(ctx, by, &u)
		}, map[harrier.Role][5]harrier.Kind{
			harrier.NoRole:        {forbidden, notFound, notFound, notFound, notFound},
			harrier.Viewer:        {forbidden, notFound, notFound, notFound, notFound},
			harrier.Analyst:       {forbidden, notFound, notFound, notFound, notFound},
			harrier.Administrator: {ok, ok, ok, ok, notFound},
			harrier.Operator:      {ok, ok, ok, ok, ok},
		}},
		{"rename", func(r *Room, by harrier.Actor, u harrier.User) error {
			u.Name = "another" + u.Name
			return r.Update(ctx, by, &u)
		}, map[harrier.Role][5]harrier.Kind{
			harrier.NoRole:        {forbidden, notFound, notFound, notFound, notFound},
			harrier.Viewer:        {forbidden, notFound, notFound, notFound, notFound},
			harrier.Analyst:       {forbidden, notFound, notFound, notFound, notFound},
			harrier.Administrator: {ok, ok, ok, ok, notFound},
			harrier.Operator:      {ok, ok, ok, ok, ok},
		}},
		{"give keys to", func(r *Room, by harrier.Actor, u harrier.User) error {
			_, _, err := r.NewKeys(ctx, by, u.ID)
			return err
		}, map[harrier.Role][5]harrier.Kind{
			harrier.NoRole:        {ok, notFound, notFound, notFound, notFound},
			harrier.Viewer:        {ok, notFound, notFound, notFound, notFound},
			harrier.Analyst:       {ok, notFound, notFound, notFound, notFound},
			harrier.Administrator: {ok, ok, ok, ok, notFound},
			harrier.Operator:      {ok, ok, ok, ok, ok},
		}},
		{"set the password, without the current one, of", func(r *Room, by harrier.Actor, u harrier.User) error {
			// Too short: the order of the tests shows who would have got further.
			return r.SetPassword(ctx, by, u.ID, "", "short")
		}, map[harrier.Role][5]harrier.Kind{
			harrier.NoRole:        {invalid, notFound, notFound, notFound, notFound},
			harrier.Viewer:        {invalid, notFound, notFound, notFound, notFound},
			harrier.Analyst:       {invalid, notFound, notFound, notFound, notFound},
			harrier.Administrator: {invalid, invalid, invalid, invalid, notFound},
			harrier.Operator:      {invalid, invalid, invalid, invalid, invalid},
		}},
		{"delete", func(r *Room, by harrier.Actor, u harrier.User) error { return r.Delete(ctx, by, u.ID) }, map[harrier.Role][5]harrier.Kind{
			harrier.NoRole:        {forbidden, forbidden, forbidden, forbidden, forbidden},
			harrier.Viewer:        {forbidden, forbidden, forbidden, forbidden, forbidden},
			harrier.Analyst:       {forbidden, forbidden, forbidden, forbidden, forbidden},
			harrier.Administrator: {conflict, ok, ok, ok, notFound},
			harrier.Operator:      {conflict, ok, ok, ok, ok},
		}},
	}
	r, db, _ := room(t)
	add(t, db, "root", harrier.Operator) // so that no operator below is the last
	targets := []harrier.Role{"", harrier.Viewer, harrier.Analyst, harrier.Administrator, harrier.Operator}
	n := 0
	for _, op := range ops {
		for role, wants := range op.want {
			for i, want := range wants {
				n++
				by := add(t, db, fmt.Sprintf("by%d", n), role)
				u := by
				if i > 0 {
					u = add(t, db, fmt.Sprintf("to%d", n), targets[i])
				}
				err := op.run(r, actor(by, ""), u)
				got := ok
				if err != nil {
					got = harrier.KindOf(err)
				}
				if got != want {
					t.Errorf("%s may %s %s (self %v): %v; want kind %v", role, op.name, u.Role, i == 0, err, want)
				}
			}
		}
	}
}

func TestListPermissions(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	for _, role := range harrier.Roles {
		by := actor(add(t, db, "by "+string(role), role), "")
		may := role == harrier.Administrator || role == harrier.Operator
		_, errUsers := r.Users(ctx, by)
		_, errAudit := r.Audit(ctx, by, 1)
		errCreate := r.Create(ctx, by, &harrier.User{Name: "x", Role: "none"}, "short")
		if (errUsers == nil) != may || (errAudit == nil) != may || (harrier.KindOf(errCreate) == harrier.Forbidden) == may {
			t.Errorf("%s: Users = %v, Audit = %v, Create = %v; want allowed: %v", role, errUsers, errAudit, errCreate, may)
		}
		if role == harrier.Administrator {
			err := r.Create(ctx, by, &harrier.User{Name: "x", Role: harrier.Operator}, goodPassword)
			wantKind(t, "Create of an operator by an administrator", err, harrier.Forbidden)
		}
	}
	if _, err := r.Users(ctx, harrier.Actor{}); harrier.KindOf(err) != harrier.Forbidden {
		t.Errorf("Users by nobody = %v; want Forbidden", err)
	}
}

func TestLastOperator(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	first := add(t, db, "first", harrier.Operator)
	wantKind(t, "Delete", r.Delete(ctx, harrier.System, first.ID), harrier.Conflict)
	for _, change := range []func(u *harrier.User){
		func(u *harrier.User) { u.Role = harrier.Administrator },
		func(u *harrier.User) { u.Disabled = true },
	} {
		u := first
		change(&u)
		wantKind(t, "Update by itself", r.Update(ctx, actor(first, ""), &u), harrier.Conflict)
		wantKind(t, "Update by the system", r.Update(ctx, harrier.System, &u), harrier.Conflict)
	}
	disabled := harrier.User{Name: "away", Role: harrier.Operator, Disabled: true}
	noError(t, "InsertUser", db.InsertUser(ctx, &disabled))
	wantKind(t, "Delete with a disabled operator left", r.Delete(ctx, harrier.System, first.ID), harrier.Conflict)
	add(t, db, "second", harrier.Operator)
	noError(t, "Delete with another operator left", r.Delete(ctx, harrier.System, first.ID))
}

func TestSetPassword(t *testing.T) {
	ctx := t.Context()
	r, _, _ := room(t)
	u := join(t, r, "alice", harrier.Analyst)
	admin := join(t, r, "admin", harrier.Administrator)
	self := actor(u, "")
	token, _, err := r.SignIn(ctx, "alice", goodPassword, "", "")
	noError(t, "SignIn", err)
	const next = "battery staple"
	for current, want := range map[string]string{"": "current_password: is needed", "wrong horse": "current_password: is wrong"} {
		err := r.SetPassword(ctx, self, u.ID, current, next)
		if harrier.KindOf(err) != harrier.Invalid || !strings.HasPrefix(harrier.MessageOf(err), want) {
			t.Errorf("SetPassword with current %q = %v; want Invalid %q", current, err, want)
		}
	}
	other, _, err := r.SignIn(ctx, "alice", goodPassword, "", "")
	noError(t, "SignIn elsewhere", err)
	came, err := r.Session(ctx, token, "")
	noError(t, "Session", err)
	noError(t, "SetPassword", r.SetPassword(ctx, came, u.ID, goodPassword, next))
	_, err = r.Session(ctx, other, "")
	wantKind(t, "another Session after changing one's own password", err, harrier.Unauthenticated)
	_, err = r.Session(ctx, token, "")
	noError(t, "Session after changing one's own password", err)
	_, _, err = r.SignIn(ctx, "alice", goodPassword, "", "")
	wantKind(t, "SignIn with the old password", err, harrier.Unauthenticated)
	noError(t, "SetPassword by an administrator", r.SetPassword(ctx, actor(admin, ""), u.ID, "", goodPassword))
	_, err = r.Session(ctx, token, "")
	wantKind(t, "Session after an administrator set the password", err, harrier.Unauthenticated)
	_, _, err = r.SignIn(ctx, "alice", goodPassword, "", "")
	noError(t, "SignIn with the new password", err)
	for range perName.free {
		_ = r.SetPassword(ctx, self, u.ID, "a wrong guess", next)
	}
	err = r.SetPassword(ctx, self, u.ID, goodPassword, next)
	wantKind(t, "SetPassword after many wrong guesses", err, harrier.Invalid)
}

// TestChangesWithinReach: who manages the users of some groups takes none of them
// over, by a password or keys, who manages more or may run all sites.
func TestChangesWithinReach(t *testing.T) {
	r, db, _ := room(t)
	ctx := t.Context()
	var groups []harrier.ID
	for _, name := range []string{"a", "b"} {
		g := harrier.Group{Name: name}
		if err := r.CreateGroup(ctx, harrier.System, &g); err != nil {
			t.Fatal(err)
		}
		groups = append(groups, g.ID)
	}
	a, b := groups[:1], groups[1:]
	put := func(name string, role harrier.Role, users, objects []harrier.ID, all bool) harrier.User {
		t.Helper()
		u := harrier.User{UUID: harrier.NewUUID(r.now()), Name: name, Role: role, Organization: harrier.FirstOrganization, Group: a[0], ManagedUsers: users, ManagedObjects: objects, AllSites: all}
		if err := db.InsertUser(ctx, &u); err != nil {
			t.Fatal(err)
		}
		return u
	}
	manager := put("manager", harrier.Administrator, nil, nil, false)
	by, err := r.ActorOf(ctx, manager.ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		u  harrier.User
		ok bool
	}{
		"an analyst":                 {put("u1", harrier.Analyst, nil, nil, false), true},
		"one who manages the same":   {put("u2", harrier.Administrator, a, a, false), true},
		"one of the same group":      {put("u3", harrier.Administrator, nil, nil, false), true},
		"who manages more users":     {put("u4", harrier.Administrator, groups, a, false), false},
		"who manages more objects":   {put("u5", harrier.Administrator, a, groups, false), false},
		"who is entrusted with more": {put("u6", harrier.Analyst, nil, b, false), false},
		"who runs all sites":         {put("u7", harrier.Analyst, nil, nil, true), false},
	} {
		_, _, err := r.NewKeys(ctx, by, tt.u.ID)
		errP := r.SetPassword(ctx, by, tt.u.ID, "", goodPassword+" 2")
		changed := tt.u
		changed.FullName = "other"
		errU := r.Update(ctx, by, &changed)
		for what, err := range map[string]error{"NewKeys": err, "SetPassword": errP, "Update": errU} {
			if tt.ok {
				noError(t, what+" for "+name, err)
			} else {
				wantKind(t, what+" for "+name, err, harrier.Forbidden)
			}
		}
		if !tt.ok {
			wantKind(t, "Delete of "+name, r.Delete(ctx, by, tt.u.ID), harrier.Forbidden)
			_, _, err := r.NewKeys(ctx, harrier.System, tt.u.ID)
			noError(t, "NewKeys by the installation", err)
		}
	}
}
