package content

import (
	"math"
	"strings"

	"github.com/harrier-scan/harrier"
	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
)

// assess brings an assessment into the form of Score and gives it the base
// score of its vector. It is false for a vector that the standard does not know,
// and for an assessment with neither vector nor score.
func assess(s harrier.Score) (harrier.Score, bool) {
	s.Vector = strings.Trim(s.Vector, "() \t\r\n")
	if s.Vector == "" {
		known := s.Version == "2.0" || s.Version == "3.0" || s.Version == "3.1" || s.Version == "4.0"
		return s, known && s.Base > 0 && s.Base <= 10
	}
	if len(s.Vector) > 512 {
		return s, false
	}
	version, base := "", 0.0
	var err error
	switch {
	case strings.HasPrefix(s.Vector, "CVSS:4.0/"):
		var v *gocvss40.CVSS40
		if v, err = gocvss40.ParseVector(s.Vector); err == nil {
			version, base = "4.0", v.Score()
		}
	case strings.HasPrefix(s.Vector, "CVSS:3.1/"):
		var v *gocvss31.CVSS31
		if v, err = gocvss31.ParseVector(s.Vector); err == nil {
			version, base = "3.1", v.BaseScore()
		}
	case strings.HasPrefix(s.Vector, "CVSS:3.0/"):
		var v *gocvss30.CVSS30
		if v, err = gocvss30.ParseVector(s.Vector); err == nil {
			version, base = "3.0", v.BaseScore()
		}
	default:
		s.Vector = strings.TrimPrefix(s.Vector, "CVSS2#")
		var v *gocvss20.CVSS20
		if v, err = gocvss20.ParseVector(s.Vector); err == nil {
			version, base = "2.0", v.BaseScore()
		}
	}
	if err != nil || math.IsNaN(base) || base < 0 || base > 10 {
		return s, false
	}
	s.Version, s.Base = version, math.Round(base*10)/10
	return s, true
}

// severityOfV2 grades a CVSS version 2 score, which has no "critical".
//
// Source: NVD, "Vulnerability Metrics".
func severityOfV2(score float64) harrier.Severity {
	return min(harrier.SeverityOfScore(score), harrier.High)
}

// severityOfWord reads a publisher's word; false for one that says nothing.
func severityOfWord(word string) (harrier.Severity, bool) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "critical":
		return harrier.Critical, true
	case "important", "high", "urgent":
		return harrier.High, true
	case "moderate", "medium":
		return harrier.Medium, true
	case "low", "negligible", "minor", "unimportant", "optional":
		return harrier.Low, true
	case "none", "info", "informational":
		return harrier.Info, true
	}
	return harrier.Info, false
}
