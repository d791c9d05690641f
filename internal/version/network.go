package version

import (
	"cmp"
	"strings"
)

func networkOrder() *order {
	return &order{
		compare: compareNetwork,
		valid:   func(s string) bool { return Numbers(Network, s) > 0 },
	}
}

// compareNetwork orders versions as the makers of network systems write them.
// Numbers and letters follow each other, with any of ".-_()" between them, which
// do not count: 13.1-49.15 of NetScaler, 15.2(7)E3 of IOS. Of the numbers in
// front missing ones are 0. Behind them more is newer: the hotfix of
// PAN-OS 10.1.14-h9, the service release of Junos 21.4R3-S5, the rebuild of IOS
// XE 17.9.4a, the patch of 22.7R2.5. A beta (10.1.0-b6) is before the release.
// Words that tell the kind of a build do not count. The releases and trains of
// one version are in the order of their letters, which for the trains of IOS
// says nothing about time.
func compareNetwork(a, b string) int {
	ra, rb := readNetwork(a), readNetwork(b)
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

// networkReader reads the tokens of a version of a network system.
type networkReader struct {
	rest string
	tail bool // behind the leading numbers
}

func readNetwork(s string) networkReader { return networkReader{rest: cutV(strings.TrimSpace(s))} }

// next returns the next token, the zero token at the end and behind it.
func (r *networkReader) next() token {
	for {
		hyphen := false
		for r.rest != "" && strings.IndexByte(".-_()", r.rest[0]) >= 0 {
			hyphen, r.rest = r.rest[0] == '-', r.rest[1:]
		}
		if n := digits(r.rest); n > 0 {
			run := r.rest[:n]
			r.rest = r.rest[n:]
			return token{rankNumber, trimZeros(run), !r.tail}
		}
		n := letters(r.rest)
		if n == 0 {
			r.rest = ""
			return token{}
		}
		run := r.rest[:n]
		r.rest, r.tail = r.rest[n:], true
		if kindOfBuild(run) {
			continue
		}
		rank := 0
		switch {
		case n > 1:
			rank = earlyRank(run)
		case hyphen && lower(run[0]) == 'b':
			rank = earlyRank("beta")
		}
		if rank != 0 {
			return token{rank, "", false}
		}
		return token{rankWord, run, false}
	}
}

// kindOfBuild reports whether a word tells for which machines or rules a version
// was built: Junos Evolved, NetScaler's processes, certified ones.
func kindOfBuild(run string) bool {
	for _, w := range [...]string{"evo", "nc", "cl", "fips", "ndcpp"} {
		if len(w) == len(run) && compareFold(w, run) == 0 {
			return true
		}
	}
	return false
}
