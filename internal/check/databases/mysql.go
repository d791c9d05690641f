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

// MySQLRootEmpty reports a MySQL or MariaDB server that lets root in without a
// password.
var MySQLRootEmpty = check.Define(harrier.Vulnerability{
	ID: 10481, Slug: "mysql-root-empty-password", Name: "MySQL Unpassworded Account Check", Family: family,
	Synopsis:    "An account of the database server has no password.",
	Description: "The server lets the account root in without a password from where the scan engine is. Who reaches the port from there owns all databases.",
	Solution:    "Set a password for the account, or limit it to local connections.",
	CWEs:        []int{521, 258},
	References:  []string{"https://dev.mysql.com/doc/refman/8.4/en/default-privileges.html"},
}, check.Takeover, check.Check{
	Applies: named("mysql"), GuessLogin: true,
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		seq, greeting, err := readPacket(c)
		if err != nil {
			return harrier.Unknown, "", err
		}
		if len(greeting) < 20 || greeting[0] != 10 || bytes.IndexByte(greeting[1:], 0) < 0 {
			return harrier.Unknown, "", fmt.Errorf("unexpected greeting %q", check.FirstLine(greeting))
		}
		return signIn(c, seq)
	},
})

// signIn tries root with an empty password, once.
//
// Source: MySQL client/server protocol, connection phase.
func signIn(c io.ReadWriter, seq byte) (harrier.Verdict, string, error) {
	const clientFlags = 0x00000001 | 0x00000200 | 0x00008000 | 0x00080000 // long password, 4.1, secure connection, plugin auth
	b := binary.LittleEndian.AppendUint32(nil, clientFlags)
	b = binary.LittleEndian.AppendUint32(b, 1<<24-1)
	b = append(append(b, 45), make([]byte, 23)...)
	b = append(b, "root\x00\x00mysql_native_password\x00"...)
	for range 3 {
		seq++
		if err := writePacket(c, seq, b); err != nil {
			return harrier.Unknown, "", err
		}
		var answer []byte
		var err error
		if seq, answer, err = readPacket(c); err != nil {
			return harrier.Unknown, "", err
		}
		switch {
		case len(answer) == 0:
			return harrier.Unknown, "", fmt.Errorf("empty answer")
		case answer[0] == 0:
			return harrier.Present, "The server let root in with an empty password.", nil
		case answer[0] == 0xfe: // another way to sign in: an empty password is an empty answer in each
			b = nil
			continue
		case answer[0] == 0xff && len(answer) >= 3:
			return refused(binary.LittleEndian.Uint16(answer[1:]))
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected answer %q", check.FirstLine(answer))
	}
	return harrier.Unknown, "", fmt.Errorf("no way to sign in was agreed on")
}

// refused tells from an error code whether the password was what was wrong.
func refused(code uint16) (harrier.Verdict, string, error) {
	switch code {
	case 1045, 1698, 1044, 1251: // access denied
		return harrier.Absent, "", nil
	}
	return harrier.Unknown, "", fmt.Errorf("the server answered error %d", code)
}

// maxPacket bounds what is read of the server before anybody has signed in.
const maxPacket = 4 << 10

func readPacket(r io.Reader) (seq byte, body []byte, err error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, fmt.Errorf("no answer: %w", err)
	}
	size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if size > maxPacket {
		return 0, nil, fmt.Errorf("unexpected reply %q", check.FirstLine(head))
	}
	body = make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return 0, nil, fmt.Errorf("short answer: %w", err)
	}
	return head[3], body, nil
}

func writePacket(w io.Writer, seq byte, body []byte) error {
	head := []byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), seq}
	if _, err := w.Write(append(head, body...)); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}
