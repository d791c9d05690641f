package nexpose

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// ticketCommands are those of tickets.
//
// Source: section 11.1.
func (a *api) ticketCommands() {
	a.add("TicketCreate", a.ticketCreate)
	a.add("TicketDelete", a.ticketDelete)
	a.add("TicketDetails", a.ticketDetails)
	a.add("TicketListing", a.ticketListing)
}

// ticketStates are the letters for states.
var ticketStates = map[harrier.TicketStatus]string{
	harrier.TicketAssigned: "A", harrier.TicketResolved: "X", harrier.TicketMore: "O", harrier.TicketNotApplicable: "I", harrier.TicketDuplicate: "I",
	harrier.TicketClosed: "C",
}

func ticketState(s harrier.TicketStatus) string {
	if letter, ok := ticketStates[s]; ok {
		return letter
	}
	return "U"
}

// ticketAttrs are the attributes of a TicketSummary.
func ticketAttrs(t harrier.Ticket, names map[harrier.ID]string) []string {
	priority := t.Priority
	if priority == "" {
		priority = "normal"
	}
	return []string{
		"id", ident(t.ID), "name", t.Name, "device-id", ident(t.Asset), "assigned-to", names[t.Assignee], "priority", priority, "author", names[t.Owner],
		"created-on", stamp(t.Created), "state", ticketState(t.Status),
	}
}

func (a *api) ticketListing(c *call) (answer, error) {
	tickets, err := a.Alerts.Tickets(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	names, err := a.Identity.Names(c.ctx())
	if err != nil {
		return answer{}, err
	}
	filters := c.req.all("Filter")
	return list(func(o *out) {
		for _, t := range tickets {
			attrs := ticketAttrs(t, names)
			if !slices.ContainsFunc(filters, func(f *element) bool { return !passes(f, attrs) }) {
				o.empty("TicketSummary", attrs...)
			}
		}
	}), nil
}

// passes reports whether attributes have what a filter wants; one of a type that
// is unknown lets all pass.
func passes(f *element, attrs []string) bool {
	for i := 0; i+1 < len(attrs); i += 2 {
		if key(attrs[i]) == key(f.attr("type")) {
			return strings.EqualFold(attrs[i+1], f.attr("value"))
		}
	}
	return true
}

func (a *api) ticketCreate(c *call) (answer, error) {
	e := c.req.child("TicketCreate")
	if e == nil {
		return answer{}, harrier.Invalidf("TicketCreate", "is missing")
	}
	t := harrier.Ticket{Name: e.attr("name"), Priority: strings.ToLower(e.attr("priority"))}
	var err error
	if t.Asset, err = e.id("device-id"); err != nil {
		return answer{}, err
	}
	if _, err = a.Assets.Asset(c.ctx(), c.by, t.Asset); err != nil {
		return answer{}, err
	}
	if name := e.attr("assigned-to"); name != "" {
		names, err := a.Identity.Names(c.ctx())
		if err != nil {
			return answer{}, err
		}
		for id, n := range names {
			if strings.EqualFold(n, name) && c.by.PeerOf(id) {
				t.Assignee = id
			}
		}
		if t.Assignee == 0 {
			return answer{}, harrier.Invalidf("assigned-to", "there is no user %q", clip(name))
		}
	}
	for _, v := range e.child("Vulnerabilities").all("Vulnerability") {
		flaw, err := a.flaw(c, v.attr("id"))
		if err != nil {
			return answer{}, err
		}
		t.Findings = append(t.Findings, flaw.ID)
	}
	if len(t.Findings) == 0 {
		return answer{}, harrier.Invalidf("Vulnerabilities", "a ticket is about one at least")
	}
	var comments []string
	for _, s := range e.child("Comments").all("Comment") {
		comments = append(comments, s.content())
	}
	t.Notes = strings.Join(comments, "\n")
	err = a.Alerts.CreateTicket(c.ctx(), c.by, &t)
	return answer{attrs: []string{"id", ident(t.ID)}}, err
}

// tickets are those that a request names.
func (a *api) tickets(c *call) ([]harrier.Ticket, error) {
	var list []harrier.Ticket
	for _, e := range c.req.all("Ticket") {
		id, err := e.id("id")
		if err != nil {
			return nil, err
		}
		t, err := a.Alerts.Ticket(c.ctx(), c.by, id)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		return nil, harrier.Invalidf("Ticket", "is missing")
	}
	return list, nil
}

func (a *api) ticketDetails(c *call) (answer, error) {
	tickets, err := a.tickets(c)
	if err != nil {
		return answer{}, err
	}
	names, err := a.Identity.Names(c.ctx())
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, t := range tickets {
			o.start("TicketInfo", ticketAttrs(t, names)...)
			o.start("Vulnerabilities")
			for _, v := range t.Findings {
				o.empty("Vulnerability", "id", a.flawWord(v))
			}
			o.end()
			o.start("TicketHistory")
			for _, s := range t.History {
				o.start("Entry", "author", s.By, "created-on", stamp(s.At))
				o.leaf("Event", string(s.Status), "state", ticketState(s.Status))
				if s.Comment != "" {
					o.leaf("Comment", s.Comment)
				}
				o.end()
			}
			o.end()
			o.end()
		}
	}), nil
}

func (a *api) ticketDelete(c *call) (answer, error) {
	tickets, err := a.tickets(c)
	if err != nil {
		return answer{}, err
	}
	for _, t := range tickets {
		if !a.Alerts.EditsTicket(c.by, t) {
			return answer{}, harrier.Errorf(harrier.Forbidden, "you may not delete ticket %d", t.ID)
		}
	}
	for _, t := range tickets {
		if err := a.Alerts.DeleteTicket(c.ctx(), c.by, t.ID); err != nil {
			return answer{}, err
		}
	}
	return done(), nil
}
