package alert

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// mailKey is the setting that holds the mail settings.
const mailKey = "mail"

// MailSettings returns how mail leaves, without the password. It answers
// Forbidden to those who do not operate the console.
func (r *Room) MailSettings(ctx context.Context, by harrier.Actor) (harrier.MailSettings, error) {
	if !by.May(harrier.OperateConsole) {
		return harrier.MailSettings{}, harrier.Errorf(harrier.Forbidden, "you may not see the mail settings")
	}
	s, err := r.settings(ctx)
	s.Password = ""
	return s, err
}

// SetMailSettings stores how mail leaves. A nil password keeps the one that is
// stored. Messages that wait are tried with it at once. It answers Forbidden
// to those who do not operate the console, Invalid for settings that can not
// work, and Conflict where the configuration says how mail leaves.
func (r *Room) SetMailSettings(ctx context.Context, by harrier.Actor, s harrier.MailSettings, password *string) error {
	switch {
	case !by.May(harrier.OperateConsole):
		return harrier.Errorf(harrier.Forbidden, "you may not change the mail settings")
	case r.Mail.Host != "":
		return harrier.Errorf(harrier.Conflict, "the mail settings are those of the console's configuration")
	}
	s.Host, s.From = strings.TrimSpace(s.Host), strings.TrimSpace(s.From)
	if err := s.Check(); err != nil {
		return err
	}
	if err := r.Store.InTx(ctx, func(ctx context.Context) error {
		have, err := r.storedSettings(ctx)
		if err != nil {
			return err
		}
		// A password must not be sent to a server that it was not given for.
		if s.Password = have.Password; password == nil && (s.Host != have.Host || s.User != have.User) {
			s.Password = ""
		}
		if password != nil {
			if s.Password, err = r.seal(mailKey, *password); err != nil {
				return err
			}
		}
		text, err := json.Marshal(s)
		if err != nil {
			return err
		}
		return r.Store.SetValue(ctx, mailKey, string(text))
	}); err != nil {
		return err
	}
	r.Log.InfoContext(ctx, "mail settings changed", "by", by.Name, "host", s.Host, "from", s.From)
	return r.again(ctx)
}

// again has the mails that wait tried at once.
func (r *Room) again(ctx context.Context) error {
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		list, err := r.Store.DueDeliveries(ctx, harrier.ByMail, r.now().Add(longestWait+firstWait), 1000)
		if err != nil {
			return err
		}
		for _, d := range list {
			d.Next = r.now()
			if err := r.Store.UpdateDelivery(ctx, &d); err != nil {
				return err
			}
		}
		return nil
	})
}

// settings are those in force, with the password in the clear.
func (r *Room) settings(ctx context.Context) (harrier.MailSettings, error) {
	if r.Mail.Host != "" {
		return r.Mail, nil
	}
	s, err := r.storedSettings(ctx)
	s.From, s.Link = cmp.Or(s.From, r.Mail.From), cmp.Or(s.Link, r.Mail.Link)
	if err != nil || s.Password == "" {
		return s, err
	}
	s.Password, err = r.unseal(mailKey, s.Password)
	return s, err
}

// storedSettings are those that are stored, with the password sealed.
func (r *Room) storedSettings(ctx context.Context) (harrier.MailSettings, error) {
	var s harrier.MailSettings
	text, known, err := r.Store.Value(ctx, mailKey)
	if err == nil && known {
		err = json.Unmarshal([]byte(text), &s)
	}
	return s, err
}

// seal makes a secret for one purpose a text that can be stored; "" stays "".
func (r *Room) seal(purpose, plain string) (string, error) {
	if plain == "" {
		return "", nil
	}
	b, err := r.Secrets.Seal("alert "+purpose, []byte(plain))
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b), nil
}

func (r *Room) unseal(purpose, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err == nil {
		b, err = r.Secrets.Unseal("alert "+purpose, b)
	}
	if err != nil {
		return "", fmt.Errorf("unseal: %w", err)
	}
	return string(b), nil
}

// SendTest sends a mail that only says that mail works. It answers Forbidden to
// those who do not operate the console and Invalid for a bad address.
func (r *Room) SendTest(ctx context.Context, by harrier.Actor, to string) error {
	if !by.May(harrier.OperateConsole) {
		return harrier.Errorf(harrier.Forbidden, "you may not send mail")
	}
	list, err := harrier.ParseAddresses("to", to)
	if err == nil && len(list) == 0 {
		err = harrier.Invalidf("to", "names nobody")
	}
	if err != nil {
		return err
	}
	return r.mail(ctx, by.User, harrier.Mail{To: list, Subject: "Mail from Harrier works", Text: "This is the test that " + by.Name + " asked for.\n", About: "a test"})
}
