package alert

import (
	"context"
	"errors"
	"io"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/alert/smtptest"
)

// TestMail shows every way to a mail server, over real connections.
func TestMail(t *testing.T) {
	for _, c := range []struct {
		name      string
		server    *smtptest.Server
		settings  func(*harrier.MailSettings)
		encrypted bool
		fault     string // of the first try; "" for none
	}{
		{name: "plain", server: &smtptest.Server{}},
		{name: "encrypted where it is offered", server: &smtptest.Server{StartTLS: true}, encrypted: true},
		{name: "never encrypted", server: &smtptest.Server{StartTLS: true}, settings: func(s *harrier.MailSettings) { s.TLS = harrier.MailTLSNever }},
		{name: "encrypted", server: &smtptest.Server{StartTLS: true}, settings: func(s *harrier.MailSettings) { s.TLS = harrier.MailTLSStart }, encrypted: true},
		{name: "encrypted from the start", server: &smtptest.Server{TLS: true}, settings: func(s *harrier.MailSettings) { s.TLS = harrier.MailTLSAlways }, encrypted: true},
		{name: "not offered", server: &smtptest.Server{}, settings: func(s *harrier.MailSettings) { s.TLS = harrier.MailTLSStart }, fault: "STARTTLS"},
		{name: "PLAIN", server: &smtptest.Server{StartTLS: true, User: "u", Password: "p"}, settings: func(s *harrier.MailSettings) { s.TLS, s.Auth = harrier.MailTLSStart, harrier.MailAuthPlain }, encrypted: true},
		{name: "LOGIN", server: &smtptest.Server{StartTLS: true, User: "u", Password: "p"}, settings: func(s *harrier.MailSettings) { s.Auth = harrier.MailAuthLogin }, encrypted: true},
		{name: "CRAM-MD5", server: &smtptest.Server{User: "u", Password: "p"}, settings: func(s *harrier.MailSettings) { s.Auth = harrier.MailAuthCRAMMD5 }},
		{name: "not signed in", server: &smtptest.Server{User: "u", Password: "p"}, settings: func(s *harrier.MailSettings) { s.Auth = harrier.MailAuthNone }, fault: "sign in first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.server
			s.Start(t)
			l := newLab(t, s.Roots)
			l.useMail(t, s, c.settings)
			must(t, l.Send(t.Context(), harrier.Mail{To: []string{"a@example.com"}, Subject: "Grüße", Text: "täxt", About: "scan 1"}))
			l.deliver(t)
			list := l.outbox(t)
			if c.fault != "" {
				if d := list[0]; d.State != harrier.DeliveryWaits || !strings.Contains(d.Error, c.fault) || len(s.Messages()) != 0 {
					t.Fatalf("delivery = %+v; want it to wait because of %q", d, c.fault)
				}
				return
			}
			if len(s.Messages()) != 1 || list[0].State != harrier.Delivered {
				t.Fatalf("%d messages, delivery %+v; want one, delivered", len(s.Messages()), list[0])
			}
			m := s.Messages()[0]
			head := m.Mail(t).Header
			subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
			if err != nil || subject != "Grüße" || m.From != "harrier@example.com" || m.To[0] != "a@example.com" || m.Encrypted != c.encrypted || m.SignedIn != (s.User != "") {
				t.Errorf("message %+v with subject %q", m, subject)
			}
			if got, want := head.Get("Message-Id"), "<"+list[0].UUID.String()+"@harrier.invalid>"; got != want {
				t.Errorf("Message-ID = %q; want %q", got, want)
			}
		})
	}
}

// TestWrongCertificate: who insists on encryption insists on the right server.
func TestWrongCertificate(t *testing.T) {
	s, other := &smtptest.Server{StartTLS: true}, &smtptest.Server{}
	s.Start(t)
	other.Start(t)
	l := newLab(t, other.Roots)
	l.useMail(t, s, func(m *harrier.MailSettings) { m.TLS = harrier.MailTLSStart })
	must(t, l.Send(t.Context(), harrier.Mail{To: []string{"a@example.com"}, Subject: "s", Text: "t"}))
	l.deliver(t)
	if d := l.outbox(t)[0]; d.State != harrier.DeliveryWaits || !strings.Contains(d.Error, "certificate") {
		t.Errorf("delivery = %+v; want it refused because of the certificate", d)
	}
}

// TestRetries: what fails is tried again later, with the same name, and given
// up after three days; its owner hears of it.
func TestRetries(t *testing.T) {
	answer := "451 4.3.0 later"
	s := &smtptest.Server{Answer: func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			return answer
		}
		return ""
	}}
	s.Start(t)
	l := newLab(t, nil)
	l.useMail(t, s, nil)
	began := l.at
	must(t, l.mail(t.Context(), 3, harrier.Mail{To: []string{"a@example.com"}, Subject: "s", Text: "t", About: "scan 1"}))
	var waits []time.Duration
	for range 100 {
		l.deliver(t)
		d := l.outbox(t)[0]
		if d.State != harrier.DeliveryWaits {
			break
		}
		waits = append(waits, d.Next.Sub(l.at))
		l.at = d.Next.Add(-time.Second)
		l.deliver(t)
		if l.outbox(t)[0].Tries != d.Tries {
			t.Fatal("it was tried before its time")
		}
		l.at = d.Next
	}
	d := l.outbox(t)[0]
	if d.State != harrier.DeliveryOver || l.at.Sub(began) > giveUpAfter || l.at.Sub(began) < giveUpAfter-longestWait {
		t.Errorf("after %v: %+v; want it given up after about %v", l.at.Sub(began), d, giveUpAfter)
	}
	if waits[0] != time.Minute || waits[1] != 2*time.Minute || waits[len(waits)-1] != longestWait {
		t.Errorf("waits = %v", waits)
	}
	notes, err := l.Notifications(t.Context(), actorOf(3), began)
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0].Text, "given up") || !strings.Contains(notes[0].Text, "later") {
		t.Errorf("notifications = %+v, %v; want one that says so", notes, err)
	}
}

// TestRefused: a recipient that the server refuses for good is not tried again,
// and the others get their mail.
func TestRefused(t *testing.T) {
	s := &smtptest.Server{Answer: func(command string) string {
		if strings.Contains(command, "nobody@") && strings.HasPrefix(command, "RCPT") {
			return "550 5.1.1 unknown"
		}
		return ""
	}}
	s.Start(t)
	l := newLab(t, nil)
	l.useMail(t, s, nil)
	must(t, l.Send(t.Context(), harrier.Mail{To: []string{"nobody@example.com, a@example.com", "A@example.com", "no address"}, Subject: "s", Text: "t"}))
	l.deliver(t)
	list := l.outbox(t)
	if len(list) != 2 || list[0].State != harrier.DeliveryOver || list[1].State != harrier.Delivered {
		t.Errorf("deliveries = %+v; want one given up, one delivered", list)
	}
}

// TestCutShort: a server that takes a message and hangs up before it says so
// gets it again, and can tell by its name.
func TestCutShort(t *testing.T) {
	var times atomic.Int64
	s := &smtptest.Server{Answer: func(command string) string {
		if command == "." && times.Add(1) == 1 {
			return "hang up"
		}
		return ""
	}}
	s.Start(t)
	l := newLab(t, nil)
	l.useMail(t, s, nil)
	must(t, l.Send(t.Context(), harrier.Mail{To: []string{"a@example.com"}, Subject: "s", Text: "t"}))
	l.deliver(t)
	l.at = l.at.Add(firstWait)
	l.deliver(t)
	if n := len(s.Messages()); n != 1 || times.Load() != 2 {
		t.Fatalf("%d messages after %d tries; want one after two", n, times.Load())
	}
	if got, want := s.Messages()[0].Mail(t).Header.Get("Message-Id"), l.outbox(t)[0].UUID.String(); !strings.Contains(got, want) {
		t.Errorf("Message-ID = %q; want that of the delivery, %s", got, want)
	}
}

// TestCrash: what was stored before a crash is delivered by the next console;
// what was delivered but not noted comes again under the same name.
func TestCrash(t *testing.T) {
	s := &smtptest.Server{}
	s.Start(t)
	l := newLab(t, nil)
	l.useMail(t, s, nil)
	must(t, l.Send(t.Context(), harrier.Mail{To: []string{"a@example.com"}, Subject: "s", Text: "t", Key: "k"}))
	must(t, l.deliver1(t)) // delivered; the console is killed before it is noted
	next := &lab{Room: New(l.Config), db: l.db, at: l.at}
	must(t, next.Send(t.Context(), harrier.Mail{To: []string{"a@example.com"}, Subject: "s", Text: "t", Key: "k"})) // whoever sent it does not know
	next.deliver(t)
	list := s.Messages()
	if len(list) != 2 || list[0].Mail(t).Header.Get("Message-Id") != list[1].Mail(t).Header.Get("Message-Id") {
		t.Errorf("%d messages; want two with one name", len(list))
	}
}

// deliver1 delivers the first message without noting that it did.
func (l *lab) deliver1(t *testing.T) error { return l.Room.deliver(t.Context(), l.outbox(t)[0]) }

func TestSendJoinsTransaction(t *testing.T) {
	l := newLab(t, nil)
	boom := errors.New("boom")
	err := l.db.InTx(t.Context(), func(ctx context.Context) error {
		must(t, l.Send(ctx, harrier.Mail{To: []string{"a@example.com"}, Subject: "s", Text: "t"}))
		return boom
	})
	if !errors.Is(err, boom) || len(l.outbox(t)) != 0 {
		t.Errorf("InTx = %v, %d messages; want boom and none", err, len(l.outbox(t)))
	}
}

// TestNoInjection: nothing that a name holds becomes a header or a recipient.
func TestNoInjection(t *testing.T) {
	s := &smtptest.Server{}
	s.Start(t)
	l := newLab(t, nil)
	l.useMail(t, s, nil)
	must(t, os.WriteFile(filepath.Join(l.Dir, "r.txt"), []byte("report"), 0o600))
	must(t, l.Send(t.Context(), harrier.Mail{
		To:      []string{"a@example.com\r\nBcc: evil@example.com", "b@example.com>\r\nRCPT TO:<evil@example.com", "c@example.com"},
		Subject: "x\r\nBcc: evil@example.com\r\n\r\nbody\u2028y\x00", Text: "t\r\n.\r\nMAIL FROM:<evil@example.com>\r\n", About: "a\r\nb",
		Attachments: []harrier.Attachment{
			{Name: "a\"\r\nX-Evil: 1/../b.txt", Type: "text/plain\r\nX-Evil: 2", Path: "r.txt"},
			{Name: "passwd", Path: "../../etc/passwd"},
			{Name: "gone", Path: "gone.txt"},
		},
	}))
	l.deliver(t)
	for _, c := range s.Commands() {
		if strings.HasPrefix(c, "RCPT") && strings.Contains(c, "evil") {
			t.Errorf("command %q", c)
		}
	}
	list := s.Messages()
	if len(list) != 1 || list[0].To[0] != "c@example.com" {
		t.Fatalf("messages = %+v; want one, to c", list)
	}
	m := list[0].Mail(t)
	if m.Header.Get("Bcc") != "" || m.Header.Get("X-Evil") != "" || m.Header.Get("Subject") != "x Bcc: evil@example.com body y" {
		t.Errorf("headers = %v", m.Header)
	}
	body, err := io.ReadAll(m.Body)
	must(t, err)
	if text := string(body); strings.Contains(text, "\nX-Evil") || strings.Contains(text, "root:") || !strings.Contains(text, "Not attached: gone") {
		t.Errorf("body = %s", text)
	}
}

func TestMailSettings(t *testing.T) {
	s := &smtptest.Server{}
	s.Start(t)
	l := newLab(t, nil)
	ctx, op := t.Context(), actorOf(1)
	// Mail that is sent before there is a server waits for it.
	must(t, l.Send(ctx, harrier.Mail{To: []string{"a@example.com"}, Subject: "s", Text: "t"}))
	l.deliver(t)
	password := "very secret"
	set := harrier.MailSettings{Host: "127.0.0.1", Port: s.Port(), User: "u", Auth: harrier.MailAuthPlain}
	for _, c := range []struct {
		by   harrier.Actor
		set  harrier.MailSettings
		kind harrier.Kind
	}{
		{actorOf(2), set, harrier.Forbidden},
		{op, harrier.MailSettings{Host: "a b"}, harrier.Invalid},
		{op, harrier.MailSettings{Host: "a", Port: 70000}, harrier.Invalid},
		{op, harrier.MailSettings{Host: "a", From: "x"}, harrier.Invalid},
		{op, harrier.MailSettings{Host: "a", TLS: "x"}, harrier.Invalid},
		{op, harrier.MailSettings{Host: "a", Auth: "x"}, harrier.Invalid},
	} {
		if err := l.SetMailSettings(ctx, c.by, c.set, &password); harrier.KindOf(err) != c.kind || err == nil {
			t.Errorf("SetMailSettings(%+v) = %v; want %v", c.set, err, c.kind)
		}
	}
	must(t, l.SetMailSettings(ctx, op, set, &password))
	kept, _, err := l.db.Value(ctx, mailKey)
	if err != nil || strings.Contains(kept, password) || kept == "" {
		t.Errorf("stored %q, %v; want no password in it", kept, err)
	}
	shown, err := l.MailSettings(ctx, op)
	if err != nil || shown.Password != "" || shown.User != "u" {
		t.Errorf("MailSettings = %+v, %v; want no password", shown, err)
	}
	must(t, l.SetMailSettings(ctx, op, set, nil))
	if in, err := l.settings(ctx); err != nil || in.Password != password {
		t.Errorf("the password is %q, %v after a change without one", in.Password, err)
	}
	other := set
	other.Host = "mail.example.org"
	must(t, l.SetMailSettings(ctx, op, other, nil))
	if in, err := l.settings(ctx); err != nil || in.Password != "" {
		t.Errorf("the password is %q, %v; want it forgotten for another server", in.Password, err)
	}
	set.Auth, set.User = harrier.MailAuthNone, ""
	must(t, l.SetMailSettings(ctx, op, set, nil))
	l.deliver(t)
	if n := len(s.Messages()); n != 1 {
		t.Errorf("%d messages; want the one that waited", n)
	}
	l.Mail = set
	if err := l.SetMailSettings(ctx, op, set, nil); harrier.KindOf(err) != harrier.Conflict {
		t.Errorf("SetMailSettings over the configuration = %v; want Conflict", err)
	}
}
