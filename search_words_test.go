package harrier

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSubscores holds the subscores of vectors to those that the calculators of
// the specifications give.
func TestSubscores(t *testing.T) {
	near := func(a, b float64) bool { return math.Abs(a-b) < 0.05 }
	for _, c := range []struct {
		vector                 string
		exploitability, impact float64
	}{
		{"AV:N/AC:L/Au:N/C:C/I:C/A:C", 10, 10},
		{"(AV:N/AC:L/Au:N/C:P/I:P/A:P)", 10, 6.4},
		{"CVSS2#AV:L/AC:H/Au:N/C:C/I:C/A:C", 1.9, 10},
		{"AV:N/AC:L/Au:N/C:N/I:N/A:N", 10, 0},
		{"AV:N/AC:L", 0, 0},
		{"", 0, 0},
	} {
		if e, i := CVSS2Parts(c.vector); !near(e, c.exploitability) || !near(i, c.impact) {
			t.Errorf("%s: %.3f, %.3f; want %.1f, %.1f", c.vector, e, i, c.exploitability, c.impact)
		}
	}
	for _, c := range []struct {
		vector                 string
		exploitability, impact float64
	}{
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 3.9, 5.9},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 3.9, 6.0},
		{"CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 1.8, 5.9},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 2.8, 2.7},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 3.9, 0},
		{"CVSS:3.1/AV:X", 0, 0},
	} {
		if e, i := CVSS3Parts(c.vector); !near(e, c.exploitability) || !near(i, c.impact) {
			t.Errorf("%s: %.3f, %.3f; want %.1f, %.1f", c.vector, e, i, c.exploitability, c.impact)
		}
	}
}

func TestPartsOfOS(t *testing.T) {
	for _, c := range []struct {
		name, cpe, device string
		want              OSParts
	}{
		{"", "cpe:2.3:o:x:y:1:*:*:*:*:*:*:*", "router", OSParts{}},
		{
			"Debian GNU/Linux 12", "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*", "general-purpose",
			OSParts{Family: "Linux", Name: "Debian GNU/Linux", System: "Debian Linux", Type: "General", Vendor: "Debian", Version: "12"},
		},
		{"Microsoft Windows 11 x64", "", "", OSParts{Architecture: "x86_64", Family: "Windows", Name: "Microsoft Windows 11 x64", System: "Microsoft Windows", Type: "General", Vendor: "Microsoft"}},
		{
			"Cisco IOS 15.2", "cpe:2.3:o:cisco:ios:15.2:*:*:*:*:*:*:*", "router",
			OSParts{Family: "IOS", Name: "Cisco IOS", System: "Cisco IOS", Type: "Router", Vendor: "Cisco", Version: "15.2"},
		},
	} {
		if got := PartsOfOS(c.name, c.cpe, c.device); got != c.want {
			t.Errorf("%s: %+v; want %+v", c.name, got, c.want)
		}
	}
}

// TestRiskScore weighs the findings of an asset.
func TestRiskScore(t *testing.T) {
	a := Asset{Open: Counts{7, 1, 2, 3, 4}}
	if got := a.RiskScore(); got != 10+200+1200+3200 {
		t.Errorf("RiskScore = %v", got)
	}
	if a.Importance = 50; a.RiskScore() != 2305 || a.Criticality() != "Very Low" {
		t.Errorf("RiskScore = %v, %q", a.RiskScore(), a.Criticality())
	}
}

// TestMatcher compares the prepared form of random conditions with Matches.
func TestMatcher(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []any{int64(0), int64(2), 2.0, 2.5, "a", "A", "ab", "b", "", true, "^a", "("}
	ops := []Op{Eq, Ne, Lt, Le, Gt, Ge, Contains, Lacks, Like, In, Begins, Ends, Between}
	var random func(depth int) Expr
	random = func(depth int) Expr {
		if depth == 0 || r.IntN(2) == 0 {
			c := Cmp{Field: []string{"x", "y"}[r.IntN(2)], Op: ops[r.IntN(len(ops))]}
			for range r.IntN(4) {
				c.Values = append(c.Values, values[r.IntN(len(values))])
			}
			return c
		}
		parts := []Expr{random(depth - 1), random(depth - 1)}
		return []Expr{And(parts), Or(parts), Not{parts[0]}, Has{parts[0]}, nil}[r.IntN(5)]
	}
	held := 0
	for range 20_000 {
		e, have := random(2), map[string][]any{}
		for _, f := range []string{"x", "y"} {
			for range r.IntN(3) {
				have[f] = append(have[f], values[r.IntN(len(values))])
			}
		}
		get := func(field string) []any { return have[field] }
		want := Matches(e, get)
		if got := NewMatcher(e)(get); got != want {
			t.Fatalf("%#v of %v: %v; want %v", e, have, got, want)
		}
		if want {
			held++
		}
	}
	if held < 2000 || held > 18_000 {
		t.Errorf("%d of 20000 conditions held; they tell nothing", held)
	}
}
