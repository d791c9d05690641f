package storetest

import (
	"context"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// noun is what the tests common to all nouns need.
type noun struct {
	name   string
	make   func(seed int) any // a pointer to one with every field filled
	insert func(ctx context.Context, db *store.DB, v any) error
	update func(ctx context.Context, db *store.DB, v any) error // nil: never changes
	remove func(ctx context.Context, db *store.DB, id harrier.ID) error
	get    func(ctx context.Context, db *store.DB, id harrier.ID) (any, error)
	list   func(ctx context.Context, db *store.DB) (any, error)
	seeded int // how many a new database has
}

func nounOf[T any](name string, seeded int,
	insert, update func(*store.DB, context.Context, *T) error,
	remove func(*store.DB, context.Context, harrier.ID) error,
	get func(*store.DB, context.Context, harrier.ID) (T, error),
	list func(*store.DB, context.Context) ([]T, error),
) noun {
	n := noun{name: name, seeded: seeded}
	n.make = func(seed int) any {
		v := new(T)
		fill(v, seed)
		setID(v, 0)
		return v
	}
	n.insert = func(ctx context.Context, db *store.DB, v any) error { return insert(db, ctx, v.(*T)) }
	n.update = func(ctx context.Context, db *store.DB, v any) error { return update(db, ctx, v.(*T)) }
	n.remove = func(ctx context.Context, db *store.DB, id harrier.ID) error { return remove(db, ctx, id) }
	n.get = func(ctx context.Context, db *store.DB, id harrier.ID) (any, error) {
		v, err := get(db, ctx, id)
		return &v, err
	}
	n.list = func(ctx context.Context, db *store.DB) (any, error) { return list(db, ctx) }
	return n
}

func idOf(v any) harrier.ID {
	return harrier.ID(reflect.ValueOf(v).Elem().FieldByName("ID").Int())
}

func setID(v any, id harrier.ID) {
	reflect.ValueOf(v).Elem().FieldByName("ID").SetInt(int64(id))
}

// nouns lists what has an ID and is kept whole.
var nouns = []noun{
	nounOf("user", 0, (*store.DB).InsertUser, (*store.DB).UpdateUser, (*store.DB).DeleteUser, (*store.DB).User, (*store.DB).Users),
	nounOf("discovery connection", 0, (*store.DB).InsertConnection, (*store.DB).UpdateConnection, (*store.DB).DeleteConnection, (*store.DB).Connection, (*store.DB).Connections),
	nounOf("profile", 0, (*store.DB).InsertProfile, (*store.DB).UpdateProfile, (*store.DB).DeleteProfile, (*store.DB).Profile, (*store.DB).Profiles),
	nounOf("organization", 1, (*store.DB).InsertOrganization, (*store.DB).UpdateOrganization, (*store.DB).DeleteOrganization, (*store.DB).Organization, (*store.DB).Organizations),
	nounOf("group", 1, (*store.DB).InsertGroup, (*store.DB).UpdateGroup, (*store.DB).DeleteGroup, (*store.DB).Group, (*store.DB).Groups),
	nounOf("role", 0, (*store.DB).InsertRole, (*store.DB).UpdateRole, (*store.DB).DeleteRole, (*store.DB).Role, (*store.DB).RoleDefinitions),
	nounOf("folder", 2, (*store.DB).InsertFolder, (*store.DB).UpdateFolder, (*store.DB).DeleteFolder, (*store.DB).Folder, (*store.DB).Folders),
	nounOf("site", 0, (*store.DB).InsertSite, (*store.DB).UpdateSite, (*store.DB).DeleteSite, (*store.DB).Site, (*store.DB).Sites),
	nounOf("policy", 0, (*store.DB).InsertPolicy, (*store.DB).UpdatePolicy, (*store.DB).DeletePolicy, (*store.DB).Policy, (*store.DB).Policies),
	nounOf("asset list", 0, (*store.DB).InsertAssetList, (*store.DB).UpdateAssetList, (*store.DB).DeleteAssetList, (*store.DB).AssetList, (*store.DB).AssetLists),
	nounOf("tag", 5, (*store.DB).InsertTag, (*store.DB).UpdateTag, (*store.DB).DeleteTag, (*store.DB).Tag, (*store.DB).Tags),
	nounOf("saved query", 0, (*store.DB).InsertSavedQuery, (*store.DB).UpdateSavedQuery, (*store.DB).DeleteSavedQuery, (*store.DB).SavedQuery, (*store.DB).SavedQueries),
	nounOf("exception", 0, (*store.DB).InsertException, (*store.DB).UpdateException, (*store.DB).DeleteException, (*store.DB).Exception, (*store.DB).Exceptions),
	nounOf("repository", 1, (*store.DB).InsertRepository, (*store.DB).UpdateRepository, (*store.DB).DeleteRepository, (*store.DB).Repository, (*store.DB).Repositories),
	nounOf("report", 0, (*store.DB).InsertReport, (*store.DB).UpdateReport, (*store.DB).DeleteReport, (*store.DB).Report, (*store.DB).Reports),
	nounOf("report definition", 0, (*store.DB).InsertReportDefinition, (*store.DB).UpdateReportDefinition, (*store.DB).DeleteReportDefinition, (*store.DB).ReportDefinition, (*store.DB).ReportDefinitions),
	nounOf("freeze", 0, (*store.DB).InsertFreeze, (*store.DB).UpdateFreeze, (*store.DB).DeleteFreeze, (*store.DB).Freeze, (*store.DB).Freezes),
	nounOf("engine", 0, (*store.DB).InsertEngine, (*store.DB).UpdateEngine, (*store.DB).DeleteEngine, (*store.DB).Engine, (*store.DB).Engines),
	nounOf("API key", 0, (*store.DB).InsertAPIKey, (*store.DB).UpdateAPIKey, (*store.DB).DeleteAPIKey, (*store.DB).APIKey, (*store.DB).APIKeys),
}

// exact compares everything, addresses as values.
var exact = cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})

func roundTrips(t *testing.T, dsn string) {
	db := open(t, dsn)
	for _, n := range slices.Concat(nouns, alertNouns, engineNouns) {
		t.Run(n.name, func(t *testing.T) {
			ctx := t.Context()
			a, b := n.make(1), n.make(2)
			must(t, n.insert(ctx, db, a))
			must(t, n.insert(ctx, db, b))
			if idOf(a) == 0 || idOf(b) <= idOf(a) {
				t.Errorf("IDs %d, %d; want them positive and rising", idOf(a), idOf(b))
			}
			if diff := cmp.Diff(a, got(n.get(ctx, db, idOf(a)))(t), exact); diff != "" {
				t.Errorf("after insert (-want +got):\n%s", diff)
			}
			changed := n.make(3)
			setID(changed, idOf(a))
			keepUUID(changed, a)
			must(t, n.update(ctx, db, changed))
			if diff := cmp.Diff(changed, got(n.get(ctx, db, idOf(a)))(t), exact); diff != "" {
				t.Errorf("after update (-want +got):\n%s", diff)
			}
			list := reflect.ValueOf(got(n.list(ctx, db))(t))
			if list.Len() != n.seeded+2 {
				t.Fatalf("list has %d; want %d", list.Len(), n.seeded+2)
			}
			for i, want := range []any{changed, b} {
				if diff := cmp.Diff(want, list.Index(n.seeded+i).Addr().Interface(), exact); diff != "" {
					t.Errorf("in the list (-want +got):\n%s", diff)
				}
			}
			must(t, n.remove(ctx, db, idOf(a)))
			if _, err := n.get(ctx, db, idOf(a)); harrier.KindOf(err) != harrier.NotFound {
				t.Errorf("get after delete = %v; want NotFound", err)
			}
		})
	}
}

// keepUUID gives to the UUID of from: an engine is known by it.
func keepUUID(to, from any) {
	if f := reflect.ValueOf(to).Elem().FieldByName("UUID"); f.IsValid() {
		f.Set(reflect.ValueOf(from).Elem().FieldByName("UUID"))
	}
}

func notFound(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	for _, n := range slices.Concat(nouns, alertNouns, engineNouns) {
		v := n.make(1)
		setID(v, 4711)
		_, errGet := n.get(ctx, db, 4711)
		errs := map[string]error{"get": errGet, "delete": n.remove(ctx, db, 4711), "update": n.update(ctx, db, v)}
		for what, err := range errs {
			if harrier.KindOf(err) != harrier.NotFound {
				t.Errorf("%s of no %s = %v; want NotFound", what, n.name, err)
			}
		}
	}
	second := func(_ any, err error) error { return err }
	for what, err := range map[string]error{
		"UserByName":      second(db.UserByName(ctx, "nobody")),
		"UserByAccessKey": second(db.UserByAccessKey(ctx, "")),
		"Session":         second(db.Session(ctx, "none")),
		"TouchSession":    db.TouchSession(ctx, "none", at(1)),
		"DeleteSession":   db.DeleteSession(ctx, "none"),
		"Vulnerability":   second(db.Vulnerability(ctx, 1)),
		"ReportByToken":   second(db.ReportByToken(ctx, "")),
		"Scan":            second(db.Scan(ctx, 1)),
		"ScanByUUID":      second(db.ScanByUUID(ctx, harrier.UUID{1})),
		"UpdateScan":      db.UpdateScan(ctx, &harrier.Scan{ID: 9}),
		"DeleteScan":      db.DeleteScan(ctx, 9),
		"FinishBatch":     db.FinishBatch(ctx, 1, 1, 1),
	} {
		if harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("%s = %v; want NotFound", what, err)
		}
	}
}

func freshIDs(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	for _, n := range slices.Concat(nouns, alertNouns, engineNouns) {
		a, b := n.make(1), n.make(2)
		must(t, n.insert(ctx, db, a))
		must(t, n.remove(ctx, db, idOf(a)))
		must(t, n.insert(ctx, db, b))
		if idOf(b) <= idOf(a) {
			t.Errorf("%s: ID %d after %d was deleted; want a new one", n.name, idOf(b), idOf(a))
		}
	}
}

func conflicts(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	must(t, db.InsertUser(ctx, &harrier.User{Name: "Ann", AccessKey: "a1"}))
	bob := harrier.User{Name: "bob"}
	must(t, db.InsertUser(ctx, &bob))
	must(t, db.InsertUser(ctx, &harrier.User{Name: "carl"})) // a second one without a key
	site := harrier.Site{Name: "lab"}
	must(t, db.InsertSite(ctx, &site))
	must(t, db.InsertSession(ctx, harrier.Session{TokenHash: "h"}))
	must(t, db.InsertReport(ctx, &harrier.Report{Token: "t"}))
	must(t, db.PutVulnerabilities(ctx, []harrier.Vulnerability{{ID: 1, Slug: "a", UUID: harrier.UUID{1}}}))
	renamed := bob
	renamed.Name = "ANN"
	for what, err := range map[string]error{
		"the same user name in another case": db.InsertUser(ctx, &harrier.User{Name: "ANN"}),
		"the same access key":                db.InsertUser(ctx, &harrier.User{Name: "dora", AccessKey: "a1"}),
		"renaming to a taken name":           db.UpdateUser(ctx, &renamed),
		"the same UUID":                      db.InsertSite(ctx, &harrier.Site{UUID: site.UUID}),
		"the same session":                   db.InsertSession(ctx, harrier.Session{TokenHash: "h"}),
		"the same report token":              db.InsertReport(ctx, &harrier.Report{Token: "t"}),
		"the same slug": db.PutVulnerabilities(ctx, []harrier.Vulnerability{
			{ID: 2, Slug: "a", UUID: harrier.UUID{2}},
		}),
	} {
		if harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("%s: error %v; want Conflict", what, err)
		}
	}
	if u := got(db.UserByName(ctx, "aNN"))(t); u.Name != "Ann" {
		t.Errorf("UserByName(aNN) = %q; want Ann", u.Name)
	}
	if u := got(db.UserByAccessKey(ctx, "a1"))(t); u.Name != "Ann" {
		t.Errorf("UserByAccessKey(a1) = %q; want Ann", u.Name)
	}
}

func seeds(t *testing.T, dsn string) {
	db, ctx := open(t, dsn), t.Context()
	want := []harrier.Folder{
		{ID: harrier.Trash, Name: "Trash", Kind: harrier.TrashFolder},
		{ID: harrier.MyScans, Name: "My Scans", Kind: harrier.MainFolder},
	}
	if diff := cmp.Diff(want, got(db.Folders(ctx))(t)); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
	own := harrier.Folder{Name: "own", Kind: harrier.CustomFolder}
	must(t, db.InsertFolder(ctx, &own))
	if own.ID <= harrier.MyScans {
		t.Errorf("a new folder has ID %d; want one above %d", own.ID, harrier.MyScans)
	}
	r := got(db.Repository(ctx, harrier.DefaultRepository))(t)
	if r.Name != "Default" || r.UUID.IsZero() || r.Created.IsZero() {
		t.Errorf("the default repository is %+v; want a name, a UUID and a time", r)
	}
}
