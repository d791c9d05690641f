package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// In SQLite the findings are found by vulnerability through the table
// finding_vuln, which holds those up to an ID. The view finding_by_vuln adds the
// others, which are looked through one by one. PostgreSQL has an index.

// lateFindings is how many findings are left for the next time at most: looking
// through them takes some milliseconds.
const lateFindings = 20_000

// indexVulns brings finding_vuln up to date when it has fallen behind far.
func (db *DB) indexVulns(ctx context.Context) error {
	t := db.tx(ctx)
	if db.driver != sqliteDialect || t.lastFinding == 0 {
		return nil
	}
	var upTo harrier.ID
	if _, err := db.one(ctx, "SELECT last FROM sequence WHERE name = 'finding_vuln'", nil, &upTo); err != nil {
		return fmt.Errorf("index findings: %w", err)
	}
	if t.lastFinding-upTo < lateFindings {
		return nil
	}
	if _, err := db.exec(ctx, `INSERT INTO finding_vuln (vuln, finding)
		SELECT vuln, id FROM finding WHERE id > $1 ORDER BY vuln, id`, int64(upTo)); err != nil {
		return fmt.Errorf("index findings: %w", err)
	}
	if _, err := db.exec(ctx, "UPDATE sequence SET last = $1 WHERE name = 'finding_vuln'", int64(t.lastFinding)); err != nil {
		return fmt.Errorf("index findings: %w", err)
	}
	return nil
}

// moveVuln notes in finding_vuln that a finding gets another vulnerability.
func (db *DB) moveVuln(ctx context.Context, finding harrier.ID, from, to harrier.VulnID) error {
	if db.driver != sqliteDialect {
		return nil
	}
	if _, err := db.exec(ctx, "UPDATE finding_vuln SET vuln = $1 WHERE vuln = $2 AND finding = $3",
		int64(to), int64(from), int64(finding)); err != nil {
		return fmt.Errorf("index finding %d: %w", finding, err)
	}
	return nil
}
