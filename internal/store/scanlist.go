package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// ScanSeats returns all scans by rising ID with nothing but ID, site and
// repository: what says who may see them.
func (db *DB) ScanSeats(ctx context.Context) ([]harrier.Scan, error) {
	var out []harrier.Scan
	err := db.rows(ctx, "SELECT id, site, repository FROM scan ORDER BY id", nil, func(scan func(...any) error) error {
		var s harrier.Scan
		err := scan(&s.ID, &s.Site, &s.Repository)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list scans: %w", err)
	}
	return out, nil
}
