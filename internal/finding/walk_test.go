package finding

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// network is the truth that the scans of the walk look at, and what a naive
// reader of the model's rules makes of what they say.
type network struct {
	rnd   *rand.Rand
	flaws map[flaw]bool
	up    []bool
	seen  map[int]time.Time   // when a host answered last
	open  map[flaw]bool       // what is to be open
	aged  int                 // findings that silence closed
	known map[flaw]storedLife // what was stored after the last scan
}

// credentialed is the vulnerability that only a login shows.
const credentialed harrier.VulnID = 104

var (
	walkVulns = []harrier.VulnID{100, 101, 102, 103, 104}
	walkPorts = []uint16{22, 80, 443}
)

// TestWalk changes a modelled network at random and scans it in every imperfect
// way: parts of the ports, of the checks, of the hosts, logins that fail, runs
// that are cut, fail, are repeated, stopped or discarded, hosts that are silent
// for long and nets that can not be reached, with restarts in between and
// exceptions that must not matter. After each scan the open findings must be
// those that a naive reading of the model's rules makes of what was said, each
// that was closed must be gone in truth, or be of a host that is off and has
// been silent for the age of the scan, and taking the scan over again must change
// nothing.
func TestWalk(t *testing.T) {
	chapters, steps := 10, 1000 // histories that grow without end only take longer to read
	if raced {
		chapters = 2
	}
	closed, scans, aged := 0, 0, 0
	for chapter := range uint64(chapters) {
		w := network{
			rnd: rand.New(rand.NewPCG(7, chapter)), flaws: map[flaw]bool{}, up: []bool{true, true, true, true},
			seen: map[int]time.Time{}, open: map[flaw]bool{}, known: map[flaw]storedLife{},
		}
		c, n := w.walk(t, steps)
		if t.Failed() {
			t.Fatalf("in chapter %d", chapter)
		}
		closed, scans, aged = closed+c, scans+n, aged+w.aged
	}
	if closed < chapters*steps/50 || aged < chapters*steps/500 {
		t.Errorf("%d findings were closed in %d scans, %d of them by silence: the walk shows nothing", closed, scans, aged)
	}
	t.Logf("%d scans closed %d findings, %d of them by silence", scans, closed, aged)
}

// walk takes steps in a database of its own.
func (w *network) walk(t *testing.T, steps int) (closed, scans int) {
	t.Helper()
	db, err := store.Open(t.Context(), ":memory:")
	must(t, err)
	defer func() { must(t, db.Close()) }()
	r, at := room(db), day
	r.Now = func() time.Time { return at.Add(time.Hour) }
	for step := range steps {
		at = at.Add(time.Minute)
		switch n := w.rnd.IntN(40); {
		case n < 3:
			h := w.rnd.IntN(len(w.up))
			w.up[h] = !w.up[h]
		case n < 35:
			f := flaw{w.rnd.IntN(len(w.up)), walkVulns[w.rnd.IntN(len(walkVulns))], walkPorts[w.rnd.IntN(len(walkPorts))]}
			w.flaws[f] = !w.flaws[f]
		case n == 35:
			r = room(db)
			r.Now = func() time.Time { return at.Add(time.Hour) }
		case n == 36:
			at = at.Add(time.Duration(w.rnd.IntN(40)) * 24 * time.Hour)
		case n == 37:
			must(t, db.InsertException(t.Context(), &harrier.Exception{
				Vulnerability: walkVulns[w.rnd.IntN(len(walkVulns))], Hide: w.rnd.IntN(2) == 0, Recast: harrier.Low,
			}))
		default:
			scans++
			closed += w.scan(t, db, r, at, step)
		}
		if t.Failed() {
			break
		}
	}
	return closed, scans
}

// ages are those that a scan of SecurityCenter can have, in days; -1 is none.
var ages = []int{-1, 0, 1, 5, 30, 60}

// scan looks at some hosts of the network, compares what is stored with what it
// should be, and returns how many findings it closed.
func (w *network) scan(t *testing.T, db *store.DB, r *Room, at time.Time, step int) (closed int) {
	t.Helper()
	var checks []harrier.VulnID
	for _, id := range walkVulns {
		if w.rnd.IntN(5) > 0 {
			checks = append(checks, id)
		}
	}
	ports := harrier.Ports{TCP: []harrier.PortRange{{First: 1, Last: uint16(10 + w.rnd.IntN(600))}}}
	sc := begin(t, db, at, checks, "192.0.2.0-192.0.2.3")
	held := w.rnd.IntN(4) == 0
	if held {
		sc.Held = true
		must(t, db.UpdateScan(t.Context(), &sc))
	}
	before := w.known
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
	again := said
	if w.rnd.IntN(4) == 0 {
		said = append(slices.Clone(said), said...)
	}
	fold(t, r, said...)
	status := []harrier.ScanStatus{harrier.ScanCompleted, harrier.ScanCompleted, harrier.ScanStopped, harrier.ScanAborted}[w.rnd.IntN(4)]
	if held {
		w.same(t, step, "a scan that is held back", before, w.stored(t, db))
		if status == harrier.ScanStopped { // and discarded
			must(t, db.DropWaiting(t.Context(), sc.ID))
			sc.Held, sc.Discarded = false, true
			finish(t, db, sc, status)
			fold(t, r, again...)
			w.same(t, step, "a discarded scan", before, w.stored(t, db))
			return 0
		}
		sc.Held = false
		must(t, db.UpdateScan(t.Context(), &sc))
		must(t, r.Settle(t.Context(), sc.ID))
	}
	age := ages[w.rnd.IntN(len(ages))]
	r.Now = func() time.Time { return at.Add(time.Minute) }
	silence := func() {
		if age >= 0 {
			_, err := r.Silence(t.Context(), sc.ID, time.Duration(age)*24*time.Hour)
			must(t, err)
		}
	}
	if status == harrier.ScanCompleted {
		silence()
	}
	finish(t, db, sc, status)
	silence() // what was stopped closes nothing
	after := w.stored(t, db)
	w.known = after
	closed = w.judge(t, db, sc, step, age, status, before, after)
	fold(t, r, again...)
	silence()
	w.same(t, step, "to take a scan over again", after, w.stored(t, db))
	return closed
}

// look is what an engine says of one host.
func (w *network) look(h int, sc harrier.Scan, ports harrier.Ports, at time.Time) (out []harrier.Result) {
	host := hostAt(fmt.Sprintf("192.0.2.%d", h), at)
	if !w.up[h] || w.rnd.IntN(12) == 0 { // off, or out of reach
		why := harrier.NoAnswer
		if w.up[h] {
			why = "icmp network unreachable"
		}
		if w.rnd.IntN(2) == 0 {
			here := harrier.Target{First: host.Addr, Last: host.Addr}
			return []harrier.Result{{Scan: sc.ID, Batch: 1, Dead: []harrier.Span{{Target: here, Count: 1, Reason: why}}}}
		}
		host.Alive, host.Reason = false, why
		return []harrier.Result{{Scan: sc.ID, Batch: 1, Host: ends(host, time.Second), Coverage: &harrier.Coverage{Ports: ports, Reason: why}}}
	}
	c := &harrier.Coverage{Alive: true, Complete: w.rnd.IntN(5) > 0, Ports: ports, Reason: "cut"}
	planned := harrier.NewIDs(sc.Plan.Checks)
	login := w.rnd.IntN(2) == 0
	if !login && planned.Has(credentialed) {
		c.Add(harrier.Done{Check: credentialed, Outcome: harrier.Skipped, Reason: "the login failed"})
	}
	for _, port := range walkPorts {
		if !ports.Contains(tcp(port)) {
			continue
		}
		known := w.rnd.IntN(6) > 0
		c.Open = append(c.Open, harrier.Open{Endpoint: tcp(port), Known: known})
		for _, id := range walkVulns {
			switch {
			case !planned.Has(id) || id == credentialed && !login:
			case w.rnd.IntN(6) == 0: // the check does not get through
				c.Add(harrier.Done{Check: id, Endpoint: tcp(port), Outcome: harrier.Failed, Reason: "timeout"})
			case known && w.flaws[flaw{h, id, port}] && (c.Complete || w.rnd.IntN(2) == 0): // or before it was cut
				out = append(out, harrier.Result{Scan: sc.ID, Batch: 1, Host: host, Observations: []harrier.Observation{observation(id, port, at)}})
			}
		}
	}
	return append(out, harrier.Result{Scan: sc.ID, Batch: 1, Host: ends(host, time.Second), Coverage: c})
}

// storedLife is what is stored of a finding.
type storedLife struct {
	open  bool
	chain string
}

// stored reads all findings.
func (w *network) stored(t *testing.T, db *store.DB) map[flaw]storedLife {
	t.Helper()
	out := map[flaw]storedLife{}
	for h := range w.up {
		like, err := db.AssetsLike(t.Context(), harrier.DefaultRepository, harrier.Host{Addr: hostAt(fmt.Sprintf("192.0.2.%d", h), day).Addr})
		must(t, err)
		for _, a := range like {
			list, err := db.FindingsOf(t.Context(), a.ID)
			must(t, err)
			for _, f := range list {
				last := f.Intervals[len(f.Intervals)-1]
				out[flaw{h, f.Vulnerability, f.Port}] = storedLife{f.Open(), fmt.Sprint(len(f.Intervals), last.Opened, last.LastSeen, last.Closed, f.LastScan)}
			}
		}
		if len(like) > 1 {
			t.Errorf("%d assets at one address", len(like))
		}
	}
	return out
}

func (w *network) same(t *testing.T, step int, what string, before, after map[flaw]storedLife) {
	t.Helper()
	for k, l := range after {
		if before[k] != l {
			t.Errorf("step %d: %s changed %+v from %+v to %+v", step, what, k, before[k], l)
		}
	}
}

// judge compares what a scan made of the findings with a naive reading of what
// the scan itself has stored, and with the truth.
func (w *network) judge(t *testing.T, db *store.DB, sc harrier.Scan, step, age int, status harrier.ScanStatus, before, after map[flaw]storedLife) (closed int) {
	t.Helper()
	rows, err := db.ScanHosts(t.Context(), sc.ID)
	must(t, err)
	spans, err := db.Dead(t.Context(), sc.ID)
	must(t, err)
	said := map[int]map[string]bool{} // why a host was said to be dead
	for _, s := range spans {
		note(said, int(s.Target.First.As4()[3]), s.Reason)
	}
	alive, observed, clean := map[int]bool{}, map[flaw]bool{}, map[flaw]bool{}
	for _, row := range rows {
		h := int(row.Addr.As4()[3])
		if !row.Alive {
			note(said, h, row.Reason)
			continue
		}
		alive[h] = true
		list, err := db.HostObservations(t.Context(), sc.ID, row.Index)
		must(t, err)
		for _, o := range list {
			observed[flaw{h, o.Vulnerability, o.Port}] = true
		}
		c, err := db.HostCoverage(t.Context(), sc.ID, row.Index)
		must(t, err)
		if c == nil {
			continue
		}
		c.Enabled = harrier.NewIDs(sc.Plan.Checks)
		for k := range before {
			if outcome, _ := c.Outcome(k.id, tcp(k.port)); k.host == h && outcome == harrier.Clean {
				clean[k] = true
			}
		}
	}
	for k := range observed {
		w.open[k] = true
	}
	for k := range before {
		since, met := w.seen[k.host]
		silent := len(said[k.host]) == 1 && said[k.host][harrier.NoAnswer] && !alive[k.host]
		aged := status == harrier.ScanCompleted && age >= 0 && met && silent && sc.Started.Add(time.Minute).Sub(since) >= time.Duration(age)*24*time.Hour
		if aged && w.open[k] {
			w.aged++
		}
		if aged || clean[k] && !observed[k] {
			w.open[k] = false
		}
	}
	for _, row := range rows {
		if row.Alive {
			w.seen[int(row.Addr.As4()[3])] = later(row.Started, row.Ended)
		}
	}
	for k, l := range after {
		if l.open != w.open[k] {
			t.Errorf("step %d: %+v is open %v (%s); want %v (age %d, %s, said %v)", step, k, l.open, l.chain, w.open[k], age, status, said[k.host])
		}
		if !before[k].open || l.open {
			continue
		}
		closed++
		if w.flaws[k] && w.up[k.host] {
			t.Errorf("step %d: %+v is closed while the flaw is there", step, k)
		}
	}
	return closed
}

func note(said map[int]map[string]bool, h int, why string) {
	if said[h] == nil {
		said[h] = map[string]bool{}
	}
	said[h][why] = true
}
