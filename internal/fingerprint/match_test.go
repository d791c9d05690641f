package fingerprint

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sample is a text of a kind.
type sample struct{ kind, text string }

func samplesOf(rules []*rule) []sample {
	var out []sample
	for _, r := range rules {
		for _, e := range r.examples {
			out = append(out, sample{r.kind, e.text})
		}
	}
	return out
}

// naive is All without the index: every rule of the kind is run.
func naive(rules []*rule, text string) []string {
	var out []string
	for _, r := range rules {
		if m, ok := r.match(text); ok {
			out = append(out, m.Rule)
		}
	}
	return out
}

func ids(all []Match) []string {
	var out []string
	for _, m := range all {
		out = append(out, m.Rule)
	}
	return out
}

// mutated changes a text a little: what a rule needs may be lost, doubled or
// written otherwise.
func mutated(r *rand.Rand, text, other string) string {
	b := []byte(text)
	for range 1 + r.IntN(3) {
		at := 0
		if len(b) > 0 {
			at = r.IntN(len(b))
		}
		switch r.IntN(6) {
		case 0:
			b = b[:at]
		case 1:
			b = b[at:]
		case 2:
			b = slices.Insert(b, at, byte(r.IntN(256)))
		case 3:
			if len(b) > 0 {
				b[at] ^= 0x20 // the other case of a letter
			}
		case 4:
			b = slices.Insert(b, at, []byte(other)...)
		case 5:
			b = append(b, "\r\nK\u212a\u017f"...)
		}
	}
	return string(b)
}

// stride is the distance of the examples that are compared; 1 compares all.
var stride = 3

// TestIndexIsExact compares the index with running every rule, over all
// examples and changed ones.
func TestIndexIsExact(t *testing.T) {
	recog := recogRules(t)
	own := ownRules(t)
	set := newSet(Own, own).Layer(newSet(Recog, recog))
	ownOf, recogOf := map[string][]*rule{}, map[string][]*rule{}
	for _, r := range own {
		ownOf[r.kind] = append(ownOf[r.kind], r)
	}
	for _, r := range recog {
		recogOf[r.kind] = append(recogOf[r.kind], r)
	}
	samples := samplesOf(append(slices.Clone(own), recog...))
	r := rand.New(rand.NewPCG(4, 6872))
	matched := 0
	for i := 0; i < len(samples); i += stride {
		s := samples[i]
		for _, s := range []sample{s, {s.kind, mutated(r, s.text, samples[r.IntN(len(samples))].text)}} {
			theirs, whole := recogOf[s.kind], s.text
			var told []string
			if len(theirs) > 0 {
				s.text = s.text[:min(len(s.text), maxShort)]
				prepared := theirs[0].prepared(s.text)
				if told = naive(theirs, prepared); len(told) == 0 && prepared != s.text {
					told = naive(theirs, s.text)
				}
			}
			want := append(naive(ownOf[s.kind], whole), told...)
			if got := ids(set.All(s.kind, whole)); !slices.Equal(got, want) {
				t.Errorf("All(%s, %q) = %q; want %q", s.kind, whole, got, want)
			}
			if len(want) > 0 {
				matched++
			}
		}
	}
	if matched < len(samples)/stride {
		t.Errorf("%d texts matched; want at least the %d examples", matched, len(samples)/stride)
	}
}

// TestWorkIsBounded gives a text that every rule has to be run over: the work
// ends at its bound.
func TestWorkIsBounded(t *testing.T) {
	var rules []*rule
	const n = 2 * maxWork / maxText
	for i := range n {
		own := &ownMaker{v: -1, u: -1, osGroup: -1, osVersion: -1}
		r := &rule{id: strconv.Itoa(i), kind: "x", source: User, tells: own}
		if _, err := r.accept("^."); err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	set := newSet(User, rules)
	if got := len(set.All("x", strings.Repeat("x", maxText))); got != maxWork/maxText {
		t.Errorf("%d rules are run over the longest text; want %d", got, maxWork/maxText)
	}
	if got := len(set.All("x", "x")); got != n {
		t.Errorf("%d rules are run over a short text; want all %d", got, n)
	}
}

// BenchmarkMatch gives the examples of all rules to all rules, mixed.
func BenchmarkMatch(b *testing.B) {
	recog := recogRules(b)
	own := ownRules(b)
	set := newSet(Own, own).Layer(newSet(Recog, recog))
	samples := samplesOf(append(slices.Clone(own), recog...))
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
	for _, s := range samples {
		set.Match(s.kind, s.text)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s := samples[i%len(samples)]
		set.Match(s.kind, s.text)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "banners/s")
}

// BenchmarkMiss gives texts that no rule knows.
func BenchmarkMiss(b *testing.B) {
	set := newSet(Own, ownRules(b)).Layer(newSet(Recog, recogRules(b)))
	kinds := set.Kinds()
	i := 0
	for b.Loop() {
		set.Match(kinds[i%len(kinds)], "220 a server of a kind that nobody has ever heard of, version 1.2.3 ready")
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "banners/s")
}

// BenchmarkOpen reads everything and builds every index.
func BenchmarkOpen(b *testing.B) {
	place := recogPlace(b)
	for b.Loop() {
		before := heap()
		start := time.Now()
		s, err := Open(place)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "load-ms")
		start = time.Now()
		for _, kind := range s.Kinds() {
			s.Match(kind, "x")
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "index-ms")
		b.ReportMetric(float64(heap()-before)/(1<<20), "heap-MiB")
		runtime.KeepAlive(s)
	}
}

func BenchmarkDefault(b *testing.B) {
	for b.Loop() {
		if _, err := load(embedded, Own); err != nil {
			b.Fatal(err)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
