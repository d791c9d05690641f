package prefilter

// automaton finds literals in a text in one pass, whatever their number, case
// ignored.
//
// Source: Aho and Corasick, Efficient string matching, 1975; with the failure
// links resolved into one table.
type automaton struct {
	class   [256]uint8 // by byte: its column; 0 for bytes that are in no literal
	columns int
	next    []int32   // by state and column
	ends    [][]int32 // by state: the literals that end here
}

// newAutomaton builds the automaton of literals, which are lower case and not empty.
func newAutomaton(literals []string) automaton {
	a := automaton{columns: 1}
	size := 1
	for _, s := range literals {
		size += len(s)
		for i := range len(s) {
			if a.class[s[i]] == 0 {
				a.class[s[i]] = uint8(a.columns)
				a.columns++
			}
		}
	}
	for b := 'A'; b <= 'Z'; b++ {
		a.class[b] = a.class[lower(byte(b))]
	}
	a.next = make([]int32, a.columns, min(size, 4096)*a.columns)
	a.ends = make([][]int32, 1)
	for place, s := range literals {
		state := int32(0)
		for i := range len(s) {
			state = a.child(state, a.class[s[i]])
		}
		a.ends[state] = append(a.ends[state], int32(place))
	}
	a.link()
	return a
}

// child returns the state behind state by a column, made if need be.
func (a *automaton) child(state int32, column uint8) int32 {
	at := int(state)*a.columns + int(column)
	if a.next[at] == 0 {
		a.next[at] = int32(len(a.ends))
		a.ends = append(a.ends, nil)
		a.next = append(a.next, make([]int32, a.columns)...)
	}
	return a.next[at]
}

// link fills in where a state goes on when no literal goes on, breadth first.
func (a *automaton) link() {
	fail := make([]int32, len(a.ends))
	queue := []int32{0}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for c := 1; c < a.columns; c++ {
			at := int(state)*a.columns + c
			child := a.next[at]
			switch back := a.next[int(fail[state])*a.columns+c]; {
			case child == 0:
				a.next[at] = back
			default:
				if state != 0 {
					fail[child] = back
				}
				a.ends[child] = append(a.ends[child], a.ends[fail[child]]...)
				queue = append(queue, child)
			}
		}
	}
}

// scan calls found with the place of each literal in text, once for each time
// it stands there.
func (a *automaton) scan(text string, found func(literal int32)) {
	state := int32(0)
	for i := range len(text) {
		state = a.next[int(state)*a.columns+int(a.class[text[i]])]
		for _, l := range a.ends[state] {
			found(l)
		}
	}
}
