package probe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strings"
)

var errNoUpgrade = errors.New("the peer does not go over to TLS")

// starttls notes what the endpoint tells in TLS after upgrade has brought a
// plain connection there. Name is of the protocol, for the fact.
func (x *talk) starttls(ctx context.Context, name string, upgrade func(*wire) error) {
	if x.inside != nil || x.Gentle {
		return
	}
	w, err := x.openPlainAs(ctx, "starttls")
	if err != nil {
		return
	}
	defer w.Close()
	if upgrade(w) != nil {
		return
	}
	g, first := x.shake(ctx, w)
	if g == nil {
		if !isTLS(first) {
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

// upgrades bring a connection to the point where TLS begins, by protocol, for
// those that do not do so themselves while they are looked into.
var upgrades = map[string]func(x *talk, w *wire) error{
	"irc":  func(_ *talk, w *wire) error { return ircUpgrade(w) },
	"xmpp": xmppUpgrade,
}

// upgrade tries the upgrade of the protocol that was recognised.
func (x *talk) upgrade(ctx context.Context) {
	if f := upgrades[x.s.Name]; f != nil && !x.s.TLS && !x.starttlsSpoken() {
		x.starttls(ctx, x.s.Name, func(w *wire) error {
			w.limit = x.unusual() // nobody has said that it is offered
			return f(x, w)
		})
	}
}

// sieveDone reports that a line with OK, NO or BYE is there.
func sieveDone(b []byte) bool {
	if !oneLineDone(b) {
		return false
	}
	last := bytes.TrimRight(b, "\r\n")
	last = bytes.ToUpper(last[bytes.LastIndexByte(last, '\n')+1:])
	return bytes.HasPrefix(last, []byte("OK")) || bytes.HasPrefix(last, []byte("NO")) || bytes.HasPrefix(last, []byte("BYE"))
}

// ircUpgrade sends STARTTLS before registration: numeric 670 lets TLS begin,
// 691 and 421 do not. Notices may come before.
//
// Source: IRCv3, "tls" extension.
func ircUpgrade(w *wire) error {
	if err := w.send([]byte("STARTTLS\r\n")); err != nil {
		return err
	}
	b, err := w.read(func(b []byte) bool {
		return oneLineDone(b) && ircStartTLS.Match(b)
	})
	if err != nil {
		return err
	}
	if m := ircStartTLS.FindSubmatch(b); m == nil || string(m[1]) != "670" {
		return errNoUpgrade
	}
	return nil
}

var ircStartTLS = pattern(`(?m)^:\S{1,128} (670|691|421|451) `)

// xmppUpgrade opens a stream, to the host as which the server named itself when
// it was asked before, and waits for the features.
//
// Source: RFC 6120, section 5.4.
func xmppUpgrade(x *talk, w *wire) error {
	hello := string(xmppProtocol.Hello(x.Target))
	if name := cmp.Or(between(x.s.Banner, "from='", "'"), between(x.s.Banner, `from="`, `"`)); x.Name == "" && xmppName.MatchString(name) {
		hello = strings.Replace(hello, "harrier.invalid", name, 1)
	}
	b, err := w.ask([]byte(hello), func(b []byte) bool {
		return bytes.Contains(b, []byte("</stream:features>")) || bytes.Contains(b, []byte("</stream:stream>"))
	})
	if err != nil {
		return err
	}
	if !bytes.Contains(b, []byte("<starttls")) {
		return errNoUpgrade
	}
	b, err = w.ask([]byte("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), func(b []byte) bool { return bytes.HasSuffix(b, []byte(">")) })
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(b), []byte("<proceed")) {
		return errNoUpgrade
	}
	return nil
}

var xmppName = pattern(`^[A-Za-z0-9.-]{1,253}$`)

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
