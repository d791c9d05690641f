package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/harrier-scan/harrier"
)

var postgresqlProtocol = Protocol{
	Name: "postgresql", Transport: harrier.TCP, Ports: []uint16{5432, 5433, 5434, 6432, 15432, 26257},
	Common: true,
	// A version of the protocol that no server speaks: the refusal tells
	// which ones it does, and where in its source it was written.
	Hello: func(Target) []byte { return postgresStart(0x00ff0000, nil) },
	Done:  func(b []byte) bool { return len(pgMessages(b)) > 0 },
	Reply: func(b []byte) bool {
		m := pgMessages(b)
		return len(m) > 0 && m[0].kind == 'E' && pgFields(m[0].body)['M'] != ""
	},
	Learn: learnPostgreSQL,
}

// pgMessage is one message of the backend.
type pgMessage struct {
	kind byte
	body []byte
}

// pgMessages cuts b into messages; an incomplete last one is left out.
//
// Source: PostgreSQL manual, "Message Formats".
func pgMessages(b []byte) []pgMessage {
	var out []pgMessage
	for len(b) >= 5 && len(out) < 64 {
		n := binary.BigEndian.Uint32(b[1:])
		if n < 4 || n > maxReply || len(b) < 1+int(n) {
			break
		}
		out = append(out, pgMessage{b[0], b[5 : 1+n]})
		b = b[1+n:]
	}
	return out
}

// pgFields reads the fields of an error: 'M' message, 'F' file, 'R' routine.
func pgFields(b []byte) map[byte]string {
	out := map[byte]string{}
	for len(b) > 1 && b[0] != 0 {
		value, rest, found := bytes.Cut(b[1:], []byte{0})
		if !found {
			break
		}
		out[b[0]] = string(value)
		b = rest
	}
	return out
}

func postgresStart(version uint32, params []string) []byte {
	body := binary.BigEndian.AppendUint32(nil, version)
	for _, p := range params {
		body = append(append(body, p...), 0)
	}
	if params != nil {
		body = append(body, 0)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(4+len(body))), body...)
}

func learnPostgreSQL(ctx context.Context, x *talk, first []byte, _ bool) {
	if m := pgMessages(first); len(m) > 0 {
		f := pgFields(m[0].body)
		x.s.Banner = printable([]byte(f['M']))
		if strings.HasSuffix(f['F'], ".c") && f['R'] == "ProcessStartupPacket" {
			x.is("PostgreSQL", "postgresql:postgresql", "", f['M']+" ("+f['F']+", "+f['R']+")")
		}
	}
	secure := x.pgTLS(ctx)
	x.fact("pg.ssl", yesNo(secure))
	x.pgWelcome(ctx)
	if secure {
		x.starttls(ctx, "postgresql", func(w *wire) error {
			if b, err := w.ask(pgSSLRequest, pgOneByte); err != nil || b[0] != 'S' {
				return errors.Join(errNoUpgrade, err)
			}
			return nil
		})
	}
}

var pgSSLRequest = []byte{0, 0, 0, 8, 4, 210, 22, 47}

func pgOneByte(b []byte) bool { return len(b) >= 1 }

func (x *talk) pgTLS(ctx context.Context) bool {
	b, err := x.ask(ctx, pgSSLRequest, pgOneByte)
	return err == nil && b[0] == 'S'
}

// pgWelcome starts a session without a password: a server that trusts the
// network lets it in and tells its version, any other names what it wants.
func (x *talk) pgWelcome(ctx context.Context) {
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	reply, err := w.ask(postgresStart(0x00030000, []string{"user", "postgres", "database", "postgres"}), func(b []byte) bool {
		for _, m := range pgMessages(b) {
			if m.kind == 'E' || m.kind == 'Z' || m.kind == 'R' && !bytes.Equal(m.body, []byte{0, 0, 0, 0}) {
				return true
			}
		}
		return false
	})
	if err != nil {
		return
	}
	for _, m := range pgMessages(reply) {
		switch {
		case m.kind == 'R':
			x.fact("auth.required", yesNo(!bytes.Equal(m.body, []byte{0, 0, 0, 0})))
		case m.kind == 'S' && bytes.HasPrefix(m.body, []byte("server_version\x00")):
			x.tell("postgresql", strings.TrimRight(string(m.body[len("server_version")+1:]), "\x00"))
		}
	}
	_ = w.send([]byte{'X', 0, 0, 0, 4}) // Terminate
}
