package identity

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

func TestSignIn(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	alice := join(t, r, "Alice", harrier.Analyst)
	bob := join(t, r, "bob", harrier.Viewer)
	bob.Disabled = true
	noError(t, "Update", r.Update(ctx, harrier.System, &bob))
	add(t, db, "nopassword", harrier.Viewer)

	token, who, err := r.SignIn(ctx, "aLiCe", goodPassword, "nessus", "192.0.2.7:4711")
	want := harrier.Actor{User: alice.ID, Name: "Alice", Role: harrier.Analyst, Permissions: harrier.Analyst.Permissions(), Via: "nessus"}
	who.Place, who.Session, who.Organization, who.Group = nil, "", 0, 0
	if err != nil || who != want {
		t.Errorf("SignIn = %+v, %v; want %+v", who, err, want)
	}
	if !regexp.MustCompile(`^[a-z0-9]{48}$`).MatchString(token) {
		t.Errorf("SignIn gave the token %q; want 48 of [a-z0-9]", token)
	}
	if _, err := db.Session(ctx, token); harrier.KindOf(err) != harrier.NotFound {
		t.Error("the token itself is stored")
	}
	if got, err := r.Session(ctx, token, "cli"); err != nil || got.User != alice.ID || got.Via != "cli" {
		t.Errorf("Session = %+v, %v; want Alice via cli", got, err)
	}

	for _, c := range []struct{ name, password string }{
		{"alice", "wrong horse"},
		{"alice", ""},
		{"alice", strings.Repeat("x", 1<<20)},
		{"nobody", goodPassword},
		{"bob", goodPassword},
		{"nopassword", ""},
		{"nopassword", goodPassword},
		{"", ""},
	} {
		token, who, err := r.SignIn(ctx, c.name, c.password, "nessus", "192.0.2.8:1")
		wantKind(t, "SignIn as "+c.name, err, harrier.Unauthenticated)
		if harrier.MessageOf(err) != "Invalid Credentials" || token != "" || who != (harrier.Actor{}) {
			t.Errorf("SignIn(%q, %.20q) = %q, %+v, %q", c.name, c.password, token, who, harrier.MessageOf(err))
		}
	}
	if u, _ := db.User(ctx, alice.ID); u.Failures != 3 || u.LastFailure.IsZero() || u.LastLogin.IsZero() {
		t.Errorf("Alice has %d failures, last %v, last sign-in %v; want 3", u.Failures, u.LastFailure, u.LastLogin)
	}
	noError(t, "SignOut", r.SignOut(ctx, token))
	_, err = r.Session(ctx, token, "nessus")
	wantKind(t, "Session after SignOut", err, harrier.Unauthenticated)
	wantKind(t, "SignOut again", r.SignOut(ctx, token), harrier.Unauthenticated)

	wantLog := []string{
		"user.create user 1", "user.create user 2", "user.update user 2", "session.begin user 1",
		"session.refused user 1", "session.refused user 1", "session.refused user 1", "session.refused unknown user",
		"session.refused user 2", "session.refused user 3", "session.refused user 3", "session.refused unknown user", "session.end user 1",
	}
	if diff := cmp.Diff(wantLog, actions(ctx, t, r)); diff != "" {
		t.Errorf("audit log (-want +got):\n%s", diff)
	}
}

// TestSignInRefusedForAWhile: the right password does not help while guessing
// is slowed down, and helps afterwards.
func TestSignInRefusedForAWhile(t *testing.T) {
	ctx := t.Context()
	r, _, c := room(t)
	join(t, r, "alice", harrier.Analyst)
	_, _, err := r.SignIn(ctx, "alice", goodPassword, "", "192.0.2.1:1")
	noError(t, "SignIn from home", err)
	for range perName.free + 2 {
		_, _, err := r.SignIn(ctx, "alice", "guess", "", "192.0.2.66:1")
		wantKind(t, "SignIn", err, harrier.Unauthenticated)
		c.forward(3 * time.Second)
	}
	c.forward(-2 * time.Second)
	before := len(actions(ctx, t, r))
	_, _, err = r.SignIn(ctx, "alice", goodPassword, "", "192.0.2.66:1")
	wantKind(t, "SignIn while slowed down", err, harrier.Unauthenticated)
	if n := len(actions(ctx, t, r)); n != before {
		t.Errorf("%d lines of audit for a sign-in that was not looked at; want 0", n-before)
	}
	_, _, err = r.SignIn(ctx, "alice", goodPassword, "", "192.0.2.1:2")
	noError(t, "SignIn from home meanwhile", err)
	c.forward(time.Minute)
	_, _, err = r.SignIn(ctx, "alice", goodPassword, "", "192.0.2.66:1")
	noError(t, "SignIn afterwards", err)
}

// TestSessionEnds runs in virtual time, over a real database.
func TestSessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		db, err := store.Open(ctx, t.TempDir()+"/h.db")
		if err != nil {
			t.Fatal(err)
		}
		r := New(db, Config{Log: slog.New(slog.DiscardHandler)})
		var running sync.WaitGroup
		running.Go(func() { noError(t, "Run", r.Run(ctx)) })

		u := add(t, db, "alice", harrier.Analyst)
		begin := func() string {
			token := randomText(tokenSize, tokenAlphabet)
			s := harrier.Session{TokenHash: hashOf(token), User: u.ID, Created: time.Now(), LastUsed: time.Now(), Idle: r.idle}
			noError(t, "InsertSession", db.InsertSession(ctx, s))
			return token
		}
		used, idle := begin(), begin()
		for range 30 { // 10 minutes, then 20 more
			time.Sleep(20 * time.Second)
			_, err := r.Session(ctx, used, "")
			noError(t, "Session in use", err)
		}
		time.Sleep(30*time.Minute - 10*time.Second)
		_, err = r.Session(ctx, used, "")
		noError(t, "Session 29:50 after its last use", err)
		_, err = r.Session(ctx, idle, "")
		wantKind(t, "Session that was never used", err, harrier.Unauthenticated)
		time.Sleep(30 * time.Minute)
		_, err = r.Session(ctx, used, "")
		wantKind(t, "Session 30:00 after its last use", err, harrier.Unauthenticated)
		_, err = r.Session(ctx, used, "")
		wantKind(t, "Session that has ended, again", err, harrier.Unauthenticated)

		abandoned := begin()
		time.Sleep(33 * time.Minute)
		if _, err := db.Session(ctx, hashOf(abandoned)); harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("an abandoned session is still stored: %v", err)
		}
		cancel()
		running.Wait()
		noError(t, "Close", db.Close())
	})
}

// TestTouch: the disk hears of a session's use once a minute.
func TestTouch(t *testing.T) {
	ctx := t.Context()
	r, db, c := room(t)
	u := add(t, db, "alice", harrier.Analyst)
	token := randomText(tokenSize, tokenAlphabet)
	noError(t, "InsertSession", db.InsertSession(ctx, harrier.Session{TokenHash: hashOf(token), User: u.ID, LastUsed: c.at, Idle: r.idle}))
	writes, last := 0, c.at
	for range 100 {
		c.forward(5 * time.Second)
		_, err := r.Session(ctx, token, "")
		noError(t, "Session", err)
		s, err := db.Session(ctx, hashOf(token))
		noError(t, "stored session", err)
		if !s.LastUsed.Equal(last) {
			writes, last = writes+1, s.LastUsed
		}
	}
	if writes != 8 {
		t.Errorf("%d writes in 500 s; want 8", writes)
	}
}

func TestSessionOfDisabledUser(t *testing.T) {
	ctx := t.Context()
	r, db, c := room(t)
	u := add(t, db, "alice", harrier.Analyst)
	token := randomText(tokenSize, tokenAlphabet)
	begin := func() {
		noError(t, "InsertSession", db.InsertSession(ctx, harrier.Session{TokenHash: hashOf(token), User: u.ID, LastUsed: c.at, Idle: r.idle}))
	}
	begin()
	u.Role = harrier.Viewer
	noError(t, "Update", r.Update(ctx, harrier.System, &u))
	if who, err := r.Session(ctx, token, ""); err != nil || who.May(harrier.EditSites) {
		t.Errorf("Session after a demotion = %+v, %v; want a viewer", who, err)
	}
	u.Disabled = true
	noError(t, "Update", r.Update(ctx, harrier.System, &u))
	_, err := r.Session(ctx, token, "")
	wantKind(t, "Session of a disabled user", err, harrier.Unauthenticated)
	u.Disabled = false
	noError(t, "Update", r.Update(ctx, harrier.System, &u))
	_, err = r.Session(ctx, token, "")
	wantKind(t, "Session from before the user was disabled", err, harrier.Unauthenticated)
	begin()
	noError(t, "Delete", r.Delete(ctx, harrier.System, u.ID))
	_, err = r.Session(ctx, token, "")
	wantKind(t, "Session of a deleted user", err, harrier.Unauthenticated)
}
