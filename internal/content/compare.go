package content

import (
	"cmp"
	"strings"
)

// compare orders two versions of a package by their numbers, which is enough to
// tell the later of two updates of one release.
func compare(_, a, b string) int {
	for a != "" || b != "" {
		var x, y string
		a, x = word(a)
		b, y = word(b)
		if x == y {
			continue
		}
		if digit(x) && digit(y) {
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			continue
		}
		if x == "" || y == "" {
			if strings.HasPrefix(x+y, "~") { // before everything, even the end
				return cmp.Compare(len(y), len(x))
			}
			return cmp.Compare(len(x), len(y))
		}
		return cmp.Compare(x, y)
	}
	return 0
}

func digit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// word cuts the first run of digits, or of anything else, off s.
func word(s string) (rest, first string) {
	i := 0
	for i < len(s) && digit(s[i:]) == digit(s) {
		i++
	}
	return s[i:], s[:i]
}
