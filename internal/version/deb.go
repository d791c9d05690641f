package version

import "cmp"

// compareDeb orders as deb-version(7) says. A text that it does not allow is
// ordered by the same rules: without digits before the colon there is no epoch,
// and a byte that is neither letter nor digit comes behind the letters.
func compareDeb(a, b string) int {
	if a == b {
		return 0
	}
	ea, a := cutEpoch(a)
	eb, b := cutEpoch(b)
	if c := compareNumbers(ea, eb); c != 0 {
		return c
	}
	a, ra, _ := cutLast(a)
	b, rb, _ := cutLast(b)
	return cmp.Or(compareDebPart(a, b), compareDebPart(ra, rb))
}

// compareDebPart orders two upstream versions, or two revisions: what is no
// digit sign by sign, then a number, and again.
func compareDebPart(a, b string) int {
	for a != "" || b != "" {
		for a != "" && !isDigit(a[0]) || b != "" && !isDigit(b[0]) {
			wa, wb := debWeight(a), debWeight(b)
			if wa != wb {
				return cmp.Compare(wa, wb)
			}
			a, b = a[1:], b[1:] // equal weights: neither is at an end or a digit
		}
		na, nb := digits(a), digits(b)
		if c := compareNumbers(a[:na], b[:nb]); c != 0 {
			return c
		}
		a, b = a[na:], b[nb:]
	}
	return 0
}

// debWeight orders the first sign: a tilde is below the end, letters are below
// the rest.
func debWeight(s string) int {
	switch {
	case s == "" || isDigit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case isLetter(s[0]):
		return int(s[0])
	}
	return int(s[0]) + 256
}

func validDeb(s string) bool {
	for i := range len(s) {
		if s[i] == ':' {
			if !isNumber(s[:i]) {
				return false
			}
			s = s[i+1:]
			break
		}
	}
	upstream, revision, found := cutLast(s)
	if upstream == "" || !isDigit(upstream[0]) || found && revision == "" {
		return false
	}
	for i := range len(upstream) {
		if c := upstream[i]; !isAlnum(c) && c != '.' && c != '+' && c != '~' && c != '-' && c != ':' {
			return false
		}
	}
	for i := range len(revision) {
		if c := revision[i]; !isAlnum(c) && c != '.' && c != '+' && c != '~' {
			return false
		}
	}
	return true
}
