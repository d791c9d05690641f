package version

import (
	"cmp"
	"strings"
)

// comparePyPI orders as PEP 440 says. A text that it does not allow is below all
// that it does; two of those are ordered as Dotted.
func comparePyPI(a, b string) int {
	va, okA := parsePyPI(a)
	vb, okB := parsePyPI(b)
	switch {
	case okA && okB:
		return va.compare(vb)
	case !okA && !okB:
		return compareServer(Dotted, a, b)
	}
	return cmp.Compare(truth(okA), truth(okB))
}

func validPyPI(s string) bool {
	_, ok := parsePyPI(s)
	return ok
}

// pypi is a version cut into its parts, all of them pieces of its text.
type pypi struct {
	epoch   string // digits
	release string // digits and dots
	pre     int    // 0 none, 1 alpha, 2 beta, 3 candidate
	preN    string
	post    bool
	postN   string
	dev     bool
	devN    string
	local   string // without the plus
}

type pypiWord struct {
	text string
	rank int
}

// Longer words stand before those that they begin with.
var (
	pypiPre  = []pypiWord{{"alpha", 1}, {"a", 1}, {"beta", 2}, {"b", 2}, {"preview", 3}, {"pre", 3}, {"rc", 3}, {"c", 3}}
	pypiPost = []pypiWord{{"post", 1}, {"rev", 1}, {"r", 1}}
	pypiDev  = []pypiWord{{"dev", 1}}
)

func parsePyPI(s string) (pypi, bool) {
	var v pypi
	s = strings.TrimSpace(s)
	if s != "" && lower(s[0]) == 'v' {
		s = s[1:]
	}
	if n := digits(s); n > 0 && n < len(s) && s[n] == '!' {
		v.epoch, s = s[:n], s[n+1:]
	}
	v.release, s = cutRelease(s)
	if v.release == "" {
		return v, false
	}
	s, v.pre, v.preN = cutPyPIWord(s, pypiPre)
	if len(s) > 1 && s[0] == '-' && isDigit(s[1]) {
		n := digits(s[1:])
		v.post, v.postN, s = true, s[1:1+n], s[1+n:]
	} else {
		var rank int
		s, rank, v.postN = cutPyPIWord(s, pypiPost)
		v.post = rank > 0
	}
	s, rank, n := cutPyPIWord(s, pypiDev)
	v.dev, v.devN = rank > 0, n
	if s == "" {
		return v, true
	}
	if s[0] != '+' {
		return v, false
	}
	v.local = s[1:]
	return v, validLocal(v.local)
}

// cutRelease splits "1.2.3rc1" into "1.2.3" and "rc1".
func cutRelease(s string) (release, rest string) {
	i := digits(s)
	for i > 0 && i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		i += 1 + digits(s[i+1:])
	}
	return s[:i], s[i:]
}

// cutPyPIWord takes one of words with its number away, with one divider before
// each at most. Rank 0: it is not there.
func cutPyPIWord(s string, words []pypiWord) (rest string, rank int, number string) {
	t := cutDivider(s)
	for _, w := range words {
		if len(t) < len(w.text) || !strings.EqualFold(t[:len(w.text)], w.text) {
			continue
		}
		t = t[len(w.text):]
		if u := cutDivider(t); digits(u) > 0 {
			n := digits(u)
			return u[n:], w.rank, u[:n]
		}
		return t, w.rank, ""
	}
	return s, 0, ""
}

func isDivider(c byte) bool { return c == '.' || c == '-' || c == '_' }

func cutDivider(s string) string {
	if s != "" && isDivider(s[0]) {
		return s[1:]
	}
	return s
}

func validLocal(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && (!isDivider(s[i]) || i == 0 || isDivider(s[i-1])) {
			return false
		}
	}
	return s != "" && isAlnum(s[len(s)-1])
}

func (v pypi) compare(w pypi) int {
	if c := cmp.Or(compareNumbers(v.epoch, w.epoch), compareDotted(v.release, w.release)); c != 0 {
		return c
	}
	if c := cmp.Or(cmp.Compare(v.preRank(), w.preRank()), compareNumbers(v.preN, w.preN)); c != 0 {
		return c
	}
	if c := cmp.Or(cmp.Compare(truth(v.post), truth(w.post)), compareNumbers(v.postN, w.postN)); c != 0 {
		return c
	}
	if c := cmp.Or(cmp.Compare(truth(!v.dev), truth(!w.dev)), compareNumbers(v.devN, w.devN)); c != 0 {
		return c
	}
	return compareLocal(v.local, w.local)
}

// preRank puts 1.0.dev1 below 1.0a1, and 1.0 above 1.0rc1.
func (v pypi) preRank() int {
	switch {
	case v.pre > 0:
		return v.pre
	case v.dev && !v.post:
		return 0
	}
	return 4
}

// compareLocal orders what follows the plus: none is lowest, words are below
// numbers.
func compareLocal(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a = cutLocal(a)
		y, b = cutLocal(b)
		nx, ny := isNumber(x), isNumber(y)
		c := cmp.Compare(truth(nx), truth(ny))
		if c == 0 && nx {
			c = compareNumbers(x, y)
		} else if c == 0 {
			c = compareFold(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(truth(a != ""), truth(b != ""))
}

func cutLocal(s string) (first, rest string) {
	for i := range len(s) {
		if isDivider(s[i]) {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
