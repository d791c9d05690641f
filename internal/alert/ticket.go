package alert

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// seesTicket says how far by may go with t: its assignee may answer it.
func seesTicket(by harrier.Actor, t harrier.Ticket) harrier.Level {
	var grants []harrier.Grant
	if t.Assignee != 0 {
		grants = []harrier.Grant{{User: t.Assignee, Level: harrier.MayControl}}
	}
	return by.LevelOn(t.Owner, grants)
}

// Tickets lists the tickets that by may see, by rising ID: those that they
// wrote or are to do, or all with the right to read everybody's objects.
func (r *Room) Tickets(ctx context.Context, by harrier.Actor) ([]harrier.Ticket, error) {
	list, err := r.Store.Tickets(ctx)
	return slices.DeleteFunc(list, func(t harrier.Ticket) bool { return seesTicket(by, t) < harrier.MayView }), err
}

// Ticket returns a ticket. It answers NotFound for one that by may not see.
func (r *Room) Ticket(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Ticket, error) {
	t, err := r.Store.Ticket(ctx, id)
	if err == nil && seesTicket(by, t) < harrier.MayView {
		err = harrier.Errorf(harrier.NotFound, "no ticket %d", id)
	}
	if err != nil {
		return harrier.Ticket{}, err
	}
	return t, nil
}

// EditsTicket reports whether by may change all of t.
func (r *Room) EditsTicket(by harrier.Actor, t harrier.Ticket) bool {
	return by.May(harrier.WriteTickets) && seesTicket(by, t) >= harrier.Owns
}

// Responds reports whether by may change the status and the notes of t.
func (r *Room) Responds(by harrier.Actor, t harrier.Ticket) bool {
	return r.EditsTicket(by, t) || seesTicket(by, t) >= harrier.MayControl
}

// CreateTicket stores t and gives it an ID, a UUID and its owner, by. It answers
// Forbidden without the right to write tickets, and Invalid for a ticket that
// breaks its own rules or whose assignee or queries by can not name.
func (r *Room) CreateTicket(ctx context.Context, by harrier.Actor, t *harrier.Ticket) error {
	if !by.May(harrier.WriteTickets) {
		return harrier.Errorf(harrier.Forbidden, "you may not write tickets")
	}
	for _, q := range t.Queries {
		if _, err := r.Findings.Query(ctx, by, q); err != nil {
			return err
		}
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error { return r.writeTicket(ctx, by, t) })
}

// writeTicket stores a new ticket and tells its assignee, in the transaction of
// ctx.
func (r *Room) writeTicket(ctx context.Context, by harrier.Actor, t *harrier.Ticket) error {
	now := r.now()
	if t.Assignee == 0 {
		t.Assignee = by.User
	}
	if t.Status == "" {
		t.Status = harrier.TicketAssigned
	}
	t.ID, t.UUID, t.Owner, t.Created, t.Modified, t.Assigned = 0, harrier.NewUUID(now), by.User, now, now, now
	t.Resolved, t.Closed, t.History = time.Time{}, time.Time{}, nil
	if err := r.checkTicket(ctx, by, t); err != nil {
		return err
	}
	step(t, by, now)
	if err := r.Store.InsertTicket(ctx, t); err != nil {
		return err
	}
	return r.tellAssignee(ctx, by, *t)
}

func (r *Room) checkTicket(ctx context.Context, by harrier.Actor, t *harrier.Ticket) error {
	t.Name = strings.TrimSpace(t.Name)
	if err := t.Check(); err != nil {
		return err
	}
	if t.Assignee != 0 && !by.PeerOf(t.Assignee) {
		return harrier.Invalidf("assignee", "there is no user %d who could do it", t.Assignee)
	}
	_, err := r.People.ActorOf(ctx, t.Assignee, via)
	if err != nil && t.Assignee != 0 {
		switch harrier.KindOf(err) {
		case harrier.NotFound, harrier.Unauthenticated:
			return harrier.Invalidf("assignee", "there is no user %d who could do it", t.Assignee)
		default:
			return err
		}
	}
	return nil
}

// maxSteps is how many steps of a ticket's history are kept: the first one and
// the newest.
const maxSteps = 500

// step notes a step in the history of t and the times of its states.
func step(t *harrier.Ticket, by harrier.Actor, now time.Time) {
	t.History = append(t.History, harrier.TicketEntry{At: now, By: by.Name, Status: t.Status, Comment: t.Notes})
	if len(t.History) > maxSteps {
		t.History = slices.Delete(t.History, 1, 2)
	}
	switch t.Status {
	case harrier.TicketResolved, harrier.TicketNotApplicable, harrier.TicketDuplicate:
		t.Resolved = now
	case harrier.TicketClosed:
		t.Closed = now
	case harrier.TicketAssigned:
		t.Assigned, t.Resolved, t.Closed = now, time.Time{}, time.Time{}
	case harrier.TicketMore:
	}
}

func (r *Room) tellAssignee(ctx context.Context, by harrier.Actor, t harrier.Ticket) error {
	if t.Assignee == 0 || t.Assignee == by.User && by.Via != via {
		return nil
	}
	return r.Store.InsertNotification(ctx, &harrier.Notification{
		User: t.Assignee, By: by.Name, Kind: "ticket", Action: string(t.Status), Object: t.ID, Name: t.Name, Text: "Ticket " + t.Name + " is " + string(t.Status) + ".", At: r.now(),
	})
}

// UpdateTicket stores what t says over the one with its ID, but for its owner,
// its times and its history, which get a step. An assignee may only change the
// status and the notes. It answers NotFound, Forbidden and Invalid.
func (r *Room) UpdateTicket(ctx context.Context, by harrier.Actor, t *harrier.Ticket) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.Ticket(ctx, by, t.ID)
		switch {
		case err != nil:
			return err
		case !r.Responds(by, have):
			return harrier.Errorf(harrier.Forbidden, "you may not change ticket %d", t.ID)
		case !r.EditsTicket(by, have) && (t.Name != have.Name || t.Description != have.Description || t.Classification != have.Classification ||
			t.Assignee != have.Assignee || t.Priority != have.Priority || t.Asset != have.Asset || !slices.Equal(t.Queries, have.Queries) || !slices.Equal(t.Findings, have.Findings)):
			return harrier.Errorf(harrier.Forbidden, "you may only change the status and the notes of ticket %d", t.ID)
		}
		for _, q := range t.Queries {
			if slices.Contains(have.Queries, q) {
				continue
			}
			if _, err := r.Findings.Query(ctx, by, q); err != nil {
				return err
			}
		}
		now := r.now()
		t.UUID, t.Owner, t.Created, t.Modified, t.History = have.UUID, have.Owner, have.Created, now, have.History
		t.Assigned, t.Resolved, t.Closed = have.Assigned, have.Resolved, have.Closed
		if err := r.checkTicket(ctx, by, t); err != nil {
			return err
		}
		if t.Status == "" {
			t.Status = have.Status
		}
		if t.Status != have.Status || t.Notes != have.Notes || t.Assignee != have.Assignee {
			step(t, by, now)
		}
		if err := r.Store.UpdateTicket(ctx, t); err != nil {
			return err
		}
		if t.Assignee != have.Assignee {
			return r.tellAssignee(ctx, by, *t)
		}
		return nil
	})
}

// DeleteTicket removes a ticket. It answers NotFound and Forbidden.
func (r *Room) DeleteTicket(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		t, err := r.Ticket(ctx, by, id)
		if err == nil && !r.EditsTicket(by, t) {
			err = harrier.Errorf(harrier.Forbidden, "you may not delete ticket %d", id)
		}
		if err != nil {
			return err
		}
		return r.Store.DeleteTicket(ctx, id)
	})
}

// PurgeTickets removes the closed tickets that by may delete and returns how
// many there were.
func (r *Room) PurgeTickets(ctx context.Context, by harrier.Actor) (int, error) {
	n := 0
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		list, err := r.Tickets(ctx, by)
		for _, t := range list {
			if t.Status != harrier.TicketClosed || !r.EditsTicket(by, t) {
				continue
			}
			if err := r.Store.DeleteTicket(ctx, t.ID); err != nil {
				return err
			}
			n++
		}
		return err
	})
	return n, err
}

// Notifications lists what by, or everybody, was told since a time, the oldest
// first.
func (r *Room) Notifications(ctx context.Context, by harrier.Actor, since time.Time) ([]harrier.Notification, error) {
	if !by.May(harrier.ReadOwn) {
		return nil, nil
	}
	return r.Store.Notifications(ctx, by.User, since)
}
