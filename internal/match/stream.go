package match

import (
	"cmp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// What one source says of one package of one release in several statements is
// brought together before sources are weighed against each other:
//
//   - A statement about a source package holds for what is built from it, unless
//     there is one about the package itself.
//   - Of several builds that mend it, as the streams of a module have them, those
//     of the package's own stream count: the builds whose upstream version has
//     the most leading numbers in common with the installed one. A version at or
//     above any of them is mended, be it below others; one below all of them is
//     affected, be it above those of other streams.
//   - That it is affected is believed before what another statement says of the
//     versions that it does not list.
//
// A statement that does not count is set aside, with the reason.

// gather does that for what is said of t about one vulnerability.
func (t *Thing) gather(list []said) {
	if len(list) < 2 || !list[0].by.distro && !list[len(list)-1].by.distro {
		return
	}
	slices.SortStableFunc(list, func(a, b said) int {
		return cmp.Or(cmp.Compare(a.by.Source, b.by.Source), cmp.Compare(a.by.Package.Ecosystem, b.by.Package.Ecosystem))
	})
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].by.Source == list[from].by.Source && list[to].by.Package.Ecosystem == list[from].by.Package.Ecosystem {
			to++
		}
		if group := list[from:to]; len(group) > 1 && group[0].by.distro {
			preferOwn(group)
			chooseStream(group, t.Version)
			preferAffected(group)
		}
		from = to
	}
}

// preferOwn sets statements about a source package aside where there is one about
// the package itself.
func preferOwn(group []said) {
	own := false
	for i := range group {
		s := &group[i]
		own = own || !s.by.Affected.Source && s.strength > silent && !s.by.broken
	}
	for i := range group {
		if s := &group[i]; own && s.by.Affected.Source {
			s.aside = "it speaks of the source package, and of the package itself something is said too"
		}
	}
}

// chooseStream sets builds of other streams than that of the upstream version v
// aside, and where a build of its own one is reached also those that are not.
func chooseStream(group []said, v string) {
	best, builds, reached := -1, 0, false
	for i := range group {
		s := &group[i]
		if v == "" || !s.mends() {
			continue
		}
		builds++
		switch n := s.by.near(v); {
		case n > best:
			best, reached = n, s.reached
		case n == best:
			reached = reached || s.reached
		}
	}
	if builds < 2 {
		return
	}
	for i := range group {
		s := &group[i]
		switch {
		case !s.mends():
		case s.by.near(v) < best:
			s.aside = "it is about another stream of the package"
		case reached && !s.reached:
			s.aside = "an earlier build of the same stream mends it too"
		}
	}
}

// preferAffected sets aside what is said only of versions that are not listed
// where another statement lists the version as affected.
func preferAffected(group []said) {
	affected := false
	for i := range group {
		s := &group[i]
		affected = affected || s.aside == "" && s.strength > otherwise && s.status.Affects() && !s.maybe
	}
	for i := range group {
		if s := &group[i]; affected && s.strength == otherwise && s.aside == "" {
			s.aside = "the same source lists the version as affected"
		}
	}
}

// mends reports whether s tells that a build mends it: one that the version has
// reached, or lacks.
func (s *said) mends() bool {
	if s.aside != "" {
		return false
	}
	if s.reached {
		return true
	}
	return s.strength == ranged && s.status.Affects() && !s.maybe && s.fixed != ""
}

// near counts the leading numbers that the upstream version v and the one that
// mends have in common; the most of several ends.
func (p *prepared) near(v string) int {
	best := 0
	for i := range p.ranges {
		if q := &p.ranges[i].before; q.set {
			best = max(best, sharedNumbers(v, q.upstream.String()))
		}
	}
	return best
}

// sharedNumbers counts the leading numbers that two versions share.
func sharedNumbers(a, b string) int {
	for n := 0; ; n++ {
		x, restA, moreA := strings.Cut(a, ".")
		y, restB, moreB := strings.Cut(b, ".")
		if x != y {
			return n
		}
		if !moreA || !moreB {
			return n + 1
		}
		a, b = restA, restB
	}
}

// meant reports whether a statement found by the name of an installed package,
// or by that of its source package, speaks of it.
func (t *Thing) meant(a *harrier.Affected, bySource bool) bool {
	if bySource {
		return a.Source
	}
	return !a.Source || t.source == "" || t.source == t.What
}
