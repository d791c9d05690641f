package netio

import (
	"net/netip"
	"slices"

	"github.com/harrier-scan/harrier"
)

// span is a range of addresses of one family, both ends included.
type span struct{ first, last netip.Addr }

// barrier is a set of addresses that nothing may be sent to: sorted spans that
// do not overlap. To look an address up takes some ten nanoseconds.
type barrier []span

// newBarrier joins the guard's prefixes and the exclusions.
func newBarrier(never []netip.Prefix, exclude harrier.Targets) barrier {
	var all barrier
	for _, p := range never {
		all = append(all, span{p.Masked().Addr(), lastOf(p)})
	}
	for _, t := range exclude {
		if t.First.IsValid() {
			all = append(all, span{t.First.WithZone(""), t.Last.WithZone("")})
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.first.Compare(b.first) })
	out := all[:0]
	for _, s := range all {
		if n := len(out); n > 0 && s.first.BitLen() == out[n-1].first.BitLen() && s.first.Compare(out[n-1].last) <= 0 {
			if s.last.Compare(out[n-1].last) > 0 {
				out[n-1].last = s.last
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// has reports whether the address, without its zone, is in the set.
func (b barrier) has(a netip.Addr) bool {
	if len(b) == 0 {
		return false
	}
	a = a.WithZone("")
	lo, hi := 0, len(b)
	for lo < hi {
		if mid := (lo + hi) / 2; b[mid].last.Compare(a) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(b) && b[lo].first.Compare(a) <= 0
}
