package securitycenter

import (
	"bytes"
	"encoding/json"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// alertAction is what an alert does, as it is shown.
//
// Source: section 22.1.
type alertAction struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Definition any    `json:"definition"`
	Status     string `json:"status"`
	Users      any    `json:"users"`
	Object     any    `json:"objectID"`
}

// actionTypes are this API's names of the kinds of actions; webhook and snmp
// are Harrier's own.
var actionTypes = map[string]harrier.ActionKind{
	"email": harrier.SendMail, "notification": harrier.Notify, "report": harrier.LaunchReport, "scan": harrier.LaunchScan,
	"syslog": harrier.SendSyslog, "ticket": harrier.WriteTicket, "webhook": harrier.CallWebhook, "snmp": harrier.SendTrap,
}

// syslogWords are the severities of syslog actions.
var syslogWords = []string{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"}

func (v *alertView) newAction(c harrier.AlertAction) alertAction {
	out := alertAction{ID: sid(c.ID), Status: "0", Users: []personRef{}}
	for name, kind := range actionTypes {
		if kind == c.Kind {
			out.Type = name
		}
	}
	users := []personRef{}
	for _, u := range c.Users {
		users = append(users, v.person(u))
	}
	host, port, _ := net.SplitHostPort(c.Address)
	switch c.Kind {
	case harrier.SendMail:
		out.Definition = map[string]any{
			"subject": c.Subject, "message": c.Message, "addresses": strings.Join(c.To, "\n"), "users": users, "includeResults": sbool(c.Results),
		}
		out.Users = users
	case harrier.Notify:
		out.Definition, out.Users = map[string]any{"message": c.Message, "users": users}, users
	case harrier.LaunchReport, harrier.LaunchScan:
		out.Definition, out.Object = map[string]any{out.Type: map[string]string{"id": sid(c.Object)}}, sid(c.Object)
	case harrier.SendSyslog:
		out.Definition = map[string]any{"host": host, "port": port, "severity": syslogWords[min(max(c.Severity, 0), 7)], "message": c.Message}
		if c.Network == "tcp" {
			out.Definition = map[string]any{"host": host, "port": port, "severity": syslogWords[min(max(c.Severity, 0), 7)], "message": c.Message, "protocol": "tcp"}
		}
	case harrier.SendTrap:
		out.Definition = map[string]any{"host": host, "port": port, "message": c.Message}
	case harrier.CallWebhook:
		out.Definition = map[string]any{"url": c.Address, "message": c.Message}
	case harrier.WriteTicket:
		t := c.Ticket
		out.Definition = map[string]any{
			"assigneeID": sid(t.Assignee), "assignee": v.person(t.Assignee), "name": t.Name, "description": t.Description,
			"classification": t.Classification, "notes": t.Notes,
		}
	}
	return out
}

// actionBody is an action in a request: its members stand in it or in its
// definition, which may be a text with JSON in it.
type actionBody struct {
	ID         kit.Int         `json:"id"`
	Type       kit.Text        `json:"type"`
	Definition json.RawMessage `json:"definition"`
	Users      givens          `json:"users"`
	ObjectID   json.RawMessage `json:"objectID"`

	Subject    kit.Text        `json:"subject"`
	Message    kit.Text        `json:"message"`
	Addresses  json.RawMessage `json:"addresses"`
	Results    kit.Bool        `json:"includeResults"`
	Host       kit.Text        `json:"host"`
	Port       kit.Text        `json:"port"`
	Severity   kit.Text        `json:"severity"`
	Protocol   kit.Text        `json:"protocol"`
	URL        kit.Text        `json:"url"`
	Secret     kit.Text        `json:"secret"`
	Community  kit.Text        `json:"community"`
	Report     given           `json:"report"`
	Scan       given           `json:"scan"`
	Assignee   given           `json:"assignee"`
	AssigneeID given           `json:"assigneeID"`

	Name           kit.Text `json:"name"`
	Description    kit.Text `json:"description"`
	Classification kit.Text `json:"classification"`
	Notes          kit.Text `json:"notes"`
}

// readActions reads a list of actions, or one. An action with the id of one of
// before keeps that id.
func readActions(raw json.RawMessage, before []harrier.AlertAction, by harrier.Actor, people map[harrier.ID]harrier.User) ([]harrier.AlertAction, error) {
	var list []json.RawMessage
	if raw = bytes.TrimSpace(raw); bytes.HasPrefix(raw, []byte("{")) {
		list = []json.RawMessage{raw}
	} else if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fault(codeInvalid, 0, "The parameter 'action' is invalid.")
	}
	if len(list) > harrier.MaxAlertActions {
		return nil, fault(codeInvalid, 0, "More than %d actions.", harrier.MaxAlertActions)
	}
	out := []harrier.AlertAction{}
	for _, one := range list {
		c, err := readAction(one, by, people)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(before, func(b harrier.AlertAction) bool { return b.ID == c.ID }) {
			c.ID = 0
		}
		out = append(out, c)
	}
	return out, nil
}

func readAction(raw json.RawMessage, by harrier.Actor, people map[harrier.ID]harrier.User) (harrier.AlertAction, error) {
	var none harrier.AlertAction
	keys, err := kit.DecodeBody(raw)
	if err != nil {
		return none, fault(codeInvalid, 0, "The parameter 'action' is invalid.")
	}
	if inner := bytes.TrimSpace(keys["definition"]); len(inner) > 0 {
		if text, single := kit.Scalar(inner); single {
			inner = []byte(text)
		}
		if len(inner) > 0 && inner[0] != '[' {
			more, err := kit.DecodeBody(inner)
			if err != nil {
				return none, fault(codeInvalid, 0, "The definition of an action is invalid.")
			}
			keys = maps.Clone(keys)
			for k, v := range more {
				if k != "id" && k != "type" {
					keys[k] = v
				}
			}
		}
	}
	var b actionBody
	if err := kit.Fill(keys, &b); err != nil {
		return none, err
	}
	kind, ok := actionTypes[strings.ToLower(string(b.Type))]
	if !ok {
		return none, fault(codeInvalid, 0, "The action type '%s' is invalid (%s).", cut(string(b.Type), 32), strings.Join(slices.Sorted(maps.Keys(actionTypes)), ", "))
	}
	c := harrier.AlertAction{ID: harrier.ID(b.ID), Kind: kind, Message: string(b.Message), Users: numbersOf(b.Users)}
	for _, u := range c.Users {
		if _, ok := people[u]; !ok {
			return none, fault(codeInvalid, 0, "User #%d does not exist.", u)
		}
	}
	return c, b.fill(&c, by, people)
}

// fill puts into c what belongs to its kind.
func (b actionBody) fill(c *harrier.AlertAction, by harrier.Actor, people map[harrier.ID]harrier.User) error {
	var err error
	switch c.Kind {
	case harrier.SendMail:
		c.Subject, c.Results = string(b.Subject), bool(b.Results)
		var list kit.Texts
		if len(b.Addresses) > 0 && json.Unmarshal(b.Addresses, &list) != nil {
			return fault(codeInvalid, 0, "The parameter 'addresses' is invalid.")
		}
		c.To, err = harrier.ParseAddresses("addresses", strings.Join(list, ","))
	case harrier.SendSyslog:
		if c.Address, err = b.address("514"); err == nil {
			c.Severity, err = syslogSeverity(string(b.Severity))
		}
		if strings.EqualFold(string(b.Protocol), "tcp") {
			c.Network = "tcp"
		}
	case harrier.SendTrap:
		c.Secret = string(b.Community)
		c.Address, err = b.address("162")
	case harrier.CallWebhook:
		c.Address, c.Secret = string(b.URL), string(b.Secret)
	case harrier.LaunchReport, harrier.LaunchScan:
		var object given
		if len(b.ObjectID) > 0 && json.Unmarshal(b.ObjectID, &object) != nil {
			return fault(codeInvalid, 0, "The parameter 'objectID' is invalid.")
		}
		if more := map[harrier.ActionKind]given{harrier.LaunchReport: b.Report, harrier.LaunchScan: b.Scan}[c.Kind]; more != 0 {
			object = more
		}
		c.Object = harrier.ID(object)
	case harrier.WriteTicket:
		assignee := harrier.ID(max(b.Assignee, b.AssigneeID))
		if assignee <= 0 {
			assignee = by.User
		}
		if _, ok := people[assignee]; !ok {
			return fault(codeInvalid, 0, "User #%d does not exist.", assignee)
		}
		c.Ticket = harrier.Ticket{
			Name: string(b.Name), Description: string(b.Description), Classification: classOf(string(b.Classification)), Notes: string(b.Notes), Assignee: assignee,
		}
	case harrier.Notify:
	}
	return err
}

func (b actionBody) address(port string) (string, error) {
	host, own := strings.TrimSpace(string(b.Host)), strings.TrimSpace(string(b.Port))
	if host == "" {
		return "", fault(codeInvalid, 0, "The parameter 'host' is required.")
	}
	if own != "" {
		port = own
	}
	return net.JoinHostPort(host, port), nil
}

func syslogSeverity(text string) (int, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 4, nil
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n <= 7 {
		return n, nil
	}
	for i, w := range syslogWords {
		if strings.EqualFold(w, text) {
			return i, nil
		}
	}
	return 0, fault(codeInvalid, 0, "The severity '%s' is invalid (%s).", cut(text, 32), strings.Join(syslogWords, ", "))
}
