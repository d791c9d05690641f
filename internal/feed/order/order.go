// Package order puts versions in a publisher's file in sequence, so that the
// ends of its ranges can be paired.
package order

import (
	"cmp"
	"strings"
)

// Compare orders two versions by their runs of digits and letters, from the
// left: runs of digits by their number, others by their bytes. A "~", and a word
// such as "alpha" or "rc", comes before the end of the text, and everything else
// behind it. "1.0" and "1.0.0" differ. It is right for the plain versions that
// ends of ranges mostly are.
func Compare(a, b string) int {
	ea, a := epoch(a)
	eb, b := epoch(b)
	if c := compareRuns(ea, eb); c != 0 {
		return c
	}
	for a != "" || b != "" {
		var x, y string
		x, a = next(a)
		y, b = next(b)
		if c := compareRuns(marked(x, a), marked(y, b)); c != 0 {
			return c
		}
	}
	return 0
}

// marked returns a run as it is compared: a single letter before a number, as
// in "1.0b1", is an early release; one that ends a version, as in "1.0.2b", is a
// later one.
func marked(run, rest string) string {
	if len(run) == 1 && rest != "" && isDigit(rest[0]) && strings.Contains("aAbBmM", run) {
		return "alpha" + run
	}
	return run
}

// epoch splits "1:2.3" and takes the "v" from "v1.2"; the epoch is "0" where
// none is written.
func epoch(s string) (string, string) {
	if e, rest, ok := strings.Cut(s, ":"); ok && e != "" && strings.Trim(e, "0123456789") == "" {
		return e, rest
	}
	if len(s) > 1 && (s[0] == 'v' || s[0] == 'V') && isDigit(s[1]) {
		s = s[1:]
	}
	return "0", s
}

// next cuts the first run off s, without the separators before it. A "~" is a
// run of its own.
func next(s string) (run, rest string) {
	i := 0
	for i < len(s) && strings.IndexByte(".-_+:", s[i]) >= 0 {
		i++
	}
	s = s[i:]
	if s == "" {
		return "", ""
	}
	i = 1
	for i < len(s) && s[0] != '~' && kind(s[i]) == kind(s[0]) {
		i++
	}
	return s[:i], s[i:]
}

const (
	separator = iota
	digit
	other
)

func kind(c byte) int {
	switch {
	case isDigit(c):
		return digit
	case strings.IndexByte(".-_+:~", c) >= 0:
		return separator
	}
	return other
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func compareRuns(a, b string) int {
	ra, rb := rank(a), rank(b)
	if ra != rb || ra == rankEnd {
		return cmp.Compare(ra, rb)
	}
	if ra == rankNumber {
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		if c := cmp.Compare(len(a), len(b)); c != 0 {
			return c
		}
	}
	return strings.Compare(a, b)
}

const (
	rankTilde = iota
	rankEarly // a release that comes before the one that it names
	rankEnd
	rankWord
	rankNumber
)

func rank(run string) int {
	switch {
	case run == "":
		return rankEnd
	case run == "~":
		return rankTilde
	case isDigit(run[0]):
		return rankNumber
	}
	switch strings.ToLower(run) {
	case "alpha", "beta", "rc", "cr", "pre", "preview", "dev", "snapshot", "milestone", "canary", "next", "nightly", "alphaa", "alphab", "alpham":
		return rankEarly
	}
	return rankWord
}
