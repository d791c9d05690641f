package scan

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// looked lists the addresses that a scan has looked at to the end.
func (h *house) looked(t testing.TB, id harrier.ID) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	hosts, err := h.db.ScanHosts(t.Context(), id)
	must(t, err)
	for _, row := range hosts {
		if row.Done {
			out[row.Addr.String()] = true
		}
	}
	dead, err := h.db.Dead(t.Context(), id)
	must(t, err)
	for _, s := range dead {
		if harrier.Silent(s.Reason) {
			for a := range s.Target.Addrs() {
				out[a.String()] = true
			}
		}
	}
	return out
}

func (h *house) findingsCount(t testing.TB) int {
	t.Helper()
	_, n, err := h.db.SearchFindings(t.Context(), nil, store.Page{})
	must(t, err)
	return n
}

// TestTimeoutActions: a scan that its time limit ends is kept, discarded without
// a trace, or goes on as another one that looks at exactly what was left.
func TestTimeoutActions(t *testing.T) {
	onlyFast(t)
	for _, c := range []struct {
		name     string
		terms    harrier.Terms
		finished bool // it has time enough
	}{
		{"import", harrier.Terms{}, false},
		{"discard", harrier.Terms{Unfinished: harrier.DiscardResults}, false},
		{"discard that is not needed", harrier.Terms{Unfinished: harrier.DiscardResults}, true},
		{"rollover by hand", harrier.Terms{Unfinished: harrier.RollOver}, false},
		{"rollover the next day", harrier.Terms{Unfinished: harrier.RollOver, Rollover: harrier.RolloverNextDay}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				crash := h.run(t)
				_, kill := h.engine(t, time.Second)
				defer func() { kill(); crash() }()
				s := h.site(t, "192.0.2.0/26", func(s *harrier.Site) {
					s.Options.Terms, s.Options.MaxDuration = c.terms, harrier.Duration(40*time.Second)
					if c.finished {
						s.Options.MaxDuration = 0
					}
					s.Schedule.Timezone = "America/New_York"
				})
				sc := h.launch(t, s)
				if c.finished {
					sc = h.await(t, sc.ID, harrier.ScanCompleted, 2*time.Minute)
				} else {
					sc = h.await(t, sc.ID, harrier.ScanStopped, time.Minute)
				}
				adds(t, sc, 64)
				first := h.looked(t, sc.ID)
				if !c.finished && (len(first) < 20 || len(first) > 50) {
					t.Fatalf("%d addresses looked at in 40 s; want about 40", len(first))
				}
				discard := c.terms.Unfinished == harrier.DiscardResults && !c.finished
				if n := h.findingsCount(t); (n == 0) != discard {
					t.Errorf("%d findings; discarded: %v", n, discard)
				}
				if sc.Discarded != discard || sc.Useful() == discard || sc.Held {
					t.Errorf("the scan is discarded %v, useful %v, held %v; want discarded %v", sc.Discarded, sc.Useful(), sc.Held, discard)
				}
				sites, err := h.db.Sites(t.Context())
				must(t, err)
				if c.terms.Unfinished != harrier.RollOver {
					if len(sites) != 1 {
						t.Errorf("%d sites; want the one", len(sites))
					}
					return
				}
				rest := sites[len(sites)-1]
				if len(sites) != 2 || rest.Name != "lan - Rollover" || rest.Options.RolloverOf != sc.ID || rest.Policy != s.Policy {
					t.Fatalf("the site for the rest is %+v", rest)
				}
				if c.terms.Rollover == harrier.RolloverNextDay {
					if rest.NextRun.Sub(sc.Created) > 24*time.Hour || rest.NextRun.Sub(sc.Created) < 24*time.Hour-time.Second {
						t.Errorf("the rest is scanned at %s; want a day after %s", rest.NextRun, sc.Created)
					}
					kill()
					crash()
					time.Sleep(24 * time.Hour) // the console is away
					h = build(t, h.db)
					crash = h.run(t)
					_, kill = h.engine(t, time.Second)
					time.Sleep(3 * time.Second)
					runs, err := h.db.ScansOf(t.Context(), rest.ID)
					must(t, err)
					if len(runs) != 1 {
						t.Fatalf("%d runs of the rest; want 1", len(runs))
					}
					sc = runs[0]
				} else {
					if !rest.NextRun.IsZero() {
						t.Errorf("the rest is scanned at %s; want by hand", rest.NextRun)
					}
					sc = h.launch(t, rest)
				}
				sc = h.await(t, sc.ID, harrier.ScanCompleted, time.Minute)
				second := h.looked(t, sc.ID)
				for a := range second {
					if first[a] {
						t.Errorf("%s was scanned twice", a)
					}
				}
				if len(first)+len(second) != 64 {
					t.Errorf("%d and %d addresses were looked at; want 64 in all", len(first), len(second))
				}
			})
		})
	}
}

// TestStopAs: who stops a scan may say what becomes of its results.
func TestStopAs(t *testing.T) {
	for _, c := range []struct {
		terms, as harrier.Unfinished
		refused   bool
		findings  bool
		sites     int
	}{
		{harrier.KeepResults, harrier.KeepResults, false, true, 1},
		{harrier.KeepResults, harrier.RollOver, false, true, 2},
		{harrier.KeepResults, harrier.DiscardResults, true, true, 1},
		{harrier.DiscardResults, harrier.KeepResults, false, true, 1},
		{harrier.DiscardResults, harrier.DiscardResults, false, false, 1},
		{harrier.RollOver, harrier.KeepResults, false, true, 1},
	} {
		bubble(t, func(t *testing.T, h *house) {
			defer h.run(t)()
			_, kill := h.engine(t, time.Second)
			defer kill()
			sc := h.launch(t, h.site(t, "192.0.2.0/26", func(s *harrier.Site) { s.Options.Terms.Unfinished = c.terms }))
			time.Sleep(20 * time.Second)
			err := h.StopAs(t.Context(), owner, sc.ID, c.as)
			if (err != nil) != c.refused || err != nil && harrier.KindOf(err) != harrier.Invalid {
				t.Fatalf("%q stopped as %q = %v; want refused %v", c.terms, c.as, err, c.refused)
			}
			if err != nil {
				must(t, h.Command(t.Context(), owner, sc.ID, harrier.Stop))
			}
			h.await(t, sc.ID, harrier.ScanStopped, 10*time.Second)
			sites, err := h.db.Sites(t.Context())
			must(t, err)
			if n := h.findingsCount(t); (n > 0) != c.findings || len(sites) != c.sites {
				t.Errorf("%q stopped as %q: %d findings, %d sites; want findings %v, %d sites", c.terms, c.as, n, len(sites), c.findings, c.sites)
			}
		})
	}
}

// TestHeldSurvives: a console that dies while results are held back goes on
// holding them, and takes them over at the end.
func TestHeldSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		h := build(t, db)
		crash := h.run(t)
		_, kill := h.engine(t, time.Second)
		sc := h.launch(t, h.site(t, "192.0.2.0/27", func(s *harrier.Site) { s.Options.Terms.Unfinished = harrier.DiscardResults }))
		time.Sleep(10 * time.Second)
		kill()
		crash()
		if n := h.findingsCount(t); n != 0 {
			t.Errorf("%d findings of a scan that is held back; want none", n)
		}
		h = build(t, db)
		defer h.run(t)()
		_, kill = h.engine(t, time.Second)
		defer kill()
		sc = h.await(t, sc.ID, harrier.ScanCompleted, 3*time.Minute)
		if n := h.findingsCount(t); n != 16 || sc.Discarded {
			t.Errorf("%d findings, discarded %v; want 16", n, sc.Discarded)
		}
	})
}

// TestAfter: a scan follows another one that brought results, also when the
// console was away meanwhile, and no other one.
func TestAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		h := build(t, db)
		crash := h.run(t)
		_, kill := h.engine(t, 100*time.Millisecond)
		first := h.site(t, "192.0.2.0/28")
		after := func(s *harrier.Site) { s.Schedule = harrier.Schedule{Enabled: true, After: first.ID} }
		second := h.site(t, "192.0.2.16/28", after)
		off := h.site(t, "192.0.2.32/28", func(s *harrier.Site) { after(s); s.Schedule.Enabled = false })
		runs := func(s harrier.Site) int {
			list, err := db.ScansOf(t.Context(), s.ID)
			must(t, err)
			return len(list)
		}
		h.await(t, h.launch(t, first).ID, harrier.ScanCompleted, time.Minute)
		time.Sleep(10 * time.Second)
		if runs(second) != 1 || runs(off) != 0 {
			t.Fatalf("%d and %d runs after a whole one; want 1 and 0", runs(second), runs(off))
		}
		list, err := db.ScansOf(t.Context(), second.ID)
		must(t, err)
		if !list[0].Scheduled || list[0].Status != harrier.ScanCompleted {
			t.Errorf("the scan that follows is %s, scheduled %v", list[0].Status, list[0].Scheduled)
		}

		kill() // without an engine nothing answers: an error, which nothing follows
		sc := h.launch(t, first)
		must(t, h.Command(t.Context(), owner, sc.ID, harrier.Stop))
		h.await(t, sc.ID, harrier.ScanStopped, 10*time.Second)
		time.Sleep(10 * time.Second)
		if n := runs(second); n != 1 {
			t.Errorf("%d runs after one that brought nothing; want 1 as before", n)
		}

		_, kill = h.engine(t, time.Second) // in part
		sc = h.launch(t, first)
		time.Sleep(8 * time.Second)
		crash()
		kill()
		sc, err = db.Scan(t.Context(), sc.ID)
		must(t, err)
		must(t, h.Store.InTx(t.Context(), func(ctx context.Context) error { return h.end(ctx, &sc, harrier.ScanStopped, notStopped, "") }))
		if n := runs(second); n != 1 || sc.HostsAlive == 0 {
			t.Errorf("%d runs before the restart, %d alive; want 1, some", n, sc.HostsAlive)
		}
		time.Sleep(time.Hour)
		h = build(t, db)
		crash = h.run(t)
		defer crash()
		time.Sleep(5 * time.Second)
		if n := runs(second); n != 2 {
			t.Errorf("%d runs after the restart; want 2", n)
		}
	})
}

// TestQueueOfSite: further launches wait for the ones before, over a restart too, and
// can be stopped and deleted while they wait.
func TestQueueOfSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		h := build(t, db)
		crash := h.run(t)
		s := h.site(t, "192.0.2.0/28")
		var ids []harrier.ID
		for i := range 4 {
			sc, err := h.Launch(t.Context(), owner, s.ID, Launch{Queue: true})
			must(t, err)
			if want := map[bool]harrier.ScanStatus{true: harrier.ScanRunning, false: harrier.ScanQueued}[i == 0]; sc.Status != want {
				t.Errorf("launch %d is %s; want %s", i, sc.Status, want)
			}
			ids = append(ids, sc.ID)
		}
		if _, err := h.Launch(t.Context(), owner, s.ID, Launch{}); harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("a launch that does not queue = %v; want Conflict", err)
		}
		time.Sleep(10 * time.Second)
		crash()
		h = build(t, db)
		defer h.run(t)()
		must(t, h.Command(t.Context(), owner, ids[1], harrier.Stop))
		if st := h.await(t, ids[1], harrier.ScanStopped, 10*time.Second); !st.Started.IsZero() {
			t.Errorf("a scan that was stopped while it waited began at %s", st.Started)
		}
		must(t, h.Delete(t.Context(), owner, ids[2]))
		if err := h.Delete(t.Context(), owner, ids[0]); harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("deleting what goes on = %v; want Conflict", err)
		}
		if st := h.status(t, ids[3]); st != harrier.ScanQueued {
			t.Errorf("the last one is %s; want queued", st)
		}
		_, kill := h.engine(t, time.Second)
		defer kill()
		one := h.await(t, ids[0], harrier.ScanCompleted, 5*time.Minute)
		last := h.await(t, ids[3], harrier.ScanCompleted, 5*time.Minute)
		if last.Started.Before(one.Ended) {
			t.Errorf("the last one began at %s, before the first one ended at %s", last.Started, one.Ended)
		}
		for range maxQueued {
			_, err := h.Launch(t.Context(), owner, s.ID, Launch{Queue: true})
			must(t, err)
		}
		if _, err := h.Launch(t.Context(), owner, s.ID, Launch{Queue: true}); harrier.KindOf(err) != harrier.Conflict {
			t.Errorf("launch after %d = %v; want Conflict", maxQueued, err)
		}
	})
}

// post is a mailbox.
type post struct {
	mu    sync.Mutex
	fails bool
	keys  map[string]bool
	sent  []harrier.Mail
}

func (p *post) Send(_ context.Context, m harrier.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.fails:
		return harrier.Errorf(harrier.Unavailable, "the outbox is full")
	case m.Key != "" && p.keys[m.Key]:
		return nil
	}
	p.keys[m.Key] = true
	p.sent = append(p.sent, m)
	return nil
}

// reporter notes what it was asked for.
type reporter struct{ asked []harrier.ID }

func (r *reporter) Launch(_ context.Context, _, definition, _ harrier.ID) error {
	r.asked = append(r.asked, definition)
	return harrier.Errorf(harrier.NotFound, "no definition %d", definition)
}

// TestTold: the launch and the end of a scan are written of once each, after a
// failure of the outbox and a crash too, and reports are made.
func TestTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		must(t, db.InsertUser(t.Context(), &harrier.User{Name: "ann", Email: "ann@example.com", Role: harrier.Analyst}))
		box, reports := &post{keys: map[string]bool{}}, &reporter{}
		with := func(c *Config) { c.Mail, c.Reports = box, reports }
		h := build(t, db, with)
		crash := h.run(t)
		s := h.site(t, "192.0.2.0/28", func(s *harrier.Site) {
			s.Options.Terms = harrier.Terms{MailLaunch: true, MailEnd: true, Reports: []harrier.ReportRequest{{Definition: 7}}}
			s.Emails = "ops@example.com" // alerts write to it
		})
		box.fails = true
		sc := h.launch(t, s)
		time.Sleep(time.Second)
		box.mu.Lock()
		box.fails = false
		box.mu.Unlock()
		time.Sleep(2 * time.Minute)
		if n := len(box.sent); n != 1 || strings.Join(box.sent[0].To, " ") != "ann@example.com" || !strings.Contains(box.sent[0].Subject, "launched") {
			t.Fatalf("after the launch: %+v", box.sent)
		}
		_, kill := h.engine(t, 100*time.Millisecond)
		h.await(t, sc.ID, harrier.ScanCompleted, time.Minute)
		time.Sleep(time.Second)
		crash()
		kill()
		h = build(t, db, with)
		defer h.run(t)()
		time.Sleep(10 * time.Second)
		if n := len(box.sent); n != 2 || strings.Join(box.sent[1].To, " ") != "ann@example.com" || !strings.Contains(box.sent[1].Text, "16 of 16 looked at, 8 answered") {
			t.Fatalf("after the end: %+v", box.sent)
		}
		if len(reports.asked) != 1 || reports.asked[0] != 7 {
			t.Errorf("reports %v were asked for; want 7", reports.asked)
		}
		must(t, h.MailTo(t.Context(), owner, sc.ID, "x@example.com;y@example.com"))
		must(t, h.MailTo(t.Context(), owner, sc.ID, "x@example.com"))
		if n := len(box.sent); n != 4 || strings.Join(box.sent[2].To, " ") != "x@example.com y@example.com" {
			t.Errorf("sent by hand: %+v", box.sent[2:])
		}
		if err := h.MailTo(t.Context(), owner, sc.ID, "nobody"); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("MailTo nobody = %v; want Invalid", err)
		}
		if left, err := db.UntoldScans(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("%d scans are still to be told of, %v", len(left), err)
		}
	})
}

// TestToldAsSeen: an owner who sees some hosts alone is told of the sums of those.
func TestToldAsSeen(t *testing.T) {
	for narrow, want := range map[bool]string{true: "0 of 0 looked at, 0 answered", false: "1 of 1 looked at, 1 answered"} {
		db := openStore(t)
		ctx := t.Context()
		must(t, db.InsertUser(ctx, &harrier.User{Name: "ann", Email: "ann@example.com", Role: harrier.Analyst}))
		box := &post{keys: map[string]bool{}}
		h := build(t, db, func(c *Config) {
			c.Mail = box
			c.Actor = func(context.Context, harrier.ID) (harrier.Actor, error) {
				by := owner
				by.Organization, by.Place = harrier.FirstOrganization, &harrier.Standing{Narrow: narrow}
				return by, nil
			}
		})
		sc := harrier.Scan{
			Site: h.site(t, "192.0.2.1").ID, Owner: 1, Repository: 1, Name: "lan", Status: harrier.ScanCompleted, Told: harrier.ToldLaunch, Terms: harrier.Terms{MailEnd: true},
			HostsTotal: 1, HostsDone: 1, HostsAlive: 1,
		}
		must(t, db.InsertScan(ctx, &sc))
		must(t, h.tell(ctx, sc))
		if len(box.sent) != 1 || !strings.Contains(box.sent[0].Text, want) {
			t.Errorf("narrow %v: %+v; want %q", narrow, box.sent, want)
		}
	}
}

// TestFreeze: no scan begins in a freeze window; one that goes on is held if the
// window says so, and goes on after it.
func TestFreeze(t *testing.T) {
	onlyFast(t)
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		h := build(t, db)
		crash := h.run(t)
		_, kill := h.engine(t, time.Second)
		defer kill()
		boss := harrier.Actor{User: 1, Permissions: harrier.Administrator.Permissions()}
		in := func(d time.Duration) string { return time.Now().UTC().Add(d).Format("20060102T150405") }
		window := harrier.Freeze{
			Name: "night", Schedule: harrier.Schedule{Enabled: true, Start: in(20 * time.Second), Rule: "FREQ=DAILY;INTERVAL=1"},
			Duration: harrier.Duration(4 * time.Minute), HoldRunning: true, Targets: "192.0.2.0/24",
		}
		if err := h.PutFreeze(t.Context(), owner, &window); harrier.KindOf(err) != harrier.Forbidden {
			t.Errorf("PutFreeze by an analyst = %v; want Forbidden", err)
		}
		bad := window
		bad.Duration = 0
		if err := h.PutFreeze(t.Context(), boss, &bad); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("PutFreeze without a duration = %v; want Invalid", err)
		}
		must(t, h.PutFreeze(t.Context(), boss, &window))

		going := h.launch(t, h.site(t, "192.0.2.0/26"))
		h.await(t, going.ID, harrier.ScanPaused, 40*time.Second)
		if err := h.Command(t.Context(), owner, going.ID, harrier.Resume); harrier.KindOf(err) != harrier.Conflict || !strings.Contains(err.Error(), "night") {
			t.Errorf("Resume in the window = %v; want Conflict", err)
		}
		waits := h.launch(t, h.site(t, "192.0.2.64/28"))
		if waits.Status != harrier.ScanQueued || !strings.Contains(waits.Reason, "night") {
			t.Errorf("a scan in the window is %s (%s); want queued", waits.Status, waits.Reason)
		}
		other := h.launch(t, h.site(t, "198.51.100.0/29"))
		if other.Status != harrier.ScanRunning {
			t.Errorf("a scan of other targets is %s; want running", other.Status)
		}
		crash()
		h = build(t, db)
		crash = h.run(t)
		time.Sleep(2 * time.Minute)
		if st := h.status(t, waits.ID); st != harrier.ScanQueued {
			t.Errorf("two minutes later it is %s; want queued", st)
		}
		// The engine of the first house is gone with its bus.
		_, killSecond := h.engine(t, time.Second)
		defer killSecond()
		time.Sleep(2 * time.Minute)
		one := h.await(t, going.ID, harrier.ScanCompleted, 5*time.Minute)
		two := h.await(t, waits.ID, harrier.ScanCompleted, 5*time.Minute)
		if strings.Contains(one.Reason+two.Reason, frozenBy) || two.Started.Sub(two.Created) < 3*time.Minute {
			t.Errorf("reasons %q, %q; begun %s", one.Reason, two.Reason, two.Started)
		}
		if until := h.FrozenUntil(window); !until.IsZero() {
			t.Errorf("the window is open until %s; want closed", until)
		}
		must(t, h.DeleteFreeze(t.Context(), boss, window.ID))
		crash()
	})
}

// TestFreezeHoldsOwnScans opens windows of two organisations and one of the
// installation: each holds the scans of its own organisation, the last one all.
func TestFreezeHoldsOwnScans(t *testing.T) {
	db := openStore(t)
	h := build(t, db)
	ctx := t.Context()
	other := harrier.Organization{Name: "other", UUID: harrier.NewUUID(h.Now())}
	must(t, db.InsertOrganization(ctx, &other))
	user := func(name string, organization harrier.ID) harrier.Actor {
		u := harrier.User{Name: name, UUID: harrier.NewUUID(h.Now()), Role: harrier.Administrator, Organization: organization}
		must(t, db.InsertUser(ctx, &u))
		return harrier.Actor{User: u.ID, Name: name, Organization: organization, Permissions: u.Role.Permissions()}
	}
	people := map[string]harrier.Actor{
		"one": user("one", harrier.FirstOrganization), "two": user("two", other.ID), "operator": user("operator", 0),
	}
	seats, err := db.Seats(ctx)
	must(t, err)
	place := &harrier.Standing{Seats: map[harrier.ID]harrier.Seat{}}
	for _, s := range seats {
		place.Seats[s.User] = s
	}
	for name, by := range people {
		by.Place = place
		people[name] = by
	}
	for _, tt := range []struct {
		by           string
		holds, sees  []string
		mayNotChange []string
	}{
		{"one", []string{"one", "operator"}, []string{"one", "operator"}, []string{"two"}},
		{"two", []string{"two"}, []string{"two", "operator"}, []string{"one"}},
		{"operator", []string{"one", "two", "operator"}, []string{"one", "two", "operator"}, []string{"one", "two"}},
	} {
		w := harrier.Freeze{
			Name: "of " + tt.by, Duration: harrier.Duration(time.Hour),
			Schedule: harrier.Schedule{Enabled: true, Start: time.Now().UTC().Add(-time.Minute).Format("20060102T150405"), Rule: "FREQ=DAILY;INTERVAL=1"},
		}
		must(t, h.PutFreeze(ctx, people[tt.by], &w))
		open, err := h.freezes(ctx)
		must(t, err)
		for name, by := range people {
			s := h.site(t, "192.0.2.1", func(s *harrier.Site) { s.Owner = by.User })
			held, err := h.holder(ctx, open, harrier.Scan{Site: s.ID, Owner: people["operator"].User, Targets: s.Targets})
			must(t, err)
			if want := slices.Contains(tt.holds, name); (held != nil) != want {
				t.Errorf("the window of %s holds the scan of %s: %v; want %v", tt.by, name, held != nil, want)
			}
			_, err = h.Freeze(ctx, by, w.ID)
			if want := slices.Contains(tt.sees, name); (err == nil) != want {
				t.Errorf("%s sees the window of %s: %v; want %v", name, tt.by, err, want)
			}
		}
		for _, name := range tt.mayNotChange {
			changed := w
			if h.PutFreeze(ctx, people[name], &changed) == nil || h.DeleteFreeze(ctx, people[name], w.ID) == nil {
				t.Errorf("%s changed the window of %s", name, tt.by)
			}
		}
		must(t, h.DeleteFreeze(ctx, people[tt.by], w.ID))
	}
}
