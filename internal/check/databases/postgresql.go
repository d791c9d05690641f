package databases

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// PostgreSQLTrust reports a PostgreSQL server that lets the user postgres in
// without a password.
var PostgreSQLTrust = check.Define(harrier.Vulnerability{
	ID: 900005, Slug: "postgresql-trust", Name: "PostgreSQL lets postgres in without a password", Family: family,
	Synopsis:    "The database server trusts whoever claims to be its administrator.",
	Description: "The server lets the user postgres in without asking for a password from where the scan engine is (method trust in pg_hba.conf). Who reaches the port from there owns all databases and can run programs on the host.",
	Solution:    "Use scram-sha-256 instead of trust in pg_hba.conf and set passwords.",
	CWEs:        []int{287, 258},
	References:  []string{"https://www.postgresql.org/docs/current/auth-trust.html"},
}, check.Takeover, check.Check{
	// No account is tried: whoever is asked for a password hangs up.
	Applies: named("postgresql"),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		if _, err := c.Write(pgStartup("postgres")); err != nil {
			return harrier.Unknown, "", fmt.Errorf("send: %w", err)
		}
		kind, body, err := readPG(c)
		if err != nil {
			return harrier.Unknown, "", err
		}
		switch {
		case kind == 'R' && len(body) >= 4 && binary.BigEndian.Uint32(body) == 0:
			return harrier.Present, "The server let postgres in without asking for a password.", nil
		case kind == 'R' && len(body) >= 4:
			return harrier.Absent, "", nil // it asks for something
		case kind == 'E' && bytes.Contains(body, []byte("C28")): // no entry in pg_hba.conf, or no such user
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected answer %c %q", kind, check.FirstLine(body))
	},
})

// pgStartup asks for a session of user.
//
// Source: PostgreSQL documentation, "Message Formats", StartupMessage.
func pgStartup(user string) []byte {
	body := binary.BigEndian.AppendUint32(nil, 3<<16)
	body = append(body, "user\x00"+user+"\x00database\x00postgres\x00\x00"...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
}

func readPG(r io.Reader) (kind byte, body []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, fmt.Errorf("no answer: %w", err)
	}
	size := binary.BigEndian.Uint32(head[1:])
	if (head[0] != 'R' && head[0] != 'E') || size < 4 || size > maxPacket {
		return 0, nil, fmt.Errorf("unexpected reply %q", check.FirstLine(head))
	}
	body = make([]byte, size-4)
	if _, err := io.ReadFull(r, body); err != nil {
		return 0, nil, fmt.Errorf("short answer: %w", err)
	}
	return head[0], body, nil
}
