// Package prefilter finds, in one pass over a text, which of many regular
// expressions can match it at all, by the literals that each of them requires:
// what a Filter lets through still has to be run, what it holds back can not
// match. A Finder tells where many literals stand.
package prefilter

import (
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
)

// Needs is what a text must hold to be matched by one pattern.
type Needs struct{ clauses []clause }

// Of returns what a text must hold to be matched by re, and each of also,
// which may be in any case. It does not change re.
func Of(re *syntax.Regexp, also ...string) Needs {
	n := Needs{clauses(re)}
	for _, s := range also {
		if s = longest([]rune(s)); len(s) >= minLength && len(n.clauses) < 8 {
			n.clauses = append(n.clauses, clause{s})
		}
	}
	return n
}

// Filter is an index over the needs of many patterns. It is for any number of
// callers at a time.
type Filter struct {
	always []int32 // patterns that need nothing
	full   []uint8 // by pattern: all clauses met
	finder *Finder
	hits   [][]hit // by literal
	pool   sync.Pool
}

// hit is what a literal tells: a clause of a pattern is met.
type hit struct {
	pattern int32
	clause  uint8 // one bit
}

// New builds the index; patterns are known by their places in needs.
func New(needs []Needs) *Filter {
	f := &Filter{full: make([]uint8, len(needs))}
	places := map[string]int{}
	var literals []string
	for i, n := range needs {
		if len(n.clauses) == 0 {
			f.always = append(f.always, int32(i))
			continue
		}
		for bit, c := range n.clauses {
			f.full[i] |= 1 << bit
			for _, s := range c {
				place, known := places[s]
				if !known {
					place = len(literals)
					places[s] = place
					literals = append(literals, s)
					f.hits = append(f.hits, nil)
				}
				f.hits[place] = append(f.hits[place], hit{int32(i), 1 << bit})
			}
		}
	}
	f.finder = NewFinder(literals)
	f.pool.New = func() any {
		return &scratch{met: make([]uint8, len(needs)), seen: make([]uint64, (len(literals)+63)/64)}
	}
	return f
}

// scratch is what one pass notes; all zero between passes.
type scratch struct {
	met     []uint8 // by pattern
	touched []int32 // patterns with a clause that is met
	seen    []uint64
	marked  []int32 // literals that are in seen
	out     []int32
}

// Each calls yield with the patterns that can match text, in rising order,
// until it returns false.
func (f *Filter) Each(text string, yield func(pattern int) bool) {
	s, _ := f.pool.Get().(*scratch)
	defer f.pool.Put(s)
	Find(f.finder, fold(text), func(place, _ int) {
		literal := int32(place)
		if s.seen[literal/64]&(1<<(literal%64)) != 0 {
			return
		}
		s.seen[literal/64] |= 1 << (literal % 64)
		s.marked = append(s.marked, literal)
		for _, h := range f.hits[literal] {
			if s.met[h.pattern] == 0 {
				s.touched = append(s.touched, h.pattern)
			}
			s.met[h.pattern] |= h.clause
		}
	})
	s.out = append(s.out[:0], f.always...)
	for _, p := range s.touched {
		if s.met[p] == f.full[p] {
			s.out = append(s.out, p)
		}
		s.met[p] = 0
	}
	for _, l := range s.marked {
		s.seen[l/64] = 0
	}
	s.touched, s.marked = s.touched[:0], s.marked[:0]
	slices.Sort(s.out)
	for _, p := range s.out {
		if !yield(int(p)) {
			return
		}
	}
}

// fold maps the two characters outside ASCII that regular expressions take for
// ASCII letters when case is ignored: the Kelvin sign and the long s.
func fold(text string) string {
	if !strings.Contains(text, "\u212a") && !strings.Contains(text, "\u017f") {
		return text
	}
	return strings.NewReplacer("\u212a", "k", "\u017f", "s").Replace(text)
}
