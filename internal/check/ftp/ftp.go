// Package ftp has the checks of FTP servers.
package ftp

import (
	"context"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{Anonymous, Cleartext}

func applies(s harrier.Service) bool { return s.Name == "ftp" }

// Anonymous reports an FTP server that lets anybody in.
var Anonymous = check.Define(harrier.Vulnerability{
	ID: 10079, Slug: "ftp-anonymous", Name: "Anonymous FTP Enabled", Family: "FTP",
	Synopsis:    "The FTP server lets anybody in.",
	Description: "The server accepts the user anonymous with any password. Everybody who reaches it reads the files that this user may read. This can be intended.",
	Solution:    "Turn anonymous access off unless the files are meant for everybody, and check that none of them is confidential.",
	CVEs:        []string{"CVE-1999-0497"}, CWEs: []int{306},
	References: []string{"https://www.rfc-editor.org/rfc/rfc1635"},
}, check.Disclosure, check.Check{
	Applies: applies,
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, code, text, err := user(ctx, t, "anonymous")
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		if code == 331 {
			if code, text, err = c.Command("PASS anonymous@example.com"); err != nil {
				return harrier.Unknown, "", err
			}
		}
		switch {
		case code == 230:
			_ = c.Say("QUIT")
			return harrier.Present, "The server answered the sign-in of anonymous:\n\n  " + strings.ReplaceAll(text, "\n", "\n  "), nil
		case code == 530 && !wantsTLS(text), code == 332, code == 331:
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected answer %.80q", text)
	},
})

// Cleartext reports an FTP server that takes passwords without encryption.
var Cleartext = check.Define(harrier.Vulnerability{
	ID: 34324, Slug: "ftp-cleartext", Name: "FTP Supports Cleartext Authentication", Family: "FTP",
	Synopsis:    "The FTP server takes passwords in the clear.",
	Description: "The server asks for a password on a connection that is not encrypted. Who is in the path reads it.",
	Solution:    "Require TLS before sign-in, or use SFTP.",
	CWEs:        []int{319, 523},
	References:  []string{"https://www.rfc-editor.org/rfc/rfc4217"},
}, check.Weakness, check.Check{
	Applies: func(s harrier.Service) bool { return applies(s) && !s.TLS },
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, code, text, err := user(ctx, t, "harrier")
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		_ = c.Say("QUIT")
		switch code {
		case 331:
			return harrier.Present, "The server asked for a password without encryption:\n\n  " + strings.ReplaceAll(text, "\n", "\n  "), nil
		case 421, 522, 530, 534, 550, 500: // not without encryption, or no such users at all
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected answer %.80q", text)
	},
})

// user connects and names a user; the caller closes the connection.
func user(ctx context.Context, t check.Target, name string) (*check.Conn, int, string, error) {
	c, err := t.Open(ctx)
	if err != nil {
		return nil, 0, "", err
	}
	code, text, err := c.Code()
	if err == nil && code != 220 {
		err = fmt.Errorf("unexpected greeting %.80q", text)
	}
	if err == nil {
		code, text, err = c.Command("USER " + name)
	}
	if err != nil {
		_ = c.Close()
		return nil, 0, "", err
	}
	return c, code, text, nil
}

// wantsTLS reports whether a refusal is about encryption, so that nothing is
// known about what would happen inside it.
func wantsTLS(text string) bool {
	text = strings.ToUpper(text)
	return strings.Contains(text, "TLS") || strings.Contains(text, "SSL") || strings.Contains(text, "ENCRYPT") || strings.Contains(text, "SECURE")
}
