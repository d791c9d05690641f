package probe

import (
	"context"
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

var baculaProtocol = Protocol{
	Name: "bacula", Transport: harrier.TCP, Ports: []uint16{9101, 9102, 9103},
	Hello: func(t Target) []byte {
		hello := "Hello *UserAgent* calling\n" // a console without a name of its own
		switch t.Port {
		case 9102:
			hello = "Hello Director harrier calling\n"
		case 9103:
			hello = "Hello SD: Bacula Director harrier calling\n"
		}
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(hello))), hello...)
	},
	Done:  sized(binary.BigEndian, 4),
	Reply: baculaReply.Match,
	Learn: learnBacula,
}

// A director challenges whoever says hello; daemons refuse a director whom they
// do not know, the one for storage with its own name.
//
// Source: Bacula Developer's Guide, "Bacula network protocol".
var baculaReply = pattern(`^\x00\x00\x00[^\x00-\x10](?:auth cram-md5c? <[0-9]{1,12}\.[0-9]{1,12}@([!-~]{1,127})> ssl=\d|hello\.c:\d+ Connection from unknown Director |` +
	`Jmsg JobId=0 type=\d+ level=\d+ ([!-~]{1,127}) JobId 0: Security Alert: hello\.c:|\d999 Authentication failed\.)`)

func learnBacula(_ context.Context, x *talk, first []byte, _ bool) {
	m := baculaReply.FindSubmatch(first)
	if m == nil {
		return
	}
	x.s.Banner = printable(first[4:])
	x.is("Bacula", "bacula:bacula", "", string(first[4:]))
	x.fact("bacula.name", string(m[1])+string(m[2]))
	x.fact("bacula.part", map[uint16]string{9101: "director", 9102: "file daemon", 9103: "storage daemon"}[x.Port])
	x.fact("auth.required", "yes")
}
