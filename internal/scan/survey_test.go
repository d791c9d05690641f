package scan

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
)

// brings says what surveys find from now on.
func (h *house) brings(list []harrier.Fact) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.facts = list
}

// survey brings the facts, one for each time that a host takes; it reports
// whether it was stopped.
func (e *engine) survey(ctx context.Context, d *bus.Delivery, say func(harrier.Result)) (stopped bool) {
	e.h.mu.Lock()
	list := e.h.facts
	e.h.mu.Unlock()
	for _, f := range list {
		for e.told(d.Job.Scan) == harrier.Pause && ctx.Err() == nil {
			_ = d.InProgress(ctx)
			sleep(ctx, 100*time.Millisecond)
		}
		if c := e.told(d.Job.Scan); c == harrier.Stop || c == harrier.Kill {
			return true
		}
		if sleep(ctx, e.takes); ctx.Err() != nil {
			return true
		}
		say(harrier.Result{Facts: []harrier.Fact{f}})
	}
	return false
}

const surveyCheck harrier.VulnID = 110

// surveys finds the addresses among the facts that are kept, and one risk of the
// domain.
type surveys struct{ h *house }

func (surveys) Checks() []harrier.VulnID { return []harrier.VulnID{surveyCheck} }

// Known are the addresses that were found before: they stand for names here.
func (s surveys) Known(ctx context.Context, site harrier.ID) (names []string, err error) {
	nodes, err := s.h.db.SurfaceNodes(ctx, site)
	for _, n := range nodes {
		if n.Node.Addr().IsValid() {
			names = append(names, n.Node.Key)
		}
	}
	return names, err
}

func (s surveys) Remarks(ctx context.Context, sc harrier.Scan) (list []string, err error) {
	nodes, err := s.h.db.SurfaceNodes(ctx, sc.Site)
	for _, n := range nodes {
		list = append(list, n.Attributes[harrier.SurveyRemarks]...)
	}
	return list, err
}

func (s surveys) Targets(ctx context.Context, sc harrier.Scan) (out harrier.Targets, err error) {
	nodes, err := s.h.db.SurfaceNodes(ctx, sc.Site)
	for _, n := range nodes {
		if a := n.Node.Addr(); a.IsValid() && n.LastScan == sc.ID {
			out = append(out, harrier.Target{First: a, Last: a})
		}
	}
	return out.Merge(), err
}

func (surveys) Results(_ context.Context, sc harrier.Scan) ([]harrier.Result, error) {
	return []harrier.Result{{
		Scan: sc.ID, Batch: 1, Host: &harrier.Host{Name: "example.com", FQDN: "example.com", Alive: true, Started: sc.Started, Ended: sc.Started},
		Observations: []harrier.Observation{{Vulnerability: surveyCheck, At: sc.Started}}, Coverage: &harrier.Coverage{Alive: true},
	}}, nil
}

var surveyed = harrier.Node{Kind: harrier.NodeDomain, Key: "example.com"}

// facts lead from the domain to n addresses; a survey that is not limited says at
// last that it went to its end.
func facts(n int, limited bool) (out []harrier.Fact) {
	out = append(out, harrier.Fact{From: harrier.Node{Kind: harrier.NodeRoot}, Link: harrier.LinkSeeded, Node: surveyed, How: "seed"})
	for i := range n {
		out = append(out, harrier.Fact{From: surveyed, Link: harrier.LinkA, Node: harrier.AddrNode(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})), How: "dns"})
	}
	end := harrier.Surveyed
	if limited {
		end = harrier.SurveyLimited
	}
	return append(out, harrier.Fact{Node: harrier.Node{Kind: harrier.NodeRoot}, How: "seed", Attributes: map[string][]string{end: {"true"}}})
}

func (h *house) survey(t testing.TB, kind harrier.SurveyKind) harrier.Site {
	t.Helper()
	return h.site(t, "", func(s *harrier.Site) {
		s.Options.Survey = &harrier.Survey{Kind: kind, Enabled: true, Seeds: []harrier.Seed{{Name: surveyed.Key, Node: surveyed}}}
	})
}

// withSurveys runs a test in virtual time.
func withSurveys(t *testing.T, do func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		s := &surveys{}
		h := build(t, db, func(c *Config) { c.Surveys = s })
		s.h = h
		do(t, h)
	})
}

// whole checks that every planned check of every host has an outcome.
func whole(t testing.TB, h *house, sc harrier.Scan, hosts int) {
	t.Helper()
	if sc.HostsTotal != hosts || sc.Coverage.Planned != hosts*(len(checks)+1) || !sc.Coverage.Balanced() || strings.Contains(sc.Reason, "add up") {
		t.Errorf("scan %+v of %d hosts, reason %q; want %d hosts, all checks accounted for", sc.Coverage, sc.HostsTotal, sc.Reason, hosts)
	}
	rows, err := h.db.ScanHosts(t.Context(), sc.ID)
	must(t, err)
	domain := 0
	for _, r := range rows {
		if !r.Addr.IsValid() && r.FQDN == surveyed.Key && r.Asset != 0 {
			domain++
		}
	}
	if domain != 1 {
		t.Errorf("%d rows of the domain; want 1", domain)
	}
}

// TestSurveyAgain: a survey is told what earlier ones found, and what it could
// not ask stands in the scan, for those that touch nothing too.
func TestSurveyAgain(t *testing.T) {
	for _, kind := range []harrier.SurveyKind{harrier.SurveyOwn, harrier.SurveyVendor} {
		withSurveys(t, func(t *testing.T, h *house) {
			defer h.run(t)()
			_, kill := h.engine(t, 10*time.Millisecond)
			defer kill()
			s := h.survey(t, kind)
			h.brings(facts(2, false))
			h.await(t, h.launch(t, s).ID, harrier.ScanCompleted, time.Minute)
			told := facts(0, false)
			told[len(told)-1].Attributes[harrier.SurveyRemarks] = []string{"a", "b", "c", "d", "e"}
			h.brings(told)
			sc := h.await(t, h.launch(t, s).ID, harrier.ScanCompleted, time.Minute)
			if known := sc.Plan.Survey.Known; !slices.Equal(known, []string{"192.0.2.0", "192.0.2.1"}) {
				t.Errorf("%v: the second survey is told of %v", kind, known)
			}
			if !strings.Contains(sc.Reason, "a; b; c; and 2 more") || sc.Status != harrier.ScanCompleted {
				t.Errorf("%v: reason %q, %s", kind, sc.Reason, sc.Status)
			}
		})
	}
}

func TestSurveyFirst(t *testing.T) {
	withSurveys(t, func(t *testing.T, h *house) {
		defer h.run(t)()
		e, kill := h.engine(t, 100*time.Millisecond)
		defer kill()
		h.brings(facts(40, false))
		sc := h.launch(t, h.survey(t, harrier.SurveyOnce))
		if batches, err := h.db.Batches(t.Context(), sc.ID); err != nil || len(batches) != 1 || len(batches[0].Targets) != 0 {
			t.Fatalf("batches at the launch = %+v, %v; want one without targets", batches, err)
		}
		if !slices.Contains(sc.Plan.Checks, surveyCheck) {
			t.Errorf("plan has the checks %v; want %d among them", sc.Plan.Checks, surveyCheck)
		}
		sc = h.await(t, sc.ID, harrier.ScanCompleted, time.Minute)
		whole(t, h, sc, 41)
		if batches, err := h.db.Batches(t.Context(), sc.ID); err != nil || len(batches) != 4 || e.done != 4 {
			t.Errorf("%d batches, %d done, %v; want 4", len(batches), e.done, err)
		}
	})
}

func TestSurveyOfNothing(t *testing.T) {
	for _, tt := range []struct {
		kind  harrier.SurveyKind
		found int
	}{{harrier.SurveyOwn, 0}, {harrier.SurveyVendor, 7}} {
		withSurveys(t, func(t *testing.T, h *house) {
			defer h.run(t)()
			e, kill := h.engine(t, 10*time.Millisecond)
			defer kill()
			h.brings(facts(tt.found, false))
			sc := h.await(t, h.launch(t, h.survey(t, tt.kind)).ID, harrier.ScanCompleted, time.Minute)
			whole(t, h, sc, 1)
			if e.done != 1 {
				t.Errorf("%s: %d batches were run; want the survey only", tt.kind, e.done)
			}
		})
	}
}

// TestSurveyKilled kills console and engine again and again, wherever they are.
func TestSurveyKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		var id harrier.ID
		for n := range 200 {
			s := &surveys{}
			h := build(t, db, func(c *Config) { c.Surveys = s })
			s.h = h
			crash := h.run(t)
			h.brings(facts(5, false))
			_, kill := h.engine(t, 60*time.Millisecond)
			if n == 0 {
				id = h.launch(t, h.survey(t, harrier.SurveyOwn)).ID
			}
			time.Sleep(time.Duration(300+17*n) * time.Millisecond)
			kill()
			crash()
			if sc, err := db.Scan(t.Context(), id); err != nil || sc.Status.Ended() {
				must(t, err)
				whole(t, h, sc, 6)
				if sc.Status != harrier.ScanCompleted || n < 2 {
					t.Errorf("scan is %s after %d kills", sc.Status, n)
				}
				return
			}
		}
		t.Error("the scan does not end")
	})
}

func TestSurveyPausedAndStopped(t *testing.T) {
	withSurveys(t, func(t *testing.T, h *house) {
		defer h.run(t)()
		e, kill := h.engine(t, 500*time.Millisecond)
		defer kill()
		h.brings(facts(60, false))
		sc := h.launch(t, h.survey(t, harrier.SurveyOwn))
		time.Sleep(5 * time.Second)
		must(t, h.Command(t.Context(), owner, sc.ID, harrier.Pause))
		h.await(t, sc.ID, harrier.ScanPaused, 5*time.Second)
		time.Sleep(time.Second)
		links, err := h.db.SurfaceLinks(t.Context(), sc.Site)
		must(t, err)
		time.Sleep(10 * time.Second)
		if still, err := h.db.SurfaceLinks(t.Context(), sc.Site); err != nil || len(still) != len(links) {
			t.Errorf("%d links while paused, then %d, %v", len(links), len(still), err)
		}
		must(t, h.Command(t.Context(), owner, sc.ID, harrier.Resume))
		time.Sleep(5 * time.Second)
		must(t, h.Command(t.Context(), owner, sc.ID, harrier.Stop))
		sc = h.await(t, sc.ID, harrier.ScanStopped, 10*time.Second)
		more, err := h.db.SurfaceLinks(t.Context(), sc.Site)
		if err != nil || len(more) <= len(links) || len(more) > 60 {
			t.Errorf("%d links when paused, %d when stopped, %v; want some more, not all", len(links), len(more), err)
		}
		if sc.HostsTotal != 0 || e.done != 1 {
			t.Errorf("stopped with %d hosts, %d batches; want none scanned", sc.HostsTotal, e.done)
		}
	})
}

// TestSurveyLimited: what a survey that was cut short did not see is still there;
// what one did not see that went to its end is gone.
func TestSurveyLimited(t *testing.T) {
	withSurveys(t, func(t *testing.T, h *house) {
		defer h.run(t)()
		_, kill := h.engine(t, time.Millisecond)
		defer kill()
		s := h.survey(t, harrier.SurveyOwn)
		for i, run := range []struct {
			facts []harrier.Fact
			want  int
		}{{facts(4, false), 5}, {facts(2, true), 5}, {facts(3, false), 4}} {
			h.brings(run.facts)
			sc := h.await(t, h.launch(t, s).ID, harrier.ScanCompleted, time.Minute)
			links, err := h.db.SurfaceLinks(t.Context(), s.ID)
			must(t, err)
			n := 0
			for _, l := range links {
				if l.During(sc.ID) && l.Link != harrier.LinkHosts {
					n++
				}
			}
			if n != run.want {
				t.Errorf("run %d: %d links hold; want %d", i, n, run.want)
			}
		}
	})
}

// TestSurveyBySchedule: a survey goes on by its schedule while it is enabled, and
// those are written to who wish for it and may see it.
func TestSurveyBySchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openStore(t)
		wish := map[string]string{harrier.GivenSurveyMail: "true"}
		for _, u := range []harrier.User{
			{Name: "ann", Email: "ann@example.com", Given: wish},
			{Name: "ben", Email: "ben@example.com"},
			{Name: "cid", Email: "cid@example.com", Given: wish},
			{Name: "dan", Email: "dan@example.com", Given: wish, Disabled: true},
			{Name: "eve", Email: "eve@example.com", Given: wish},
		} {
			u.Role = harrier.Analyst
			must(t, db.InsertUser(t.Context(), &u))
		}
		box, s := &post{keys: map[string]bool{}}, &surveys{}
		h := build(t, db, func(c *Config) {
			c.Mail, c.Surveys = box, s
			c.Actor = func(_ context.Context, id harrier.ID) (harrier.Actor, error) {
				a := harrier.Actor{User: id, Permissions: harrier.Analyst.Permissions()}
				if id == 5 {
					a.Permissions = harrier.Operator.Permissions() // eve sees all
				}
				return a, nil
			}
		})
		s.h = h
		defer h.run(t)()
		_, kill := h.engine(t, time.Millisecond)
		defer kill()
		h.brings(facts(2, false))
		site := h.survey(t, harrier.SurveyOwn)
		site.Schedule = harrier.Schedule{Enabled: true, Start: time.Now().UTC().Format("20060102T150405"), Rule: "FREQ=HOURLY"}
		site.NextRun = time.Now().UTC()
		must(t, db.UpdateSite(t.Context(), &site))
		time.Sleep(time.Hour + time.Minute)
		if list, err := db.ScansOf(t.Context(), site.ID); err != nil || len(list) != 2 {
			t.Errorf("%d scans after an hour, %v; want 2", len(list), err)
		}
		var to []string
		for _, m := range box.sent {
			to = append(to, m.To...)
		}
		if got := strings.Join(to, " "); got != "ann@example.com eve@example.com ann@example.com eve@example.com" {
			t.Errorf("written to %s; want those who wish for it and may see it, for each run", got)
		}
		site, err := db.Site(t.Context(), site.ID)
		must(t, err)
		site.Options.Survey.Enabled = false
		must(t, db.UpdateSite(t.Context(), &site))
		time.Sleep(3 * time.Hour)
		if list, err := db.ScansOf(t.Context(), site.ID); err != nil || len(list) != 2 {
			t.Errorf("%d scans after it was switched off, %v; want no more", len(list), err)
		}
	})
}
