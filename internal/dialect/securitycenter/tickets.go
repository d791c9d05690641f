package securitycenter

import (
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

func (a api) ticketRoutes(m *router) {
	m.handle("GET /ticket", a.listTickets)
	m.handle("POST /ticket", a.createTicket)
	m.handle("POST /ticket/purge", a.purgeTickets)
	m.handle("GET /ticket/{id}", a.getTicket)
	m.handle("PATCH /ticket/{id}", a.changeTicket)
}

// ticketBody is a ticket in a request. Keys that are missing stay as they are.
//
// Source: section 22.2.
type ticketBody struct {
	Name           *kit.Text `json:"name"`
	Description    *kit.Text `json:"description"`
	Classification *kit.Text `json:"classification"`
	Status         *kit.Text `json:"status"`
	Notes          *kit.Text `json:"notes"`
	Assignee       *given    `json:"assignee"`
	Queries        *givens   `json:"queries"`
	Query          *given    `json:"query"`
}

type ticketItem struct {
	ID             string    `json:"id"`
	UUID           string    `json:"uuid"`
	Name           string    `json:"name"`
	Description    string    `json:"description"`
	Classification string    `json:"classification"`
	Status         string    `json:"status"`
	Notes          string    `json:"notes"`
	Assigned       string    `json:"assignedTime"`
	Resolved       string    `json:"resolvedTime"`
	Closed         string    `json:"closedTime"`
	Created        string    `json:"createdTime"`
	Modified       string    `json:"modifiedTime"`
	CanUse         string    `json:"canUse"`
	CanManage      string    `json:"canManage"`
	CanRespond     string    `json:"canRespond"`
	Creator        personRef `json:"creator"`
	Owner          personRef `json:"owner"`
	Assignee       personRef `json:"assignee"`
	OwnerGroup     ref       `json:"ownerGroup"`
	AssigneeGroup  ref       `json:"assigneeGroup"`
	Queries        []ref     `json:"queries"`
}

// ticketItem shows a ticket, with those of its queries that by may see.
func (v *alertView) ticket(t harrier.Ticket) ticketItem {
	item := ticketItem{
		ID: sid(t.ID), UUID: suuid(t.UUID), Name: t.Name, Description: t.Description, Classification: t.Classification, Status: string(t.Status), Notes: t.Notes,
		Assigned: stime(t.Assigned), Resolved: stime(t.Resolved), Closed: stime(t.Closed), Created: stime(t.Created), Modified: stime(t.Modified),
		CanUse: sbool(true), CanManage: sbool(v.Alerts.EditsTicket(v.by, t)), CanRespond: sbool(v.Alerts.Responds(v.by, t)),
		Creator: v.person(t.Owner), Owner: v.person(t.Owner), Assignee: v.person(t.Assignee), OwnerGroup: v.groups.owner(t.Owner), AssigneeGroup: v.groups.owner(t.Assignee), Queries: []ref{},
	}
	for _, id := range t.Queries {
		if q, ok := v.query[id]; ok {
			item.Queries = append(item.Queries, ref{sid(q.ID), q.Name, q.Description})
		}
	}
	return item
}

// classOf is a classification in its own spelling, whatever the case of text.
func classOf(text string) string {
	text = strings.TrimSpace(text)
	if i := slices.IndexFunc(harrier.TicketClasses, func(c string) bool { return strings.EqualFold(c, text) }); i >= 0 {
		return harrier.TicketClasses[i]
	}
	return text
}

func (b ticketBody) apply(t *harrier.Ticket, people map[harrier.ID]harrier.User) error {
	if b.Name != nil {
		t.Name = string(*b.Name)
	}
	if b.Description != nil {
		t.Description = string(*b.Description)
	}
	if b.Classification != nil {
		t.Classification = classOf(string(*b.Classification))
	}
	if b.Status != nil {
		t.Status = harrier.TicketStatus(strings.ToLower(strings.TrimSpace(string(*b.Status))))
	}
	if b.Notes != nil {
		t.Notes = string(*b.Notes)
	}
	if b.Assignee != nil {
		t.Assignee = harrier.ID(*b.Assignee)
		if _, ok := people[t.Assignee]; !ok {
			return fault(codeInvalid, 0, "User #%d does not exist.", t.Assignee)
		}
	}
	if b.Queries != nil {
		t.Queries = numbersOf(*b.Queries)
	}
	if b.Query != nil && *b.Query > 0 {
		t.Queries = []harrier.ID{harrier.ID(*b.Query)}
	}
	return nil
}

func (a api) listTickets(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.Alerts.Tickets(ctx, by)
	if err != nil {
		return nil, err
	}
	v, err := a.alertView(ctx, by)
	if err != nil {
		return nil, err
	}
	var usable, manageable []ticketItem
	for _, t := range list {
		item := v.ticket(t)
		if usable = append(usable, item); item.CanManage == "true" {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, q.fields("id", "name", "description", "status"), "id")
}

func (a api) showTicket(ctx context.Context, by harrier.Actor, q *query, t harrier.Ticket) (any, error) {
	v, err := a.alertView(ctx, by)
	if err != nil {
		return nil, err
	}
	return pick(v.ticket(t), q.fields(), "id"), nil
}

func (a api) getTicket(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	t, err := a.Alerts.Ticket(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Ticket", q.path("id"), "get")
	}
	return a.showTicket(ctx, by, q, t)
}

func (a api) createTicket(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b ticketBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	people, err := a.peers(ctx, by)
	if err != nil {
		return nil, err
	}
	var t harrier.Ticket
	if err := b.apply(&t, people); err != nil {
		return nil, err
	}
	if t.Assignee == 0 {
		return nil, fault(codeInvalid, 0, "The parameter 'assignee' is required.")
	}
	if err := a.Alerts.CreateTicket(ctx, by, &t); err != nil {
		return nil, missing(err, "Query", "", "use")
	}
	return a.showTicket(ctx, by, q, t)
}

func (a api) changeTicket(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var b ticketBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	people, err := a.peers(ctx, by)
	if err != nil {
		return nil, err
	}
	t, err := a.Alerts.Ticket(ctx, by, q.id())
	if err != nil {
		return nil, missing(err, "Ticket", q.path("id"), "update")
	}
	if err := b.apply(&t, people); err != nil {
		return nil, err
	}
	if err := a.Alerts.UpdateTicket(ctx, by, &t); err != nil {
		return nil, missing(err, "Ticket", q.path("id"), "update")
	}
	return a.showTicket(ctx, by, q, t)
}

// purgeTickets removes the closed tickets.
func (a api) purgeTickets(ctx context.Context, by harrier.Actor, _ *query) (any, error) {
	if !by.May(harrier.WriteTickets) {
		return nil, notAllowed("You may not purge tickets.")
	}
	_, err := a.Alerts.PurgeTickets(ctx, by)
	return nil, err
}
