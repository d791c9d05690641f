package match

import (
	"cmp"
	"strings"
)

// The schemes by which versions are ordered.
const (
	Dotted  = "dotted"  // 1.22.1, 1.3.5rc1 < 1.3.5 < 1.3.5a, 9.0.0.M3 < 9.0.0
	OpenSSH = "openssh" // 9.2p1; a version without a level is level 1
	BIND    = "bind"    // 9.18.0a1 < 9.18.0rc1 < 9.18.0 < 9.18.0-P1
)

// Compare orders two versions by a scheme: negative when a is older than b, 0
// when they are the same release, positive when a is newer. Missing numbers
// count as 0, so that 1.2 is 1.2.0, and what a packager appended ("-9+deb12u3",
// " Debian-2", "-RedHat") does not count. It is a total order; something that
// is no version at all counts as 0. An unknown scheme is Dotted.
func Compare(scheme, a, b string) int {
	return parseVersion(scheme, a).compare(parseVersion(scheme, b))
}

// version is a version cut into its numbers and what follows them.
type version struct {
	numbers []string // without leading zeros
	tail    []token
}

// token is a word or a number of the tail; rank orders kinds of tokens. The end
// of a version counts as the zero token.
type token struct {
	rank int // early words below zero, numbers 1, other words 2
	text string
}

// early holds the words that mark a version before its release, with ranks
// below the zero rank of the release itself.
var early = map[string]int{
	"dev": -9, "snapshot": -9, "alpha": -8, "m": -7, "beta": -6, "pre": -5, "preview": -5, "cr": -4, "rc": -4,
}

func parseVersion(scheme, s string) version {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 1 && s[0] == 'v' && isDigit(s[1]) {
		s = s[1:]
	}
	if i := strings.IndexAny(s, " +~,;/()\t\r\n"); i >= 0 {
		s = s[:i]
	}
	var v version
	for first := true; s != ""; first = false {
		sep, rest := cutSeparator(s)
		run := leadingRun(rest)
		switch {
		case run == "":
			return v.finish(scheme) // some other sign: not part of a version
		case sep != "" && sep != "." && !joins(scheme, run):
			return v.finish(scheme)
		case isDigit(run[0]) && (first || sep == ".") && len(v.tail) == 0:
			v.numbers = append(v.numbers, trimZeros(run))
		default:
			v.tail = append(v.tail, newToken(scheme, run))
		}
		s = rest[len(run):]
	}
	return v.finish(scheme)
}

// finish fills in what a scheme takes for granted.
func (v version) finish(scheme string) version {
	if scheme == OpenSSH && len(v.tail) == 0 {
		v.tail = []token{newToken(scheme, "p"), newToken(scheme, "1")}
	}
	return v
}

// joins reports whether a word after a hyphen or underscore still belongs to
// the version, and is not what a packager appended.
func joins(scheme, run string) bool {
	return early[run] != 0 || scheme == BIND && run == "p"
}

func newToken(scheme, run string) token {
	switch {
	case isDigit(run[0]):
		return token{1, trimZeros(run)}
	case scheme == BIND && run == "a":
		return token{early["alpha"], ""}
	case scheme == BIND && run == "b":
		return token{early["beta"], ""}
	case early[run] != 0:
		return token{early[run], ""}
	}
	return token{2, run}
}

func (v version) compare(w version) int {
	for i := range max(len(v.numbers), len(w.numbers)) {
		if c := compareDigits(at(v.numbers, i), at(w.numbers, i)); c != 0 {
			return c
		}
	}
	for i := range max(len(v.tail), len(w.tail)) {
		a, b := at(v.tail, i), at(w.tail, i)
		c := cmp.Compare(a.rank, b.rank)
		if c == 0 && a.rank == 1 {
			c = compareDigits(a.text, b.text)
		} else if c == 0 {
			c = cmp.Compare(a.text, b.text)
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// at returns s[i], or the zero value behind the end.
func at[T any](s []T, i int) T {
	var zero T
	if i < len(s) {
		return s[i]
	}
	return zero
}

// compareDigits orders decimal numbers of any length without leading zeros; ""
// is zero.
func compareDigits(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func trimZeros(digits string) string { return strings.TrimLeft(digits, "0") }

func cutSeparator(s string) (sep, rest string) {
	if strings.IndexByte(".-_", s[0]) >= 0 {
		return s[:1], s[1:]
	}
	return "", s
}

// leadingRun is the digits or the letters that s begins with.
func leadingRun(s string) string {
	i := 0
	for i < len(s) && (isDigit(s[i]) && isDigit(s[0]) || isLetter(s[i]) && isLetter(s[0])) {
		i++
	}
	return s[:i]
}

// span is a range of affected versions: from From (included; "" is the
// beginning) to Fixed (not included) or to Last (included).
type span struct{ From, Fixed, Last string }

func (r span) has(scheme, v string) bool {
	switch {
	case r.From != "" && Compare(scheme, v, r.From) < 0:
		return false
	case r.Fixed != "":
		return Compare(scheme, v, r.Fixed) < 0
	}
	return r.Last != "" && Compare(scheme, v, r.Last) <= 0
}

// complete returns s when it is a version with at least parts numbers, else "".
func complete(scheme, s string, parts int) string {
	if len(parseVersion(scheme, s).numbers) < parts {
		return ""
	}
	return s
}
