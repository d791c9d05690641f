package harrier

import (
	"cmp"
	"math"
)

// bands are the numbers of the severities: each number belongs to one severity
// and each severity has numbers of its own, so that counts by number and counts
// by severity tell the same.
//
// Source: section 13.11 of nexpose-api.md, with the limits that readers of the reports take.
var bands = [Severities]struct{ least, usual, most int }{
	Info:     {1, 1, 1},
	Low:      {2, 2, 3},
	Medium:   {4, 5, 6},
	High:     {7, 8, 8},
	Critical: {9, 10, 10},
}

// SeverityOfNumber is the severity that a number from 1 to 10 stands for.
func SeverityOfNumber(number int) Severity {
	s := Info
	for s < Critical && bands[s+1].least <= number {
		s++
	}
	return s
}

// SeverityScore grades v from 1 to 10: by its CVSS version 2 score, else that of
// version 3, rounded up, within what its severity allows.
//
// Source: section 13.11 of nexpose-api.md.
func (v *Vulnerability) SeverityScore() int { return v.SeverityScoreAs(v.Severity) }

// SeverityScoreAs is SeverityScore where v shows with a severity that is not its
// own: an exception recast it, or the target made it graver.
func (v *Vulnerability) SeverityScoreAs(shown Severity) int {
	shown = min(shown, Critical)
	b, score := bands[shown], cmp.Or(v.CVSS2Score, v.CVSS3Score)
	if score <= 0 || shown != v.Severity {
		return b.usual
	}
	return min(b.most, max(b.least, int(math.Ceil(score))))
}

// ScoredAtLeast is the condition on findings that SeverityScoreAs, by the severity
// that they have, is n or more.
func ScoredAtLeast(n int) Expr {
	least := SeverityOfNumber(n)
	b := bands[least]
	if n <= b.least {
		return severityIs(Ge, least)
	}
	above := func(field string, x float64) Expr {
		return Cmp{Field: field, Op: Gt, Values: []any{x}}
	}
	limit := float64(n - 1)
	no2, no3 := Not{Of: above("cvss2", 0)}, Not{Of: above("cvss3", 0)}
	within := Or{above("cvss2", limit), And{no2, above("cvss3", limit)}}
	if b.usual >= n {
		within = append(within, And{no2, no3})
	}
	out := Or{And{severityIs(Eq, least), within}}
	if least < Critical {
		out = append(out, severityIs(Ge, least+1))
	}
	return out
}

func severityIs(op Op, s Severity) Expr {
	return Cmp{Field: "severity", Op: op, Values: []any{int64(s)}}
}
