package harrier

import (
	"net"
	"strconv"
	"time"
)

// Mail is a message to people, as a room hands it to the outbox.
type Mail struct {
	To          []string // addresses: "a@example.com"
	Subject     string   // one line: line ends become blanks
	Text        string
	HTML        string // the same as a page; "" for none
	Attachments []Attachment
	About       string // what it is about: "scan 12"
	// Key names the message: the outbox drops a second one with the same
	// non-empty key, so that whoever sends may try again.
	Key string
}

// Attachment is a file that goes with a mail.
type Attachment struct {
	Name string // for the recipient: "report.pdf"
	Type string // media type; "" is application/octet-stream
	Path string // below the data folder
}

// Delivery is a message to one recipient in the outbox: it is tried until it is
// delivered or given up.
type Delivery struct {
	ID      ID
	UUID    UUID // names the message for good, also to its recipient
	Channel Channel
	Key     string // see Mail.Key
	About   string
	Owner   ID     // who is told when it is given up; 0: nobody
	Body    string // in the channel's form, as JSON
	State   DeliveryState
	Tries   int
	Next    time.Time // when it is tried
	Error   string    // of the last try
	Created time.Time
	Ended   time.Time
}

// Channel is how a message goes out.
type Channel string

// The channels.
const (
	ByMail    Channel = "mail"
	BySyslog  Channel = "syslog"
	ByTrap    Channel = "snmp"
	ByWebhook Channel = "webhook"
	ByLaunch  Channel = "launch" // no message: a report or a scan that an alert asks for
)

// DeliveryState is where a message stands.
type DeliveryState string

// The states of a message.
const (
	DeliveryWaits DeliveryState = "waiting"
	Delivered     DeliveryState = "delivered"
	DeliveryOver  DeliveryState = "given up"
)

// MailSettings say how mail leaves.
type MailSettings struct {
	Host     string   `json:"host,omitempty"` // of the SMTP server; "": mail waits until there is one
	Port     int      `json:"port,omitempty"` // 0: 25, or 465 with TLS from the start
	From     string   `json:"from,omitempty"`
	TLS      MailTLS  `json:"tls,omitempty"`
	Auth     MailAuth `json:"auth,omitempty"`
	User     string   `json:"user,omitempty"`
	Password string   `json:"password,omitempty"` // in the clear where it is given, sealed where it is stored, never shown
	Link     string   `json:"link,omitempty"`     // address of the console for links: "https://scanner.example.com:8834"
}

// MailTLS says how the way to the mail server is protected.
type MailTLS string

// The ways.
const (
	MailTLSIfThere MailTLS = "" // STARTTLS where the server offers it
	MailTLSNever   MailTLS = "none"
	MailTLSStart   MailTLS = "starttls" // else no mail
	MailTLSAlways  MailTLS = "tls"      // from the start
)

// MailAuth is how Harrier signs in to the mail server.
type MailAuth string

// The ways to sign in.
const (
	MailAuthNone    MailAuth = ""
	MailAuthPlain   MailAuth = "PLAIN"
	MailAuthLogin   MailAuth = "LOGIN"
	MailAuthCRAMMD5 MailAuth = "CRAM-MD5"
	MailAuthNTLM    MailAuth = "NTLM"
)

// Check answers Invalid, naming the field, for settings that can not work.
func (s MailSettings) Check() error {
	if s.Host != "" {
		if err := checkHostPort("host", s.Address()); err != nil {
			return Invalidf("host", "%q with port %d is no address", s.Host, s.Port)
		}
	}
	if s.Port < 0 || s.Port > 65535 {
		return Invalidf("port", "%d is not a port", s.Port)
	}
	if list, err := ParseAddresses("from", s.From); err != nil || len(list) > 1 {
		return Invalidf("from", "%q is not a mail address", s.From)
	}
	switch s.TLS {
	case MailTLSIfThere, MailTLSNever, MailTLSStart, MailTLSAlways:
	default:
		return Invalidf("tls", "%q is none of none, starttls, tls", s.TLS)
	}
	switch s.Auth {
	case MailAuthNone, MailAuthPlain, MailAuthLogin, MailAuthCRAMMD5, MailAuthNTLM:
	default:
		return Invalidf("auth", "%q is none of PLAIN, LOGIN, CRAM-MD5, NTLM", s.Auth)
	}
	return nil
}

// Address is where the mail server is: "host:port".
func (s MailSettings) Address() string {
	port := s.Port
	switch {
	case port != 0:
	case s.TLS == MailTLSAlways:
		port = 465
	default:
		port = 25
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(port))
}
