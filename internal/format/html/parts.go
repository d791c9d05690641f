package html

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/document"
)

type summaryPart struct {
	Verdict, Caution string
	Donut            template.HTML
	Rows             []severityRow
	Hosts            int
	Risk             float64
	Known            int
	Looked           harrier.Totals
	LookedShare      string
	Missing          int
}

type severityRow struct {
	Severity harrier.Severity
	Count    int
	Hosts    int
	Share    float64 // of the longest bar, in percent
}

func (w *writer) summary() summaryPart {
	d := w.d
	p := summaryPart{
		Verdict: d.Verdict(), Caution: d.Caution(), Donut: template.HTML(document.Donut(d.Counts)), //nolint:gosec // made of numbers
		Hosts: len(d.Hosts), Risk: d.Risk, Known: d.Known, Looked: d.Looked, LookedShare: document.Share(d.Looked.Clean+d.Looked.Vulnerable, d.Looked.Planned), Missing: d.Missing,
	}
	longest := 1
	for _, n := range d.Counts[harrier.Low:] {
		longest = max(longest, n)
	}
	for sev := int(harrier.Critical); sev >= 0; sev-- {
		row := severityRow{Severity: harrier.Severity(sev), Count: d.Counts[sev], Hosts: d.Worst[sev]}
		if row.Severity > harrier.Info { // facts would dwarf all bars
			row.Share = 100 * float64(row.Count) / float64(longest)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

type hostPart struct {
	document.Host
	MAC, Device string
	Services    []servicePart
	Findings    []findingPart
	Facts       []findingPart // of severity info
	Silent      []string
}

type servicePart struct{ At, Name, Product, Note string }

type findingPart struct {
	Vuln     *harrier.Vulnerability
	Severity harrier.Severity
	Anchor   string // of the definition; "" when it is not in the page
	At       string
	Note     string
	Evidence string
	More     int // bytes of evidence that are not shown
}

func (w *writer) host(h format.Host, line document.Host, explained bool) hostPart {
	p := hostPart{Host: line, MAC: document.Line(h.MAC, 40), Device: document.Line(h.DeviceType, 60)}
	for _, s := range format.OpenServices(h) {
		one := servicePart{At: s.Endpoint.String(), Name: document.Line(s.Name, 40), Product: document.Line(strings.TrimSpace(s.Product+" "+s.Version), 120)}
		if s.TLS {
			one.Note = "TLS"
		}
		p.Services = append(p.Services, one)
	}
	for _, r := range h.Ranked() {
		v := w.s.Lookup(r.Vulnerability)
		f := findingPart{Vuln: &v, Severity: min(r.Severity, harrier.Critical), At: document.At(r), Note: note(r)}
		if explained {
			f.Anchor = anchor(v.ID)
		}
		if w.evidence {
			f.Evidence, f.More = document.Evidence(r.Evidence, maxEvidence)
		}
		if f.Severity == harrier.Info {
			p.Facts = append(p.Facts, f)
		} else {
			p.Findings = append(p.Findings, f)
		}
	}
	return p
}

// note is how sure a result is, and since when it is known.
func note(r format.Result) string {
	var parts []string
	if r.Severity > harrier.Info && r.Certainty != harrier.Certain {
		parts = append(parts, "potential: by what the service says of itself")
	}
	if !r.Since.IsZero() {
		parts = append(parts, "first seen "+r.Since.UTC().Format(time.DateOnly))
	}
	return strings.Join(parts, ", ")
}

func anchor(id harrier.VulnID) string { return fmt.Sprintf("v%d", id) }

type definitionPart struct {
	*document.Vuln
	Anchor string
	Places bool
	Scores []string
	CWEs   []string
	Links  []string
	Linked bool // places link to the hosts
	More   int
}

func (w *writer) definition(v *document.Vuln, places bool) definitionPart {
	p := definitionPart{Vuln: v, Anchor: anchor(v.ID), Places: places, Linked: w.shows(harrier.ChapterByHost), More: v.Count - len(v.Some)}
	score := func(name string, n float64, vector string) {
		if n > 0 {
			p.Scores = append(p.Scores, strings.TrimSpace(fmt.Sprintf("%s %.1f %s", name, n, document.Line(vector, 80))))
		}
	}
	score("CVSS 4", v.CVSS4Score, v.CVSS4Vector)
	score("CVSS 3", v.CVSS3Score, v.CVSS3Vector)
	score("CVSS 2", v.CVSS2Score, v.CVSS2Vector)
	if v.EPSS > 0 {
		p.Scores = append(p.Scores, fmt.Sprintf("EPSS %.1f %%", 100*v.EPSS))
	}
	for _, n := range v.CWEs {
		p.CWEs = append(p.CWEs, fmt.Sprintf("CWE-%d", n))
	}
	p.Links = v.References[:min(len(v.References), 40)]
	return p
}

type coveragePart struct {
	Caution string
	Looked  harrier.Totals
	Reasons []reasonPart
	More    int
	Dead    []deadPart
	MoreTo  int
	Partial []document.Host
}

type reasonPart struct {
	Text, Outcome string
	Count         int
}

type deadPart struct {
	Target, Reason string
	Count          int
}

func (w *writer) coverage() coveragePart {
	d := w.d
	p := coveragePart{Caution: d.Caution(), Looked: d.Looked, More: len(d.Reasons) - maxReasons, MoreTo: len(d.Dead) - maxDead}
	for _, r := range d.Reasons[:min(len(d.Reasons), maxReasons)] {
		p.Reasons = append(p.Reasons, reasonPart{r.Text, r.Outcome.String(), r.Count})
	}
	for _, s := range d.Dead[:min(len(d.Dead), maxDead)] {
		p.Dead = append(p.Dead, deadPart{document.Line(s.Target.String(), 120), document.Line(s.Reason, 160), s.Count})
	}
	for _, h := range d.Hosts {
		if h.Note != "" && len(p.Partial) < maxDead {
			p.Partial = append(p.Partial, h)
		}
	}
	return p
}

// link returns s when it is the address of a page that may be linked to, else
// "".
func link(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return s
}

// bar is a bar of a length in percent.
func bar(percent float64) template.CSS {
	return template.CSS(fmt.Sprintf("width:%.1f%%", max(0, min(percent, 100)))) //nolint:gosec // made of a number
}

type chip struct {
	Severity harrier.Severity
	Count    int
}

// chips are the counts above info that are not 0, gravest first.
func chips(c harrier.Counts) (out []chip) {
	for sev := harrier.Critical; sev > harrier.Info; sev-- {
		if c[sev] > 0 {
			out = append(out, chip{sev, c[sev]})
		}
	}
	return out
}
