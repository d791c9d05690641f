package columns

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// Page says which part of what is found to return, and in which order: like
// store.Page, with a Limit and a Sort.
type Page struct {
	Sort          string
	Desc          bool
	Limit, Offset int
	After         harrier.ID
}

// Row is a finding of a page. Severity is the one that it shows at; Accepted
// and Recast are the exceptions that accept and recast it.
type Row struct {
	ID               harrier.ID
	Severity         harrier.Severity
	Accepted, Recast harrier.ID
}

// Findings returns a page of the findings that e holds for, and how many there
// are in all. Judged findings are told at the severities that they show at under
// the exceptions at time at, others at their own. It answers ErrUnknown for what
// is not kept in columns.
func (v *View) Findings(e harrier.Expr, p Page, judgedAt *time.Time) ([]Row, int, error) {
	q := asking{v: v}
	if judgedAt != nil {
		q.judged = v.judge(*judgedAt)
	}
	c, err := q.compile(e)
	if err != nil {
		return nil, 0, err
	}
	keys, err := q.order(p.Sort)
	if err != nil {
		return nil, 0, err
	}
	sel := v.pick(c)
	o := &ordering{q: q, sel: sel, keys: keys, desc: p.Desc}
	if p.After != 0 {
		if !o.after(p.After) {
			return nil, sel.total, nil
		}
	}
	list := o.page(p.Offset, p.Limit)
	out := make([]Row, len(list))
	for i, k := range list {
		row := k.row
		s, at := v.segments[row>>segmentBits], row&segmentMask
		out[i] = Row{ID: harrier.ID(row), Severity: harrier.Severity(s.severity[at])}
		if q.judged != nil {
			if rules := q.judged.rules[s.vuln[at]]; rules != nil {
				var sev uint8
				sev, out[i].Accepted, out[i].Recast = v.judgeRow(s, at, rules)
				out[i].Severity = harrier.Severity(sev)
			}
		}
	}
	return out, sel.total, nil
}

// keysOf writes the sort keys, numbers in the order asked for, of rows of a
// segment: of some words of its bitmap, of which the first is number first.
type keysOf func(n int, s *segment, first int, rows []uint64, out []keyed) []keyed

type keyed struct {
	key uint64
	row uint32
}

func (q asking) order(sort string) (keysOf, error) {
	v := q.v
	byTable := func(c column, rank []uint32) keysOf {
		return each(func(s *segment, _, i uint32) uint64 { return uint64(rank[c.of(s)[i]]) })
	}
	places := func(c func(a, b place) int) keysOf {
		return byTable(placeColumn, rank(len(v.places.list), func(a, b uint32) int {
			return c(v.places.list[a], v.places.list[b])
		}))
	}
	switch sort {
	case "severity":
		return q.bySeverity, nil
	case "id":
		return each(func(_ *segment, base, i uint32) uint64 { return uint64(base | i) }), nil
	case "asset":
		return each(func(s *segment, _, i uint32) uint64 { return uint64(s.asset[i]) }), nil
	case "last_scan":
		return each(func(s *segment, _, i uint32) uint64 { return uint64(s.scan[i]) }), nil
	case "first_seen":
		return each(func(s *segment, base, i uint32) uint64 { return ordered(v.firstSeen(s, base, i)) }), nil
	case "last_seen":
		return each(func(s *segment, _, i uint32) uint64 { return ordered(s.seen[i]) }), nil
	case "opened":
		return each(func(s *segment, _, i uint32) uint64 { return ordered(s.opened[i]) }), nil
	case "closed":
		return each(func(s *segment, _, i uint32) uint64 { return ordered(s.closed[i]) }), nil
	case "certainty":
		return places(func(a, b place) int { return cmp.Compare(a.certainty, b.certainty) }), nil
	case "protocol":
		return places(func(a, b place) int { return cmp.Compare(a.protocol, b.protocol) }), nil
	case "port":
		return places(func(a, b place) int { return cmp.Compare(a.port, b.port) }), nil
	case "service":
		return places(func(a, b place) int { return cmp.Compare(a.service, b.service) }), nil
	case "source":
		return places(func(a, b place) int { return cmp.Compare(a.source, b.source) }), nil
	}
	if less, ok := vulnOrders[sort]; ok {
		return byTable(vulnColumn, v.ranked("vuln "+sort, v.vulnTexts, len(v.vulns), func(a, b uint32) int {
			return less(&v.vulns[a], &v.vulns[b])
		})), nil
	}
	if less, ok := assetOrders[sort]; ok {
		return byTable(assetColumn, v.ranked("asset "+sort, v.assetTexts, len(v.assets), func(a, b uint32) int {
			return less(v.assetOrNone(a), v.assetOrNone(b))
		})), nil
	}
	return nil, ErrUnknown
}

var vulnOrders = map[string]func(a, b *vuln) int{
	"vulnerability": func(a, b *vuln) int { return cmp.Compare(a.id, b.id) },
	"name":          func(a, b *vuln) int { return cmp.Compare(a.name, b.name) },
	"family":        func(a, b *vuln) int { return cmp.Compare(a.family, b.family) },
	"cvss3":         func(a, b *vuln) int { return cmp.Compare(a.cvss3, b.cvss3) },
	"epss":          func(a, b *vuln) int { return cmp.Compare(a.epss, b.epss) },
	"cvss2":         func(a, b *vuln) int { return cmp.Compare(a.cvss2, b.cvss2) },
	"published":     func(a, b *vuln) int { return cmp.Compare(a.published, b.published) },
	"exploit":       func(a, b *vuln) int { return compareTruths(a.exploit, b.exploit) },
}

var assetOrders = map[string]func(a, b *asset) int{
	"repository": func(a, b *asset) int { return cmp.Compare(a.repository, b.repository) },
	"address":    compareAddresses,
	"fqdn":       func(a, b *asset) int { return cmp.Compare(a.fqdn, b.fqdn) },
	"netbios":    func(a, b *asset) int { return cmp.Compare(a.netbios, b.netbios) },
	"mac":        func(a, b *asset) int { return cmp.Compare(a.mac, b.mac) },
	"os":         func(a, b *asset) int { return cmp.Compare(a.os, b.os) },
}

// compareTruths puts what is not before what is.
func compareTruths(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

var noAsset asset

func (v *View) assetOrNone(id uint32) *asset {
	if a := v.assets[id]; a != nil {
		return a
	}
	return &noAsset
}

// ordered maps numbers to others in the same order.
func ordered(n int64) uint64 { return uint64(n) ^ 1<<63 }

func each(key func(s *segment, base, i uint32) uint64) keysOf {
	return func(n int, s *segment, first int, rows []uint64, out []keyed) []keyed {
		base := uint32(n) << segmentBits
		for w, word := range rows {
			for ; word != 0; word &= word - 1 {
				i := uint32((first+w)<<6 | bits.TrailingZeros64(word))
				out = append(out, keyed{key(s, base, i), base | i})
			}
		}
		return out
	}
}

// bySeverity is by the severity and then by the time of the last sight.
func (q asking) bySeverity(n int, s *segment, first int, rows []uint64, out []keyed) []keyed {
	base, severity := uint32(n)<<segmentBits, q.judged.severities(n, s)
	for w, word := range rows {
		for ; word != 0; word &= word - 1 {
			i := uint32((first+w)<<6 | bits.TrailingZeros64(word))
			out = append(out, keyed{uint64(severity[i])<<60 | uint64(s.seen[i])&(1<<60-1), base | i})
		}
	}
	return out
}

// ranked is rank, kept until what it follows from changes.
func (v *View) ranked(what string, of uint64, n int, compare func(a, b uint32) int) []uint32 {
	v.cache.Lock()
	defer v.cache.Unlock()
	if r, ok := v.cache.ranks[what]; ok && r.of == of && len(r.rank) == n {
		return r.rank
	}
	r := rank(n, compare)
	v.cache.ranks[what] = ranking{of, r}
	return r
}

// rank numbers the things below n in their order, equal ones alike.
func rank(n int, compare func(a, b uint32) int) []uint32 {
	list := make([]uint32, n)
	for i := range list {
		list[i] = uint32(i)
	}
	slices.SortFunc(list, compare)
	out := make([]uint32, n)
	at := uint32(0)
	for i, x := range list {
		if i > 0 && compare(list[i-1], x) != 0 {
			at++
		}
		out[x] = at
	}
	return out
}

// ordering finds pages of rows without sorting all of them: the rows are counted
// by ranges of keys, and only the ranges that the page is in are looked into.
type ordering struct {
	q    asking
	sel  selection
	keys keysOf
	desc bool
}

const buckets = 1 << 12

// part is the rows with keys in a range.
type part struct {
	count    int
	min, max uint64
}

// collected is how many rows are sorted rather than counted again: always so
// many, but in tests.
var collected = 1 << 15

// page returns the rows from the offset on, at most limit.
func (o *ordering) page(offset, limit int) []keyed {
	end := min(offset+limit, o.sel.total)
	if offset >= end {
		return nil
	}
	if o.sel.total > 4*collected {
		if list, ok := o.guess(offset, end); ok {
			return list
		}
	}
	return o.within(0, ^uint64(0), o.sel.total, offset, end)
}

// guess finds a page by a sample of the keys, which tells about where it is, and
// one look at all; false when the sample misleads, or many keys are equal.
func (o *ordering) guess(from, to int) ([]keyed, bool) {
	if o.desc {
		from, to = o.sel.total-to, o.sel.total-from
	}
	low, high, ok := o.between(o.sample(), from, to)
	if !ok {
		return nil, false
	}
	before := make([]int, workers())
	lists := make([][]keyed, len(o.sel.rows))
	o.scan(func(worker, n int, list []keyed) {
		below := 0
		for _, k := range list {
			if k.key < low {
				below++
			} else if k.key <= high {
				lists[n] = append(lists[n], k)
			}
		}
		before[worker] += below
	})
	below := 0
	for _, n := range before {
		below += n
	}
	list := slices.Concat(lists...)
	if below > from || below+len(list) < to {
		return nil, false
	}
	out := window(list, from-below, to-from, compareKeyed)
	if o.desc {
		slices.Reverse(out)
	}
	return out, true
}

func compareKeyed(a, b keyed) int {
	if a.key != b.key {
		return cmp.Compare(a.key, b.key)
	}
	return cmp.Compare(a.row, b.row)
}

// sample returns about one in 32 of the keys, in order.
func (o *ordering) sample() []uint64 {
	var all []keyed
	random := uint64(1)
	next := func() uint64 { // xorshift
		random ^= random << 13
		random ^= random >> 7
		random ^= random << 17
		return random
	}
	ones := 5 // each halves the sample
	for n := o.sel.total >> 5; n > 1<<15; n >>= 1 {
		ones++
	}
	var some bitmap
	for n, rows := range o.sel.rows {
		if rows == nil {
			continue
		}
		for w := range rows {
			some[w] = rows[w]
			for range ones {
				if some[w] == 0 {
					break
				}
				some[w] &= next()
			}
		}
		all = o.keys(n, o.q.v.segments[n], 0, some[:], all)
	}
	out := make([]uint64, len(all))
	for i, k := range all {
		out[i] = k.key
	}
	slices.Sort(out)
	return out
}

// between returns keys that the rows from the place from to the place to very
// likely lie between; false when too many others do.
func (o *ordering) between(sample []uint64, from, to int) (low, high uint64, ok bool) {
	n := len(sample)
	margin := 2*int(math.Sqrt(float64(n))) + 2 // four times the deviation at most
	first := from*n/o.sel.total - margin
	last := to*n/o.sel.total + margin
	low, high = 0, ^uint64(0)
	if first > 0 {
		low = sample[first]
	}
	if last < n {
		high = sample[last]
	}
	a, _ := slices.BinarySearch(sample, low)
	b, found := slices.BinarySearch(sample, high)
	for found && b < n && sample[b] == high {
		b++
	}
	return low, high, b-a <= n/4
}

// within returns, of the rows with keys from low to high, of which there are
// count, those from the place from on and before to, in order.
func (o *ordering) within(low, high uint64, count, from, to int) []keyed {
	if low == high {
		return o.equal(low, count, from, to)
	}
	if count <= collected {
		return o.collect(low, high, from, to)
	}
	parts := o.count(low, high)
	var out []keyed
	before := 0
	for _, p := range o.inOrder(parts) {
		first, last := max(from-before, 0), min(to-before, p.count)
		if p.count > 0 && first < last {
			out = append(out, o.within(p.min, p.max, p.count, first, last)...)
		}
		if before += p.count; before >= to {
			break
		}
	}
	return out
}

func (o *ordering) inOrder(parts []part) []part {
	if o.desc {
		slices.Reverse(parts)
	}
	return parts
}

// scan calls f with the rows of each segment and their keys, some at a time and
// in their order.
func (o *ordering) scan(f func(worker, n int, list []keyed)) {
	split(len(o.sel.rows), 1, func(worker, from, to int) {
		const words = 64 // at a time, so that their keys stay in the cache
		buffer := make([]keyed, 0, words*64)
		for n := from; n < to; n++ {
			if o.sel.rows[n] == nil {
				continue
			}
			for w := 0; w < len(bitmap{}); w += words {
				buffer = o.keys(n, o.q.v.segments[n], w, o.sel.rows[n][w:w+words], buffer[:0])
				f(worker, n, buffer)
			}
		}
	})
}

// count counts the rows with keys from low to high by ranges of keys.
func (o *ordering) count(low, high uint64) []part {
	width := (high-low)/buckets + 1
	shift := uint(bits.Len64(width - 1)) // ranges are powers of two wide
	all := make([][]part, workers())
	o.scan(func(worker, _ int, list []keyed) {
		parts := all[worker]
		if parts == nil {
			parts = make([]part, buckets+1)
			for i := range parts {
				parts[i].min = ^uint64(0)
			}
			all[worker] = parts
		}
		for _, k := range list {
			if k.key < low || k.key > high {
				continue
			}
			p := &parts[(k.key-low)>>shift]
			p.count++
			p.min, p.max = min(p.min, k.key), max(p.max, k.key)
		}
	})
	var sum []part
	for _, parts := range all {
		switch {
		case parts == nil:
		case sum == nil:
			sum = parts
		default:
			for i, p := range parts {
				sum[i].count += p.count
				sum[i].min, sum[i].max = min(sum[i].min, p.min), max(sum[i].max, p.max)
			}
		}
	}
	return sum
}

// collect sorts the rows with keys from low to high, and returns what within
// does.
func (o *ordering) collect(low, high uint64, from, to int) []keyed {
	lists := make([][]keyed, len(o.sel.rows))
	o.scan(func(_, n int, list []keyed) {
		for _, k := range list {
			if low <= k.key && k.key <= high {
				lists[n] = append(lists[n], k)
			}
		}
	})
	out := slices.Concat(lists...)
	slices.SortFunc(out, compareKeyed)
	if o.desc {
		slices.Reverse(out)
	}
	return out[from:to]
}

// equal returns what within does for the rows with one key, which are in their
// order already.
func (o *ordering) equal(key uint64, count, from, to int) []keyed {
	if o.desc {
		from, to = count-to, count-from
	}
	counts := make([]int, len(o.sel.rows))
	o.scan(func(_, n int, list []keyed) {
		for _, k := range list {
			if k.key == key {
				counts[n]++
			}
		}
	})
	var out, buffer []keyed
	before := 0
	for n, c := range counts {
		if c > 0 && before < to && before+c > from {
			at := before
			buffer = o.keys(n, o.q.v.segments[n], 0, o.sel.rows[n][:], buffer[:0])
			for _, k := range buffer {
				if k.key != key {
					continue
				}
				if from <= at && at < to {
					out = append(out, k)
				}
				at++
			}
		}
		before += c
	}
	if o.desc {
		slices.Reverse(out)
	}
	return out
}

// after leaves of the selection what is behind the finding with an ID; false
// when there is none with it.
func (o *ordering) after(id harrier.ID) bool {
	row := uint32(id)
	n, i := int(row>>segmentBits), row&segmentMask
	if id < 0 || id > maxID || n >= len(o.sel.rows) || o.q.v.segments[n] == nil || !o.q.v.segments[n].present.has(i) {
		return false
	}
	var only bitmap
	only.put(i, true)
	is := o.keys(n, o.q.v.segments[n], 0, only[:], nil)[0]
	rest := selection{rows: make([]*bitmap, len(o.sel.rows))}
	totals := make([]int, workers())
	o.scan(func(worker, n int, list []keyed) {
		if rest.rows[n] == nil {
			rest.rows[n] = new(bitmap)
		}
		for _, k := range list {
			if c := compareKeyed(k, is); c != 0 && c < 0 == o.desc {
				rest.rows[n].put(k.row&segmentMask, true)
				totals[worker]++
			}
		}
	})
	for _, n := range totals {
		rest.total += n
	}
	o.sel = rest
	return true
}

// nearest gathers what comes first of many: what belongs to the places from
// offset on, at most limit (0: all). It keeps little more than that, and what comes
// too late is refused at one comparison, so that a page near the beginning of a
// list takes no longer than one near its end.
type nearest[T any] struct {
	compare func(a, b T) int
	offset  int
	end     int // of the places; 0: there is none
	list    []T
	worst   T // what holds the last place, once full
	full    bool
}

func newNearest[T any](offset, limit int, compare func(a, b T) int) *nearest[T] {
	n := &nearest[T]{compare: compare, offset: offset}
	if limit > 0 {
		n.end = offset + limit
	}
	return n
}

// spare is how much more than the places is gathered at least before it is sorted
// out.
const spare = 64

// put gathers x, and reports whether the last place is another one's now.
func (n *nearest[T]) put(x T) bool {
	if n.full && n.compare(x, n.worst) >= 0 {
		return false
	}
	if n.list = append(n.list, x); n.end == 0 || len(n.list) < 2*n.end+spare {
		return false
	}
	arrange(n.list, 0, n.end, 2*bits.Len(uint(len(n.list))), n.compare)
	n.list = n.list[:n.end]
	n.worst, n.full = n.list[n.end-1], true
	return true
}

// page is what was gathered, in order.
func (n *nearest[T]) page() []T { return window(n.list, n.offset, max(n.end-n.offset, 0), n.compare) }

// window returns the part of a list from offset on, at most limit (0: all), as
// if it were sorted; it sorts no more than it has to.
func window[T any](list []T, offset, limit int, compare func(a, b T) int) []T {
	if offset >= len(list) {
		return nil
	}
	end := len(list)
	if limit > 0 {
		end = min(end, offset+limit)
	}
	arrange(list, offset, end, 2*bits.Len(uint(len(list))), compare)
	return slices.Clone(list[offset:end])
}

// arrange puts what belongs to the places from first on and before end there, in
// order: quicksort that leaves out what is elsewhere.
func arrange[T any](list []T, first, end, depth int, compare func(a, b T) int) {
	for len(list) > 64 && depth > 0 && end-first < len(list)/2 {
		depth--
		pivot := median(list[0], list[len(list)/2], list[len(list)-1], compare)
		i, j := 0, len(list)-1
		for i <= j {
			for compare(list[i], pivot) < 0 {
				i++
			}
			for compare(list[j], pivot) > 0 {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i, j = i+1, j-1
			}
		}
		switch { // list[:j+1] <= pivot <= list[i:], and what is between equals it
		case end <= j+1:
			list = list[:j+1]
		case first >= i:
			list, first, end = list[i:], first-i, end-i
		default:
			if first <= j {
				arrange(list[:j+1], first, min(end, j+1), depth, compare)
			}
			if end > i {
				arrange(list[i:], max(first-i, 0), end-i, depth, compare)
			}
			return
		}
	}
	slices.SortFunc(list, compare)
}

func median[T any](a, b, c T, compare func(a, b T) int) T {
	if compare(a, b) > 0 {
		a, b = b, a
	}
	if compare(b, c) > 0 {
		b = c
	}
	if compare(a, b) > 0 {
		b = a
	}
	return b
}
