package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"github.com/harrier-scan/harrier"
)

var mssqlProtocol = Protocol{
	Name: "mssql", Transport: harrier.TCP, Ports: []uint16{1433, 1434},
	Common: true,
	Hello:  func(Target) []byte { return tdsPrelogin(tdsNotSupported) },
	Done:   func(b []byte) bool { return len(b) >= 4 && len(b) >= int(binary.BigEndian.Uint16(b[2:])) },
	Reply:  func(b []byte) bool { _, ok := parsePrelogin(b); return ok },
	Learn:  learnMSSQL,
}

// What a side says of encryption.
const (
	tdsOff          = 0 // for signing in only
	tdsOn           = 1
	tdsNotSupported = 2
	tdsRequired     = 3
)

// tdsPrelogin asks with the options version, encryption, instance and thread.
//
// Source: MS-TDS, section 2.2.6.5.
func tdsPrelogin(encryption byte) []byte {
	b := []byte("\x12\x01\x00\x2f\x00\x00\x01\x00\x00\x00\x1a\x00\x06\x01\x00\x20\x00\x01\x02\x00\x21\x00\x01\x03\x00\x22\x00\x04\x04\x00\x26\x00\x01\xff" +
		"\x09\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00")
	b[8+26+6] = encryption
	return b
}

// prelogin is a server's answer.
type prelogin struct {
	version    string
	encryption int // -1: not told
}

// parsePrelogin reads a PRELOGIN response.
//
// Source: MS-TDS, section 2.2.6.5.
func parsePrelogin(b []byte) (prelogin, bool) {
	if len(b) < 14 || b[0] != 4 || b[8] != 0 {
		return prelogin{}, false
	}
	p := prelogin{encryption: -1}
	body := b[8:]
	c := cursor{b: body}
	for c.b[0] != 0xff {
		token, offset, size := c.u8(), c.be16(), c.be16()
		if c.bad || len(c.b) == 0 || offset < 6 || offset+size > len(body) {
			return prelogin{}, false
		}
		switch v := body[offset : offset+size]; {
		case token == 0:
			if size < 6 || v[0] == 0 || v[0] > 30 {
				return prelogin{}, false
			}
			p.version = fmt.Sprintf("%d.%d.%d", v[0], v[1], binary.BigEndian.Uint16(v[2:]))
		case token == 1 && size == 1:
			p.encryption = int(v[0])
		}
	}
	return p, p.version != ""
}

func learnMSSQL(ctx context.Context, x *talk, first []byte, _ bool) {
	p, _ := parsePrelogin(first)
	x.is("Microsoft SQL Server", "microsoft:sql_server", p.version, "PRELOGIN version "+p.version)
	x.fact("mssql.encryption", map[int]string{tdsOff: "offered", tdsOn: "on", tdsNotSupported: "none", tdsRequired: "required"}[p.encryption])
	x.fact("auth.required", "yes")
	x.starttls(ctx, "mssql", tdsUpgrade)
}

// tdsUpgrade asks for encryption; the handshake that follows is wrapped in
// packets of the protocol.
//
// Source: MS-TDS, sections 2.2.6.5 and 3.2.5.2.
func tdsUpgrade(w *wire) error {
	b, err := w.ask(tdsPrelogin(tdsOn), mssqlProtocolDone)
	p, ok := parsePrelogin(b)
	if err != nil || !ok || p.encryption != tdsOn && p.encryption != tdsRequired {
		return errors.Join(errNoUpgrade, err)
	}
	w.Conn = &tdsConn{Conn: w.Conn}
	return nil
}

func mssqlProtocolDone(b []byte) bool {
	return len(b) >= 4 && len(b) >= int(binary.BigEndian.Uint16(b[2:]))
}

// tdsConn wraps what is written in packets and takes it out of those that are
// read.
type tdsConn struct {
	net.Conn
	head []byte // of the next packet, as far as it was read
	left int    // bytes of the packet that are still to be read
}

func (c *tdsConn) Write(b []byte) (int, error) {
	for sent := 0; sent < len(b); {
		part := b[sent:min(len(b), sent+4088)]
		status := byte(0)
		if sent+len(part) == len(b) {
			status = 1 // end of message
		}
		packet := append([]byte{0x12, status, byte((len(part) + 8) >> 8), byte(len(part) + 8), 0, 0, 1, 0}, part...)
		if _, err := c.Conn.Write(packet); err != nil {
			return sent, err
		}
		sent += len(part)
	}
	return len(b), nil
}

func (c *tdsConn) Read(b []byte) (int, error) {
	for c.left == 0 {
		need := make([]byte, 8-len(c.head))
		n, err := c.Conn.Read(need)
		c.head = append(c.head, need[:n]...)
		if err != nil {
			return 0, err
		}
		if len(c.head) == 8 {
			if c.left = int(binary.BigEndian.Uint16(c.head[2:])) - 8; c.left < 0 {
				return 0, errNoUpgrade
			}
			c.head = nil
		}
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}
