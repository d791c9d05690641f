package columns

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// test is the right side of a comparison, made ready for many left sides. It
// holds like harrier.Matches; Ne and Lacks are turned round by who uses it.
type test struct {
	op      harrier.Op
	lower   []string            // texts in lower case
	set     map[string]struct{} // the same, of Eq
	numbers []float64
	spans   []span // the integers that hold
	// texts and others count the values that are texts, and those that are not.
	texts, others int
	like          []*regexp.Regexp
	low, high     *test // of Between
}

// span are the integers from first to last.
type span struct{ first, last int64 }

func newTest(c harrier.Cmp) *test {
	t := &test{op: c.Op}
	if c.Op == harrier.Between {
		return t.from(c.Values)
	}
	switch c.Op {
	case harrier.Ne:
		t.op = harrier.Eq
	case harrier.Lacks:
		t.op = harrier.Contains
	default:
	}
	for _, value := range c.Values {
		switch value := value.(type) {
		case string:
			t.text1(value)
		case bool:
			t.number(float64(b2i(value)), b2i(value), true)
		case int64:
			t.number(float64(value), value, true)
		case float64:
			whole := value >= math.MinInt64 && value < math.MaxInt64 && value == math.Trunc(value)
			n := int64(0)
			if whole {
				n = int64(value)
			}
			t.number(value, n, whole)
		}
	}
	if t.op == harrier.Eq {
		t.set = make(map[string]struct{}, len(t.lower))
		for _, s := range t.lower {
			t.set[s] = struct{}{}
		}
	}
	t.spans = union(t.spans)
	return t
}

// from makes t hold from the first of two values to the second.
func (t *test) from(values []any) *test {
	if len(values) != 2 {
		t.op = harrier.Eq
		return t
	}
	t.low = newTest(harrier.Cmp{Op: harrier.Ge, Values: values[:1]})
	t.high = newTest(harrier.Cmp{Op: harrier.Le, Values: values[1:]})
	if t.texts = t.low.texts + t.high.texts; t.texts == 0 && len(t.low.spans) == 1 && len(t.high.spans) == 1 {
		if first, last := t.low.spans[0].first, t.high.spans[0].last; first <= last {
			t.spans = []span{{first, last}}
		}
	}
	return t
}

func (t *test) text1(s string) {
	t.texts++
	if t.op == harrier.Like {
		if re, err := regexp.Compile("(?i)" + s); err == nil {
			t.like = append(t.like, re)
		}
		return
	}
	t.lower = append(t.lower, strings.ToLower(s))
}

func (t *test) number(f float64, n int64, whole bool) {
	t.others++
	t.numbers = append(t.numbers, f)
	if !whole {
		t.between(f)
		return
	}
	switch t.op {
	case harrier.Eq:
		t.spans = append(t.spans, span{n, n})
	case harrier.Lt:
		if n > math.MinInt64 {
			t.spans = append(t.spans, span{math.MinInt64, n - 1})
		}
	case harrier.Le:
		t.spans = append(t.spans, span{math.MinInt64, n})
	case harrier.Gt:
		if n < math.MaxInt64 {
			t.spans = append(t.spans, span{n + 1, math.MaxInt64})
		}
	case harrier.Ge:
		t.spans = append(t.spans, span{n, math.MaxInt64})
	default: // the others hold for texts only
	}
}

// between is for a number between two integers, or beyond all.
func (t *test) between(f float64) {
	all, up := span{math.MinInt64, math.MaxInt64}, t.op == harrier.Gt || t.op == harrier.Ge
	switch {
	case t.op != harrier.Lt && t.op != harrier.Le && !up:
	case f >= math.MaxInt64 && !up, f < math.MinInt64 && up:
		t.spans = append(t.spans, all)
	case f >= math.MaxInt64, f < math.MinInt64:
	case up:
		t.spans = append(t.spans, span{int64(math.Ceil(f)), math.MaxInt64})
	default:
		t.spans = append(t.spans, span{math.MinInt64, int64(math.Floor(f))})
	}
}

// union sorts spans and joins those that overlap.
func union(list []span) []span {
	slices.SortFunc(list, func(a, b span) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && s.first <= out[n-1].last {
			out[n-1].last = max(out[n-1].last, s.last)
			continue
		}
		out = append(out, s)
	}
	return out
}

// integer reports whether the comparison holds for n. Numbers come before
// texts.
func (t *test) integer(n int64) bool {
	if t.low != nil {
		return t.low.integer(n) && t.high.integer(n)
	}
	if t.texts > 0 && (t.op == harrier.Lt || t.op == harrier.Le) {
		return true
	}
	if len(t.spans) < 8 {
		for _, s := range t.spans {
			if s.first <= n && n <= s.last {
				return true
			}
		}
		return false
	}
	at, found := slices.BinarySearchFunc(t.spans, n, func(s span, n int64) int {
		switch {
		case s.last < n:
			return -1
		case s.first > n:
			return 1
		}
		return 0
	})
	return found && at < len(t.spans)
}

// float is integer for a number that need not be whole.
func (t *test) float(f float64) bool {
	if t.low != nil {
		return t.low.float(f) && t.high.float(f)
	}
	if t.texts > 0 && (t.op == harrier.Lt || t.op == harrier.Le) {
		return true
	}
	return slices.ContainsFunc(t.numbers, func(n float64) bool {
		switch t.op {
		case harrier.Eq:
			return f == n
		case harrier.Lt:
			return f < n
		case harrier.Le:
			return f <= n
		case harrier.Gt:
			return f > n
		case harrier.Ge:
			return f >= n
		default:
			return false
		}
	})
}

func (t *test) bool(b bool) bool { return t.integer(b2i(b)) }

// text reports whether the comparison holds for a text.
func (t *test) text(s string) bool {
	if t.low != nil {
		return t.low.text(s) && t.high.text(s)
	}
	switch t.op {
	case harrier.Eq:
		_, ok := t.set[strings.ToLower(s)]
		return ok
	case harrier.Like:
		return slices.ContainsFunc(t.like, func(re *regexp.Regexp) bool { return re.MatchString(s) })
	case harrier.Gt, harrier.Ge:
		if t.others > 0 {
			return true
		}
	default:
	}
	s = strings.ToLower(s)
	return slices.ContainsFunc(t.lower, func(with string) bool {
		switch t.op {
		case harrier.Contains:
			return strings.Contains(s, with)
		case harrier.Begins:
			return strings.HasPrefix(s, with)
		case harrier.Ends:
			return strings.HasSuffix(s, with)
		case harrier.Lt:
			return s < with
		case harrier.Le:
			return s <= with
		case harrier.Gt:
			return s > with
		case harrier.Ge:
			return s >= with
		default:
			return false
		}
	})
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
