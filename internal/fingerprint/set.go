package fingerprint

import (
	"embed"
	"io/fs"
	"slices"
	"sync"
)

//go:embed rules/*.yaml
var embedded embed.FS

// Default returns the rules that are part of the program. They are read at the
// first call.
var Default = sync.OnceValue(func() *Set {
	top, err := fs.Sub(embedded, "rules")
	if err == nil {
		var s *Set
		if s, err = load(top, Own); err == nil {
			return s
		}
	}
	panic("the embedded fingerprints: " + err.Error()) // a test reads them
})

// Set is layers of rules. It does not change, and is for any number of callers
// at a time. The zero value has no rules.
type Set struct{ layers []*layer }

// layer is the rules of one source.
type layer struct {
	source string
	kinds  map[string]*index
}

// newSet makes one layer of rules, which stay in their order within each kind.
func newSet(source string, rules []*rule) *Set {
	l := &layer{source: source, kinds: map[string]*index{}}
	for _, r := range rules {
		x := l.kinds[r.kind]
		if x == nil {
			x = &index{}
			l.kinds[r.kind] = x
		}
		x.rules = append(x.rules, r)
	}
	return &Set{layers: []*layer{l}}
}

// Layer returns a set with the rules of s and, behind them, those of other.
func (s *Set) Layer(other *Set) *Set {
	return &Set{layers: append(slices.Clone(s.layers), other.layers...)}
}

// Len is the number of rules.
func (s *Set) Len() int {
	n := 0
	for _, l := range s.layers {
		for _, x := range l.kinds {
			n += len(x.rules)
		}
	}
	return n
}

// Kinds lists the kinds that s has rules for, sorted.
func (s *Set) Kinds() []string {
	var out []string
	for _, l := range s.layers {
		for kind := range l.kinds {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Match returns what is told about a text of a kind; false when no rule
// fits, or the one that does tells nothing.
//
// In each layer the first rule that fits wins. Of the layers the first that
// names a product wins, unless its rule found no version, is not final, and a
// later layer tells a product with a version. What the winner does not tell
// about the operating system, the hardware and other facts is added from the
// other layers' winners.
//
// Only the first 64 KiB of text are looked at, of Recog's rules 4 KiB.
func (s *Set) Match(kind, text string) (Match, bool) {
	var few [4]told
	winners := few[:0]
	for _, l := range s.layers {
		if x := l.kinds[kind]; x != nil {
			if m, r := x.first(bounded(text)); r != nil {
				winners = append(winners, told{m, r.final})
			}
		}
	}
	if len(winners) == 0 {
		return Match{}, false
	}
	best := 0
	for i := 1; i < len(winners); i++ {
		if winners[i].beats(winners[best]) {
			best = i
		}
	}
	m := winners[best].Match
	for i := range winners {
		if i != best {
			m.fill(winners[i].Match)
		}
	}
	return m, m.tells()
}

// All returns what every rule of the kind that fits tells about text, in the
// order of layers and rules.
func (s *Set) All(kind, text string) []Match {
	var out []Match
	for _, l := range s.layers {
		if x := l.kinds[kind]; x != nil {
			x.each(bounded(text), func(m Match, _ *rule) bool {
				out = append(out, m)
				return true
			})
		}
	}
	return out
}

// told is a match with whether its rule wants the last word.
type told struct {
	Match
	final bool
}

// beats reports whether t, of a later layer, is to be preferred.
func (t told) beats(earlier told) bool {
	if t.Product == "" || earlier.final {
		return false
	}
	return earlier.Product == "" || earlier.Version == "" && t.Version != ""
}

// maxText bounds a text; maxShort bounds one for Recog's rules, which are many
// and speak of short ones.
const (
	maxText  = 64 << 10
	maxShort = 4 << 10
)

func bounded(text string) string { return text[:min(len(text), maxText)] }
