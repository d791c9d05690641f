package version

import (
	"cmp"
	"strings"
)

// compareSemver orders as semver.org 2.0 says; what is built (+…) does not
// count. More or fewer than three numbers are allowed, missing ones are 0, and a
// word that follows the numbers without a hyphen is a pre-release. A text
// without a number in front is a pre-release of 0.
func compareSemver(a, b string) int {
	return compareSemverParts(cutSemver(a), cutSemver(b), strings.Compare)
}

// compareNuGet is compareSemver without case.
func compareNuGet(a, b string) int {
	return compareSemverParts(cutSemver(a), cutSemver(b), compareFold)
}

// compareGolang is compareSemver, which also is how pseudo-versions and
// +incompatible are meant, for releases of Go too: go1.21rc2.
func compareGolang(a, b string) int { return compareSemver(cutGo(a), cutGo(b)) }

func cutGo(s string) string {
	if rest, ok := strings.CutPrefix(s, "go"); ok && digits(rest) > 0 {
		rest, _, _ = strings.Cut(rest, " ")
		return rest
	}
	return s
}

// semver is a version cut into "1.2.3" and "beta.1".
type semver struct{ numbers, pre string }

func cutSemver(s string) semver {
	s = cutV(strings.TrimLeft(strings.TrimSpace(s), "= "))
	s, _, _ = strings.Cut(s, "+")
	i := digits(s)
	for i > 0 && i < len(s) && s[i] == '.' {
		n := digits(s[i+1:])
		if n == 0 {
			break
		}
		i += 1 + n
	}
	pre := s[i:]
	if i > 0 && pre != "" && !isAlnum(pre[0]) {
		pre = pre[1:]
	}
	return semver{s[:i], pre}
}

func compareSemverParts(a, b semver, words func(a, b string) int) int {
	if c := compareDotted(a.numbers, b.numbers); c != 0 {
		return c
	}
	switch {
	case a.pre == "" && b.pre == "":
		return 0
	case a.pre == "":
		return 1
	case b.pre == "":
		return -1
	}
	for moreA, moreB := true, true; ; {
		var x, y string
		x, a.pre, moreA = strings.Cut(a.pre, ".")
		y, b.pre, moreB = strings.Cut(b.pre, ".")
		c := 0
		switch nx, ny := isNumber(x), isNumber(y); {
		case nx && ny:
			c = compareNumbers(x, y)
		case nx:
			c = -1
		case ny:
			c = 1
		default:
			c = words(x, y)
		}
		switch {
		case c != 0:
			return c
		case !moreA || !moreB:
			return cmp.Compare(truth(moreA), truth(moreB))
		}
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareDotted orders numbers with dots between; missing ones are 0.
func compareDotted(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if c := compareNumbers(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// validSemver allows what npm's loose mode does and one to three numbers.
func validSemver(s string) bool { return validNumbers(s, 3) }

func validNuGet(s string) bool { return validNumbers(s, 4) }

func validGolang(s string) bool { return validNumbers(cutGo(s), 3) }

func validNumbers(s string, most int) bool {
	v := cutSemver(s)
	if v.numbers == "" || strings.Count(v.numbers, ".") >= most {
		return false
	}
	for i := range len(v.pre) {
		if c := v.pre[i]; !isAlnum(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
