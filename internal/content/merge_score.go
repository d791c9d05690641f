package content

import (
	"cmp"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// rankedScore is an assessment with how much it is believed, less is more.
type rankedScore struct {
	harrier.Score
	rank int
}

// rankScore: NVD's own assessment is believed first, then who gave the CVE, then
// CISA, then what NVD repeats of others, then everybody else.
func rankScore(r sourced, s harrier.Score) int {
	if r.class == feed.NVD && (s.Primary || s.By == "nvd@nist.gov") {
		return 0
	}
	return 1 + slices.Index(scoreOrder, r.class)
}

// bestScore returns the most believed assessment of one of the versions; of
// equal ones that of the later version, then the greater.
func bestScore(records []sourced, versions ...string) (rankedScore, bool) {
	var best rankedScore
	found := false
	for _, r := range records {
		if !r.own {
			continue
		}
		for _, s := range r.Scores {
			if !slices.Contains(versions, s.Version) {
				continue
			}
			one := rankedScore{s, rankScore(r, s)}
			if !found || cmp.Or(cmp.Compare(best.rank, one.rank), cmp.Compare(one.Version, best.Version),
				cmp.Compare(one.Base, best.Base), cmp.Compare(best.Vector, one.Vector)) > 0 {
				best, found = one, true
			}
		}
	}
	return best, found
}

// mergeScores takes one assessment of each version of CVSS, and the severity
// from the best: version 4.0 or 3.1, whichever is believed more, before 3.0
// before 2.0. Without any it is the publisher's word; a vulnerability that is
// exploited and has none is high, any other medium.
func mergeScores(v *harrier.Vulnerability, records []sourced) {
	four, has4 := bestScore(records, "4.0")
	three, has3 := bestScore(records, "3.0", "3.1")
	two, has2 := bestScore(records, "2.0")
	v.CVSS4Vector, v.CVSS4Score = four.Vector, four.Base
	v.CVSS3Vector, v.CVSS3Score = three.Vector, three.Base
	v.CVSS2Vector, v.CVSS2Score = two.Vector, two.Base
	switch {
	case has4 && (!has3 || three.Version == "3.0" || four.rank <= three.rank):
		v.Severity = harrier.SeverityOfScore(four.Base)
	case has3:
		v.Severity = harrier.SeverityOfScore(three.Base)
	case has2:
		v.Severity = severityOfV2(two.Base)
	default:
		v.Severity = severityOfRecords(records)
	}
}

func severityOfRecords(records []sourced) harrier.Severity {
	word := func(own bool) string {
		return first(records, wordOrder, func(r sourced) string {
			if _, known := severityOfWord(r.Severity); !known || own && !r.own {
				return ""
			}
			return r.Severity
		})
	}
	// An advisory of several grades the gravest of them: better than nothing.
	if s, known := severityOfWord(cmp.Or(word(true), word(false))); known {
		return s
	}
	if slices.ContainsFunc(records, func(r sourced) bool { return r.KEV != nil }) {
		return harrier.High
	}
	return harrier.Medium
}
