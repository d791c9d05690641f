package identity

import (
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// TestAPIKeys: a user key stands for its user and ends with them; an organisation
// key may do and see all in its organisation, and goes on.
func TestAPIKeys(t *testing.T) {
	r, db, _ := room(t)
	ctx := t.Context()
	boss, operator := add(t, db, "boss", harrier.Administrator), add(t, db, "op", harrier.Operator)
	who := func(u harrier.User) harrier.Actor {
		a, err := r.ActorOf(ctx, u.ID, "test")
		noError(t, "ActorOf", err)
		return a
	}
	analyst := add(t, db, "ann", harrier.Analyst)
	make := func(u harrier.User, all bool) string {
		k := harrier.APIKey{Name: "collector", ForAll: all}
		text, err := r.NewAPIKey(ctx, who(u), &k)
		noError(t, "NewAPIKey", err)
		if stored, err := db.APIKey(ctx, k.ID); err != nil || stored.Hash == text || stored.Hash != hashOf(text) {
			t.Errorf("the key is stored as %+v, %v; want its hash", stored, err)
		}
		return text
	}
	own, all, whole := make(analyst, false), make(boss, true), make(operator, true)
	if a, err := r.ByAPIKey(ctx, own, "x"); err != nil || a.User != analyst.ID || a.Permissions != who(analyst).Permissions || a.Via != "x" {
		t.Errorf("the user key is %+v, %v", a, err)
	}
	check := func() {
		t.Helper()
		if a, err := r.ByAPIKey(ctx, all, "x"); err != nil || a.Organization != harrier.FirstOrganization || !a.May(harrier.EditAll|harrier.RunScans) || a.May(harrier.ManageEngines) || a.Narrow() {
			t.Errorf("the organisation key is %+v, %v", a, err)
		}
		if a, err := r.ByAPIKey(ctx, whole, "x"); err != nil || a.Organization != 0 || !a.May(harrier.ManageEngines) || a.Scope != nil {
			t.Errorf("the installation's key is %+v, %v", a, err)
		}
	}
	check()
	for what, err := range map[string]error{
		"an analyst's key of all": second(r.NewAPIKey(ctx, who(analyst), &harrier.APIKey{Name: "x", ForAll: true})),
		"a key of nobody":         second(r.NewAPIKey(ctx, harrier.System, &harrier.APIKey{Name: "x"})),
	} {
		if harrier.KindOf(err) != harrier.Forbidden {
			t.Errorf("%s: %v; want Forbidden", what, err)
		}
	}
	if _, err := r.NewAPIKey(ctx, who(analyst), &harrier.APIKey{}); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("a key without a name: %v; want Invalid", err)
	}
	if _, err := r.ByAPIKey(ctx, "nothing", "x"); harrier.KindOf(err) != harrier.Unauthenticated {
		t.Errorf("no key: %v; want Unauthenticated", err)
	}
	list, err := r.APIKeys(ctx, who(analyst))
	if err != nil || len(list) != 1 || list[0].Hash != "" {
		t.Errorf("an analyst sees the keys %+v, %v; want the own one, without its hash", list, err)
	}
	if list, err := r.APIKeys(ctx, who(boss)); err != nil || len(list) != 1 {
		t.Errorf("an administrator sees the keys %+v, %v; want that of the organisation", list, err)
	}
	noError(t, "Delete", r.Delete(ctx, who(operator), analyst.ID))
	noError(t, "Delete", r.Delete(ctx, who(operator), boss.ID))
	if _, err := r.ByAPIKey(ctx, own, "x"); harrier.KindOf(err) != harrier.Unauthenticated {
		t.Errorf("the key of a user who is gone: %v; want Unauthenticated", err)
	}
	check()
	keys, err := r.APIKeys(ctx, who(operator))
	if err != nil || len(keys) != 2 {
		t.Fatalf("the operator sees %+v, %v", keys, err)
	}
	noError(t, "DeleteAPIKey", r.DeleteAPIKey(ctx, who(operator), keys[0].ID))
	if err := r.DeleteAPIKey(ctx, who(operator), keys[0].ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("deleted twice: %v; want NotFound", err)
	}
	if _, err := r.ByAPIKey(ctx, all, "x"); harrier.KindOf(err) != harrier.Unauthenticated {
		t.Errorf("a key that was deleted: %v; want Unauthenticated", err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestAPIKeyEnds: a key with an end is none from then on.
func TestAPIKeyEnds(t *testing.T) {
	r, db, clock := room(t)
	u := add(t, db, "ann", harrier.Analyst)
	by, err := r.ActorOf(t.Context(), u.ID, "test")
	noError(t, "ActorOf", err)
	k := harrier.APIKey{Name: "short", Expires: r.now().Add(time.Hour)}
	text, err := r.NewAPIKey(t.Context(), by, &k)
	noError(t, "NewAPIKey", err)
	_, err = r.ByAPIKey(t.Context(), text, "x")
	noError(t, "ByAPIKey", err)
	clock.forward(time.Hour)
	if _, err := r.ByAPIKey(t.Context(), text, "x"); harrier.KindOf(err) != harrier.Unauthenticated {
		t.Errorf("a key that has ended = %v; want Unauthenticated", err)
	}
	if _, err := r.NewAPIKey(t.Context(), by, &harrier.APIKey{Name: "late", Expires: r.now()}); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("a key that has ended already = %v; want Invalid", err)
	}
}
