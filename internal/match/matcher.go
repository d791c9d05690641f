package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Matcher compares what hosts run with what is known. What many hosts have in
// common is decided once: it keeps a bounded number of answers, for as long as
// the version of the knowledge stays. Calls may overlap.
type Matcher struct {
	k       Knowledge
	keys    memo[ask, []prepared]
	answers memo[question, *answer]
}

// Bounds of what a Matcher keeps, in each of two generations.
const (
	keptStatements = 400_000
	keptHits       = 100_000
)

// New returns a Matcher over k.
func New(k Knowledge) *Matcher {
	m := &Matcher{k: k}
	m.keys.limit, m.answers.limit = keptStatements, keptHits
	return m
}

// ask is a key of statements, and the order of versions of who asks.
type ask struct{ key, scheme string }

// question is what an answer depends on.
type question struct {
	subject
	day int64 // of the time that it is decided for: support ends at a day
}

// answer is what is wrong with all things of one subject.
type answer struct {
	hits    []hit
	unknown bool // no source has ever said a word about the product
}

// hit is a vulnerability of a subject, ready to be stated at any endpoint.
type hit struct {
	id        harrier.VulnID
	certainty harrier.Certainty
	source    string
	text      string // of the evidence, behind the banner
}

// statements returns what is known by a key.
func (m *Matcher) statements(a ask, content string) ([]prepared, error) {
	if p, ok := m.keys.get(content, a); ok {
		return p, nil
	}
	list, err := m.k.Statements(a.key)
	if err != nil {
		return nil, fmt.Errorf("what is known by %q: %w", a.key, err)
	}
	p := prepare(m.k, list, a.scheme)
	m.keys.put(content, a, p, 1+len(p))
	return p, nil
}

// answer decides about all things that are like t.
func (m *Matcher) answer(t *Thing, now time.Time) (*answer, error) {
	content := m.k.Version()
	q := question{t.subject, now.Unix() / (24 * 60 * 60)}
	if a, ok := m.answers.get(content, q); ok {
		return a, nil
	}
	decisions, known, err := m.decisions(t, 0, now)
	if err != nil {
		return nil, err
	}
	a := &answer{unknown: !known}
	for i := range decisions {
		d := &decisions[i]
		if d.Verdict == harrier.Present {
			a.hits = append(a.hits, hit{d.Vulnerability, d.Certainty, d.Winner, d.text()})
		}
	}
	m.answers.put(content, q, a, 1+len(a.hits))
	return a, nil
}

// decisions settles every vulnerability that any source names for t, or only
// the one of that number; by rising number. Known reports whether there is any
// statement about t at all.
func (m *Matcher) decisions(t *Thing, only harrier.VulnID, now time.Time) (list []Decision, known bool, err error) {
	heard, err := m.hear(t, now, only)
	if err != nil {
		return nil, false, err
	}
	slices.SortStableFunc(heard, func(a, b said) int { return cmp.Compare(a.by.Vulnerability, b.by.Vulnerability) })
	for from := 0; from < len(heard); {
		to := from + 1
		for to < len(heard) && heard[to].by.Vulnerability == heard[from].by.Vulnerability {
			to++
		}
		group := heard[from:to]
		from = to
		if only == 0 && quiet(group) {
			continue
		}
		d := decide(t, group)
		if d.Verdict == harrier.Present {
			if err := m.standing(&d); err != nil {
				return nil, false, err
			}
		}
		list = append(list, d)
	}
	return list, len(heard) > 0, nil
}

// quiet reports whether nobody says that a version is affected.
func quiet(group []said) bool {
	for _, s := range group {
		if s.strength != silent && (s.status.Affects() || s.status == harrier.StatusEndOfSupport) {
			return false
		}
	}
	return true
}

// standing takes back a decision about a vulnerability that was withdrawn.
func (m *Matcher) standing(d *Decision) error {
	v, ok, err := m.k.Vulnerability(d.Vulnerability)
	switch {
	case err != nil:
		return fmt.Errorf("definition of %s: %w", d.Name, err)
	case !ok:
		d.Verdict, d.Certainty = harrier.Unknown, 0
		d.Reasons = append(d.Reasons, "it has no definition")
	case !v.Withdrawn.IsZero():
		d.Verdict, d.Certainty = harrier.Absent, 0
		d.Reasons = append(d.Reasons, "it was withdrawn on "+v.Withdrawn.UTC().Format(time.DateOnly))
	}
	return nil
}

// hear asks every source about t.
func (m *Matcher) hear(t *Thing, now time.Time, only harrier.VulnID) ([]said, error) {
	content := m.k.Version()
	v := &subjectVersion{maker: t.Version, pack: t.Package, arch: t.arch, how: t.How}
	var heard []said
	for _, group := range t.asks() {
		before := len(heard)
		for _, a := range group.asks {
			list, err := m.statements(a, content)
			if err != nil {
				return nil, err
			}
			for i := range list {
				p := &list[i]
				switch {
				case only != 0 && p.Vulnerability != only:
				case t.kind == kindSystem && p.Status != harrier.StatusEndOfSupport:
				default:
					heard = append(heard, evaluate(p, v, t.system, t.module, now))
				}
			}
		}
		if group.enough && len(heard) > before {
			break
		}
	}
	return heard, nil
}

// askGroup is a number of keys; where they are enough and anything is known by
// them, the groups behind it are not asked.
type askGroup struct {
	asks   []ask
	enough bool
}

// asks are the keys of statements about t.
func (t *Thing) asks() []askGroup {
	if t.How == Installed {
		return t.installedAsks()
	}
	var upstream []ask
	for _, c := range t.sw.CPEs {
		part, rest, _ := strings.Cut(c, ":")
		vendor, name, _ := strings.Cut(rest, ":")
		upstream = append(upstream, ask{harrier.CPEKey(part, vendor, name), t.sw.Scheme})
	}
	for _, p := range t.sw.Packages {
		switch p.Kind {
		case "deb", "rpm", "apk", "alpm":
		default:
			upstream = append(upstream, ask{harrier.PackageKey(harrier.Package{Ecosystem: p.Kind, Name: p.Name}), t.sw.Scheme})
		}
	}
	for _, m := range t.sw.Makers {
		upstream = append(upstream, ask{harrier.MakerKey(m), t.sw.Scheme})
	}
	out := []askGroup{{asks: upstream}}
	if t.How == Upstream || t.Origin.Backport {
		return out
	}
	for i, d := range rebuilt(t.Origin.Distribution) {
		g := askGroup{enough: true}
		for _, r := range t.Origin.Releases {
			for _, e := range ecosystems(d, r, t.Origin.Minor) {
				for _, name := range t.sw.Package(kindOf(d)) {
					g.asks = append(g.asks, ask{harrier.PackageKey(harrier.Package{Ecosystem: e, Name: name}), t.sw.Scheme})
				}
			}
		}
		if out = append(out, g); i == 3 {
			break
		}
	}
	return out
}

// rebuilt are the distributions whose advisories speak of the packages of one:
// those of Red Hat also of what others build from the same sources.
func rebuilt(distribution string) []string {
	switch distribution {
	case "enterprise":
		return []string{"redhat", "alma", "rocky", "oracle"}
	case "centos":
		return []string{"redhat", "oracle", "alma", "rocky"}
	}
	return []string{distribution}
}
