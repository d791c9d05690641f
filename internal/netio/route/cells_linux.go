package route

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
	"sort"
	"sync/atomic"
)

// cells cuts the addresses of one family into ranges that no known prefix
// divides: all addresses of a cell lie in the same prefixes, so the kernel's
// tables and rules answer the same for them.
type cells struct {
	width int    // 32 or 128, the bits of an address
	from  []key  // where each cell starts, ascending; the first is 0
	split []bool // whether addresses in the cell are told apart anyhow (multipath)
	held  []atomic.Pointer[answer]
}

// key is an address as a number.
type key struct{ hi, lo uint64 }

func keyOf(a netip.Addr) key {
	if a.Is4() {
		b := a.As4()
		return key{0, uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return key{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (k key) compare(o key) int {
	switch {
	case k.hi < o.hi || k.hi == o.hi && k.lo < o.lo:
		return -1
	case k == o:
		return 0
	}
	return 1
}

func (k key) next() key {
	lo, carry := bits.Add64(k.lo, 1, 0)
	return key{k.hi + carry, lo}
}

func (k key) before() key {
	lo, borrow := bits.Sub64(k.lo, 1, 0)
	return key{k.hi - borrow, lo}
}

// common is how many leading bits of 128 are the same.
func (k key) common(o key) int {
	if n := bits.LeadingZeros64(k.hi ^ o.hi); n < 64 {
		return n
	}
	return 64 + bits.LeadingZeros64(k.lo^o.lo)
}

// span returns the first address of p, and the one after its last; wraps says
// that there is none.
func span(p netip.Prefix, width int) (first, after key, wraps bool) {
	first = keyOf(p.Masked().Addr())
	last := first
	host := width - p.Bits()
	if host >= 64 {
		last.lo = ^uint64(0)
		last.hi |= 1<<(host-64) - 1
	} else {
		last.lo |= 1<<host - 1
	}
	after = last.next()
	return first, after, after == key{} || width == 32 && after.lo > 1<<32-1
}

// newCells cuts at the borders of the prefixes, which are of one family. Within
// those in split, addresses are told apart one by one.
func newCells(width int, prefixes, split []netip.Prefix) *cells {
	c := &cells{width: width, from: []key{{}}}
	for _, list := range [...][]netip.Prefix{prefixes, split} {
		for _, p := range list {
			first, after, wraps := span(p, width)
			c.from = append(c.from, first)
			if !wraps {
				c.from = append(c.from, after)
			}
		}
	}
	slices.SortFunc(c.from, key.compare)
	c.from = slices.Clip(slices.Compact(c.from))
	c.split = make([]bool, len(c.from))
	c.held = make([]atomic.Pointer[answer], len(c.from))
	depth := make([]int, len(c.from)+1)
	for _, p := range split {
		first, after, wraps := span(p, width)
		depth[c.find(first)]++
		if !wraps {
			depth[c.find(after)]--
		}
	}
	for i, d := 0, 0; i < len(c.from); i++ {
		d += depth[i]
		c.split[i] = d > 0
	}
	return c
}

// find returns the cell that holds k.
func (c *cells) find(k key) int {
	return sort.Search(len(c.from), func(i int) bool { return c.from[i].compare(k) > 0 }) - 1
}

// prefix returns the shortest prefix around a that does not leave cell i.
func (c *cells) prefix(i int, a netip.Addr) netip.Prefix {
	k, length := keyOf(a), 0
	if i > 0 {
		length = k.common(c.from[i].before()) + 1
	}
	if i+1 < len(c.from) {
		length = max(length, k.common(c.from[i+1])+1)
	}
	length = max(length-(128-c.width), 0)
	return netip.PrefixFrom(a, length).Masked()
}
