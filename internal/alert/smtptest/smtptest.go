// Package smtptest is a mail server for tests: it speaks SMTP with STARTTLS and
// AUTH over real connections and keeps what it is given.
package smtptest

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // CRAM-MD5 is made of it
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// Server is a mail server. Its exported fields are set before Start.
type Server struct {
	StartTLS       bool   // is offered
	TLS            bool   // from the start
	User, Password string // are asked for when there is a User

	// Answer, when it is set, may answer a command, "RCPT TO:<a@b>" or "." for the
	// end of a message, otherwise: with a line such as "451 later", or "hang up". ""
	// lets the server answer.
	Answer func(command string) string

	Roots *x509.CertPool // made by Start: who signed its certificate

	listener net.Listener
	config   *tls.Config
	mu       sync.Mutex
	messages []Message
	commands []string
}

// Message is a mail that was taken.
type Message struct {
	From      string
	To        []string
	Raw       []byte
	Encrypted bool
	SignedIn  bool
}

// Mail is the message, read.
func (m Message) Mail(t *testing.T) *mail.Message {
	t.Helper()
	out, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Start listens on a port of 127.0.0.1 until the test ends.
func (s *Server) Start(t *testing.T) {
	t.Helper()
	s.config = s.certificate(t)
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener = l
	var g errgroup.Group
	g.Go(func() error {
		for {
			c, err := l.Accept()
			if err != nil {
				return nil //nolint:nilerr // closed: the test is over
			}
			g.Go(func() error {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(30 * time.Second))
				s.serve(c)
				return nil
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		_ = g.Wait()
	})
}

// Port is where the server listens.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port } //nolint:forcetypeassert // it is TCP

// Messages are those that were taken.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Commands are all command lines, without what follows AUTH.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

func (s *Server) certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// talk is one connection.
type talk struct {
	*Server
	conn net.Conn
	in   *bufio.Reader
	Message
}

func (s *Server) serve(c net.Conn) {
	k := &talk{Server: s, conn: c, in: bufio.NewReader(c)}
	if s.TLS {
		k.encrypt()
	}
	k.say("220 mail.example.com ESMTP")
	for {
		line, err := k.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb := strings.ToUpper(line)
		noted := line
		if strings.HasPrefix(verb, "AUTH") {
			noted = strings.Join(strings.Fields(line)[:2], " ")
		}
		s.mu.Lock()
		s.commands = append(s.commands, noted)
		s.mu.Unlock()
		if k.otherwise(line) {
			continue
		}
		if !k.follow(line, verb) {
			return
		}
	}
}

// otherwise lets the test answer.
func (k *talk) otherwise(command string) bool {
	if k.Answer == nil {
		return false
	}
	switch answer := k.Answer(command); answer {
	case "":
		return false
	case "hang up":
		_ = k.conn.Close()
	default:
		k.say(answer)
	}
	return true
}

func (k *talk) follow(line, verb string) bool {
	switch {
	case strings.HasPrefix(verb, "EHLO"):
		k.say("250-mail.example.com")
		if k.StartTLS && !k.Encrypted {
			k.say("250-STARTTLS")
		}
		if k.User != "" {
			k.say("250-AUTH PLAIN LOGIN CRAM-MD5")
		}
		k.say("250 ENHANCEDSTATUSCODES")
	case strings.HasPrefix(verb, "HELO"):
		k.say("250 mail.example.com")
	case verb == "STARTTLS" && k.StartTLS:
		k.say("220 go on")
		k.encrypt()
	case strings.HasPrefix(verb, "AUTH "):
		k.signIn(line[5:])
	case strings.HasPrefix(verb, "MAIL FROM:"):
		if k.User != "" && !k.SignedIn {
			k.say("530 5.7.0 sign in first")
			return true
		}
		k.From, k.To = address(line[10:]), nil
		k.say("250 ok")
	case strings.HasPrefix(verb, "RCPT TO:"):
		k.To = append(k.To, address(line[8:]))
		k.say("250 ok")
	case verb == "DATA":
		k.say("354 go on")
		return k.data()
	case verb == "RSET" || verb == "NOOP":
		k.say("250 ok")
	case verb == "QUIT":
		k.say("221 bye")
		return false
	default:
		k.say("502 what?")
	}
	return true
}

func (k *talk) data() bool {
	k.Raw = nil
	for {
		line, err := k.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		k.Raw = append(k.Raw, strings.TrimPrefix(line, ".")...)
	}
	if k.otherwise(".") {
		return true
	}
	k.mu.Lock()
	k.messages = append(k.messages, k.Message)
	k.mu.Unlock()
	k.say("250 taken")
	return true
}

func (k *talk) signIn(text string) {
	method, first, _ := strings.Cut(text, " ")
	right := false
	switch strings.ToUpper(method) {
	case "PLAIN":
		right = decode(first) == "\x00"+k.User+"\x00"+k.Password
	case "LOGIN":
		right = k.ask("Username:") == k.User && k.ask("Password:") == k.Password
	case "CRAM-MD5":
		h := hmac.New(md5.New, []byte(k.Password))
		h.Write([]byte("<1@mail>"))
		right = k.ask("<1@mail>") == k.User+" "+hex.EncodeToString(h.Sum(nil))
	}
	if k.SignedIn = right; right {
		k.say("235 welcome")
		return
	}
	k.say("535 5.7.8 no")
}

func (k *talk) ask(question string) string {
	k.say("334 " + base64.StdEncoding.EncodeToString([]byte(question)))
	line, _ := k.in.ReadString('\n')
	return decode(strings.TrimSpace(line))
}

func decode(s string) string {
	b, _ := base64.StdEncoding.DecodeString(s)
	return string(b)
}

func (k *talk) encrypt() {
	c := tls.Server(k.conn, k.config)
	k.conn, k.in, k.Encrypted = c, bufio.NewReader(c), true
}

func (k *talk) say(line string) { _, _ = fmt.Fprintf(k.conn, "%s\r\n", line) }

func address(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	return strings.Trim(s, "<>")
}
