package harrier

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Expr is a condition on an entity: And, Or, Not, Cmp, Has or OfAsset. Each door parses its
// own syntax into one; the store turns it into SQL, and Matches evaluates it
// in memory. A nil Expr holds for everything.
type Expr interface{ expr() }

// And holds when all of its parts do; an empty one holds.
type And []Expr

// Or holds when one of its parts does; an empty one does not.
type Or []Expr

// Not holds when its part does not.
type Not struct{ Of Expr }

// Cmp compares a field with values.
type Cmp struct {
	Field  string
	Op     Op
	Values []any // int64, float64, string or bool
}

// Has holds for an entity when its asset has an open finding that Of holds for.
// In memory it is asked of the entity itself.
type Has struct{ Of Expr }

// OfAsset holds for an entity whose asset Of holds for, in the fields of assets.
// In memory it is asked of the entity itself.
type OfAsset struct{ Of Expr }

func (And) expr()     {}
func (Or) expr()      {}
func (Not) expr()     {}
func (Cmp) expr()     {}
func (Has) expr()     {}
func (OfAsset) expr() {}

// Op is a comparison.
type Op string

// The comparisons. Text is compared without regard to case.
const (
	Eq       Op = "="  // equals one of the values
	Ne       Op = "!=" // equals none of the values
	Lt       Op = "<"
	Le       Op = "<="
	Gt       Op = ">"
	Ge       Op = ">="
	Contains Op = "contains" // has one of the values within
	Lacks    Op = "lacks"    // has none of the values within
	Like     Op = "like"     // matches one of the values, which are regular expressions (RE2), anywhere
	In       Op = "in"       // is an address in one of the values, which are "first-last"
	Begins   Op = "begins"   // begins with one of the values
	Ends     Op = "ends"     // ends with one of the values
	Between  Op = "between"  // is from the first of two values to the second, both included
)

// Matches reports whether e holds for an entity whose fields are told by get.
// A field may have several values (int64, float64, string, bool): a comparison
// holds when it does for one of them, Ne and Lacks when for all.
func Matches(e Expr, get func(field string) []any) bool {
	return MatchesHaving(e, get, func(of Expr) bool { return Matches(of, get) })
}

// MatchesHaving is Matches where has tells whether the entity has an open finding
// that the condition of a Has holds for.
func MatchesHaving(e Expr, get func(field string) []any, has func(of Expr) bool) bool {
	switch e := e.(type) {
	case nil:
		return true
	case And:
		return !slices.ContainsFunc(e, func(p Expr) bool { return !MatchesHaving(p, get, has) })
	case Or:
		return slices.ContainsFunc(e, func(p Expr) bool { return MatchesHaving(p, get, has) })
	case Not:
		return !MatchesHaving(e.Of, get, has)
	case Has:
		return has(e.Of)
	case OfAsset:
		return MatchesHaving(e.Of, get, has)
	case Cmp:
		return e.holds(get(e.Field))
	}
	return false
}

func (c Cmp) holds(have []any) bool {
	someOf := func(test func(a, b any) bool) bool {
		return slices.ContainsFunc(have, func(a any) bool {
			return slices.ContainsFunc(c.Values, func(b any) bool { return test(a, b) })
		})
	}
	switch c.Op {
	case Eq:
		return someOf(func(a, b any) bool { return compareValues(a, b) == 0 })
	case Ne:
		return !someOf(func(a, b any) bool { return compareValues(a, b) == 0 })
	case Lt:
		return someOf(func(a, b any) bool { return compareValues(a, b) < 0 })
	case Le:
		return someOf(func(a, b any) bool { return compareValues(a, b) <= 0 })
	case Gt:
		return someOf(func(a, b any) bool { return compareValues(a, b) > 0 })
	case Ge:
		return someOf(func(a, b any) bool { return compareValues(a, b) >= 0 })
	case Contains:
		return someOf(within)
	case Lacks:
		return !someOf(within)
	case Like:
		return someOf(like)
	case In:
		return someOf(inRange)
	case Begins:
		return someOf(func(a, b any) bool { return texts(a, b, strings.HasPrefix) })
	case Ends:
		return someOf(func(a, b any) bool { return texts(a, b, strings.HasSuffix) })
	case Between:
		return len(c.Values) == 2 && slices.ContainsFunc(have, func(a any) bool {
			return compareValues(a, c.Values[0]) >= 0 && compareValues(a, c.Values[1]) <= 0
		})
	}
	return false
}

// texts compares the lower case of two texts.
func texts(a, b any, test func(s, t string) bool) bool {
	s, okA := a.(string)
	t, okB := b.(string)
	return okA && okB && test(strings.ToLower(s), strings.ToLower(t))
}

func like(a, b any) bool {
	s, okA := a.(string)
	pattern, okB := b.(string)
	if !okA || !okB {
		return false
	}
	re, err := regexp.Compile("(?i)" + pattern)
	return err == nil && re.MatchString(s)
}

func inRange(a, b any) bool {
	s, okA := a.(string)
	t, okB := b.(string)
	if !okA || !okB {
		return false
	}
	at, err := netip.ParseAddr(s)
	first, last, ok := ParseRange(t)
	return err == nil && ok && at.BitLen() == first.BitLen() && !at.Less(first) && !last.Less(at)
}

// AddressRange reads an address, a network or a range of addresses and returns
// it as "first-last", a value of In; false for anything else.
func AddressRange(s string) (string, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		p = p.Masked()
		b := p.Addr().AsSlice()
		for i := p.Bits(); i < len(b)*8; i++ {
			b[i/8] |= 0x80 >> (i % 8)
		}
		last, _ := netip.AddrFromSlice(b)
		return p.Addr().String() + "-" + last.String(), true
	}
	first, last, found := strings.Cut(s, "-")
	if !found {
		last = first
	}
	a, err1 := netip.ParseAddr(first)
	b, err2 := netip.ParseAddr(last)
	if err1 != nil || err2 != nil || a.Zone() != "" || b.Zone() != "" {
		return "", false
	}
	text := a.Unmap().String() + "-" + b.Unmap().String()
	_, _, ok := ParseRange(text)
	return text, ok
}

// ParseRange reads "first-last", the values of In; false for anything else.
func ParseRange(s string) (first, last netip.Addr, ok bool) {
	a, b, _ := strings.Cut(s, "-")
	first, err1 := netip.ParseAddr(a)
	last, err2 := netip.ParseAddr(b)
	return first, last, err1 == nil && err2 == nil && first.BitLen() == last.BitLen() && !last.Less(first)
}

func within(a, b any) bool { return texts(a, b, strings.Contains) }

// compareValues orders numbers by size and text by its lower case; values of
// different types by the names of their types, so that they are never equal.
func compareValues(a, b any) int {
	x, okX := number(a)
	y, okY := number(b)
	if okX && okY {
		return cmp.Compare(x, y)
	}
	s, okS := a.(string)
	t, okT := b.(string)
	if okS && okT {
		return cmp.Compare(strings.ToLower(s), strings.ToLower(t))
	}
	if okX {
		return -1
	}
	return 1
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
