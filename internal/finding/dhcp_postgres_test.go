package finding

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestLeasesPostgres is a small TestLeases on PostgreSQL.
func TestLeasesPostgres(t *testing.T) { newLeases(0, 150).run(t, openPostgres(t), 4) }

// openPostgres opens an empty schema of the server for tests; without one the test
// is skipped.
func openPostgres(t *testing.T) *store.DB {
	t.Helper()
	server := needs.Env(t, "HARRIER_TEST_POSTGRES", "scripts/with-postgres.sh")
	admin, err := sql.Open("pgx", server)
	must(t, err)
	name := "finding_" + rand.Text()
	_, err = admin.ExecContext(t.Context(), `CREATE SCHEMA "`+name+`"`)
	must(t, err)
	t.Cleanup(func() {
		// The context of the test has ended by now.
		if _, err := admin.Exec(`DROP SCHEMA "` + name + `" CASCADE`); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	address, err := url.Parse(server)
	must(t, err)
	query := address.Query()
	query.Set("search_path", `"`+name+`"`)
	address.RawQuery = query.Encode()
	db, err := store.Open(t.Context(), address.String())
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}
