package finding

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestImportGroups imports more hosts than are written at a time, some of them
// again in the same group and in the next one, twice: nothing is there double,
// and the second file changes no finding but when it was seen.
func TestImportGroups(t *testing.T) {
	db := open(t)
	r := room(db)
	r.cache.most = 100 // less than a group
	take := func(at time.Time) harrier.Scan {
		sc := harrier.Scan{Site: 1, Repository: harrier.DefaultRepository, Status: harrier.ScanImported, Created: at, Started: at, UUID: harrier.NewUUID(at)}
		err := r.Import(t.Context(), func(ctx context.Context, fold FoldHost) error {
			must(t, db.InsertScan(ctx, &sc))
			say := func(i int, port uint16) {
				h := ends(hostAt(fmt.Sprintf("10.0.%d.%d", i/250, i%250+1), at), time.Minute)
				must(t, fold(ctx, &sc, harrier.Imported{Host: *h, Observations: []harrier.Observation{observation(3, port, at)}}))
			}
			for i := range groupOfHosts + 100 {
				say(i, 80)
				if i == 7 || i == groupOfHosts+50 {
					say(3, uint16(i))
				}
			}
			return nil
		}, func(context.Context) error { return nil })
		must(t, err)
		return sc
	}
	for n := range 2 {
		sc := take(day.AddDate(0, 0, n))
		hosts, err := db.ScanHosts(t.Context(), sc.ID)
		must(t, err)
		if len(hosts) != groupOfHosts+100 {
			t.Errorf("import %d has %d hosts; want %d", n, len(hosts), groupOfHosts+100)
		}
		for _, h := range hosts {
			list, err := db.HostObservations(t.Context(), sc.ID, h.Index)
			must(t, err)
			want := 1
			if h.Name == "10.0.0.4" {
				want = 3
			}
			if len(list) != want || h.Present.Total() != want {
				t.Errorf("import %d: %s has %d observations and the sum %d; want %d", n, h.Name, len(list), h.Present.Total(), want)
			}
		}
		list, total, err := db.SearchFindings(t.Context(), nil, store.Page{Limit: 1000})
		must(t, err)
		if total != groupOfHosts+102 {
			t.Errorf("%d findings after import %d; want %d", total, n, groupOfHosts+102)
		}
		for _, f := range list {
			if len(f.Intervals) != 1 || !f.Open() || f.LastScan != sc.ID {
				t.Errorf("finding after import %d = %+v; want it open once, seen by scan %d", n, f, sc.ID)
			}
		}
		_, total, err = db.SearchAssets(t.Context(), nil, store.Page{Limit: 1})
		must(t, err)
		if total != groupOfHosts+100 {
			t.Errorf("%d assets after import %d; want %d", total, n, groupOfHosts+100)
		}
	}
}
