package match

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Known is all that is known of a host for a decision.
type Known struct {
	Host     harrier.Host
	Services []harrier.Service
	Packages *harrier.Inventory // nil when no list was taken
	Now      time.Time          // that it is decided for; zero is the present
}

// Decide settles one vulnerability for everything on a host that any source
// names for it, present or not. Where nothing on the host is named, or what is
// named hides its version, one Decision with an empty Thing says so: why it was
// not found. NotFound for a number that has no definition.
func Decide(k Knowledge, f Known, id harrier.VulnID) ([]Decision, error) {
	v, ok, err := k.Vulnerability(id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, harrier.Errorf(harrier.NotFound, "no vulnerability has the number %d", id)
	}
	now := f.Now
	if now.IsZero() {
		now = time.Now()
	}
	m := New(k)
	seen, concealed := things(f.Host, f.Services)
	var out []Decision
	settle := func(t *Thing, notes []string, most harrier.Certainty) error {
		list, err := m.decisions(t, id, now)
		for _, d := range list {
			d.Reasons = append(d.Reasons, notes...)
			d.Certainty = min(d.Certainty, most)
			out = append(out, d)
		}
		return err
	}
	for i := range seen {
		if err := settle(&seen[i], nil, harrier.Certain); err != nil {
			return nil, err
		}
	}
	if t, ok := f.system(); ok {
		if err := settle(&t, nil, harrier.Certain); err != nil {
			return nil, err
		}
	}
	if f.Packages != nil {
		for _, t := range installed(*f.Packages) {
			if err := settle(&t.Thing, t.notes, t.most); err != nil {
				return nil, err
			}
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	return m.missing(v, f, seen, concealed)
}

// missing says why nothing on the host is in question.
func (m *Matcher) missing(v harrier.Vulnerability, f Known, seen []Thing, concealed []concealed) ([]Decision, error) {
	records, err := m.k.Records(v.ID)
	if err != nil {
		return nil, err
	}
	d := Decision{Vulnerability: v.ID, Name: nameOf(v), Words: []Word{}}
	if !v.Withdrawn.IsZero() {
		d.Verdict = harrier.Absent
		d.Reasons = append(d.Reasons, "it was withdrawn on "+v.Withdrawn.UTC().Format(time.DateOnly))
	}
	var about []string
	for i := range records {
		r := &records[i]
		for j := range r.Affected {
			text := of(&harrier.Statement{Affected: r.Affected[j]})
			if !slices.Contains(about, text) {
				about = append(about, text)
			}
		}
		d.Words = append(d.Words, Word{
			Source: r.Source, Class: m.k.Class(r.Source).String(), Record: r.ID, Says: "nothing about what the host runs",
			Versions: fmt.Sprintf("%d statements", len(r.Affected)), class: m.k.Class(r.Source),
		})
	}
	var what []string
	for i := range seen {
		if text := strings.TrimSpace(seen[i].What + " " + seen[i].Version); !slices.Contains(what, text) {
			what = append(what, text)
		}
	}
	switch {
	case len(records) == 0:
		d.Reasons = append(d.Reasons, "no source of the content in force speaks of it")
	case len(about) == 0:
		d.Reasons = append(d.Reasons, "no source names a product that it affects")
	default:
		d.Reasons = append(d.Reasons, "it affects "+some(about)+": nothing of that is seen on the host")
	}
	if len(what) > 0 {
		d.Reasons = append(d.Reasons, "the host is seen to run "+some(what))
	} else {
		d.Reasons = append(d.Reasons, "no product with a version is seen on the host")
	}
	for _, c := range concealed {
		d.Reasons = append(d.Reasons, fmt.Sprintf("at %s %s", c.Endpoint, c.reason))
	}
	if f.Packages == nil {
		d.Reasons = append(d.Reasons, "what is installed on the host is not known")
	}
	return []Decision{d}, nil
}

// some lists what is not too long to be read.
func some(list []string) string {
	if n := len(list); n > maxListed {
		return strings.Join(list[:maxListed], ", ") + fmt.Sprintf(" and %d more", n-maxListed)
	}
	return strings.Join(list, ", ")
}

func nameOf(v harrier.Vulnerability) string {
	if len(v.CVEs) > 0 {
		return v.CVEs[0]
	}
	if name := v.ID.CVE(); name != "" {
		return name
	}
	return v.Name
}

// Explanation writes decisions for people.
func Explanation(w io.Writer, decisions []Decision) error {
	var b strings.Builder
	for i := range decisions {
		if i > 0 {
			b.WriteByte('\n')
		}
		decisions[i].explain(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d *Decision) explain(b *strings.Builder) {
	fmt.Fprintf(b, "%s (%d)\n", d.Name, d.Vulnerability)
	if t := &d.Thing; t.What != "" {
		place := t.Endpoint.String()
		if t.Endpoint == wholeHost {
			place = "the host"
		}
		fmt.Fprintf(b, "  thing       %s %s, at %s\n", t.What, t.Describe(), place)
		if t.banner != "" && t.How != Installed {
			fmt.Fprintf(b, "  shown by    %s\n", oneLine(t.banner))
		}
	}
	fmt.Fprintf(b, "  verdict     %s%s\n", d.Verdict, d.qualities())
	if d.Fixed != "" {
		fmt.Fprintf(b, "  fixed in    %s\n", d.Fixed)
	}
	if d.Advisory != "" {
		fmt.Fprintf(b, "  advisory    %s\n", d.Advisory)
	}
	for _, r := range d.Reasons {
		fmt.Fprintf(b, "  because     %s\n", r)
	}
	for i := range d.Words {
		w := &d.Words[i]
		mark := " "
		if w.Won {
			mark = "*"
		}
		fmt.Fprintf(b, "  %s %-12s %-14s %s\n", mark, w.Class, w.Source, w.sentence())
		fmt.Fprintf(b, "  %29s lists %s\n", w.Record, w.Versions)
		if w.Updates != "" {
			fmt.Fprintf(b, "  %29s mended by %s\n", "", w.Updates)
		}
	}
}

func (d *Decision) qualities() string {
	if d.Winner == "" {
		return ""
	}
	text := fmt.Sprintf(", %s, by %s", d.Status, d.Winner)
	if d.Verdict == harrier.Present {
		text += fmt.Sprintf("; %s, %d %%", d.Certainty, d.Confidence)
	}
	return text
}
