package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var smtpProtocol = Protocol{
	Name: "smtp", Transport: harrier.TCP, Ports: []uint16{25, 26, 465, 587, 2525, 10025},
	First:  true,
	Banner: isSMTP,
	Learn:  learnSMTP,
}

const ehlo = "EHLO harrier.invalid\r\n"

func isSMTP(b []byte) bool {
	if !isGreeting220(b) && !bytes.HasPrefix(b, []byte("554 ")) && !bytes.HasPrefix(b, []byte("554-")) {
		return false
	}
	text := strings.ToLower(firstLines(b))
	for _, word := range []string{"smtp", "exim ", "postfix", "sendmail", "mailenable", "mdaemon", "qmail", "opensmtpd"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// decide220 asks on w who greeted with a bare 220: SMTP knows EHLO, LMTP and FTP
// do not.
func decide220(w *wire) string {
	reply, err := w.ask([]byte(ehlo), codedDone)
	switch {
	case err != nil:
		return ""
	case bytes.HasPrefix(reply, []byte("250")):
		return "smtp"
	case lmtpRefusal.Match(reply):
		return "lmtp"
	case bytes.HasPrefix(reply, []byte("500")), bytes.HasPrefix(reply, []byte("502")), bytes.HasPrefix(reply, []byte("530")):
		return "ftp"
	}
	return ""
}

func learnSMTP(ctx context.Context, x *talk, first []byte, _ bool) {
	w, first := x.greeted(ctx, codedDone, first)
	x.fact("smtp.banner", strings.TrimSpace(firstLines(first)))
	x.tellLines("smtp", first)
	if w == nil {
		return
	}
	defer w.Close()
	reply, err := w.ask([]byte(ehlo), codedDone)
	_ = w.send([]byte("QUIT\r\n"))
	if err != nil || !bytes.HasPrefix(reply, []byte("250")) {
		return
	}
	x.fact("smtp.ehlo", strings.TrimSpace(firstLines(reply)))
	if strings.Contains(strings.ToUpper(string(reply)), "STARTTLS") {
		x.starttls(ctx, "smtp", func(w *wire) error {
			return converse(w, turn{"", codedDone, "220"}, turn{ehlo, codedDone, "250"}, turn{"STARTTLS\r\n", codedDone, "220"})
		})
	}
}
