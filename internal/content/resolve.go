package content

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// resolve works out, for a new base, which vulnerabilities its records speak of,
// and writes what follows: definitions, statements and names.
func (b *Builder) resolve() error {
	own, err := b.join()
	if err != nil {
		return err
	}
	if err := b.define(own); err != nil {
		return err
	}
	if err := b.state(own); err != nil {
		return err
	}
	return b.nameAll()
}

// join gives the records that name no CVE their vulnerabilities, and returns
// the names of those that have no CVE id.
func (b *Builder) join() (map[harrier.VulnID]string, error) {
	own := b.directory.join(b.options.Number)
	for n, e := range b.records {
		if e.own != "" && !e.dead {
			if err := b.link(n); err != nil {
				return nil, err
			}
		}
	}
	return own, nil
}

func (b *Builder) link(n int) error {
	_, err := b.tx.ExecContext(b.ctx, "UPDATE record SET vulns = ? WHERE n = ?", packNumbers(b.records[n].vulns), n)
	return err
}

// define writes every definition.
func (b *Builder) define(own map[harrier.VulnID]string) error {
	pairs := b.pairs()
	w, err := b.newDefiner()
	if err != nil {
		return err
	}
	defer w.close()
	var records []int32
	for len(pairs) > 0 {
		id := pairs[0].vuln
		records = records[:0]
		for len(pairs) > 0 && pairs[0].vuln == id {
			records, pairs = append(records, pairs[0].record), pairs[1:]
		}
		if err := w.define(id, cmp.Or(id.CVE(), own[id]), records); err != nil {
			return err
		}
	}
	return nil
}

// state writes the statements by key.
func (b *Builder) state(own map[harrier.VulnID]string) error {
	put, err := b.tx.PrepareContext(b.ctx, "INSERT INTO statement (key, body) VALUES (?, ?)")
	if err != nil {
		return err
	}
	defer put.Close()
	head := newHeads(b)
	defer head.close()
	var groups []rawGroup
	return b.sorter.each(func(key string, entries []entry) error {
		groups = groups[:0]
		for _, e := range entries {
			if b.records[e.record].dead {
				continue
			}
			g, err := head.of(e.record, own)
			if err != nil {
				return err
			}
			g.affected = e.body
			groups = append(groups, g)
		}
		if len(groups) == 0 {
			return nil
		}
		_, err := put.ExecContext(b.ctx, key, b.squeeze.squeeze(encodeGroups(groups), false))
		return err
	})
}

// heads makes the beginnings of groups.
type heads struct {
	b       *Builder
	ids     []string // of the records, by number
	sources map[int32]string
}

func newHeads(b *Builder) *heads {
	h := &heads{b: b, ids: make([]string, len(b.records)), sources: map[int32]string{}}
	for name, n := range b.numbers {
		h.sources[n] = name
	}
	for key, n := range b.byID {
		h.ids[n] = key[len(h.sources[b.records[n].source])+1:]
	}
	return h
}

func (h *heads) close() { h.ids = nil }

func (h *heads) of(n int32, own map[harrier.VulnID]string) (rawGroup, error) {
	e := h.b.records[n]
	g := rawGroup{group: group{Source: h.sources[e.source], Record: h.ids[n], Vulns: e.vulns}}
	for _, id := range e.vulns {
		if id.CVE() != "" {
			continue
		}
		name, ok := own[id]
		if !ok {
			return g, fmt.Errorf("vulnerability %d has no name", id)
		}
		g.Names = append(g.Names, name)
	}
	return g, nil
}

// nameAll writes which records bear which names.
func (b *Builder) nameAll() error {
	put, err := b.tx.PrepareContext(b.ctx, "INSERT INTO name (name, record) VALUES (?, ?)")
	if err != nil {
		return err
	}
	defer put.Close()
	type bearer struct{ name, record int32 }
	var list []bearer
	for n, e := range b.records {
		for _, name := range e.names {
			if !e.dead {
				list = append(list, bearer{name, int32(n)})
			}
		}
	}
	slices.SortFunc(list, func(x, y bearer) int {
		return cmp.Or(cmp.Compare(b.named[x.name], b.named[y.name]), cmp.Compare(x.record, y.record))
	})
	for _, l := range list {
		if _, err := put.ExecContext(b.ctx, b.named[l.name], l.record); err != nil {
			return err
		}
	}
	return nil
}
