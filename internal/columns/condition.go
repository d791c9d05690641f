package columns

import (
	"bytes"
	"fmt"
	"math/bits"

	"github.com/harrier-scan/harrier"
)

// ErrUnknown tells that a condition or an order asks for what is not kept in
// columns.
var ErrUnknown = fmt.Errorf("not kept in columns")

// node is a condition on findings, ready to be evaluated. What it says of rows
// that are not present means nothing.
type node interface {
	fill(n int, s *segment, out *bitmap)
}

type (
	constant bool
	allOf    []node
	anyOf    []node
	not      struct{ of node }
	// byCode looks a column of codes up in a table of 0 and 1.
	byCode struct {
		column column
		table  []uint8
	}
	byTime struct {
		column func(*segment) *[segmentRows]int64
		t      *test
	}
	bySeverity struct {
		judged *judged
		table  [256]uint8
	}
	byBits func(n int, s *segment) *bitmap
	byRow  func(base, i uint32, s *segment) bool
)

func (c constant) fill(_ int, _ *segment, out *bitmap) {
	word := uint64(0)
	if c {
		word = ^word
	}
	for i := range out {
		out[i] = word
	}
}

func (a allOf) fill(n int, s *segment, out *bitmap) {
	a[0].fill(n, s, out)
	more := new(bitmap)
	for _, p := range a[1:] {
		if *out == (bitmap{}) {
			return
		}
		p.fill(n, s, more)
		for i := range out {
			out[i] &= more[i]
		}
	}
}

func (a anyOf) fill(n int, s *segment, out *bitmap) {
	a[0].fill(n, s, out)
	more := new(bitmap)
	for _, p := range a[1:] {
		p.fill(n, s, more)
		for i := range out {
			out[i] |= more[i]
		}
	}
}

func (c not) fill(n int, s *segment, out *bitmap) {
	c.of.fill(n, s, out)
	for i := range out {
		out[i] = ^out[i]
	}
}

func (c byCode) fill(_ int, s *segment, out *bitmap) {
	column, table := c.column.of(s), c.table
	for w := range out {
		word := uint64(0)
		for b, code := range column[w*64 : w*64+64] {
			word |= uint64(table[code]) << b
		}
		out[w] = word
	}
}

func (c byTime) fill(_ int, s *segment, out *bitmap) {
	column := c.column(s)
	if len(c.t.spans) != 1 || c.t.texts > 0 {
		for w := range out {
			word := uint64(0)
			for b, at := range column[w*64 : w*64+64] {
				word |= uint64(b2i(c.t.integer(at))) << b
			}
			out[w] = word
		}
		return
	}
	first, last := c.t.spans[0].first, c.t.spans[0].last
	for w := range out {
		word := uint64(0)
		for b, at := range column[w*64 : w*64+64] {
			in := uint64(0)
			if at >= first && at <= last {
				in = 1
			}
			word |= in << b
		}
		out[w] = word
	}
}

func (c bySeverity) fill(n int, s *segment, out *bitmap) {
	column := c.judged.severities(n, s)
	for w := range out {
		word := uint64(0)
		for b, code := range column[w*64 : w*64+64] {
			word |= uint64(c.table[code]) << b
		}
		out[w] = word
	}
}

func (c byBits) fill(n int, s *segment, out *bitmap) {
	if b := c(n, s); b != nil {
		*out = *b
	} else {
		*out = bitmap{}
	}
}

func (c byRow) fill(n int, s *segment, out *bitmap) {
	base := uint32(n) << segmentBits
	for w := range out {
		word := uint64(0)
		for present := s.present[w]; present != 0; present &= present - 1 {
			b := bits.TrailingZeros64(present)
			word |= uint64(b2i(c(base, uint32(w<<6|b), s))) << b
		}
		out[w] = word
	}
}

// asking is one question while it is answered.
type asking struct {
	v      *View
	judged *judged // nil: severities are those of the findings
}

// compile makes a condition on findings ready.
func (q asking) compile(e harrier.Expr) (node, error) {
	switch e := e.(type) {
	case nil:
		return constant(true), nil
	case harrier.And:
		return q.join(e, true)
	case harrier.Or:
		return q.join(e, false)
	case harrier.Not:
		of, err := q.compile(e.Of)
		return negate(of), err
	case harrier.Has:
		table, err := q.v.having(e.Of)
		return codes(assetColumn, table), err
	case harrier.OfAsset:
		table, err := q.v.assetsWith(e.Of)
		if err != nil {
			return nil, err
		}
		return codes(assetColumn, table), nil
	case harrier.Cmp:
		of, err := q.compare(e)
		if err == nil && (e.Op == harrier.Ne || e.Op == harrier.Lacks) {
			of = negate(of)
		}
		return of, err
	}
	return nil, ErrUnknown
}

func negate(of node) node {
	if c, ok := of.(constant); ok {
		return !c
	}
	return not{of}
}

func (q asking) join(parts []harrier.Expr, all bool) (node, error) {
	var list []node
	for _, p := range parts {
		n, err := q.compile(p)
		if err != nil {
			return nil, err
		}
		if c, ok := n.(constant); ok {
			if bool(c) != all {
				return c, nil
			}
			continue
		}
		list = append(list, n)
	}
	switch {
	case len(list) == 0:
		return constant(all), nil
	case len(list) == 1:
		return list[0], nil
	case all:
		return allOf(list), nil
	}
	return anyOf(list), nil
}

// column names one of the columns of codes.
type column uint8

const (
	assetColumn column = iota
	vulnColumn
	placeColumn
)

func (c column) of(s *segment) *[segmentRows]uint32 {
	switch c {
	case assetColumn:
		return &s.asset
	case vulnColumn:
		return &s.vuln
	default:
		return &s.place
	}
}

// codes returns a node for a table; constant where the table is.
func codes(c column, table []uint8) node {
	switch {
	case bytes.IndexByte(table, 1) < 0:
		return constant(false)
	case bytes.IndexByte(table, 0) < 0:
		return constant(true)
	}
	return byCode{c, table}
}

func table[T any](list []T, holds func(*T) bool) []uint8 {
	out := make([]uint8, max(len(list), 1))
	split(len(list), 10_000, func(_, from, to int) {
		for i := from; i < to; i++ {
			out[i] = uint8(b2i(holds(&list[i])))
		}
	})
	return out
}

// compare makes a comparison ready; Ne and Lacks like their opposites.
func (q asking) compare(c harrier.Cmp) (node, error) {
	v := q.v
	if f, ok := assetFields[c.Field]; ok && !onlyAssets[c.Field] || c.Field == "asset" {
		if c.Field == "asset" {
			f = assetFields["id"]
		}
		holds, err := ofAsset(f, c)
		if err != nil {
			return nil, err
		}
		return codes(assetColumn, table(v.assets, func(a **asset) bool { return *a != nil && holds(*a) })), nil
	}
	if c.Op == harrier.In {
		return nil, ErrUnknown
	}
	t := newTest(c)
	if f, ok := vulnFields[c.Field]; ok {
		return codes(vulnColumn, table(v.vulns, func(d *vuln) bool { return f(v, d, t) })), nil
	}
	if f, ok := placeFields[c.Field]; ok {
		return codes(placeColumn, table(v.places.list, func(p *place) bool { return f(p, t) })), nil
	}
	return q.compareRows(c.Field, t)
}

func (q asking) compareRows(field string, t *test) (node, error) {
	switch field {
	case "severity":
		c := bySeverity{judged: q.judged}
		for i := range harrier.Severities {
			c.table[i] = uint8(b2i(t.integer(int64(i))))
		}
		return c, nil
	case "open":
		return choose(t.bool(true), t.bool(false), func(_ int, s *segment) *bitmap { return &s.open }), nil
	case "state":
		return choose(t.text("open"), t.text("closed"), func(_ int, s *segment) *bitmap { return &s.open }), nil
	case "reopened":
		return choose(t.bool(true), t.bool(false), func(_ int, s *segment) *bitmap { return &s.older }), nil
	case "mitigated":
		return choose(t.bool(true), t.bool(false), func(_ int, s *segment) *bitmap {
			out := new(bitmap)
			for i := range out {
				out[i] = s.older[i] | ^s.open[i]
			}
			return out
		}), nil
	case "accepted":
		return choose(t.bool(true), t.bool(false), q.judged.acceptedBits), nil
	case "recast":
		return choose(t.bool(true), t.bool(false), q.judged.recastBits), nil
	case "last_seen":
		return byTime{func(s *segment) *[segmentRows]int64 { return &s.seen }, t}, nil
	case "opened":
		return byTime{func(s *segment) *[segmentRows]int64 { return &s.opened }, t}, nil
	case "closed":
		return byTime{func(s *segment) *[segmentRows]int64 { return &s.closed }, t}, nil
	case "first_seen":
		return firstSeen{q.v, byTime{func(s *segment) *[segmentRows]int64 { return &s.opened }, t}}, nil
	case "reintroduced":
		return byRow(func(_, i uint32, s *segment) bool { return t.integer(b2i(s.older.has(i)) * s.opened[i]) }), nil
	case "id":
		return byRow(func(base, i uint32, _ *segment) bool { return t.integer(int64(base | i)) }), nil
	case "last_scan":
		return byRow(func(_, i uint32, s *segment) bool { return t.integer(int64(s.scan[i])) }), nil
	case "open_days":
		return byRow(func(base, i uint32, s *segment) bool {
			return t.integer((s.closed[i] - q.v.firstSeen(s, base, i)) / 86_400_000_000)
		}), nil
	}
	return nil, ErrUnknown
}

// choose returns the node for a field with two values.
func choose(yes, no bool, is byBits) node {
	switch {
	case yes && no, !yes && !no:
		return constant(yes)
	case yes:
		return is
	}
	return not{is}
}

// firstSeen compares the start of the first interval, which seldom is not that
// of the newest.
type firstSeen struct {
	v *View
	byTime
}

func (c firstSeen) fill(n int, s *segment, out *bitmap) {
	c.byTime.fill(n, s, out)
	base := uint32(n) << segmentBits
	for w, older := range s.older {
		for ; older != 0; older &= older - 1 {
			b := bits.TrailingZeros64(older)
			i := uint32(w<<6 | b)
			out[w] &^= 1 << b
			out[w] |= uint64(b2i(c.t.integer(c.v.chains[base|i][0].Opened))) << b
		}
	}
}

// selection is the rows of each segment that a condition holds for; nil for
// none.
type selection struct {
	rows  []*bitmap
	total int
}

// pick returns the rows that a condition holds for.
func (v *View) pick(c node) selection {
	out := selection{rows: make([]*bitmap, len(v.segments))}
	few := v.fewAssets(c)
	totals := make([]int, workers())
	split(len(v.segments), 1, func(part, from, to int) {
		for n := from; n < to; n++ {
			s := v.segments[n]
			if s == nil || s.count == 0 || few != nil && few[n] == nil {
				continue
			}
			rows := new(bitmap)
			c.fill(n, s, rows)
			count := 0
			for w := range rows {
				rows[w] &= s.present[w]
				count += bits.OnesCount64(rows[w])
			}
			if count > 0 {
				out.rows[n] = rows
				totals[part] += count
			}
		}
	})
	for _, n := range totals {
		out.total += n
	}
	return out
}

// fewAssets returns the segments in which the rows are, nil for the others,
// when the condition is about few assets; else nil.
func (v *View) fewAssets(c node) []*segment {
	parts, ok := c.(allOf)
	if !ok {
		parts = allOf{c}
	}
	for _, p := range parts {
		code, ok := p.(byCode)
		if !ok || code.column != assetColumn {
			continue
		}
		rows := 0
		for id, in := range code.table {
			if in != 0 {
				rows += len(v.rows[id])
			}
		}
		if rows > 2*len(v.segments) && rows > v.findings/100 {
			continue
		}
		out := make([]*segment, len(v.segments))
		for id, in := range code.table {
			if in != 0 {
				for _, row := range v.rows[id] {
					out[row>>segmentBits] = v.segments[row>>segmentBits]
				}
			}
		}
		return out
	}
	return nil
}

// having tells the assets that have an open finding that e holds for.
func (v *View) having(e harrier.Expr) ([]uint8, error) {
	c, err := asking{v: v}.compile(harrier.And{e, harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}}})
	if err != nil {
		return []uint8{0}, err
	}
	out := make([]uint8, max(len(v.assets), 1))
	for n, rows := range v.pick(c).rows {
		if rows == nil {
			continue
		}
		s := v.segments[n]
		for w, word := range rows {
			for ; word != 0; word &= word - 1 {
				out[s.asset[w<<6|bits.TrailingZeros64(word)]] = 1
			}
		}
	}
	return out, nil
}
