package webtech

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/cpe"
	"github.com/harrier-scan/harrier/internal/prefilter"
)

// MaxTechnologies bounds what is told of one service.
const MaxTechnologies = 64

// bounds of the search for patterns in a body.
const (
	around  = 512 // bytes to either side of a text
	perText = 4   // places of one text that are looked at
	whole   = 4 << 10
)

// Look gathers what the replies of one service show. It is for one goroutine.
type Look struct {
	set   *Set
	seen  map[*Rule]*hit
	asked map[string]bool
}

// hit is what is known of one technology.
type hit struct {
	rule     *Rule
	told     bool // a sign told it, rather than let it be suspected
	sure     harrier.Certainty
	version  string
	rank     int // of the sign that told the version
	evidence string
}

// Look begins to look at a service.
func (s *Set) Look() *Look {
	return &Look{set: s, seen: map[*Rule]*hit{}, asked: map[string]bool{}}
}

// See adds what a reply shows.
func (l *Look) See(p *Page) {
	s := l.set
	for _, f := range p.Header {
		for _, g := range s.headers[strings.ToLower(f[0])] {
			l.try(p, g, f[1], f[0]+": ")
		}
	}
	for _, m := range p.Metas {
		for _, g := range s.metas[m[0]] {
			l.try(p, g, m[1], "meta "+m[0]+": ")
		}
	}
	for _, c := range p.Cookies {
		for _, g := range s.cookies {
			if sameOrBegins(g.Cookie, c[0]) {
				l.try(p, g, c[1], "cookie "+c[0]+"=")
			}
		}
	}
	for _, src := range p.Scripts {
		for _, g := range s.scripts {
			l.try(p, g, src, "script ")
		}
	}
	if p.Title != "" {
		for _, g := range s.titles {
			l.try(p, g, p.Title, "title: ")
		}
	}
	if p.Leads != "" {
		for _, g := range s.targets {
			l.try(p, g, p.Leads, "leads to ")
		}
	}
	l.body(p)
}

// SeeIcon adds what an icon shows, which was got from path.
func (l *Look) SeeIcon(path string, icon Icon) {
	for _, g := range l.set.icons[icon.MMH3] {
		l.take(g, "", fmt.Sprintf("GET %s: icon hash %d", path, icon.MMH3))
	}
}

// Questions returns the paths that are worth asking now: those of products
// that a sign speaks for, none twice. Products that were told come first.
func (l *Look) Questions() []string {
	var out []string
	for _, told := range []bool{true, false} {
		for _, r := range l.set.Rules {
			h := l.seen[r]
			if h == nil || h.told != told {
				continue
			}
			for _, a := range r.Ask {
				if !l.asked[a.Path] && !l.answered(h, a) {
					l.asked[a.Path] = true
					out = append(out, a.Path)
				}
			}
		}
	}
	return out
}

// answered reports whether an answer to a can not tell anything more of h.
func (l *Look) answered(h *hit, a Ask) bool {
	return h.told && h.version != "" && h.rank <= a.Signs[0].rank
}

// Suspects reports whether a technology was told, or is suspected.
func (l *Look) Suspects(name string) bool { return l.seen[l.set.byName[name]] != nil }

// Technologies returns what was told, in the order of names, with what that
// implies.
func (l *Look) Technologies() []harrier.Technology {
	var out []harrier.Technology
	for _, h := range l.all() {
		out = append(out, harrier.Technology{
			Name: h.rule.Name, Version: h.version, Category: h.rule.Category, CPE: cpe.Name(h.rule.CPE, h.version, ""), Evidence: h.evidence, Certainty: h.sure,
		})
	}
	slices.SortFunc(out, func(a, b harrier.Technology) int { return cmp.Compare(a.Name, b.Name) })
	return out[:min(len(out), MaxTechnologies)]
}

// Device and OS return the kind of machine and the system that the
// technologies tell; "" when none does.
func (l *Look) Device() string { return l.hint(func(r *Rule) string { return r.Device }) }

// OS returns the system that the technologies tell; "" when none does.
func (l *Look) OS() string { return l.hint(func(r *Rule) string { return r.OS }) }

func (l *Look) hint(of func(*Rule) string) string {
	for _, h := range l.all() {
		if hint := of(h.rule); hint != "" && h.sure == harrier.Certain {
			return hint
		}
	}
	return ""
}

// all returns what was told and implied, in the order of the rules.
func (l *Look) all() []*hit {
	known := map[*Rule]*hit{}
	for r, h := range l.seen {
		if h.told {
			known[r] = h
		}
	}
	for _, h := range l.told() {
		l.imply(h.rule, h.sure, known)
	}
	var out []*hit
	for _, r := range l.set.Rules {
		if h := known[r]; h != nil {
			out = append(out, h)
		}
	}
	return out
}

func (l *Look) told() []*hit {
	var out []*hit
	for _, r := range l.set.Rules {
		if h := l.seen[r]; h != nil && h.told {
			out = append(out, h)
		}
	}
	return out
}

func (l *Look) imply(r *Rule, sure harrier.Certainty, known map[*Rule]*hit) {
	for _, name := range r.Implies {
		other := l.set.byName[name]
		if known[other] != nil {
			continue
		}
		known[other] = &hit{rule: other, sure: min(sure, harrier.Potential), evidence: "implied by " + r.Name}
		l.imply(other, sure, known)
	}
}

// try applies a sign to a short text.
func (l *Look) try(p *Page, g *Sign, text, before string) {
	if !g.fits(p) {
		return
	}
	text = clip(text)
	version := ""
	if g.pattern != nil {
		if !hasFold(text, g.pattern.Literal) {
			return
		}
		at := g.pattern.FindStringSubmatchIndex(text)
		if at == nil {
			return
		}
		version = g.pattern.group(text, at)
	}
	l.take(g, version, "GET "+p.Path+": "+before+text)
}

// hasFold reports whether text has literal, which is in lower case, in any case
// of ASCII letters.
func hasFold(text, literal string) bool {
	if literal == "" {
		return true
	}
	first := literal[0]
	for i := 0; i+len(literal) <= len(text); i++ {
		if lower(text[i]) != first {
			continue
		}
		j := 1
		for j < len(literal) && lower(text[i+j]) == literal[j] {
			j++
		}
		if j == len(literal) {
			return true
		}
	}
	return false
}

// fits reports whether g is to be looked for in p.
func (g *Sign) fits(p *Page) bool {
	return (g.Status == 0 || g.Status == p.Status) && (g.path == "" || g.path == p.Path)
}

// group returns the version of a match.
func (p *Pattern) group(text string, at []int) string {
	if p.version < 0 || at[2*p.version] < 0 {
		return ""
	}
	return text[at[2*p.version]:at[2*p.version+1]]
}

// body applies the signs of the body.
func (l *Look) body(p *Page) {
	s := l.set
	places := make([]uint8, len(s.bodies))
	prefilter.Find(s.finder, p.Body, func(text, start int) {
		if places[text] == perText {
			return
		}
		places[text]++
		for _, g := range s.bodies[text] {
			if g.fits(p) && !l.knows(g) {
				l.piece(p, g, start)
			}
		}
	})
	if len(s.short) == 0 || len(p.Body) == 0 {
		return
	}
	text := string(p.Body[:min(len(p.Body), whole)])
	for _, g := range s.short {
		if !g.fits(p) {
			continue
		}
		if at := g.pattern.FindStringSubmatchIndex(text); at != nil && (len(p.Body) <= whole || at[1] < len(text)) {
			l.take(g, g.pattern.group(text, at), "GET "+p.Path+": "+excerpt(text, at[0], at[1]))
		}
	}
}

// knows reports whether g can not tell anything more.
func (l *Look) knows(g *Sign) bool {
	h := l.seen[g.rule]
	return h != nil && h.told && (g.pattern.version < 0 || h.version != "" && h.rank <= g.rank)
}

// piece applies g to what stands around its text.
func (l *Look) piece(p *Page, g *Sign, start int) {
	from, to := max(0, start-around), min(len(p.Body), start+len(g.pattern.Literal)+around)
	text := string(p.Body[from:to])
	if g.pattern.Fixed {
		if at := start - from; strings.HasPrefix(text[at:], g.pattern.text) {
			l.take(g, "", "GET "+p.Path+": "+excerpt(text, at, at+len(g.pattern.text)))
		}
		return
	}
	if at := g.pattern.FindStringSubmatchIndex(text); at != nil {
		l.take(g, g.pattern.group(text, at), "GET "+p.Path+": "+excerpt(text, at[0], at[1]))
	}
}

// excerpt is a match with a few characters around it.
func excerpt(text string, from, to int) string {
	return text[max(0, from-20):min(len(text), to+20)]
}

// take notes what a sign told.
func (l *Look) take(g *Sign, version, evidence string) {
	h := l.seen[g.rule]
	if h == nil {
		h = &hit{rule: g.rule}
		l.seen[g.rule] = h
	}
	if version = strings.TrimSpace(version); version != "" && (h.version == "" || g.rank < h.rank) {
		h.version, h.rank, h.evidence = version, g.rank, tidy(evidence)
	}
	if h.evidence == "" {
		h.evidence = tidy(evidence)
	}
	if !g.suspect {
		h.told, h.sure = true, max(h.sure, g.sure)
	}
}

// tidy makes one printable line of evidence.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "."))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 256 {
		s = strings.ToValidUTF8(s[:256], "")
	}
	return s
}

// sameOrBegins compares a cookie's name with that of a sign.
func sameOrBegins(sign, name string) bool {
	if prefix, open := strings.CutSuffix(sign, "*"); open {
		return strings.HasPrefix(name, prefix)
	}
	return sign == name
}
