package finding

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// flaw is a place where the modelled network can be vulnerable.
type flaw struct {
	host int
	id   harrier.VulnID
	port uint16
}

// network is the truth that the scans of the walk look at.
type network struct {
	rnd    *rand.Rand
	flaws  map[flaw]bool
	up     []bool
	assets map[harrier.ID]harrier.Asset // as they were met first
}

var (
	walkVulns = []harrier.VulnID{100, 101, 102, 103, 104}
	walkPorts = []uint16{22, 80, 443}
)

// TestWalk changes a modelled network at random and scans it in every imperfect
// way: parts of the ports, of the checks, of the hosts, runs that are cut, fail
// or are repeated. After each scan every finding that it closed is looked up:
// the flaw must be gone in truth, and the coverage must say clean.
func TestWalk(t *testing.T) {
	steps := 10_000
	if testing.Short() || raced {
		steps = 1000
	}
	db := open(t)
	w := network{rnd: rand.New(rand.NewPCG(7, 7)), flaws: map[flaw]bool{}, up: []bool{true, true, true, true}, assets: map[harrier.ID]harrier.Asset{}}
	r, at := room(db), day
	r.Now = func() time.Time { return at.Add(time.Hour) }
	closed, scans, wasOpen := 0, 0, map[string]bool{}
	for step := range steps {
		at = at.Add(time.Minute)
		switch w.rnd.IntN(10) {
		case 0:
			h := w.rnd.IntN(len(w.up))
			w.up[h] = !w.up[h]
		case 1, 2, 3, 4, 5:
			f := flaw{w.rnd.IntN(len(w.up)), walkVulns[w.rnd.IntN(len(walkVulns))], walkPorts[w.rnd.IntN(len(walkPorts))]}
			w.flaws[f] = !w.flaws[f]
		case 6:
			r = room(db)
			r.Now = func() time.Time { return at.Add(time.Hour) }
		default:
			scans++
			id := w.scan(t, db, r, at)
			closed += w.check(t, db, id, step, wasOpen)
		}
		if t.Failed() {
			return
		}
	}
	if closed < steps/50 {
		t.Errorf("%d findings were closed in %d scans: the walk shows nothing", closed, scans)
	}
	t.Logf("%d scans closed %d findings", scans, closed)
}

// scan looks at some hosts of the network.
func (w *network) scan(t *testing.T, db *store.DB, r *Room, at time.Time) harrier.ID {
	t.Helper()
	var checks []harrier.VulnID
	for _, id := range walkVulns {
		if w.rnd.IntN(5) > 0 {
			checks = append(checks, id)
		}
	}
	ports := harrier.Ports{TCP: []harrier.PortRange{{First: 1, Last: uint16(10 + w.rnd.IntN(600))}}}
	sc := begin(t, db, at, checks, "192.0.2.0-192.0.2.3")
	var said []harrier.Result
	for attempt := 1; attempt <= 1+w.rnd.IntN(2); attempt++ {
		var run []harrier.Result
		for h := range w.up {
			run = append(run, w.look(h, sc, ports, at.Add(time.Duration(attempt)*10*time.Second))...)
		}
		if w.rnd.IntN(3) == 0 {
			run = run[:w.rnd.IntN(len(run)+1)]
		}
		said = append(said, run...)
	}
	if w.rnd.IntN(4) == 0 {
		said = append(said, said...)
	}
	fold(t, r, said...)
	finish(t, db, sc, []harrier.ScanStatus{harrier.ScanCompleted, harrier.ScanStopped, harrier.ScanAborted}[w.rnd.IntN(3)])
	return sc.ID
}

// look is what an engine says of one host.
func (w *network) look(h int, sc harrier.Scan, ports harrier.Ports, at time.Time) (out []harrier.Result) {
	host := hostAt(fmt.Sprintf("192.0.2.%d", h), at)
	if !w.up[h] {
		host.Alive = false
		return []harrier.Result{{Scan: sc.ID, Batch: 1, Host: ends(host, time.Second), Coverage: &harrier.Coverage{Ports: ports}}}
	}
	c := &harrier.Coverage{Alive: true, Complete: w.rnd.IntN(5) > 0, Ports: ports, Reason: "cut"}
	planned := harrier.NewIDs(sc.Plan.Checks)
	for _, port := range walkPorts {
		if !ports.Contains(tcp(port)) {
			continue
		}
		known := w.rnd.IntN(6) > 0
		c.Open = append(c.Open, harrier.Open{Endpoint: tcp(port), Known: known})
		for _, id := range walkVulns {
			switch {
			case !planned.Has(id):
			case w.rnd.IntN(6) == 0: // the check does not get through
				c.Add(harrier.Done{Check: id, Endpoint: tcp(port), Outcome: harrier.Failed, Reason: "timeout"})
			case known && w.flaws[flaw{h, id, port}] && c.Complete:
				out = append(out, harrier.Result{Scan: sc.ID, Batch: 1, Host: host, Observations: []harrier.Observation{observation(id, port, at)}})
			case known && c.Complete:
			case known && w.flaws[flaw{h, id, port}] && w.rnd.IntN(2) == 0: // before it was cut
				out = append(out, harrier.Result{Scan: sc.ID, Batch: 1, Host: host, Observations: []harrier.Observation{observation(id, port, at)}})
			}
		}
	}
	return append(out, harrier.Result{Scan: sc.ID, Batch: 1, Host: ends(host, time.Second), Coverage: c})
}

// check looks at what the scan changed and returns how many findings it closed.
func (w *network) check(t *testing.T, db *store.DB, id harrier.ID, step int, wasOpen map[string]bool) (closed int) {
	t.Helper()
	list, _, err := db.SearchFindings(t.Context(), nil, store.Page{})
	must(t, err)
	sc, err := db.Scan(t.Context(), id)
	must(t, err)
	for _, f := range list {
		a, met := w.assets[f.Asset]
		if !met {
			a, err = db.Asset(t.Context(), f.Asset)
			must(t, err)
			w.assets[f.Asset] = a
		}
		h := int(a.Addr.As4()[3])
		key := fmt.Sprint(h, f.Vulnerability, f.Endpoint)
		if wasOpen[key] && !f.Open() {
			closed++
			if w.flaws[flaw{h, f.Vulnerability, f.Port}] {
				t.Errorf("step %d: finding %d at %v of %s is closed while the flaw is there", step, f.Vulnerability, f.Endpoint, a.Addr)
			}
			row, err := db.ScanHostByName(t.Context(), id, a.Addr.String(), a.Addr.String())
			must(t, err)
			c, err := db.HostCoverage(t.Context(), id, row.Index)
			must(t, err)
			c.Enabled = harrier.NewIDs(sc.Plan.Checks)
			if outcome, why := c.Outcome(f.Vulnerability, f.Endpoint); outcome != harrier.Clean {
				t.Errorf("step %d: finding %d at %v of %s is closed (%s), but its coverage in scan %d says %s (%s)", step, f.Vulnerability, f.Endpoint, a.Addr, chain(f), id, outcome, why)
			}
		}
		wasOpen[key] = f.Open()
	}
	return closed
}
