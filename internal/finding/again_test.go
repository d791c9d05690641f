package finding

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// onBoth runs a test on SQLite and, where there is one, on PostgreSQL.
func onBoth(t *testing.T, do func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { do(t, open(t)) })
	t.Run("postgres", func(t *testing.T) { do(t, openPostgres(t)) })
}

// importMachines takes over a file that tells the address of each machine,
// which has a network card and a flaw of its own.
func importMachines(t *testing.T, db *store.DB, r *Room, at time.Time, moved bool, addrs ...string) harrier.Scan {
	t.Helper()
	sc := harrier.Scan{
		Site: 1, Repository: harrier.DefaultRepository, Status: harrier.ScanImported, Created: at, Started: at, UUID: harrier.NewUUID(at),
		Terms: harrier.Terms{TrackMoved: moved},
	}
	must(t, r.Import(t.Context(), func(ctx context.Context, fold FoldHost) error {
		must(t, db.InsertScan(ctx, &sc))
		for i, addr := range addrs {
			h := ends(hostAt(addr, at), time.Minute)
			h.MAC = fmt.Sprintf("00:16:3e:00:00:%02x", i+1)
			must(t, fold(ctx, &sc, harrier.Imported{Host: *h, Observations: []harrier.Observation{observation(harrier.VulnID(100+i), 80, at)}}))
		}
		return nil
	}, func(context.Context) error { return nil }))
	return sc
}

var byScan = regexp.MustCompile(` scan \d+`)

// sinceKnown is what is known of assets and findings, without the scan that saw
// them last.
func sinceKnown(t *testing.T, db *store.DB) []string {
	t.Helper()
	list := dump(t, db)
	for i := range list {
		list[i] = byScan.ReplaceAllString(list[i], "")
	}
	return list
}

// TestImportAgain: a file that is taken over once more changes no row of assets,
// services and findings, whether hosts are known by their addresses or not.
func TestImportAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		for n, moved := range []bool{false, true} {
			r := room(db)
			at := day.AddDate(0, 0, n)
			addrs := []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}
			importMachines(t, db, r, at, moved, addrs...)
			before := sinceKnown(t, db)
			if len(before) != 6 {
				t.Fatalf("moved %v: %d assets and findings; want 6:\n%s", moved, len(before), strings.Join(before, "\n"))
			}
			for range 2 {
				importMachines(t, db, r, at, moved, addrs...)
				if diff := cmp.Diff(before, sinceKnown(t, db)); diff != "" {
					t.Errorf("moved %v: the same file again changes (-before +after):\n%s", moved, diff)
				}
			}
		}
	})
}

// TestImportMoved: hosts of a file are recognised as those of a scan are. Where
// the file's scan tracks hosts that move, machines that have changed addresses
// are the same assets; else the address says who they are.
func TestImportMoved(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		r := room(db)
		importMachines(t, db, r, day, true, "192.0.2.1", "192.0.2.2", "192.0.2.3")
		known := func() map[harrier.VulnID]harrier.ID { // the asset with each flaw
			out := map[harrier.VulnID]harrier.ID{}
			list, _, err := db.SearchFindings(t.Context(), nil, store.Page{Limit: 100})
			must(t, err)
			for _, f := range list {
				if out[f.Vulnerability] != 0 {
					t.Errorf("flaw %d is there twice", f.Vulnerability)
				}
				out[f.Vulnerability] = f.Asset
			}
			return out
		}
		before := known()
		moved := importMachines(t, db, r, day.AddDate(0, 0, 1), true, "192.0.2.2", "192.0.2.1", "192.0.2.9")
		if diff := cmp.Diff(before, known()); diff != "" {
			t.Errorf("machines that moved are other assets (-before +after):\n%s", diff)
		}
		assets, _, err := db.SearchAssets(t.Context(), nil, store.Page{})
		must(t, err)
		var at []string
		for _, a := range assets {
			at = append(at, fmt.Sprint(a.Addr, " ", a.MAC, " ", a.LastScan == moved.ID))
		}
		slices.Sort(at)
		if diff := cmp.Diff([]string{"192.0.2.1 00:16:3e:00:00:02 true", "192.0.2.2 00:16:3e:00:00:01 true", "192.0.2.9 00:16:3e:00:00:03 true"}, at); diff != "" {
			t.Errorf("assets (-want +have):\n%s", diff)
		}
		importMachines(t, db, r, day.AddDate(0, 0, 2), false, "192.0.2.1")
		list, err := db.FindingsOf(t.Context(), before[101])
		must(t, err)
		if len(list) != 2 {
			t.Errorf("a file that tells hosts by their addresses left %d flaws on that at 192.0.2.1; want 2", len(list))
		}
	})
}

// TestSilenceAgain: to take a scan over again changes nothing but what silent
// hosts lose, and that once.
func TestSilenceAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		r := room(db)
		importMachines(t, db, r, day, false, "192.0.2.1", "192.0.2.2")
		at := day.AddDate(0, 0, 5)
		sc := begin(t, db, at, []harrier.VulnID{100, 101}, "192.0.2.1-192.0.2.2")
		h := hostAt("192.0.2.1", at)
		fold(t, r,
			harrier.Result{Scan: sc.ID, Batch: 1, Host: h},
			harrier.Result{Scan: sc.ID, Batch: 1, Host: h, Observations: []harrier.Observation{observation(100, 80, at)}},
			harrier.Result{Scan: sc.ID, Batch: 1, Host: ends(h, time.Minute), Coverage: complete(harrier.AllPorts, 80)},
			harrier.Result{Scan: sc.ID, Batch: 1, Dead: deadAt(t, "192.0.2.2", harrier.NoAnswer).Dead},
			harrier.Result{Scan: sc.ID, Batch: 1, Done: &harrier.BatchDone{At: at.Add(time.Hour)}})
		sc.Ended = at.Add(time.Hour)
		finish(t, db, sc, harrier.ScanCompleted)
		before := dump(t, db, sc.ID)
		for _, c := range []struct {
			age    time.Duration
			closed int
		}{{30 * 24 * time.Hour, 0}, {0, 1}, {0, 0}} {
			closed, err := r.Silence(t.Context(), sc.ID, c.age)
			if err != nil || closed != c.closed {
				t.Fatalf("taken over again with an age of %s: %d closed, %v; want %d", c.age, closed, err, c.closed)
			}
			after := dump(t, db, sc.ID)
			if same := cmp.Equal(before, after); same != (closed == 0) {
				t.Errorf("%d closed, and rows are the same: %v\n%s", closed, same, cmp.Diff(before, after))
			}
			before = after
		}
	})
}
