package content

import (
	"cmp"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
)

// directory is what is kept of records in memory to find out which
// vulnerabilities they speak of.
type directory struct {
	records []recordEntry    // by number, 0 is none
	byID    map[string]int32 // source NUL ID
	names   map[string]int32 // folded names, to their index in named
	named   []string
}

// recordEntry is a record of a directory.
type recordEntry struct {
	source int32
	dead   bool // a later record has taken its place
	vulns  []harrier.VulnID
	names  []int32
	own    string // the name of the vulnerability that it makes if it joins no CVE
}

func newDirectory() directory {
	return directory{byID: map[string]int32{}, names: map[string]int32{}, records: make([]recordEntry, 1)}
}

// enter adds a record and returns its number, and that of the one whose place it
// takes, else 0.
func (d *directory) enter(r *harrier.Record, source int32) (n, old int32) {
	n = int32(len(d.records))
	key := r.Source + "\x00" + r.ID
	if old = d.byID[key]; old != 0 {
		d.records[old].dead = true
	}
	d.byID[key] = n
	e := recordEntry{source: source, vulns: cvesOf(r)}
	names := namesOf(r)
	for _, name := range names {
		e.names = append(e.names, d.name(fold(name)))
	}
	if len(e.vulns) == 0 {
		e.own = ownName(names)
	}
	d.records = append(d.records, e)
	return n, old
}

func (d *directory) name(folded string) int32 {
	i, ok := d.names[folded]
	if !ok {
		i = int32(len(d.named))
		d.names[folded], d.named = i, append(d.named, folded)
	}
	return i
}

// join gives the records that name no CVE their vulnerabilities, and returns
// the names of those that have no CVE id.
func (d *directory) join(kept func(string) (harrier.VulnID, bool)) map[harrier.VulnID]string {
	anchors := make([]joined, len(d.named))
	for _, e := range d.records {
		if e.own != "" || e.dead {
			continue
		}
		for _, name := range e.names {
			anchors[name] = anchors[name].with(e.vulns)
		}
	}
	var left []int
	alone := map[string]bool{}
	for n := range d.records {
		e := &d.records[n]
		if e.own == "" || e.dead {
			continue
		}
		var j joined
		for _, name := range e.names {
			j = j.of(anchors[name])
		}
		if e.vulns = j.ids(); len(e.vulns) == 0 {
			left = append(left, n)
			alone[e.own] = true
		}
	}
	numbers := number(slices.Collect(maps.Keys(alone)), kept, nil)
	own := make(map[harrier.VulnID]string, len(numbers))
	for name, id := range numbers {
		own[id] = name
	}
	for _, n := range left {
		d.records[n].vulns = []harrier.VulnID{numbers[d.records[n].own]}
	}
	return own
}

// pair says that a record speaks of a vulnerability.
type pair struct {
	vuln   harrier.VulnID
	record int32
}

// pairs lists which records speak of which vulnerabilities, by both numbers.
func (d *directory) pairs() []pair {
	var out []pair
	for n, e := range d.records {
		if e.dead {
			continue
		}
		for _, v := range e.vulns {
			out = append(out, pair{v, int32(n)})
		}
	}
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.vuln, b.vuln), cmp.Compare(a.record, b.record))
	})
	return out
}
