package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var stompProtocol = Protocol{
	Name: "stomp", Transport: harrier.TCP, Ports: []uint16{61613, 61612, 61614},
	Common: true,
	Hello:  func(Target) []byte { return []byte("CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\n\n\x00") },
	Done:   func(b []byte) bool { return bytes.IndexByte(b, 0) >= 0 },
	Reply:  isSTOMP,
	Banner: isSTOMP,
	Learn:  learnSTOMP,
}

// isSTOMP takes the two frames that answer a connection, one of which also
// answers whatever else is not STOMP.
//
// Source: STOMP 1.2, "Connecting" and "ERROR".
func isSTOMP(b []byte) bool {
	return bytes.HasPrefix(b, []byte("CONNECTED\n")) && bytes.IndexByte(b, ':') > 0 ||
		bytes.HasPrefix(b, []byte("ERROR\n")) && bytes.Contains(b, []byte("message:")) && bytes.IndexByte(b, 0) >= 0
}

// stompHeaders reads the headers of a frame; of a repeated one the first counts.
func stompHeaders(b []byte) map[string]string {
	head, _, _ := bytes.Cut(b[:min(len(b), 8<<10)], []byte("\n\n"))
	out := map[string]string{}
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, found := strings.Cut(strings.TrimRight(line, "\r"), ":")
		if _, known := out[key]; found && !known {
			out[key] = value
		}
	}
	return out
}

func learnSTOMP(_ context.Context, x *talk, first []byte, asked bool) {
	h := stompHeaders(first)
	x.s.Banner = printable(bytes.TrimRight(first, "\x00\n"))
	x.fact("stomp.version", h["version"])
	x.fact("stomp.server", h["server"])
	x.tell("stomp", h["server"])
	text := string(first)
	switch {
	case bytes.HasPrefix(first, []byte("CONNECTED")):
		x.fact("auth.required", "no")
	case asked && (strings.Contains(text, "Access refused") || strings.Contains(text, "ecurityException") || strings.Contains(text, "User name [") || strings.Contains(text, "invalid credentials")):
		x.fact("auth.required", "yes")
	}
	if strings.Contains(text, "org.apache.activemq.transport.stomp") && x.s.Product == "" {
		x.is("Apache ActiveMQ", "apache:activemq", "", "org.apache.activemq.transport.stomp")
	}
}
