package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/harrier-scan/harrier"
)

// maxAttached is the most that is attached to one mail, in bytes.
const maxAttached = 25 << 20

// deliverMail gives a mail to the mail server.
func (r *Room) deliverMail(ctx context.Context, d harrier.Delivery, l letter) error {
	s, err := r.settings(ctx)
	if err != nil {
		return err
	}
	if s.Host == "" {
		return errors.New("no mail server is set up")
	}
	m, err := r.message(d, l, s)
	if err != nil {
		return refused{err}
	}
	way := &line{tls: r.tls(s), always: s.TLS == harrier.MailTLSAlways}
	defer way.hangUp()
	client, err := r.client(s, way)
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, m)
	if m.IsDelivered() { // a bad goodbye does not matter
		return nil
	}
	var fault *mail.SendError
	if errors.As(err, &fault) && !fault.IsTemp() && fault.ErrorCode() >= 500 &&
		(fault.Reason == mail.ErrSMTPRcptTo || fault.Reason == mail.ErrSMTPDataClose) {
		return refused{err}
	}
	return err
}

// line is the connection to a mail server. The client does not close it after
// every fault, so that it is closed here.
type line struct {
	tls    *tls.Config
	always bool // encrypted from the start
	conn   net.Conn
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 20 * time.Second}
	var err error
	if l.conn, err = dialer.DialContext(ctx, network, address); err != nil || !l.always {
		return l.conn, err
	}
	c := tls.Client(l.conn, l.tls)
	return c, c.HandshakeContext(ctx)
}

func (l *line) hangUp() {
	if l.conn != nil {
		_ = l.conn.Close() // it may be closed already
	}
}

// client speaks to the mail server.
func (r *Room) client(s harrier.MailSettings, way *line) (*mail.Client, error) {
	port := s.Port
	options := []mail.Option{
		mail.WithTimeout(20 * time.Second), mail.WithHELO(r.Host),
		mail.WithTLSConfig(way.tls), mail.WithDialContextFunc(way.dial),
	}
	switch s.TLS {
	case harrier.MailTLSNever:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case harrier.MailTLSStart:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case harrier.MailTLSAlways:
		options = append(options, mail.WithSSL())
		if port == 0 {
			port = 465
		}
	case harrier.MailTLSIfThere:
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	}
	if port == 0 {
		port = 25
	}
	options = append(options, mail.WithPort(port))
	if s.Auth != harrier.MailAuthNone {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthType(s.Auth)), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	return mail.NewClient(s.Host, options...)
}

// tls says whose certificate is believed. Where TLS is only used if it is
// there, whoever could show a wrong one could as well take the offer away:
// checking would lose mail and protect none, but for a password.
func (r *Room) tls(s harrier.MailSettings) *tls.Config {
	return &tls.Config{
		ServerName: s.Host, RootCAs: r.Roots, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: s.TLS == harrier.MailTLSIfThere && s.Auth == harrier.MailAuthNone, //nolint:gosec // see above
	}
}

// message writes a mail. Its Message-ID is that of the delivery, so that one
// that comes twice can be recognised.
func (r *Room) message(d harrier.Delivery, l letter, s harrier.MailSettings) (*mail.Msg, error) {
	m := mail.NewMsg()
	from := s.From
	if from == "" {
		from = "harrier@" + r.Host
	}
	if err := m.From(from); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	if err := m.To(l.To); err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(d.UUID.String() + "@harrier.invalid")
	m.SetDateWithValue(d.Created)
	m.SetUserAgent("Harrier/" + r.Version)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	notes, err := r.attach(m, l.Attachments)
	if err != nil {
		return nil, err
	}
	m.SetBodyString(mail.TypeTextPlain, l.Text+notes)
	if l.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, l.HTML)
	}
	return m, nil
}

// attach puts files into m, and says which it could not.
func (r *Room) attach(m *mail.Msg, list []harrier.Attachment) (notes string, err error) {
	if len(list) == 0 {
		return "", nil
	}
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	left := int64(maxAttached)
	var missing []string
	for _, a := range list {
		body, err := readWithin(root, a.Path, left)
		if err != nil {
			missing = append(missing, a.Name+" ("+err.Error()+")")
			continue
		}
		left -= int64(len(body))
		if err := m.AttachReader(a.Name, strings.NewReader(body), mail.WithFileContentType(mail.ContentType(a.Type))); err != nil {
			return "", err
		}
	}
	if len(missing) > 0 {
		notes = "\n\nNot attached: " + strings.Join(missing, ", ") + "\n"
	}
	return notes, nil
}

// readWithin reads a file below root of most bytes at most.
func readWithin(root *os.Root, path string, most int64) (string, error) {
	f, err := root.Open(path)
	if err != nil {
		return "", errors.New("the file is gone")
	}
	defer func() { _ = f.Close() }() // only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errors.New("not a file")
	}
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return "", errors.New("can not be read")
	case n > most:
		return "", errors.New("too large")
	}
	return b.String(), nil
}
