package version

import (
	"maps"
	"slices"
	"testing"
)

// laws checks that a scheme orders three texts as a total order does.
func laws(t *testing.T, scheme, a, b, c string) {
	t.Helper()
	ab, bc, ac := Compare(scheme, a, b), Compare(scheme, b, c), Compare(scheme, a, c)
	if ba := Compare(scheme, b, a); sign(ab) != -sign(ba) {
		t.Errorf("Compare(%s, %q, %q) = %d, and %d the other way round", scheme, a, b, ab, ba)
	}
	if Compare(scheme, a, a) != 0 {
		t.Errorf("Compare(%s, %q, itself) is not 0", scheme, a)
	}
	if ab <= 0 && bc <= 0 && ac > 0 || ab >= 0 && bc >= 0 && ac < 0 || ab == 0 && sign(bc) != sign(ac) {
		t.Errorf("%s is not transitive: %q to %q %d, to %q %d, first to last %d", scheme, a, b, ab, c, bc, ac)
	}
	if got := Parse(scheme, a).Compare(Parse(scheme, b)); got != ab {
		t.Errorf("%s: %q and %q compare as %d when parsed, as %d as texts", scheme, a, b, got, ab)
	}
	Valid(scheme, a)
}

func sign(n int) int { return max(-1, min(n, 1)) }

func schemes() []string { return slices.Sorted(maps.Keys(orders)) }

func FuzzCompare(f *testing.F) {
	f.Add("1.22.1-9+deb12u3", "1.3.5rc1", "9.0.0.M3")
	f.Add("9.9.7-P2", "9.18.0a1", "9.11.4-P2-RedHat")
	f.Add("9.2p1", "9.2", "v10.0p2")
	f.Add("1:1.0~rc1^git-1", "1.0^", "0:1.0-")
	f.Add("1.0_rc1-r2", "1.0a~abc", "1.05_p1")
	f.Add("1!2.0.post1.dev3+local.1", "2.0a1", "2.0-1")
	f.Add("1.0.alpha", "1", "1-1")
	f.Add("1.0.", "1.0..a", "1.0.1")
	f.Add("21.4R3-S5.4-EVO", "15.2(7)E3k", "10.1.0-b6")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if len(a)+len(b)+len(c) > 1000 {
			return
		}
		for _, scheme := range schemes() {
			laws(t, scheme, a, b, c)
		}
	})
}

// TestLaws tries the laws on texts that are alike, which a fuzzer rarely makes:
// all triples of many made of a few pieces.
func TestLaws(t *testing.T) {
	for _, scheme := range schemes() {
		texts := randomVersions(scheme, 28)
		for _, a := range texts {
			for _, b := range texts {
				for _, c := range texts {
					laws(t, scheme, a, b, c)
				}
			}
			if t.Failed() {
				break
			}
		}
	}
}
