package pdf

import (
	"math"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format/document"
)

// summary is the chapter of numbers: a verdict, a ring, bars and tiles.
func (w *writer) summary() {
	d := w.d
	w.para(regular, 11, ink, left, right-left, d.Verdict(), 6)
	w.y += 4
	w.need(48)
	w.donut(left+20, w.y+20, 19, 11.5)
	w.bars(left+50, w.y, right-left-50)
	w.y += 44
	w.tiles()
	if c := d.Caution(); c != "" {
		w.caution(c)
	}
}

func (w *writer) donut(x, y, outer, inner float64) {
	counts := w.d.Counts
	counts[harrier.Info] = 0
	slices := document.Slices(counts)
	if len(slices) == 0 {
		slices = []document.Slice{{Severity: harrier.Severities, From: 0, To: 1}}
	}
	for _, s := range slices {
		c := rule
		if s.Severity < harrier.Severities {
			c = color(document.Colors[s.Severity])
		}
		w.pdf.SetFillColor(c[0], c[1], c[2])
		steps := max(2, int(120*(s.To-s.From)))
		var edge []fpdf.PointType
		for i := range steps + 1 {
			edge = append(edge, around(x, y, outer, s.From+(s.To-s.From)*float64(i)/float64(steps)))
		}
		for i := steps; i >= 0; i-- {
			edge = append(edge, around(x, y, inner, s.From+(s.To-s.From)*float64(i)/float64(steps)))
		}
		w.pdf.Polygon(edge, "F")
	}
	n := document.Number(counts.Total())
	n, _ = shown(n)
	w.put(bold, 15, ink, x-bold.width(n, 15*point)/2, y+1, n)
	w.put(regular, 7.5, soft, x-regular.width("findings", 7.5*point)/2, y+5, "findings")
}

func around(x, y, r, turn float64) fpdf.PointType {
	return fpdf.PointType{X: x + r*math.Sin(2*math.Pi*turn), Y: y - r*math.Cos(2*math.Pi*turn)}
}

func (w *writer) bars(x, y, width float64) {
	d, longest := w.d, 1
	for _, n := range d.Counts[harrier.Low:] {
		longest = max(longest, n)
	}
	w.putRight(regular, 7.5, soft, x+34, y+3, "Findings")
	w.putRight(regular, 7.5, soft, x+width, y+3, "Hosts with this as the worst")
	room := width - 37 - 16
	for i := range harrier.Severities {
		sev := harrier.Critical - harrier.Severity(i)
		base := y + 10 + float64(i)*7
		c := color(document.Colors[sev])
		w.pdf.SetFillColor(c[0], c[1], c[2])
		w.pdf.Circle(x+1.4, base-1.3, 1.4, "F")
		w.put(regular, 9.5, ink, x+5, base, document.SeverityTitles[sev])
		w.putRight(regular, 9.5, ink, x+34, base, document.Number(d.Counts[sev]))
		if n := d.Counts[sev]; n > 0 && sev > harrier.Info {
			w.box(c, x+37, base-3, max(0.4, room*float64(n)/float64(longest)), 3.6)
		}
		w.putRight(regular, 9.5, ink, x+width, base, document.Number(d.Worst[sev]))
	}
}

func (w *writer) tiles() {
	d := w.d
	list := [][2]string{
		{document.Number(len(d.Hosts)), "hosts"}, {document.Score(d.Risk), "highest risk, of 1 000"}, {document.Number(d.Known), "findings known to be exploited"},
	}
	if d.Looked.Planned > 0 {
		list = append(list, [2]string{document.Share(d.Looked.Clean+d.Looked.Vulnerable, d.Looked.Planned), "of the planned checks were made"})
	}
	if d.Missing > 0 {
		list = append(list, [2]string{document.Number(d.Missing), "addresses without an answer"})
	}
	const gap = 3.0
	width := (right - left - gap*float64(len(list)-1)) / float64(len(list))
	w.need(20)
	for i, tile := range list {
		x := left + float64(i)*(width+gap)
		w.pdf.SetFillColor(panel[0], panel[1], panel[2])
		w.pdf.RoundedRect(x, w.y, width, 17, 1.2, "1234", "F")
		w.put(bold, 13, ink, x+3, w.y+6.5, tile[0])
		words, _ := regular.wrap(tile[1], 7.5*point, width-5, 2)
		for k, l := range words {
			w.put(regular, 7.5, soft, x+3, w.y+11+3.3*float64(k), l)
		}
	}
	w.y += 21
}

// trend draws open findings over time as stacked bars.
func (w *writer) trend() {
	const tall, edge = 42.0, 12.0
	w.para(regular, 8, soft, left, right-left, "Open findings of severity low and above.", 1)
	w.need(tall + 12)
	t := document.Trend(w.d.Trend)
	high, base := t.Top(), w.y+3+tall
	for i := range 3 {
		y := w.y + 3 + tall*float64(i)/2
		w.box(rule, left+edge, y, right-left-edge, 0.15)
		w.putRight(regular, 7, soft, left+edge-2, y+1, document.Number(high*(2-i)/2))
	}
	step := (right - left - edge) / float64(len(t))
	every := (len(t) + 7) / 8
	for i, m := range t {
		x, y := left+edge+step*(float64(i)+0.5), base
		width := min(step*0.7, 12)
		for sev := harrier.Critical; sev > harrier.Info; sev-- {
			h := tall * float64(m.Counts[sev]) / float64(high)
			if y -= h; h > 0 {
				w.box(color(document.Colors[sev]), x-width/2, y, width, h)
			}
		}
		if i%every == 0 {
			day := m.At.UTC().Format("2 Jan")
			w.put(regular, 7, soft, x-regular.width(day, 7*point)/2, base+4, day)
		}
	}
	w.y = base + 7
	w.legend()
}

func (w *writer) legend() {
	x := left + 12.0
	for sev := harrier.Critical; sev > harrier.Info; sev-- {
		c := color(document.Colors[sev])
		w.pdf.SetFillColor(c[0], c[1], c[2])
		w.pdf.Circle(x+1.2, w.y+1.2, 1.2, "F")
		name := strings.ToLower(document.SeverityTitles[sev])
		w.put(regular, 7.5, soft, x+3.6, w.y+2.2, name)
		x += regular.width(name, 7.5*point) + 9
	}
	w.y += 5
}
