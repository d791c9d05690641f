package harrier

import (
	"slices"
	"time"
)

// Ticket is work that somebody is to do, with its history.
type Ticket struct {
	ID             ID
	UUID           UUID
	Name           string
	Description    string
	Classification string // one of TicketClasses; "" is none
	Status         TicketStatus
	Priority       string // low, moderate, normal, high, critical; "" is normal
	Notes          string // how it ended
	Owner          ID     // who wrote it
	Assignee       ID
	Asset          ID // that it is about; 0: none in particular
	Findings       []VulnID
	Queries        []ID // saved queries that show what it is about
	History        []TicketEntry
	Created        time.Time
	Modified       time.Time
	Assigned       time.Time
	Resolved       time.Time
	Closed         time.Time
}

// TicketEntry is a step in the life of a ticket.
type TicketEntry struct {
	At      time.Time    `json:"at"`
	By      string       `json:"by"` // name of the user
	Status  TicketStatus `json:"status"`
	Comment string       `json:"comment,omitempty"`
}

// TicketStatus is where a ticket stands.
type TicketStatus string

// The states of a ticket.
//
// Source: securitycenter-api.md, section 22.2.
const (
	TicketAssigned      TicketStatus = "assigned"
	TicketResolved      TicketStatus = "resolved"
	TicketMore          TicketStatus = "more information"
	TicketNotApplicable TicketStatus = "not applicable"
	TicketDuplicate     TicketStatus = "duplicate"
	TicketClosed        TicketStatus = "closed"
)

// TicketStatuses lists the states.
var TicketStatuses = []TicketStatus{TicketAssigned, TicketResolved, TicketMore, TicketNotApplicable, TicketDuplicate, TicketClosed}

// TicketClasses are the classifications.
//
// Source: securitycenter-api.md, section 22.2.
var TicketClasses = []string{
	"Information", "Configuration", "Patch", "Disable", "Firewall", "Schedule", "IDS", "Other", "Accept Risk", "Recast Risk", "Re-scan Request",
	"False Positive", "System Probe", "External Probe", "Investigation Needed", "Compromised System", "Virus Incident", "Bad Credentials",
	"Unauthorized Software", "Unauthorized System", "Unauthorized User",
}

// Check answers Invalid, naming the field, for a ticket that breaks its own
// rules. An empty status is fine: the room gives one.
func (t *Ticket) Check() error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	switch {
	case len(t.Description) > maxAlertText:
		return Invalidf("description", "is longer than %d bytes", maxAlertText)
	case len(t.Notes) > maxAlertText:
		return Invalidf("notes", "is longer than %d bytes", maxAlertText)
	case t.Classification != "" && !slices.Contains(TicketClasses, t.Classification):
		return Invalidf("classification", "%q is none of those that exist", t.Classification)
	case t.Status != "" && !slices.Contains(TicketStatuses, t.Status):
		return Invalidf("status", "%q is none of those that exist", t.Status)
	case t.Priority != "" && !slices.Contains([]string{"low", "moderate", "normal", "high", "critical"}, t.Priority):
		return Invalidf("priority", "%q is none of low, moderate, normal, high, critical", t.Priority)
	case len(t.Queries) > 100 || len(t.Findings) > 1000:
		return Invalidf("queries", "are too many")
	}
	return nil
}

// Notification is a line that users find in their console.
type Notification struct {
	ID     ID
	User   ID // whom it is for; 0: everybody
	By     string
	Kind   string // what it is about: "alert", "scan", "mail"
	Action string // what happened: "triggered", "ended"
	Object ID     // of Kind
	Name   string // of the object
	Text   string
	At     time.Time
}

// Dashboard is a page of a user's own: an ordered list of components.
type Dashboard struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Tags        string
	Owner       ID
	Groups      []ID // with whom it is shared
	Columns     string
	Components  []DashboardComponent
	Created     time.Time
	Modified    time.Time
}

// DashboardComponent is one question on a dashboard and how its answer is shown.
type DashboardComponent struct {
	ID          ID     `json:"id"` // from 1, unique in the dashboard
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Kind        string `json:"kind"` // "table", "barChart", "pieChart", "matrix", …
	// Definition is the question in its author's words, as JSON.
	Definition string    `json:"definition,omitempty"`
	Created    time.Time `json:"created"`
	Modified   time.Time `json:"modified"`
}

// Bounds of dashboards.
const (
	MaxComponents  = 100
	maxComponentIs = 256 << 10 // bytes of a definition
)

// Check answers Invalid, naming the field, for a dashboard that breaks its own
// rules.
func (d *Dashboard) Check() error {
	if err := checkName(d.Name); err != nil {
		return err
	}
	if len(d.Description) > maxAlertText || len(d.Tags) > maxAlertTextLine || len(d.Columns) > maxAlertTextLine {
		return Invalidf("description", "is longer than %d bytes", maxAlertText)
	}
	if len(d.Components) > MaxComponents {
		return Invalidf("components", "more than %d", MaxComponents)
	}
	for i := range d.Components {
		c := &d.Components[i]
		if err := checkName(c.Name); err != nil {
			return err
		}
		if len(c.Definition) > maxComponentIs || len(c.Description) > maxAlertText {
			return Invalidf("definition", "is longer than %d bytes", maxComponentIs)
		}
	}
	return nil
}
