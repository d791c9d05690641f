package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
)

// TestFindingsByVulnerability searches by vulnerability while findings come,
// change and are rolled back, through two handles and over restarts.
func TestFindingsByVulnerability(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	open := func() *DB {
		db, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		db.maxLate = 20
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	dbs := []*DB{open(), open()}
	a := harrier.Asset{Repository: harrier.DefaultRepository, Names: []string{"a"}}
	if err := dbs[0].InsertAsset(t.Context(), &a); err != nil {
		t.Fatal(err)
	}
	const vulns = 6
	r := rand.New(rand.NewPCG(1, 1))
	undo := errors.New("not to be kept")
	rebuilt := 0
	for round := range 120 {
		db := dbs[r.IntN(2)]
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			list, err := db.FindingsOf(ctx, a.ID)
			if err != nil {
				return err
			}
			for _, f := range list {
				if r.IntN(300) == 0 {
					f.Vulnerability = harrier.VulnID(r.IntN(vulns))
					rebuilt++
				}
			}
			for i := range r.IntN(15) {
				f := &harrier.Finding{Asset: a.ID, Intervals: []harrier.Interval{{Opened: time.UnixMicro(1), LastSeen: time.UnixMicro(2)}}}
				f.Vulnerability, f.Key = harrier.VulnID(r.IntN(vulns)), fmt.Sprint(round, " ", i)
				list = append(list, f)
			}
			if err := db.SaveFindings(ctx, list); err != nil {
				return err
			}
			if r.IntN(4) == 0 {
				return undo
			}
			return nil
		})
		if err != nil && !errors.Is(err, undo) {
			t.Fatal(err)
		}
		if r.IntN(20) == 0 {
			if err := dbs[1].Close(); err != nil {
				t.Fatal(err)
			}
			dbs[1] = open()
		}
		checkByVuln(t, dbs[r.IntN(2)], a.ID, vulns)
	}
	var indexed int
	if _, err := dbs[0].one(t.Context(), "SELECT last FROM sequence WHERE name = 'finding_vuln'", nil, &indexed); err != nil || indexed < 100 || rebuilt == 0 {
		t.Errorf("finding_vuln reaches to %d, %v, with %d changes; the test does not try it", indexed, err, rebuilt)
	}
}

// checkByVuln compares what searches find with what is there.
func checkByVuln(t *testing.T, db *DB, asset harrier.ID, vulns int) {
	t.Helper()
	all, err := db.FindingsOf(t.Context(), asset)
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[harrier.VulnID]map[harrier.ID]bool{}, map[harrier.VulnID]map[harrier.ID]bool{}
	for v := range harrier.VulnID(vulns) {
		want[v], got[v] = map[harrier.ID]bool{}, map[harrier.ID]bool{}
		list, n, err := db.SearchFindings(t.Context(), harrier.Cmp{Field: "vulnerability", Op: harrier.Eq, Values: []any{int64(v)}}, Page{})
		if err != nil || n != len(list) {
			t.Fatalf("SearchFindings(%d) = %d findings, total %d, %v", v, len(list), n, err)
		}
		for _, f := range list {
			got[v][f.ID] = true
		}
	}
	for _, f := range all {
		want[f.Vulnerability][f.ID] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("findings by vulnerability (-want +got):\n%s", diff)
	}
}
