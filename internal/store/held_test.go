package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestVerdictsOfBefore opens a database in which verdicts are sums: what assets
// have open findings of is in doubt then.
func TestVerdictsOfBefore(t *testing.T) {
	path, ctx := filepath.Join(t.TempDir(), "harrier.db"), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.Open(ctx, path)
	must(err)
	at := harrier.Endpoint{Protocol: harrier.TCP, Port: 80}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 2 {
		a := harrier.Asset{Repository: harrier.DefaultRepository, UUID: harrier.NewUUID(day)}
		must(db.InsertAsset(ctx, &a))
		must(db.PutThings(ctx, a.ID, []harrier.Placed{
			{Endpoint: at, Subject: "nginx"}, {Endpoint: at, Key: "a:jquery:jquery", Subject: "jquery"},
		}))
		finding := func(vuln harrier.VulnID, closed time.Time) *harrier.Finding {
			return &harrier.Finding{
				Asset: a.ID, Instance: harrier.Instance{Vulnerability: vuln, Endpoint: at},
				Intervals: []harrier.Interval{{Opened: day, LastSeen: day, Closed: closed}},
			}
		}
		must(db.SaveFindings(ctx, []*harrier.Finding{
			finding(1_240_006_387, time.Time{}), finding(1_180_000_001, time.Time{}), finding(1_180_000_002, day), finding(11936, time.Time{}),
		}))
	}
	must(db.Close())
	raw, err := sql.Open("sqlite", path)
	must(err)
	migration, err := os.ReadFile(filepath.Join("migrations", "sqlite", "00007_held.sql"))
	must(err)
	for _, text := range []string{"DROP INDEX thing_key_thing", "UPDATE thing SET verdict = '0123456789abcdef'", string(migration)} {
		_, err := raw.ExecContext(ctx, text)
		must(err)
	}
	must(raw.Close())
	db, err = store.Open(ctx, path)
	must(err)
	defer func() { must(db.Close()) }()
	list, err := db.Subjects(ctx, 0, 10)
	must(err)
	for i, want := range []string{"1180000001 ?,1240006387 ?", ""} {
		if list[i].Verdict != want {
			t.Errorf("the verdict on %s is %q; want %q", list[i].Text, list[i].Verdict, want)
		}
	}
}
