package store

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

var tickets = table[harrier.Ticket]{
	name: "ticket", noun: "ticket", taken: "a ticket with this UUID exists already",
	columns: `uuid name description classification status priority notes owner assignee asset findings queries history
		created modified assigned resolved closed`,
	row: func(t *harrier.Ticket) []any {
		return []any{
			longName{&t.UUID},
			&t.Name, &t.Description, &t.Classification, &t.Status, &t.Priority, &t.Notes, &t.Owner, &t.Assignee, &t.Asset,
			document{&t.Findings},
			document{&t.Queries},
			document{&t.History},
			moment{&t.Created},
			moment{&t.Modified},
			moment{&t.Assigned},
			moment{&t.Resolved},
			moment{&t.Closed},
		}
	},
	id:   func(t *harrier.Ticket) *harrier.ID { return &t.ID },
	uuid: func(t *harrier.Ticket) *harrier.UUID { return &t.UUID },
}

// InsertTicket stores t and gives it an ID.
func (db *DB) InsertTicket(ctx context.Context, t *harrier.Ticket) error {
	return tickets.insert(ctx, db, t)
}

// UpdateTicket stores t over the one with its ID.
func (db *DB) UpdateTicket(ctx context.Context, t *harrier.Ticket) error {
	return tickets.update(ctx, db, t)
}

// DeleteTicket removes a ticket.
func (db *DB) DeleteTicket(ctx context.Context, id harrier.ID) error {
	return tickets.delete(ctx, db, id)
}

// Ticket returns a ticket.
func (db *DB) Ticket(ctx context.Context, id harrier.ID) (harrier.Ticket, error) {
	return tickets.byID(ctx, db, id)
}

// Tickets returns all tickets by rising ID.
func (db *DB) Tickets(ctx context.Context) ([]harrier.Ticket, error) {
	return tickets.list(ctx, db, "ORDER BY id")
}

var notifications = table[harrier.Notification]{
	name: "notification", noun: "notification", columns: "user_id author kind action object name text at",
	row: func(n *harrier.Notification) []any {
		return []any{&n.User, &n.By, &n.Kind, &n.Action, &n.Object, &n.Name, &n.Text, moment{&n.At}}
	},
	id: func(n *harrier.Notification) *harrier.ID { return &n.ID },
}

// InsertNotification stores n and gives it an ID.
func (db *DB) InsertNotification(ctx context.Context, n *harrier.Notification) error {
	return notifications.insert(ctx, db, n)
}

// Notifications returns what a user, or everybody, was told since t, the oldest
// first.
func (db *DB) Notifications(ctx context.Context, user harrier.ID, t time.Time) ([]harrier.Notification, error) {
	return notifications.list(ctx, db, "WHERE at >= $1 AND user_id IN (0, $2) ORDER BY id", micros(t), int64(user))
}

// ForgetNotifications removes those from before t.
func (db *DB) ForgetNotifications(ctx context.Context, t time.Time) error {
	_, err := db.exec(ctx, "DELETE FROM notification WHERE at < $1", micros(t))
	return err
}
