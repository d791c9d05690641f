package cvelist

import (
	"strings"

	"github.com/harrier-scan/harrier"
)

// version is an entry of a product's "versions": one version, or those from
// Version to an upper end.
type version struct {
	Version         string   `json:"version"`
	Status          string   `json:"status"`
	Type            string   `json:"versionType"`
	LessThan        string   `json:"lessThan"`
	LessThanOrEqual string   `json:"lessThanOrEqual"`
	Changes         []change `json:"changes"`
}

// change says that from At on, within its entry, versions have another status.
type change struct {
	At     string `json:"at"`
	Status string `json:"status"`
}

func statusOf(word string) harrier.Status {
	switch strings.ToLower(word) {
	case "affected":
		return harrier.StatusAffected
	case "unaffected":
		return harrier.StatusNotAffected
	}
	return harrier.StatusUnknown
}

// span is a piece of the line of versions; an end that is "" is open.
type span struct {
	from, to     string
	after, until bool // from is not in it; to is in it
}

// one is the span of a single version.
func one(v string) span { return span{from: v, to: v, until: true} }

// point reports whether it holds a single version.
func (s span) point() bool { return s.from != "" && s.from == s.to && !s.after && s.until }

// rule is an entry that was understood.
type rule struct {
	spans   []span
	status  harrier.Status
	changes []change
}

// rule reads the entry. It reports false for what can not be placed on a line of
// versions: commits, words, prose. A range that begins where it ends holds
// nothing, but is how Chrome's authority and others write "before".
func (v *version) rule() (rule, bool) {
	r := rule{status: statusOf(v.Status)}
	switch strings.ToLower(v.Type) {
	case "git", "purl", "cpe":
		return r, false
	}
	upper, until := v.LessThan, false
	if upper == "" {
		upper, until = v.LessThanOrEqual, true
	}
	if upper == "" {
		var ok bool
		r.spans, ok = prose(v.Version)
		return r, ok
	}
	var s span
	var ok1, ok2 bool
	s.from, s.after, ok1 = lower(v.Version)
	s.to, s.until, ok2 = end(upper, until)
	if !ok1 || !ok2 {
		return r, false
	}
	if s.from != "" && s.to != "" && !s.until && compare(s.from, s.to) == 0 {
		if s.from = ""; r.status != harrier.StatusAffected || len(v.Changes) > 0 {
			return r, false
		}
	}
	r.spans = []span{s}
	for _, c := range v.Changes {
		at, ok := token(c.At)
		if !ok {
			return r, false
		}
		r.changes = append(r.changes, change{At: at, Status: c.Status})
	}
	return r, true
}

// nothing are the words for a version, a vendor or a product that is not told.
var nothing = map[string]bool{
	"": true, "-": true, "--": true, "n/a": true, "na": true, "n/a.": true, "none": true, "unspecified": true,
	"unknown": true, "various": true, "multiple": true, "tbd": true, "not specified": true, "see references": true,
}

// beginning are the words for the first version that there is.
var beginning = map[string]bool{
	"": true, "0": true, "0.0": true, "0.0.0": true, "*": true, "-": true, "n/a": true, "unspecified": true, "unknown": true,
	"earlier": true, "all": true, "any": true, "all versions": true, "previous versions": true, "all previous versions": true,
	"earlier versions": true, "all prior versions": true, "prior versions": true, "prior": true,
}

// every are the words for all versions.
var every = map[string]bool{
	"*": true, "all": true, "any": true, "all versions": true, "all version": true, "all releases": true,
	"any version": true, "all known versions": true, "all supported versions": true,
}

// lower reads a lower end; "" is open.
func lower(s string) (from string, after, ok bool) {
	s = strings.TrimSpace(s)
	if beginning[strings.ToLower(s)] {
		return "", false, true
	}
	if rest, found := strings.CutPrefix(s, ">="); found {
		s = rest
	} else if rest, found := strings.CutPrefix(s, ">"); found {
		s, after = rest, true
	}
	if b, found := branch(s); found {
		return b, false, !after
	}
	from, ok = token(s)
	return from, after, ok
}

// end reads an upper end; "" is open. One that ends in an asterisk stands for
// any number there, so that the branch is in it whichever field names it.
func end(s string, until bool) (to string, included, ok bool) {
	switch s = strings.TrimSpace(s); strings.ToLower(s) {
	case "*", "unspecified":
		return "", false, true
	}
	if rest, found := strings.CutPrefix(s, "<="); found {
		s, until = rest, true
	} else {
		s = strings.TrimPrefix(s, "<")
	}
	if b, found := branch(s); found {
		to, ok = next(b)
		return to, false, ok
	}
	to, ok = token(s)
	return to, until, ok
}

// maxVersion is the most bytes of a version.
const maxVersion = 128

// token reads a version: no blanks, a digit in it, without the "v" or "version"
// in front.
func token(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > maxVersion || !ascii(s) {
		return "", false
	}
	low := strings.ToLower(s)
	for _, prefix := range []string{"versions", "version", "ver.", "ver", "v.", "v"} {
		if rest, ok := strings.CutPrefix(low, prefix); ok {
			if rest = strings.TrimLeft(rest, " "); rest != "" && rest[0] >= '0' && rest[0] <= '9' {
				s = s[len(s)-len(rest):]
			}
			break
		}
	}
	if s == "" || !alnum(s[0]) || !strings.ContainsAny(s, "0123456789") ||
		strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>=*,;|"'\/`, r) }) >= 0 {
		return "", false
	}
	return s, true
}

// ascii reports whether lower case of s has the same places as s.
func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x7f }) < 0
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// branch returns what "5.4.*", "5.4.x" and "5.4.x.x" are the branch of.
func branch(s string) (string, bool) {
	s = strings.TrimSpace(s)
	found := false
	for {
		rest, ok := strings.CutSuffix(s, ".*")
		if !ok {
			rest, ok = strings.CutSuffix(s, ".x")
		}
		if !ok {
			rest, ok = strings.CutSuffix(s, ".X")
		}
		if !ok {
			break
		}
		s, found = rest, true
	}
	if !found {
		return "", false
	}
	return token(s)
}

// next is the branch after one: 5.5 after 5.4.
func next(branch string) (string, bool) {
	i := len(branch)
	for i > 0 && branch[i-1] >= '0' && branch[i-1] <= '9' {
		i--
	}
	digits := []byte(branch[i:])
	if len(digits) == 0 {
		return "", false
	}
	for j := len(digits) - 1; j >= 0; j-- {
		if digits[j]++; digits[j] <= '9' {
			return branch[:i] + string(digits), true
		}
		digits[j] = '0'
	}
	return branch[:i] + "1" + string(digits), true
}
