package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"strings"

	"github.com/harrier-scan/harrier"
)

// erlangProtocol is the port by which nodes of Erlang join each other: those
// of RabbitMQ, CouchDB, ejabberd … The question gives a name and gets the
// node's name and a challenge, which is not answered.
//
// Source: Erlang distribution protocol, section "Handshake", version 6.
var erlangProtocol = Protocol{
	Name: "erlang-distribution", Transport: harrier.TCP, Ports: []uint16{25672, 4370},
	Hello: func(Target) []byte {
		const name = "harrier@harrier.invalid"
		b := binary.BigEndian.AppendUint64([]byte{'N'}, erlangFlags)
		b = binary.BigEndian.AppendUint32(b, 1)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(name))), name...)
		return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
	},
	Done: func(b []byte) bool {
		status, rest := erlangMessage(b)
		if status == nil {
			return false
		}
		challenge, _ := erlangMessage(rest)
		return challenge != nil || !bytes.HasPrefix(status, []byte("sok"))
	},
	Reply: func(b []byte) bool { return erlangStatus(b) != "" },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.is("Erlang/OTP", `erlang:erlang\/otp`, "", "handshake status "+erlangStatus(first))
		_, rest := erlangMessage(first)
		if node := erlangNode(rest); node != "" {
			x.fact("erlang.node", node)
			if _, host, found := strings.Cut(node, "@"); found && net.ParseIP(host) == nil {
				x.fact("host.name", host)
			}
		}
	},
}

// erlangFlags are the abilities without which a node hangs up, and the form of
// the handshake.
const erlangFlags = 0x4 | 0x10 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x20000 | 0x40000 | 0x1000000 | 0x2000000 | 1<<34

// erlangMessage cuts a message with its length in two octets off b.
func erlangMessage(b []byte) (message, rest []byte) {
	if len(b) < 2 {
		return nil, nil
	}
	n := int(binary.BigEndian.Uint16(b))
	if n == 0 || len(b) < 2+n {
		return nil, nil
	}
	return b[2 : 2+n], b[2+n:]
}

// erlangStatus is the node's word on who may come: "ok", "not_allowed" …
func erlangStatus(b []byte) string {
	message, _ := erlangMessage(b)
	if len(message) < 3 || message[0] != 's' {
		return ""
	}
	switch s := string(message[1:]); s {
	case "ok", "ok_simultaneous", "nok", "not_allowed", "alive":
		return s
	}
	return ""
}

// erlangNode reads the node's name out of the challenge, in its new form or in
// that before version 6.
func erlangNode(b []byte) string {
	m, _ := erlangMessage(b)
	switch {
	case len(m) > 19 && m[0] == 'N':
		if n := int(binary.BigEndian.Uint16(m[17:])); len(m) >= 19+n && plainText(m[19:19+n]) {
			return string(m[19 : 19+n])
		}
	case len(m) > 11 && m[0] == 'n' && plainText(m[11:]):
		return string(m[11:])
	}
	return ""
}
