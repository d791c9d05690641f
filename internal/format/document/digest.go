// Package document is what documents for people have in common, whatever they
// are written in: which chapters they have, the numbers of their first pages,
// and how hostile texts are shown.
//
// A document is written in two walks over the hosts: Read sums them up, and
// then the chapters that show each host are written. What Read keeps grows with
// the number of hosts and of different vulnerabilities, not with that of
// findings.
package document

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Digest sums the results of a document up.
type Digest struct {
	Title    string
	About    [][2]string // what is in the document, in words
	Made     time.Time
	Counts   harrier.Counts // findings by severity
	Worst    harrier.Counts // hosts by their gravest finding; see Clean
	Risk     float64        // the highest of a host
	Known    int            // findings of vulnerabilities that are known to be exploited
	Hosts    []Host         // in their order
	Vulns    []*Vuln        // gravest first
	Remedies []*Remedy      // weightiest first
	Looked   harrier.Totals
	Reasons  []Reason // why checks were skipped or failed, most frequent first
	Dead     []harrier.Span
	Missing  int // addresses of Dead
	Partial  int // hosts that were not looked at to the end
	Trend    []format.Moment
}

// Host is a line about a host.
type Host struct {
	Anchor  string // unique in the document
	Title   string
	Address string // where it is not the title
	Names   string
	OS      string
	Counts  harrier.Counts
	Risk    float64 // the highest of its findings
	Looked  harrier.Totals
	Note    string // why it was not looked at to the end; "" when it was
}

// Findings is how many findings of severity low and above the host has.
func (h Host) Findings() int { return h.Counts.Total() - h.Counts[harrier.Info] }

// Vuln is a line about a vulnerability.
type Vuln struct {
	harrier.Vulnerability
	Shown   harrier.Severity // the gravest that it shows at
	Count   int
	Hosts   int
	Some    []Place // the first places, at most maxPlaces
	Risk    float64 // the highest
	Remedy  string  // where the evidence speaks of none
	Certain bool

	last     int // the host that counted last
	remedied map[string]bool
}

// Place is where a vulnerability was found.
type Place struct{ Host, Anchor, At string }

// maxPlaces is how many places of a vulnerability are named.
const maxPlaces = 50

// Remedy is something to do and what it ends.
type Remedy struct {
	Text  string
	Count int // findings
	Hosts int
	Worst harrier.Severity
	Risk  float64 // sum over the findings
	Vulns int
	last  int
}

// Reason is why something was not looked at.
type Reason struct {
	Text    string
	Outcome harrier.Outcome // Skipped or Failed
	Count   int             // checks of hosts
}

// maxReasons is how many reasons are told apart.
const maxReasons = 500

type reasonKey struct {
	text    string
	outcome harrier.Outcome
}

type reader struct {
	*Digest
	s        format.Scan
	vulns    map[harrier.VulnID]*Vuln
	remedies map[string]*Remedy
	reasons  map[reasonKey]int
}

// Read sums the hosts up.
func Read(ctx context.Context, s format.Scan, hosts iter.Seq2[format.Host, error]) (*Digest, error) {
	d := &Digest{Title: cmp.Or(s.Title, s.Scan.Name, "Report"), About: s.About, Made: s.Made, Looked: s.Coverage, Dead: s.Dead, Trend: s.Trend}
	r := reader{d, s, map[harrier.VulnID]*Vuln{}, map[string]*Remedy{}, map[reasonKey]int{}}
	for h, err := range hosts {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.host(h)
	}
	r.end()
	return d, nil
}

func (r *reader) host(h format.Host) {
	line := Host{Anchor: Anchor(len(r.Hosts)), Title: Line(h.Title(), 120), Names: Line(h.FQDN, 120), OS: Line(h.OS, 120), Looked: h.Coverage}
	if h.Addr.IsValid() && h.Addr.String() != line.Title {
		line.Address = h.Addr.String()
	}
	if line.Names == line.Title {
		line.Names = ""
	}
	n := len(r.Hosts) + 1
	for _, res := range h.Results {
		sev := min(res.Severity, harrier.Critical)
		line.Counts[sev]++
		v := r.vuln(res.Vulnerability)
		risk := 0.0
		if sev > harrier.Info {
			risk = harrier.RiskOf(v.Vulnerability, res.Certainty, h.Importance).Value
		}
		v.Count++
		v.Shown, v.Risk, v.Certain = max(v.Shown, sev), max(v.Risk, risk), v.Certain || res.Certainty == harrier.Certain
		if v.Exploited && sev > harrier.Info {
			r.Known++
		}
		line.Risk = max(line.Risk, risk)
		if v.last != n {
			v.last = n
			v.Hosts++
		}
		if len(v.Some) < maxPlaces {
			v.Some = append(v.Some, Place{line.Title, line.Anchor, At(res)})
		}
		if sev > harrier.Info {
			r.remedy(v, res.Evidence, sev, risk, n)
		}
	}
	if h.Looked != nil {
		if h.Looked.Alive && !h.Looked.Complete {
			line.Note = cmp.Or(Line(h.Looked.Reason, 200), "the scan did not get to its end")
			r.Partial++
		}
		for _, e := range h.Looked.Entries {
			if e.Outcome != harrier.Skipped && e.Outcome != harrier.Failed {
				continue
			}
			k := reasonKey{cmp.Or(Line(e.Reason, 160), "no reason was given"), e.Outcome}
			if _, known := r.reasons[k]; !known && len(r.reasons) >= maxReasons {
				k.text = "other reasons"
			}
			r.reasons[k]++
		}
	}
	for i, c := range line.Counts {
		r.Counts[i] += c
	}
	for sev := harrier.Critical; sev > harrier.Info; sev-- {
		if line.Counts[sev] > 0 {
			r.Worst[sev]++
			break
		}
	}
	if line.Findings() == 0 {
		r.Worst[harrier.Info]++
	}
	r.Risk = max(r.Risk, line.Risk)
	r.Hosts = append(r.Hosts, line)
}

func (r *reader) vuln(id harrier.VulnID) *Vuln {
	v := r.vulns[id]
	if v == nil {
		v = &Vuln{Vulnerability: r.s.Lookup(id)}
		v.Remedy = v.Solution
		if len(v.Solutions) > 0 && v.Solutions[0].Type != "none" {
			v.Remedy = cmp.Or(v.Solutions[0].Summary, v.Remedy)
		}
		v.Remedy = Line(v.Remedy, 400)
		r.vulns[id] = v
		r.Vulns = append(r.Vulns, v)
	}
	return v
}

// remedy counts a finding to what ends it: a vulnerability of several products
// has a remedy for each of them.
func (r *reader) remedy(v *Vuln, evidence string, sev harrier.Severity, risk float64, host int) {
	text := v.Remedy
	if s, ok := v.SolutionFor(evidence); ok {
		text = Line(s.Summary, 400)
	}
	if text == "" {
		return
	}
	m := r.remedies[text]
	if m == nil {
		m = &Remedy{Text: text}
		r.remedies[text] = m
		r.Remedies = append(r.Remedies, m)
	}
	m.Count++
	m.Risk += risk
	m.Worst = max(m.Worst, sev)
	if m.last != host {
		m.last = host
		m.Hosts++
	}
	if !v.remedied[text] {
		if v.remedied == nil {
			v.remedied = map[string]bool{}
		}
		v.remedied[text] = true
		m.Vulns++
	}
}

func (r *reader) end() {
	slices.SortFunc(r.Vulns, func(a, b *Vuln) int {
		return cmp.Or(cmp.Compare(b.Shown, a.Shown), cmp.Compare(b.Risk, a.Risk), cmp.Compare(b.Hosts, a.Hosts), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(r.Remedies, func(a, b *Remedy) int {
		return cmp.Or(cmp.Compare(b.Risk, a.Risk), cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
	})
	for k, n := range r.reasons {
		r.Reasons = append(r.Reasons, Reason{k.text, k.outcome, n})
	}
	slices.SortFunc(r.Reasons, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text), cmp.Compare(a.Outcome, b.Outcome))
	})
	for _, s := range r.Dead {
		r.Missing += s.Count
	}
	if r.Looked.Planned == 0 {
		for _, h := range r.Hosts {
			r.Looked = r.Looked.Add(h.Looked)
		}
	}
}

// Top returns the hosts with the highest risks, at most n of them that have
// findings.
func (d *Digest) Top(n int) []Host {
	list := slices.DeleteFunc(slices.Clone(d.Hosts), func(h Host) bool { return h.Findings() == 0 })
	slices.SortStableFunc(list, func(a, b Host) int {
		for sev := harrier.Critical; sev > harrier.Info; sev-- {
			if a.Counts[sev] != b.Counts[sev] && math.Abs(a.Risk-b.Risk) < 0.05 {
				return cmp.Compare(b.Counts[sev], a.Counts[sev])
			}
		}
		return cmp.Compare(b.Risk, a.Risk)
	})
	return list[:min(n, len(list))]
}

// Grave returns the vulnerabilities of severity low and above, at most n of
// them; 0 means all.
func (d *Digest) Grave(n int) []*Vuln {
	i := slices.IndexFunc(d.Vulns, func(v *Vuln) bool { return v.Shown == harrier.Info })
	if i < 0 {
		i = len(d.Vulns)
	}
	if n > 0 {
		i = min(i, n)
	}
	return d.Vulns[:i]
}

// Share is a part of a whole in percent, with one digit behind the point below
// ten: a part that is not nothing is never shown as 0, nor one that is not all
// as 100.
func Share(part, whole int) string {
	if whole <= 0 {
		return "–"
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case part == 0:
		return "0 %"
	case p < 0.1:
		return "< 0.1 %"
	case p < 10:
		return strconv.FormatFloat(math.Round(p*10)/10, 'f', -1, 64) + " %"
	}
	if p = math.Round(p); p == 100 && part < whole {
		p = 99
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + " %"
}

// At names the place of a result on its host: "443/tcp (http)"; "" for the host
// itself.
func At(r format.Result) string {
	if r.Port == 0 {
		return ""
	}
	at := r.Endpoint.String()
	if r.Service != "" {
		at += " " + Line(r.Service, 40)
	}
	return at
}

// Anchor is the name of the n-th host of a document, from 0, to link to.
func Anchor(n int) string { return "h" + strconv.Itoa(n+1) }
