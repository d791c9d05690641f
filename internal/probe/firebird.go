package probe

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

var firebirdProtocol = Protocol{
	Name: "firebird", Transport: harrier.TCP, Ports: []uint16{3050, 3051},
	Common: true,
	Hello:  func(Target) []byte { return firebirdConnect },
	Done:   func(b []byte) bool { _, ok := parseFirebird(b); return ok },
	Reply:  func(b []byte) bool { _, ok := parseFirebird(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		f, _ := parseFirebird(first)
		// InterBase speaks the protocols up to 10 as well, and no plugins.
		x.is("Firebird", "firebirdsql:firebird", "", "protocol "+itoa(f.protocol))
		if f.protocol <= 10 {
			x.s.Product, x.s.CPE = "Firebird or InterBase", ""
		}
		x.fact("firebird.protocol", itoa(f.protocol))
		x.fact("firebird.plugin", f.plugin)
		x.fact("auth.required", "yes")
	},
}

// Operations of the protocol.
const (
	firebirdAccept     = 3
	firebirdReject     = 4
	firebirdAcceptData = 94
	firebirdCondAccept = 98
)

// firebirdConnect offers the protocols 10 to 13. It names no database and a
// user only by way of greeting: nothing is opened.
//
// Source: Firebird wire protocol (Firebird documentation project), "Database
// attachment"; the numbers of operations are those of remote/protocol.h.
var firebirdConnect = func() []byte {
	const versions = 4
	plugins := "Srp256,Srp,Legacy_Auth"
	user := "\x09\x07HARRIER" + "\x0a" + string(rune(len(plugins))) + plugins + "\x01\x07harrier\x04\x07harrier\x06\x00"
	var b []byte
	for _, v := range []uint32{1, 19, 3, 1, 0, versions, uint32(len(user))} { // connect, to attach, version 3, generic architecture, no path
		b = binary.BigEndian.AppendUint32(b, v)
	}
	b = append(b, user...)
	b = append(b, make([]byte, -len(user)&3)...)
	for i, v := range []uint32{10, 0x800b, 0x800c, 0x800d} {
		for _, v := range []uint32{v, 1, 0, 5, uint32(2 * (i + 1))} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
	}
	return b
}()

// firebirdHello is a server's choice.
type firebirdHello struct {
	protocol int
	plugin   string // for sign-in
}

// parseFirebird reads the answer to firebirdConnect.
func parseFirebird(b []byte) (firebirdHello, bool) {
	c := cursor{b: b}
	op := c.be32()
	if c.bad || op != firebirdAccept && op != firebirdAcceptData && op != firebirdCondAccept {
		return firebirdHello{}, false
	}
	version, architecture, kind := c.be32(), c.be32(), c.be32()
	if version>>16 == 0xffff { // it was taken for a number with a sign
		version &= 0xffff
	}
	if c.bad || version != 10 && (version < 0x800b || version > 0x800d) || architecture > 64 || kind > 0x0105 || kind&0xff > 5 {
		return firebirdHello{}, false
	}
	f := firebirdHello{protocol: int(version & 0xff)}
	if op != firebirdAccept {
		c.padded(c.size(binary.BigEndian)) // salt and key
		f.plugin = strings.TrimSpace(string(c.padded(c.size(binary.BigEndian))))
	}
	return f, !c.bad
}
