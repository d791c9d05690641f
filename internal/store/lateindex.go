package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/harrier-scan/harrier"
)

// In SQLite the findings are found by vulnerability through the table
// finding_vuln, which holds those up to an ID. The view finding_by_vuln adds the
// others, which are looked through one by one. PostgreSQL has an index.

// maxLate is about how many findings may be missing in finding_vuln: looking
// through them takes some milliseconds.
const maxLate = 32_000

// vulnOf is the vulnerability of a finding.
type vulnOf struct {
	finding harrier.ID
	vuln    harrier.VulnID
}

// lateFindings are the findings that finding_vuln misses.
type lateFindings struct {
	known bool       // false: the database has to be asked
	last  harrier.ID // of the sequence of findings, when that was so
	list  []vulnOf
}

// indexVulns brings finding_vuln up to date when it has fallen behind far.
func (db *DB) indexVulns(ctx context.Context) error {
	t := db.tx(ctx)
	if db.driver != sqliteDialect || t.last == 0 && !t.reindex {
		return nil
	}
	late := t.w.late
	if t.late.known { // this transaction has done so before
		late = t.late
	}
	if late.known && !t.reindex && late.last == t.before { // else another process has added some
		late.list, late.last = append(late.list, t.fresh...), t.last
	} else if err := db.readLate(ctx, &late); err != nil {
		return err
	}
	if len(late.list) >= db.maxLate {
		if _, err := db.bulk(ctx, "INSERT INTO finding_vuln (vuln, up_to, findings) VALUES ($1, $2, $3)",
			segments(late.list, late.last)); err != nil {
			return fmt.Errorf("index findings: %w", err)
		}
		if _, err := db.exec(ctx, "UPDATE sequence SET last = $1 WHERE name = 'finding_vuln'", int64(late.last)); err != nil {
			return fmt.Errorf("index findings: %w", err)
		}
		late.list = nil
	}
	t.late, t.fresh, t.before, t.reindex = late, nil, t.last, false
	return nil
}

// readLate reads what finding_vuln misses.
func (db *DB) readLate(ctx context.Context, late *lateFindings) error {
	*late = lateFindings{known: true}
	var upTo int64
	_, err := db.one(ctx, `SELECT (SELECT last FROM sequence WHERE name = 'finding'),
		(SELECT last FROM sequence WHERE name = 'finding_vuln')`, nil, &late.last, &upTo)
	if err != nil {
		return fmt.Errorf("index findings: %w", err)
	}
	err = db.rows(ctx, "SELECT id, vuln FROM finding WHERE id > $1", []any{upTo}, func(scan func(...any) error) error {
		var v vulnOf
		err := scan(&v.finding, &v.vuln)
		late.list = append(late.list, v)
		return err
	})
	if err != nil {
		return fmt.Errorf("index findings: %w", err)
	}
	return nil
}

// segments returns the rows of finding_vuln for a list, in the order of their
// key.
func segments(list []vulnOf, upTo harrier.ID) [][]any {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b vulnOf) int {
		return cmp.Or(cmp.Compare(a.vuln, b.vuln), cmp.Compare(a.finding, b.finding))
	})
	var rows [][]any
	var ids []byte
	for i, v := range list {
		ids = append(ids, ',')
		ids = strconv.AppendInt(ids, int64(v.finding), 10)
		if i == len(list)-1 || list[i+1].vuln != v.vuln {
			ids[0] = '['
			rows = append(rows, []any{int64(v.vuln), int64(upTo), string(append(ids, ']'))})
			ids = ids[:0]
		}
	}
	return rows
}

// forgetVulns empties finding_vuln, because a finding in it got another
// vulnerability, which no scan does. The end of the transaction fills it again.
func (db *DB) forgetVulns(ctx context.Context) error {
	t := db.tx(ctx)
	if db.driver != sqliteDialect || t.reindex {
		return nil
	}
	t.reindex = true
	for _, text := range []string{"DELETE FROM finding_vuln", "UPDATE sequence SET last = 0 WHERE name = 'finding_vuln'"} {
		if _, err := db.exec(ctx, text); err != nil {
			return fmt.Errorf("index findings: %w", err)
		}
	}
	return nil
}
