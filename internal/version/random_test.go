package version

import (
	"math/rand/v2"
	"strings"
)

// pieces are what versions of a scheme are made of in tests: many are malformed,
// and many are the same but for a little.
var pieces = map[string][]string{
	Deb:      {"0", "1", "2", "10", "01", ".", ".", "-", "~", "+", "a", "b", "rc", "deb12u1", "ubuntu", ":", "1:", "."},
	RPM:      {"0", "1", "2", "10", "01", ".", ".", "-", "~", "^", "a", "b", "rc", "el9", "_", "+", "1:", "."},
	APK:      {"0", "1", "2", "10", "01", ".", ".", "-r1", "-r0", "a", "b", "_rc", "_alpha1", "_p", "_git2", "~abc", "."},
	ALPM:     {"0", "1", "2", "10", "01", ".", ".", "-", "a", "b", "rc", "_", "+", "1:", "..", "."},
	Semver:   {"0", "1", "2", "10", "1.2.3", ".", ".", "-", "-", "alpha", "beta", "+", "rc.1", "v", "1.0.0", "1.0.0-", "1.2"},
	Maven:    {"0", "1", "2", "10", ".", ".", "-", "alpha", "beta", "rc", "final", "ga", "sp", "snapshot", "foo", "a1", "m"},
	PyPI:     {"0", "1", "2", "10", ".", ".", "a1", "b", "rc1", ".post1", ".dev2", "+abc.1", "1!", "-1", "_", "1.0"},
	Gem:      {"0", "1", "2", "10", ".", ".", "-", "a", "b", "rc", "pre", "B", "_"},
	Dotted:   {"0", "1", "2", "10", ".", ".", "-", "a", "b", "rc", "p1", "P2", "M3", "_", " ", "+", "beta"},
	Network:  {"0", "1", "2", "10", ".", ".", "-", "(", ")", "R", "S5", "-h9", "E3", "-EVO", "b", "-b6", "beta", " ", "a"},
	Composer: {"0", "1", "2", "10", ".", ".", "-", "a1", "b", "rc", "p1", "pl", "dev", "_", " ", "+", "beta"},
}

func piecesOf(scheme string) []string {
	switch scheme {
	case NPM, Golang, NuGet:
		scheme = Semver
	case OpenSSH, BIND:
		scheme = Dotted
	}
	return pieces[scheme]
}

// randomVersions makes n texts, the same at each call.
func randomVersions(scheme string, n int) []string {
	r := rand.New(rand.NewPCG(5, 7))
	p := piecesOf(scheme)
	texts := make([]string, n)
	for i := range texts {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteString(p[r.IntN(len(p))])
		}
		texts[i] = b.String()
	}
	return texts
}
