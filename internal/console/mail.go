package console

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// mailWays are the schemes of the setting mail.
var mailWays = map[string]harrier.MailTLS{
	"smtp": harrier.MailTLSIfThere, "smtp+starttls": harrier.MailTLSStart, "smtps": harrier.MailTLSAlways, "smtp+plain": harrier.MailTLSNever,
}

// mailSettings reads the address of a mail server,
// "smtp+starttls://user:password@mail.example.com:587?auth=LOGIN".
func mailSettings(address, from, link string) (harrier.MailSettings, error) {
	s := harrier.MailSettings{From: from, Link: link}
	if address == "" {
		return s, s.Check()
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return s, harrier.Invalidf("mail", "is not an address such as smtp+starttls://user:password@mail.example.com:587")
	}
	way, known := mailWays[u.Scheme]
	if !known {
		return s, harrier.Invalidf("mail", "%q is none of smtp, smtp+starttls, smtps, smtp+plain", u.Scheme)
	}
	s.Host, s.TLS, s.User = u.Hostname(), way, u.User.Username()
	s.Password, _ = u.User.Password()
	if port := u.Port(); port != "" {
		if s.Port, err = strconv.Atoi(port); err != nil || s.Port == 0 {
			return s, harrier.Invalidf("mail", "%q is not a port", port)
		}
	}
	if s.User != "" {
		s.Auth = harrier.MailAuthPlain
	}
	if auth := u.Query().Get("auth"); auth != "" {
		s.Auth = harrier.MailAuth(strings.ToUpper(auth))
	}
	if err := s.Check(); err != nil {
		return s, harrier.Invalidf("mail", "%s", harrier.MessageOf(err))
	}
	return s, nil
}

// MailName is the address of a mail server as people may read it: without a
// password, also where it can't be told which part that is.
func MailName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		scheme, _, _ := strings.Cut(address, "://")
		return scheme + "://…"
	}
	return u.Redacted()
}
