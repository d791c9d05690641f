package content

import (
	"database/sql"
	"fmt"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// definer writes definitions: it reads the records of a vulnerability back from
// the file and merges them.
type definer struct {
	b        *Builder
	read     *sql.Stmt
	put      *sql.Stmt
	classes  map[int32]feed.Class
	recent   *cache[int32, readRecord] // advisories of many vulnerabilities
	families map[string]int64
}

// readRecord is a record read back.
type readRecord struct {
	record harrier.Record
	class  feed.Class
	vulns  int // how many it speaks of
}

func (b *Builder) newDefiner() (*definer, error) {
	w := &definer{b: b, classes: b.classes(), recent: newCache[int32, readRecord](64 << 20), families: map[string]int64{}}
	var err error
	if w.read, err = b.tx.PrepareContext(b.ctx, "SELECT source, vulns, body FROM record WHERE n = ?"); err != nil {
		return nil, err
	}
	if w.put, err = b.tx.PrepareContext(b.ctx, "INSERT OR REPLACE INTO vuln (id, name, title, family, severity, withdrawn, records, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *definer) close() {
	for _, s := range []*sql.Stmt{w.read, w.put} {
		if s != nil {
			_ = s.Close() // ends with its transaction anyhow
		}
	}
}

// record reads a record back.
func (w *definer) record(n int32) (readRecord, error) {
	if r, ok := w.recent.get(n); ok {
		return r, nil
	}
	var source int32
	var vulns, body sql.RawBytes
	var out readRecord
	rows, err := w.read.QueryContext(w.b.ctx, n)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	if !rows.Next() {
		return out, fmt.Errorf("record %d is not there: %w", n, rows.Err())
	}
	if err := rows.Scan(&source, &vulns, &body); err != nil {
		return out, err
	}
	plain, err := w.b.squeeze.unsqueeze(body)
	if err != nil {
		return out, err
	}
	ids, err := unpackNumbers[harrier.VulnID](vulns)
	if err != nil {
		return out, err
	}
	if err := recordCodec.decode(plain, &out.record); err != nil {
		return out, err
	}
	out.class, out.vulns = w.classes[source], len(ids)
	if out.vulns > 1 {
		w.recent.put(n, out, 4*len(plain)+512)
	}
	return out, rows.Err()
}

// merged reads and merges the records of a vulnerability.
func (w *definer) merged(id harrier.VulnID, name string, records []int32) (harrier.Vulnerability, error) {
	list := make([]sourced, 0, len(records))
	for _, n := range records {
		r, err := w.record(n)
		if err != nil {
			return harrier.Vulnerability{}, err
		}
		list = append(list, sourced{r.class, &r.record, r.vulns == 1})
	}
	sortSourced(list)
	return merge(id, name, list, w.b.options.Family), nil
}

// define writes the definition of a vulnerability.
func (w *definer) define(id harrier.VulnID, name string, records []int32) error {
	v, err := w.merged(id, name, records)
	if err != nil {
		return err
	}
	return w.write(&v, name, records, vulnCodec.encode(&v))
}

func (w *definer) write(v *harrier.Vulnerability, name string, records []int32, body []byte) error {
	family, err := w.family(v.Family)
	if err != nil {
		return err
	}
	withdrawn := 0
	if !v.Withdrawn.IsZero() {
		withdrawn = 1
	}
	_, err = w.put.ExecContext(w.b.ctx, v.ID, name, v.Name, family, int(v.Severity), withdrawn, packNumbers(records), w.b.squeeze.squeeze(body, true))
	return err
}

func (w *definer) family(name string) (int64, error) {
	if n, ok := w.families[name]; ok {
		return n, nil
	}
	if _, err := w.b.tx.ExecContext(w.b.ctx, "INSERT OR IGNORE INTO family (name) VALUES (?)", name); err != nil {
		return 0, err
	}
	var n int64
	err := w.b.tx.QueryRowContext(w.b.ctx, "SELECT n FROM family WHERE name = ?", name).Scan(&n)
	if err == nil {
		w.families[name] = n
	}
	return n, err
}

// classes are the classes of the sources by their numbers.
func (b *Builder) classes() map[int32]feed.Class {
	out := make(map[int32]feed.Class, len(b.numbers))
	for name, n := range b.numbers {
		out[n] = b.sources[name].Class
	}
	return out
}
