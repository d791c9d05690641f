package cvelist

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// file is a CVE record.
type file struct {
	Meta struct {
		ID        string `json:"cveId"`
		State     string `json:"state"` // "PUBLISHED", "REJECTED", "RESERVED"
		Reserved  string `json:"dateReserved"`
		Published string `json:"datePublished"`
		Updated   string `json:"dateUpdated"`
		Rejected  string `json:"dateRejected"`
	} `json:"cveMetadata"`
	Containers struct {
		CNA *container  `json:"cna"`
		ADP []container `json:"adp"`
	} `json:"containers"`
}

// container is what one authority says.
type container struct {
	Title    string `json:"title"`
	Provider struct {
		Name    string `json:"shortName"`
		Updated string `json:"dateUpdated"`
	} `json:"providerMetadata"`
	Descriptions []text    `json:"descriptions"`
	Reasons      []text    `json:"rejectedReasons"`
	Solutions    []text    `json:"solutions"`
	Affected     []product `json:"affected"`
	Metrics      []metric  `json:"metrics"`
	ProblemTypes []struct {
		Descriptions []struct {
			CWE  string `json:"cweId"`
			Text string `json:"description"`
		} `json:"descriptions"`
	} `json:"problemTypes"`
	References []struct {
		URL  string   `json:"url"`
		Tags []string `json:"tags"`
	} `json:"references"`
	Source struct {
		Advisory anything `json:"advisory"`
	} `json:"source"`
}

type text struct {
	Lang  string `json:"lang"`
	Value string `json:"value"`
}

type metric struct {
	V40   *cvss `json:"cvssV4_0"`
	V31   *cvss `json:"cvssV3_1"`
	V30   *cvss `json:"cvssV3_0"`
	V20   *cvss `json:"cvssV2_0"`
	Other *struct {
		Type    string          `json:"type"`
		Content json.RawMessage `json:"content"` // what it is depends on the type
	} `json:"other"`
}

type cvss struct {
	Vector string      `json:"vectorString"`
	Base   wire.Number `json:"baseScore"`
}

// anything is a string, or "" where something else stands: the schema leaves it
// open.
type anything string

// UnmarshalJSON accepts every value.
func (a *anything) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*a = anything(s)
	}
	return nil
}

func (f *file) rejected() bool { return f.Meta.State == "REJECTED" }

// assigned is what the CNA says.
func (f *file) assigned(id string) *harrier.Record {
	c := f.Containers.CNA
	r := &harrier.Record{
		Source: source, ID: id, CVEs: []string{id},
		Title:     wire.Word(c.Title),
		Details:   english(c.Descriptions),
		Solution:  english(c.Solutions),
		Published: wire.Time(f.Meta.Published),
		Modified:  wire.Time(f.Meta.Updated),
	}
	if f.rejected() {
		r.Details = english(c.Reasons)
		r.Withdrawn = time.Unix(0, 0).UTC() // when is not told
		for _, s := range []string{f.Meta.Rejected, f.Meta.Updated, c.Provider.Updated, f.Meta.Published, f.Meta.Reserved} {
			if t := wire.Time(s); !t.IsZero() {
				r.Withdrawn = t
				break
			}
		}
		return r
	}
	if advisory := wire.Word(string(c.Source.Advisory)); strings.HasPrefix(advisory, "GHSA-") && len(advisory) == len("GHSA-2p49-hgcm-8545") {
		r.Aliases = []string{advisory}
	}
	c.fill(r)
	var links wire.Links
	c.links(&links)
	for i := range f.Containers.ADP {
		if other := &f.Containers.ADP[i]; !other.byCISA() {
			other.links(&links)
		}
	}
	r.References = links.List()
	return r
}

func (c *container) byCISA() bool { return strings.EqualFold(c.Provider.Name, "CISA-ADP") }

// enriched is what CISA adds.
func (c *container) enriched(id string) *harrier.Record {
	r := &harrier.Record{Source: enriched, ID: id, CVEs: []string{id}, Modified: wire.Time(c.Provider.Updated)}
	c.fill(r)
	var links wire.Links
	c.links(&links)
	r.References = links.List()
	return r
}

// fill sets what all containers have alike.
func (c *container) fill(r *harrier.Record) {
	for _, p := range c.ProblemTypes {
		for _, d := range p.Descriptions {
			if wire.CWE(d.CWE) != 0 {
				r.CWEs = wire.AddCWE(r.CWEs, d.CWE)
			} else {
				r.CWEs = wire.AddCWE(r.CWEs, d.Text)
			}
		}
	}
	for _, m := range c.Metrics {
		for _, s := range []*cvss{m.V40, m.V31, m.V30, m.V20} {
			if s == nil || len(r.Scores) >= 50 {
				continue
			}
			if score, ok := wire.Score(s.Vector, float64(s.Base), c.Provider.Name, false); ok {
				r.Scores = append(r.Scores, score)
			}
		}
		if m.Other != nil {
			other(r, m.Other.Type, m.Other.Content)
		}
	}
	r.Affected = statements(c.Affected)
}

// other reads the metrics that are no CVSS: CISA's SSVC and KEV, and severities
// in words. What has another shape says nothing.
func other(r *harrier.Record, kind string, content json.RawMessage) {
	switch kind = strings.ToLower(kind); {
	case kind == "ssvc":
		var v struct {
			Options []map[string]anything `json:"options"`
		}
		if json.Unmarshal(content, &v) != nil {
			return
		}
		s := harrier.SSVC{}
		for _, o := range v.Options {
			for point, word := range o {
				word := strings.ToLower(wire.Word(string(word)))
				switch strings.ToLower(point) {
				case "exploitation":
					s.Exploitation = word
				case "automatable":
					s.Automatable = word
				case "technical impact":
					s.TechnicalImpact = word
				}
			}
		}
		if s != (harrier.SSVC{}) {
			r.SSVC = &s
		}
	case kind == "kev":
		var v struct {
			Added string `json:"dateAdded"`
		}
		if json.Unmarshal(content, &v) == nil && !wire.Time(v.Added).IsZero() {
			r.KEV = &harrier.KEV{Added: wire.Time(v.Added)}
		}
	case strings.Contains(kind, "severity"):
		var v struct {
			Value string `json:"value"`
			Text  string `json:"text"`
		}
		if json.Unmarshal(content, &v) == nil && r.Severity == "" {
			r.Severity = strings.ToLower(wire.Word(v.Value + v.Text))
		}
	}
}

func (c *container) links(to *wire.Links) {
	for _, l := range c.References {
		to.Add(l.URL, l.Tags...)
	}
}

// english joins the English texts.
func english(list []text) string {
	out := ""
	for _, t := range list {
		lang := strings.ToLower(t.Lang)
		if value := wire.Text(t.Value); value != "" && (lang == "en" || strings.HasPrefix(lang, "en-") || strings.HasPrefix(lang, "en_")) {
			if out != "" {
				out += "\n\n"
			}
			out += value
		}
		if len(out) > wire.MaxText {
			return wire.Text(out)
		}
	}
	return out
}
