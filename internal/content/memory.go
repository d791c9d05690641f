package content

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Memory returns a base of the records that load emits, held in memory: for a
// few ten thousand of them. Load is called when the base is asked for the first
// time; its error is the answer to every question. Definitions are merged when
// they are asked for. The version begins with prefix.
func Memory(prefix string, o Options, load func(emit func(feed.Class, *harrier.Record) error) error) *Base {
	if o.Family == nil {
		o.Family = productFamily
	}
	return newBase(&memoryKeeper{load: sync.OnceValues(func() (*memory, error) { return newMemory(prefix, o, load) })})
}

// memory is content that is held in memory. It never changes once it is made.
type memory struct {
	options Options
	directory
	content []memoryRecord // by number
	head    header
	byVuln  map[harrier.VulnID][]int32
	byKey   map[string][]int32
	byName  map[string][]int32 // folded
	own     map[harrier.VulnID]string
	ownID   map[string]harrier.VulnID
	// lists are the families' vulnerabilities, made when they are asked for.
	lists func() map[string][]Light
}

type memoryRecord struct {
	class  feed.Class
	record *harrier.Record
}

func newMemory(prefix string, o Options, load func(emit func(feed.Class, *harrier.Record) error) error) (*memory, error) {
	m := &memory{options: o, directory: newDirectory(), content: make([]memoryRecord, 1), byKey: map[string][]int32{}, byName: map[string][]int32{}, byVuln: map[harrier.VulnID][]int32{}}
	m.head.classes = map[string]feed.Class{}
	counts := map[string]*Source{}
	err := load(func(class feed.Class, r *harrier.Record) error {
		c, dropped, ok := clean(r)
		if r.Source == "" {
			return nil
		}
		if counts[r.Source] == nil {
			counts[r.Source] = &Source{Name: r.Source, Class: class}
		}
		counts[r.Source].Bad += dropped
		m.head.classes[r.Source] = class
		if !ok {
			counts[r.Source].Bad++
			return nil
		}
		m.enter(&c, 0)
		m.content = append(m.content, memoryRecord{class, &c})
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.own = m.join(o.Number)
	m.index(counts)
	if prefix != "" {
		m.head.info.Version = prefix + m.head.info.Version
	}
	m.lists = sync.OnceValue(m.list)
	return m, nil
}

// index fills the maps.
func (m *memory) index(counts map[string]*Source) {
	var sum [sha256.Size]byte
	for n := 1; n < len(m.records); n++ {
		e, r := m.records[n], m.content[n].record
		if e.dead {
			continue
		}
		counts[r.Source].Records++
		for _, k := range keysOf(r) {
			m.byKey[k.key] = append(m.byKey[k.key], int32(n))
		}
		for _, name := range e.names {
			m.byName[m.named[name]] = append(m.byName[m.named[name]], int32(n))
		}
		mix(&sum, r.Source, r.ID, sumOf(recordCodec.encode(r)))
	}
	for _, p := range m.pairs() {
		m.byVuln[p.vuln] = append(m.byVuln[p.vuln], p.record)
	}
	m.ownID = make(map[string]harrier.VulnID, len(m.own))
	for id, name := range m.own {
		m.ownID[fold(name)] = id
	}
	for id, records := range m.byVuln {
		if !withdrawn(m.sourced(records)).IsZero() {
			m.head.gone = append(m.head.gone, id)
		}
	}
	slices.Sort(m.head.gone)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		m.head.info.Sources = append(m.head.info.Sources, *counts[name])
	}
	m.head.info.Version = hex.EncodeToString(sum[:6])
}

func (m *memory) sourced(records []int32) []sourced {
	list := make([]sourced, 0, len(records))
	for _, n := range records {
		list = append(list, sourced{m.content[n].class, m.content[n].record, len(m.records[n].vulns) == 1})
	}
	sortSourced(list)
	return list
}

func (m *memory) definition(id harrier.VulnID) (harrier.Vulnerability, bool) {
	records, ok := m.byVuln[id]
	if !ok {
		return harrier.Vulnerability{}, false
	}
	return merge(id, cmp.Or(id.CVE(), m.own[id]), m.sourced(records), m.options.Family), true
}

// list sorts the vulnerabilities by family.
func (m *memory) list() map[string][]Light {
	out := map[string][]Light{}
	for _, id := range slices.Sorted(maps.Keys(m.byVuln)) {
		if m.head.isGone(id) {
			continue
		}
		v, _ := m.definition(id)
		out[v.Family] = append(out[v.Family], Light{ID: id, Name: v.Name, Severity: v.Severity})
	}
	return out
}

// memoryKeeper reads content that is held in memory.
type memoryKeeper struct{ load func() (*memory, error) }

func (k *memoryKeeper) close() error { return nil }

func (k *memoryKeeper) header() (*header, error) {
	m, err := k.load()
	if err != nil {
		return nil, err
	}
	return &m.head, nil
}

func (k *memoryKeeper) families() ([]harrier.Family, error) {
	m, err := k.load()
	if err != nil {
		return nil, err
	}
	return familiesOf(m.lists()), nil
}

func familiesOf(lists map[string][]Light) []harrier.Family {
	var out []harrier.Family
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		out = append(out, harrier.Family{Name: name, Count: len(lists[name])})
	}
	return out
}

func (k *memoryKeeper) definition(id harrier.VulnID) (v harrier.Vulnerability, size int, found bool, err error) {
	m, err := k.load()
	if err != nil {
		return v, 0, false, err
	}
	v, found = m.definition(id)
	return v, len(v.Description) + 64*len(v.References), found, nil
}

func (k *memoryKeeper) statements(key string) ([]harrier.Statement, int, error) {
	m, err := k.load()
	if err != nil {
		return nil, 0, err
	}
	var out []harrier.Statement
	for _, n := range m.byKey[key] {
		r, e := m.content[n].record, m.records[n]
		g := group{Source: r.Source, Record: r.ID, Vulns: e.vulns}
		for _, id := range e.vulns {
			if id.CVE() == "" {
				g.Names = append(g.Names, m.own[id])
			}
		}
		for _, a := range r.Affected {
			if a.Key() == key {
				g.Affected = append(g.Affected, a)
			}
		}
		if out, err = unfold(out, g, m.head.isGone); err != nil {
			return nil, 0, err
		}
	}
	sortStatements(out)
	return out, 400 * len(out), nil
}

func (k *memoryKeeper) numbers(folded string) ([]harrier.VulnID, error) {
	m, err := k.load()
	if err != nil {
		return nil, err
	}
	if id, ok := m.ownID[folded]; ok {
		return []harrier.VulnID{id}, nil
	}
	var out []harrier.VulnID
	for _, n := range m.byName[folded] {
		out = append(out, m.records[n].vulns...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (k *memoryKeeper) has(id harrier.VulnID) (bool, error) {
	m, err := k.load()
	if err != nil {
		return false, err
	}
	return len(m.byVuln[id]) > 0, nil
}

func (k *memoryKeeper) records(id harrier.VulnID) ([]harrier.Record, error) {
	m, err := k.load()
	if err != nil {
		return nil, err
	}
	var out []harrier.Record
	for _, n := range m.byVuln[id] {
		out = append(out, *m.content[n].record)
	}
	readOrder(out, func(s string) feed.Class { return m.head.classes[s] })
	return out, nil
}

func (k *memoryKeeper) family(name string, offset, limit int) ([]Light, error) {
	m, err := k.load()
	if err != nil {
		return nil, err
	}
	return part(m.lists()[name], offset, limit), nil
}

// part is a page of a list, in a slice of its own.
func part(list []Light, offset, limit int) []Light {
	list = list[min(offset, len(list)):]
	if limit > 0 {
		list = list[:min(limit, len(list))]
	}
	return slices.Clone(list)
}
