package osv

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/wire"
	"github.com/harrier-scan/harrier/internal/version"
)

func events(pairs ...string) []event {
	var out []event
	for i := 0; i < len(pairs); i += 2 {
		v := wire.String(pairs[i+1])
		switch pairs[i] {
		case "introduced":
			out = append(out, event{Introduced: v})
		case "fixed":
			out = append(out, event{Fixed: v})
		case "last_affected":
			out = append(out, event{LastAffected: v})
		case "limit":
			out = append(out, event{Limit: v})
		}
	}
	return out
}

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		events []event
		want   []harrier.Range
	}{
		{events("introduced", "0"), []harrier.Range{{}}},
		{events("introduced", "0", "fixed", "1.2"), []harrier.Range{{Before: "1.2"}}},
		{events("fixed", "1.2", "introduced", "0"), []harrier.Range{{Before: "1.2"}}},
		{events("introduced", "1.10", "last_affected", "1.12", "introduced", "1.9", "fixed", "1.9.5"), []harrier.Range{{From: "1.9", Before: "1.9.5"}, {From: "1.10", To: "1.12"}}},
		{events("introduced", "1", "introduced", "2", "fixed", "3"), []harrier.Range{{From: "1", Before: "3"}}},
		{events("introduced", "1", "fixed", "2", "fixed", "3"), []harrier.Range{{From: "1", Before: "2"}}},
		{events("introduced", "0", "limit", "*"), []harrier.Range{{}}},
		{events("introduced", "0", "limit", "2", "limit", "10"), []harrier.Range{{Before: "10"}}},
		{events("introduced", "0", "last_affected", "5", "introduced", "7", "limit", "5"), []harrier.Range{{Before: "5"}}},
		{events("fixed", "1"), nil},
		{events("limit", "1"), nil},
		{nil, nil},
		// At the same version: a range of one version, two that meet, and none.
		{events("introduced", "2", "last_affected", "2"), []harrier.Range{{From: "2", To: "2"}}},
		{events("last_affected", "2", "introduced", "2"), []harrier.Range{{From: "2", To: "2"}}},
		{events("introduced", "1", "fixed", "2", "introduced", "2", "fixed", "3"), []harrier.Range{{From: "1", Before: "2"}, {From: "2", Before: "3"}}},
		{events("introduced", "2", "introduced", "1", "fixed", "3", "fixed", "2"), []harrier.Range{{From: "1", Before: "2"}, {From: "2", Before: "3"}}},
		{events("fixed", "2", "introduced", "2"), []harrier.Range{{From: "2", Before: "2"}}},
	} {
		if diff := cmp.Diff(c.want, spans(version.Dotted, c.events)); diff != "" {
			t.Errorf("spans(%+v): -want +got\n%s", c.events, diff)
		}
	}
}

// TestSpansOfScheme: in the order of the ecosystem "1.21.0-0" comes before what
// is mended at "1.21.0-rc.4", and the range is closed.
func TestSpansOfScheme(t *testing.T) {
	got := spans(version.SchemeOf("golang"), events("introduced", "0", "fixed", "1.20.7", "introduced", "1.21.0-0", "fixed", "1.21.0-rc.4"))
	want := []harrier.Range{{Before: "1.20.7"}, {From: "1.21.0-0", Before: "1.21.0-rc.4"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// vulnerable is the algorithm as the schema writes it, over whole numbers.
func vulnerable(v int, all []event) bool {
	number := func(s wire.String) int {
		n, err := strconv.Atoi(string(s))
		if err != nil {
			panic(err)
		}
		return n
	}
	before, limits := false, false
	for _, e := range all {
		if e.Limit != "" {
			limits = true
			before = before || e.Limit == "*" || v < number(e.Limit)
		}
	}
	if limits && !before {
		return false
	}
	sorted := slices.DeleteFunc(slices.Clone(all), func(e event) bool { return e.Limit != "" })
	at := func(e event) int { return number(e.Introduced + e.Fixed + e.LastAffected) }
	slices.SortFunc(sorted, func(a, b event) int { return at(a) - at(b) })
	is := false
	for _, e := range sorted {
		switch {
		case e.Introduced != "" && v >= number(e.Introduced):
			is = true
		case e.Fixed != "" && v >= number(e.Fixed):
			is = false
		case e.LastAffected != "" && v > number(e.LastAffected):
			is = false
		}
	}
	return is
}

// affects evaluates a statement over whole numbers.
func affects(v int, in []harrier.Range, single []string) bool {
	if slices.Contains(single, strconv.Itoa(v)) {
		return true
	}
	return slices.ContainsFunc(in, func(r harrier.Range) bool {
		above := func(end string, or bool, f func(n int) bool) bool {
			n, err := strconv.Atoi(end)
			return err != nil && or || err == nil && f(n)
		}
		return above(r.From, true, func(n int) bool { return v >= n }) && above(r.After, true, func(n int) bool { return v > n }) &&
			above(r.Before, true, func(n int) bool { return v < n }) && above(r.To, true, func(n int) bool { return v <= n })
	})
}

// TestEvaluation compares statements with the schema's algorithm on random
// events in random order.
func TestEvaluation(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 11))
	const most = 14
	affectedOnce, cleanOnce := 0, 0
	for range 8_000 {
		a := affected{}
		for range 1 + rnd.IntN(3) {
			var list []event
			for _, v := range rnd.Perm(most)[:rnd.IntN(7)] {
				s := wire.String(strconv.Itoa(v))
				list = append(list, [...]event{{Introduced: s}, {Introduced: s}, {Fixed: s}, {LastAffected: s}}[rnd.IntN(4)])
			}
			if rnd.IntN(4) == 0 {
				list = append(list, event{Limit: wire.String([]string{"*", "3", "7", "11"}[rnd.IntN(4)])})
			}
			rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			a.Ranges = append(a.Ranges, ranges{Type: "ECOSYSTEM", Events: list})
		}
		for range rnd.IntN(3) {
			a.Versions = append(a.Versions, strconv.Itoa(rnd.IntN(most)))
		}
		in, single := versions(version.Dotted, &a)
		for v := range most + 2 {
			want := slices.Contains(a.Versions, strconv.Itoa(v))
			for _, r := range a.Ranges {
				want = want || vulnerable(v, r.Events)
			}
			if want {
				affectedOnce++
			} else {
				cleanOnce++
			}
			if got := affects(v, in, single); got != want {
				t.Fatalf("version %d of %s is affected: %v by %+v %q; want %v", v, fmt.Sprintf("%+v", a), got, in, single, want)
			}
		}
	}
	if affectedOnce < 10_000 || cleanOnce < 10_000 {
		t.Errorf("%d affected, %d clean versions tried; want many of both", affectedOnce, cleanOnce)
	}
}
