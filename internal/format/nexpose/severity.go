package nexpose

import (
	"cmp"
	"math"

	"github.com/harrier-scan/harrier"
)

// bands are the numbers of the severities: each number belongs to one severity
// and each severity has numbers of its own, so that counts by number and counts
// by severity tell the same.
//
// Source: section 13.11, with the limits that readers of the reports take.
var bands = [harrier.Severities]struct{ least, usual, most int }{
	harrier.Info:     {1, 1, 1},
	harrier.Low:      {2, 2, 3},
	harrier.Medium:   {4, 5, 6},
	harrier.High:     {7, 8, 8},
	harrier.Critical: {9, 10, 10},
}

// SeverityOf is the severity that a number from 1 to 10 stands for.
func SeverityOf(number int) harrier.Severity {
	s := harrier.Info
	for s < harrier.Critical && bands[s+1].least <= number {
		s++
	}
	return s
}

// Severity grades a vulnerability from 1 to 10: by its CVSS version 2 score,
// else that of version 3, rounded up, within what its severity allows.
//
// Source: section 13.11.
func Severity(v harrier.Vulnerability) int { return SeverityShown(v, v.Severity) }

// SeverityShown is Severity where the vulnerability shows with a severity that
// is not its own: an exception recast it, or the target made it graver.
func SeverityShown(v harrier.Vulnerability, shown harrier.Severity) int {
	shown = min(shown, harrier.Critical)
	b, score := bands[shown], cmp.Or(v.CVSS2Score, v.CVSS3Score)
	if score <= 0 || shown != v.Severity {
		return b.usual
	}
	return min(b.most, max(b.least, int(math.Ceil(score))))
}

// AtLeast is the condition on findings that SeverityShown is n or more.
func AtLeast(n int) harrier.Expr {
	least := SeverityOf(n)
	b := bands[least]
	if n <= b.least {
		return severityIs(harrier.Ge, least)
	}
	above := func(field string, x float64) harrier.Expr {
		return harrier.Cmp{Field: field, Op: harrier.Gt, Values: []any{x}}
	}
	limit := float64(n - 1)
	no2, no3 := harrier.Not{Of: above("cvss2", 0)}, harrier.Not{Of: above("cvss3", 0)}
	within := harrier.Or{above("cvss2", limit), harrier.And{no2, above("cvss3", limit)}}
	if b.usual >= n {
		within = append(within, harrier.And{no2, no3})
	}
	out := harrier.Or{harrier.And{severityIs(harrier.Eq, least), within}}
	if least < harrier.Critical {
		out = append(out, severityIs(harrier.Ge, least+1))
	}
	return out
}

func severityIs(op harrier.Op, s harrier.Severity) harrier.Expr {
	return harrier.Cmp{Field: "severity", Op: op, Values: []any{int64(s)}}
}
