// Package pdf writes documents for people as PDF files.
//
// The library holds the whole file until its end, so that memory grows with it:
// the file shows at most maxDetail results in detail and says when there are
// more. Evidence is cut to a few lines; the raw exports have all of it.
//
// Source: ISO 32000 through codeberg.org/go-pdf/fpdf.
package pdf

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/format/document"
)

// Format is the pdf format. Its options are those of html.
//
// Write answers Invalid for a template or a chapter that there is not.
var Format = format.Format{Name: "pdf", Title: "PDF", Extension: "pdf", MIME: "application/pdf", Twice: true, Write: write}

// Bounds of a file.
const (
	maxDetail     = 60_000 // results that are shown with their evidence
	maxEvidence   = 2 << 10
	evidenceLines = 14
	proseLines    = 40
	maxRows       = 20_000 // of a list of hosts
	maxReferences = 12
	maxBookmarks  = 2000
	topVulns      = 15
	topHosts      = 15
	topRemedies   = 10
	maxReasons    = 40
	maxDead       = 120
)

type writer struct {
	*sheet
	s        format.Scan
	d        *document.Digest
	chapters []string
	evidence bool
	detail   int            // results shown
	links    map[string]int // of hosts and definitions
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
	title := document.Line(d.Title, 200)
	w := &writer{
		sheet: newSheet(title, "Harrier "+s.Version, fit(regular, 7.5, 140, "Harrier  ·  "+title)), s: s, d: d, chapters: chapters,
		evidence: s.Options["evidence"] != "no", links: map[string]int{},
	}
	made := s.Made
	if made.IsZero() {
		made = s.Scan.Ended
	}
	w.pdf.SetCreationDate(made.UTC())
	w.pdf.SetModificationDate(made.UTC())
	w.head(title)
	for _, c := range chapters {
		if err := w.chapter(ctx, c, hosts); err != nil {
			return err
		}
		if err := w.pdf.Error(); err != nil {
			return fmt.Errorf("pdf: %w", err)
		}
	}
	if w.lost {
		w.y += 4
		w.para(regular, 7.5, soft, left, right-left, "The fonts of this file have Latin, Greek and Cyrillic letters; \uFFFD stands for any other character. The HTML report shows them all.", 3)
	}
	if err := w.pdf.Output(to); err != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	return nil
}

// head is the top of the first page.
func (w *writer) head(title string) {
	w.put(regular, 8, soft, left, w.y, "H A R R I E R")
	w.y += 3
	w.para(bold, 22, accent, left, right-left, title, 4)
	w.y += 3
	head := w.d.Head(w.s)
	const half = (right - left) / 2
	for i := 0; i < len(head); i += 2 {
		tall := 0.0
		w.need(20)
		from := w.y
		for k, pair := range head[i:min(i+2, len(head))] {
			w.y = from
			x := left + float64(k)*half
			w.put(regular, 7.5, soft, x, w.y+2.5, pair[0])
			w.y += 3.2
			w.para(regular, 9.5, ink, x, half-6, document.Line(pair[1], 300), 3)
			tall = max(tall, w.y-from)
		}
		w.y = from + tall + 1.5
	}
	w.y += 2
}

// link is the place of an anchor, which may come later.
func (w *writer) link(anchor string) int {
	n, ok := w.links[anchor]
	if !ok {
		n = w.pdf.AddLink()
		w.links[anchor] = n
	}
	return n
}

// here is where an anchor points to.
func (w *writer) here(anchor string) { w.pdf.SetLink(w.link(anchor), w.y, -1) }

func (w *writer) shows(chapter string) bool {
	for _, c := range w.chapters {
		if c == chapter {
			return true
		}
	}
	return false
}

func (w *writer) chapter(ctx context.Context, c string, hosts iter.Seq2[format.Host, error]) error {
	d := w.d
	if c == harrier.ChapterTrend && len(d.Trend) < 2 {
		return nil
	}
	w.heading(document.Headings[c])
	switch c {
	case harrier.ChapterSummary:
		w.summary()
	case harrier.ChapterTrend:
		w.trend()
	case harrier.ChapterTop:
		w.subheading("Vulnerabilities")
		w.vulns(d.Grave(topVulns), len(d.Grave(0)))
		w.subheading("Hosts with the highest risk")
		w.hosts(d.Top(topHosts), len(d.Hosts))
	case harrier.ChapterRemedies:
		w.remedies()
	case harrier.ChapterHostSummary:
		w.hosts(d.Hosts[:min(len(d.Hosts), maxRows)], len(d.Hosts))
	case harrier.ChapterByHost:
		return w.byHost(ctx, hosts)
	case harrier.ChapterByPlugin, harrier.ChapterDefinitions:
		for _, v := range d.Vulns {
			w.definition(v, c == harrier.ChapterByPlugin)
		}
	case harrier.ChapterCompliance:
		w.para(regular, 9.5, ink, left, right-left, document.NothingAudited, 3)
	case harrier.ChapterCoverage:
		w.coverage()
	}
	return nil
}

func (w *writer) byHost(ctx context.Context, hosts iter.Seq2[format.Host, error]) error {
	n := 0
	for h, err := range hosts {
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if n >= len(w.d.Hosts) { // one that came meanwhile
			break
		}
		if w.detail >= maxDetail {
			w.caution(fmt.Sprintf("A PDF file shows at most %s results in detail. The other %s are in the list of hosts, in the HTML report and in the raw exports.",
				document.Number(maxDetail), document.Plural(len(w.d.Hosts)-n, "host", "hosts")))
			break
		}
		w.host(h, w.d.Hosts[n], n)
		n++
	}
	return nil
}
