package identity

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that tests move by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) forward(d time.Duration) { c.at = c.at.Add(d) }

// room returns a room over a real database, with a clock of its own.
func room(t *testing.T) (*Room, *store.DB, *clock) {
	t.Helper()
	db := open(t)
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	return New(db, Config{Now: c.now, Log: slog.New(slog.DiscardHandler)}), db, c
}

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir()+"/h.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// add puts a user into the database without a password: hashing is slow on
// purpose.
func add(t *testing.T, db *store.DB, name string, role harrier.Role) harrier.User {
	t.Helper()
	u := harrier.User{UUID: harrier.NewUUID(time.Now()), Name: name, Role: role}
	if role != harrier.Operator {
		u.Organization, u.Group = harrier.FirstOrganization, harrier.FullAccess
	}
	if err := db.InsertUser(t.Context(), &u); err != nil {
		t.Fatal(err)
	}
	return u
}

// actor is u as one who acts on a new installation.
func actor(u harrier.User, via string) harrier.Actor {
	a := &access{
		groups: map[harrier.ID]harrier.Group{1: {ID: 1, Organization: 1, First: true}},
		sights: map[harrier.ID]sight{1: {}},
	}
	return a.actor(u, via)
}

const goodPassword = "correct horse"

// join adds a user with goodPassword.
func join(t *testing.T, r *Room, name string, role harrier.Role) harrier.User {
	t.Helper()
	u := harrier.User{Name: name, Role: role}
	if err := r.Create(t.Context(), harrier.System, &u, goodPassword); err != nil {
		t.Fatal(err)
	}
	return u
}

// actions returns the audit log, oldest first, as "action object".
func actions(ctx context.Context, t *testing.T, r *Room) []string {
	t.Helper()
	log, err := r.Audit(ctx, harrier.System, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := len(log) - 1; i >= 0; i-- {
		out = append(out, log[i].Action+" "+log[i].Object)
	}
	return out
}

func wantKind(t *testing.T, call string, err error, want harrier.Kind) {
	t.Helper()
	if err == nil || harrier.KindOf(err) != want {
		t.Errorf("%s = %v; want %v", call, err, want)
	}
}

func noError(t *testing.T, call string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s = %v; want no error", call, err)
	}
}
