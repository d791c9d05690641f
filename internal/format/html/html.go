// Package html writes documents for people as one page that needs nothing else:
// no scripts, no pictures from elsewhere, charts drawn within. It follows the
// reader's choice of light or dark, and prints in black on white.
//
// All text goes through html/template, which escapes it by its place; what is
// not seen but acts on its surroundings is made visible before (document.Text).
package html

import (
	"bufio"
	"context"
	_ "embed"
	"html/template"
	"io"
	"iter"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/document"
)

// Format is the html format. Its options:
//
//	template  one of harrier.Templates
//	chapters  what is in the page instead, see document.Chapters
//	evidence  "no" leaves the texts that the targets sent out
//
// Write answers Invalid for a template or a chapter that there is not.
var Format = format.Format{Name: "html", Title: "HTML", Extension: "html", MIME: "text/html; charset=utf-8", Twice: true, Write: write}

// maxEvidence is how many bytes of one evidence are shown.
const maxEvidence = 16 << 10

// How long the lists of an overview are; those of other chapters are whole.
const (
	topVulns    = 15
	topHosts    = 15
	topRemedies = 10
	maxReasons  = 40
	maxDead     = 200
)

//go:embed style.css
var style string

//go:embed page.html
var page string

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"num": document.Number, "score": document.Score, "share": document.Share, "time": document.Time, "sev": func(s harrier.Severity) string { return s.String() },
	"title":  func(s harrier.Severity) string { return document.SeverityTitles[min(s, harrier.Critical)] },
	"line":   func(s string) string { return document.Line(s, 400) },
	"text":   document.Text,
	"plural": document.Plural,
	"link":   link,
	"bar":    bar,
	"chips":  chips,
	"made":   func(t harrier.Totals) int { return t.Clean + t.Vulnerable },
}).Parse(page))

type writer struct {
	out      *bufio.Writer
	s        format.Scan
	d        *document.Digest
	chapters []string
	evidence bool
	err      error
}

func write(ctx context.Context, to io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
	chapters, err := document.Chapters(s)
	if err != nil {
		return err
	}
	d, err := document.Read(ctx, s, hosts)
	if err != nil {
		return err
	}
	w := &writer{out: bufio.NewWriterSize(to, 64<<10), s: s, d: d, chapters: chapters, evidence: s.Options["evidence"] != "no"}
	w.run("head", map[string]any{
		"Title": document.Line(d.Title, 200), "Head": d.Head(s), "Chapters": w.contents(), "Style": template.CSS(style), //nolint:gosec // our own file
		"Version": s.Version,
	})
	for _, c := range chapters {
		if err := w.chapter(ctx, c, hosts); err != nil {
			return err
		}
	}
	w.run("foot", s.Version)
	if w.err != nil {
		return w.err
	}
	return w.out.Flush()
}

// run writes a part of the page, unless one could not be written before.
func (w *writer) run(name string, with any) {
	if w.err == nil {
		w.err = pages.ExecuteTemplate(w.out, name, with)
	}
}

type chapterLink struct{ Anchor, Title string }

func (w *writer) contents() []chapterLink {
	var out []chapterLink
	for _, c := range w.chapters {
		if w.has(c) {
			out = append(out, chapterLink{c, document.Headings[c]})
		}
	}
	return out
}

// has reports whether there is anything to say in a chapter.
func (w *writer) has(chapter string) bool {
	return chapter != harrier.ChapterTrend || len(w.d.Trend) > 1
}

func (w *writer) chapter(ctx context.Context, c string, hosts iter.Seq2[format.Host, error]) error {
	if !w.has(c) {
		return nil
	}
	w.run("chapter", chapterLink{c, document.Headings[c]})
	d := w.d
	switch c {
	case harrier.ChapterSummary:
		w.run("summary", w.summary())
	case harrier.ChapterTrend:
		w.run("trend", template.HTML(document.Stack(d.Trend))) //nolint:gosec // made of numbers and dates
	case harrier.ChapterTop:
		w.run("vulns", map[string]any{"List": d.Grave(topVulns), "More": len(d.Grave(0)) - topVulns, "Risk": d.Risk})
		w.run("hosts", map[string]any{"List": d.Top(topHosts), "More": len(d.Hosts) - topHosts, "Title": "Hosts with the highest risk", "Link": w.shows(harrier.ChapterByHost)})
	case harrier.ChapterRemedies:
		list := d.Remedies
		if !w.shows(harrier.ChapterByHost) && !w.shows(harrier.ChapterByPlugin) {
			list = list[:min(len(list), topRemedies)]
		}
		w.run("remedies", map[string]any{"List": list, "More": len(d.Remedies) - len(list), "All": d.Counts.Total() - d.Counts[harrier.Info]})
	case harrier.ChapterHostSummary:
		w.run("hosts", map[string]any{"List": d.Hosts, "More": 0, "Title": "", "Link": w.shows(harrier.ChapterByHost)})
	case harrier.ChapterByHost:
		if err := w.byHost(ctx, hosts); err != nil {
			return err
		}
	case harrier.ChapterByPlugin, harrier.ChapterDefinitions:
		for _, v := range d.Vulns {
			w.run("definition", w.definition(v, c == harrier.ChapterByPlugin))
		}
	case harrier.ChapterCompliance:
		w.run("sentence", document.NothingAudited)
	case harrier.ChapterCoverage:
		w.run("coverage", w.coverage())
	}
	w.run("end", nil)
	return w.err
}

func (w *writer) shows(chapter string) bool {
	for _, c := range w.chapters {
		if c == chapter {
			return true
		}
	}
	return false
}

func (w *writer) byHost(ctx context.Context, hosts iter.Seq2[format.Host, error]) error {
	n := 0
	explained := w.shows(harrier.ChapterDefinitions) || w.shows(harrier.ChapterByPlugin)
	for h, err := range hosts {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if n >= len(w.d.Hosts) { // one that came meanwhile
			break
		}
		w.run("host", w.host(h, w.d.Hosts[n], explained))
		if n++; w.err != nil {
			return w.err
		}
	}
	return nil
}
