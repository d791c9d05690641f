package version

import (
	"cmp"
	"strings"
)

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// digits returns how many digits s begins with.
func digits(s string) int {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// letters returns how many letters s begins with.
func letters(s string) int {
	i := 0
	for i < len(s) && isLetter(s[i]) {
		i++
	}
	return i
}

func isNumber(s string) bool { return s != "" && digits(s) == len(s) }

func trimZeros(digits string) string {
	i := 0
	for i < len(digits) && digits[i] == '0' {
		i++
	}
	return digits[i:]
}

// compareNumbers orders decimal numbers of any length; "" is zero.
func compareNumbers(a, b string) int {
	a, b = trimZeros(a), trimZeros(b)
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareFold is strings.Compare for which A to Z are a to z.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if c := cmp.Compare(lower(a[i]), lower(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// cutV takes a v in front of a number away.
func cutV(s string) string {
	if len(s) > 1 && lower(s[0]) == 'v' && isDigit(s[1]) {
		return s[1:]
	}
	return s
}

// cutEpoch splits "1:2.3" into "1" and "2.3"; there is no epoch, which is "",
// where what stands before the colon is no number.
func cutEpoch(s string) (epoch, rest string) {
	if n := digits(s); n > 0 && n < len(s) && s[n] == ':' {
		return s[:n], s[n+1:]
	}
	return "", s
}

// cutLast splits s at the last hyphen.
func cutLast(s string) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
