package sweep

import "math/bits"

// Plan is a list of different questions, in the order in which a host is asked
// them. It is made once and shared by all hosts that are asked the same.
type Plan struct {
	items []Item
	ports *[1 << 16]uint16 // of a SYN: its index and 1; nil for short plans
	rest  []uint32         // indexes of what is no SYN
}

// shortPlan is up to how many questions are looked through for one.
const shortPlan = 8

// NewPlan returns the plan of items, which must differ and be at most 65,535.
func NewPlan(items []Item) *Plan {
	p := &Plan{items: items}
	if len(items) <= shortPlan {
		return p
	}
	p.ports = new([1 << 16]uint16)
	for i, item := range items {
		if item.Kind() == SYN {
			p.ports[item.Port()] = uint16(i + 1)
		} else {
			p.rest = append(p.rest, uint32(i))
		}
	}
	return p
}

// Len is how many questions there are.
func (p *Plan) Len() int { return len(p.items) }

// Item returns question i, counted from 0.
func (p *Plan) Item(i int) Item { return p.items[i] }

// index finds a question; -1 when it is not in the plan.
func (p *Plan) index(item Item) int {
	switch {
	case p.ports == nil:
		for i, it := range p.items {
			if it == item {
				return i
			}
		}
	case item.Kind() == SYN:
		return int(p.ports[item.Port()]) - 1
	default:
		for _, i := range p.rest {
			if p.items[i] == item {
				return int(i)
			}
		}
	}
	return -1
}

// set is a set of the indexes of a plan.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) has(i int) bool { return s[i>>6]&(1<<(i&63)) != 0 }

func (s set) add(i int) { s[i>>6] |= 1 << (i & 63) }

// next returns the first index from i on that is not in the set, and n when
// all below n are.
func (s set) next(i, n int) int {
	for i < n {
		word := ^s[i>>6] >> (i & 63)
		if word != 0 {
			return min(i+bits.TrailingZeros64(word), n)
		}
		i = (i | 63) + 1
	}
	return n
}
