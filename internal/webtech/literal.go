package webtech

// finder searches many texts at once, in one pass whatever their number, not
// telling lower from upper case in ASCII. It is an automaton of Aho and
// Corasick with a full table of transitions.
type finder struct {
	class   [256]uint8 // of a byte; 0: in no text
	classes int
	next    []int32 // by node*classes + class
	ends    []int32 // by node: the text that ends there, or -1
	shorter []int32 // by node: the next node on the way of suffixes at which a text ends, or 0
	lengths []int32 // by text
}

// newFinder builds a finder; the texts are numbered as given, are not empty
// and differ in more than case.
func newFinder(texts []string) *finder {
	f := &finder{classes: 1}
	nodes := 1
	for _, t := range texts {
		nodes += len(t)
		f.lengths = append(f.lengths, int32(len(t)))
		for i := range len(t) {
			if c := lower(t[i]); f.class[c] == 0 {
				f.class[c] = uint8(f.classes)
				f.classes++
			}
		}
	}
	for c := byte('A'); c <= 'Z'; c++ {
		f.class[c] = f.class[lower(c)]
	}
	f.next = make([]int32, 0, nodes*f.classes)
	f.node()
	for i, t := range texts {
		at := int32(0)
		for j := range len(t) {
			edge := int(at)*f.classes + int(f.class[t[j]])
			if f.next[edge] == 0 {
				fresh := f.node()
				f.next[edge] = fresh
			}
			at = f.next[edge]
		}
		f.ends[at] = int32(i)
	}
	f.link()
	return f
}

// node adds a node.
func (f *finder) node() int32 {
	f.next = append(f.next, make([]int32, f.classes)...)
	f.ends = append(f.ends, -1)
	f.shorter = append(f.shorter, 0)
	return int32(len(f.ends) - 1)
}

// link fills in, by rising depth, where to go on when a text breaks off.
func (f *finder) link() {
	suffix := make([]int32, len(f.ends))
	var queue []int32
	for c := range f.classes {
		if n := f.next[c]; n != 0 {
			queue = append(queue, n)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if s := suffix[at]; f.ends[s] >= 0 {
			f.shorter[at] = s
		} else {
			f.shorter[at] = f.shorter[s]
		}
		for c := range f.classes {
			edge := int(at)*f.classes + c
			through := f.next[int(suffix[at])*f.classes+c]
			if n := f.next[edge]; n != 0 {
				suffix[n] = through
				queue = append(queue, n)
			} else {
				f.next[edge] = through
			}
		}
	}
}

// find calls hit for each place at which a text begins.
func (f *finder) find(b []byte, hit func(text, start int)) {
	at := int32(0)
	for i, c := range b {
		at = f.next[int(at)*f.classes+int(f.class[c])]
		for n := at; n != 0; n = f.shorter[n] {
			if t := f.ends[n]; t >= 0 {
				hit(int(t), i+1-int(f.lengths[t]))
			}
		}
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
