// Package backport shows that what a distribution has mended without changing
// the maker's version is not reported, and what it has not is. The truth comes
// from Debian's own packages: each says in its changelog which CVE ids each
// revision mends. Only tests live here.
package backport
