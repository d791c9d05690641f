package osv

import (
	"encoding/json"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

type severity struct {
	Type  wire.String `json:"type"`
	Score wire.String `json:"score"`
}

// specific is what Harrier reads of what a publisher adds to the schema. Each
// puts there what it likes.
type specific struct {
	Severity wire.String  `json:"severity"`
	Priority wire.String  `json:"ubuntu_priority"`
	Urgency  wire.String  `json:"urgency"`
	CPEs     wire.Strings `json:"cpes"`
	CWEs     wire.Strings `json:"cwe_ids"`
}

// UnmarshalJSON takes any value; of one that is no object nothing is read.
func (s *specific) UnmarshalJSON(b []byte) error {
	type plain specific
	if len(b) > 0 && b[0] == '{' {
		return json.Unmarshal(b, (*plain)(s))
	}
	return nil
}

func (s *specific) word() string {
	for _, w := range []wire.String{s.Severity, s.Priority, s.Urgency} {
		if w != "" && len(w) <= 40 {
			return strings.ToLower(strings.TrimSpace(string(w)))
		}
	}
	return ""
}

func (s *specific) cwes() []int {
	var out []int
	for _, name := range s.CWEs {
		out = wire.AddCWE(out, name)
	}
	return out
}

// severities returns a record's word for how grave it is, and its scores, each
// once: those of the record and those that it gives to single packages.
func severities(rec *record) (word string, scores []harrier.Score) {
	word = rec.Specific.word()
	seen := map[string]bool{}
	take := func(list []severity) {
		for _, s := range list {
			text := strings.TrimSpace(string(s.Score))
			if !strings.HasPrefix(string(s.Type), "CVSS_") {
				if word == "" && len(text) <= 40 {
					word = strings.ToLower(text) // "Ubuntu": "medium"
				}
				continue
			}
			if score, ok := Score(text); ok && !seen[text] && len(scores) < 20 {
				seen[text] = true
				scores = append(scores, score)
			}
		}
	}
	take(rec.Severity)
	for i := range rec.Affected {
		take(rec.Affected[i].Severity)
		if word == "" {
			word = rec.Affected[i].Specific.word()
		}
	}
	return word, scores
}

// Score reads a CVSS vector of any version and rates it; false when it is none.
func Score(vector string) (harrier.Score, bool) {
	s := harrier.Score{Vector: vector}
	if len(vector) > 500 {
		return s, false
	}
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		v, err := gocvss40.ParseVector(vector)
		if err != nil {
			return s, false
		}
		s.Version, s.Base = "4.0", v.Score()
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		if err != nil {
			return s, false
		}
		s.Version, s.Base = "3.1", v.BaseScore()
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		if err != nil {
			return s, false
		}
		s.Version, s.Base = "3.0", v.BaseScore()
	default:
		s.Vector = strings.Trim(vector, "()")
		v, err := gocvss20.ParseVector(s.Vector)
		if err != nil {
			return s, false
		}
		s.Version, s.Base = "2.0", v.BaseScore()
	}
	return s, true
}
