package fingerprint

import (
	"sync"

	"github.com/harrier-scan/harrier/internal/prefilter"
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
	x.each(text, func(told Match, r *rule) bool {
		m, found = told, r
		return false
	})
	return m, found
}

// maxWork bounds the patterns that are run over one text: the product of their
// number and its length. No text of a peer that means well comes near.
const maxWork = 4 << 20

// each calls yield with the rules that fit and what they tell, in their order,
// until it returns false. A text whose kind is to be prepared is taken as it is
// when no rule fits its prepared form.
func (x *index) each(text string, yield func(Match, *rule) bool) {
	x.once.Do(x.build)
	some, left := false, maxWork
	run := func(text string) {
		x.filter.Each(text, func(i int) bool {
			if left -= len(text); left < 0 {
				return false
			}
			m, ok := x.rules[i].match(text)
			some = some || ok
			return !ok || yield(m, x.rules[i])
		})
	}
	if x.rules[0].source == Recog {
		text = text[:min(len(text), maxShort)]
	}
	prepared := x.rules[0].prepared(text)
	if run(prepared); !some && len(prepared) != len(text) {
		run(text)
	}
}
