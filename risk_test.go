package harrier

import (
	"testing"
	"time"
)

func TestRisk(t *testing.T) {
	quiet := Vulnerability{Severity: Critical, CVSS3Score: 9.8}
	with := func(change func(*Vulnerability)) Vulnerability {
		v := quiet
		change(&v)
		return v
	}
	kev := with(func(v *Vulnerability) {
		v.Exploited, v.ExploitedSince = true, time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC)
	})
	for _, x := range []struct {
		name       string
		v          Vulnerability
		certainty  Certainty
		importance int
		want       float64
	}{
		{"nothing but a score", quiet, Certain, 0, 147},
		{"potential", quiet, Potential, 100, 110.3},
		{"an important asset", quiet, Certain, 200, 294},
		{"exploited", kev, Certain, 100, 896.7},
		{"exploited, important", kev, Certain, 200, 1000},
		{"EPSS", with(func(v *Vulnerability) { v.EPSS = 0.5 }), Certain, 100, 563.5},
		{"a module", with(func(v *Vulnerability) {
			v.Exploits = []Exploit{{Source: "exploitdb", ID: "1"}, {Source: "metasploit", ID: "x", Rank: "excellent"}}
		}), Certain, 100, 563.5},
		{"no score", Vulnerability{Severity: Medium}, Certain, 100, 82.5},
		{"information", Vulnerability{}, Certain, 100, 0},
	} {
		r := RiskOf(x.v, x.certainty, x.importance)
		if r.Value != x.want {
			t.Errorf("%s: %v, want %v: %+v", x.name, r.Value, x.want, r.Inputs)
		}
		// What is shown makes the value.
		value, none := 1000.0, 1.0
		for _, in := range r.Inputs {
			if in.Chance {
				none *= 1 - in.Factor
			} else {
				value *= in.Factor
			}
		}
		if got := min(value*(1-none), 1000); got-r.Value > 0.06 || r.Value-got > 0.06 {
			t.Errorf("%s: the inputs make %v, not %v", x.name, got, r.Value)
		}
	}
}
