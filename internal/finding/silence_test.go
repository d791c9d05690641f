package finding

import (
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// deadAt is a target that did not answer, for a reason.
func deadAt(t *testing.T, list, why string) harrier.Result {
	t.Helper()
	targets, err := harrier.ParseTargets(list)
	must(t, err)
	var spans []harrier.Span
	for _, one := range targets {
		spans = append(spans, harrier.Span{Target: one, Count: one.Count(), Reason: why})
	}
	return harrier.Result{Batch: 1, Dead: spans}
}

// seenWith is a run of a host on which vulnerability 101 is seen at port 80.
func seenWith(addr string, at time.Time) []harrier.Result {
	h := hostAt(addr, at)
	return []harrier.Result{
		{Batch: 1, Host: h, Observations: []harrier.Observation{observation(101, 80, at)}},
		{Batch: 1, Host: ends(h, time.Second), Coverage: complete(harrier.AllPorts, 80)},
	}
}

func of(sc harrier.Scan, list ...harrier.Result) []harrier.Result {
	for i := range list {
		list[i].Scan = sc.ID
	}
	return list
}

func openAt(t *testing.T, db *store.DB, addr string) (open int) {
	t.Helper()
	list, _, err := db.SearchFindings(t.Context(), nil, store.Page{})
	must(t, err)
	for _, f := range list {
		a, err := db.Asset(t.Context(), f.Asset)
		must(t, err)
		if a.Addr.String() == addr && f.Open() {
			open++
		}
	}
	return open
}

// TestSilence: a host that was asked and is silent loses its findings after the
// age that was asked for, and for no other reason.
func TestSilence(t *testing.T) {
	const days = 24 * time.Hour
	for _, c := range []struct {
		name   string
		after  time.Duration // between both scans
		age    time.Duration
		said   harrier.Result
		change func(sc *harrier.Scan)
		closes int
	}{
		{"at once", time.Hour, 0, deadAt(t, "192.0.2.1", harrier.NoAnswer), nil, 1},
		{"within a silent range", time.Hour, 0, deadAt(t, "192.0.2.0-192.0.2.9", harrier.NoAnswer), nil, 1},
		{"said by the last router", time.Hour, 0, deadAt(t, "192.0.2.1", harrier.HostUnreachable), nil, 1},
		{"off for 29 of 30 days", 29 * days, 30 * days, deadAt(t, "192.0.2.1", harrier.NoAnswer), nil, 0},
		{"off for 30 of 30 days", 30*days + time.Minute, 30 * days, deadAt(t, "192.0.2.1", harrier.NoAnswer), nil, 1},
		{"another address", time.Hour, 0, deadAt(t, "192.0.2.2", harrier.NoAnswer), nil, 0},
		{"no way there", time.Hour, 0, deadAt(t, "192.0.2.1", "icmp network unreachable"), nil, 0},
		{"forbidden to ask", time.Hour, 0, deadAt(t, "192.0.2.1", "a guard rule forbids it"), nil, 0},
		{"said otherwise by another attempt", time.Hour, 0, harrier.Result{Batch: 1, Dead: append(
			deadAt(t, "192.0.2.0-192.0.2.9", harrier.NoAnswer).Dead, deadAt(t, "192.0.2.1", "icmp network unreachable").Dead...)}, nil, 0},
		{"nobody pinged", time.Hour, 0, deadAt(t, "192.0.2.1", harrier.NoAnswer), func(sc *harrier.Scan) { sc.Plan.Settings.NoPing = true }, 0},
		{"being stopped", time.Hour, 0, deadAt(t, "192.0.2.1", harrier.NoAnswer), func(sc *harrier.Scan) { sc.Status = harrier.ScanStopping }, 0},
		{"stopped", time.Hour, 0, deadAt(t, "192.0.2.1", harrier.NoAnswer), func(sc *harrier.Scan) { sc.Status = harrier.ScanStopped }, 0},
		{"another repository", time.Hour, 0, deadAt(t, "192.0.2.1", harrier.NoAnswer), func(sc *harrier.Scan) { sc.Repository = 2 }, 0},
		{"nothing said of it", time.Hour, 0, harrier.Result{Batch: 1, Done: &harrier.BatchDone{}}, nil, 0},
		{"by name", time.Hour, 0, harrier.Result{Batch: 1, Dead: []harrier.Span{{
			Target: harrier.Target{Name: "a.example", First: hostAt("192.0.2.1", day).Addr, Last: hostAt("192.0.2.1", day).Addr}, Reason: harrier.NoAnswer,
		}}}, nil, 1},
		{"answered this scan", time.Hour, 0, harrier.Result{Batch: 1, Host: hostAt("192.0.2.1", day.Add(time.Hour)), Dead: deadAt(t, "192.0.2.1", harrier.NoAnswer).Dead}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t)
			r := room(db)
			first := begin(t, db, day, walkVulns, "192.0.2.0/28")
			fold(t, r, of(first, seenWith("192.0.2.1", day)...)...)
			finish(t, db, first, harrier.ScanCompleted)
			must(t, db.InsertRepository(t.Context(), &harrier.Repository{Name: "two"}))

			at := day.Add(c.after)
			r.Now = func() time.Time { return at.Add(time.Minute) }
			second := begin(t, db, at, walkVulns, "192.0.2.0/28")
			fold(t, r, of(second, c.said)...)
			if c.change != nil {
				changed := second
				c.change(&changed)
				must(t, db.DeleteScan(t.Context(), second.ID))
				changed.ID = 0
				must(t, db.InsertScan(t.Context(), &changed))
				must(t, db.PutDead(t.Context(), changed.ID, 1, c.said.Dead))
				second = changed
			}
			closed, err := r.Silence(t.Context(), second.ID, c.age)
			must(t, err)
			if closed != c.closes || openAt(t, db, "192.0.2.1") != 1-c.closes {
				t.Errorf("%d findings closed, %d open; want %d closed", closed, openAt(t, db, "192.0.2.1"), c.closes)
			}
			if again, err := r.Silence(t.Context(), second.ID, c.age); err != nil || again != 0 {
				t.Errorf("again %d closed, %v; want none", again, err)
			}
		})
	}
}

// TestHeld: nothing of a scan that is held back is seen in assets and findings,
// over restarts too, until it is let go; then all of it is.
func TestHeld(t *testing.T) {
	for _, tracking := range []harrier.Tracking{harrier.TrackByIP, harrier.TrackByDHCP} {
		db := open(t)
		if tracking == harrier.TrackByDHCP {
			repo, err := db.Repository(t.Context(), harrier.DefaultRepository)
			must(t, err)
			repo.Tracking = tracking
			must(t, db.UpdateRepository(t.Context(), &repo))
		}
		r := room(db)
		first := begin(t, db, day, walkVulns, "192.0.2.0/28")
		said := seenWith("192.0.2.1", day)
		said[0].Observations = append(said[0].Observations, observation(102, 80, day))
		fold(t, r, of(first, append(said, harrier.Result{Batch: 1, Done: &harrier.BatchDone{At: day}})...)...)
		finish(t, db, first, harrier.ScanCompleted)
		before := dump(t, db)

		at := day.Add(time.Hour)
		second := begin(t, db, at, walkVulns, "192.0.2.0/28")
		second.Held = true
		must(t, db.UpdateScan(t.Context(), &second))
		fold(t, r, of(second, append(seenWith("192.0.2.1", at), seenWith("192.0.2.2", at)...)...)...)
		r = room(db)
		fold(t, r, of(second, harrier.Result{Batch: 1, Done: &harrier.BatchDone{At: at}})...)
		must(t, r.Settle(t.Context(), second.ID))
		for i, line := range dump(t, db) {
			if i >= len(before) || before[i] != line {
				t.Fatalf("a scan that is held back left %s", line)
			}
		}
		hosts, err := db.ScanHosts(t.Context(), second.ID)
		must(t, err)
		if len(hosts) != 2 || !hosts[0].Done || hosts[0].Present[1] != 1 {
			t.Errorf("the scan itself has %+v; want both hosts", hosts)
		}

		second.Held = false
		must(t, db.UpdateScan(t.Context(), &second))
		must(t, r.Settle(t.Context(), second.ID))
		after := dump(t, db)
		want := open(t) // the same without holding
		if tracking == harrier.TrackByDHCP {
			repo, err := want.Repository(t.Context(), harrier.DefaultRepository)
			must(t, err)
			repo.Tracking = tracking
			must(t, want.UpdateRepository(t.Context(), &repo))
		}
		straight := room(want)
		one := begin(t, want, day, walkVulns, "192.0.2.0/28")
		fold(t, straight, of(one, append(said, harrier.Result{Batch: 1, Done: &harrier.BatchDone{At: day}})...)...)
		finish(t, want, one, harrier.ScanCompleted)
		two := begin(t, want, at, walkVulns, "192.0.2.0/28")
		fold(t, straight, of(two, append(append(seenWith("192.0.2.1", at), seenWith("192.0.2.2", at)...), harrier.Result{Batch: 1, Done: &harrier.BatchDone{At: at}})...)...)
		if other := dump(t, want); len(other) != len(after) {
			t.Fatalf("let go: %q; want %q", after, other)
		} else {
			for i := range after {
				if after[i] != other[i] {
					t.Errorf("let go: %s; want %s", after[i], other[i])
				}
			}
		}
		must(t, r.Settle(t.Context(), second.ID))
		if again := dump(t, db); len(again) != len(after) {
			t.Error("letting go twice changes something")
		}
	}
}

// TestTerms: a scan may recognise hosts otherwise than its repository does.
func TestTerms(t *testing.T) {
	const mac = "00:16:3e:aa:bb:01"
	moved := func(addr string, at time.Time) []harrier.Result {
		list := seenWith(addr, at)
		for i := range list {
			list[i].Host.MAC = mac
		}
		return append(list, harrier.Result{Batch: 1, Done: &harrier.BatchDone{At: at}})
	}
	named := func(name string, at time.Time) []harrier.Result {
		list := seenWith("192.0.2.1", at)
		for i := range list {
			list[i].Host.FQDN = name
		}
		return append(list, harrier.Result{Batch: 1, Done: &harrier.BatchDone{At: at}})
	}
	for _, c := range []struct {
		name   string
		terms  harrier.Terms
		first  []harrier.Result
		second []harrier.Result
		assets int
	}{
		{"a moved host, by address", harrier.Terms{}, moved("192.0.2.1", day), moved("192.0.2.9", day.Add(time.Hour)), 2},
		{"a moved host, tracked", harrier.Terms{TrackMoved: true}, moved("192.0.2.1", day), moved("192.0.2.9", day.Add(time.Hour)), 1},
		{"another name", harrier.Terms{}, named("a.example", day), named("b.example", day.Add(time.Hour)), 1},
		{"another name is another host", harrier.Terms{VirtualHosts: true}, named("a.example", day), named("b.example", day.Add(time.Hour)), 2},
		{"the same name", harrier.Terms{VirtualHosts: true}, named("a.example", day), named("a.example", day.Add(time.Hour)), 1},
		{"a first name", harrier.Terms{VirtualHosts: true}, named("", day), named("a.example", day.Add(time.Hour)), 1},
		{"a name that is lost", harrier.Terms{VirtualHosts: true}, named("a.example", day), named("", day.Add(time.Hour)), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t)
			for i, said := range [][]harrier.Result{c.first, c.second} {
				sc := begin(t, db, day.Add(time.Duration(i)*time.Hour), walkVulns, "192.0.2.0/28")
				sc.Terms = c.terms
				must(t, db.UpdateScan(t.Context(), &sc))
				fold(t, room(db), of(sc, said...)...)
				finish(t, db, sc, harrier.ScanCompleted)
			}
			_, n, err := db.SearchAssets(t.Context(), nil, store.Page{})
			must(t, err)
			if n != c.assets {
				t.Errorf("%d assets; want %d", n, c.assets)
			}
		})
	}
}
