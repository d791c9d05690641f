package fingerprint

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"

	"github.com/harrier-scan/harrier/internal/prefilter"
)

// rule is one rule, whatever format it was written in. It does not change once
// it is made.
type rule struct {
	id, kind, source string
	file             string
	line             int
	expr             string // RE2, with its flags
	contains         []string
	prepare          func(text string) string // nil: the text as it is
	final            bool                     // it has the last word, even without a version
	tells            maker
	examples         []example
	not              []string // texts that it must not match

	needs prefilter.Needs
	once  sync.Once
	re    *regexp.Regexp
}

// maker makes a match of the groups of a pattern.
type maker interface {
	match(groups groups) Match
}

// groups are the parts of a text that a pattern's groups matched.
type groups struct {
	text string
	at   []int // pairs, as of regexp.FindStringSubmatchIndex
}

// get returns group i; "" when there is none or it took no part.
func (g groups) get(i int) string {
	if i < 0 || 2*i+1 >= len(g.at) || g.at[2*i] < 0 {
		return ""
	}
	return g.text[g.at[2*i]:g.at[2*i+1]]
}

// example is a text that a rule must match, and what it must tell.
type example struct {
	text string
	file string // where the text should be, and is not
	line int
	want map[string]string // by the names that the format's maker knows
}

// Limits of a pattern. Matching takes time in proportion to the text's length
// and the steps of the pattern.
const (
	maxPattern = 8 << 10 // bytes
	maxSteps   = 6000
)

// accept reads expr and works out what it needs. It fails for a pattern that
// is not RE2, or too large.
func (r *rule) accept(expr string) (*syntax.Regexp, error) {
	if len(expr) > maxPattern {
		return nil, fmt.Errorf("the pattern has %d bytes; at most %d are allowed", len(expr), maxPattern)
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the pattern does not compile: %w", err)
	}
	if n := steps(tree); n > maxSteps {
		return nil, fmt.Errorf("the pattern is too costly: %d steps; at most %d are allowed", n, maxSteps)
	}
	r.expr = expr
	r.needs = prefilter.Of(tree, r.contains...)
	return tree, nil
}

// steps estimates the size of the program that re becomes.
func steps(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		if n += steps(sub); n > maxSteps {
			return n
		}
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return n
}

func (r *rule) compile() { r.re = regexp.MustCompile(r.expr) } // accept has read it

// prepared is the form of a text that the rules of this kind and layer speak about.
func (r *rule) prepared(text string) string {
	if r.prepare == nil {
		return text
	}
	return r.prepare(text)
}

// match applies the rule to a text that is prepared.
func (r *rule) match(text string) (Match, bool) {
	for _, s := range r.contains {
		if !strings.Contains(text, s) {
			return Match{}, false
		}
	}
	r.once.Do(r.compile)
	at := r.re.FindStringSubmatchIndex(text)
	if at == nil {
		return Match{}, false
	}
	m := r.tells.match(groups{text, at})
	m.Rule, m.Source, m.Kind = r.id, r.source, r.kind
	return m, true
}
