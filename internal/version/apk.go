package version

import (
	"cmp"
	"strings"
)

// compareAPK orders as apk-tools does: numbers, a letter, suffixes with numbers,
// the hash of a commit, the build's revision. A text that breaks the form ends
// there, and the broken end is below everything but an early suffix; between two
// broken ends the rest is ordered as text.
func compareAPK(a, b string) int {
	if a == b {
		return 0
	}
	ra, rb := apkReader{rest: a}, apkReader{rest: b}
	for {
		ta, tb := ra.next(), rb.next()
		if ta.kind != tb.kind {
			switch ea, eb := ta.early(), tb.early(); {
			case ea && !eb:
				return -1
			case eb && !ea:
				return 1
			}
			return cmp.Compare(tb.kind, ta.kind)
		}
		if c := ta.compare(tb); c != 0 {
			return c
		}
		if ta.kind >= apkEnd {
			return 0
		}
	}
}

// The kinds of parts, in the order in which they follow each other.
const (
	apkFirst = iota // the number in front
	apkNumber
	apkLetter
	apkSuffix
	apkSuffixNumber
	apkHash
	apkRevision
	apkEnd
	apkBroken
)

// apkSuffixes are in order; the first four are below the release.
var apkSuffixes = [...]string{"alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"}

const apkEarly = 4

type apkPart struct {
	kind int
	text string
	rank int // of a suffix: its place
}

func (p apkPart) early() bool { return p.kind == apkSuffix && p.rank < apkEarly }

func (p apkPart) compare(q apkPart) int {
	switch p.kind {
	case apkNumber:
		// With a zero in front it is a fraction: 1.05 < 1.1.
		if p.text[0] == '0' || q.text[0] == '0' {
			return strings.Compare(p.text, q.text)
		}
		return compareNumbers(p.text, q.text)
	case apkFirst, apkSuffixNumber, apkRevision:
		return compareNumbers(p.text, q.text)
	case apkSuffix:
		return cmp.Compare(p.rank, q.rank)
	}
	return strings.Compare(p.text, q.text)
}

type apkReader struct {
	rest    string
	started bool
	last    int
}

func (r *apkReader) next() apkPart {
	p := r.part()
	r.last, r.started = p.kind, true
	return p
}

func (r *apkReader) part() apkPart {
	s := r.rest
	switch {
	case !r.started:
		if n := digits(s); n > 0 {
			return r.take(apkFirst, 0, n)
		}
	case s == "":
		return apkPart{kind: apkEnd}
	case s[0] == '.' && r.last <= apkNumber:
		if n := digits(s[1:]); n > 0 {
			return r.take(apkNumber, 1, n)
		}
	case 'a' <= s[0] && s[0] <= 'z' && r.last <= apkNumber:
		return r.take(apkLetter, 0, 1)
	case s[0] == '_' && r.last <= apkSuffixNumber:
		n := letters(s[1:])
		for i, name := range apkSuffixes {
			if s[1:1+n] == name {
				p := r.take(apkSuffix, 1, n)
				p.rank = i
				return p
			}
		}
	case isDigit(s[0]) && r.last == apkSuffix:
		return r.take(apkSuffixNumber, 0, digits(s))
	case s[0] == '~' && r.last < apkHash:
		n := 1
		for n < len(s) && (isDigit(s[n]) || 'a' <= s[n] && s[n] <= 'f') {
			n++
		}
		if n > 1 {
			return r.take(apkHash, 1, n-1)
		}
	case strings.HasPrefix(s, "-r") && r.last < apkRevision:
		if n := digits(s[2:]); n > 0 {
			return r.take(apkRevision, 2, n)
		}
	}
	return apkPart{kind: apkBroken, text: s}
}

// take makes a part of n bytes behind skipped ones.
func (r *apkReader) take(kind, skip, n int) apkPart {
	p := apkPart{kind: kind, text: r.rest[skip : skip+n]}
	r.rest = r.rest[skip+n:]
	return p
}

func validAPK(s string) bool {
	r := apkReader{rest: s}
	for {
		switch r.next().kind {
		case apkEnd:
			return true
		case apkBroken:
			return false
		}
	}
}
