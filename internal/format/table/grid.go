package table

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// style is a select graphic rendition sequence (ECMA-48, 8.3.117).
type style string

const (
	bold  style = "\x1b[1m"
	dim   style = "\x1b[2m"
	reset       = "\x1b[0m"
)

// colors are those of the severities.
var colors = [harrier.Severities]style{"\x1b[36m", "\x1b[34m", "\x1b[33m", "\x1b[31m", "\x1b[1;35m"}

func (p *printer) paint(s style, text string) string {
	if !p.color || strings.TrimSpace(text) == "" {
		return text
	}
	return string(s) + text + reset
}

// grid is a table whose columns are as wide as what is in them, but for the one
// that takes what is left and wraps.
type grid struct {
	head    []string
	rows    []gridRow
	stretch int
}

type gridRow struct {
	style *style // of the first cell
	cells []string
}

func (g *grid) add(s *style, cells ...string) { g.rows = append(g.rows, gridRow{s, cells}) }

const (
	indent = 2
	gap    = 2
)

func (p *printer) grid(g grid) {
	widths := make([]int, len(g.head))
	for i, h := range g.head {
		widths[i] = columns(h)
	}
	for _, r := range g.rows {
		for i, c := range r.cells {
			widths[i] = max(widths[i], columns(c))
		}
	}
	used := indent
	for i, w := range widths {
		if i != g.stretch {
			used += w + gap
		}
	}
	widths[g.stretch] = max(min(widths[g.stretch], p.width-used), 16)
	p.row(nil, g.head, widths, dim)
	for _, r := range g.rows {
		p.wrapped(r, widths, g.stretch)
	}
}

// wrapped writes a row, its stretching cell on as many lines as it needs.
func (p *printer) wrapped(r gridRow, widths []int, stretch int) {
	for i, part := range wrap(r.cells[stretch], widths[stretch]) {
		cells := make([]string, len(r.cells))
		if i == 0 {
			copy(cells, r.cells)
		}
		cells[stretch] = part
		p.row(r.style, cells, widths, "")
	}
}

func (p *printer) row(first *style, cells []string, widths []int, all style) {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", indent))
	for i, c := range cells {
		pad := strings.Repeat(" ", max(0, widths[i]-columns(c)+gap))
		switch {
		case i == 0 && first != nil:
			c = p.paint(*first, c)
		case all != "":
			c = p.paint(all, c)
		}
		b.WriteString(c)
		if i < len(cells)-1 {
			b.WriteString(pad)
		}
	}
	p.line(b.String())
}

// wrap breaks s at blanks into lines of at most limit columns. A word that is
// longer is broken where the line ends.
func wrap(s string, limit int) []string {
	var lines []string
	line := ""
	for _, word := range strings.SplitAfter(s, " ") {
		if columns(line)+columns(strings.TrimRight(word, " ")) <= limit {
			line += word
			continue
		}
		if line != "" {
			lines = append(lines, strings.TrimRight(line, " "))
		}
		for columns(strings.TrimRight(word, " ")) > limit {
			head := fitting(word, limit)
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	return append(lines, strings.TrimRight(line, " "))
}

// fitting returns the start of s that takes at most limit columns; at least one
// character.
func fitting(s string, limit int) string {
	used := 0
	for i, r := range s {
		if used += runeColumns(r); used > limit && i > 0 {
			return s[:i]
		}
	}
	return s
}

// columns is how many columns of a terminal s takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	case width.Neutral, width.EastAsianAmbiguous, width.EastAsianNarrow, width.EastAsianHalfwidth:
	}
	return 1
}

// clean makes text of a target fit for one line of a terminal.
func clean(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, format.Clean(s))), " ")
}
