package finding

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/store"
)

// story is what engines say about a few scans that follow each other: for each
// scan the streams of its attempts, in each of which the order is fixed.
type story struct {
	scans [][]stream
	at    []time.Time
}

type stream []harrier.Result

const storyBatches = 3

var storyChecks = []harrier.VulnID{100, 101, 102, 103, 104, 108}

// tell makes up a story. Second attempts say other things than the first ones
// at other times, as flaky networks make them.
func tell(rnd *rand.Rand) story {
	var s story
	at := day
	for range 1 + rnd.IntN(3) {
		var streams []stream
		for batch := 1; batch <= storyBatches; batch++ {
			last := 1 + rnd.IntN(2)
			for attempt := 1; attempt <= last; attempt++ {
				from := at.Add(time.Duration(attempt*10+batch) * time.Minute)
				streams = append(streams, attemptAt(rnd, batch, attempt, attempt < last, from))
			}
		}
		s.scans, s.at = append(s.scans, streams), append(s.at, at)
		at = at.Add(24 * time.Hour)
	}
	return s
}

// attemptAt is one run of a batch; one that is cut breaks off somewhere.
func attemptAt(rnd *rand.Rand, batch, attempt int, cut bool, at time.Time) stream {
	var out stream
	say := func(r harrier.Result) {
		r.Batch, r.Attempt, r.Seq = batch, attempt, len(out)+1
		out = append(out, r)
	}
	tick := func() time.Time { at = at.Add(time.Duration(1+rnd.IntN(900)) * time.Millisecond); return at }
	for n := range 3 {
		addr := fmt.Sprintf("192.0.2.%d", batch*4+n)
		if rnd.IntN(4) == 0 {
			t, _ := harrier.ParseTargets(addr)
			say(harrier.Result{Dead: []harrier.Span{{Target: t[0], Reason: "no answer"}}})
			continue
		}
		h := hostAt(addr, tick())
		say(harrier.Result{Host: h})
		if rnd.IntN(2) == 0 {
			h.OS, h.OSConfidence, h.MAC = fmt.Sprint("os", rnd.IntN(3)), 50+10*rnd.IntN(3), "02:00:5e:10:00:01"
		}
		for range rnd.IntN(3) {
			e := tcp(uint16(80 + rnd.IntN(2)))
			say(harrier.Result{Host: h, Services: []harrier.Service{{Endpoint: e}}})
			say(harrier.Result{Host: h, Services: []harrier.Service{{Endpoint: e, Name: "http", Version: fmt.Sprint(rnd.IntN(3)), LastSeen: tick()}}})
		}
		for range rnd.IntN(5) {
			o := observation(storyChecks[rnd.IntN(len(storyChecks))], uint16(80+rnd.IntN(2)), tick())
			o.Evidence = fmt.Sprint("evidence ", rnd.IntN(3))
			say(harrier.Result{Host: h, Observations: []harrier.Observation{o}})
		}
		c := complete(harrier.AllPorts, 80, 81)
		if rnd.IntN(4) == 0 {
			c.Complete, c.Reason = false, "gave up"
		}
		if rnd.IntN(3) == 0 {
			c.Add(harrier.Done{Check: storyChecks[rnd.IntN(len(storyChecks))], Endpoint: tcp(80), Outcome: harrier.Failed, Reason: "timeout"})
		}
		end := *h
		end.Ended = tick()
		say(harrier.Result{Host: &end, Coverage: c})
	}
	if cut {
		return out[:rnd.IntN(len(out))]
	}
	say(harrier.Result{Done: &harrier.BatchDone{At: tick()}})
	return out
}

// derived states one fact about a host, from what is known of it.
func derived(c match.Context, h harrier.Host, services []harrier.Service, _ *harrier.IDs) []harrier.Observation {
	return []harrier.Observation{{Vulnerability: 108, Evidence: fmt.Sprint(h.Alive, " ", c.Scan.ID), Source: "fact", At: c.Now}}
}

// play folds a story in the given order of each scan's results and returns what
// is stored at last. A disturbed one comes in groups of any size, with repeats
// of what came before in this or an earlier scan, and with restarts.
func play(t *testing.T, s story, rnd *rand.Rand, disturbed bool) []string {
	t.Helper()
	db, err := store.Open(t.Context(), ":memory:")
	must(t, err)
	defer func() { _ = db.Close() }()
	fresh := func() *Room { r := room(db); r.Facts = derived; return r }
	r := fresh()
	var said []harrier.Result
	var ids []harrier.ID
	for i, streams := range s.scans {
		targets := make([]string, storyBatches)
		for b := range targets {
			targets[b] = fmt.Sprintf("192.0.2.%d-192.0.2.%d", b*4+4, b*4+7)
		}
		sc := begin(t, db, s.at[i], storyChecks, targets...)
		ids = append(ids, sc.ID)
		left := slices.Clone(streams)
		var group []harrier.Result
		for len(left) > 0 {
			k := 0
			if disturbed {
				k = rnd.IntN(len(left))
			}
			if len(left[k]) == 0 {
				left = slices.Delete(left, k, k+1)
				continue
			}
			res := left[k][0]
			res.Scan = sc.ID
			left[k] = left[k][1:]
			group, said = append(group, res), append(said, res)
			if !disturbed {
				continue
			}
			for rnd.IntN(3) == 0 {
				group = append(group, said[rnd.IntN(len(said))])
			}
			if rnd.IntN(4) == 0 {
				fold(t, r, group...)
				group = group[:0]
			}
			if rnd.IntN(12) == 0 {
				r = fresh()
			}
		}
		fold(t, r, group...)
		finish(t, db, sc, harrier.ScanCompleted)
	}
	if disturbed {
		fold(t, r, said...)
	}
	return dump(t, db, ids...)
}

// TestOrderDoesNotMatter folds made-up results as they were sent, and again
// with attempts in disorder, repeats, groups of any size and restarts: the same
// is stored.
func TestOrderDoesNotMatter(t *testing.T) {
	rounds := uint64(60)
	if testing.Short() || raced {
		rounds = 8
	}
	for seed := range rounds {
		s := tell(rand.New(rand.NewPCG(seed, 1)))
		want := play(t, s, nil, false)
		for again := range uint64(3) {
			got := play(t, s, rand.New(rand.NewPCG(seed, 2+again)), true)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d.%d: in order (-) and disturbed (+):\n%s", seed, again, diff)
			}
		}
	}
}
