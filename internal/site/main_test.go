package site

import (
	"fmt"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/policy"
	"github.com/harrier-scan/harrier/internal/secret"
	"github.com/harrier-scan/harrier/internal/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type noChecks struct{}

func (noChecks) Checks() []harrier.CheckInfo { return nil }

// house is the room with its neighbours over a real database, with users 1 to
// 4: two analysts, an administrator, a viewer.
type house struct {
	*Room
	policies *policy.Room
	db       *store.DB
	at       time.Time
	users    []harrier.Actor
}

func open(t *testing.T) *house {
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
	box, err := secret.New(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{db: db, at: noon}
	now := func() time.Time { return h.at }
	h.policies = policy.New(db, noChecks{}, box, now)
	h.Room = New(db, h.policies, now)
	for i, role := range []harrier.Role{harrier.Analyst, harrier.Analyst, harrier.Administrator, harrier.Viewer} {
		u := harrier.User{UUID: harrier.NewUUID(noon), Name: fmt.Sprint("user", i+1), Role: role}
		if err := db.InsertUser(t.Context(), &u); err != nil {
			t.Fatal(err)
		}
		h.users = append(h.users, harrier.Actor{User: u.ID, Name: u.Name, Role: role, Permissions: role.Permissions(), Via: "test"})
	}
	return h
}

// site makes a site of the first user's.
func (h *house) site(t *testing.T, s harrier.Site) harrier.Site {
	t.Helper()
	if s.Name == "" {
		s.Name = "lan"
	}
	if err := h.Create(t.Context(), h.users[0], &s); err != nil {
		t.Fatal(err)
	}
	return s
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
