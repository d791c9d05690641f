package probe

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

var ajp13Protocol = Protocol{
	Name: "ajp13", Transport: harrier.TCP, Ports: []uint16{8009},
	Common: true,
	Hello:  func(Target) []byte { return []byte{0x12, 0x34, 0, 1, 10} }, // CPing
	Done:   func(b []byte) bool { return len(b) >= 5 },
	Reply:  func(b []byte) bool { return bytes.Equal(b, []byte{'A', 'B', 0, 1, 9}) },
	Learn:  learnAJP,
}

// ajpGet is a forward request for a page that no application has, so that the
// container answers by itself.
//
// Source: AJPv13 of the Apache Tomcat connectors, "Forward Request".
func ajpGet(path string) []byte {
	text := func(s string) []byte { return append(appendBlock(nil, []byte(s)), 0) }
	body := []byte{2, 2} // forward request, GET
	for _, s := range []string{"HTTP/1.1", path, "127.0.0.1", "localhost", "localhost"} {
		body = append(body, text(s)...)
	}
	body = append(body, 0, 80, 0, 0, 1, 0xa0, 0x0b) // port, no TLS, one header: host
	body = append(body, text("localhost")...)
	body = append(body, 0xff)
	return append([]byte{0x12, 0x34}, appendBlock(nil, body)...)
}

// ajpBody joins the pieces of body in the packets of b; whole reports that the
// answer has ended.
func ajpBody(b []byte) (body []byte, whole bool) {
	for len(b) >= 5 && b[0] == 'A' && b[1] == 'B' {
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n == 0 || len(b) < 4+n {
			break
		}
		packet := b[4 : 4+n]
		switch packet[0] {
		case 3:
			if len(packet) >= 3 {
				size := int(binary.BigEndian.Uint16(packet[1:]))
				body = append(body, packet[3:min(len(packet), 3+size)]...)
			}
		case 5:
			return body, true
		}
		b = b[4+n:]
	}
	return body, false
}

func learnAJP(ctx context.Context, x *talk, _ []byte, _ bool) {
	reply, err := x.ask(ctx, ajpGet(absentPath), func(b []byte) bool { _, whole := ajpBody(b); return whole })
	if err != nil {
		return
	}
	body, _ := ajpBody(reply)
	if x.tell("tomcat", string(body)) {
		x.s.Evidence = clip(oneLine(between(string(body), "<h3>", "</h3>")), maxEvidence)
	}
}
