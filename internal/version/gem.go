package version

import (
	"cmp"
	"strings"
)

// compareGem orders as Gem::Version does: numbers and words, a word below every
// number, missing parts 0, and a hyphen is ".pre.". Signs that a gem's version
// can not have only divide.
func compareGem(a, b string) int {
	ra, rb := gemReader{rest: a}, gemReader{rest: b}
	// Zeros at the end of the numbers in front do not count: 1.0.a is 1.a.
	x, y := ra.next(), rb.next()
	for x.number && !x.end || y.number && !y.end {
		nx, ny := "", ""
		if x.number {
			nx, x = x.text, ra.next()
		}
		if y.number {
			ny, y = y.text, rb.next()
		}
		if c := compareNumbers(nx, ny); c != 0 {
			return c
		}
	}
	for !x.end || !y.end {
		c := cmp.Compare(truth(x.number), truth(y.number))
		if c == 0 && x.number {
			c = compareNumbers(x.text, y.text)
		} else if c == 0 {
			c = strings.Compare(x.text, y.text)
		}
		if c != 0 {
			return c
		}
		x, y = ra.next(), rb.next()
	}
	return 0
}

// gemPart is a number or a word; the end counts as the number 0.
type gemPart struct {
	text   string
	number bool
	end    bool
}

type gemReader struct{ rest string }

func (r *gemReader) next() gemPart {
	for r.rest != "" && !isAlnum(r.rest[0]) {
		hyphen := r.rest[0] == '-'
		r.rest = r.rest[1:]
		if hyphen {
			return gemPart{text: "pre"}
		}
	}
	n := digits(r.rest)
	number := n > 0
	if !number {
		n = letters(r.rest)
	}
	p := gemPart{text: r.rest[:n], number: number || n == 0, end: n == 0}
	r.rest = r.rest[n:]
	return p
}

func validGem(s string) bool {
	s = strings.TrimSpace(s)
	numbers, pre, hyphen := strings.Cut(s, "-")
	if n := digits(numbers); n == 0 || n < len(numbers) && numbers[n] != '.' {
		return false
	}
	return validDotted(numbers, false) && (!hyphen || validDotted(pre, true))
}

// validDotted reports whether s is words with single dots between.
func validDotted(s string, hyphens bool) bool {
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && (c != '-' || !hyphens) && (c != '.' || i == 0 || s[i-1] == '.') {
			return false
		}
	}
	return s != "" && s[len(s)-1] != '.'
}
