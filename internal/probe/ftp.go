package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var ftpProtocol = Protocol{
	Name: "ftp", Transport: harrier.TCP, Ports: []uint16{21, 990, 2121, 2122, 8021},
	First:  true,
	Banner: isFTP,
	Learn:  learnFTP,
}

// isFTP takes a greeting that names FTP or a server of it; one that does not is
// undecided between FTP and SMTP.
func isFTP(b []byte) bool {
	if !isGreeting220(b) && !bytes.HasPrefix(b, []byte("421 ")) {
		return false
	}
	text := strings.ToLower(firstLines(b))
	return strings.Contains(text, "ftp") && !strings.Contains(text, "smtp") || strings.Contains(text, "filezilla")
}

func isGreeting220(b []byte) bool {
	return bytes.HasPrefix(b, []byte("220 ")) || bytes.HasPrefix(b, []byte("220-"))
}

// firstLines is the text of a greeting.
func firstLines(b []byte) string { return string(b[:min(len(b), 2*maxBanner)]) }

func learnFTP(ctx context.Context, x *talk, first []byte, _ bool) {
	w, first := x.greeted(ctx, codedDone, first)
	x.fact("ftp.banner", strings.TrimSpace(firstLines(first)))
	x.tellLines("ftp", first)
	if w == nil {
		return
	}
	defer w.Close()
	features, err := w.ask([]byte("FEAT\r\n"), codedDone)
	if err != nil {
		return
	}
	if bytes.HasPrefix(features, []byte("211")) {
		x.fact("ftp.features", strings.TrimSpace(firstLines(features)))
	}
	system, err := w.ask([]byte("SYST\r\n"), codedDone)
	if err == nil && bytes.HasPrefix(system, []byte("215 ")) {
		x.fact("ftp.syst", oneLine(string(system[4:])))
	}
	_ = w.send([]byte("QUIT\r\n"))
	x.fact("ftp.auth_tls", yesNo(strings.Contains(strings.ToUpper(string(features)), "AUTH TLS")))
	if strings.Contains(strings.ToUpper(string(features)), "AUTH TLS") {
		x.starttls(ctx, "ftp", func(w *wire) error {
			return converse(w, turn{"", codedDone, "220"}, turn{"AUTH TLS\r\n", codedDone, "234"})
		})
	}
}

// tellLines applies rules of a kind to the lines of b until one fits.
func (x *talk) tellLines(kind string, b []byte) {
	for line := range strings.SplitSeq(firstLines(b), "\n") {
		if x.tell(kind, strings.TrimRight(line, "\r")) {
			return
		}
	}
}
