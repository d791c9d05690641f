package document

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// theirs are the names that the Nessus API has for chapters.
//
// Source: nessus-api.md, section 5.1.
var theirs = map[string][]string{
	"vuln_hosts_summary": {harrier.ChapterSummary, harrier.ChapterHostSummary},
	"vuln_by_host":       {harrier.ChapterByHost, harrier.ChapterDefinitions},
	"vuln_by_plugin":     {harrier.ChapterByPlugin},
	"remediations":       {harrier.ChapterRemedies},
	"compliance":         {harrier.ChapterCompliance},
	"compliance_exec":    {harrier.ChapterCompliance},
}

// all are the chapters in the order in which a document has them.
var all = []string{
	harrier.ChapterSummary, harrier.ChapterTrend, harrier.ChapterTop, harrier.ChapterRemedies, harrier.ChapterHostSummary, harrier.ChapterByHost,
	harrier.ChapterByPlugin, harrier.ChapterCompliance, harrier.ChapterCoverage, harrier.ChapterDefinitions,
}

// Chapters returns which chapters a document shall have, in their order. The
// option "chapters" names them, separated by ";" or ",", in the words of
// harrier or of the Nessus API; else the option "template" names one of
// harrier.Templates; else it is the executive one. What was not looked at is
// always told. What Scan.Without names is left out. It answers Invalid for a name
// that there is not, and Forbidden when nothing is left.
func Chapters(s format.Scan) ([]string, error) {
	asked, err := asked(s)
	left := slices.DeleteFunc(slices.Clone(asked), func(c string) bool { return slices.Contains(s.Without, c) })
	if err == nil && len(left) == 0 {
		err = harrier.Errorf(harrier.Forbidden, "you may have none of the chapters of this document")
	}
	return left, err
}

func asked(s format.Scan) ([]string, error) {
	given := strings.FieldsFunc(s.Options["chapters"], func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
	if len(given) == 0 {
		name := s.Option("template", "")
		if name == "" {
			name = harrier.Templates[0].Name
		}
		t, ok := harrier.TemplateNamed(name)
		if !ok {
			return nil, harrier.Invalidf("template", "there is no template %q", name)
		}
		return t.Chapters, nil
	}
	want := map[string]bool{harrier.ChapterCoverage: true}
	for _, name := range given {
		list, known := theirs[name]
		if !known {
			if !slices.Contains(all, name) {
				return nil, harrier.Invalidf("chapters", "there is no chapter %q", Line(name, 40))
			}
			list = []string{name}
		}
		for _, c := range list {
			want[c] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c string) bool { return !want[c] }), nil
}

// Headings are the titles of the chapters.
var Headings = map[string]string{
	harrier.ChapterSummary: "Summary", harrier.ChapterTrend: "Over time", harrier.ChapterTop: "What is gravest", harrier.ChapterRemedies: "What to do",
	harrier.ChapterHostSummary: "Hosts", harrier.ChapterByHost: "Findings by host", harrier.ChapterByPlugin: "Findings by vulnerability",
	harrier.ChapterCompliance: "Compliance", harrier.ChapterCoverage: "What was not looked at", harrier.ChapterDefinitions: "The vulnerabilities explained",
}

// NothingAudited is the whole of the chapter on compliance.
const NothingAudited = "No audit file was part of this, so that nothing can be said about compliance."

// About returns what stands below the title: what the caller says of the
// document, or what the scan tells.
func (d *Digest) about(s format.Scan) [][2]string {
	if d.About != nil {
		return d.About
	}
	sc := s.Scan
	var out [][2]string
	add := func(name, value string) {
		if value != "" {
			out = append(out, [2]string{name, Line(value, 300)})
		}
	}
	if s.Site.Name != d.Title {
		add("Scan definition", s.Site.Name)
	}
	add("Targets", sc.Targets)
	add("Policy", sc.PolicyName)
	add("Scanned", Period(sc.Started, sc.Ended, Zone(s)))
	add("State", strings.TrimSuffix(string(sc.Status)+": "+sc.Reason, ": "))
	return out
}

// Head is what stands below the title, the time of making included.
func (d *Digest) Head(s format.Scan) [][2]string {
	out := slices.Clone(d.about(s))
	if text := s.Options["introduction"]; strings.TrimSpace(text) != "" { // of who asked for the document
		out = append([][2]string{{"Introduction", Line(text, 3000)}}, out...)
	}
	if !d.Made.IsZero() {
		out = append(out, [2]string{"Made", TimeIn(d.Made, Zone(s))})
	}
	return out
}

// Zone is where those live for whom the document is: as its option time_zone
// says, an IANA name; else UTC.
func Zone(s format.Scan) *time.Location {
	if zone, err := time.LoadLocation(s.Options["time_zone"]); err == nil && zone != time.Local {
		return zone
	}
	return time.UTC
}

// Time writes an instant for people, in UTC.
func Time(t time.Time) string { return TimeIn(t, time.UTC) }

// TimeIn writes an instant for people of a time zone.
func TimeIn(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(zone).Format("2 January 2006, 15:04 MST")
}

// Period writes a time that lasted.
func Period(from, to time.Time, zone *time.Location) string {
	switch {
	case from.IsZero():
		return ""
	case to.IsZero():
		return "since " + TimeIn(from, zone)
	}
	took := to.Sub(from).Round(time.Second)
	return TimeIn(from, zone) + ", " + took.String()
}

// Number writes a count with blanks between its thousands.
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u2009" + s[i:]
	}
	return s
}

// Score writes a risk.
func Score(r float64) string { return Number(int(r + 0.5)) }

// Plural is "1 host", "3 hosts".
func Plural(n int, one, many string) string {
	if n == 1 {
		return Number(n) + " " + one
	}
	return Number(n) + " " + many
}

// Verdict is the first sentence of a summary: what is most urgent, and how far
// it can be relied on.
func (d *Digest) Verdict() string {
	hosts := Plural(len(d.Hosts), "host", "hosts")
	grave := d.Counts[harrier.Critical] + d.Counts[harrier.High]
	var s string
	switch {
	case len(d.Hosts) == 0:
		s = "No host was found."
	case d.Counts.Total() == d.Counts[harrier.Info]:
		s = "Nothing was found to be wrong on " + hosts + "."
	case grave == 0:
		s = Plural(d.Counts.Total()-d.Counts[harrier.Info], "finding", "findings") + " on " + hosts + ", none of high or critical severity."
	default:
		s = Plural(d.Counts[harrier.Critical], "critical finding", "critical findings") + " and " + Number(d.Counts[harrier.High]) + " of high severity on " + hosts + "."
	}
	if d.Known > 0 {
		s += " " + Plural(d.Known, "finding is of a vulnerability that is", "findings are of vulnerabilities that are") + " known to be exploited."
	}
	if len(d.Remedies) > 1 && grave > 0 {
		n, ended := 0, 0
		for _, m := range d.Remedies[:min(5, len(d.Remedies))] {
			n++
			ended += m.Count
		}
		s += " The " + Number(n) + " weightiest remedies end " + Share(ended, d.Counts.Total()-d.Counts[harrier.Info]) + " of the findings."
	}
	return s
}

// Caution is a sentence about what was not looked at; "" when all was.
func (d *Digest) Caution() string {
	var parts []string
	if d.Missing > 0 {
		parts = append(parts, Plural(d.Missing, "address did not answer or was not reached", "addresses did not answer or were not reached"))
	}
	if d.Partial > 0 {
		parts = append(parts, Plural(d.Partial, "host was not looked at to the end", "hosts were not looked at to the end"))
	}
	if n := d.Looked.Skipped + d.Looked.Failed; n > 0 {
		parts = append(parts, Share(n, d.Looked.Planned)+" of the planned checks were skipped or failed")
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "; ") + ". What was not looked at is not known to be safe."
}
