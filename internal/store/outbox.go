package store

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

var deliveries = table[harrier.Delivery]{
	name: "outbox", noun: "delivery", taken: "this message is in the outbox already",
	columns: "uuid channel dedup about owner body state tries next error created ended",
	row: func(d *harrier.Delivery) []any {
		return []any{
			longName{&d.UUID},
			&d.Channel, &d.Key, &d.About, &d.Owner, &d.Body, &d.State, &d.Tries,
			moment{&d.Next},
			&d.Error,
			moment{&d.Created},
			moment{&d.Ended},
		}
	},
	id:   func(d *harrier.Delivery) *harrier.ID { return &d.ID },
	uuid: func(d *harrier.Delivery) *harrier.UUID { return &d.UUID },
}

// InsertDelivery puts d into the outbox and gives it an ID. It answers Conflict
// for one with a key that another has.
func (db *DB) InsertDelivery(ctx context.Context, d *harrier.Delivery) error {
	return deliveries.insert(ctx, db, d)
}

// UpdateDelivery stores d over the one with its ID.
func (db *DB) UpdateDelivery(ctx context.Context, d *harrier.Delivery) error {
	return deliveries.update(ctx, db, d)
}

// DeleteDelivery removes a message from the outbox.
func (db *DB) DeleteDelivery(ctx context.Context, id harrier.ID) error {
	return deliveries.delete(ctx, db, id)
}

// Delivery returns a message of the outbox.
func (db *DB) Delivery(ctx context.Context, id harrier.ID) (harrier.Delivery, error) {
	return deliveries.byID(ctx, db, id)
}

// Deliveries returns all messages of the outbox by rising ID.
func (db *DB) Deliveries(ctx context.Context) ([]harrier.Delivery, error) {
	return deliveries.list(ctx, db, "ORDER BY id")
}

// DueDeliveries returns messages of a channel that wait and are to be tried by
// now, those that have been due for longest first, limit of them at most.
func (db *DB) DueDeliveries(ctx context.Context, c harrier.Channel, now time.Time, limit int) ([]harrier.Delivery, error) {
	return deliveries.list(ctx, db, "WHERE state = 'waiting' AND channel = $1 AND next <= $2 ORDER BY next, id LIMIT $3", string(c), micros(now), int64(limit))
}

// ForgetDeliveries removes the messages that ended before t.
func (db *DB) ForgetDeliveries(ctx context.Context, t time.Time) error {
	_, err := db.exec(ctx, "DELETE FROM outbox WHERE ended > 0 AND ended < $1", micros(t))
	return err
}
