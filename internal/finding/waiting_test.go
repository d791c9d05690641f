package finding

import (
	"fmt"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestWaiting follows a host that can not be told until its scan has seen the
// rest: it is there at the end, with its services and findings, also when the
// console was started anew meanwhile, or the scan was aborted.
func TestWaiting(t *testing.T) {
	for name, tt := range map[string]struct {
		restart, abort bool
	}{"in one go": {}, "started anew": {restart: true}, "aborted": {abort: true}} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			repository, r := dhcp(t, db), room(db)
			key := map[string]string{"ssh.hostkey": "a 256 SHA256:abcd"}
			first := in(t, db, repository, day, 100)
			fold(t, r, shown(first, hostAt("192.0.2.1", day), key, 100)...)
			fold(t, r, done(first))
			finish(t, db, first, harrier.ScanCompleted)

			at := day.Add(24 * time.Hour)
			second := in(t, db, repository, at, 100)
			fold(t, r, shown(second, hostAt("192.0.2.2", at), key)...)
			if rows, err := db.Waiting(t.Context(), second.ID); err != nil || len(rows) != 1 {
				t.Fatalf("Waiting = %v, %v; want the host", rows, err)
			}
			if tt.restart {
				r = room(db)
			}
			if tt.abort {
				finish(t, db, second, harrier.ScanAborted)
				third := in(t, db, repository, at.Add(time.Hour), 100)
				fold(t, r, done(third))
			} else {
				fold(t, r, done(second))
			}
			list, n, err := db.SearchAssets(t.Context(), nil, store.Page{})
			must(t, err)
			if n != 1 || list[0].Addr.String() != "192.0.2.2" || list[0].LastScan != second.ID {
				t.Fatalf("assets %+v; want the one, at its new address", list)
			}
			findings, err := db.FindingsOf(t.Context(), list[0].ID)
			must(t, err)
			if len(findings) != 1 || findings[0].Open() {
				t.Errorf("findings %+v; want the one, closed by the second scan", findings)
			}
			services, err := db.ServicesOf(t.Context(), list[0].ID)
			must(t, err)
			if len(services) != 1 || services[0].Fact("ssh.hostkey") == "" {
				t.Errorf("services %+v; want ssh with its key", services)
			}
			why, err := db.Recognitions(t.Context(), list[0].ID, 9)
			must(t, err)
			if len(why) != 1 || why[0].Scan != second.ID || len(why[0].Reasons) != 1 || why[0].Score != 60 {
				t.Errorf("recognitions %+v; want one, by the key", why)
			}
		})
	}
}

// TestManyWait settles more hosts than one transaction takes.
func TestManyWait(t *testing.T) {
	db := open(t)
	repository, r := dhcp(t, db), room(db)
	const hosts = settleAtOnce + 50
	for round := range 2 {
		at := day.Add(time.Duration(round) * 24 * time.Hour)
		sc := in(t, db, repository, at)
		for i := range hosts {
			n := (i + round*7) % hosts // all move
			fold(t, r, shown(sc, hostAt(fmt.Sprintf("10.0.%d.%d", n/200, n%200+1), at), map[string]string{"ssh.hostkey": fmt.Sprintf("a 256 SHA256:abc%d", i)})...)
		}
		fold(t, r, done(sc))
		finish(t, db, sc, harrier.ScanCompleted)
	}
	if _, n, err := db.SearchAssets(t.Context(), nil, store.Page{}); err != nil || n != hosts {
		t.Errorf("%d assets, %v; want %d", n, err, hosts)
	}
}
