package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var imapProtocol = Protocol{
	Name: "imap", Transport: harrier.TCP, Ports: []uint16{143, 993},
	First: true,
	Banner: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("* OK ")) || bytes.HasPrefix(b, []byte("* PREAUTH ")) || bytes.HasPrefix(b, []byte("* BYE "))
	},
	Learn: learnIMAP,
}

// taggedDone reports that the answer to the command with a tag is there.
func taggedDone(tag string) func([]byte) bool {
	return func(b []byte) bool {
		return oneLineDone(b) && (bytes.HasPrefix(b, []byte(tag+" ")) || bytes.Contains(b, []byte("\n"+tag+" ")))
	}
}

// An ID reply lists quoted names and values in turn.
//
// Source: RFC 2971, section 3.2.
var imapIDPattern = pattern(`"([^"]{1,64})" "([^"]{0,256})"`)

func learnIMAP(ctx context.Context, x *talk, first []byte, _ bool) {
	w, first := x.greeted(ctx, oneLineDone, first)
	x.tell("imap", firstLine(first))
	if w == nil {
		return
	}
	defer w.Close()
	reply, err := w.ask([]byte("a CAPABILITY\r\n"), taggedDone("a"))
	if err != nil {
		return
	}
	caps := strings.TrimSpace(between("\n"+strings.ReplaceAll(string(reply), "\r", ""), "\n* CAPABILITY ", "\n"))
	x.fact("imap.caps", strings.ReplaceAll(caps, " ", ","))
	words := " " + strings.ToUpper(caps) + " "
	if strings.Contains(words, " ID ") {
		x.imapID(w)
	}
	_ = w.send([]byte("z LOGOUT\r\n"))
	if strings.Contains(words, " STARTTLS ") {
		x.starttls(ctx, "imap", func(w *wire) error {
			return converse(w, turn{"", oneLineDone, "* OK"}, turn{"a STARTTLS\r\n", oneLineDone, "a OK"})
		})
	}
}

// imapID asks the server for its name; a version is told by few.
func (x *talk) imapID(w *wire) {
	reply, err := w.ask([]byte("b ID NIL\r\n"), taggedDone("b"))
	if err != nil {
		return
	}
	id := map[string]string{}
	for _, m := range imapIDPattern.FindAllStringSubmatch(between(string(reply), "* ID (", ")"), 20) {
		id[strings.ToLower(m[1])] = m[2]
	}
	if id["name"] == "" {
		return
	}
	x.fact("imap.id", strings.TrimSpace(id["name"]+" "+id["version"]))
	if x.s.Product == "" || x.s.Version == "" && id["version"] != "" {
		x.tell("imap.id", strings.TrimSpace(id["name"]+" "+id["version"]))
	}
}
