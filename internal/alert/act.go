package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// happening is what an alert tells of.
type happening struct {
	Kind    harrier.EventKind
	At      time.Time
	Title   string // a sentence without its full stop
	Key     string // the same for the same happening, however often it is told
	Scan    *harrier.Scan
	Summary *summary // of an ended scan
	Count   int
	Lines   []string // what a query found
}

// triggered is the kind of what a query's alert tells of.
const triggered harrier.EventKind = "alert.triggered"

// act does what an alert says, in the transaction of ctx, and notes that it
// did.
func (r *Room) act(ctx context.Context, a harrier.Alert, by harrier.Actor, h happening) error {
	now, err := r.Store.Alert(ctx, a.ID)
	if is(err, harrier.NotFound) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	if most := now.Filter.PerScan; most != nil && h.Scan != nil {
		n, err := r.Store.CountAlert(ctx, a.ID, h.Scan.ID)
		if err != nil || n > *most {
			return err
		}
	}
	for _, c := range now.Actions {
		if err := r.do(ctx, now, c, by, h); err != nil {
			return fmt.Errorf("action %d: %w", c.ID, err)
		}
	}
	now.LastTriggered = h.At
	return r.Store.UpdateAlert(ctx, &now)
}

func (r *Room) do(ctx context.Context, a harrier.Alert, c harrier.AlertAction, by harrier.Actor, h happening) error {
	about := fmt.Sprintf("alert %d", a.ID)
	key := fmt.Sprintf("alert %s action %d %s", a.UUID, c.ID, h.Key)
	if leavesHouse(c.Kind) && !by.May(harrier.EditAll) {
		r.Log.WarnContext(ctx, "action left out: its owner may not send there any more", "alert", a.ID, "address", c.Address)
		return nil
	}
	if c.Kind == harrier.WriteTicket && !by.May(harrier.WriteTickets) {
		r.Log.WarnContext(ctx, "action left out: its owner may not write tickets", "alert", a.ID)
		return nil
	}
	switch c.Kind {
	case harrier.SendMail:
		return r.actMail(ctx, a, c, by, h, about, key)
	case harrier.SendSyslog:
		line := syslogLine{Network: c.Network, Address: c.Address, Severity: c.Severity, ID: string(h.Kind), Text: sentence(a, c, h), At: h.At}
		return r.put(ctx, harrier.Delivery{Channel: harrier.BySyslog, Key: key, About: about, Owner: a.Owner}, line)
	case harrier.SendTrap:
		t := trap{Address: c.Address, Community: c.Secret, UUID: a.UUID.String(), Kind: string(h.Kind), Alert: a.Name, Text: sentence(a, c, h)}
		return r.put(ctx, harrier.Delivery{Channel: harrier.ByTrap, Key: key, About: about, Owner: a.Owner}, t)
	case harrier.CallWebhook:
		payload, err := json.Marshal(newPayload(a, c, h))
		if err != nil {
			return err
		}
		b := call{URL: c.Address, Secret: c.Secret, UUID: a.UUID.String(), Loopback: by.May(harrier.OperateConsole), Payload: payload}
		return r.put(ctx, harrier.Delivery{Channel: harrier.ByWebhook, Key: key, About: about, Owner: a.Owner}, b)
	case harrier.Notify:
		return r.actNotify(ctx, a, c, h)
	case harrier.LaunchReport, harrier.LaunchScan:
		return r.put(ctx, harrier.Delivery{Channel: harrier.ByLaunch, Key: key, About: about, Owner: a.Owner}, launching{c.Kind, c.Object, a.Owner})
	case harrier.WriteTicket:
		t := c.Ticket
		if t.Queries == nil && a.Trigger.Query != 0 {
			t.Queries = []harrier.ID{a.Trigger.Query}
		}
		return r.writeTicket(ctx, by, &t)
	}
	return nil
}

func (r *Room) actMail(ctx context.Context, a harrier.Alert, c harrier.AlertAction, by harrier.Actor, h happening, about, key string) error {
	to := append([]string(nil), c.To...)
	if len(c.Users) > 0 {
		more, err := r.People.Addresses(ctx, c.Users)
		if err != nil {
			return err
		}
		to = append(to, more...)
	}
	m := harrier.Mail{To: to, Subject: c.Subject, About: about, Key: key}
	if m.Subject == "" {
		m.Subject = "Alert " + a.Name + ": " + h.Title
	}
	var text strings.Builder
	if c.Message != "" {
		text.WriteString(c.Message + "\n\n")
	}
	fmt.Fprintf(&text, "Alert: %s\nEvent: %s\nTime:  %s\n", a.Name, h.Title, h.At.UTC().Format(timeForm))
	if h.Summary != nil {
		text.WriteString("\n" + h.Summary.text(c.Results))
		m.HTML = h.Summary.html(m.Subject, c.Message, c.Results)
	}
	if c.Results && len(h.Lines) > 0 {
		text.WriteString("\n" + strings.Join(h.Lines, "\n") + "\n")
		if h.Count > len(h.Lines) {
			fmt.Fprintf(&text, "… and %d more\n", h.Count-len(h.Lines))
		}
	}
	m.Text = text.String()
	return r.mail(ctx, by.User, m)
}

func (r *Room) actNotify(ctx context.Context, a harrier.Alert, c harrier.AlertAction, h happening) error {
	users := c.Users
	if len(users) == 0 {
		users = []harrier.ID{a.Owner}
	}
	for _, u := range users {
		if u <= 0 { // 0 would be everybody
			continue
		}
		n := harrier.Notification{User: u, By: a.Name, Kind: "alert", Action: "triggered", Object: a.ID, Name: a.Name, Text: sentence(a, c, h), At: r.now()}
		if err := r.Store.InsertNotification(ctx, &n); err != nil {
			return err
		}
	}
	return nil
}

// sentence says it all on one line.
func sentence(a harrier.Alert, c harrier.AlertAction, h happening) string {
	text := "Alert " + a.Name + ": " + h.Title
	if c.Message != "" {
		text = c.Message + " (" + text + ")"
	}
	if h.Summary != nil {
		text += ", " + countsText(h.Summary.Present)
	}
	return oneLine(text, 1500)
}

// payload is what webhooks are sent.
type payload struct {
	Event string `json:"event"` // "scan.ended", "alert.triggered"
	At    string `json:"at"`    // RFC 3339
	Alert struct {
		ID   harrier.ID `json:"id"`
		UUID string     `json:"uuid"`
		Name string     `json:"name"`
	} `json:"alert"`
	Title   string       `json:"title"`
	Message string       `json:"message,omitempty"`
	Count   int          `json:"count,omitempty"`
	Results []string     `json:"results,omitempty"`
	Scan    *payloadScan `json:"scan,omitempty"`
}

type payloadScan struct {
	ID       harrier.ID     `json:"id"`
	UUID     string         `json:"uuid"`
	Name     string         `json:"name"`
	Site     harrier.ID     `json:"site"`
	Status   string         `json:"status"`
	Started  time.Time      `json:"started,omitzero"`
	Ended    time.Time      `json:"ended,omitzero"`
	Hosts    int            `json:"hosts_alive"`
	Findings map[string]int `json:"findings"` // by severity
	New      int            `json:"findings_new"`
	Closed   int            `json:"findings_closed"`
}

func newPayload(a harrier.Alert, c harrier.AlertAction, h happening) payload {
	p := payload{Event: string(h.Kind), At: h.At.UTC().Format(time.RFC3339), Title: h.Title, Message: c.Message, Count: h.Count}
	p.Alert.ID, p.Alert.UUID, p.Alert.Name = a.ID, a.UUID.String(), a.Name
	if c.Results {
		p.Results = h.Lines
	}
	if sc := h.Scan; sc != nil {
		p.Scan = &payloadScan{
			ID: sc.ID, UUID: sc.UUID.String(), Name: sc.Name, Site: sc.Site, Status: string(sc.Status), Started: sc.Started, Ended: sc.Ended,
			Hosts: sc.HostsAlive, Findings: map[string]int{},
		}
		counts := sc.Present
		if h.Summary != nil {
			p.Scan.Hosts = h.Summary.Scan.HostsAlive
			counts, p.Scan.New, p.Scan.Closed = h.Summary.Present, h.Summary.New.Total(), h.Summary.Closed.Total()
		}
		for i, n := range counts {
			p.Scan.Findings[harrier.Severity(i).String()] = n //nolint:gosec // there are five
		}
	}
	return p
}
