package probe

import (
	"bytes"
	"context"
	"errors"
)

var errNoUpgrade = errors.New("the peer does not go over to TLS")

// starttls notes what the endpoint tells in TLS after upgrade has brought a
// plain connection there. Name is of the protocol, for the fact.
func (x *talk) starttls(ctx context.Context, name string, upgrade func(*wire) error) {
	if x.inside != nil || x.Gentle {
		return
	}
	w, err := x.openPlain(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	if upgrade(w) != nil {
		return
	}
	heard := &recorder{Conn: w.Conn}
	g := handshake(ctx, x, heard)
	if g == nil {
		if !isTLS(heard.first) {
			return
		}
		g = &greeting{}
	}
	x.s.Certificates = certificates(g.chain)
	x.fact("tls.starttls", name)
	if g.version != 0 {
		x.fact("tls.cipher", cipherName(g.cipher))
		x.fact("tls.versions", versionName(g.version))
	}
	x.noteVersions(x.tlsVersions(ctx, upgrade))
}

// turn is one step of a conversation in lines.
type turn struct {
	say  string
	hear func([]byte) bool // the answer is complete
	good string            // prefix of an answer with which to go on
}

// converse plays turns; it fails when an answer is not good.
func converse(w *wire, turns ...turn) error {
	for _, t := range turns {
		if t.say != "" {
			if err := w.send([]byte(t.say)); err != nil {
				return err
			}
		}
		b, err := w.read(t.hear)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(b, []byte(t.good)) {
			return errNoUpgrade
		}
	}
	return nil
}

// oneLineDone reports that a whole line is there.
func oneLineDone(b []byte) bool { return bytes.HasSuffix(b, []byte("\n")) }

// codedDone reports that the last line of a reply with three-digit codes is
// there: a blank after the code.
//
// Source: RFC 959, section 4.2; RFC 5321, section 4.2.1.
func codedDone(b []byte) bool {
	if !oneLineDone(b) {
		return false
	}
	lines := bytes.Split(bytes.TrimRight(b, "\r\n"), []byte("\n"))
	last := lines[len(lines)-1]
	if len(last) == 3 {
		return isCode(last)
	}
	return len(last) >= 4 && isCode(last[:3]) && last[3] == ' '
}

func isCode(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) == 3
}
