package nessus

import (
	"context"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// mailSettings is how mail leaves. The password is never shown: in its place
// stands mailHidden where there is one.
//
// Source: nessus-api.md, section 7.
type mailSettings struct {
	Host string `json:"smtp_host"`
	Port string `json:"smtp_port"`
	Enc  string `json:"smtp_enc"`
	From string `json:"smtp_from"`
	WWW  string `json:"smtp_www_host"`
	User string `json:"smtp_user"`
	Pass string `json:"smtp_pass"`
	Auth string `json:"smtp_auth"`
}

// mailHidden stands for a password that is kept.
const mailHidden = "********"

// encryptions are the words for the ways to the mail server, in order.
var encryptions = []struct {
	word string
	way  harrier.MailTLS
}{
	{"No Encryption", harrier.MailTLSNever}, {"Use TLS if available", harrier.MailTLSIfThere}, {"Force SSL", harrier.MailTLSAlways}, {"Force TLS", harrier.MailTLSStart},
}

func (a api) getMail(ctx context.Context, by harrier.Actor, _ struct{}) (mailSettings, error) {
	s, err := a.Alerts.MailSettings(ctx, by)
	if err != nil {
		return mailSettings{}, err
	}
	out := mailSettings{Host: s.Host, From: s.From, WWW: s.Link, User: s.User, Auth: string(s.Auth)}
	if s.Port != 0 {
		out.Port = strconv.Itoa(s.Port)
	}
	for _, e := range encryptions {
		if e.way == s.TLS {
			out.Enc = e.word
		}
	}
	if out.Auth == "" {
		out.Auth = "NONE"
	}
	if s.User != "" {
		out.Pass = mailHidden
	}
	return out, nil
}

// mailChange is a PUT /settings/network/mail. Keys that are missing stay.
type mailChange struct {
	Host *kit.Text `json:"smtp_host"`
	Port *kit.Text `json:"smtp_port"`
	Enc  *kit.Text `json:"smtp_enc"`
	From *kit.Text `json:"smtp_from"`
	WWW  *kit.Text `json:"smtp_www_host"`
	User *kit.Text `json:"smtp_user"`
	Pass *kit.Text `json:"smtp_pass"`
	Auth *kit.Text `json:"smtp_auth"`
	Test *kit.Text `json:"test_email"` // Harrier's own: whom to send a test
}

func (a api) setMail(ctx context.Context, by harrier.Actor, q mailChange) (kit.Empty, error) {
	var none kit.Empty
	s, err := a.Alerts.MailSettings(ctx, by)
	if err != nil {
		return none, err
	}
	for _, set := range []struct {
		from *kit.Text
		to   *string
	}{{q.Host, &s.Host}, {q.From, &s.From}, {q.WWW, &s.Link}, {q.User, &s.User}} {
		if set.from != nil {
			*set.to = strings.TrimSpace(string(*set.from))
		}
	}
	if q.Port != nil {
		if s.Port, err = kit.WholeNumber(string(*q.Port)); err != nil {
			return none, harrier.Invalidf("smtp_port", "%s", messageOf(err))
		}
	}
	if q.Enc != nil {
		known := *q.Enc == ""
		for _, e := range encryptions {
			if strings.EqualFold(e.word, string(*q.Enc)) {
				s.TLS, known = e.way, true
			}
		}
		if !known {
			return none, harrier.Invalidf("smtp_enc", "%q is none of No Encryption, Use TLS if available, Force SSL, Force TLS", string(*q.Enc))
		}
	}
	if q.Auth != nil {
		if s.Auth = harrier.MailAuth(strings.ToUpper(string(*q.Auth))); s.Auth == "NONE" {
			s.Auth = harrier.MailAuthNone
		}
	}
	var password *string
	if q.Pass != nil && *q.Pass != mailHidden {
		text := string(*q.Pass)
		password = &text
	}
	if err := a.Alerts.SetMailSettings(ctx, by, s, password); err != nil {
		return none, err
	}
	if q.Test != nil && *q.Test != "" {
		return none, a.Alerts.SendTest(ctx, by, string(*q.Test))
	}
	return none, nil
}
