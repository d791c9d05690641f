package document

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/harrier-scan/harrier/internal/format"
)

// Text returns s as a document may show it: what format.Clean leaves, with
// everything that is not seen but acts on its surroundings made visible, such
// as "‹U+202E›" for the override that turns the direction of writing. Scripts
// that are written from the right keep their letters.
func Text(s string) string {
	s = format.Clean(s)
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, "‹U+%04X›", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden reports whether r is not seen: controls of the second set, marks and
// overrides of direction, blanks without width, tags and the byte order mark.
func hidden(r rune) bool {
	switch {
	case r < 0x7f:
		return false
	case r <= 0x9f, r == 0xad, r == 0x61c, r == 0x180e, r == 0xfeff:
		return true
	case r >= 0x200b && r <= 0x200f && r != 0x200c && r != 0x200d: // the joiners belong to scripts
		return true
	case r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// Line is Text on one line, at most limit characters of it.
func Line(s string, limit int) string {
	if len(s) > 4*limit+64 { // far more than can be shown: do not read it all
		s = whole(s[:4*limit+64])
	}
	s = strings.Join(strings.Fields(Text(s)), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == limit {
			return s[:i] + "…"
		}
	}
	return s
}

// Evidence is Text cut to at most limit bytes, without blank lines around it,
// and how many bytes were cut off.
func Evidence(s string, limit int) (text string, more int) {
	if len(s) > limit {
		kept := whole(s[:limit])
		s, more = kept, len(s)-len(kept)
	}
	return strings.TrimRight(strings.TrimLeft(Text(s), "\n"), " \n\t"), more
}

// whole takes off a character that was cut in two.
func whole(s string) string {
	for i := 1; i <= utf8.UTFMax && i <= len(s); i++ {
		if b := s[len(s)-i]; utf8.RuneStart(b) {
			if r, n := utf8.DecodeRuneInString(s[len(s)-i:]); r == utf8.RuneError && n <= 1 && b >= utf8.RuneSelf {
				return s[:len(s)-i]
			}
			break
		}
	}
	return s
}
