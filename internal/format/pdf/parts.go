package pdf

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/document"
)

func (w *writer) more(n int) {
	if n > 0 {
		w.para(regular, 8, soft, left, right-left, "And "+document.Number(n)+" more.", 1)
	}
}

func (w *writer) vulns(list []*document.Vuln, all int) {
	if len(list) == 0 {
		w.para(regular, 9.5, ink, left, right-left, "None.", 1)
		return
	}
	t := w.table(column{"Severity", 19, false}, column{"Vulnerability", 105, false}, column{"Risk", 16, true}, column{"Hosts", 16, true}, column{"Findings", 18, true})
	for _, v := range list {
		var marks []string
		if v.Exploited {
			marks = append(marks, "known to be exploited")
		}
		if !v.Certain {
			marks = append(marks, "potential")
		}
		t.row(cell{draw: w.severity(v.Shown)}, cell{text: document.Line(v.Name, 300), most: 2, soft: strings.Join(marks, ", ")}, cell{text: document.Score(v.Risk)},
			cell{text: document.Number(v.Hosts)}, cell{text: document.Number(v.Count)})
	}
	w.more(all - len(list))
}

func (w *writer) severity(s harrier.Severity) func(x, y float64) {
	return func(x, y float64) { w.chip(s, document.SeverityTitles[min(s, harrier.Critical)], x, y) }
}

// counts draws a chip for each severity that occurs.
func (w *writer) counts(c harrier.Counts) func(x, y float64) {
	return func(x, y float64) {
		some := false
		for sev := harrier.Critical; sev > harrier.Info; sev-- {
			if c[sev] > 0 {
				text, _ := shown(document.Number(c[sev]))
				x += w.chip(sev, text, x, y) + 0.9
				some = true
			}
		}
		if !some {
			w.put(regular, 8, soft, x, y, "none")
		}
	}
}

func (w *writer) hosts(list []document.Host, all int) {
	if len(list) == 0 {
		w.para(regular, 9.5, ink, left, right-left, "None.", 1)
		return
	}
	linked := w.shows(harrier.ChapterByHost)
	t := w.table(column{"Host", 54, false}, column{"System", 46, false}, column{"Findings", 38, false}, column{"Risk", 15, true}, column{"Looked at", 21, true})
	for _, h := range list {
		looked := "–"
		if h.Looked.Planned > 0 {
			looked = document.Share(h.Looked.Clean+h.Looked.Vulnerable, h.Looked.Planned)
		}
		host := cell{text: h.Title, soft: strings.Trim(h.Address+"  "+h.Names, " ")}
		if linked && len(list) <= maxBookmarks {
			host.links = func(x, y, width float64) { w.pdf.Link(x, y, width, 4, w.link(h.Anchor)) }
		}
		t.row(host, cell{text: h.OS, most: 2}, cell{draw: w.counts(h.Counts)}, cell{text: document.Score(h.Risk)}, cell{text: looked})
	}
	w.more(all - len(list))
}

func (w *writer) remedies() {
	d := w.d
	if len(d.Remedies) == 0 {
		w.para(regular, 9.5, ink, left, right-left, "Nothing has to be done.", 1)
		return
	}
	list := d.Remedies
	if !w.shows(harrier.ChapterByHost) && !w.shows(harrier.ChapterByPlugin) {
		list = list[:min(len(list), topRemedies)]
	}
	all := d.Counts.Total() - d.Counts[harrier.Info]
	t := w.table(column{"", 5, false}, column{"Remedy", 107, false}, column{"Ends", 30, true}, column{"Hosts", 15, true}, column{"Risk", 17, true})
	for _, m := range list {
		dot := func(x, y float64) {
			c := color(document.Colors[m.Worst])
			w.pdf.SetFillColor(c[0], c[1], c[2])
			w.pdf.Circle(x+1.3, y-1.2, 1.2, "F")
		}
		t.row(cell{draw: dot}, cell{text: m.Text, most: 4}, cell{text: document.Plural(m.Count, "finding", "findings"), soft: document.Share(m.Count, all)},
			cell{text: document.Number(m.Hosts)}, cell{text: document.Score(m.Risk)})
	}
	w.more(len(d.Remedies) - len(list))
	w.para(regular, 8, soft, left, right-left, "The risk of a remedy is the sum over the findings that it ends.", 1)
}

func (w *writer) host(h format.Host, line document.Host, n int) {
	w.need(30)
	w.y += 3
	w.line(rule, w.y, 0.3)
	w.y += 1.5
	w.here(line.Anchor)
	if n < maxBookmarks {
		w.pdf.SetFont(w.names[bold], "", 11)
		name, _ := shown(line.Title)
		w.pdf.Bookmark(name, 1, w.y)
	}
	title := fit(bold, 11, 110, line.Title)
	w.put(bold, 11, ink, left, w.y+4.5, title)
	if line.Findings() > 0 {
		w.counts(line.Counts)(left+bold.width(title, 11*point)+3, w.y+4.3)
	}
	w.y += 7
	facts := []string{}
	for _, s := range []string{line.Address, line.Names, line.OS, document.Line(h.DeviceType, 60), document.Line(h.MAC, 40), "risk " + document.Score(line.Risk)} {
		if s != "" {
			facts = append(facts, s)
		}
	}
	if line.Looked.Planned > 0 {
		facts = append(facts, document.Share(line.Looked.Clean+line.Looked.Vulnerable, line.Looked.Planned)+" of the planned checks were made")
	}
	w.para(regular, 8, soft, left, right-left, strings.Join(facts, "  ·  "), 3)
	w.y++
	if line.Note != "" {
		w.caution("This host was not looked at to the end: " + line.Note + ".")
	}
	w.services(format.OpenServices(h))
	var quiet []format.Result
	for _, r := range h.Ranked() {
		if w.detail++; r.Severity == harrier.Info {
			quiet = append(quiet, r)
		} else {
			w.finding(r, evidenceLines)
		}
	}
	if line.Findings() == 0 {
		w.para(regular, 9, ink, left, right-left, "Nothing was found to be wrong.", 1)
	}
	if len(quiet) > 0 {
		w.need(14)
		w.y += 1.5
		w.put(bold, 8, soft, left, w.y+2.5, "Facts")
		w.y += 4.5
		for _, r := range quiet {
			w.finding(r, 6)
		}
	}
}

// services writes what listens on a host, in two columns.
func (w *writer) services(list []harrier.Service) {
	const half = (right - left) / 2
	for i := 0; i < len(list); i += 2 {
		w.need(4.2)
		for k, s := range list[i:min(i+2, len(list))] {
			x := left + float64(k)*half
			name := document.Line(s.Name, 30)
			if s.TLS {
				name += " (TLS)"
			}
			w.put(mono, 7.5, soft, x, w.y+3, s.Endpoint.String())
			w.put(regular, 8, ink, x+20, w.y+3, fit(regular, 8, half-22, strings.TrimSpace(name+"  "+document.Line(s.Product+" "+s.Version, 80))))
		}
		w.y += 4
	}
	w.y++
}

func (w *writer) finding(r format.Result, most int) {
	v := w.s.Lookup(r.Vulnerability)
	w.need(10)
	sev := min(r.Severity, harrier.Critical)
	page, from := w.pdf.PageNo(), w.y
	x := left + 3.0
	base := w.y + 3.4
	x += w.chip(sev, document.SeverityTitles[sev], x, base) + 2
	at := document.At(r)
	room := right - x - regular.width(at, 8*point) - 3
	name := fit(regular, 9.5, room, document.Line(v.Name, 300))
	w.put(regular, 9.5, ink, x, base, name)
	if w.shows(harrier.ChapterDefinitions) || w.shows(harrier.ChapterByPlugin) {
		w.pdf.Link(x, base-3, regular.width(name, 9.5*point), 4, w.link(anchor(v.ID)))
	}
	w.putRight(regular, 8, soft, right, base, at)
	w.y += 5
	var notes []string
	if v.Exploited {
		notes = append(notes, "known to be exploited")
	}
	if sev > harrier.Info && r.Certainty != harrier.Certain {
		notes = append(notes, "potential: by what the service says of itself")
	}
	if !r.Since.IsZero() {
		notes = append(notes, "first seen "+r.Since.UTC().Format(time.DateOnly))
	}
	if len(notes) > 0 {
		w.para(regular, 7.5, soft, left+3, right-left-3, strings.Join(notes, ", "), 1)
	}
	if text, cut := document.Evidence(r.Evidence, maxEvidence); w.evidence && text != "" {
		if w.para(mono, 7.2, ink, left+3, right-left-3, dense(text), most) || cut > 0 {
			w.para(regular, 7.2, soft, left+3, right-left-3, "… the rest is in the HTML report and in the raw exports.", 1)
		}
	}
	if page == w.pdf.PageNo() {
		w.box(color(document.Colors[sev]), left, from+0.4, 0.7, w.y-from-0.4)
	}
	w.y += 1.6
}

// dense is a text without its empty lines: paper is short.
func dense(s string) string {
	if !strings.Contains(s, "\n\n") {
		return s
	}
	lines := strings.Split(s, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" }), "\n")
}

func anchor(id harrier.VulnID) string { return fmt.Sprintf("v%d", id) }

func (w *writer) definition(v *document.Vuln, places bool) {
	w.need(24)
	w.y += 2
	w.line(rule, w.y, 0.3)
	w.y += 1.5
	w.here(anchor(v.ID))
	wide := w.chip(v.Shown, document.SeverityTitles[v.Shown], left, w.y+4.4)
	w.put(bold, 10.5, ink, left+wide+2.5, w.y+4.5, fit(bold, 10.5, right-left-wide-3, document.Line(v.Name, 300)))
	w.y += 7
	facts := []string{fmt.Sprint(v.ID), document.Line(v.Family, 60), document.Plural(v.Count, "finding", "findings") + " on " + document.Plural(v.Hosts, "host", "hosts")}
	if v.CVSS4Score > 0 {
		facts = append(facts, fmt.Sprintf("CVSS 4 %.1f", v.CVSS4Score))
	}
	if v.CVSS3Score > 0 {
		facts = append(facts, fmt.Sprintf("CVSS 3 %.1f", v.CVSS3Score))
	}
	if v.CVSS2Score > 0 {
		facts = append(facts, fmt.Sprintf("CVSS 2 %.1f", v.CVSS2Score))
	}
	if v.EPSS > 0 {
		facts = append(facts, fmt.Sprintf("EPSS %.1f %%", 100*v.EPSS))
	}
	if v.Exploited {
		facts = append(facts, "known to be exploited")
	}
	w.para(regular, 8, soft, left, right-left, strings.Join(facts, "  ·  "), 3)
	if v.Synopsis != "" {
		w.para(bold, 9, ink, left, right-left, document.Line(v.Synopsis, 400), 4)
	}
	if text, _ := document.Evidence(v.Description, 8<<10); text != "" && text != v.Synopsis {
		w.para(regular, 9, ink, left, right-left, text, proseLines)
	}
	if v.Solution != "" {
		text, _ := document.Evidence(v.Solution, 4<<10)
		w.y++
		w.para(regular, 9, accent, left, right-left, "What to do: "+text, proseLines)
	}
	refs := append(append([]string{}, v.CVEs[:min(len(v.CVEs), maxReferences)]...), v.References[:min(len(v.References), maxReferences)]...)
	for i := range refs {
		refs[i] = document.Line(refs[i], 200)
	}
	if len(refs) > 0 {
		w.y++
		w.para(regular, 7.5, soft, left, right-left, strings.Join(refs, "   "), 10)
	}
	if places {
		var some []string
		for _, p := range v.Some {
			some = append(some, strings.TrimSpace(p.Host+" "+p.At))
		}
		text := strings.Join(some, ", ")
		if n := v.Count - len(v.Some); n > 0 {
			text += " and " + document.Number(n) + " more"
		}
		w.y++
		w.para(regular, 8.5, ink, left, right-left, text, 30)
	}
	w.y += 1.5
}

func (w *writer) coverage() {
	d := w.d
	if c := d.Caution(); c != "" {
		w.caution(c)
	} else {
		w.para(regular, 9.5, ink, left, right-left, "Everything that was planned was looked at.", 1)
	}
	if l := d.Looked; l.Planned > 0 {
		t := w.table(column{"Planned checks", 54, false}, column{"Not there", 30, true}, column{"There", 30, true}, column{"Skipped", 30, true}, column{"Failed", 30, true})
		t.row(cell{text: document.Number(l.Planned)}, cell{text: document.Number(l.Clean)}, cell{text: document.Number(l.Vulnerable)}, cell{text: document.Number(l.Skipped)}, cell{text: document.Number(l.Failed)})
	}
	if len(d.Reasons) > 0 {
		w.subheading("Checks that were not made or could not tell")
		t := w.table(column{"Why", 124, false}, column{"", 25, false}, column{"Checks", 25, true})
		for _, r := range d.Reasons[:min(len(d.Reasons), maxReasons)] {
			t.row(cell{text: r.Text, most: 2}, cell{text: r.Outcome.String()}, cell{text: document.Number(r.Count)})
		}
		w.more(len(d.Reasons) - maxReasons)
	}
	if d.Partial > 0 {
		w.subheading("Hosts that were not looked at to the end")
		t, n := w.table(column{"Host", 64, false}, column{"Why", 110, false}), 0
		for _, h := range d.Hosts {
			if h.Note == "" {
				continue
			}
			if n++; n <= maxDead {
				t.row(cell{text: h.Title}, cell{text: h.Note, most: 2})
			}
		}
		w.more(n - maxDead)
	}
	if len(d.Dead) > 0 {
		w.subheading("Targets without an answer")
		t := w.table(column{"Target", 74, false}, column{"Why", 75, false}, column{"Addresses", 25, true})
		for _, s := range d.Dead[:min(len(d.Dead), maxDead)] {
			t.row(cell{text: document.Line(s.Target.String(), 120)}, cell{text: document.Line(s.Reason, 160), most: 2}, cell{text: document.Number(s.Count)})
		}
		w.more(len(d.Dead) - maxDead)
	}
}
