package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// enginesSay: what an engine says of itself leaves alone what an operator and
// its enrolment say of it.
func enginesSay(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	e := harrier.Engine{Name: "branch", Address: "192.0.2.1", Port: 40814, Key: []byte("key"), Box: []byte("box"), Enrolled: at(1), Created: at(1)}
	must(t, db.InsertEngine(ctx, &e))
	said := harrier.Engine{
		UUID: e.UUID, Name: "evil", Pool: harrier.LocalPool, Key: []byte("other"), Revoked: at(9),
		Version: "1.2", Protocol: 1, Hostname: "h", Raw: true, Started: at(2), LastSeen: at(3), Running: 2, Parallel: 4,
	}
	must(t, db.PutEngine(ctx, &said))
	want := e
	want.Version, want.Protocol, want.Hostname, want.Raw = "1.2", 1, "h", true
	want.Started, want.LastSeen, want.Running, want.Parallel = at(2), at(3), 2, 4
	if diff := cmp.Diff(want, got(db.Engine(ctx, e.ID))(t)); diff != "" || said.ID != e.ID {
		t.Errorf("after it spoke (-want +got):\n%s", diff)
	}
	own := harrier.Engine{UUID: harrier.UUID{7}, Name: "local", Pool: harrier.LocalPool}
	must(t, db.PutEngine(ctx, &own))
	if list := got(db.Engines(ctx))(t); len(list) != 2 || list[1].Name != "local" {
		t.Errorf("engines = %+v; want branch and local", list)
	}
	must(t, db.InsertPool(ctx, &harrier.Pool{Name: "dmz"}))
	if err := db.InsertPool(ctx, &harrier.Pool{Name: "dmz"}); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("a second pool of the same name = %v; want Conflict", err)
	}
}

func engineTokens(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	token := harrier.EngineToken{Hash: "h", Name: "n", Pool: "p", By: "ann", Created: at(1), Expires: at(2)}
	must(t, db.InsertEngineToken(ctx, token))
	if diff := cmp.Diff(token, got(db.EngineToken(ctx, "h"))(t)); diff != "" {
		t.Errorf("token (-want +got):\n%s", diff)
	}
	must(t, db.UseEngineToken(ctx, "h", at(3)))
	if used := got(db.EngineToken(ctx, "h"))(t); !used.Used.Equal(at(3)) {
		t.Errorf("token after use = %+v; want it used at %s", used, at(3))
	}
	_, err := db.EngineToken(ctx, "other")
	for what, err := range map[string]error{"an unknown token": err, "used again": db.UseEngineToken(ctx, "h", at(4)), "unknown used": db.UseEngineToken(ctx, "x", at(4))} {
		if harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("%s = %v; want NotFound", what, err)
		}
	}
	must(t, db.InsertEngineToken(ctx, harrier.EngineToken{Hash: "later", Created: at(2).AddDate(1, 0, 0), Expires: at(2).AddDate(1, 0, 0)}))
	if _, err := db.EngineToken(ctx, "h"); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("a token a year after its end = %v; want NotFound", err)
	}
}

// enginePromises are those of engines, pools and tokens.
var enginePromises = []promise{
	{"what an engine says leaves its enrolment alone", enginesSay},
	{"an engine token is used once", engineTokens},
}

var engineNouns = []noun{
	nounOf("pool", 0, (*store.DB).InsertPool, (*store.DB).UpdatePool, (*store.DB).DeletePool, (*store.DB).Pool, (*store.DB).Pools),
}
