package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// scanVulns are the vulnerabilities of a scan within a transaction that adds to
// them.
type scanVulns struct {
	known []harrier.ScanVuln // by rising number
	added []harrier.ScanVuln // counts to be added, in any order
}

// ScanVulns returns the vulnerabilities that a scan observed, by rising number.
func (db *DB) ScanVulns(ctx context.Context, scan harrier.ID) ([]harrier.ScanVuln, error) {
	if t := db.tx(ctx); t != nil && t.vulns[scan] != nil {
		v := t.vulns[scan]
		v.merge()
		return slices.Clone(v.known), nil
	}
	return db.readVulns(ctx, scan)
}

// AddScanVulns adds counts to those of a scan, and takes their severities
// over. Counts may be negative; a vulnerability whose count falls to zero is no
// longer listed. Many calls in one transaction cost little more than one.
func (db *DB) AddScanVulns(ctx context.Context, scan harrier.ID, list []harrier.ScanVuln) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		t := db.tx(ctx)
		v := t.vulns[scan]
		if v == nil {
			known, err := db.readVulns(ctx, scan)
			if err != nil {
				return err
			}
			v = &scanVulns{known: known}
			if t.vulns == nil {
				t.vulns = map[harrier.ID]*scanVulns{}
			}
			t.vulns[scan] = v
		}
		v.added = append(v.added, list...)
		return nil
	})
}

// merge adds what was added to what is known.
func (v *scanVulns) merge() {
	order := make([]int, len(v.added))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(v.added[i].Vulnerability, v.added[j].Vulnerability), cmp.Compare(i, j))
	})
	out := make([]harrier.ScanVuln, 0, len(v.known)+len(v.added))
	known := v.known
	for at, i := range order {
		add := v.added[i]
		if at+1 < len(order) && v.added[order[at+1]].Vulnerability == add.Vulnerability { // the last one's severity counts
			next := &v.added[order[at+1]]
			next.Count, next.Hosts = next.Count+add.Count, next.Hosts+add.Hosts
			continue
		}
		for ; len(known) > 0 && known[0].Vulnerability < add.Vulnerability; known = known[1:] {
			out = append(out, known[0])
		}
		if len(known) > 0 && known[0].Vulnerability == add.Vulnerability {
			add.Count, add.Hosts = add.Count+known[0].Count, add.Hosts+known[0].Hosts
			known = known[1:]
		}
		if add.Count > 0 {
			out = append(out, add)
		}
	}
	v.known, v.added = append(out, known...), nil
}

// flushVulns writes what the transaction of ctx added.
func (db *DB) flushVulns(ctx context.Context) error {
	for scan, v := range db.tx(ctx).vulns {
		v.merge()
		b := binary.AppendUvarint([]byte{packedPlain}, uint64(len(v.known)))
		var before harrier.VulnID
		for _, s := range v.known {
			b = binary.AppendVarint(b, int64(s.Vulnerability-before))
			b = append(b, byte(s.Severity))
			b = binary.AppendVarint(b, int64(s.Count))
			b = binary.AppendVarint(b, int64(s.Hosts))
			before = s.Vulnerability
		}
		_, err := db.exec(ctx, `INSERT INTO scan_vulns (scan, data) VALUES ($1, $2)
			ON CONFLICT (scan) DO UPDATE SET data = excluded.data`, int64(scan), b)
		if err != nil {
			return fmt.Errorf("put vulnerabilities of scan %d: %w", scan, err)
		}
	}
	return nil
}

func (db *DB) readVulns(ctx context.Context, scan harrier.ID) ([]harrier.ScanVuln, error) {
	var data []byte
	found, err := db.one(ctx, "SELECT data FROM scan_vulns WHERE scan = $1", []any{int64(scan)}, &data)
	if err != nil || !found {
		return nil, err
	}
	list, err := db.pack.scanVulns(data)
	if err != nil {
		return nil, fmt.Errorf("vulnerabilities of scan %d: %w", scan, err)
	}
	return list, nil
}

func (p packer) scanVulns(data []byte) ([]harrier.ScanVuln, error) {
	body, err := p.unpack(data)
	if err != nil {
		return nil, err
	}
	r := reader{b: body}
	n := r.uvarint()
	if n > uint64(len(body)/4) { // each takes four bytes at least
		return nil, errShort
	}
	list := make([]harrier.ScanVuln, n)
	var id harrier.VulnID
	for i := range list {
		id += harrier.VulnID(r.varint())
		list[i] = harrier.ScanVuln{
			Vulnerability: id, Severity: harrier.Severity(r.byte()), Count: int(r.varint()), Hosts: int(r.varint()),
		}
	}
	return list, r.end()
}
