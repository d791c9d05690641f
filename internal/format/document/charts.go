package document

import (
	"fmt"
	"math"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// SeverityTitles are the names of the severities for people.
var SeverityTitles = [harrier.Severities]string{"Info", "Low", "Medium", "High", "Critical"}

// Colors are those of the severities, as red, green and blue: they can be told
// apart also by people who do not see red and green, and in grey.
var Colors = [harrier.Severities][3]int{{138, 148, 160}, {62, 124, 177}, {222, 160, 38}, {207, 84, 38}, {124, 22, 58}}

// Hex is a color of Colors in CSS.
func Hex(s harrier.Severity) string {
	c := Colors[min(s, harrier.Critical)]
	return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2])
}

// Trend is how many findings were open, oldest first.
type Trend []format.Moment

// Slice is a part of a donut, from one angle to another, in turns from the top,
// clockwise.
type Slice struct {
	Severity harrier.Severity
	From, To float64
}

// Slices cuts a donut: the gravest first, nothing for what does not occur. A
// part that is there can be seen: it has at least a hundredth of the turn.
func Slices(c harrier.Counts) []Slice {
	const least = 0.01
	total, room := 0.0, 1.0
	for _, n := range c {
		total += float64(n)
	}
	if total == 0 {
		return nil
	}
	var large float64
	for _, n := range c {
		if share := float64(n) / total; n > 0 && share < least {
			room -= least
		} else {
			large += share
		}
	}
	var out []Slice
	at := 0.0
	for sev := int(harrier.Critical); sev >= 0; sev-- {
		if c[sev] == 0 {
			continue
		}
		width := least
		if share := float64(c[sev]) / total; share >= least {
			width = share / large * room
		}
		out = append(out, Slice{harrier.Severity(sev), at, at + width})
		at += width
	}
	return out
}

// Donut draws the findings of severity low and above as an SVG ring.
func Donut(c harrier.Counts) string {
	var b strings.Builder
	c[harrier.Info] = 0
	b.WriteString(`<svg class="donut" viewBox="-52 -52 104 104" role="img" aria-label="findings by severity"><circle r="40" fill="none" stroke-width="18" class="none"/>`)
	for _, s := range Slices(c) {
		if s.To-s.From > 0.9999 {
			fmt.Fprintf(&b, `<circle r="40" fill="none" stroke-width="18" style="stroke:var(--%s)"/>`, s.Severity)
			continue
		}
		far := 0
		if s.To-s.From > 0.5 {
			far = 1
		}
		x1, y1 := point(s.From, 40)
		x2, y2 := point(s.To, 40)
		fmt.Fprintf(&b, `<path d="M%.2f %.2fA40 40 0 %d 1 %.2f %.2f" fill="none" stroke-width="18" style="stroke:var(--%s)"/>`, x1, y1, far, x2, y2, s.Severity)
	}
	n := c.Total()
	fmt.Fprintf(&b, `<text y="3" text-anchor="middle" class="n">%s</text><text y="15" text-anchor="middle" class="u">findings</text></svg>`, Number(n))
	return b.String()
}

func point(turn, r float64) (x, y float64) {
	return r * math.Sin(2*math.Pi*turn), -r * math.Cos(2*math.Pi*turn)
}

// Stack draws how open findings changed, as an SVG of stacked bars.
func Stack(t Trend) string {
	const w, h, left, bottom = 640.0, 170.0, 44.0, 22.0
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="trend" viewBox="0 0 %.0f %.0f" role="img" aria-label="open findings over time">`, w, h)
	high := t.Top()
	for i := range 3 {
		v := high * (2 - i) / 2
		y := 8 + (h-bottom-8)*float64(i)/2
		fmt.Fprintf(&b, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" class="grid"/><text x="%.0f" y="%.1f" text-anchor="end" class="u">%s</text>`, left, w, y, y, left-6, y+4, Number(v))
	}
	step := (w - left) / float64(max(len(t), 1))
	every := (len(t) + 7) / 8
	for i, m := range t {
		x, y := left+step*(float64(i)+0.5), h-bottom
		width := min(step*0.7, 48)
		for sev := int(harrier.Critical); sev > int(harrier.Info); sev-- {
			if m.Counts[sev] == 0 {
				continue
			}
			tall := (h - bottom - 8) * float64(m.Counts[sev]) / float64(high)
			y -= tall
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.2f" width="%.1f" height="%.2f" style="fill:var(--%s)"/>`, x-width/2, y, width, tall, harrier.Severity(sev))
		}
		if i%every == 0 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="middle" class="u">%s</text>`, x, h-6, m.At.UTC().Format("2 Jan"))
		}
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// Top is the upper end of a trend's scale: an even, round number that is not
// below any sum of findings of severity low and above.
func (t Trend) Top() int {
	high := 1
	for _, m := range t {
		high = max(high, m.Counts.Total()-m.Counts[harrier.Info])
	}
	unit := 2
	for unit*10 < high {
		unit *= 10
	}
	return (high + unit - 1) / unit * unit
}
