package store

import (
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// InsertBatches stores the batches of a scan. Those whose number is known
// already stay as they are.
func (db *DB) InsertBatches(ctx context.Context, scan harrier.ID, batches []harrier.Batch) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, b := range batches {
			args, err := arguments([]any{&scan, &b.Number, document{b.Targets}, &b.Done, &b.Attempt})
			if err != nil {
				return fmt.Errorf("insert batch: %w", err)
			}
			if _, err := db.exec(ctx, `INSERT INTO batch (scan, number, targets, done, attempt) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT DO NOTHING`, args...); err != nil {
				return fmt.Errorf("insert batch: %w", err)
			}
		}
		return nil
	})
}

// Batches returns the batches of a scan by rising number.
func (db *DB) Batches(ctx context.Context, scan harrier.ID) ([]harrier.Batch, error) {
	return db.batches(ctx, "WHERE scan = $1 ORDER BY number", int64(scan))
}

// OpenBatches returns those batches of a scan that are not done.
func (db *DB) OpenBatches(ctx context.Context, scan harrier.ID) ([]harrier.Batch, error) {
	return db.batches(ctx, "WHERE scan = $1 AND NOT done ORDER BY number", int64(scan))
}

func (db *DB) batches(ctx context.Context, tail string, args ...any) ([]harrier.Batch, error) {
	var out []harrier.Batch
	err := db.rows(ctx, "SELECT scan, number, targets, done, attempt FROM batch "+tail, args, func(scan func(...any) error) error {
		var b harrier.Batch
		if err := scan(&b.Scan, &b.Number, document{&b.Targets}, &b.Done, &b.Attempt); err != nil {
			return err
		}
		out = append(out, b)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read batches: %w", err)
	}
	return out, nil
}

// FinishBatch notes that the delivery attempt of a batch has ended it. One
// that is done stays so, with the attempt that ended it first.
func (db *DB) FinishBatch(ctx context.Context, scan harrier.ID, number, attempt int) error {
	n, err := db.exec(ctx, `UPDATE batch SET done = true, attempt = CASE WHEN done THEN attempt ELSE $1 END
		WHERE scan = $2 AND number = $3`, int64(attempt), int64(scan), int64(number))
	switch {
	case err != nil:
		return fmt.Errorf("finish batch: %w", err)
	case n == 0:
		return harrier.Errorf(harrier.NotFound, "no batch %d of scan %d", number, scan)
	}
	return nil
}
