package columns

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNearest: what is gathered is that part of the sorted whole, whatever order
// it comes in, and little else is kept.
func TestNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		all := make([]int, r.IntN(2000))
		for i := range all {
			all[i] = r.IntN(500)
		}
		switch r.IntN(3) {
		case 0:
			slices.Sort(all)
		case 1:
			slices.SortFunc(all, func(a, b int) int { return cmp.Compare(b, a) })
		}
		offset, limit := r.IntN(300), r.IntN(60)
		n := newNearest(offset, limit, cmp.Compare[int])
		for _, x := range all {
			n.put(x)
			if limit > 0 && len(n.list) > 2*(offset+limit)+spare {
				t.Fatalf("%d are kept for %d places", len(n.list), offset+limit)
			}
		}
		slices.Sort(all)
		want := all[min(offset, len(all)):]
		if limit > 0 {
			want = want[:min(limit, len(want))]
		}
		if got := n.page(); !slices.Equal(got, want) {
			t.Fatalf("places %d to %d of %d: %v; want %v", offset, offset+limit, len(all), got, want)
		}
	}
}
