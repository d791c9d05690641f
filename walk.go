package harrier

// Order is a field to sort by.
type Order struct {
	Field string
	Desc  bool
}

// Walk says which part of what a search finds to return, and in which order.
// What is equal in all fields of Sort is in the order of IDs, so that no two
// things are.
type Walk struct {
	Sort []Order
	// After continues behind a thing: its position, as Found tells it. A far page
	// takes no longer than the first. Nil begins at the beginning.
	After  []any
	Offset int // leave so many out
	Limit  int // at most so many; 0 means all
	// NoTotal leaves the total out.
	NoTotal bool
}

// Found is a part of what a search finds.
type Found[T any] struct {
	Rows []T
	// Positions are those of Rows: the values of the fields of Sort, and the ID.
	// Each is an int64, a float64 or a string.
	Positions [][]any
	Total     int // of all that is found; -1 with NoTotal
}

// Last is the position to continue behind; nil when nothing was found.
func (f Found[T]) Last() []any {
	if len(f.Positions) == 0 {
		return nil
	}
	return f.Positions[len(f.Positions)-1]
}

// ComparePositions tells which of two positions in the order of sort comes
// first: negative when a does.
func ComparePositions(sort []Order, a, b []any) int {
	for i := range min(len(a), len(b)) {
		c := comparePosition(a[i], b[i])
		if c == 0 {
			continue
		}
		if i < len(sort) && sort[i].Desc {
			return -c
		}
		return c
	}
	return 0
}

// comparePosition orders numbers by size and texts by their bytes.
func comparePosition(a, b any) int {
	s, ok1 := a.(string)
	t, ok2 := b.(string)
	if ok1 && ok2 {
		switch {
		case s < t:
			return -1
		case s > t:
			return 1
		}
		return 0
	}
	x, ok1 := a.(int64)
	y, ok2 := b.(int64)
	if ok1 && ok2 {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return compareValues(a, b)
}
