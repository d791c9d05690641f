package cvelist

import "strings"

// compare orders versions of unknown kind: numbers by value, words of
// pre-releases before the release, other words after it, numbers after words.
// It decides only where entries of one product overlap; what a version is
// compared with is the business of who matches.
func compare(a, b string) int {
	for {
		var x, y string
		var nx, ny bool
		x, nx, a = chunk(a)
		y, ny, b = chunk(b)
		switch {
		case x == "" && y == "":
			return 0
		case x == "":
			if s := sign(y, ny); s != 0 {
				return -s
			}
			continue
		case y == "":
			if s := sign(x, nx); s != 0 {
				return s
			}
			continue
		case nx && ny:
			if len(x) != len(y) {
				return less(len(x) < len(y))
			}
			if x != y {
				return less(x < y)
			}
		case nx || ny:
			return less(ny)
		default:
			if p, q := early(x), early(y); p != q {
				return less(p)
			}
			if x != y {
				return less(x < y)
			}
		}
	}
}

// less is -1 when it is true, and 1 otherwise.
func less(is bool) int {
	if is {
		return -1
	}
	return 1
}

// sign is where a version with one more chunk stands to one without: after it,
// before it for a pre-release, at the same place for a zero.
func sign(chunk string, number bool) int {
	switch {
	case number && chunk == "0":
		return 0
	case !number && early(chunk):
		return -1
	}
	return 1
}

func early(word string) bool {
	switch word {
	case "alpha", "beta", "rc", "pre", "preview", "dev", "snapshot", "milestone":
		return true
	}
	return false
}

// chunk cuts the first number, without leading zeros, or word, in lower case,
// from s.
func chunk(s string) (first string, number bool, rest string) {
	i := 0
	for i < len(s) && !alnum(s[i]) {
		i++
	}
	s = s[i:]
	if s == "" {
		return "", false, ""
	}
	number = s[0] >= '0' && s[0] <= '9'
	for i = 0; i < len(s) && alnum(s[i]) && (s[i] >= '0' && s[i] <= '9') == number; i++ {
	}
	first, rest = s[:i], s[i:]
	if number {
		if first = strings.TrimLeft(first, "0"); first == "" {
			first = "0"
		}
		return first, true, rest
	}
	return strings.ToLower(first), false, rest
}
