package pdf

import (
	"codeberg.org/go-pdf/fpdf"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format/document"
)

// The page, in millimetres.
const (
	pageWidth, pageHeight = 210.0, 297.0
	left, right           = 18.0, pageWidth - 18
	top, bottom           = 20.0, pageHeight - 20
	inch                  = 25.4
	point                 = inch / 72
)

type color [3]int

var (
	ink    = color{29, 36, 48}
	soft   = color{93, 104, 120}
	accent = color{36, 66, 95}
	rule   = color{223, 227, 233}
	panel  = color{245, 247, 249}
	white  = color{255, 255, 255}
	warn   = color(document.Colors[harrier.Medium])
)

// sheet is paper with a place where writing goes on: y is the upper edge of
// what comes next.
type sheet struct {
	pdf   *fpdf.Fpdf
	y     float64
	lost  bool // a character was not in the fonts
	names [faces]string
}

func newSheet(title, author string, footer string) *sheet {
	p := fpdf.New("P", "mm", "A4", "")
	s := &sheet{pdf: p, y: top, names: [faces]string{"r", "b", "m"}}
	for f, data := range fontFiles {
		p.AddUTF8FontFromBytes(s.names[f], "", data)
	}
	p.SetMargins(left, top, pageWidth-right)
	p.SetAutoPageBreak(false, 0)
	p.SetCatalogSort(true)
	p.SetTitle(title, true)
	p.SetCreator(author, true)
	p.SetProducer(author, true)
	p.SetLang("en")
	p.SetDisplayMode("fullpage", "continuous")
	p.AliasNbPages("{all}")
	p.SetFooterFunc(func() {
		s.put(regular, 7.5, soft, left, pageHeight-10, footer)
		number := document.Number(p.PageNo()) + " / {all}"
		s.put(regular, 7.5, soft, right-12, pageHeight-10, number)
	})
	s.page()
	return s
}

// page begins a new page.
func (s *sheet) page() {
	s.pdf.AddPage()
	s.y = top
}

// need begins a new page unless so many millimetres are left on this one.
func (s *sheet) need(h float64) bool {
	if s.y+h <= bottom {
		return false
	}
	s.page()
	return true
}

// put writes a line whose base line is at y.
func (s *sheet) put(f face, size float64, c color, x, y float64, text string) {
	if text == "" {
		return
	}
	text, lost := shown(text)
	s.lost = s.lost || lost
	s.pdf.SetFont(s.names[f], "", size)
	s.pdf.SetTextColor(c[0], c[1], c[2])
	s.pdf.Text(x, y, text)
}

// putRight is put with the end of the line at x.
func (s *sheet) putRight(f face, size float64, c color, x, y float64, text string) {
	text, _ = shown(text)
	s.put(f, size, c, x-f.width(text, size*point), y, text)
}

// fit is a text cut to a width, with three dots when something is missing.
func fit(f face, size, width float64, text string) string {
	text, _ = shown(text)
	if f.width(text, size*point) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && f.width(string(runes), size*point)+f.width("…", size*point) > width {
		runes = runes[:len(runes)-1-len(runes)/16]
	}
	return string(runes) + "…"
}

// lead is the height of a line.
func lead(size float64) float64 { return size * point * 1.42 }

// lines writes lines one below the other, over page ends.
func (s *sheet) lines(f face, size float64, c color, x float64, list []string) {
	for _, l := range list {
		s.need(lead(size))
		s.put(f, size, c, x, s.y+lead(size)*0.75, l)
		s.y += lead(size)
	}
}

// para writes a text of at most limit lines and says whether it was longer.
func (s *sheet) para(f face, size float64, c color, x, width float64, text string, limit int) bool {
	text, lost := shown(text)
	s.lost = s.lost || lost
	list, more := f.wrap(text, size*point, width, limit)
	s.lines(f, size, c, x, list)
	return more
}

// box fills a rectangle.
func (s *sheet) box(c color, x, y, w, h float64) {
	s.pdf.SetFillColor(c[0], c[1], c[2])
	s.pdf.Rect(x, y, w, h, "F")
}

// line draws a level line at y.
func (s *sheet) line(c color, y, width float64) {
	s.box(c, left, y-width/2, right-left, width)
}

// chip draws a severity's name, or a number on its color, with the left edge at
// x and around the base line y, and returns its width.
func (s *sheet) chip(sev harrier.Severity, text string, x, y float64) float64 {
	const size = 7.0
	w := max(bold.width(text, size*point)+2.6, 5)
	c := color(document.Colors[min(sev, harrier.Critical)])
	s.pdf.SetFillColor(c[0], c[1], c[2])
	s.pdf.RoundedRect(x, y-2.85, w, 3.9, 0.7, "1234", "F")
	on := white
	if sev == harrier.Medium {
		on = color{51, 36, 10}
	}
	s.put(bold, size, on, x+(w-bold.width(text, size*point))/2, y, text)
	return w
}

// heading begins a chapter.
func (s *sheet) heading(text string) {
	if s.y > top {
		s.y += 5
	}
	s.need(45)
	s.pdf.SetFont(s.names[bold], "", 14)
	s.pdf.Bookmark(text, 0, s.y)
	s.put(bold, 14, accent, left, s.y+6, text)
	s.line(rule, s.y+9, 0.5)
	s.y += 13
}

// subheading begins a part of a chapter.
func (s *sheet) subheading(text string) {
	s.need(25)
	s.y += 3
	s.put(bold, 10.5, ink, left, s.y+4, text)
	s.y += 7
}

// caution writes a text that warns.
func (s *sheet) caution(text string) {
	text, _ = shown(text)
	list, _ := regular.wrap(text, 9.5*point, right-left-8, 12)
	h := float64(len(list))*lead(9.5) + 3
	s.need(h + 2)
	s.box(panel, left, s.y, right-left, h)
	s.box(warn, left, s.y, 1.1, h)
	s.y += 1.5
	s.lines(regular, 9.5, ink, left+4, list)
	s.y += 4
}

// column is one of a table.
type column struct {
	title string
	width float64
	right bool
}

// table is a list with titles, which stand on each page anew.
type table struct {
	*sheet
	columns []column
}

func (s *sheet) table(columns ...column) *table {
	t := &table{s, columns}
	t.need(18)
	t.titles()
	return t
}

func (t *table) titles() {
	x := left
	for _, c := range t.columns {
		if c.right {
			t.putRight(regular, 7.5, soft, x+c.width-1, t.y+3, c.title)
		} else {
			t.put(regular, 7.5, soft, x, t.y+3, c.title)
		}
		x += c.width
	}
	t.y += 4.5
}

// cell is what stands in a row: lines of text, or a drawing of one line.
type cell struct {
	text  string
	soft  string // below it, small
	bold  bool
	most  int                   // lines; 0 is 1
	draw  func(x, y float64)    // instead of text, at a base line
	links func(x, y, w float64) // laid over the first line
}

// row writes a row; it is not parted by the end of a page.
func (t *table) row(cells ...cell) {
	const size, small = 9.0, 7.5
	all, h := make([][]string, len(cells)), lead(size)
	for i, c := range cells {
		text, lost := shown(c.text)
		t.lost = t.lost || lost
		f := regular
		if c.bold {
			f = bold
		}
		var more bool
		all[i], more = f.wrap(text, size*point, t.columns[i].width-2, max(c.most, 1))
		if n := len(all[i]); more && n > 0 {
			all[i][n-1] = fit(f, size, t.columns[i].width-2, all[i][n-1]+" …")
		}
		tall := float64(max(len(all[i]), 1)) * lead(size)
		if c.soft != "" {
			tall += lead(small)
		}
		h = max(h, tall)
	}
	if t.need(h + 2.2) {
		t.titles()
	}
	t.line(rule, t.y, 0.15)
	x := left
	for i, c := range cells {
		col, y := t.columns[i], t.y+1+lead(size)*0.75
		if c.draw != nil {
			c.draw(x, y)
		}
		f := regular
		if c.bold {
			f = bold
		}
		if c.links != nil {
			c.links(x, y-3, col.width-2)
		}
		for _, l := range all[i] {
			if col.right {
				t.putRight(f, size, ink, x+col.width-1, y, l)
			} else {
				t.put(f, size, ink, x, y, l)
			}
			y += lead(size)
		}
		if c.soft != "" {
			text := fit(regular, small, col.width-2, c.soft)
			if y -= 0.4; col.right {
				t.putRight(regular, small, soft, x+col.width-1, y, text)
			} else {
				t.put(regular, small, soft, x, y, text)
			}
		}
		x += col.width
	}
	t.y += h + 2.2
}
