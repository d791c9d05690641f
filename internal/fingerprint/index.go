package fingerprint

import (
	"sync"

	"github.com/harrier-scan/harrier/internal/fingerprint/prefilter"
)

// index is the rules of one kind in one layer. Its filter is built at first use.
type index struct {
	rules  []*rule
	once   sync.Once
	filter *prefilter.Filter
}

func (x *index) build() {
	needs := make([]prefilter.Needs, len(x.rules))
	for i, r := range x.rules {
		needs[i] = r.needs
	}
	x.filter = prefilter.New(needs)
}

// first returns the first rule that fits and what it tells; nil when none does.
func (x *index) first(text string) (m Match, found *rule) {
	x.once.Do(x.build)
	text = x.rules[0].prepared(text)
	x.filter.Each(text, func(i int) bool {
		if told, ok := x.rules[i].match(text); ok {
			m, found = told, x.rules[i]
		}
		return found == nil
	})
	return m, found
}

// all appends what every rule that fits tells.
func (x *index) all(out []Match, text string) []Match {
	x.once.Do(x.build)
	text = x.rules[0].prepared(text)
	x.filter.Each(text, func(i int) bool {
		if m, ok := x.rules[i].match(text); ok {
			out = append(out, m)
		}
		return true
	})
	return out
}
