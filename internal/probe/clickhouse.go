package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/harrier-scan/harrier"
)

var clickhouseProtocol = Protocol{
	Name: "clickhouse", Transport: harrier.TCP, Ports: []uint16{9000, 9440},
	Common: true,
	Hello:  func(Target) []byte { return clickhouseHello },
	Reply:  func(b []byte) bool { _, ok := parseClickHouse(b); return ok },
	Banner: isClickHouseRefusal,
	Learn:  learnClickHouse,
}

// isClickHouseRefusal takes what the port for clients answers to HTTP.
func isClickHouseRefusal(b []byte) bool {
	return bytes.HasPrefix(b, []byte("HTTP/1.0 400 ")) && bytes.Contains(b, []byte(" is for clickhouse-client program"))
}

// clickhouseRevision is what the client is taken for: old enough not to be
// asked for more after the greeting, new enough to be told the patch level.
const clickhouseRevision = 54423

// clickhouseHello greets as the user that every fresh server lets in.
//
// Source: ClickHouse documentation, "Native protocol", client packets.
var clickhouseHello = func() []byte {
	b := []byte{0}
	b = append(append(b, 7), "harrier"...)
	b = append(b, 1, 0)
	b = binary.AppendUvarint(b, clickhouseRevision)
	b = append(b, 0) // the default database
	b = append(append(b, 7), "default"...)
	return append(b, 0) // no password
}()

// clickhouseServer is a server's greeting or refusal.
type clickhouseServer struct {
	version string // "" in a refusal that does not tell it
	display string // the name of the host, or what it is called
	refusal string
	code    uint32
}

var clickhouseVersion = pattern(`\(version (\d+\.\d+\.\d+\.\d+)\b`)

// parseClickHouse reads the answer to clickhouseHello.
//
// Source: ClickHouse documentation, "Native protocol", server packets.
func parseClickHouse(b []byte) (clickhouseServer, bool) {
	c := cursor{b: b}
	switch c.uvarint() {
	case 0:
		name := c.varbytes()
		major, minor, _ := c.uvarint(), c.uvarint(), c.uvarint()
		if c.bad || !bytes.HasPrefix(name, []byte("ClickHouse")) || major > 999 || minor > 999 {
			return clickhouseServer{}, false
		}
		s := clickhouseServer{version: fmt.Sprintf("%d.%d", major, minor)}
		c.varbytes() // time zone
		s.display = string(c.varbytes())
		if patch := c.uvarint(); !c.bad && patch < 100_000 {
			s.version = fmt.Sprintf("%s.%d", s.version, patch)
		}
		return s, true
	case 2:
		s := clickhouseServer{code: c.le32()}
		name := c.varbytes()
		s.refusal = string(c.varbytes())
		if c.bad || string(name) != "DB::Exception" {
			return clickhouseServer{}, false
		}
		if m := clickhouseVersion.FindStringSubmatch(s.refusal); m != nil {
			s.version = m[1]
		}
		return s, true
	}
	return clickhouseServer{}, false
}

// clickhouseDenied are the codes of refused sign-ins: unknown user, wrong
// password, database access denied, authentication failed.
var clickhouseDenied = map[uint32]bool{192: true, 193: true, 194: true, 516: true}

func learnClickHouse(_ context.Context, x *talk, first []byte, asked bool) {
	s, _ := parseClickHouse(first)
	if !asked {
		s.refusal = firstLine(first)
	}
	evidence := s.refusal
	if evidence == "" {
		evidence = "server hello " + s.version
		x.fact("auth.required", "no")
	} else {
		x.s.Banner = printable([]byte(s.refusal))
	}
	if clickhouseDenied[s.code] {
		x.fact("auth.required", "yes")
	}
	x.is("ClickHouse", "clickhouse:clickhouse", s.version, evidence)
	x.fact("clickhouse.name", s.display)
}
