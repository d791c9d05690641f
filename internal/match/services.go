package match

import (
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Services compares what the services of h show with what is known. Present
// holds what is found, its Key "" for a service's own product, the product's
// name such as "a:jquery:jquery" for a technology of a web service, and for the
// system of a network device, at the endpoint of the host; its Source is that
// of the word that decided. Unsure holds the endpoints where something can be
// that does not show: a Check of 0 stands for every vulnerability that it may
// have; where the policy wants no potential findings those are Skipped, by their
// numbers.
//
// It is decided for the time of h. The caller sets the time of the observations.
func Services(k Knowledge, h harrier.Host, services []harrier.Service, set harrier.Settings) (present []harrier.Observation, unsure []harrier.Done) {
	now := h.Ended
	if now.IsZero() {
		now = h.Started
	}
	if now.IsZero() {
		now = time.Now()
	}
	r := New(k).Match(h, services, set, now)
	return r.Present, r.Dones()
}

// Result is what comes of the services of a host.
type Result struct {
	Present []harrier.Observation
	Unsure  []Unsure
}

// Unsure is where it could not be told whether something is there.
type Unsure struct {
	harrier.Endpoint
	Key string // as in Observation
	// Check is the vulnerability; 0 stands for all of Families.
	Check    harrier.VulnID
	Families []string // of what it may be; none stands for all
	Outcome  harrier.Outcome
	Reason   string
}

// Dones are the outcomes that are not clean, without those of single
// technologies, whose silence says nothing about the rest of the endpoint.
func (r Result) Dones() []harrier.Done {
	var out []harrier.Done
	for _, u := range r.Unsure {
		if u.Check != 0 || u.Key == "" {
			out = append(out, harrier.Done{Check: u.Check, Endpoint: u.Endpoint, Outcome: u.Outcome, Reason: u.Reason})
		}
	}
	return out
}

// Hit is one vulnerability of one thing on a host. It is small: what is wrong
// with many hosts is the same text.
type Hit struct {
	Instance  harrier.Instance
	Service   string
	Certainty harrier.Certainty
	Source    string
	banner    string
	hit       *hit
}

// Observation states h, with its evidence.
func (h Hit) Observation() harrier.Observation {
	return harrier.Observation{
		Vulnerability: h.Instance.Vulnerability, Endpoint: h.Instance.Endpoint, Key: h.Instance.Key, Service: h.Service,
		Evidence: limit(bannerLine(h.banner) + h.hit.evidence()), Certainty: h.Certainty, Source: h.Source,
	}
}

// Match compares what the services of h show with what is known, for the
// instant now; see Services. When knowledge can not be read the endpoint is
// unsure, with the reason.
func (m *Matcher) Match(h harrier.Host, services []harrier.Service, set harrier.Settings, now time.Time) Result {
	var r Result
	r.Unsure = m.Hits(h, services, set, now, func(h Hit) { r.Present = append(r.Present, h.Observation()) })
	return r
}

// Hits is Match without the evidence, which most of what is matched again does
// not need: each is called with what is found, and what is unsure is returned.
func (m *Matcher) Hits(h harrier.Host, services []harrier.Service, set harrier.Settings, now time.Time, each func(Hit)) (unsure []Unsure) {
	seen, concealed := things(h, services)
	for i := range seen {
		unsure = append(unsure, m.hitsOf(&seen[i], set, now, each)...)
	}
	return append(unsure, hidden(concealed)...)
}

// hidden is what is unsure because it does not show.
func hidden(list []concealed) []Unsure {
	var out []Unsure
	for _, c := range list {
		out = append(out, Unsure{Endpoint: c.Endpoint, Key: c.key, Families: c.families, Outcome: harrier.Failed, Reason: c.reason})
	}
	return out
}

// hitsOf is Hits of one thing.
func (m *Matcher) hitsOf(t *Thing, set harrier.Settings, now time.Time, each func(Hit)) (unsure []Unsure) {
	a, err := m.answer(t, now)
	if err != nil {
		return []Unsure{{Endpoint: t.Endpoint, Key: t.Key, Outcome: harrier.Failed, Reason: "the knowledge base could not be read: " + err.Error()}}
	}
	for _, h := range a.hits {
		if set.NoPotential && h.certainty < harrier.Certain {
			unsure = append(unsure, Unsure{
				Endpoint: t.Endpoint, Key: t.Key, Check: h.id, Outcome: harrier.Skipped,
				Reason: "only the version that is shown says so, and the policy wants proof",
			})
			continue
		}
		each(Hit{harrier.Instance{Vulnerability: h.id, Endpoint: t.Endpoint, Key: t.Key}, t.Service, h.certainty, h.source, t.banner, h})
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
	text := w.Of + ": " + w.Says
	if w.Why != "" {
		text += " (" + oneLine(w.Why) + ")"
	}
	if w.Note != "" {
		text += "; " + w.Note
	}
	return text
}
