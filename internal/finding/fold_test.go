package finding

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/store"
)

// observation is one of vulnerability id at a port.
func observation(id harrier.VulnID, port uint16, at time.Time) harrier.Observation {
	return harrier.Observation{Vulnerability: id, Endpoint: tcp(port), Evidence: "seen", Certainty: harrier.Certain, Source: "active", At: at}
}

// findingOf returns the only finding of vulnerability id.
func findingOf(t *testing.T, db *store.DB, id harrier.VulnID) harrier.Finding {
	t.Helper()
	list, _, err := db.SearchFindings(t.Context(), nil, store.Page{})
	must(t, err)
	for _, f := range list {
		if f.Vulnerability == id {
			all, err := db.FindingsOf(t.Context(), f.Asset)
			must(t, err)
			for _, g := range all {
				if g.Instance == f.Instance {
					return *g
				}
			}
		}
	}
	t.Fatalf("no finding of %d in %v", id, list)
	return harrier.Finding{}
}

// TestRuleTwo folds a finding and then the coverage of a second scan: only one
// that says clean closes it.
func TestRuleTwo(t *testing.T) {
	all := harrier.AllPorts
	checks := []harrier.VulnID{100, 101}
	for name, c := range map[string]struct {
		coverage harrier.Coverage
		checks   []harrier.VulnID
		open     bool
	}{
		"complete":                 {*complete(all, 80), checks, false},
		"port closed now":          {*complete(all), checks, false},
		"host did not answer":      {harrier.Coverage{Ports: all}, checks, true},
		"run not complete":         {harrier.Coverage{Alive: true, Ports: all, Reason: "stopped"}, checks, true},
		"port out of range":        {*complete(harrier.Ports{TCP: []harrier.PortRange{{First: 1, Last: 79}}}), checks, true},
		"check not in the policy":  {*complete(all, 80), []harrier.VulnID{101}, true},
		"service not recognised":   {harrier.Coverage{Alive: true, Complete: true, Ports: all, Open: []harrier.Open{{Endpoint: tcp(80)}}}, checks, true},
		"check failed":             {with(complete(all, 80), harrier.Done{Check: 100, Endpoint: tcp(80), Outcome: harrier.Failed}), checks, true},
		"check skipped":            {with(complete(all, 80), harrier.Done{Check: 100, Outcome: harrier.Skipped, Reason: "unsafe"}), checks, true},
		"incomplete but named":     {with(&harrier.Coverage{Alive: true, Ports: all}, harrier.Done{Check: 100, Endpoint: tcp(80), Outcome: harrier.Clean}), checks, false},
		"another check has failed": {with(complete(all, 80), harrier.Done{Check: 101, Endpoint: tcp(80), Outcome: harrier.Failed}), checks, false},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			r := room(db)
			first := begin(t, db, day, checks, "192.0.2.1")
			h := hostAt("192.0.2.1", day.Add(time.Second))
			fold(t, r, harrier.Result{Scan: first.ID, Batch: 1, Host: h, Observations: []harrier.Observation{observation(100, 80, day.Add(2*time.Second))}},
				harrier.Result{Scan: first.ID, Batch: 1, Host: ends(h, time.Minute), Coverage: complete(all, 80)})
			finish(t, db, first, harrier.ScanCompleted)

			later := day.Add(time.Hour)
			second := begin(t, db, later, c.checks, "192.0.2.1")
			h = hostAt("192.0.2.1", later.Add(time.Second))
			h.Alive = c.coverage.Alive
			cov := c.coverage
			fold(t, r, harrier.Result{Scan: second.ID, Batch: 1, Host: ends(h, time.Minute), Coverage: &cov})
			f := findingOf(t, db, 100)
			if f.Open() != c.open {
				t.Errorf("open = %v; want %v (%s)", f.Open(), c.open, chain(f))
			}
			if want := later.Add(time.Second + time.Minute); !c.open && !f.Intervals[0].Closed.Equal(want) {
				t.Errorf("closed at %s; want %s", f.Intervals[0].Closed, want)
			}
			row, err := db.ScanHost(t.Context(), second.ID, 1)
			must(t, err)
			if !row.Coverage.Balanced() || row.Coverage.Planned != len(c.checks) {
				t.Errorf("totals = %+v; want %d planned and balanced", row.Coverage, len(c.checks))
			}
		})
	}
}

func with(c *harrier.Coverage, d harrier.Done) harrier.Coverage {
	c.Entries = append(c.Entries, d)
	return *c
}

// TestReopened shows the chain of a finding that goes and comes back.
func TestReopened(t *testing.T) {
	db := open(t)
	r := room(db)
	at := day
	for i, present := range []bool{true, false, false, true, true} {
		sc := begin(t, db, at, []harrier.VulnID{100}, "192.0.2.1")
		h := hostAt("192.0.2.1", at)
		if present {
			fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Host: h, Observations: []harrier.Observation{observation(100, 80, at)}})
		}
		fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Host: ends(h, time.Second), Coverage: complete(harrier.AllPorts, 80)})
		finish(t, db, sc, harrier.ScanCompleted)
		if i == 2 {
			r = room(db) // what is in memory does not matter
		}
		at = at.Add(time.Hour)
	}
	if got, want := chain(findingOf(t, db, 100)), "[0s 0s 1h0m1s)[3h0m0s 4h0m0s -)"; got != want {
		t.Errorf("intervals = %s; want %s", got, want)
	}
}

// TestStreams shows that a finding is there before the host has ended.
func TestStreams(t *testing.T) {
	db := open(t)
	r := room(db)
	sc := begin(t, db, day, []harrier.VulnID{103}, "192.0.2.1")
	h := hostAt("192.0.2.1", day)
	fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Host: h, Observations: []harrier.Observation{observation(103, 80, day)}})
	if f := findingOf(t, db, 103); !f.Open() || f.Severity != harrier.High || f.LastScan != sc.ID {
		t.Errorf("finding = %+v; want an open one of severity high", f)
	}
	vulns, err := db.ScanVulns(t.Context(), sc.ID)
	must(t, err)
	if diff := cmp.Diff([]harrier.ScanVuln{{Vulnerability: 103, Severity: harrier.High, Count: 1, Hosts: 1}}, vulns); diff != "" {
		t.Error(diff)
	}
}

// TestSeveralNames scans one machine under its address and under a name: what
// one of the two saw the other does not close.
func TestSeveralNames(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2, 3}, {2, 3, 0, 1}, {0, 2, 3, 1}, {3, 0, 1, 2}} {
		db := open(t)
		r := room(db)
		old := begin(t, db, day, []harrier.VulnID{100}, "192.0.2.1")
		h := hostAt("192.0.2.1", day)
		fold(t, r, harrier.Result{Scan: old.ID, Batch: 1, Host: h, Observations: []harrier.Observation{observation(100, 80, day)}})
		finish(t, db, old, harrier.ScanCompleted)

		at := day.Add(time.Hour)
		sc := begin(t, db, at, []harrier.VulnID{100}, "192.0.2.1,www.example.com")
		plain, named := hostAt("192.0.2.1", at), hostAt("192.0.2.1", at)
		named.Name = "www.example.com"
		results := []harrier.Result{
			{Scan: sc.ID, Batch: 1, Host: plain, Observations: []harrier.Observation{observation(100, 80, at.Add(time.Second))}},
			{Scan: sc.ID, Batch: 1, Host: ends(plain, time.Minute), Coverage: complete(harrier.AllPorts, 80)},
			{Scan: sc.ID, Batch: 1, Host: named},
			{Scan: sc.ID, Batch: 1, Host: ends(named, 30*time.Second), Coverage: complete(harrier.AllPorts, 80)},
		}
		for _, i := range order {
			r = room(db)
			fold(t, r, results[i])
		}
		if got, want := chain(findingOf(t, db, 100)), "[0s 1h0m1s -)"; got != want {
			t.Errorf("order %v: intervals = %s; want %s", order, got, want)
		}
	}
}

// TestEndedTakesNothing folds results of scans that have ended or are gone.
func TestEndedTakesNothing(t *testing.T) {
	db := open(t)
	r := room(db)
	sc := begin(t, db, day, []harrier.VulnID{100}, "192.0.2.1")
	finish(t, db, sc, harrier.ScanStopped)
	h := hostAt("192.0.2.1", day)
	for _, id := range []harrier.ID{sc.ID, 99} {
		fold(t, r, harrier.Result{Scan: id, Batch: 1, Host: h, Observations: []harrier.Observation{observation(100, 80, day)}},
			harrier.Result{Scan: id, Batch: 1, Done: &harrier.BatchDone{}})
	}
	if got := dump(t, db, sc.ID); len(got) != 2 { // the dead list and the batch
		t.Errorf("stored %q; want nothing about a host", got)
	}
}

// TestClocks shows what is believed of an engine whose clock is wrong.
func TestClocks(t *testing.T) {
	for name, off := range map[string]time.Duration{"a day behind": -24 * time.Hour, "ten years ahead": 87600 * time.Hour} {
		db := open(t)
		r := room(db)
		one := begin(t, db, day, []harrier.VulnID{100}, "192.0.2.1")
		h := hostAt("192.0.2.1", day.Add(off))
		fold(t, r, harrier.Result{Scan: one.ID, Batch: 1, Host: h, Observations: []harrier.Observation{observation(100, 80, day.Add(off))}},
			harrier.Result{Scan: one.ID, Batch: 1, Host: ends(h, time.Second), Coverage: complete(harrier.AllPorts, 80)})
		finish(t, db, one, harrier.ScanCompleted)
		two := begin(t, db, day.Add(time.Hour), []harrier.VulnID{100}, "192.0.2.1")
		h = hostAt("192.0.2.1", day.Add(time.Hour))
		fold(t, r, harrier.Result{Scan: two.ID, Batch: 1, Host: ends(h, time.Second), Coverage: complete(harrier.AllPorts, 80)})
		if got, want := chain(findingOf(t, db, 100)), "[0s 0s 1h0m1s)"; got != want {
			t.Errorf("%s: intervals = %s; want %s", name, got, want)
		}
	}
}

// failing fails to save findings as often as it is told.
type failing struct {
	*store.DB
	fail int
}

var errBroken = errors.New("the disk is full")

func (f *failing) SaveFindings(ctx context.Context, list []*harrier.Finding) error {
	if f.fail--; f.fail >= 0 {
		return errBroken
	}
	return f.DB.SaveFindings(ctx, list)
}

func (f *failing) SaveFindingsLater(ctx context.Context, list []*harrier.Finding) error {
	if f.fail--; f.fail >= 0 {
		return errBroken
	}
	return f.DB.SaveFindingsLater(ctx, list)
}

// TestFailedTransaction shows that a group that could not be stored leaves
// nothing, and is stored right when it comes again.
func TestFailedTransaction(t *testing.T) {
	db := open(t)
	broken := &failing{DB: db, fail: 2}
	r := room(db)
	r.Store = broken
	sc := begin(t, db, day, []harrier.VulnID{100}, "192.0.2.1")
	h := hostAt("192.0.2.1", day)
	group := []harrier.Result{
		{Scan: sc.ID, Batch: 1, Host: h, Observations: []harrier.Observation{observation(100, 80, day)}},
		{Scan: sc.ID, Batch: 1, Host: ends(h, time.Second), Coverage: complete(harrier.AllPorts, 80)},
	}
	empty := dump(t, db, sc.ID)
	for range 2 {
		if err := r.Fold(t.Context(), group); !errors.Is(err, errBroken) {
			t.Fatalf("Fold = %v; want %v", err, errBroken)
		}
		if diff := cmp.Diff(empty, dump(t, db, sc.ID)); diff != "" {
			t.Fatalf("a failed group left something:\n%s", diff)
		}
	}
	fold(t, r, group...)
	again := open(t)
	other := begin(t, again, day, []harrier.VulnID{100}, "192.0.2.1")
	fold(t, room(again), group...)
	if diff := cmp.Diff(dump(t, again, other.ID), dump(t, db, sc.ID)); diff != "" {
		t.Errorf("after failures:\n%s", diff)
	}
}

// TestServices shows how the services of an asset follow the scans.
func TestServices(t *testing.T) {
	db := open(t)
	r := room(db)
	service := func(port uint16, name, version string) harrier.Service {
		return harrier.Service{Endpoint: tcp(port), Name: name, Product: name, Version: version}
	}
	at := day
	for _, list := range [][]harrier.Service{
		{{Endpoint: tcp(80)}, service(80, "http", "1"), service(22, "ssh", "9")},
		{service(80, "http", "2")},
	} {
		sc := begin(t, db, at, nil, "192.0.2.1")
		h := hostAt("192.0.2.1", at)
		fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Host: h, Services: list})
		r = room(db)
		fold(t, r, harrier.Result{Scan: sc.ID, Batch: 1, Host: ends(h, time.Second), Coverage: complete(harrier.AllPorts, 80)})
		finish(t, db, sc, harrier.ScanCompleted)
		at = at.Add(time.Hour)
	}
	a, _, err := db.SearchAssets(t.Context(), nil, store.Page{})
	must(t, err)
	got, err := db.ServicesOf(t.Context(), a[0].ID)
	must(t, err)
	if len(got) != 1 || got[0].Port != 80 || got[0].Version != "2" || !got[0].FirstSeen.Equal(day) || !got[0].LastSeen.Equal(day.Add(time.Hour)) {
		t.Errorf("services = %+v; want http 2, known since %s, and no ssh", got, day)
	}
}

// hostile is a judge with a fault.
type hostile struct{}

func (hostile) Observations(match.Known, harrier.Settings) ([]harrier.Observation, []harrier.Done) {
	panic("index out of range")
}
func (hostile) Things(match.Known) []harrier.Placed               { panic("nil map") }
func (hostile) Verdict(string, time.Time) ([]harrier.Held, error) { panic("nil pointer") }
func (hostile) Asks(string) ([]string, error)                     { panic("nil pointer") }
func (hostile) Shown(string, harrier.Spot) string                 { panic("nil pointer") }
func (hostile) Evidence(string, harrier.VulnID, time.Time) (string, error) {
	panic("nil pointer")
}
func (hostile) Denies(string, harrier.VulnID, time.Time) (bool, error) { panic("nil pointer") }

// TestHostileFacts shows that a fault in judging one host stops nothing.
func TestHostileFacts(t *testing.T) {
	db := open(t)
	r := room(db)
	r.Judge = hostile{}
	sc := begin(t, db, day, []harrier.VulnID{100}, "192.0.2.1")
	h := hostAt("192.0.2.1", day)
	o := observation(100, 80, day)
	o.Key, o.Evidence = "a\x00b\xff", "\xc3\x28 \x00"
	group := []harrier.Result{
		{Scan: sc.ID, Batch: 1, Host: h, Observations: []harrier.Observation{o}},
		{Scan: sc.ID, Batch: 1, Host: ends(h, time.Second), Coverage: complete(harrier.AllPorts, 80)},
		{Scan: sc.ID, Batch: 7, Done: &harrier.BatchDone{}},
	}
	fold(t, r, group...)
	want := dump(t, db, sc.ID)
	fold(t, room(db), group...)
	if diff := cmp.Diff(want, dump(t, db, sc.ID)); diff != "" {
		t.Errorf("folded again:\n%s", diff)
	}
}
