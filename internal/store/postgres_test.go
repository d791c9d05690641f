package store_test

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/store/storetest"
)

func TestPostgres(t *testing.T) {
	server := postgresServer(t)
	storetest.Run(t, server.fresh)
}

func TestViewOverPostgres(t *testing.T) {
	server := postgresServer(t)
	storetest.RunView(t, server.fresh)
}

// postgres is a server with a database that has the newest schema, which those of
// the tests are copies of: to bring a schema up to date takes longer than most
// tests.
type postgres struct {
	address *url.URL
	db      *sql.DB
	model   string
}

// postgresServer connects to the server of the tests until the end of t, whose role
// may create databases.
func postgresServer(t *testing.T) *postgres {
	t.Helper()
	address, err := url.Parse(needs.Env(t, "HARRIER_TEST_POSTGRES", "scripts/with-postgres.sh"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &postgres{address: address, db: db}
	p.model = p.create(t, "")
	opened, err := store.Open(t.Context(), p.of(p.model))
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil { // a database is copied while nobody is in it
		t.Fatal(err)
	}
	return p
}

// schema is where the tables are, a name that has to be quoted.
const schema = `"Of-Tests"`

// create makes a database for t, a copy of another one or an empty one.
func (p *postgres) create(t *testing.T, like string) (name string) {
	t.Helper()
	name = "test_" + rand.Text()
	text := `CREATE DATABASE "` + name + `"`
	if like != "" {
		text += ` TEMPLATE "` + like + `"`
	}
	if _, err := p.db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The context of the test has ended by now, and so may a server have only
		// just noticed the end of a connection.
		if _, err := p.db.Exec(`DROP DATABASE "` + name + `" WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	if like != "" {
		return name
	}
	db, err := sql.Open("pgx", p.of(name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // a fault showed before
	if _, err := db.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	return name
}

// of is the address of a database.
func (p *postgres) of(name string) string {
	at := *p.address
	at.Path = "/" + name
	query := at.Query()
	query.Set("search_path", schema)
	at.RawQuery = query.Encode()
	return at.String()
}

// fresh makes a database with the newest schema for t.
func (p *postgres) fresh(t *testing.T) string {
	t.Helper()
	return p.of(p.create(t, p.model))
}
