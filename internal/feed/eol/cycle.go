package eol

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// mostCycles is how many cycles of a product are read.
const mostCycles = 1_000

// span is the versions of a cycle.
type span struct {
	ranges   []harrier.Range
	versions []string
}

func (s span) empty() bool { return len(s.ranges) == 0 && len(s.versions) == 0 }

// number is a version as the numbers between its dots.
type number []int

// numberOf reads "1.20"; nil for what is not only numbers.
func numberOf(s string) number {
	parts := strings.Split(s, ".")
	if len(parts) > 6 {
		return nil
	}
	n := make(number, len(parts))
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return nil
		}
		n[i] = int(v)
	}
	return n
}

// compare orders numbers; what is missing is 0.
func (n number) compare(m number) int {
	for i := range max(len(n), len(m)) {
		a, b := 0, 0
		if i < len(n) {
			a = n[i]
		}
		if i < len(m) {
			b = m[i]
		}
		if c := cmp.Compare(a, b); c != 0 {
			return c
		}
	}
	return 0
}

// after is the first number behind all that begin with n: 1.21 for 1.20.
func (n number) after() number {
	m := slices.Clone(n)
	m[len(m)-1]++
	return m
}

func (n number) String() string {
	parts := make([]string, len(n))
	for i, v := range n {
		parts[i] = strconv.Itoa(v)
	}
	return strings.Join(parts, ".")
}

// block is a cycle whose name is a number: the versions that begin with it.
type block struct {
	cycle     int // its index
	at, until number
	text      string // at, as the publisher writes it
}

// cover returns the versions of each cycle.
//
// A cycle named by a number has the versions that begin with it, so "1.20" ends
// before 1.21, also where 1.21 is no cycle. A cycle within another, as 8.5 in 8,
// is cut out of it. Where the newest release of a cycle is beyond the versions
// that begin with its name, as 4.4.2 in "4.0", the cycle reaches to it when
// nothing lies between; else its name is no version, as "2012" of 6.2.9200, and
// stands for itself alone. So does every name that is not only numbers, but for
// service packs: see packs.
func cover(cycles []cycle) []span {
	spans := make([]span, len(cycles))
	var blocks []block
	groups := map[string][]int{} // of cycles that begin with the same number
	for i, c := range cycles[:min(len(cycles), mostCycles)] {
		name := strings.TrimSpace(c.name)
		if name == "" || len(name) > 100 {
			continue
		}
		text, _, _ := strings.Cut(strings.TrimPrefix(name, "v"), "-")
		n := numberOf(text)
		if text != strings.TrimPrefix(name, "v") || n == nil {
			spans[i].versions = []string{wire.Line(name)}
		} else {
			blocks = append(blocks, block{i, n, n.after(), text})
		}
		if n != nil {
			groups[n.String()] = append(groups[n.String()], i)
		}
	}
	slices.SortStableFunc(blocks, func(a, b block) int {
		return cmp.Or(a.at.compare(b.at), b.until.compare(a.until)) // the widest in front
	})
	for i, b := range blocks {
		latest := latestOf(cycles[b.cycle].latest)
		inside := blocks[i+1:]
		switch {
		case latest == nil || latest.compare(b.at) >= 0 && latest.compare(b.until) < 0:
			spans[b.cycle].ranges = b.without(inside)
		case latest.compare(b.until) >= 0 && latest[0] == b.at[0] && (len(inside) == 0 || latest.compare(inside[0].at) < 0):
			spans[b.cycle].ranges = []harrier.Range{{From: b.text, To: latest.String()}}
		default:
			spans[b.cycle].versions = []string{wire.Line(cycles[b.cycle].name)}
		}
	}
	for _, members := range groups {
		packs(cycles, members, spans)
	}
	return spans
}

// packs gives each of the cycles that begin with the same number, as "12.0",
// "12.0-sp1" and "12.0-sp3", the versions behind the newest of the one before it:
// what they are is told by their newest releases alone. Where those do not, or
// where the number is a single one and rather a name, as in "11-23h2", none of
// them has any version: the others may be supported for longer.
func packs(cycles []cycle, members []int, spans []span) {
	if !slices.ContainsFunc(members, func(i int) bool { return len(spans[i].versions) > 0 && strings.Contains(cycles[i].name, "-") }) {
		return
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(cycles[members[0]].name), "v"), "-")
	n := numberOf(first)
	members = slices.Clone(members)
	slices.SortStableFunc(members, func(a, b int) int { return latestOf(cycles[a].latest).compare(latestOf(cycles[b].latest)) })
	clear := len(n) >= 2
	for k, i := range members {
		spans[i] = span{versions: []string{wire.Line(cycles[i].name)}}
		latest := latestOf(cycles[i].latest)
		clear = clear && latest != nil && latest.compare(n) >= 0 && latest.compare(n.after()) < 0 &&
			(k == 0 || latest.compare(latestOf(cycles[members[k-1]].latest)) > 0)
	}
	if !clear {
		return
	}
	r := harrier.Range{From: first}
	for k, i := range members {
		latest := latestOf(cycles[i].latest).String()
		if k == len(members)-1 {
			r.Before = n.after().String()
		} else {
			r.To = latest
		}
		spans[i].ranges = []harrier.Range{r}
		r = harrier.Range{After: latest}
	}
}

// latestOf reads the number that a newest release begins with: "17.0.4075" of
// "17.0.4075-beta CU8"; nil when it begins with none.
func latestOf(s string) number {
	s = strings.TrimPrefix(strings.TrimSpace(s), "v")
	end := 0
	for end < len(s) && (s[end] == '.' || s[end] >= '0' && s[end] <= '9') {
		end++
	}
	return numberOf(strings.Trim(s[:end], "."))
}

// without returns the ranges of a block without the blocks that lie within it,
// which are in order.
func (b block) without(inside []block) []harrier.Range {
	var out []harrier.Range
	from, text := b.at, b.text
	for _, in := range inside {
		if in.at.compare(b.until) >= 0 {
			break
		}
		if in.until.compare(from) <= 0 {
			continue // within one that is cut out already
		}
		if in.at.compare(from) > 0 {
			out = append(out, harrier.Range{From: text, Before: in.text})
		}
		from, text = in.until, in.until.String()
	}
	if from.compare(b.until) < 0 {
		out = append(out, harrier.Range{From: text, Before: b.until.String()})
	}
	return out
}
