package prefilter

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// A clause is a set of literals of which at least one stands in every text that
// a pattern matches: in lower case, ASCII, none empty.
type clause []string

const (
	maxClauses  = 4  // of one pattern
	maxLiterals = 24 // of one clause
	maxLength   = 20 // of one literal; longer ones are cut
	minLength   = 2  // shorter ones stand in nearly every text
)

// clauses returns what every text that re matches must hold; none when nothing
// is certain. Case is ignored throughout, so that a clause may let through more
// than re does, and never less.
func clauses(re *syntax.Regexp) []clause {
	var all []clause
	collect(re, &all)
	slices.SortStableFunc(all, func(a, b clause) int { return b.worth() - a.worth() })
	var out []clause
	for _, c := range all {
		if len(out) == maxClauses {
			break
		}
		if !slices.ContainsFunc(out, func(have clause) bool { return slices.Equal(have, c) }) {
			out = append(out, c)
		}
	}
	return out
}

// worth orders clauses by how few texts they are likely to let through.
func (c clause) worth() int {
	shortest := maxLength
	for _, s := range c {
		shortest = min(shortest, len(s))
	}
	return shortest*8 - len(c)
}

// collect appends the clauses that hold for every match of re.
func collect(re *syntax.Regexp, all *[]clause) {
	switch re.Op {
	case syntax.OpLiteral:
		if s := longest(re.Rune); len(s) >= minLength {
			*all = append(*all, clause{s})
		}
	case syntax.OpConcat:
		for i := 0; i < len(re.Sub); i++ {
			if c, used := joined(re.Sub[i:]); used > 1 {
				*all = append(*all, c)
				i += used - 1
				continue
			}
			collect(re.Sub[i], all)
		}
	case syntax.OpCapture, syntax.OpPlus:
		collect(re.Sub[0], all)
	case syntax.OpRepeat:
		if re.Min > 0 {
			collect(re.Sub[0], all)
		}
	case syntax.OpAlternate:
		if c := union(re.Sub); c != nil {
			*all = append(*all, c)
		}
	default: // classes, anchors and what may be absent require nothing
	}
}

// union returns one clause for an alternative: the best of each branch, or nil
// when a branch has none.
func union(branches []*syntax.Regexp) clause {
	var out clause
	for _, b := range branches {
		var own []clause
		collect(b, &own)
		if len(own) == 0 {
			return nil
		}
		best := slices.MaxFunc(own, func(a, b clause) int { return a.worth() - b.worth() })
		if out = append(out, best...); len(out) > maxLiterals {
			return nil
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// joined returns the clause of a run of parts that have few exact forms, such
// as "v" followed by [12] followed by "beta", and how many parts it took.
func joined(parts []*syntax.Regexp) (clause, int) {
	forms, used := []string{""}, 0
	for _, p := range parts {
		more := exact(p)
		if len(more) == 0 || len(forms)*len(more) > 8 || len(forms[0]) >= maxLength {
			break
		}
		var next []string
		for _, f := range forms {
			for _, m := range more {
				next = append(next, f+m)
			}
		}
		forms = next
		used++
	}
	for i, f := range forms {
		if len(f) < minLength {
			return nil, 0
		}
		forms[i] = f[:min(len(f), maxLength)]
	}
	slices.Sort(forms)
	return slices.Compact(forms), used
}

// exact returns all texts that re can match, in lower case, when they are few
// and ASCII.
func exact(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if s := longest(re.Rune); len(s) == len(re.Rune) {
			return []string{s}
		}
	case syntax.OpCharClass:
		var out []string
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if r >= 0x80 || len(out) > 8 {
					return nil
				}
				out = append(out, strings.ToLower(string(r)))
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	case syntax.OpCapture:
		return exact(re.Sub[0])
	default:
	}
	return nil
}

// longest returns the longest run of ASCII in runes, in lower case.
func longest(runes []rune) string {
	var best, run []byte
	for _, r := range runes {
		if r >= unicode.MaxASCII {
			run = nil
			continue
		}
		if run = append(run, lower(byte(r))); len(run) > len(best) {
			best = run
		}
	}
	return string(best[:min(len(best), maxLength)])
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}
