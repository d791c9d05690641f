package match

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/version"
)

// The brute force: every version there can be is written out, in its order, and
// a statement is a set of places in that list. It shares nothing with what it
// checks but the words of a statement.

// universe is every version a.b.c with small numbers, in rising order.
func universe() []string {
	var out []string
	for a := range 4 {
		for b := range 4 {
			for c := range 4 {
				out = append(out, fmt.Sprintf("%d.%d.%d", a, b, c))
			}
		}
	}
	return out
}

// bruteForce is the status of the version at place i by a statement whose ends
// are versions of all.
func bruteForce(a harrier.Affected, all []string, i int) harrier.Status {
	place := func(v string) int { return slices.Index(all, v) }
	listed := len(a.Ranges)+len(a.Versions) == 0
	for _, v := range a.Versions {
		listed = listed || place(v) == i
	}
	for _, r := range a.Ranges {
		from, to := 0, len(all) // the first inside, the first behind
		if r.From != "" && r.From != "0" {
			from = place(r.From)
		}
		if r.After != "" {
			from = place(r.After) + 1
		}
		if r.Before != "" {
			to = place(r.Before)
		}
		if r.To != "" {
			to = place(r.To) + 1
		}
		listed = listed || i >= from && i < to
	}
	if listed {
		return a.Status
	}
	return a.Otherwise
}

// TestRanges compares what is said of every version by random statements with
// the brute force.
func TestRanges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	all := universe()
	pick := func() string { return all[random.IntN(len(all))] }
	statuses := []harrier.Status{harrier.StatusUnknown, harrier.StatusAffected, harrier.StatusNotAffected, harrier.StatusWillNotFix, harrier.StatusFixDeferred}
	for n := range 3000 {
		a := harrier.Affected{
			Package: harrier.Package{Ecosystem: "bitnami", Name: "x"},
			Status:  statuses[random.IntN(len(statuses))], Otherwise: statuses[random.IntN(len(statuses))],
		}
		for range random.IntN(4) {
			var r harrier.Range
			switch random.IntN(4) {
			case 0:
				r.From = pick()
			case 1:
				r.After = pick()
			case 2:
				r.From = "0"
			}
			switch random.IntN(3) {
			case 0:
				r.Before = pick()
			case 1:
				r.To = pick()
			}
			a.Ranges = append(a.Ranges, r)
		}
		for range random.IntN(3) {
			a.Versions = append(a.Versions, pick())
		}
		k := know(harrier.Record{Source: "bitnami", ID: "X", Affected: []harrier.Affected{a}})
		p := prepare(k, k.index[harrier.PackageKey(a.Package)], version.Dotted)
		for i, v := range all {
			got := evaluate(&p[0], &subjectVersion{maker: v, how: Upstream}, "", "", time.Time{})
			if want := bruteForce(a, all, i); got.status != want || got.maybe {
				t.Fatalf("statement %d, %+v: %s is %s, maybe %v; want %s", n, a, v, got.status, got.maybe, want)
			}
		}
	}
}

// TestRevisions compares what is said of a package whose revision does not show
// with what is said of each revision that it can have: where all agree that is
// certain, else it is open.
func TestRevisions(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var all []string
	for a := range 5 {
		for b := range 6 {
			all = append(all, fmt.Sprintf("1:1.%d-2+deb12u%d", a, b))
		}
	}
	for n := range 2000 {
		a := debFix("deb/debian/12", "x", all[random.IntN(len(all))])
		if random.IntN(2) == 0 {
			a.Ranges[0].From = all[random.IntN(len(all))]
		}
		k := know(harrier.Record{Source: "debian", ID: "X", Affected: []harrier.Affected{a}})
		p := prepare(k, k.index[harrier.PackageKey(a.Package)], version.Dotted)
		for minor := range 5 {
			maker := fmt.Sprintf("1.%d", minor)
			can := map[bool]bool{}
			for i, full := range all {
				if upstreamOf(full) != maker {
					continue
				}
				want := bruteForce(a, all, i)
				can[want.Affects()] = true
				shown := cutEpoch(full)
				got := evaluate(&p[0], &subjectVersion{maker: maker, pack: shown, how: Whole}, "", "", time.Time{})
				if got.status != want || got.maybe {
					t.Fatalf("statement %d, %+v: %s is %s, maybe %v; want %s", n, a, shown, got.status, got.maybe, want)
				}
			}
			got := evaluate(&p[0], &subjectVersion{maker: maker, how: Release}, "", "", time.Time{})
			switch {
			case can[true] && can[false] && !(got.status.Affects() && got.maybe):
				t.Fatalf("statement %d, %+v: %s is %s, maybe %v; want it open", n, a, maker, got.status, got.maybe)
			case !can[true] && got.status.Affects() && !got.maybe, !can[false] && !got.status.Affects():
				t.Fatalf("statement %d, %+v: %s is %s for certain; want not", n, a, maker, got.status)
			}
		}
	}
}

// independent decides whether a version with numbers alone is affected by a
// statement, from the words of the statement: a second reading of them, with
// numbers compared as numbers. It is not able to tell, false, for versions of
// other forms.
func independent(a harrier.Affected, v string) (affected, able bool) {
	numbers := func(s string) ([]int, bool) {
		var out []int
		for _, part := range strings.Split(s, ".") {
			n, err := strconv.Atoi(part)
			if err != nil {
				return nil, false
			}
			out = append(out, n)
		}
		for len(out) > 0 && out[len(out)-1] == 0 {
			out = out[:len(out)-1]
		}
		return out, true
	}
	have, able := numbers(v)
	than := func(end string) int {
		n, ok := numbers(end)
		able = able && ok
		return slices.Compare(have, n)
	}
	in := len(a.Ranges)+len(a.Versions) == 0
	for _, r := range a.Ranges {
		one := r.Platforms == ""
		able = able && one
		if r.From != "" {
			one = one && than(r.From) >= 0
		}
		if r.After != "" {
			one = one && than(r.After) > 0
		}
		if r.Before != "" {
			one = one && than(r.Before) < 0
		}
		if r.To != "" {
			one = one && than(r.To) <= 0
		}
		in = in || one
	}
	for _, w := range a.Versions {
		in = in || than(w) == 0
	}
	if in {
		return a.Status.Affects(), able
	}
	return a.Otherwise.Affects(), able
}

// agrees compares what is said of versions around every end of the statements
// of a record with the independent reading, and returns how many were compared.
// It is what tests over published sets call for each record.
func agrees(t *testing.T, r harrier.Record) (compared int) {
	t.Helper()
	k := know(r)
	for _, a := range r.Affected {
		if a.CPE != "" && !strings.Contains(a.CPE, ":*:*:*:*:*:*:*:*") || strings.Contains(a.Package.Ecosystem, "/") || a.Scheme == "git" || len(a.Platforms) > 0 || a.Module != "" || !a.Since.IsZero() {
			continue
		}
		s := []harrier.Statement{{Vulnerability: 1, Name: r.ID, Source: r.Source, Record: r.ID, Affected: a}}
		p := prepare(k, s, version.Dotted)
		for _, v := range around(a) {
			want, able := independent(a, v)
			if !able || p[0].broken {
				continue
			}
			compared++
			got := evaluate(&p[0], &subjectVersion{maker: v, pack: v, how: Upstream}, "", "", time.Unix(1e10, 0))
			if got.status.Affects() != want {
				t.Errorf("%s of %s: %s by %+v is %s; want affected %v", r.ID, r.Source, v, a, got.status, want)
			}
		}
	}
	return compared
}

// around are versions at, just below and just above the ends of a statement.
func around(a harrier.Affected) []string {
	out := []string{"0.0.1", "1.0.0", "9999.0"}
	add := func(v string) {
		head, last, ok := cutLastNumber(v)
		if !ok {
			return
		}
		out = append(out, v, v+".1", fmt.Sprint(head, last+1))
		if last > 0 {
			out = append(out, fmt.Sprint(head, last-1), fmt.Sprint(head, last-1, ".99"))
		}
	}
	for _, r := range a.Ranges {
		for _, v := range []string{r.From, r.After, r.Before, r.To} {
			add(v)
		}
	}
	for _, v := range a.Versions[:min(len(a.Versions), 50)] {
		add(v)
	}
	return out
}

func cutLastNumber(v string) (head string, last int, ok bool) {
	i := strings.LastIndexByte(v, '.') + 1
	last, err := strconv.Atoi(v[i:])
	return v[:i], last, err == nil && last < 1e6
}

func TestAgrees(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	number := func() string {
		return strings.Join([]string{strconv.Itoa(random.IntN(30)), strconv.Itoa(random.IntN(30)), strconv.Itoa(random.IntN(30))}[:1+random.IntN(3)], ".")
	}
	compared := 0
	for n := range 500 {
		r := says("bitnami", fmt.Sprintf("CVE-2024-%04d", n), harrier.Affected{
			Package: harrier.Package{Ecosystem: "bitnami", Name: "x"}, Status: harrier.StatusAffected, Otherwise: harrier.StatusNotAffected,
			Ranges: []harrier.Range{{From: number(), Before: number()}, {After: number(), To: number()}}, Versions: []string{number()},
		})
		compared += agrees(t, r)
	}
	if compared < 5000 {
		t.Errorf("%d compared; want thousands", compared)
	}
}
