package match

import (
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/version"
)

// truth is the answer to whether a version is in a set of versions. Perhaps is
// it where only the maker's part of the version is known.
type truth uint8

const (
	no truth = iota
	perhaps
	yes
)

// strength says how directly a statement speaks of a version: of two of one
// record the more direct one holds.
type strength uint8

const (
	silent    strength = iota // it does not hold here
	otherwise                 // for what it does not list
	extended                  // that those without longer support have not the fix of it
	general                   // for every version
	ranged                    // for a range
	exact                     // for this very version, or a fix of its own stream is reached
)

// said is what one statement says of one subject.
type said struct {
	by       *prepared
	status   harrier.Status
	strength strength
	maybe    bool   // the revision that would decide does not show
	unproved bool   // it holds on a platform that is not known to be there
	fixed    string // the version that mends it, where it is affected; or the fix that it has reached
	reached  bool   // it is not affected because it has that fix
	aside    string // why it does not count beside the other statements of its source; "" when it does
}

// subjectVersion is the version of a subject in the forms that statements
// compare with, read once per scheme.
type subjectVersion struct {
	maker   string
	pack    string
	arch    string // of an installed package; "" when it is not known
	how     How
	noEpoch bool // pack tells none, and there may be one
	schemes []scheme
}

type scheme struct {
	name        string
	maker, pack version.Version
}

func (v *subjectVersion) in(name string) *scheme {
	for i := range v.schemes {
		if v.schemes[i].name == name {
			return &v.schemes[i]
		}
	}
	v.schemes = append(v.schemes, scheme{name, version.Parse(name, v.maker), version.Parse(name, v.pack)})
	return &v.schemes[len(v.schemes)-1]
}

// order compares the version with an end of a range; sure is false where the
// part of the version that would decide is not known.
func (v *subjectVersion) order(p *prepared, q *point) (c int, sure bool) {
	s := v.in(p.scheme)
	switch {
	case !p.distro && v.how == Installed:
		return s.pack.Compare(q.full), true
	case !p.distro:
		return s.maker.Compare(q.full), true
	case v.how == Installed && !v.noEpoch:
		return s.pack.Compare(q.full), true
	case v.pack != "":
		return s.pack.Compare(q.bare), true // no banner shows the epoch, nor do all lists
	}
	c = s.maker.Compare(q.upstream)
	return c, c != 0
}

// orderFix is order for a version that mends: every build of a release has what
// the release came out with.
func (v *subjectVersion) orderFix(p *prepared, q *point) (c int, sure bool) {
	if c, sure = v.order(p, q); !sure && q.original {
		return 1, true
	}
	return c, sure
}

// evaluate says what p says of a version at an instant, on a host with the
// given system; the module is that of an installed package.
//
// Source: the doc of harrier.Affected.
func evaluate(p *prepared, v *subjectVersion, system, module string, now time.Time) said {
	out := said{by: p}
	holds, proved := p.holds(system, module)
	if !holds || !p.Since.IsZero() && p.Since.After(now) {
		return out
	}
	out.unproved = !proved
	if p.broken {
		out.status, out.strength = harrier.StatusUnknown, otherwise
		return out
	}
	in, fixed := p.has(v)
	switch {
	case in.strength == silent:
		out.status, out.strength = p.Otherwise, otherwise
		if r := p.passed(v); r != "" && p.Otherwise == harrier.StatusNotAffected {
			out.fixed, out.reached = r, true
			out.strength = ranged
			if p.stream {
				out.strength = exact
			}
		}
	default:
		out.status, out.strength, out.maybe = p.Status, in.strength, in.maybe
		out.fixed = fixed
		if p.stream && p.Status.Affects() {
			out.strength = extended
		}
	}
	return out
}

// holds reports whether the conditions of a statement other than the version are
// met, and whether they are known to be.
func (p *prepared) holds(system, module string) (ok, proved bool) {
	if !moduleFits(p.module, module) {
		return false, false
	}
	proved = true
	if p.target != "" && system != "" {
		if !sameSystem(system, targetSystems[p.target]) {
			return false, false
		}
	}
	if len(p.Platforms) == 0 {
		return true, proved
	}
	possible := false
	for _, platform := range p.Platforms {
		yes, sure := runs(system, platform)
		if yes && sure {
			return true, proved
		}
		possible = possible || yes
	}
	return possible, false
}

// targetSystems are systems by the words of a CPE's target_sw.
var targetSystems = map[string]string{
	"windows": "microsoft:windows", "linux": "linux:linux_kernel", "linux_kernel": "linux:linux_kernel",
	"macos": "apple:macos", "mac_os_x": "apple:mac_os_x", "android": "google:android", "iphone_os": "apple:iphone_os",
}

// moduleFits reports whether a package of a module's stream is one that a
// statement means: "nginx:1.22" of both. What is of no module is not meant by
// statements about one, nor the other way round; a stream that does not show,
// "?", can be any.
func moduleFits(statement, module string) bool {
	if module == "?" || statement == "?" {
		return statement != "" && module != ""
	}
	cut := func(s string) string {
		parts := strings.SplitN(s, ":", 3)
		if len(parts) < 2 {
			return s
		}
		return parts[0] + ":" + parts[1]
	}
	return cut(statement) == cut(module)
}

// has reports how the version is in the set that a statement lists, and the
// version that ends the range that it is in.
func (p *prepared) has(v *subjectVersion) (in said, fixed string) {
	if p.exact.set {
		return p.hasExact(v), p.Fixed
	}
	if len(p.ranges) == 0 && len(p.versions) == 0 {
		return said{strength: general}, p.Fixed
	}
	for i := range p.versions {
		if c, sure := v.order(p, &p.versions[i]); c == 0 {
			return said{strength: exact, maybe: !sure}, p.Fixed
		}
	}
	best := no
	for i := range p.ranges {
		t := p.ranges[i].has(p, v)
		if t > best {
			best, fixed = t, p.ranges[i].Before
			if fixed == "" || p.Fixed != "" && len(p.ranges) == 1 {
				fixed = p.Fixed
			}
			if fixed == "" && p.ranges[i].To != "" {
				fixed = "later than " + p.ranges[i].To
			}
		}
	}
	if best == no {
		return said{}, ""
	}
	return said{strength: ranged, maybe: best == perhaps}, fixed
}

// hasExact compares with the version of a CPE. One without an update speaks of
// all updates of its version.
func (p *prepared) hasExact(v *subjectVersion) said {
	c, sure := v.order(p, &p.exact)
	if c != 0 && !p.update {
		head := strings.TrimRight(v.maker, "0123456789")
		head = strings.TrimRight(head, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")
		if head != "" && head != v.maker && isDigit(head[len(head)-1]) && strings.EqualFold(head, p.exact.full.String()) {
			return said{strength: exact}
		}
	}
	if c != 0 {
		return said{}
	}
	return said{strength: exact, maybe: !sure}
}

// has reports whether the version is between the ends.
func (r *bounds) has(p *prepared, v *subjectVersion) truth {
	out := yes
	if r.Platforms != "" {
		if out = perhaps; v.arch != "" {
			out = no
			if strings.Contains(r.Platforms, v.arch) {
				out = yes
			}
		}
	}
	end := func(q *point, inside func(c int) bool) {
		if !q.set || out == no {
			return
		}
		c, sure := v.order(p, q)
		if q == &r.before {
			c, sure = v.orderFix(p, q)
		}
		switch {
		case !sure:
			out = perhaps
		case !inside(c):
			out = no
		}
	}
	if r.From != "0" {
		end(&r.from, func(c int) bool { return c >= 0 })
	}
	end(&r.after, func(c int) bool { return c > 0 })
	end(&r.before, func(c int) bool { return c < 0 })
	end(&r.to, func(c int) bool { return c <= 0 })
	return out
}

// passed returns the highest fix that the version has reached; "" for none.
func (p *prepared) passed(v *subjectVersion) string {
	var best *bounds
	for i := range p.ranges {
		r := &p.ranges[i]
		if !r.before.set {
			continue
		}
		if c, sure := v.orderFix(p, &r.before); sure && c >= 0 && (best == nil || best.before.full.Compare(r.before.full) < 0) {
			best = r
		}
	}
	if best == nil {
		return ""
	}
	return best.Before
}
