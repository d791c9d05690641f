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
	sums  map[harrier.VulnID]harrier.ScanVuln
	dirty bool
}

// ScanVulns returns the vulnerabilities that a scan observed, by rising number.
func (db *DB) ScanVulns(ctx context.Context, scan harrier.ID) ([]harrier.ScanVuln, error) {
	if t := db.tx(ctx); t != nil && t.vulns[scan] != nil {
		return t.vulns[scan].list(), nil
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
			v = &scanVulns{sums: make(map[harrier.VulnID]harrier.ScanVuln, len(known)+len(list))}
			for _, k := range known {
				v.sums[k.Vulnerability] = k
			}
			if t.vulns == nil {
				t.vulns = map[harrier.ID]*scanVulns{}
			}
			t.vulns[scan] = v
		}
		for _, add := range list {
			was := v.sums[add.Vulnerability]
			add.Count, add.Hosts = add.Count+was.Count, add.Hosts+was.Hosts
			v.sums[add.Vulnerability] = add
		}
		v.dirty = v.dirty || len(list) > 0
		return nil
	})
}

func (v *scanVulns) list() []harrier.ScanVuln {
	var out []harrier.ScanVuln
	for _, id := range slices.Sorted(maps.Keys(v.sums)) {
		if v.sums[id].Count > 0 {
			out = append(out, v.sums[id])
		}
	}
	return out
}

// flushVulns writes what the transaction of ctx added.
func (db *DB) flushVulns(ctx context.Context) error {
	for scan, v := range db.tx(ctx).vulns {
		if !v.dirty {
			continue
		}
		var b []byte
		var before harrier.VulnID
		list := v.list()
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			b = binary.AppendVarint(b, int64(s.Vulnerability-before))
			b = append(b, byte(s.Severity))
			b = binary.AppendVarint(b, int64(s.Count))
			b = binary.AppendVarint(b, int64(s.Hosts))
			before = s.Vulnerability
		}
		_, err := db.exec(ctx, `INSERT INTO scan_vulns (scan, data) VALUES ($1, $2)
			ON CONFLICT (scan) DO UPDATE SET data = excluded.data`, int64(scan), append([]byte{packedPlain}, b...))
		if err != nil {
			return fmt.Errorf("put vulnerabilities of scan %d: %w", scan, err)
		}
		v.dirty = false
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
