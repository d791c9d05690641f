package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
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
	stands  memo[harrier.VulnID, string]
}

// Bounds of what a Matcher keeps, in each of two generations.
const (
	keptStatements = 400_000
	keptHits       = 200_000
)

// New returns a Matcher over k.
func New(k Knowledge) *Matcher {
	m := &Matcher{k: k}
	m.keys.limit, m.answers.limit, m.stands.limit = keptStatements, keptHits, keptStatements
	return m
}

// ask is a key of statements, and the order of versions of who asks.
type ask struct {
	key, scheme string
	source      bool // the key is that of the source package of what is asked about
}

// question is what an answer depends on.
type question struct {
	subject
	day int64 // of the time that it is decided for: support ends at a day
}

// answer is what is wrong with all things of one subject.
type answer struct {
	hits []*hit
}

// hit is a vulnerability of a subject, ready to be stated at any endpoint. Its
// text is made when it is first asked for.
type hit struct {
	id        harrier.VulnID
	certainty harrier.Certainty
	source    string
	thing     *Thing
	once      sync.Once
	said      []said // until the text is made
	text      string // of the evidence, behind the banner
}

// evidence is the text of the evidence, behind the banner.
func (h *hit) evidence() string {
	h.once.Do(func() {
		d := decide(h.thing, h.said, false)
		h.text, h.said = d.text(), nil
	})
	return h.text
}

// statements returns what is known by a key.
func (m *Matcher) statements(a ask, content string) ([]prepared, error) {
	a.source = false // the same statements
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
	a := &answer{}
	thing := *t
	err := m.each(t, 0, now, func(group []said) error {
		d := decide(&thing, group, true)
		if d.Verdict != harrier.Present {
			return nil
		}
		reason, err := m.fallen(d.Vulnerability)
		if err == nil && reason == "" {
			a.hits = append(a.hits, &hit{id: d.Vulnerability, certainty: d.Certainty, source: d.Winner, thing: &thing, said: slices.Clone(group)})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	m.answers.put(content, q, a, 1+len(a.hits))
	return a, nil
}

// decisions settles every vulnerability that any source names for t, or only
// the one of that number; by rising number.
func (m *Matcher) decisions(t *Thing, only harrier.VulnID, now time.Time) (list []Decision, err error) {
	err = m.each(t, only, now, func(group []said) error {
		d := decide(t, group, false)
		if d.Verdict == harrier.Present {
			reason, err := m.fallen(d.Vulnerability)
			if err != nil {
				return err
			}
			if reason != "" {
				d.Verdict, d.Certainty = harrier.Absent, 0
				d.because("%s", reason)
			}
		}
		list = append(list, d)
		return nil
	})
	return list, err
}

// each calls do with what is said of t about each vulnerability, by rising
// number; only 0 stands for all of which somebody says that t has it.
func (m *Matcher) each(t *Thing, only harrier.VulnID, now time.Time, do func(group []said) error) error {
	heard, err := m.hear(t, now, only)
	if err != nil {
		return err
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
		if err := do(group); err != nil {
			return err
		}
	}
	return nil
}

// quiet reports whether nobody says that a version is affected.
func quiet(group []said) bool {
	for i := range group {
		if s := &group[i]; s.strength != silent && (s.status.Affects() || s.status == harrier.StatusEndOfSupport) {
			return false
		}
	}
	return true
}

// fallen says why a vulnerability is none any more; "" when it stands.
func (m *Matcher) fallen(id harrier.VulnID) (string, error) {
	content := m.k.Version()
	if reason, ok := m.stands.get(content, id); ok {
		return reason, nil
	}
	v, ok, err := m.k.Vulnerability(id)
	reason := ""
	switch {
	case err != nil:
		return "", fmt.Errorf("definition of %d: %w", id, err)
	case !ok:
		reason = "it has no definition"
	case !v.Withdrawn.IsZero():
		reason = "it was withdrawn on " + v.Withdrawn.UTC().Format(time.DateOnly)
	}
	m.stands.put(content, id, reason, 1)
	return reason, nil
}

// hear asks every source about t.
func (m *Matcher) hear(t *Thing, now time.Time, only harrier.VulnID) ([]said, error) {
	content := m.k.Version()
	v := &subjectVersion{maker: t.Version, pack: t.Package, arch: t.arch, how: t.How, noEpoch: t.noEpoch}
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
				case t.How == Installed && !t.meant(&p.Affected, a.source):
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
		upstream = append(upstream, ask{key: harrier.CPEKey(part, vendor, name), scheme: t.sw.Scheme})
	}
	for _, p := range t.sw.Packages {
		switch p.Kind {
		case "deb", "rpm", "apk", "alpm":
		default:
			upstream = append(upstream, ask{key: harrier.PackageKey(harrier.Package{Ecosystem: p.Kind, Name: p.Name}), scheme: t.sw.Scheme})
		}
	}
	for _, m := range t.sw.Makers {
		upstream = append(upstream, ask{key: harrier.MakerKey(m), scheme: t.sw.Scheme})
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
					g.asks = append(g.asks, ask{key: harrier.PackageKey(harrier.Package{Ecosystem: e, Name: name}), scheme: t.sw.Scheme})
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
