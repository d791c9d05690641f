package fleet

import (
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

func room(t *testing.T) (*Room, *store.DB) {
	t.Helper()
	db, err := store.Open(t.Context(), ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return New(Config{Store: db}), db
}

func kind(t *testing.T, what string, err error, want harrier.Kind) {
	t.Helper()
	if err == nil || harrier.KindOf(err) != want {
		t.Errorf("%s = %v; want %v", what, err, want)
	}
}

func TestEnginesAndPools(t *testing.T) {
	r, db := room(t)
	ctx, by := t.Context(), harrier.System
	ok := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s = %v", what, err)
		}
	}
	own := harrier.Engine{UUID: harrier.UUID{1}, Name: "local", Pool: harrier.LocalPool, LastSeen: time.Now()}
	ok("own", db.PutEngine(ctx, &own))
	a := harrier.Engine{Name: "a", Address: "192.0.2.1", Port: 40814, Given: map[string]string{"scope": "global"}, Key: []byte("not from outside")}
	ok("save", r.SaveEngine(ctx, by, &a))
	if got, err := r.Engine(ctx, by, a.ID); err != nil || got.Given["scope"] != "global" || got.Status(time.Now()) != harrier.EnginePending {
		t.Errorf("Engine = %+v, %v; want it pending, without a key", got, err)
	}
	viewer := harrier.Actor{User: 1, Permissions: harrier.Administrator.Permissions()}
	kind(t, "save by who may not", r.SaveEngine(ctx, viewer, &harrier.Engine{Name: "x"}), harrier.Forbidden)
	kind(t, "delete by who may not", r.DeleteEngine(ctx, viewer, a.ID), harrier.Forbidden)
	kind(t, "revoke by who may not", r.Revoke(ctx, viewer, a.ID), harrier.Forbidden)
	kind(t, "pool by who may not", r.CreatePool(ctx, viewer, &harrier.Pool{Name: "x"}), harrier.Forbidden)
	kind(t, "delete a pool by who may not", r.DeletePool(ctx, viewer, 1), harrier.Forbidden)
	_, err := r.Token(ctx, viewer, NewToken{})
	kind(t, "token by who may not", err, harrier.Forbidden)
	kind(t, "the same name", r.SaveEngine(ctx, by, &harrier.Engine{Name: "A"}), harrier.Conflict)
	kind(t, "no name", r.SaveEngine(ctx, by, &harrier.Engine{}), harrier.Invalid)
	kind(t, "a port alone", r.SaveEngine(ctx, by, &harrier.Engine{Name: "p", Port: 1}), harrier.Invalid)
	kind(t, "rename the own", r.SaveEngine(ctx, by, &harrier.Engine{ID: own.ID, Name: "z"}), harrier.Conflict)
	kind(t, "delete the own", r.DeleteEngine(ctx, by, own.ID), harrier.Conflict)
	kind(t, "revoke the own", r.Revoke(ctx, by, own.ID), harrier.Conflict)
	kind(t, "no such engine", r.DeleteEngine(ctx, by, 99), harrier.NotFound)

	p := harrier.Pool{Name: "offices", Members: []harrier.ID{a.ID, a.ID}}
	ok("pool", r.CreatePool(ctx, by, &p))
	kind(t, "the same pool", r.CreatePool(ctx, by, &harrier.Pool{Name: "offices"}), harrier.Conflict)
	kind(t, "a pool with the own", r.CreatePool(ctx, by, &harrier.Pool{Name: "x", Members: []harrier.ID{own.ID}}), harrier.Invalid)
	kind(t, "a pool with nobody known", r.CreatePool(ctx, by, &harrier.Pool{Name: "x", Members: []harrier.ID{99}}), harrier.Invalid)
	kind(t, "a pool called as a queue", r.CreatePool(ctx, by, &harrier.Pool{Name: "@x"}), harrier.Invalid)
	site := harrier.Site{Name: "s", Pool: "offices"}
	ok("site", db.InsertSite(ctx, &site))
	kind(t, "delete a pool in use", r.DeletePool(ctx, by, p.ID), harrier.Conflict)
	p.Name = "branches"
	ok("rename", r.UpdatePool(ctx, by, &p))
	if s, err := db.Site(ctx, site.ID); err != nil || s.Pool != "branches" {
		t.Errorf("the site is bound to %q, %v; want branches", s.Pool, err)
	}
	site.Engine, site.Pool = a.ID, ""
	ok("bind", db.UpdateSite(ctx, &site))
	kind(t, "delete an engine in use", r.DeleteEngine(ctx, by, a.ID), harrier.Conflict)
	site.Engine = 0
	ok("unbind", db.UpdateSite(ctx, &site))
	ok("delete", r.DeleteEngine(ctx, by, a.ID))
	if list, err := r.Pools(ctx, by); err != nil || len(list) != 1 || len(list[0].Members) != 0 {
		t.Errorf("pools = %+v, %v; want one without members", list, err)
	}
	ok("delete pool", r.DeletePool(ctx, by, p.ID))
}

func TestEnrol(t *testing.T) {
	r, _ := room(t)
	ctx, by := t.Context(), harrier.System
	token := func(n NewToken) string {
		t.Helper()
		s, err := r.Token(ctx, by, n)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := token(NewToken{Pool: "p"})
	e, err := r.Enrol(ctx, first, harrier.Engine{Name: "e", Key: []byte("k"), Box: []byte("b")})
	if err != nil || !e.Trusted() {
		t.Fatalf("Enrol = %+v, %v", e, err)
	}
	_, err = r.Enrol(ctx, first, harrier.Engine{Name: "f", Key: []byte("k")})
	kind(t, "the same token", err, harrier.Unauthenticated)
	_, err = r.Enrol(ctx, token(NewToken{}), harrier.Engine{Name: "e", Key: []byte("k")})
	kind(t, "the name of another", err, harrier.Conflict)
	if err := r.Revoke(ctx, by, e.ID); err != nil {
		t.Fatal(err)
	}
	kind(t, "renewal of a revoked one", r.Renewed(ctx, e.UUID, time.Now()), harrier.Forbidden)
	again, err := r.Enrol(ctx, token(NewToken{Name: "e", Pool: "p"}), harrier.Engine{Name: "x", Key: []byte("k2")})
	if err != nil || again.ID != e.ID || !again.Trusted() || again.Name != "e" {
		t.Errorf("enrolment anew = %+v, %v; want the same engine with another key", again, err)
	}
	if list, err := r.Pools(ctx, by); err != nil || len(list) != 1 || len(list[0].Members) != 1 {
		t.Errorf("pools = %+v, %v; want one with one member", list, err)
	}
	for _, n := range []NewToken{{Name: "a\nb"}, {Pool: "@x"}, {Life: -1}, {Life: MaxTokenLife + 1}} {
		_, err := r.Token(ctx, by, n)
		kind(t, "a token that can not be", err, harrier.Invalid)
	}
}
