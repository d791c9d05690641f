package harrier

import (
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Alert is a rule: on these events, or when so many things are found, do these
// things. It is SecurityCenter's alert (a Trigger that is evaluated now and
// then) and NeXpose's alert of a site (Events and a filter).
type Alert struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Owner       ID
	Disabled    bool

	Site     ID          // whose scans it is about; 0: everybody's that its owner may see
	Events   []EventKind // on which it acts; empty: it has a Trigger instead
	Filter   AlertFilter // which findings make a FindingsNew
	Trigger  Trigger
	Schedule Schedule // when the Trigger is evaluated; never planned: after each scan
	// EveryTime acts whenever the Trigger is evaluated and holds, not only when
	// it did not the time before.
	EveryTime bool
	Actions   []AlertAction

	Holds         bool // what the last evaluation said
	LastTriggered time.Time
	LastEvaluated time.Time
	NextRun       time.Time // of Schedule
	// Given are a dialect's members as given, by their own names, to be given
	// back.
	Given    map[string]string
	Created  time.Time
	Modified time.Time
}

// AlertFilter says which findings an alert is about. The zero value: all.
type AlertFilter struct {
	Severity      Severity `json:"severity,omitempty"` // at least
	NoConfirmed   bool     `json:"no_confirmed,omitempty"`
	NoUnconfirmed bool     `json:"no_unconfirmed,omitempty"`
	NoPotential   bool     `json:"no_potential,omitempty"`
	// PerScan is how often the alert acts on one scan at most; nil: always.
	PerScan *int `json:"per_scan,omitempty"`
}

// Trigger is a count compared with a number: how many rows a tool makes of a
// saved query. The zero value is none.
type Trigger struct {
	Query ID     `json:"query,omitempty"`
	Tool  string `json:"tool,omitempty"` // in the words of the query's author: "sumip"
	Op    Op     `json:"op,omitempty"`   // Ge, Le, Eq or Ne
	Value int    `json:"value"`
}

// HoldsFor reports whether the comparison holds for a count of n.
func (t Trigger) HoldsFor(n int) bool {
	switch t.Op {
	case Ge:
		return n >= t.Value
	case Le:
		return n <= t.Value
	case Eq:
		return n == t.Value
	case Ne:
		return n != t.Value
	default:
		return false
	}
}

// AlertAction is one thing that an alert does.
type AlertAction struct {
	ID   ID         `json:"id"` // from 1, unique in the alert
	Kind ActionKind `json:"kind"`

	To      []string `json:"to,omitempty"`    // of mail
	Users   []ID     `json:"users,omitempty"` // of mail and notifications: whose addresses, whom to tell
	Subject string   `json:"subject,omitempty"`
	Message string   `json:"message,omitempty"`
	Results bool     `json:"results,omitempty"` // mail: with what was found

	// Address is where syslog and SNMP messages go, "host:port", or the URL of a
	// webhook, which must be https.
	Address  string `json:"address,omitempty"`
	Network  string `json:"network,omitempty"`  // of syslog: "udp" (also "") or "tcp"
	Severity int    `json:"severity,omitempty"` // of syslog, 0 to 7; RFC 5424, section 6.2.1
	// Secret is the key that webhooks are signed with, or the SNMP community, in
	// the clear where somebody gives it and sealed where it is stored. Rooms never
	// show it.
	Secret string `json:"secret,omitempty"`

	Object ID     `json:"object,omitempty"` // the report definition or the site to launch
	Ticket Ticket `json:"ticket,omitzero"`  // to write
}

// ActionKind is what an action does.
type ActionKind string

// The kinds of actions.
const (
	SendMail         ActionKind = "mail"
	SendSyslog       ActionKind = "syslog" // RFC 5424
	SendTrap         ActionKind = "snmp"   // an SNMPv2c trap
	CallWebhook      ActionKind = "webhook"
	Notify           ActionKind = "notification"
	LaunchReport     ActionKind = "report"
	LaunchScan       ActionKind = "scan"
	WriteTicket      ActionKind = "ticket"
	MaxAlertActions             = 32
	maxRecipients               = 100
	maxAlertText                = 64 << 10 // bytes of a message or a description
	maxAlertTextLine            = 1 << 10  // of a subject
)

// Check answers Invalid, naming the field, for an alert that breaks its own
// rules.
func (a *Alert) Check() error {
	if err := checkName(a.Name); err != nil {
		return err
	}
	switch {
	case a.Filter.PerScan != nil && *a.Filter.PerScan < 0:
		return Invalidf("per_scan", "must not be negative")
	case len(a.Description) > maxAlertText:
		return Invalidf("description", "is longer than %d bytes", maxAlertText)
	case len(a.Events) == 0 && a.Trigger.Query == 0:
		return Invalidf("query", "an alert needs events or a query")
	case len(a.Events) > 0 && a.Trigger.Query != 0:
		return Invalidf("query", "an alert has events or a query, not both")
	case len(a.Actions) == 0:
		return Invalidf("action", "an alert needs at least one action")
	case len(a.Actions) > MaxAlertActions:
		return Invalidf("action", "more than %d actions", MaxAlertActions)
	}
	for _, k := range a.Events {
		if !k.Known() {
			return Invalidf("events", "there is no event %q", k)
		}
	}
	if a.Trigger.Query != 0 {
		switch a.Trigger.Op {
		case Ge, Le, Eq, Ne:
		default:
			return Invalidf("operator", "%q is none of >=, <=, =, !=", string(a.Trigger.Op))
		}
		if a.Trigger.Value < 0 {
			return Invalidf("value", "must not be negative")
		}
	}
	for i := range a.Actions {
		if err := a.Actions[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *AlertAction) check() error {
	switch {
	case len(c.To) > maxRecipients || len(c.Users) > maxRecipients:
		return Invalidf("action", "more than %d recipients", maxRecipients)
	case len(c.Message) > maxAlertText:
		return Invalidf("message", "is longer than %d bytes", maxAlertText)
	case len(c.Subject) > maxAlertTextLine || strings.ContainsAny(c.Subject, "\r\n\x00"):
		return Invalidf("subject", "must be one line of at most %d bytes", maxAlertTextLine)
	}
	switch c.Kind {
	case SendMail:
		if len(c.To)+len(c.Users) == 0 {
			return Invalidf("addresses", "a mail needs a recipient")
		}
		_, err := ParseAddresses("addresses", strings.Join(c.To, ","))
		return err
	case SendSyslog:
		if c.Severity < 0 || c.Severity > 7 {
			return Invalidf("severity", "%d is not between 0 and 7", c.Severity)
		}
		if c.Network != "" && c.Network != "udp" && c.Network != "tcp" {
			return Invalidf("network", "%q is neither udp nor tcp", c.Network)
		}
		return checkHostPort("host", c.Address)
	case SendTrap:
		return checkHostPort("server", c.Address)
	case CallWebhook:
		return checkWebhook(c.Address)
	case LaunchReport, LaunchScan:
		if c.Object <= 0 {
			return Invalidf(string(c.Kind), "the action names none")
		}
	case WriteTicket:
		return c.Ticket.Check()
	case Notify:
	default:
		return Invalidf("type", "there is no action %q", c.Kind)
	}
	return nil
}

func checkHostPort(field, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	n, errPort := strconv.ParseUint(port, 10, 16)
	if err != nil || errPort != nil || n == 0 || host == "" || len(host) > 255 || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("/@\"'<>", r) }) {
		return Invalidf(field, "%q is not a host and a port", addr)
	}
	return nil
}

func checkWebhook(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || len(text) > 2048:
		return Invalidf("url", "is not a URL")
	case u.Scheme != "https":
		return Invalidf("url", "must begin with https://")
	case u.User != nil:
		return Invalidf("url", "must not hold a password")
	}
	return nil
}

// ParseAddresses reads a list of mail addresses, separated by commas,
// semicolons, blanks or line ends, and returns the bare ones ("a@example.com"),
// each once. It answers Invalid, with the field's name, for anything else.
func ParseAddresses(field, text string) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) }) {
		a, err := mail.ParseAddress(part)
		if err != nil || a.Address != strings.Trim(part, "<>") || len(a.Address) > 254 || strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return nil, Invalidf(field, "%q is not a mail address", part)
		}
		if key := strings.ToLower(a.Address); !seen[key] {
			seen[key], out = true, append(out, a.Address)
		}
	}
	return out, nil
}
