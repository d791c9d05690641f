package dial

import "math/bits"

const (
	tickBits = 21  // a tick is 2^21 ns, about 2 ms
	spokes   = 512 // ticks of a turn, about 1.07 s; a multiple of 64
)

// wheel keeps the deadlines of attempts, which are named by small numbers. To
// add and to remove one takes constant time. Deadlines beyond one turn stay
// where they are when their spoke passes before.
//
// Source: Varghese and Lauck, Hashed and Hierarchical Timing Wheels, scheme 6.
type wheel struct {
	tick  int64               // all before it is over
	used  [spokes / 64]uint64 // the spokes that are not empty
	heads [spokes]int32       // number+1 of a spoke's first; 0 for none
	links []link              // by number
	size  int
}

type link struct {
	deadline   int64
	next, prev int32 // number+1; 0 for none
}

func spokeOf(deadline int64) int64 { return (deadline>>tickBits + 1) % spokes }

func (w *wheel) add(i int32, deadline int64) {
	for int(i) >= len(w.links) {
		w.links = append(w.links, link{})
	}
	s := spokeOf(deadline)
	head := w.heads[s]
	w.links[i] = link{deadline: deadline, next: head}
	if head != 0 {
		w.links[head-1].prev = i + 1
	}
	w.heads[s] = i + 1
	w.used[s/64] |= 1 << (s % 64)
	w.size++
}

func (w *wheel) remove(i int32) {
	l := w.links[i]
	if l.next != 0 {
		w.links[l.next-1].prev = l.prev
	}
	if l.prev != 0 {
		w.links[l.prev-1].next = l.next
	} else {
		s := spokeOf(l.deadline)
		w.heads[s] = l.next
		if l.next == 0 {
			w.used[s/64] &^= 1 << (s % 64)
		}
	}
	w.size--
}

// over removes those whose deadline is over and calls f for each, which may
// add others.
func (w *wheel) over(now int64, f func(i int32)) {
	last := now >> tickBits
	if last < w.tick {
		return
	}
	for t := max(w.tick, last-spokes+1); t <= last && w.size > 0; t++ {
		s := t % spokes
		if w.used[s/64]&(1<<(s%64)) == 0 {
			continue
		}
		for n := w.heads[s]; n != 0; {
			i := n - 1
			n = w.links[i].next
			if w.links[i].deadline <= now {
				w.remove(i)
				f(i)
			}
		}
	}
	w.tick = last + 1
}

// next is when the wheel is to be looked at next, at least; -1 when it is
// empty.
func (w *wheel) next() int64 {
	if w.size == 0 {
		return -1
	}
	from := w.tick % spokes
	for k := int64(0); k <= spokes/64; k++ {
		word := (from/64 + k) % (spokes / 64)
		set := w.used[word]
		switch k {
		case 0:
			set &= ^uint64(0) << (from % 64)
		case spokes / 64:
			set &= 1<<(from%64) - 1
		}
		if set != 0 {
			s := word*64 + int64(bits.TrailingZeros64(set))
			return (w.tick + (s-from+spokes)%spokes) << tickBits
		}
	}
	return w.tick << tickBits
}
