// Package mail has the checks of mail servers: whether they take passwords
// without encryption.
package mail

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{POP3Cleartext, IMAPCleartext, SMTPCleartext}

// clear returns the services of a name that are not inside TLS.
func clear(name string) func(harrier.Service) bool {
	return func(s harrier.Service) bool { return s.Name == name && !s.TLS }
}

const solution = "Offer sign-in inside TLS only."

// POP3Cleartext reports a POP3 server that takes passwords without encryption.
var POP3Cleartext = check.Define(harrier.Vulnerability{
	ID: 15855, Slug: "pop3-cleartext", Name: "POP3 Cleartext Logins Permitted", Family: "Misc.",
	Synopsis:    "The mail server takes passwords in the clear.",
	Description: "The server lets users sign in with a password on a connection that is not encrypted. Who is in the path reads it.",
	Solution:    solution, CWEs: []int{319, 523},
	References: []string{"https://www.rfc-editor.org/rfc/rfc2595", "https://www.rfc-editor.org/rfc/rfc8314"},
}, check.Weakness, check.Check{
	Applies: clear("pop3"),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		if line, err := c.Line(); err != nil || !strings.HasPrefix(line, "+OK") {
			return harrier.Unknown, "", fmt.Errorf("unexpected greeting %.80q: %w", line, errOr(err))
		}
		// A user without a password is no sign-in: the server says whether it
		// would take one.
		if err := c.Say("USER harrier"); err != nil {
			return harrier.Unknown, "", err
		}
		line, err := c.Line()
		_ = c.Say("QUIT")
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case strings.HasPrefix(line, "+OK"):
			return harrier.Present, "The server accepted USER without encryption:\n\n  " + line, nil
		case strings.HasPrefix(line, "-ERR"):
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected answer %.80q", line)
	},
})

// errOr names what went wrong when no error came with it.
func errOr(err error) error {
	if err == nil {
		return errStranger
	}
	return err
}

var errStranger = fmt.Errorf("another protocol")

// IMAPCleartext reports an IMAP server that takes passwords without encryption.
var IMAPCleartext = check.Define(harrier.Vulnerability{
	ID: 900201, Slug: "imap-cleartext", Name: "IMAP cleartext logins permitted", Family: "Misc.",
	Synopsis:    "The mail server takes passwords in the clear.",
	Description: "The server does not forbid LOGIN on a connection that is not encrypted. Who is in the path reads the passwords of users.",
	Solution:    solution, CWEs: []int{319, 523},
	References: []string{"https://www.rfc-editor.org/rfc/rfc9051#section-11.1", "https://www.rfc-editor.org/rfc/rfc8314"},
}, check.Weakness, check.Check{
	Applies: clear("imap"),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		if line, err := c.Line(); err != nil || !strings.HasPrefix(line, "* OK") {
			return harrier.Unknown, "", fmt.Errorf("unexpected greeting %.80q: %w", line, errOr(err))
		}
		if err := c.Say("a CAPABILITY"); err != nil {
			return harrier.Unknown, "", err
		}
		caps, err := capabilities(c)
		_ = c.Say("b LOGOUT")
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case slices.Contains(caps, "LOGINDISABLED"):
			return harrier.Absent, "", nil
		}
		return harrier.Present, "The server does not announce LOGINDISABLED without encryption:\n\n  " + strings.Join(caps, " "), nil
	},
})

// capabilities reads the answer to "a CAPABILITY".
func capabilities(c *check.Conn) ([]string, error) {
	var caps []string
	for range 20 {
		line, err := c.Line()
		if err != nil {
			return nil, err
		}
		if list, ok := strings.CutPrefix(strings.ToUpper(line), "* CAPABILITY "); ok {
			caps = strings.Fields(list)
		}
		if strings.HasPrefix(line, "a ") {
			if len(caps) == 0 || !strings.HasPrefix(line, "a OK") {
				return nil, fmt.Errorf("unexpected answer %.80q", line)
			}
			return caps, nil
		}
	}
	return nil, fmt.Errorf("the answer does not end")
}

// SMTPCleartext reports a mail server that takes passwords without encryption.
var SMTPCleartext = check.Define(harrier.Vulnerability{
	ID: 54582, Slug: "smtp-cleartext", Name: "SMTP Service Cleartext Login Permitted", Family: "SMTP problems",
	Synopsis:    "The mail server takes passwords in the clear.",
	Description: "The server offers the methods PLAIN or LOGIN on a connection that is not encrypted. Who is in the path reads the passwords of users.",
	Solution:    solution, CWEs: []int{319, 523},
	References: []string{"https://www.rfc-editor.org/rfc/rfc4954", "https://www.rfc-editor.org/rfc/rfc8314"},
}, check.Weakness, check.Check{
	Applies: clear("smtp"),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		code, text, err := c.Code()
		if err == nil && code != 220 {
			err = fmt.Errorf("unexpected greeting %.80q", text)
		}
		if err != nil {
			return harrier.Unknown, "", err
		}
		if code, text, err = c.Command("EHLO harrier.example"); err != nil {
			return harrier.Unknown, "", err
		}
		_ = c.Say("QUIT")
		if code != 250 {
			return harrier.Unknown, "", fmt.Errorf("unexpected answer %.80q", text)
		}
		for line := range strings.Lines(strings.ToUpper(text)) {
			words := strings.FieldsFunc(line[min(4, len(line)):], func(r rune) bool { return r == ' ' || r == '=' || r == '\n' })
			if len(words) > 1 && words[0] == "AUTH" && (slices.Contains(words, "PLAIN") || slices.Contains(words, "LOGIN")) {
				return harrier.Present, "The server offers these methods without encryption:\n\n  " + strings.TrimSpace(line), nil
			}
		}
		return harrier.Absent, "", nil
	},
})
