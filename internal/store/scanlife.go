package store

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/harrier-scan/harrier"
)

// UntoldScans returns the scans of which something is still to be told, by
// rising ID, without their plans: of those that go on the launch, of those that
// have ended the end.
func (db *DB) UntoldScans(ctx context.Context) ([]harrier.Scan, error) {
	return scans.list(ctx, db, `WHERE told < 2 AND (told < 1 OR status IN ($1, $2, $3, $4)) ORDER BY id`, string(harrier.ScanStopped),
		string(harrier.ScanCompleted), string(harrier.ScanAborted), string(harrier.ScanImported))
}

// SetTold notes how much of a scan was told. It never goes back.
func (db *DB) SetTold(ctx context.Context, scan harrier.ID, told harrier.Told) error {
	if _, err := db.exec(ctx, "UPDATE scan SET told = $1 WHERE id = $2 AND told < $1", int64(told), int64(scan)); err != nil {
		return fmt.Errorf("note what was told of scan %d: %w", scan, err)
	}
	return nil
}

// SilentAssets returns up to limit assets of a repository whose address is in
// the range from first to last, which were last seen before an instant and
// whose ID is higher than after, by rising ID.
func (db *DB) SilentAssets(ctx context.Context, repository harrier.ID, first, last netip.Addr, before time.Time, after harrier.ID, limit int) ([]harrier.Asset, error) {
	from, to := addrKey(&harrier.Asset{Addr: first}), addrKey(&harrier.Asset{Addr: last})
	return assets.list(ctx, db, `WHERE repository = $1 AND addr_key >= $2 AND addr_key <= $3 AND last_seen < $4 AND id > $5
		ORDER BY id LIMIT $6`, int64(repository), from, to, micros(before), int64(after), int64(limit))
}

// DropWaiting forgets the hosts of a scan that wait to be recognised: they
// never will be.
func (db *DB) DropWaiting(ctx context.Context, scan harrier.ID) error {
	if _, err := db.exec(ctx, "DELETE FROM host_waiting WHERE id BETWEEN $1 AND $2", hostKey(scan, 0), hostKey(scan+1, 0)-1); err != nil {
		return fmt.Errorf("drop what waits of scan %d: %w", scan, err)
	}
	return nil
}
