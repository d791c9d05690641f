package match

import "strings"

// cutEpoch takes an epoch away: "2.3" of "1:2.3". There is none where what
// stands before the colon is no number.
func cutEpoch(s string) string {
	before, after, found := strings.Cut(s, ":")
	if !found || before == "" || strings.Trim(before, "0123456789") != "" {
		return s
	}
	return after
}

// cutRevision splits the version of a package at its last hyphen into what its
// maker and what the packager counted; there is no revision, which is "",
// without one.
func cutRevision(s string) (upstream, revision string) {
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// upstreamOf is the maker's part of the version of a package: "9.2p1" of
// "1:9.2p1-2+deb12u3".
func upstreamOf(s string) string {
	s = cutEpoch(s)
	s, _ = cutRevision(s)
	if i := strings.IndexAny(s, "+~"); i > 0 {
		s = s[:i] // "1.3.5+dfsg", "2.4.7~rc1": what was taken out or is to come
	}
	return s
}
