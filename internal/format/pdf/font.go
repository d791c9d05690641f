package pdf

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// face is one of the fonts of a document. They are the Go fonts, which have the
// Latin, Greek and Cyrillic letters.
type face int

const (
	regular face = iota
	bold
	mono
	faces
)

var fontFiles = [faces][]byte{goregular.TTF, gobold.TTF, gomono.TTF}

// missing stands for a character that the fonts do not have.
const missing = '\uFFFD'

// widths are the advances of the characters of each font, in thousandths of
// its size; 0 for those that it does not have.
var widths = sync.OnceValue(func() *[faces][0x2700]uint16 {
	var out [faces][0x2700]uint16
	for f, data := range fontFiles {
		parsed, err := sfnt.Parse(data)
		if err != nil {
			panic(err) // it is compiled in
		}
		var buf sfnt.Buffer
		for r := range out[f] {
			glyph, err := parsed.GlyphIndex(&buf, rune(r))
			if err != nil || glyph == 0 {
				continue
			}
			if w, err := parsed.GlyphAdvance(&buf, glyph, fixed.I(1000), font.HintingNone); err == nil {
				out[f][r] = uint16(w.Round()) //nolint:gosec // at most a few thousand
			}
		}
	}
	return &out
})

// known reports whether the fonts have a character.
func known(r rune) bool {
	return r == missing || r >= 0 && int(r) < len(widths()[regular]) && widths()[regular][r] > 0 && widths()[mono][r] > 0
}

// width is the width of a text in the unit of size.
func (f face) width(s string, size float64) float64 {
	table, sum := &widths()[f], 0
	for _, r := range s {
		sum += advance(table, r)
	}
	return float64(sum) * size / 1000
}

func advance(table *[0x2700]uint16, r rune) int {
	if int(r) < len(table) && table[r] > 0 {
		return int(table[r])
	}
	return 1000 // wider than any: it must not run over the edge
}

// shown returns s with the characters that the fonts have: blanks of all widths
// as plain ones, tabs as four, and a mark for what is missing. It says whether
// there is such a mark.
func shown(s string) (text string, lost bool) {
	plain := true
	for _, r := range s {
		if r != '\n' && !known(r) {
			plain = false
			break
		}
	}
	if plain {
		return s, false
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || known(r):
			b.WriteRune(r)
		case r == '\t':
			b.WriteString("    ")
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Mn, r): // a mark on the letter before
		default:
			b.WriteRune(missing)
			lost = true
		}
	}
	return b.String(), lost
}

// wrap breaks a text into lines of at most a width, at blanks where there are
// some, and at most limit lines. It says whether something is left over.
func (f face) wrap(s string, size, width float64, limit int) (lines []string, more bool) {
	table := &widths()[f]
	most := int(width * 1000 / size)
	for len(s) > 0 {
		if len(lines) == limit {
			return lines, true
		}
		sum, blank, end := 0, -1, len(s)
		for i, r := range s {
			if r == '\n' {
				end, blank = i, i
				break
			}
			if sum += advance(table, r); sum > most && i > 0 {
				if end = i; r == ' ' {
					blank = i
				}
				break
			}
			if r == ' ' {
				blank = i
			}
			end = len(s)
		}
		switch {
		case end == len(s):
			return append(lines, s), false
		case blank > 0 || blank == end:
			lines = append(lines, strings.TrimRight(s[:blank], " "))
			s = s[blank+1:]
		default:
			lines = append(lines, s[:end])
			s = s[end:]
		}
	}
	return lines, false
}
