package prefilter

// Finder finds literals in a text in one pass, whatever their number, not
// telling lower from upper case in ASCII. It does not change, and is for any
// number of callers at a time.
//
// Source: Aho and Corasick, Efficient string matching, 1975; with the failure
// links resolved into one table.
type Finder struct {
	class   [256]uint8 // by byte: its column; 0 for bytes that are in no literal
	columns int
	next    []int32   // by state and column
	ends    [][]int32 // by state: the literals that end here, the longest first
	lengths []int32   // by literal
}

// NewFinder builds the finder of literals, which are in lower case and not
// empty; they are known by their places.
func NewFinder(literals []string) *Finder {
	f := &Finder{columns: 1}
	size := 1
	for _, s := range literals {
		size += len(s)
		f.lengths = append(f.lengths, int32(len(s)))
		for i := range len(s) {
			if f.class[s[i]] == 0 {
				f.class[s[i]] = uint8(f.columns)
				f.columns++
			}
		}
	}
	for b := 'A'; b <= 'Z'; b++ {
		f.class[b] = f.class[lower(byte(b))]
	}
	f.next = make([]int32, f.columns, min(size, 4096)*f.columns)
	f.ends = make([][]int32, 1)
	for place, s := range literals {
		state := int32(0)
		for i := range len(s) {
			state = f.child(state, f.class[s[i]])
		}
		f.ends[state] = append(f.ends[state], int32(place))
	}
	f.link()
	return f
}

// child returns the state behind state by a column, made if need be.
func (f *Finder) child(state int32, column uint8) int32 {
	at := int(state)*f.columns + int(column)
	if f.next[at] == 0 {
		f.next[at] = int32(len(f.ends))
		f.ends = append(f.ends, nil)
		f.next = append(f.next, make([]int32, f.columns)...)
	}
	return f.next[at]
}

// link fills in where a state goes on when no literal goes on, breadth first.
func (f *Finder) link() {
	fail := make([]int32, len(f.ends))
	queue := []int32{0}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for c := 1; c < f.columns; c++ {
			at := int(state)*f.columns + c
			child := f.next[at]
			switch back := f.next[int(fail[state])*f.columns+c]; {
			case child == 0:
				f.next[at] = back
			default:
				if state != 0 {
					fail[child] = back
				}
				f.ends[child] = append(f.ends[child], f.ends[fail[child]]...)
				queue = append(queue, child)
			}
		}
	}
}

// Find calls found with the place of each literal in text and where it begins
// there, once for each time it stands there.
func Find[T string | []byte](f *Finder, text T, found func(literal, start int)) {
	state := int32(0)
	for i := range len(text) {
		state = f.next[int(state)*f.columns+int(f.class[text[i]])]
		for _, l := range f.ends[state] {
			found(int(l), i+1-int(f.lengths[l]))
		}
	}
}
