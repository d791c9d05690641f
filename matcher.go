package harrier

import (
	"regexp"
	"slices"
	"strings"
)

// Matcher answers like Matches for one condition and many entities: regular
// expressions are read once, and long lists of values are sets.
type Matcher func(get func(field string) []any) bool

// NewMatcher makes a condition ready.
func NewMatcher(e Expr) Matcher {
	list := func(parts []Expr) []Matcher {
		out := make([]Matcher, len(parts))
		for i, p := range parts {
			out[i] = NewMatcher(p)
		}
		return out
	}
	switch e := e.(type) {
	case And:
		parts := list(e)
		return func(get func(string) []any) bool {
			return !slices.ContainsFunc(parts, func(m Matcher) bool { return !m(get) })
		}
	case Or:
		parts := list(e)
		return func(get func(string) []any) bool {
			return slices.ContainsFunc(parts, func(m Matcher) bool { return m(get) })
		}
	case Not:
		of := NewMatcher(e.Of)
		return func(get func(string) []any) bool { return !of(get) }
	case Has:
		return NewMatcher(e.Of)
	case Cmp:
		return e.matcher()
	}
	return func(get func(string) []any) bool { return Matches(e, get) }
}

func (c Cmp) matcher() Matcher {
	switch c.Op {
	case Eq, Ne:
		texts, numbers := map[string]bool{}, map[float64]bool{}
		for _, v := range c.Values {
			if s, ok := v.(string); ok {
				texts[strings.ToLower(s)] = true
			} else if n, ok := number(v); ok {
				numbers[n] = true
			}
		}
		return func(get func(string) []any) bool {
			return (c.Op == Eq) == slices.ContainsFunc(get(c.Field), func(v any) bool {
				if s, ok := v.(string); ok {
					return texts[strings.ToLower(s)]
				}
				n, ok := number(v)
				return ok && numbers[n]
			})
		}
	case Like:
		var list []*regexp.Regexp
		for _, v := range c.Values {
			if s, ok := v.(string); ok {
				if re, err := regexp.Compile("(?i)" + s); err == nil {
					list = append(list, re)
				}
			}
		}
		return func(get func(string) []any) bool {
			return slices.ContainsFunc(get(c.Field), func(v any) bool {
				s, ok := v.(string)
				return ok && slices.ContainsFunc(list, func(re *regexp.Regexp) bool { return re.MatchString(s) })
			})
		}
	default:
		return func(get func(string) []any) bool { return c.holds(get(c.Field)) }
	}
}
