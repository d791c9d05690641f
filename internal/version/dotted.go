package version

import (
	"cmp"
	"strings"
)

func dottedOrder(scheme string) *order {
	return &order{
		compare: func(a, b string) int { return compareServer(scheme, a, b) },
		valid:   func(s string) bool { return Numbers(scheme, s) > 0 },
	}
}

// Numbers returns how many numbers a version of a server begins with, of the
// schemes Dotted, OpenSSH, BIND and Composer: 3 for "1.22.1-9+deb12u3", 0 for
// what is no version. Of Network all of its numbers count: 4 for "13.1-49.15",
// 3 for "21.4R3".
func Numbers(scheme, s string) int {
	n := 0
	if scheme == Network {
		r := readNetwork(s)
		t := r.next()
		if !t.leading {
			return 0
		}
		for ; t != (token{}); t = r.next() {
			if t.rank == rankNumber {
				n++
			}
		}
		return n
	}
	for r := readServer(scheme, s); ; n++ {
		if t := r.next(); !t.leading {
			return n
		}
	}
}

// compareServer orders versions as the makers of servers write them. Missing
// numbers count as 0, so that 1.2 is 1.2.0, and what a packager appended
// ("-9+deb12u3", " Debian-2", "-RedHat") does not count. Something without
// a number in front counts as a word behind 0.
func compareServer(scheme, a, b string) int {
	ra, rb := readServer(scheme, a), readServer(scheme, b)
	x, y := ra.next(), rb.next()
	for x.leading || y.leading {
		nx, ny := "", ""
		if x.leading {
			nx, x = x.text, ra.next()
		}
		if y.leading {
			ny, y = y.text, rb.next()
		}
		if c := compareNumbers(nx, ny); c != 0 {
			return c
		}
	}
	for x != (token{}) || y != (token{}) {
		c := cmp.Compare(x.rank, y.rank)
		if c == 0 && x.rank == rankNumber {
			c = compareNumbers(x.text, y.text)
		} else if c == 0 && x.rank >= rankWord {
			c = compareFold(x.text, y.text)
		}
		if c != 0 {
			return c
		}
		x, y = ra.next(), rb.next()
	}
	return 0
}

// token is a word or a number; rank orders the kinds of those behind the
// leading numbers. The end of a version counts as the zero token.
type token struct {
	rank    int
	text    string
	leading bool // one of the numbers that the version begins with
}

// Ranks of tokens; early words are below zero.
const (
	rankNumber = 1
	rankWord   = 2
)

// early holds the words that mark a version before its release, with ranks
// below the zero rank of the release itself.
var early = [...]struct {
	word string
	rank int
}{
	{"dev", -9},
	{"snapshot", -9},
	{"alpha", -8},
	{"m", -7},
	{"beta", -6},
	{"pre", -5},
	{"preview", -5},
	{"cr", -4},
	{"rc", -4},
}

// earlyRank returns the rank of an early word, 0 for any other.
func earlyRank(word string) int {
	for _, e := range early {
		if len(e.word) == len(word) && compareFold(e.word, word) == 0 {
			return e.rank
		}
	}
	return 0
}

// serverReader reads the tokens of a version.
type serverReader struct {
	scheme string
	rest   string
	first  bool // nothing is read yet
	tail   bool // behind the leading numbers
	level  int  // of the level that OpenSSH takes for granted: tokens given
}

func readServer(scheme, s string) serverReader {
	s = cutV(strings.TrimSpace(s))
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && c != '.' && c != '-' && c != '_' {
			s = s[:i] // some other sign: the version ends
			break
		}
	}
	return serverReader{scheme: scheme, rest: s, first: true}
}

// next returns the next token, the zero token at the end and behind it.
func (r *serverReader) next() token {
	if r.rest == "" {
		return r.end()
	}
	sep, rest := byte(0), r.rest
	if isDivider(rest[0]) {
		sep, rest = rest[0], rest[1:]
	}
	n := digits(rest)
	number := n > 0
	if !number {
		n = letters(rest)
	}
	run := rest[:n]
	if run == "" || sep != 0 && sep != '.' && !r.joins(run) {
		r.rest = ""
		return r.end()
	}
	leading := number && (r.first || sep == '.') && !r.tail
	r.rest, r.first, r.tail = rest[n:], false, !leading
	if leading {
		return token{rankNumber, trimZeros(run), true}
	}
	r.level = 2
	if number {
		return token{rankNumber, trimZeros(run), false}
	}
	return r.word(run)
}

// end gives what a scheme takes for granted, then the zero token.
func (r *serverReader) end() token {
	r.level++
	switch {
	case r.scheme == OpenSSH && r.level == 1:
		return token{rankWord, "p", false}
	case r.scheme == OpenSSH && r.level == 2:
		return token{rankNumber, "1", false}
	}
	r.level = 2
	return token{}
}

// joins reports whether a word after a hyphen or underscore still belongs to
// the version, and is not what a packager appended.
func (r *serverReader) joins(run string) bool {
	if earlyRank(run) != 0 {
		return true
	}
	switch r.scheme {
	case BIND:
		return len(run) == 1 && lower(run[0]) == 'p'
	case Composer:
		return r.word(run).rank != rankWord || isPatch(run)
	}
	return false
}

func isPatch(run string) bool {
	return compareFold(run, "p") == 0 || compareFold(run, "pl") == 0 || compareFold(run, "patch") == 0
}

func (r *serverReader) word(run string) token {
	rank := earlyRank(run)
	if rank == 0 && len(run) == 1 && (r.scheme == BIND || r.scheme == Composer) {
		switch lower(run[0]) {
		case 'a':
			rank = earlyRank("alpha")
		case 'b':
			rank = earlyRank("beta")
		}
	}
	switch {
	case rank != 0:
		return token{rank, "", false}
	case r.scheme == Composer && isPatch(run):
		return token{rankWord, "p", false}
	}
	return token{rankWord, run, false}
}
