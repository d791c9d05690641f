package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var pop3Protocol = Protocol{
	Name: "pop3", Transport: harrier.TCP, Ports: []uint16{110, 995},
	First: true,
	Banner: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("+OK ")) || bytes.HasPrefix(b, []byte("+OK\r\n"))
	},
	Learn: learnPOP3,
}

// dottedDone reports that a multi-line reply has its final dot, or is a single
// line that tells of a failure.
//
// Source: RFC 1939, section 3.
func dottedDone(b []byte) bool {
	return bytes.HasSuffix(b, []byte("\r\n.\r\n")) || bytes.HasPrefix(b, []byte("-ERR")) && oneLineDone(b)
}

func learnPOP3(ctx context.Context, x *talk, first []byte, _ bool) {
	w, first := x.greeted(ctx, oneLineDone, first)
	x.tell("pop3", firstLine(first))
	if w == nil {
		return
	}
	defer w.Close()
	reply, err := w.ask([]byte("CAPA\r\n"), dottedDone)
	_ = w.send([]byte("QUIT\r\n"))
	if err != nil || !bytes.HasPrefix(reply, []byte("+OK")) {
		return
	}
	var caps []string
	for _, line := range strings.Split(firstLines(reply), "\r\n")[1:] {
		if line != "" && line != "." {
			caps = append(caps, line)
		}
		if rest, found := strings.CutPrefix(line, "IMPLEMENTATION "); found && x.s.Product == "" {
			x.tell("pop3", rest)
		}
	}
	x.fact("pop3.caps", strings.Join(caps, ","))
	if strings.Contains(strings.ToUpper(string(reply)), "\nSTLS") {
		x.starttls(ctx, "pop3", func(w *wire) error {
			return converse(w, turn{"", oneLineDone, "+OK"}, turn{"STLS\r\n", oneLineDone, "+OK"})
		})
	}
}
