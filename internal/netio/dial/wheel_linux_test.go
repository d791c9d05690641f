package dial

import (
	"math/rand/v2"
	"testing"
)

// The wheel gives back what was added and not removed, each once, never too
// early, and when it was asked to be looked at.
func TestWheel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var w wheel
	const count = 300
	deadlines := map[int32]int64{}
	now := int64(12345)
	w.over(now, func(int32) { t.Error("an empty wheel gave something back") })
	var expired int
	for range 20000 {
		i := int32(random.IntN(count))
		if _, ok := deadlines[i]; ok {
			if random.IntN(3) == 0 {
				w.remove(i)
				delete(deadlines, i)
			}
		} else {
			deadlines[i] = now + random.Int64N(4*spokes<<tickBits)>>random.IntN(12)
			w.add(i, deadlines[i])
		}
		if random.IntN(4) > 0 {
			continue
		}
		earliest := int64(-1)
		for _, d := range deadlines {
			if earliest < 0 || d < earliest {
				earliest = d
			}
		}
		next := w.next()
		if (next < 0) != (len(deadlines) == 0) || next > (earliest>>tickBits+1)<<tickBits && earliest >= 0 {
			t.Fatalf("next() = %d at %d; want at most a tick after %d", next, now, earliest)
		}
		switch {
		case next < 0 || random.IntN(3) == 0:
			now += random.Int64N(spokes << tickBits)
		case next > now:
			now = next
		}
		w.over(now, func(i int32) {
			if d, ok := deadlines[i]; !ok || d > now {
				t.Fatalf("over(%d) gave %d, whose deadline is %d (%v)", now, i, d, ok)
			}
			delete(deadlines, i)
			expired++
		})
		for i, d := range deadlines {
			if (d>>tickBits+1)<<tickBits <= now {
				t.Fatalf("over(%d) left %d, whose deadline is %d", now, i, d)
			}
		}
		if w.size != len(deadlines) {
			t.Fatalf("size is %d; want %d", w.size, len(deadlines))
		}
	}
	if expired < 1000 {
		t.Errorf("%d expired; want more for the test to tell anything", expired)
	}
}
