package version

import (
	"cmp"
	"strings"
)

// compareRPM orders as rpm-version(7) says: an epoch that is not told is 0, and
// a version without a release is below the same version with any.
func compareRPM(a, b string) int {
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
	if c := compareRPMPart(a, b); c != 0 {
		return c
	}
	switch {
	case hasA && !hasB:
		return 1
	case hasB && !hasA:
		return -1
	}
	return compareRPMPart(ra, rb)
}

// compareRPMPart orders two versions or two releases. What is neither letter nor
// digit only divides, but for the tilde, which is below the end, and the caret,
// which is right above it.
func compareRPMPart(a, b string) int {
	for a != "" || b != "" {
		a, b = trimRPM(a), trimRPM(b)
		ka, kb := rpmKind(a), rpmKind(b)
		switch {
		case ka != kb:
			return cmp.Compare(ka, kb)
		case ka == rpmEnd:
			return 0
		case ka == rpmTilde || ka == rpmCaret:
			a, b = a[1:], b[1:]
			continue
		case ka == rpmNumber:
			na, nb := digits(a), digits(b)
			if c := compareNumbers(a[:na], b[:nb]); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		na, nb := letters(a), letters(b)
		if c := strings.Compare(a[:na], b[:nb]); c != 0 {
			return c
		}
		a, b = a[na:], b[nb:]
	}
	return 0
}

// The kinds of what comes next in a version, the oldest first.
const (
	rpmTilde = iota
	rpmEnd
	rpmCaret
	rpmWord
	rpmNumber
)

func rpmKind(s string) int {
	switch {
	case s == "":
		return rpmEnd
	case s[0] == '~':
		return rpmTilde
	case s[0] == '^':
		return rpmCaret
	case isDigit(s[0]):
		return rpmNumber
	}
	return rpmWord
}

func trimRPM(s string) string {
	for s != "" && !isAlnum(s[0]) && s[0] != '~' && s[0] != '^' {
		s = s[1:]
	}
	return s
}

func validRPM(s string) bool {
	_, s = cutEpoch(s)
	v, r, found := cutLast(s)
	if v == "" || found && r == "" || strings.Contains(v, "-") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == ':' || c == '/' {
			return false
		}
	}
	return true
}
