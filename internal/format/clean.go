package format

import (
	"strings"
	"unicode/utf8"
)

// Clean returns s with what no text format can carry taken out: the characters
// that XML 1.0 does not allow (control characters but tab and newline, the two
// non-characters) are dropped, bytes that are not UTF-8 become U+FFFD, and
// every line ends with a single newline.
//
// Source: XML 1.0, sections 2.2 and 2.11.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\r':
			if i+1 == len(s) || s[i+1] != '\n' {
				b.WriteByte('\n')
			}
		case Allowed(r):
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// Allowed reports whether XML 1.0 allows r, which is not a carriage return.
func Allowed(r rune) bool {
	return r >= ' ' && r != 0xFFFE && r != 0xFFFF || r == '\t' || r == '\n'
}

func isClean(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf {
			return utf8.ValidString(s[i:]) && strings.IndexFunc(s[i:], func(r rune) bool { return !Allowed(r) }) < 0
		} else if c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}
