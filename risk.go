package harrier

import (
	"fmt"
	"math"
	"time"
)

// Risk is how urgent a finding is, 0 to 1000, with everything that made it so.
//
// Value = 1000 · impact · likelihood · certainty · importance, where impact is
// the CVSS base score over ten, likelihood the chance that none of the signs of
// exploitation holds, taken from one, and importance that of the asset. It is at
// most 1000.
type Risk struct {
	Value  float64     `json:"value"`
	Inputs []RiskInput `json:"inputs"` // in the order in which they apply
}

// RiskInput is one thing that a risk was made from.
type RiskInput struct {
	Name   string  `json:"name"`   // "CVSS 3", "EPSS", "known to be exploited"
	Seen   string  `json:"seen"`   // its value, for people: "9.8", "0.912 on 2026-11-01"
	Factor float64 `json:"factor"` // what Value was multiplied by, or of a sign of exploitation its chance, 0 to 1
	Chance bool    `json:"chance"` // Factor is a chance, to be joined with the others
}

// The chances of the signs of exploitation: of a vulnerability with one of them
// alone this share is taken to be exploited. They are judgements, not
// measurements; what is measured is EPSS, which stands for itself.
const (
	chanceOfAny        = 0.15 // of a vulnerability without any sign
	chanceKnown        = 0.90 // in a catalogue of known exploited vulnerabilities
	chanceRansomware   = 0.60
	chanceActive       = 0.70 // SSVC: active exploitation
	chanceProof        = 0.20 // SSVC: a proof of concept
	chanceAutomatable  = 0.15 // SSVC
	chanceReliable     = 0.50 // an exploit that works without care: Metasploit's excellent and great
	chanceUsable       = 0.35 // any other exploit of a kit
	chanceExploitKnown = 0.20 // one that somebody published
)

// RiskOf is the risk of a vulnerability at an asset. Importance is that of the
// asset in percent, see Asset.Importance.
func RiskOf(v Vulnerability, certainty Certainty, importance int) Risk {
	var r Risk
	r.Value = 1000
	apply := func(name, seen string, factor float64) {
		r.Inputs = append(r.Inputs, RiskInput{Name: name, Seen: seen, Factor: factor})
		r.Value *= factor
	}
	name, score := v.baseScore()
	apply(name, fmt.Sprintf("%.1f", score), score/10)
	none := 1.0
	for _, in := range v.signs() {
		r.Inputs = append(r.Inputs, in)
		none *= 1 - in.Factor
	}
	r.Value *= 1 - none
	apply("certainty", certainty.String(), [...]float64{0.5, 0.75, 1}[min(certainty, Certain)])
	if importance <= 0 {
		importance = 100
	}
	apply("importance of the asset", fmt.Sprintf("%d %%", importance), float64(importance)/100)
	r.Value = math.Round(min(r.Value, 1000)*10) / 10
	return r
}

// baseScore is the newest CVSS base score there is, or the middle of the
// severity's range without one.
func (v Vulnerability) baseScore() (name string, score float64) {
	switch {
	case v.CVSS4Score > 0:
		return "CVSS 4", v.CVSS4Score
	case v.CVSS3Score > 0:
		return "CVSS 3", v.CVSS3Score
	case v.CVSS2Score > 0:
		return "CVSS 2", v.CVSS2Score
	}
	return "severity", [...]float64{0, 2, 5.5, 8, 9.5}[min(v.Severity, Critical)]
}

// signs are what speaks for a vulnerability being exploited.
func (v Vulnerability) signs() []RiskInput {
	out := []RiskInput{{"any vulnerability", "", chanceOfAny, true}}
	add := func(name, seen string, chance float64) { out = append(out, RiskInput{name, seen, chance, true}) }
	if v.EPSS > 0 {
		add("EPSS", fmt.Sprintf("%.3f", v.EPSS), min(v.EPSS, 1))
	}
	if v.Exploited {
		add("known to be exploited", date(v.ExploitedSince), chanceKnown)
	}
	if v.Ransomware {
		add("used by ransomware", "", chanceRansomware)
	}
	switch v.SSVC.Exploitation {
	case "active":
		add("SSVC exploitation", "active", chanceActive)
	case "poc":
		add("SSVC exploitation", "proof of concept", chanceProof)
	}
	if v.SSVC.Automatable == "yes" {
		add("SSVC automatable", "yes", chanceAutomatable)
	}
	if best, e := v.bestExploit(); best > 0 {
		add("exploit", e, best)
	} else if v.Exploit {
		add("exploit", "public", chanceExploitKnown)
	}
	return out
}

// bestExploit is the exploit that is the easiest to use, and its chance.
func (v Vulnerability) bestExploit() (chance float64, name string) {
	for _, e := range v.Exploits {
		c := chanceExploitKnown
		switch {
		case e.Source == "metasploit" && (e.Rank == "excellent" || e.Rank == "great"):
			c = chanceReliable
		case e.Source == "metasploit":
			c = chanceUsable
		}
		if c > chance {
			chance, name = c, e.Source+" "+e.ID
		}
	}
	return chance, name
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "since " + t.UTC().Format(time.DateOnly)
}
