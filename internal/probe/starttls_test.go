package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/wiretest"
)

// upgradePeers are servers that go over to TLS: what they say at first, and
// their answers by the beginning of a line. The one whose answer is "TLS"
// follows by a handshake; its own line is behind it.
var upgradePeers = map[string]struct {
	port    uint16
	greet   string
	answers [][2]string
}{
	"ftp":  {21, "220 (vsFTPd 3.0.3)\r\n", [][2]string{{"FEAT", "211-Features:\r\n AUTH TLS\r\n211 End\r\n"}, {"AUTH TLS", "TLS 234 go ahead\r\n"}, {"", "500 what\r\n"}}},
	"smtp": {25, "220 a.test ESMTP Postfix\r\n", [][2]string{{"EHLO", "250-a.test\r\n250 STARTTLS\r\n"}, {"STARTTLS", "TLS 220 go ahead\r\n"}, {"", "500 what\r\n"}}},
	"imap": {143, "* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", [][2]string{
		{"a CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS\r\na OK done\r\n"}, {"a STARTTLS", "TLS a OK begin\r\n"}, {"", "x BAD\r\n"},
	}},
	"pop3": {110, "+OK Dovecot ready.\r\n", [][2]string{{"CAPA", "+OK\r\nSTLS\r\n.\r\n"}, {"STLS", "TLS +OK begin\r\n"}, {"", "-ERR\r\n"}}},
	"irc": {6667, "", [][2]string{
		{"STARTTLS", "TLS :irc.test 670 * :STARTTLS successful\r\n"}, {"USER", ":irc.test 001 hrr :Welcome\r\n:irc.test 004 hrr irc.test ngircd-26.1 abc def\r\n"},
	}},
	"xmpp": {5222, "", [][2]string{
		{"<?xml", "<?xml version='1.0'?><stream:stream from='a.test' xmlns:stream='http://etherx.jabber.org/streams'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"},
		{"<starttls", "TLS <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
	}},
	"nntp":        {119, "200 news.test NNRP server ready (posting ok)\r\n", [][2]string{{"CAPABILITIES", "101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"}, {"STARTTLS", "TLS 382 go ahead\r\n"}, {"", "500 what\r\n"}}},
	"managesieve": {4190, "\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n", [][2]string{{"STARTTLS", "TLS OK \"begin\"\r\n"}, {"", "NO\r\n"}}},
}

func upgradePeer(t *testing.T, name string) wiretest.Dialer {
	peer, config := upgradePeers[name], certified(t, &tls.Config{MinVersion: tls.VersionTLS12})
	return wiretest.Serve(func(c net.Conn) {
		_, _ = io.WriteString(c, peer.greet)
		in := bufio.NewReader(c)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if answer(c, in, line, peer.answers, config) {
				return
			}
		}
	})
}

// answer answers a line, and reports that the conversation is over.
func answer(c net.Conn, in io.Reader, line string, answers [][2]string, config *tls.Config) bool {
	for _, a := range answers {
		if !strings.HasPrefix(line, a[0]) {
			continue
		}
		text, secure := strings.CutPrefix(a[1], "TLS ")
		_, _ = io.WriteString(c, text)
		if secure {
			inside := tls.Server(opened{c, in}, config)
			if inside.HandshakeContext(context.Background()) == nil {
				_, _ = io.Copy(io.Discard, inside)
			}
		}
		return secure
	}
	return false
}

// TestUpgrades goes over to TLS with each protocol that can, and reads versions
// and certificates there.
func TestUpgrades(t *testing.T) {
	for name, peer := range upgradePeers {
		t.Run(name, func(t *testing.T) {
			dial := upgradePeer(t, name)
			if name == "xmpp" {
				dial = xmppPeer(t)
			}
			target := tcpTarget(peer.port, dial)
			target.Timeout = time.Second
			x := newTalk(target)
			if p := named(name); p == nil { // recognised elsewhere, or not yet
				x.s.Name = name
				x.upgrade(t.Context())
			} else {
				x.identifyTCP(t.Context())
			}
			if x.s.Fact("tls.starttls") != name || len(x.s.Certificates) != 1 || !strings.Contains(x.s.Fact("tls.versions"), "TLSv1.2,TLSv1.3") {
				t.Errorf("%s: starttls %q, versions %q, %d certificates; want %s, TLSv1.2,TLSv1.3 and one", x.s.Name, x.s.Fact("tls.starttls"), x.s.Fact("tls.versions"), len(x.s.Certificates), name)
			}
			if x.s.TLS || x.s.Name != name {
				t.Errorf("name %q, TLS %v; want %s in plain", x.s.Name, x.s.TLS, name)
			}
		})
	}
}

// xmppPeer reads what comes instead of lines.
func xmppPeer(t *testing.T) wiretest.Dialer {
	config := certified(t, &tls.Config{MinVersion: tls.VersionTLS12})
	return wiretest.Serve(func(c net.Conn) {
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil || answer(c, c, string(b[:n]), upgradePeers["xmpp"].answers, config) {
				return
			}
		}
	})
}

// FuzzUpgrade lets a peer answer anything to every upgrade, in pieces.
func FuzzUpgrade(f *testing.F) {
	for _, p := range upgradePeers {
		text := p.greet
		for _, a := range p.answers {
			text += strings.TrimPrefix(a[1], "TLS ")
		}
		f.Add([]byte(text), uint8(16))
	}
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		for name, up := range upgrades {
			near, far := wiretest.Pipe("tcp", netip.AddrPortFrom(testAddr, 4711))
			for rest := b; len(rest) > 0; {
				n := min(len(rest), 1+int(piece))
				_, _ = far.Write(rest[:n])
				rest = rest[n:]
			}
			far.Close()
			x := newTalk(tcpTarget(4711, wiretest.Refuse()))
			x.s.Banner = printable(b)
			w := &wire{Conn: near, x: x, quiet: time.Millisecond, limit: 20 * time.Millisecond}
			w.bind(t.Context())
			if err := up(x, w); err == nil && len(b) < 3 {
				t.Errorf("%s goes over to TLS on %q", name, b)
			}
			_ = w.Close()
		}
	})
}

// FuzzTLS gives the records of a server to everything that reads them.
func FuzzTLS(f *testing.F) {
	f.Add([]byte("\x16\x03\x03\x00\x2c\x02\x00\x00\x28\x03\x03" + strings.Repeat("\x00", 32) + "\x00\xc0\x2f\x00\x00\x00"))
	f.Add([]byte("\x15\x03\x03\x00\x02\x02\x28"))
	f.Add([]byte("\x16\x03\x03\x00\x04\x0b\xff\xff\xff"))
	f.Add(http2Hello(tcpTarget(80, nil)))
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x13\x01\x04\x00\x00\x00\x01\x88\x5f\x10application/grpc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := parseServerHello(b)
		if !ok && s.version != 0 && len(b) < 40 {
			t.Errorf("version %x of %q", s.version, b)
		}
		kept := 0
		for _, c := range certificates(s.chain) {
			kept += len(c.DER)
		}
		if kept > maxChainSize || kept > len(b) {
			t.Errorf("%d bytes of certificates are kept of %d", kept, len(b))
		}
		helloDone(b)
		isTLS(b)
		http2Reply(b)
		isPlainSite(b)
		near, far := wiretest.Pipe("tcp", netip.AddrPortFrom(testAddr, 4711))
		_, _ = far.Write(b)
		far.Close()
		x := newTalk(tcpTarget(4711, wiretest.Refuse()))
		x.Timeout = 50 * time.Millisecond
		w := &wire{Conn: near, x: x, quiet: time.Millisecond, limit: 50 * time.Millisecond}
		w.bind(t.Context())
		if g, _ := x.shake(t.Context(), w); g != nil {
			t.Errorf("a handshake comes to its end over %q", b)
		}
		_ = w.Close()
	})
}
