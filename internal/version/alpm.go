package version

import (
	"cmp"
	"strings"
)

// compareALPM orders as vercmp(8) does, but for two things where vercmp is no
// order: a version without a release, which it calls the same as one with any,
// is below them, and dividers at an end do not count.
func compareALPM(a, b string) int {
	if a == b {
		return 0
	}
	ea, a := cutEpoch(a)
	eb, b := cutEpoch(b)
	if c := compareNumbers(ea, eb); c != 0 {
		return c
	}
	a, ra, hasA := cutLast(a)
	b, rb, hasB := cutLast(b)
	if c := compareALPMPart(a, b); c != 0 {
		return c
	}
	switch {
	case hasA && !hasB:
		return 1
	case hasB && !hasA:
		return -1
	}
	return compareALPMPart(ra, rb)
}

// compareALPMPart orders two versions or two releases. Letters that follow at
// once are older than the end (1.0rc < 1.0), what follows a divider is newer
// (1.0 < 1.0.rc), and the longer of two dividers is newer.
func compareALPMPart(a, b string) int {
	a, b = trimALPM(a), trimALPM(b)
	for a != "" && b != "" {
		da, db := dividers(a), dividers(b)
		if da != db {
			return cmp.Compare(da, db)
		}
		a, b = a[da:], b[db:]
		na, nb := digits(a), digits(b)
		var c int
		switch {
		case na > 0 && nb > 0:
			c = compareNumbers(a[:na], b[:nb])
		case na > 0:
			return 1
		case nb > 0:
			return -1
		default:
			na, nb = letters(a), letters(b)
			c = strings.Compare(a[:na], b[:nb])
		}
		if c != 0 {
			return c
		}
		a, b = a[na:], b[nb:]
	}
	switch {
	case a == "" && b == "":
		return 0
	case a == "" && !isLetter(b[0]), a != "" && isLetter(a[0]):
		return -1
	}
	return 1
}

// dividers returns how many signs s begins with that are neither letters nor
// digits.
func dividers(s string) int {
	i := 0
	for i < len(s) && !isAlnum(s[i]) {
		i++
	}
	return i
}

func trimALPM(s string) string {
	for s != "" && !isAlnum(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
