package match

import (
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// doubt is where it could not be told whether something is there.
type doubt struct {
	harrier.Endpoint
	Key string // as in Observation
	// Check is the vulnerability; 0 stands for all of Families.
	Check    harrier.VulnID
	Families []string // of what it may be; none stands for all
	Outcome  harrier.Outcome
	Reason   string
}

// sighting is one vulnerability of one thing on a host. It is small: what is wrong
// with many hosts is the same text.
type sighting struct {
	Instance  harrier.Instance
	Service   string
	Certainty harrier.Certainty
	Source    string
	banner    string
	hit       *hit
}

// observation states h, with its evidence.
func (h sighting) observation() harrier.Observation {
	return harrier.Observation{
		Vulnerability: h.Instance.Vulnerability, Endpoint: h.Instance.Endpoint, Key: h.Instance.Key, Service: h.Service,
		Evidence: limit(bannerLine(h.banner) + h.hit.evidence()), Certainty: h.Certainty, Source: h.Source,
	}
}

// hidden is what is unsure because it does not show.
func hidden(list []concealed) []doubt {
	var out []doubt
	for _, c := range list {
		out = append(out, doubt{Endpoint: c.Endpoint, Key: c.key, Families: c.families, Outcome: harrier.Failed, Reason: c.reason})
	}
	return out
}

// hitsOf calls each with what one thing has, and returns what is unsure about it.
// The text of the evidence is not made before it is asked for.
func (m *Matcher) hitsOf(t *Thing, set harrier.Settings, now time.Time, each func(sighting)) (unsure []doubt) {
	a, err := m.answer(t, now)
	if err != nil {
		return []doubt{{Endpoint: t.Endpoint, Key: t.Key, Outcome: harrier.Failed, Reason: "the knowledge base could not be read: " + err.Error()}}
	}
	for _, h := range a.hits {
		if set.NoPotential && h.certainty < harrier.Certain {
			unsure = append(unsure, doubt{
				Endpoint: t.Endpoint, Key: t.Key, Check: h.id, Outcome: harrier.Skipped,
				Reason: "only the version that is shown says so, and the policy wants proof",
			})
			continue
		}
		each(sighting{harrier.Instance{Vulnerability: h.id, Endpoint: t.Endpoint, Key: t.Key}, t.Service, h.certainty, h.source, t.banner, h})
	}
	return unsure
}

func bannerLine(banner string) string {
	if banner == "" {
		return "\n"
	}
	return "\n  Banner            : " + oneLine(banner) + "\n"
}

// text is the evidence of a decision, behind the line of the banner.
//
// Source: nessus-api.md, section 13.7.
func (d *Decision) text() string {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-18s: %s\n", label, value)
		}
	}
	line("Product", d.Thing.What)
	line("Installed version", d.Thing.Describe())
	if d.Status != harrier.StatusAffected {
		line("Status", d.Status.String())
	}
	if d.Status != harrier.StatusEndOfSupport {
		line("Fixed version", cmpOr(d.Fixed, "none is named"))
	}
	for i := range d.Words {
		if w := &d.Words[i]; w.Won {
			source := w.Source + " (" + w.Class + ")"
			if d.Advisory != "" {
				source += ", " + d.Advisory
			}
			line("Mended by", w.Updates)
			line("Source", source)
		}
	}
	line("Confidence", fmt.Sprintf("%d %%, %s", d.Confidence, d.Certainty))
	said := false
	for i := range d.Words {
		w := &d.Words[i]
		if w.release == "" || w.Won {
			continue
		}
		if !said {
			b.WriteString("\nThe distribution says :\n\n")
			said = true
		}
		line(w.Source, w.sentence())
	}
	if len(d.Reasons) > 0 {
		b.WriteString("\nThis is concluded because :\n\n")
		for _, r := range d.Reasons {
			fmt.Fprintf(&b, "  - %s\n", r)
		}
	}
	return b.String()
}

// sentence says what a word says, of what, and why it does not count.
func (w *Word) sentence() string {
	text := w.Says
	if w.Of != "" {
		text = w.Of + ": " + text
	}
	if w.Why != "" {
		text += " (" + oneLine(w.Why) + ")"
	}
	if w.Note != "" {
		text += "; " + w.Note
	}
	return text
}
