package cvelist

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// said is what the versions of a product come to: versions in it have status,
// others otherwise.
type said struct {
	status, otherwise harrier.Status
	ranges            []harrier.Range
	versions          []string
	scheme            string
}

// maxEntries bounds the entries of a product that are read.
const maxEntries = 10_000

// translate turns the entries of a product into statements, which agree with the
// rule of the format: the first entry that a version is in decides, within it
// the last change that is not behind the version, and without an entry the
// default.
//
// Departures, where the rule would make claims that nobody meant: an
// entry that is not understood takes the default away, which was said beside it.
// A default of "affected" beside nothing but affected entries with an upper end
// is not believed: the entries would be pointless, and authorities that write so
// mean what they list. See also version.rule.
//
// Source: cve-schema, docs/versions.md, "Version Status Decision Algorithm".
func translate(list []version, otherwise harrier.Status, work *int) []said {
	list = list[:min(len(list), maxEntries)]
	rules := make([]rule, 0, len(list))
	pointless := len(list) > 0
	for i := range list {
		r, ok := list[i].rule()
		if !ok {
			if r.status != otherwise || len(list[i].Changes) > 0 {
				otherwise = harrier.StatusUnknown
			}
			continue
		}
		rules = append(rules, r)
		single := list[i].LessThan == "" && list[i].LessThanOrEqual == ""
		bounded := len(r.changes) == 0 && !slices.ContainsFunc(r.spans, func(s span) bool { return s.to == "" || single && s.point() })
		pointless = pointless && r.status == harrier.StatusAffected && bounded
	}
	if pointless && otherwise == harrier.StatusAffected {
		otherwise = harrier.StatusUnknown
	}
	out := resolve(rules, otherwise, work)
	scheme := schemeOf(list, out)
	for i := range out {
		out[i].scheme = scheme
	}
	return out
}

// resolve makes statements of rules and a default; entries that overlap say
// nothing where there is no work left to resolve them.
func resolve(rules []rule, otherwise harrier.Status, work *int) []said {
	if len(rules) == 0 {
		return state(map[harrier.Status][]span{otherwise: {{}}}, otherwise == harrier.StatusUnknown)
	}
	pieces, plain := split(rules)
	direct := plain && otherwise != harrier.StatusAffected && apart(pieces)
	spans := map[harrier.Status][]span{}
	for _, p := range pieces {
		spans[p.status] = append(spans[p.status], p.span)
	}
	partial := otherwise == harrier.StatusUnknown || len(spans[harrier.StatusUnknown]) > 0
	if direct && (otherwise == harrier.StatusUnknown || !partial) {
		return state(spans, partial)
	}
	ends := endsOf(rules)
	if cost := 2 * len(ends) * len(pieces); cost <= *work {
		*work -= cost
		return state(sweep(rules, otherwise, ends))
	}
	if !plain || !apart(pieces) {
		return nil // what contradicts itself and can not be resolved says nothing
	}
	return state(spans, true)
}

// state writes statements: one where each version is affected or not, else one
// for each of them.
func state(spans map[harrier.Status][]span, partial bool) []said {
	affected, not := spans[harrier.StatusAffected], spans[harrier.StatusNotAffected]
	var out []said
	add := func(status, otherwise harrier.Status, list []span) {
		s := said{status: status, otherwise: otherwise}
		for _, sp := range list {
			switch {
			case sp == span{}:
				out = append(out, said{status: status, otherwise: otherwise})
				return
			case sp.point():
				s.versions = append(s.versions, sp.from)
			default:
				s.ranges = append(s.ranges, sp.harrier())
			}
		}
		out = append(out, s)
	}
	switch {
	case partial:
		if len(affected) > 0 {
			add(harrier.StatusAffected, harrier.StatusUnknown, affected)
		}
		if len(not) > 0 {
			add(harrier.StatusNotAffected, harrier.StatusUnknown, not)
		}
	case len(affected) > 0:
		add(harrier.StatusAffected, harrier.StatusNotAffected, affected)
		if len(out[0].ranges) == 0 && len(out[0].versions) == 0 {
			out[0].otherwise = harrier.StatusUnknown // nothing is outside
		}
	default:
		add(harrier.StatusNotAffected, harrier.StatusUnknown, []span{{}})
	}
	return out
}

func (s span) harrier() harrier.Range {
	var r harrier.Range
	if s.after {
		r.After = s.from
	} else {
		r.From = s.from
	}
	if s.until {
		r.To = s.to
	} else {
		r.Before = s.to
	}
	return r
}

// piece is a span in which all versions have one status.
type piece struct {
	span
	status harrier.Status
}

// split cuts rules at their changes. It reports false when ends and changes are
// not in order within their entry.
func split(rules []rule) (out []piece, plain bool) {
	plain = true
	for _, r := range rules {
		for i := 1; i < len(r.changes); i++ {
			plain = plain && compare(r.changes[i-1].At, r.changes[i].At) < 0
		}
		for _, s := range r.spans {
			plain = plain && (s.from == "" || s.to == "" || compare(s.from, s.to) <= 0)
			status := r.status
			for _, c := range r.changes {
				if s.from != "" && compare(s.from, c.At) >= 0 {
					plain = false
				}
				if s.to != "" {
					if order := compare(c.At, s.to); order > 0 || order == 0 && !s.until {
						break // behind the end: most name the version that mends it twice
					}
				}
				out = append(out, piece{span{from: s.from, after: s.after, to: c.At}, status})
				s.from, s.after, status = c.At, false, statusOf(c.Status)
			}
			out = append(out, piece{s, status})
		}
	}
	return out, plain
}

// apart reports whether no two pieces of different status overlap.
func apart(pieces []piece) bool {
	list := slices.Clone(pieces)
	slices.SortStableFunc(list, func(a, b piece) int {
		switch {
		case a.from == "" && b.from == "":
			return 0
		case a.from == "":
			return -1
		case b.from == "":
			return 1
		}
		return compare(a.from, b.from)
	})
	var last [3]*piece // of each status, the one that reaches farthest
	for i := range list {
		p := &list[i]
		for status, q := range last {
			if q != nil && harrier.Status(status) != p.status && reaches(q.span, p.span) {
				return false
			}
		}
		if q := last[p.status]; q == nil || q.to != "" && (p.to == "" || compare(q.to, p.to) < 0 || compare(q.to, p.to) == 0 && p.until) {
			last[p.status] = p
		}
	}
	return true
}

// reaches reports whether a, which begins no later, goes into b.
func reaches(a, b span) bool {
	if a.to == "" || b.from == "" {
		return true
	}
	order := compare(a.to, b.from)
	return order > 0 || order == 0 && a.until && !b.after
}

// endsOf are the versions at which the status may change, in order.
func endsOf(rules []rule) []string {
	var ends []string
	for _, r := range rules {
		for _, s := range r.spans {
			if s.from != "" {
				ends = append(ends, s.from)
			}
			if s.to != "" {
				ends = append(ends, s.to)
			}
		}
		for _, c := range r.changes {
			ends = append(ends, c.At)
		}
	}
	slices.SortFunc(ends, compare)
	return slices.CompactFunc(ends, func(a, b string) bool { return compare(a, b) == 0 })
}

// sweep decides for each stretch of the line between two ends, and for each end,
// and joins neighbours of one status.
func sweep(rules []rule, otherwise harrier.Status, ends []string) (spans map[harrier.Status][]span, partial bool) {
	spans = map[harrier.Status][]span{}
	status := decide(rules, otherwise, "", false)
	now := span{}
	step := func(next harrier.Status, at string, behind bool) {
		if next == status {
			return
		}
		now.to, now.until = at, behind
		spans[status] = append(spans[status], now)
		now, status = span{from: at, after: behind}, next
	}
	for _, at := range ends {
		step(decide(rules, otherwise, at, false), at, false)
		step(decide(rules, otherwise, at, true), at, true)
	}
	spans[status] = append(spans[status], now)
	return spans, len(spans[harrier.StatusUnknown]) > 0
}

// decide is the status of version at, or of those right behind it; "" is before
// all versions.
func decide(rules []rule, otherwise harrier.Status, at string, behind bool) harrier.Status {
	for _, r := range rules {
		if !slices.ContainsFunc(r.spans, func(s span) bool { return s.has(at, behind) }) {
			continue
		}
		status := r.status
		for _, c := range r.changes {
			if at != "" && compare(c.At, at) <= 0 {
				status = statusOf(c.Status)
			}
		}
		return status
	}
	return otherwise
}

func (s span) has(at string, behind bool) bool {
	if at == "" {
		return s.from == ""
	}
	if s.from != "" {
		if order := compare(s.from, at); order > 0 || order == 0 && s.after && !behind {
			return false
		}
	}
	if s.to != "" {
		if order := compare(at, s.to); order > 0 || order == 0 && (behind || !s.until) {
			return false
		}
	}
	return true
}

// schemes are the orders that types of versions name.
var schemes = map[string]string{
	"semver": "semver", "maven": "maven", "rpm": "rpm", "deb": "deb", "dpkg": "deb", "apk": "apk",
	"python": "pypi", "pep440": "pypi", "npm": "npm", "go": "golang", "golang": "golang", "gem": "gem",
	"rubygems": "gem", "nuget": "nuget",
}

// schemeOf is the order that all entries with a type name; "" when they differ
// or name none. Most write "semver" without a thought: it is taken for true when
// all versions are such.
func schemeOf(list []version, out []said) string {
	scheme := ""
	for i := range list {
		kind := strings.ToLower(strings.TrimSpace(list[i].Type))
		if kind == "" || kind == "git" {
			continue
		}
		s := schemes[kind]
		if s == "" || scheme != "" && s != scheme {
			return ""
		}
		scheme = s
	}
	if scheme != "semver" {
		return scheme
	}
	for _, s := range out {
		for _, r := range s.ranges {
			for _, v := range []string{r.From, r.After, r.Before, r.To} {
				if v != "" && !semantic(v) {
					return ""
				}
			}
		}
		for _, v := range s.versions {
			if !semantic(v) {
				return ""
			}
		}
	}
	return scheme
}

// semantic reports whether v is a version of Semantic Versioning, or the one to
// three numbers that one begins with.
func semantic(v string) bool {
	v, _, _ = strings.Cut(v, "+")
	v, _, _ = strings.Cut(v, "-")
	parts := strings.Split(v, ".")
	for _, p := range parts {
		if p == "" || strings.IndexFunc(p, func(r rune) bool { return r < '0' || r > '9' }) >= 0 {
			return false
		}
	}
	return len(parts) <= 3
}
