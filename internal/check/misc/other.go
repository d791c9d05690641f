package misc

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// RsyncModules reports an rsync daemon with modules that anybody may open.
var RsyncModules = check.Define(harrier.Vulnerability{
	ID: 900107, Slug: "rsync-open-modules", Name: "rsync modules open to anybody", Family: family,
	Synopsis:    "The rsync daemon gives files to anybody.",
	Description: "Modules of the daemon open without a password from where the scan engine is. Who reaches the port reads the files in them, and writes them where the module is not read-only. This can be intended, as on a mirror.",
	Solution:    "Set auth users and secrets file, or hosts allow, for modules that are not for everybody.",
	CWEs:        []int{306},
	References:  []string{"https://download.samba.org/pub/rsync/rsyncd.conf.5"},
}, check.Exposure, check.Check{
	Applies: named("rsync"),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		names, err := rsyncModules(ctx, t)
		if err != nil {
			return harrier.Unknown, "", err
		}
		var open []string
		for _, name := range names[:min(len(names), 8)] {
			ok, err := rsyncOpens(ctx, t, name)
			if err != nil {
				return harrier.Unknown, "", fmt.Errorf("module %q: %w", name, err)
			}
			if ok {
				open = append(open, name)
			}
		}
		if len(open) == 0 {
			return harrier.Absent, "", nil
		}
		return harrier.Present, "These modules open without a password:\n\n  " + strings.Join(open, "\n  "), nil
	},
})

const rsyncHello = "@RSYNCD: 30.0"

// rsyncModules lists the modules that the daemon shows.
func rsyncModules(ctx context.Context, t check.Target) ([]string, error) {
	c, err := rsyncGreeted(ctx, t)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.Say("#list"); err != nil {
		return nil, err
	}
	var names []string
	for range 1000 {
		line, err := c.Line()
		if err != nil {
			return nil, err
		}
		switch {
		case line == "@RSYNCD: EXIT":
			return names, nil
		case strings.HasPrefix(line, "@ERROR"):
			return nil, fmt.Errorf("the daemon answered %.80q", line)
		}
		if name, _, tab := strings.Cut(line, "\t"); tab {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names, nil
}

// rsyncOpens reports whether a module opens without a password.
func rsyncOpens(ctx context.Context, t check.Target, name string) (bool, error) {
	c, err := rsyncGreeted(ctx, t)
	if err != nil {
		return false, err
	}
	defer c.Close()
	if err := c.Say(name); err != nil {
		return false, err
	}
	for range 200 { // a message of the day may come first
		line, err := c.Line()
		switch {
		case err != nil:
			return false, err
		case line == "@RSYNCD: OK":
			return true, nil
		case strings.HasPrefix(line, "@RSYNCD: AUTHREQD"), strings.HasPrefix(line, "@ERROR: access denied"):
			return false, nil
		case strings.HasPrefix(line, "@ERROR"):
			return false, fmt.Errorf("the daemon answered %.80q", line)
		}
	}
	return false, fmt.Errorf("the message of the day does not end")
}

func rsyncGreeted(ctx context.Context, t check.Target) (*check.Conn, error) {
	c, err := t.Open(ctx)
	if err != nil {
		return nil, err
	}
	line, err := c.Line()
	if err == nil && !strings.HasPrefix(line, "@RSYNCD: ") {
		err = fmt.Errorf("unexpected greeting %.80q", line)
	}
	if err == nil {
		_, err = c.Conn.Write([]byte(rsyncHello + "\n"))
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// NTPMode6 reports a time server that answers control queries.
var NTPMode6 = check.Define(harrier.Vulnerability{
	ID: 97861, Slug: "ntp-mode-6", Name: "Network Time Protocol (NTP) Mode 6 Scanner", Family: family,
	Synopsis:    "The time server answers control queries of anybody.",
	Description: "The server answers control queries (mode 6). They tell about the host, and because an answer is larger than its query they can be turned against others by a forged sender.",
	Solution:    "Refuse control queries (noquery), or limit them to the hosts that watch the server.",
	CWEs:        []int{406},
	References:  []string{"https://www.ntp.org/documentation/4.2.8-series/accopt/"},
}, check.Amplification, check.Check{
	Applies: func(s harrier.Service) bool { return s.Name == "ntp" && s.Protocol == harrier.UDP },
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		t.Service.Protocol = harrier.UDP
		// Version 2, mode 6, read variables, sequence 1.
		reply, err := t.Ask(ctx, []byte{0x16, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
		if err != nil {
			return ntpAlive(ctx, t, err)
		}
		if len(reply) < 12 || reply[0]&7 != 6 || reply[1]&0x80 == 0 || binary.BigEndian.Uint16(reply[2:]) != 1 {
			return harrier.Unknown, "", fmt.Errorf("unexpected reply %q", check.FirstLine(reply))
		}
		if reply[1]&0x40 != 0 { // an error: it talks, but tells nothing
			return harrier.Absent, "", nil
		}
		text := bytes.ReplaceAll(reply[12:], []byte("\r\n"), []byte(" "))
		return harrier.Present, fmt.Sprintf("A query of 12 bytes was answered by one of %d bytes:\n\n  %s", len(reply), check.FirstLine(text)), nil
	},
})

// ntpAlive tells a server that ignores control queries from one that is gone: by
// asking it the time.
func ntpAlive(ctx context.Context, t check.Target, why error) (harrier.Verdict, string, error) {
	query := make([]byte, 48)
	query[0] = 0x23 // version 4, client
	reply, err := t.Ask(ctx, query)
	if err != nil {
		return harrier.Unknown, "", fmt.Errorf("neither control query nor time: %w", why)
	}
	if len(reply) < 48 || reply[0]&7 != 4 {
		return harrier.Unknown, "", fmt.Errorf("unexpected reply %q", check.FirstLine(reply))
	}
	return harrier.Absent, "", nil
}

// Telnet reports a telnet server without encryption.
var Telnet = check.Define(harrier.Vulnerability{
	ID: 42263, Slug: "telnet-unencrypted", Name: "Unencrypted Telnet Server", Family: family,
	Synopsis:    "The telnet server sends everything in the clear.",
	Description: "The server offers remote access over an unencrypted connection: who is in the path reads passwords and all that is typed, and can alter it.",
	Solution:    "Turn telnet off and use SSH.",
	CWEs:        []int{319},
	References:  []string{"https://www.rfc-editor.org/rfc/rfc4949"},
}, check.Eavesdropping, check.Check{
	Applies: func(s harrier.Service) bool { return s.Name == "telnet" && !s.TLS },
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		greeting, err := t.Ask(ctx, nil)
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case telnetOption(greeting):
			return harrier.Present, "The server began to negotiate telnet options in the clear.", nil
		case bytes.Contains(bytes.ToLower(greeting), []byte("login:")), bytes.Contains(bytes.ToLower(greeting), []byte("username:")), bytes.Contains(bytes.ToLower(greeting), []byte("password:")):
			return harrier.Present, "The server asks for a sign-in in the clear:\n\n  " + check.FirstLine(bytes.TrimSpace(greeting)), nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected greeting %q", check.FirstLine(greeting))
	},
})

// telnetOption reports whether b begins with the negotiation of an option.
//
// Source: RFC 854.
func telnetOption(b []byte) bool {
	return len(b) >= 3 && b[0] == 0xff && b[1] >= 0xfa && b[1] <= 0xfe
}
