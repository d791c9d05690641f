package store_test

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/store/storetest"
)

func TestPostgres(t *testing.T) {
	server := needs.Env(t, "HARRIER_TEST_POSTGRES", "scripts/with-postgres.sh")
	storetest.Run(t, func(t *testing.T) string { return freshSchema(t, server) })
}

func TestViewOverPostgres(t *testing.T) {
	server := needs.Env(t, "HARRIER_TEST_POSTGRES", "scripts/with-postgres.sh")
	storetest.RunView(t, func(t *testing.T) string { return freshSchema(t, server) })
}

// freshSchema makes a schema for one test and drops it at its end.
func freshSchema(t *testing.T, server string) string {
	t.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + rand.Text()
	if _, err := db.ExecContext(t.Context(), `CREATE SCHEMA "`+name+`"`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The context of the test has ended by now.
		if _, err := db.Exec(`DROP SCHEMA "` + name + `" CASCADE`); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("search_path", `"`+name+`"`)
	address.RawQuery = query.Encode()
	return address.String()
}
