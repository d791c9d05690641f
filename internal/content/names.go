package content

import (
	"cmp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// fold is the form in which names are compared. Only the letters of ASCII have
// a case here, as in SQLite.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, name)
}

// cvesOf returns the CVEs that a record names itself, by number, each once.
func cvesOf(r *harrier.Record) []harrier.VulnID {
	var out []harrier.VulnID
	add := func(name string) {
		if n, ok := harrier.CVENumber(name); ok {
			out = append(out, n)
		}
	}
	for _, name := range r.CVEs {
		add(name)
	}
	if len(r.CVEs) == 0 { // an advisory's list is complete
		for _, name := range r.Aliases {
			add(name)
		}
	}
	add(r.ID)
	slices.Sort(out)
	return slices.Compact(out)
}

// namesOf returns the names of a record that are no CVE ids, its ID in front if
// it is none, each once when folded.
func namesOf(r *harrier.Record) []string {
	out := make([]string, 0, 1+len(r.Aliases))
	seen := map[string]bool{}
	for _, name := range append([]string{r.ID}, r.Aliases...) {
		if f := fold(name); !harrier.IsCVE(name) && !seen[f] {
			seen[f] = true
			out = append(out, name)
		}
	}
	return out
}

// ownName is the name of the vulnerability that a record without a CVE makes:
// the first of its GHSA ids, else its own ID in capitals, so that it does not
// matter who writes it how.
func ownName(names []string) string {
	best := ""
	for _, name := range names {
		if strings.HasPrefix(fold(name), "GHSA-") && (best == "" || fold(name) < fold(best)) {
			best = name
		}
	}
	if best != "" {
		// The letters behind the prefix are lower case in GitHub's own pages.
		return "GHSA-" + slugOf(best[len("GHSA-"):])
	}
	return fold(names[0])
}

// joined is a set of CVEs that stops counting beyond maxJoined.
type joined []harrier.VulnID

func (j joined) with(ids []harrier.VulnID) joined {
	if len(j) > maxJoined {
		return j
	}
	j = append(j, ids...)
	slices.Sort(j)
	return slices.Compact(j)
}

// of adds what one name stands for to j; a name that stands for too much tells
// nothing.
func (j joined) of(name joined) joined {
	if len(name) > maxJoined {
		return j
	}
	return j.with(name)
}

// ids are the CVEs, none when there are too many.
func (j joined) ids() []harrier.VulnID {
	if len(j) > maxJoined {
		return nil
	}
	return j
}

// number gives the names of vulnerabilities without a CVE id, each once, their
// numbers. Those that had one keep it; the others take that of their hash, or
// the next that is free, in the order of hash and name.
func number(names []string, kept func(string) (harrier.VulnID, bool), used func(harrier.VulnID) bool) map[string]harrier.VulnID {
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(harrier.ContentNumber(a), harrier.ContentNumber(b)), cmp.Compare(a, b))
	})
	out, taken := make(map[string]harrier.VulnID, len(names)), map[harrier.VulnID]bool{}
	if kept != nil {
		for _, name := range names {
			if id, ok := kept(name); ok && id.OfContent() && id.CVE() == "" && !taken[id] {
				out[name], taken[id] = id, true
			}
		}
	}
	for _, name := range names {
		if _, ok := out[name]; ok {
			continue
		}
		id := harrier.ContentNumber(name)
		for taken[id] || used != nil && used(id) {
			if id++; id.CVE() != "" { // behind the last of the names' numbers comes the first
				id = firstNumber
			}
		}
		out[name], taken[id] = id, true
	}
	return out
}

// firstNumber is the lowest number of a vulnerability without a CVE id.
const firstNumber harrier.VulnID = 100_000_000

// slugOf is the slug of the vulnerability with a name.
func slugOf(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, name)
}
