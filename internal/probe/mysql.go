package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var mysqlProtocol = Protocol{
	Name: "mysql", Transport: harrier.TCP, Ports: []uint16{3306, 3307, 13306, 33060},
	First:  true,
	Banner: func(b []byte) bool { _, ok := parseMySQL(b); return ok },
	Learn:  learnMySQL,
}

// mysqlGreeting is the first packet of a server: a handshake or a refusal.
type mysqlGreeting struct {
	protocol int
	version  string
	refusal  string // text of an error packet
	tls      bool
}

// parseMySQL reads the first packet of a connection.
//
// Source: MySQL internals manual, "Protocol::HandshakeV10" and "ERR_Packet".
func parseMySQL(b []byte) (mysqlGreeting, bool) {
	if len(b) < 5 || b[3] != 0 {
		return mysqlGreeting{}, false
	}
	n := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	if n < 5 || n > 1024 || len(b) < 4+n {
		return mysqlGreeting{}, false
	}
	body := b[4 : 4+n]
	switch body[0] {
	case 0xff:
		text := string(body[3:])
		if !mysqlRefusal.MatchString(text) {
			return mysqlGreeting{}, false
		}
		return mysqlGreeting{refusal: text}, true
	case 9, 10:
		version, rest, found := bytes.Cut(body[1:], []byte{0})
		if !found || !mysqlVersion.Match(version) {
			return mysqlGreeting{}, false
		}
		g := mysqlGreeting{protocol: int(body[0]), version: string(version)}
		if len(rest) >= 15 {
			g.tls = (int(rest[13])|int(rest[14])<<8)&0x0800 != 0
		}
		return g, true
	}
	return mysqlGreeting{}, false
}

var (
	mysqlVersion = pattern(`^[0-9]{1,3}\.[0-9]{1,3}[!-~]{0,120}$`)
	mysqlRefusal = pattern(`MySQL|MariaDB|Too many connections|Host .* is (?:not allowed|blocked)`)
)

func learnMySQL(ctx context.Context, x *talk, first []byte, _ bool) {
	g, ok := parseMySQL(first)
	if !ok {
		return
	}
	if g.refusal != "" {
		x.s.Banner = printable([]byte(g.refusal))
		if strings.Contains(g.refusal, "MariaDB") {
			x.is("MariaDB", "mariadb:mariadb", "", g.refusal)
		} else if strings.Contains(g.refusal, "this MySQL server") {
			x.is("MySQL", "oracle:mysql", "", g.refusal)
		}
		return
	}
	x.s.Banner = printable([]byte(g.version))
	x.fact("mysql.protocol", itoa(g.protocol))
	x.tell("mysql", g.version)
	if g.tls {
		x.starttls(ctx, "mysql", func(w *wire) error {
			if _, err := w.read(func(b []byte) bool { _, ok := parseMySQL(b); return ok }); err != nil {
				return err
			}
			// SSLRequest: protocol 4.1, TLS, secure connection; 16 MiB; utf8
			request := append([]byte{32, 0, 0, 1, 0x00, 0x8a, 0, 0, 0, 0, 0, 1, 33}, make([]byte, 23)...)
			return w.send(request)
		})
	}
}
