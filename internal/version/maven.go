package version

import (
	"cmp"
	"strings"
)

// mavenItem is a number or a word of a version.
type mavenItem struct {
	rank int    // of the kind, or of a known word; that of the end is mavenEnd
	text string // digits without leading zeros, or a word of no known rank
}

// The ranks: known words, the end, later words, numbers behind a hyphen and
// behind a dot.
const (
	mavenEnd     = 0
	mavenSP      = 1
	mavenWord    = 2
	mavenHyphen  = 3
	mavenDot     = 4
	mavenNothing = "" // a word that is the same as the end
)

var mavenWords = map[string]int{
	"alpha": -5, "beta": -4, "milestone": -3, "rc": -2, "cr": -2, "snapshot": -1,
	mavenNothing: mavenEnd, "final": mavenEnd, "ga": mavenEnd, "release": mavenEnd, "sp": mavenSP,
}

// compareMaven orders as the "Version Order Specification" of Maven's POM
// reference says: tokens between dots, hyphens, and digits and letters. Nothings
// (0, final, ga) are left out at the end and before each hyphen; here before
// each word too, as Maven 4 does: with them 1.0.alpha < 1 < 1-1 < 1.0.alpha
// would be no order. Any text is allowed.
func compareMaven(a, b string) int {
	if a == b {
		return 0
	}
	return compareMavenParsed(parseMaven(a), parseMaven(b))
}

func compareMavenParsed(a, b any) int {
	x, y := a.([]mavenItem), b.([]mavenItem)
	for i := range max(len(x), len(y)) {
		var p, q mavenItem
		if i < len(x) {
			p = x[i]
		}
		if i < len(y) {
			q = y[i]
		}
		c := cmp.Compare(p.rank, q.rank)
		switch {
		case c != 0:
		case p.rank >= mavenHyphen:
			c = compareNumbers(p.text, q.text)
		default:
			c = strings.Compare(p.text, q.text)
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func parseMaven(s string) any {
	items := make([]mavenItem, 0, 8)
	s = strings.ToLower(s)
	hyphen := false // what stood before the token
	for {
		n := digits(s)
		number := n > 0
		for !number && n < len(s) && s[n] != '.' && s[n] != '-' && !isDigit(s[n]) {
			n++
		}
		token := s[:n]
		s = s[n:]
		next := byte(0)
		if s != "" {
			next = s[0]
		}
		items = appendMaven(items, token, hyphen, number || n == 0, isDigit(next))
		if next == 0 {
			break
		}
		if hyphen = next != '.'; next == '.' || next == '-' {
			s = s[1:]
		}
	}
	return trimMaven(items)
}

// appendMaven adds a token; beforeDigit tells that a digit follows it at once.
func appendMaven(items []mavenItem, token string, hyphen, number, beforeDigit bool) []mavenItem {
	if number {
		if hyphen {
			items = trimMaven(items)
		}
		rank := mavenDot
		if hyphen {
			rank = mavenHyphen
		}
		return append(items, mavenItem{rank: rank, text: trimZeros(token)})
	}
	if beforeDigit {
		switch token {
		case "a":
			token = "alpha"
		case "b":
			token = "beta"
		case "m":
			token = "milestone"
		}
	}
	rank, known := mavenWords[token]
	if known {
		token = ""
	} else {
		rank = mavenWord
	}
	return append(trimMaven(items), mavenItem{rank: rank, text: token})
}

// trimMaven leaves out the nothings at the end.
func trimMaven(items []mavenItem) []mavenItem {
	for len(items) > 0 {
		last := items[len(items)-1]
		if last.text != "" || last.rank != mavenEnd && last.rank < mavenHyphen {
			break
		}
		items = items[:len(items)-1]
	}
	return items
}

func validMaven(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == 0x7f || strings.IndexByte(`\/:"<>|?*[](),`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
