package scan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
)

// bubble runs a test in virtual time, with a database of its own.
func bubble(t *testing.T, do func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		do(t, build(t, db))
	})
}

// adds checks that every planned check of every address has an outcome.
func adds(t testing.TB, sc harrier.Scan, hosts int) {
	t.Helper()
	if sc.HostsTotal != hosts || sc.Coverage.Planned != hosts*len(checks) || !sc.Coverage.Balanced() || strings.Contains(sc.Reason, "add up") {
		t.Errorf("scan %+v %d hosts, reason %q; want %d hosts, all checks accounted for", sc.Coverage, sc.HostsTotal, sc.Reason, hosts)
	}
}

func TestCompletes(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		defer h.run(t)()
		_, kill := h.engine(t, 100*time.Millisecond)
		defer kill()
		sc := h.launch(t, h.site(t, "192.0.2.0/24"))
		if sc.Status != harrier.ScanRunning || sc.HostsTotal != 256 {
			t.Fatalf("Launch = %s, %d hosts; want running, 256", sc.Status, sc.HostsTotal)
		}
		if _, err := h.Launch(t.Context(), owner, sc.Site, Launch{}); harrier.KindOf(err) != harrier.Conflict || !strings.Contains(err.Error(), "already running") {
			t.Errorf("second Launch = %v; want Conflict", err)
		}
		sc = h.await(t, sc.ID, harrier.ScanCompleted, 2*time.Minute)
		adds(t, sc, 256)
		want := harrier.Totals{Planned: 768, Clean: 256, Vulnerable: 128, Skipped: 384}
		if sc.Coverage != want || sc.HostsAlive != 128 || sc.HostsDone != 256 || sc.Present != (harrier.Counts{0, 128}) || sc.Engine != "local" {
			t.Errorf("completed with %+v, %d alive, %d done, %v; want %+v, 128, 256", sc.Coverage, sc.HostsAlive, sc.HostsDone, sc.Present, want)
		}
		if n := len(h.events); n != 2 || h.events[0].Kind != harrier.ScanLaunched || h.events[1].Kind != harrier.ScanEnded {
			t.Errorf("events = %+v; want launched, ended", h.events)
		}
	})
}

func TestPauseResumeStop(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		defer h.run(t)()
		e, kill := h.engine(t, 500*time.Millisecond)
		defer kill()
		sc := h.launch(t, h.site(t, "192.0.2.0-192.0.2.99"))
		time.Sleep(10 * time.Second)
		must(t, h.Command(t.Context(), owner, sc.ID, harrier.Pause))
		if s := h.status(t, sc.ID); s != harrier.ScanPausing {
			t.Errorf("after pause: %s; want pausing", s)
		}
		h.await(t, sc.ID, harrier.ScanPaused, 5*time.Second)
		time.Sleep(2 * time.Second) // what was under way is folded
		paused, err := h.Scan(t.Context(), owner, sc.ID)
		must(t, err)
		time.Sleep(10 * time.Second)
		if still, _ := h.Scan(t.Context(), owner, sc.ID); still.HostsDone != paused.HostsDone || e.done == 0 {
			t.Errorf("%d hosts done while paused; want %d", still.HostsDone, paused.HostsDone)
		}
		if err := h.Command(t.Context(), owner, sc.ID, harrier.Pause); harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("pause of a paused scan = %v; want Conflict", err)
		}
		must(t, h.Command(t.Context(), owner, sc.ID, harrier.Resume))
		h.await(t, sc.ID, harrier.ScanRunning, 3*time.Second)
		time.Sleep(5 * time.Second)
		must(t, h.Command(t.Context(), owner, sc.ID, harrier.Stop))
		began := time.Now()
		for time.Since(began) < 900*time.Millisecond {
			if s := h.status(t, sc.ID); s != harrier.ScanStopping {
				t.Fatalf("%s after stop: %s; want stopping", time.Since(began), s)
			}
			time.Sleep(50 * time.Millisecond)
		}
		sc = h.await(t, sc.ID, harrier.ScanStopped, 4100*time.Millisecond)
		adds(t, sc, 100)
		if sc.HostsDone >= 100 || sc.HostsDone < paused.HostsDone {
			t.Errorf("%d hosts done when stopped; want between %d and 100", sc.HostsDone, paused.HostsDone)
		}
		time.Sleep(10 * time.Second)
		if again, _ := h.Scan(t.Context(), owner, sc.ID); again.Coverage != sc.Coverage {
			t.Errorf("a stopped scan went on: %+v, then %+v", sc.Coverage, again.Coverage)
		}
	})
}

// TestStates walks the table of commands without any engine.
func TestStates(t *testing.T) {
	for _, tt := range []struct {
		commands []harrier.Command
		want     harrier.ScanStatus
	}{
		{[]harrier.Command{harrier.Stop}, harrier.ScanStopped},
		{[]harrier.Command{harrier.Kill}, harrier.ScanAborted},
		{[]harrier.Command{harrier.Pause, harrier.Stop}, harrier.ScanStopped},
		{[]harrier.Command{harrier.Pause, harrier.Kill}, harrier.ScanAborted},
		{[]harrier.Command{harrier.Stop, harrier.Kill}, harrier.ScanAborted},
		{[]harrier.Command{harrier.Pause, harrier.Resume, harrier.Stop}, harrier.ScanStopped},
	} {
		bubble(t, func(t *testing.T, h *house) {
			defer h.run(t)()
			sc := h.launch(t, h.site(t, "192.0.2.0-192.0.2.9,www.example.com,www.example.org/30"))
			for _, c := range tt.commands {
				must(t, h.Command(t.Context(), owner, sc.ID, c))
			}
			sc = h.await(t, sc.ID, tt.want, 6*time.Second)
			adds(t, sc, 15)
			if sc.Coverage.Skipped != 15*len(checks) || sc.HostsDone != 0 {
				t.Errorf("%v: %+v, %d done; want everything skipped", tt.commands, sc.Coverage, sc.HostsDone)
			}
			spans, err := h.Dead(t.Context(), owner, sc.ID)
			must(t, err)
			if n := counted(spans); n != 15 || spans[0].Reason == "" {
				t.Errorf("%v: %v; want 15 hosts with a reason", tt.commands, spans)
			}
			if err := h.Command(t.Context(), owner, sc.ID, harrier.Kill); harrier.KindOf(err) != harrier.Conflict {
				t.Errorf("kill of an ended scan = %v; want Conflict", err)
			}
			if err := h.Delete(t.Context(), owner, sc.ID); err != nil {
				t.Errorf("Delete = %v; want nil", err)
			}
		})
	}
}

func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		h := build(t, db, func(c *Config) { c.MaxRunning = 1 })
		defer h.run(t)()
		_, kill := h.engine(t, time.Second)
		defer kill()
		one, two := h.launch(t, h.site(t, "192.0.2.0-192.0.2.9")), h.launch(t, h.site(t, "192.0.2.20"))
		if two.Status != harrier.ScanQueued {
			t.Errorf("second scan is %s; want queued", two.Status)
		}
		h.await(t, one.ID, harrier.ScanCompleted, time.Minute)
		adds(t, h.await(t, two.ID, harrier.ScanCompleted, 10*time.Second), 1)
	})
}

// TestTimeLimit shows that a scan ends by itself although its engine is gone.
func TestTimeLimit(t *testing.T) {
	onlyFast(t)
	bubble(t, func(t *testing.T, h *house) {
		h.policies.settings.MaxDuration = harrier.Duration(3 * time.Minute)
		defer h.run(t)()
		_, kill := h.engine(t, 2*time.Second)
		sc := h.launch(t, h.site(t, "192.0.2.0-192.0.2.99"))
		time.Sleep(20 * time.Second)
		kill()
		time.Sleep(time.Minute)
		sc, err := h.Scan(t.Context(), owner, sc.ID)
		must(t, err)
		if sc.Status != harrier.ScanRunning || !strings.Contains(sc.Reason, waits) {
			t.Errorf("without an engine: %s, %q; want running, waiting", sc.Status, sc.Reason)
		}
		sc = h.await(t, sc.ID, harrier.ScanStopped, 2*time.Minute)
		adds(t, sc, 100)
		if !strings.Contains(sc.Reason, "time limit") || strings.Contains(sc.Reason, waits) {
			t.Errorf("reason = %q; want the time limit alone", sc.Reason)
		}
	})
}

// TestContinue: a scan of a schedule that continues pauses at its limit, and the
// next run goes on with it instead of beginning another, for as long again.
func TestContinue(t *testing.T) {
	onlyFast(t)
	bubble(t, func(t *testing.T, h *house) {
		_, kill := h.engine(t, 2*time.Second)
		defer kill()
		start := time.Now().UTC().Add(time.Minute).Truncate(time.Second)
		s := h.site(t, "192.0.2.0-192.0.2.99", func(s *harrier.Site) {
			s.Options.Further = []harrier.FurtherRun{{
				Schedule: harrier.Schedule{Enabled: true, Start: start.Format("20060102T150405"), Rule: "FREQ=HOURLY;INTERVAL=1"}, MaxDuration: harrier.Duration(time.Minute), Continue: true,
			}}
			s.NextRun = start
		})
		defer h.run(t)()
		only := func(after time.Duration) harrier.Scan {
			t.Helper()
			time.Sleep(time.Until(start.Add(after)))
			list, err := h.Of(t.Context(), owner, s.ID)
			must(t, err)
			if len(list) != 1 {
				t.Fatalf("%d scans %s after the start; want one", len(list), after)
			}
			return list[0]
		}
		sc := only(30 * time.Minute)
		done := sc.HostsDone
		if sc.Status != harrier.ScanPaused || done == 0 || done == 100 || !strings.Contains(sc.Reason, "time limit of 1m0s") {
			t.Errorf("at its limit the scan is %s with %d hosts, %q", sc.Status, done, sc.Reason)
		}
		sc = only(60*time.Minute + 20*time.Second)
		if sc.Status != harrier.ScanRunning || strings.Contains(sc.Reason, "limit") {
			t.Errorf("the next run: the scan is %s, %q", sc.Status, sc.Reason)
		}
		sc = only(90 * time.Minute)
		if sc.Status != harrier.ScanPaused && sc.Status != harrier.ScanCompleted || sc.HostsDone <= done {
			t.Errorf("after the next run the scan is %s with %d hosts; want more than %d", sc.Status, sc.HostsDone, done)
		}
		for range 20 { // by hand, each time for as long again
			if sc.Status == harrier.ScanPaused {
				must(t, h.Command(t.Context(), owner, sc.ID, harrier.Resume))
			}
			time.Sleep(2 * time.Minute)
			var err error
			sc, err = h.Scan(t.Context(), owner, sc.ID)
			must(t, err)
		}
		if sc.Status != harrier.ScanCompleted {
			t.Fatalf("in the end the scan is %s with %d hosts", sc.Status, sc.HostsDone)
		}
		adds(t, sc, 100)
	})
}

// TestEngineBack shows that a scan goes on when an engine comes back.
func TestEngineBack(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		defer h.run(t)()
		_, kill := h.engine(t, time.Second)
		sc := h.launch(t, h.site(t, "192.0.2.0-192.0.2.39"))
		time.Sleep(20 * time.Second)
		kill()
		time.Sleep(45 * time.Second)
		_, kill = h.engine(t, time.Second)
		defer kill()
		sc = h.await(t, sc.ID, harrier.ScanCompleted, 2*time.Minute)
		adds(t, sc, 40)
		if sc.Reason != "" || sc.Coverage.Vulnerable != 20 {
			t.Errorf("completed with %+v, reason %q; want 20 vulnerable and none", sc.Coverage, sc.Reason)
		}
	})
}

// TestCrashes ends the console at random instants and starts a new one over
// the same database with an empty bus: the scan ends by itself, as if nothing
// had happened.
func TestCrashes(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 3))
			db := openStore(t)
			h := build(t, db)
			sc := h.launch(t, h.site(t, "192.0.2.0-192.0.2.199"))
			for range 8 {
				crash := h.run(t)
				_, kill := h.engine(t, 50*time.Millisecond)
				time.Sleep(time.Duration(rnd.IntN(2500)) * time.Millisecond)
				kill()
				crash()
				h = build(t, db)
			}
			defer h.run(t)()
			_, kill := h.engine(t, 50*time.Millisecond)
			defer kill()
			sc = h.await(t, sc.ID, harrier.ScanCompleted, time.Minute)
			adds(t, sc, 200)
			want := harrier.Totals{Planned: 600, Clean: 200, Vulnerable: 100, Skipped: 300}
			if sc.Coverage != want || sc.Present.Total() != 100 {
				t.Errorf("seed %d: %+v, %d observations; want %+v, 100", seed, sc.Coverage, sc.Present.Total(), want)
			}
		})
	}
}

// TestAgain has a console go on with a scan that an earlier one launched: engines
// may have had the batches that were handed out then, and are told so of those.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		few := func(c *Config) { c.Window = 2 }
		h := build(t, db, few)
		h.launch(t, h.site(t, "192.0.2.0-192.0.2.79"))
		take := func(again bool) {
			t.Helper()
			d, err := h.bus.FetchJob(t.Context(), harrier.LocalPool)
			must(t, err)
			if d.Job.Again != again {
				t.Errorf("batch %d may have been had before: %t; want %t", d.Job.Batch, d.Job.Again, again)
			}
			must(t, h.bus.PublishResult(t.Context(), harrier.Result{Scan: d.Job.Scan, Batch: d.Job.Batch, Attempt: 1, Seq: 1, Done: &harrier.BatchDone{At: time.Now()}}))
			must(t, d.Ack(t.Context()))
		}
		crash := h.run(t)
		take(false)
		crash()
		time.Sleep(time.Second)
		h = build(t, db, few)
		defer h.run(t)()
		for _, again := range []bool{true, true, false, false} {
			take(again)
		}
	})
}

// TestCrashInTransit starts a new console in each transient state.
func TestCrashInTransit(t *testing.T) {
	for c, want := range map[harrier.Command]harrier.ScanStatus{harrier.Pause: harrier.ScanPaused, harrier.Stop: harrier.ScanStopped} {
		synctest.Test(t, func(t *testing.T) {
			db := openStore(t)
			h := build(t, db)
			sc := h.launch(t, h.site(t, "192.0.2.0-192.0.2.9"))
			must(t, h.Command(t.Context(), owner, sc.ID, c)) // nobody runs
			h = build(t, db)
			defer h.run(t)()
			e, kill := h.engine(t, time.Second)
			defer kill()
			h.await(t, sc.ID, want, 6*time.Second)
			time.Sleep(time.Second)
			if got := e.told(sc.ID); got != c {
				t.Errorf("a new engine is told %q; want %q", got, c)
			}
		})
	}
}

func TestSchedule(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		_, kill := h.engine(t, time.Millisecond)
		defer kill()
		start := time.Now().UTC().Add(-24*time.Hour + 10*time.Minute)
		s := h.site(t, "192.0.2.0", func(s *harrier.Site) {
			s.Schedule = harrier.Schedule{Enabled: true, Start: start.Format("20060102T150405"), Rule: "FREQ=DAILY;INTERVAL=1"}
			s.NextRun = start // missed, and made up for
		})
		crash := h.run(t)
		time.Sleep(time.Minute)
		crash()
		h = build(t, h.db)
		_, kill2 := h.engine(t, time.Millisecond)
		defer kill2()
		defer h.run(t)()
		time.Sleep(12 * time.Minute)
		list, err := h.Of(t.Context(), owner, s.ID)
		must(t, err)
		var got []string
		for _, sc := range list {
			got = append(got, sc.Created.Sub(start).Truncate(time.Minute).String()+" "+string(sc.Status))
			if !sc.Scheduled || sc.Owner != 1 {
				t.Errorf("scan %+v; want one of the schedule, owned by the site's owner", sc)
			}
		}
		want := []string{"23h50m0s completed", "24h0m0s completed"}
		if !slices.Equal(got, want) {
			t.Errorf("runs = %q; want %q", got, want)
		}
	})
}

// TestFurtherRuns: every schedule of a site fires, each in its own way; those
// that fall on one time run one after the other, and a single run with targets
// of its own is gone afterwards.
func TestFurtherRuns(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		_, kill := h.engine(t, time.Millisecond)
		defer kill()
		start := time.Now().UTC().Add(time.Minute).Truncate(time.Second)
		hourly := func(after time.Duration) harrier.Schedule {
			return harrier.Schedule{Enabled: true, Start: start.Add(after).Format("20060102T150405"), Rule: "FREQ=HOURLY;INTERVAL=1"}
		}
		once := hourly(20 * time.Minute)
		once.Rule = "FREQ=ONETIME"
		s := h.site(t, "192.0.2.0/31", func(s *harrier.Site) {
			s.Schedule = hourly(0)
			s.Options.Further = []harrier.FurtherRun{
				{Schedule: hourly(0), Variant: &harrier.Variant{Name: "Discovery", Template: "discovery", Settings: harrier.Settings{DiscoverOnly: true}}},
				{Schedule: hourly(10 * time.Minute), MaxDuration: harrier.Duration(90 * time.Minute)},
				{Schedule: once, Targets: "192.0.2.1"},
			}
			s.NextRun = start
		})
		defer h.run(t)()
		time.Sleep(65 * time.Minute)
		list, err := h.Of(t.Context(), owner, s.ID)
		must(t, err)
		var got []string
		for _, sc := range list {
			sc, err := h.db.Scan(t.Context(), sc.ID) // lists come without plans
			must(t, err)
			got = append(got, fmt.Sprint(sc.Created.Sub(start).Truncate(time.Minute), " ", sc.Status, " ", sc.Template, " ",
				sc.HostsTotal, " ", time.Duration(sc.Plan.Settings.MaxDuration), " ", sc.Scheduled))
		}
		want := []string{
			"0s completed  2 0s true", "0s completed discovery 2 0s true", "10m0s completed  2 1h30m0s true",
			"20m0s completed  1 0s true", "1h0m0s completed  2 0s true", "1h0m0s completed discovery 2 0s true",
		}
		if !slices.Equal(got, want) {
			t.Errorf("runs = %q; want %q", got, want)
		}
		stored, err := h.db.Site(t.Context(), s.ID)
		must(t, err)
		if n := len(stored.Options.Further); n != 2 || !stored.NextRun.Equal(start.Add(70*time.Minute)) {
			t.Errorf("%d further runs are left, the next at %v; want 2, %v", n, stored.NextRun, start.Add(70*time.Minute))
		}
	})
}
