package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// greeting is what the other side told in a TLS handshake.
type greeting struct {
	complete bool // the handshake went through, so that one can talk inside
	version  uint16
	cipher   uint16
	chain    [][]byte // DER certificates, leaf first
}

// clientConfig accepts every server that crypto/tls can talk to: to look at a
// certificate is not to trust it.
func clientConfig(name string) *tls.Config {
	c := &tls.Config{
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS10,
		ServerName:         sni(name),
	}
	for _, list := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, suite := range list {
			c.CipherSuites = append(c.CipherSuites, suite.ID)
		}
	}
	return c
}

// sni returns name when it may stand in a server name extension.
func sni(name string) string {
	if _, err := netip.ParseAddr(name); err == nil {
		return ""
	}
	return strings.TrimSuffix(name, ".")
}

// onlyTLS is the name of a service of which no more is known than that it
// speaks TLS, and of TLS that shares a port with something in plain.
const onlyTLS = "tls"

// hello asks for TLS on a fresh connection. A reply is something other than TLS.
func (x *talk) hello(ctx context.Context) found {
	w, err := x.openPlainAs(ctx, "tls")
	if err != nil {
		return found{told: true}
	}
	defer w.Close()
	g, b := x.shake(ctx, w)
	switch {
	case g != nil:
		return found{tls: g}
	case isTLS(b):
		return found{tls: x.oldHandshake(ctx)}
	case ctx.Err() != nil || len(b) == 0:
		return found{told: true}
	default:
		return found{p: byBanner(x.Endpoint, b), reply: b, told: true, via: "tls"}
	}
}

// handshakeAlone speaks TLS over a new connection, with nothing beside it; nil
// when it does not come to an end.
func (x *talk) handshakeAlone(ctx context.Context) *greeting {
	w, err := x.openPlainAs(ctx, "tls, again")
	if err != nil {
		return nil
	}
	defer w.Close()
	g, _ := x.shake(ctx, w)
	return g
}

// maxHandshake bounds what is read of a handshake. The longest chains that are
// met have some 20 KiB.
const maxHandshake = 64 << 10

var errHandshake = errors.New("the handshake does not end")

// limited is a connection of which only so much is read, until it is freed.
type limited struct {
	net.Conn
	left  int
	freed bool
}

func (c *limited) Read(b []byte) (int, error) {
	if c.freed {
		return c.Conn.Read(b)
	}
	if c.left <= 0 {
		return 0, errHandshake
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// shake speaks TLS over w; without a greeting when it does not come to an end.
// First is what the peer said first, whatever that was.
func (x *talk) shake(ctx context.Context, w *wire) (g *greeting, first []byte) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, min(x.Timeout, w.limit))
	defer cancel()
	heard := &recorder{Conn: &limited{Conn: w.Conn, left: maxHandshake}}
	client := tls.Client(heard, clientConfig(x.Name))
	err := client.HandshakeContext(ctx)
	if len(heard.first) > 0 {
		x.answered.Store(true)
	} else if hungUp(err) && ctx.Err() == nil {
		x.crowd(weakly)
	} else {
		x.silent.Store(true)
	}
	if err != nil {
		outcome := "no handshake: " + err.Error()
		if w.ended.Load() {
			outcome = "not waited for"
		}
		x.step(Step{Question: w.question, Took: time.Since(began), Received: len(heard.first), Answer: traced(heard.first), Outcome: outcome})
		return nil, heard.first
	}
	state := client.ConnectionState()
	g = &greeting{complete: true, version: state.Version, cipher: state.CipherSuite}
	for _, c := range state.PeerCertificates {
		g.chain = append(g.chain, bytes.Clone(c.Raw)) // a part of what was read
	}
	x.step(Step{Question: w.question, Took: time.Since(began), Outcome: "handshake", Evidence: versionName(g.version) + " " + cipherName(g.cipher)})
	return g, heard.first
}

// oldHandshake greets a server that crypto/tls can not talk to: one with
// versions, ciphers, keys or certificates that it refuses.
func (x *talk) oldHandshake(ctx context.Context) *greeting {
	g := &greeting{}
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS10, versionSSL3} {
		reply, err := x.askPlain(ctx, "tls, old "+versionName(v), clientHello(v, sni(x.Name)), helloDone)
		if err != nil {
			continue
		}
		if s, ok := parseServerHello(reply); ok {
			g.version, g.cipher, g.chain = s.version, s.cipher, s.chain
			return g
		}
	}
	return g
}

func (x *talk) askPlain(ctx context.Context, question string, hello []byte, done func([]byte) bool) ([]byte, error) {
	w, err := x.openPlainAs(ctx, question)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return w.ask(hello, done)
}

// greet notes what a handshake told.
func (x *talk) greet(g *greeting) {
	x.s.Certificates = certificates(g.chain)
	if g.version != 0 {
		x.fact("tls.cipher", cipherName(g.cipher))
		x.fact("tls.versions", versionName(g.version))
	}
	if x.s.Name == "" && !g.complete {
		x.s.Name = onlyTLS
	}
}

// learnTLS asks which versions the endpoint accepts, and which protocol it
// chooses where that can be told.
func (x *talk) learnTLS(ctx context.Context) {
	if x.s.Name == "" {
		x.s.Name = onlyTLS
	}
	x.byCertificate()
	x.noteVersions(x.tlsVersions(ctx, nil))
	if x.s.Name != "http" {
		return
	}
	w, err := x.openPlainAs(ctx, "tls, protocols")
	if err != nil {
		return
	}
	defer w.Close()
	config := clientConfig(x.Name)
	config.NextProtos = []string{"h2", "http/1.1"}
	ctx, cancel := context.WithTimeout(ctx, x.Timeout)
	defer cancel()
	client := tls.Client(&limited{Conn: w.Conn, left: maxHandshake}, config)
	if client.HandshakeContext(ctx) == nil {
		protocol := client.ConnectionState().NegotiatedProtocol
		x.fact("tls.alpn", protocol)
		if protocol == "h2" {
			x.fact("http.h2", "yes")
		}
	}
}

// noteVersions notes which versions are accepted, and of which it could not be
// told because the endpoint was not reached or was silent.
func (x *talk) noteVersions(accepted, untold string) {
	if accepted != "" {
		x.fact("tls.versions", accepted)
	}
	x.fact("tls.versions.untold", untold)
}

// tlsVersions greets the endpoint once for every version and lists those that
// it accepts, and those to which it gave neither an answer nor a refusal.
// Upgrade, if there is one, brings a plain connection to the point where TLS
// begins.
func (x *talk) tlsVersions(ctx context.Context, upgrade func(*wire) error) (accepts, untold string) {
	accepted, silent := make([]bool, len(tlsVersionList)), make([]bool, len(tlsVersionList))
	var wg sync.WaitGroup
	for i, v := range tlsVersionList {
		if x.alone.Load() {
			wg.Wait()
		}
		wg.Go(func() {
			w, err := x.openPlainAs(ctx, "tls, "+versionName(v))
			if err != nil {
				silent[i] = true
				return
			}
			defer w.Close()
			if upgrade != nil && upgrade(w) != nil {
				silent[i] = true
				return
			}
			reply, err := w.ask(clientHello(v, sni(x.Name)), helloDone)
			if err != nil {
				silent[i] = errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil
				return
			}
			s, ok := parseServerHello(reply)
			accepted[i] = ok && s.version == v
		})
	}
	wg.Wait()
	return versionNames(accepted), versionNames(silent)
}

// versionNames lists the versions that are marked.
func versionNames(marked []bool) string {
	var names []string
	for i, v := range tlsVersionList {
		if marked[i] {
			names = append(names, versionName(v))
		}
	}
	return strings.Join(names, ",")
}

var tlsVersionList = []uint16{versionSSL3, tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13}

// versionName writes a version as in the fact tls.versions.
func versionName(v uint16) string {
	switch v {
	case versionSSL3:
		return "SSLv3"
	case tls.VersionTLS10:
		return "TLSv1.0"
	case tls.VersionTLS11:
		return "TLSv1.1"
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS13:
		return "TLSv1.3"
	}
	return ""
}

// isTLS reports whether b begins with a TLS record that a server may send
// first: a handshake or an alert.
func isTLS(b []byte) bool {
	switch {
	case len(b) < 5 || b[1] != 3 || b[2] > 4:
		return false
	case b[0] == 0x16:
		return true
	case b[0] == 0x15:
		return bytes.Equal(b[3:5], []byte{0, 2})
	}
	return false
}

// recorder keeps the first bytes that come over a connection.
type recorder struct {
	net.Conn
	first []byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if room := maxBanner - len(r.first); room > 0 {
		r.first = append(r.first, b[:min(n, room)]...)
	}
	return n, err
}
