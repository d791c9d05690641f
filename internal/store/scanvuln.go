package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/harrier-scan/harrier"
)

// scanVulns are the vulnerabilities of a scan within a transaction that adds to
// them.
type scanVulns struct {
	known []harrier.ScanVuln                  // by rising number
	added map[harrier.VulnID]harrier.ScanVuln // counts to be added
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
			v = &scanVulns{known: known, added: map[harrier.VulnID]harrier.ScanVuln{}}
			if t.vulns == nil {
				t.vulns = map[harrier.ID]*scanVulns{}
			}
			t.vulns[scan] = v
		}
		for _, add := range list {
			was := v.added[add.Vulnerability]
			add.Count, add.Hosts = add.Count+was.Count, add.Hosts+was.Hosts
			v.added[add.Vulnerability] = add
		}
		return nil
	})
}

// merge adds what was added to what is known.
func (v *scanVulns) merge() {
	out := make([]harrier.ScanVuln, 0, len(v.known)+len(v.added))
	keep := func(s harrier.ScanVuln) {
		if s.Count > 0 {
			out = append(out, s)
		}
	}
	rest := v.known
	for _, id := range slices.Sorted(maps.Keys(v.added)) {
		for ; len(rest) > 0 && rest[0].Vulnerability < id; rest = rest[1:] {
			keep(rest[0])
		}
		add := v.added[id]
		if len(rest) > 0 && rest[0].Vulnerability == id {
			add.Count, add.Hosts = add.Count+rest[0].Count, add.Hosts+rest[0].Hosts
			rest = rest[1:]
		}
		keep(add)
	}
	v.known = append(out, rest...)
	v.added = map[harrier.VulnID]harrier.ScanVuln{}
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

func (p *packer) scanVulns(data []byte) ([]harrier.ScanVuln, error) {
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
