package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestMigrateOrganizationRules opens a database with rules for all repositories
// from before they were bound to those of their maker's organisation.
func TestMigrateOrganizationRules(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "harrier.db")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.Open(ctx, path)
	must(err)
	at := time.Now()
	two := harrier.Organization{Name: "two", UUID: harrier.NewUUID(at), Repositories: []harrier.ID{3, 5, 7}}
	none := harrier.Organization{Name: "none", UUID: harrier.NewUUID(at)}
	must(db.InsertOrganization(ctx, &two))
	must(db.InsertOrganization(ctx, &none))
	rule := func(name string, organization, repository harrier.ID) {
		u := harrier.User{Name: name, UUID: harrier.NewUUID(at), Role: harrier.Analyst, Organization: organization}
		must(db.InsertUser(ctx, &u))
		must(db.InsertException(ctx, &harrier.Exception{UUID: harrier.NewUUID(at), Vulnerability: 100, Owner: u.ID, Repository: repository, Reason: name}))
	}
	rule("operator", 0, 0)
	rule("member", two.ID, 0)
	rule("homeless", none.ID, 0)
	rule("bound", two.ID, 5)
	must(db.Close())

	raw, err := sql.Open("sqlite", path)
	must(err)
	migration, err := os.ReadFile(filepath.Join("migrations", "sqlite", "00016_rules_audit_files.sql"))
	must(err)
	rules, _, _ := strings.Cut(string(migration), "CREATE TABLE")
	_, err = raw.ExecContext(ctx, rules)
	must(err)
	must(raw.Close())
	db, err = store.Open(ctx, path)
	must(err)
	defer func() { must(db.Close()) }()
	list, err := db.Exceptions(ctx)
	must(err)
	var got string
	for _, e := range list {
		got += fmt.Sprintf("%s %d %q; ", e.Reason, e.Repository, e.State)
		if e.UUID.IsZero() {
			t.Errorf("the rule of %s for %d has no UUID", e.Reason, e.Repository)
		}
	}
	if want := `operator 0 ""; member 3 ""; homeless 0 "recalled"; bound 5 ""; member 5 ""; member 7 ""; `; got != want {
		t.Errorf("after the migration:\n%s\nwant\n%s", got, want)
	}
}
