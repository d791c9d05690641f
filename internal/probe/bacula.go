package probe

import (
	"context"
	"encoding/binary"
	"regexp"

	"github.com/harrier-scan/harrier"
)

var baculaProtocol = Protocol{
	Name: "bacula", Transport: harrier.TCP, Ports: []uint16{9101, 9102, 9103},
	Hello: func(t Target) []byte {
		hello := "Hello *UserAgent* calling\n" // a console without a name of its own
		if t.Port != 9101 {
			hello = "Hello Director harrier calling\n"
		}
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(hello))), hello...)
	},
	Done:  sized(binary.BigEndian, 4),
	Reply: baculaReply.Match,
	Learn: learnBacula,
}

// A director challenges whoever says hello; the others refuse a director whom
// they do not know. Bareos says the same in other words.
//
// Source: Bacula Developer's Guide, "Bacula network protocol".
var baculaReply = regexp.MustCompile(`^\x00\x00\x00.(?:auth cram-md5c? <[0-9.]+@([!-~]{1,127})> ssl=\d|(?:\d{4} (?:OK|Authentication)|3999 Authentication|2999 Authentication)[^\r\n]{0,100}\n)`)

func learnBacula(_ context.Context, x *talk, first []byte, _ bool) {
	m := baculaReply.FindSubmatch(first)
	if m == nil {
		return
	}
	x.s.Banner = printable(first[4:])
	x.s.Product, x.s.Evidence = "Bacula", clip(oneLine(string(first[4:])), maxEvidence)
	x.fact("bacula.name", string(m[1]))
	x.fact("bacula.part", map[uint16]string{9101: "director", 9102: "file daemon", 9103: "storage daemon"}[x.Port])
	x.fact("auth.required", "yes")
}
