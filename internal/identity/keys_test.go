package identity

import (
	"context"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// counting counts the look-ups of keys in the database.
type counting struct {
	*store.DB
	lookups atomic.Int64
}

func (c *counting) UserByAccessKey(ctx context.Context, key string) (harrier.User, error) {
	c.lookups.Add(1)
	return c.DB.UserByAccessKey(ctx, key)
}

func TestKeys(t *testing.T) {
	ctx := t.Context()
	db := &counting{DB: open(t)}
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	r := New(db, Config{Now: c.now})
	u := add(t, db.DB, "alice", harrier.Analyst)
	self := actor(u, "nessus")

	access, secret, err := r.NewKeys(ctx, self, u.ID)
	noError(t, "NewKeys", err)
	for _, k := range []string{access, secret} {
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(k) {
			t.Errorf("NewKeys gave %q; want 64 hex digits", k)
		}
	}
	if stored, _ := db.User(ctx, u.ID); stored.SecretHash == secret || stored.SecretHash != hashOf(secret) {
		t.Errorf("stored secret %q; want its hash", stored.SecretHash)
	}
	for range 100 {
		if who, err := r.Keys(ctx, access, secret, "nessus"); err != nil || who.User != self.User || who.Permissions != self.Permissions || who.Via != self.Via {
			t.Fatalf("Keys = %+v, %v; want %+v", who, err, self)
		}
	}
	if n := db.lookups.Load(); n != 1 {
		t.Errorf("%d look-ups for 100 requests; want 1", n)
	}
	if who, _ := r.Keys(ctx, access, secret, "cli"); who.Via != "cli" {
		t.Errorf("Keys via cli = via %q", who.Via)
	}
	c.forward(keyCacheTime)
	_, err = r.Keys(ctx, access, secret, "nessus")
	noError(t, "Keys later", err)
	if n := db.lookups.Load(); n != 2 {
		t.Errorf("%d look-ups after %v; want 2", n, keyCacheTime)
	}

	u.Role = harrier.Viewer
	noError(t, "Update", r.Update(ctx, harrier.System, &u))
	if who, err := r.Keys(ctx, access, secret, ""); err != nil || who.Role != harrier.Viewer {
		t.Errorf("Keys at once after a demotion = %+v, %v; want a viewer", who, err)
	}
	access2, secret2, err := r.NewKeys(ctx, self, u.ID)
	noError(t, "NewKeys", err)
	refuse := func(why, access, secret string) {
		t.Helper()
		_, err := r.Keys(ctx, access, secret, "nessus")
		wantKind(t, "Keys with "+why, err, harrier.Unauthenticated)
		if harrier.MessageOf(err) != "Invalid Credentials" {
			t.Errorf("Keys with %s says %q", why, harrier.MessageOf(err))
		}
	}
	refuse("the old pair", access, secret)
	refuse("the old pair again", access, secret)
	refuse("mixed pairs", access2, secret)
	refuse("mixed pairs again", access2, secret)
	refuse("no key", "", "")
	_, err = r.Keys(ctx, access2, secret2, "nessus")
	noError(t, "Keys with the new pair", err)
	u.Disabled = true
	noError(t, "Update", r.Update(ctx, harrier.System, &u))
	refuse("the pair of a disabled user", access2, secret2)

	want := []string{
		"user.keys user 1", "user.update user 1", "user.keys user 1",
		"key.refused unknown key", "key.refused user 1", "key.refused unknown key", "user.update user 1",
	}
	if diff := cmp.Diff(want, actions(ctx, t, r)); diff != "" {
		t.Errorf("audit log (-want +got):\n%s", diff)
	}
}

// TestKeyCacheAge: what was looked up before a change is not remembered after
// it.
func TestKeyCacheAge(t *testing.T) {
	c, now := newKeyCache(), time.Now()
	age := c.age.Load()
	c.clear()
	c.put("pair", harrier.User{ID: 1}, now, age)
	if _, found := c.get("pair", now); found {
		t.Error("a look-up from before the change is remembered")
	}
	c.put("pair", harrier.User{ID: 1}, now, c.age.Load())
	if _, found := c.get("pair", now); !found {
		t.Error("a look-up from after the change is not remembered")
	}
}
