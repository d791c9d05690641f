package content

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/harrier-scan/harrier"
)

// group is what one record says about the thing of one key, for all of its
// vulnerabilities: an advisory of a hundred CVEs is kept once.
type group struct {
	Source string
	Record string
	Vulns  []harrier.VulnID
	Names  []string // of those of Vulns that are no CVEs, in their order
	// Affected has more than one where releases or architectures differ.
	Affected []harrier.Affected
}

// rawGroup is a group whose statements are still encoded.
type rawGroup struct {
	group
	affected []byte
}

func (g *rawGroup) encode() []byte {
	g.Affected = nil
	b := groupCodec.encode(&g.group)
	b = binary.AppendUvarint(b, 5<<2|wireBytes) // the field Affected
	b = binary.AppendUvarint(b, uint64(len(g.affected)))
	return append(b, g.affected...)
}

// encodeGroups writes what a key's row holds: groups by source and record, each
// with its length in front.
func encodeGroups(list []rawGroup) []byte {
	slices.SortFunc(list, func(a, b rawGroup) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Record, b.Record))
	})
	var out []byte
	for i := range list {
		b := list[i].encode()
		out = append(binary.AppendUvarint(out, uint64(len(b))), b...)
	}
	return out
}

// splitGroups takes a row apart without reading the statements.
func splitGroups(b []byte) ([]rawGroup, error) {
	var out []rawGroup
	for len(b) > 0 {
		one, rest, err := cut(b, wireBytes)
		if err != nil {
			return nil, err
		}
		b = rest
		var g rawGroup
		for tail := one; len(tail) > 0; {
			tag, k := binary.Uvarint(tail)
			if k <= 0 {
				return nil, errDamaged
			}
			value, next, err := cut(tail[k:], byte(tag&3))
			if err != nil {
				return nil, err
			}
			if tag == 5<<2|wireBytes {
				g.affected = value
				head := slices.Concat(one[:len(one)-len(tail)], next)
				if err := groupCodec.decode(head, &g.group); err != nil {
					return nil, err
				}
			}
			tail = next
		}
		out = append(out, g)
	}
	return out, nil
}

// maxStatements bounds what the statements of one key can unfold to.
const maxStatements = 1 << 20

// statementsOf unfolds a row: by vulnerability, then source, then record.
// Vulnerabilities that are gone are left out. Size is about how many bytes the
// answer takes.
func statementsOf(b []byte, gone func(harrier.VulnID) bool) (out []harrier.Statement, size int, err error) {
	for len(b) > 0 {
		one, rest, err := cut(b, wireBytes)
		if err != nil {
			return nil, 0, err
		}
		b = rest
		size += 3 * len(one)
		var g group
		if err := groupCodec.decode(one, &g); err != nil {
			return nil, 0, err
		}
		if len(out)+len(g.Vulns)*len(g.Affected) > maxStatements {
			return nil, 0, errDamaged
		}
		out, err = unfold(out, g, gone)
		if err != nil {
			return nil, 0, err
		}
	}
	sortStatements(out)
	return out, size + len(out)*400, nil
}

// unfold adds the statements of a group.
func unfold(out []harrier.Statement, g group, gone func(harrier.VulnID) bool) ([]harrier.Statement, error) {
	names := g.Names
	for _, id := range g.Vulns {
		name := id.CVE()
		if name == "" {
			if len(names) == 0 {
				return nil, errDamaged
			}
			name, names = names[0], names[1:]
		}
		if gone(id) {
			continue
		}
		for _, a := range g.Affected {
			out = append(out, harrier.Statement{Vulnerability: id, Name: name, Source: g.Source, Record: g.Record, Affected: a})
		}
	}
	return out, nil
}

func sortStatements(list []harrier.Statement) {
	slices.SortStableFunc(list, func(a, b harrier.Statement) int {
		return cmp.Or(cmp.Compare(a.Vulnerability, b.Vulnerability), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Record, b.Record))
	})
}
