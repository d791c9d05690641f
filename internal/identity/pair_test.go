package identity

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

func TestSignInPair(t *testing.T) {
	r, _, clock := room(t)
	ctx := t.Context()
	u := join(t, r, "anna", harrier.Analyst)
	begin := func(release bool) (Pair, error) {
		clock.forward(time.Second)
		return r.SignInPair(ctx, "Anna", goodPassword, "door", "192.0.2.1", PairLimit{Most: 2, Release: release})
	}
	token := func(p Pair) string { return p.Cookie + strconv.Itoa(p.Number) }

	first, err := begin(false)
	noError(t, "SignInPair", err)
	if len(first.Cookie) != 32 || first.Number < 1_000_000_000 || first.Number > 2_147_483_647 || first.Who.User != u.ID || !first.Before.LastLogin.IsZero() {
		t.Errorf("SignInPair = %+v; want 32 characters, ten digits and a user who was not here before", first)
	}
	second, err := begin(false)
	noError(t, "SignInPair", err)
	if !second.Before.LastLogin.Equal(clock.now().Add(-time.Second)) || second.Before.PasswordHash != "" {
		t.Errorf("before the second sign-in: %+v; want the time of the first, and no secret", second.Before)
	}
	for _, s := range []string{first.Cookie, first.Cookie + strconv.Itoa(second.Number), token(first) + "0"} {
		_, err := r.Session(ctx, s, "door")
		wantKind(t, "Session with half of a pair", err, harrier.Unauthenticated)
	}

	if _, err := begin(false); !errors.Is(err, ErrSessions) {
		t.Errorf("a third session = %v; want ErrSessions", err)
	}
	// Sessions of other doors do not count.
	if _, _, err := r.SignIn(ctx, "anna", goodPassword, "other", "192.0.2.1"); err != nil {
		t.Error(err)
	}
	_, err = r.SignInPair(ctx, "anna", "wrong", "door", "192.0.2.1", PairLimit{Most: 2})
	wantKind(t, "a third session with a wrong password", err, harrier.Unauthenticated)
	third, err := begin(true)
	noError(t, "SignInPair with Release", err)
	_, err = r.Session(ctx, token(first), "door")
	wantKind(t, "Session of the oldest", err, harrier.Unauthenticated)
	for _, p := range []Pair{second, third} {
		_, err = r.Session(ctx, token(p), "door")
		noError(t, "Session", err)
	}

	// A session that has ended makes room, swept or not.
	clock.forward(r.IdleTimeout() - time.Second)
	_, err = r.Session(ctx, token(third), "door")
	noError(t, "Session", err)
	clock.forward(time.Second)
	_, err = begin(false)
	noError(t, "SignInPair after one has ended", err)
	noError(t, "SignOut", r.SignOut(ctx, token(third)))
	wantKind(t, "SignOut again", r.SignOut(ctx, token(third)), harrier.Unauthenticated)
}
