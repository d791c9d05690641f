package harrier_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

var t0 = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func hours(n int) time.Time { return t0.Add(time.Duration(n) * time.Hour) }

func TestFindingFold(t *testing.T) {
	type step struct {
		v    harrier.Verdict
		at   int
		want harrier.Change
	}
	for name, steps := range map[string][]step{
		"a new one opens":              {{harrier.Present, 1, harrier.Opened}, {harrier.Present, 2, harrier.Seen}},
		"unknown says nothing":         {{harrier.Unknown, 1, harrier.Unchanged}, {harrier.Present, 2, harrier.Opened}, {harrier.Unknown, 3, harrier.Unchanged}},
		"absent of nothing is nothing": {{harrier.Absent, 1, harrier.Unchanged}},
		"fixed, then back":             {{harrier.Present, 1, harrier.Opened}, {harrier.Absent, 2, harrier.Closed}, {harrier.Absent, 3, harrier.Unchanged}, {harrier.Present, 4, harrier.Reopened}},
		"a late absent is ignored":     {{harrier.Present, 5, harrier.Opened}, {harrier.Absent, 4, harrier.Unchanged}},
		"a late present is ignored":    {{harrier.Present, 1, harrier.Opened}, {harrier.Absent, 5, harrier.Closed}, {harrier.Present, 4, harrier.Unchanged}},
		"a repeat changes nothing":     {{harrier.Present, 1, harrier.Opened}, {harrier.Absent, 2, harrier.Closed}, {harrier.Absent, 2, harrier.Unchanged}},
	} {
		t.Run(name, func(t *testing.T) {
			var f harrier.Finding
			for i, s := range steps {
				if got := f.Fold(s.v, hours(s.at)); got != s.want {
					t.Fatalf("step %d: Fold(%v) = %v; want %v", i, s.v, got, s.want)
				}
			}
		})
	}
}

func TestFindingPast(t *testing.T) {
	var f harrier.Finding
	f.Fold(harrier.Present, hours(1))
	f.Fold(harrier.Absent, hours(3))
	f.Fold(harrier.Present, hours(5))
	for at, want := range map[int]bool{0: false, 1: true, 2: true, 3: false, 4: false, 5: true, 9: true} {
		if got := f.OpenAt(hours(at)); got != want {
			t.Errorf("OpenAt(hour %d) = %v; want %v", at, got, want)
		}
	}
	if !f.Open() || !f.Mitigated() || !f.FirstSeen().Equal(hours(1)) || !f.LastSeen().Equal(hours(5)) {
		t.Errorf("open %v, mitigated %v, first %v, last %v", f.Open(), f.Mitigated(), f.FirstSeen(), f.LastSeen())
	}
}

func TestCoverageOutcome(t *testing.T) {
	at := func(port uint16) harrier.Endpoint { return harrier.Endpoint{Protocol: harrier.TCP, Port: port} }
	c := harrier.Coverage{
		Alive: true, Complete: true, Planned: 6,
		Ports:   harrier.Ports{TCP: []harrier.PortRange{{First: 1, Last: 100}}},
		Open:    []harrier.Open{{Endpoint: at(22), Known: true}, {Endpoint: at(80)}},
		Enabled: harrier.NewIDs([]harrier.VulnID{1, 2, 3, 4, 5, 6}),
	}
	c.Add(harrier.Done{Check: 2, Endpoint: at(22), Outcome: harrier.Vulnerable})
	c.Add(harrier.Done{Check: 3, Endpoint: at(22), Outcome: harrier.Failed, Reason: "reset"})
	c.Add(harrier.Done{Check: 4, Outcome: harrier.Skipped, Reason: "not safe"})
	for _, tt := range []struct {
		check harrier.VulnID
		e     harrier.Endpoint
		want  harrier.Outcome
	}{
		{1, at(22), harrier.Clean},    // looked at, nothing said
		{1, at(50), harrier.Clean},    // the port is closed now
		{1, at(80), harrier.Failed},   // open, but what is it?
		{1, at(101), harrier.Skipped}, // never asked
		{1, harrier.Endpoint{Protocol: harrier.UDP, Port: 53}, harrier.Skipped},
		{1, harrier.Endpoint{Protocol: harrier.TCP}, harrier.Clean}, // the host itself
		{2, at(22), harrier.Vulnerable},
		{2, at(50), harrier.Clean},
		{3, at(22), harrier.Failed},
		{4, at(22), harrier.Skipped},
		{9, at(22), harrier.Skipped}, // not planned
	} {
		if got, why := c.Outcome(tt.check, tt.e); got != tt.want {
			t.Errorf("Outcome(%d, %v) = %v (%s); want %v", tt.check, tt.e, got, why, tt.want)
		}
	}
	if got, want := c.Totals(), (harrier.Totals{Planned: 6, Clean: 3, Vulnerable: 1, Skipped: 1, Failed: 1}); got != want {
		t.Errorf("Totals = %+v; want %+v", got, want)
	}
	for name, broken := range map[string]harrier.Coverage{
		"dead":        {Planned: 6, Complete: true},
		"interrupted": {Planned: 6, Alive: true, Ports: harrier.AllPorts},
	} {
		if got, _ := broken.Outcome(1, at(50)); got != harrier.Skipped {
			t.Errorf("Outcome of a host that is %s = %v; want skipped", name, got)
		}
		if got := broken.Totals(); got.Skipped != 6 || !got.Balanced() {
			t.Errorf("Totals of a host that is %s = %+v; want 6 skipped", name, got)
		}
	}
}

// TestNoFalseClose walks 10,000 random scans over a modelled host and checks
// after each that no finding was closed while its flaw was there, and that
// every fix that a scan really saw was believed.
func TestNoFalseClose(t *testing.T) {
	const flaws, steps = 12, 10_000
	rng := rand.New(rand.NewPCG(1, 2))
	world := make([]bool, flaws) // is flaw i there now?
	findings := make([]harrier.Finding, flaws)
	for i := range findings {
		findings[i].Instance = harrier.Instance{Vulnerability: harrier.VulnID(i%4 + 1), Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(i%3 + 1)}}
	}
	closed, opened := 0, 0
	for step := range steps {
		for i := range world {
			if rng.IntN(20) == 0 {
				world[i] = !world[i]
			}
		}
		cov, seen := randomScan(rng, findings, world)
		if !cov.Totals().Balanced() {
			t.Fatalf("step %d: totals do not add up: %+v", step, cov.Totals())
		}
		for i := range findings {
			f, wasOpen := &findings[i], findings[i].Open()
			verdict := harrier.Present
			if !seen[i] {
				verdict = cov.Verdict(f.Instance)
			}
			change := f.Fold(verdict, hours(step))
			switch {
			case change == harrier.Closed && world[i]:
				t.Fatalf("step %d: flaw %d is there, yet its finding was closed by %+v", step, i, cov)
			case verdict == harrier.Absent && wasOpen && f.Open():
				t.Fatalf("step %d: flaw %d is fixed and was looked at, yet its finding is open", step, i)
			case change == harrier.Closed:
				closed++
			case change == harrier.Opened || change == harrier.Reopened:
				opened++
			}
			if n := len(f.Intervals); n > 1 && f.Intervals[n-2].Closed.After(f.Intervals[n-1].Opened) {
				t.Fatalf("step %d: intervals of flaw %d overlap: %v", step, i, f.Intervals)
			}
		}
	}
	if closed < 500 || opened < 500 {
		t.Errorf("the walk opened %d and closed %d findings; want enough of both to mean something", opened, closed)
	}
}

// randomScan is a scan of the modelled host that goes wrong in every way that
// a scan can, and reports honestly what it did.
func randomScan(rng *rand.Rand, findings []harrier.Finding, world []bool) (harrier.Coverage, []bool) {
	seen := make([]bool, len(world))
	cov := harrier.Coverage{Alive: rng.IntN(8) != 0, Complete: rng.IntN(6) != 0, Planned: 4}
	var planned []harrier.VulnID
	for v := harrier.VulnID(1); v <= 4; v++ {
		if rng.IntN(5) != 0 {
			planned = append(planned, v)
		}
	}
	cov.Enabled, cov.Planned = harrier.NewIDs(planned), len(planned)
	top := uint16(rng.IntN(3) + 1)
	cov.Ports = harrier.Ports{TCP: []harrier.PortRange{{First: 1, Last: top}}}
	known := map[uint16]bool{}
	for port := uint16(1); port <= 3; port++ { // every modelled port is open
		if known[port] = rng.IntN(4) != 0; port <= top {
			cov.Open = append(cov.Open, harrier.Open{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Known: known[port]})
		}
	}
	for i, f := range findings {
		reached := cov.Alive && cov.Complete && slices.Contains(planned, f.Vulnerability) && f.Port <= top && known[f.Port]
		switch {
		case !reached:
		case rng.IntN(5) == 0: // the check could not tell
			cov.Add(harrier.Done{Check: f.Vulnerability, Endpoint: f.Endpoint, Outcome: harrier.Failed, Reason: "timeout"})
		case world[i]:
			seen[i] = true
			cov.Add(harrier.Done{Check: f.Vulnerability, Endpoint: f.Endpoint, Outcome: harrier.Vulnerable})
		}
	}
	return cov, seen
}
