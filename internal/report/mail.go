package report

import (
	"archive/zip"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Mailer sends mail: the room of alerts.
type Mailer interface {
	Send(ctx context.Context, m harrier.Mail) error
}

// maxAttached is how large a file may be to go with a mail, in bytes.
const maxAttached = 15 << 20

// Email sends a finished report to people: to addresses, which are checked. It
// answers NotFound, Conflict for a report that is not ready, Invalid for an
// address that is none, and Unavailable where no mail can be sent.
func (r *Room) Email(ctx context.Context, by harrier.Actor, id harrier.ID, to []string) error {
	rep, err := r.Report(ctx, by, id)
	switch {
	case err != nil:
		return err
	case rep.Status != harrier.ReportReady:
		return harrier.Errorf(harrier.Conflict, "report %d is not ready", id)
	case len(to) == 0:
		return harrier.Invalidf("recipients", "there is nobody to send it to")
	case r.Mail == nil:
		return harrier.Errorf(harrier.Unavailable, "no mail can be sent from here")
	}
	if err := (&harrier.ReportDefinition{Name: "report", Recipients: to}).Check(); err != nil {
		return err
	}
	mails := []harrier.Mail{r.mail(ctx, rep, to, harrier.AsFile)}
	return r.Store.InTx(ctx, func(ctx context.Context) error { return r.send(ctx, rep, mails) })
}

// mails are those that bring a report that has ended to its recipients, and to
// the owner and the users of its definition when they want it. Nobody gets it
// twice.
func (r *Room) mails(ctx context.Context, rep harrier.Report) []harrier.Mail {
	if rep.Status == harrier.ReportStopped {
		return nil
	}
	d, err := r.Store.ReportDefinition(ctx, rep.Definition)
	if err := ignoreMissing(err); err != nil {
		r.Log.ErrorContext(ctx, "recipients of a report not read", "report", rep.ID, "err", err)
	}
	to := map[harrier.MailForm][]string{}
	met := map[string]bool{}
	add := func(form harrier.MailForm, address string) {
		if key := strings.ToLower(address); address != "" && !met[key] {
			met[key] = true
			to[form] = append(to[form], address)
		}
	}
	for _, address := range rep.Recipients {
		add(cmp.Or(d.Mail.Recipients, harrier.AsFile), address)
	}
	r.addUsers(ctx, d.Mail.Owner, []harrier.ID{d.Owner}, add)
	r.addUsers(ctx, d.Mail.Users, d.Users, add)
	var out []harrier.Mail
	for _, form := range []harrier.MailForm{harrier.AsFile, harrier.AsZip, harrier.AsNotice} {
		if len(to[form]) > 0 {
			out = append(out, r.mail(ctx, rep, to[form], form))
		}
	}
	return out
}

// addUsers adds the addresses of users who may sign in.
func (r *Room) addUsers(ctx context.Context, form harrier.MailForm, users []harrier.ID, add func(harrier.MailForm, string)) {
	if form == "" {
		return
	}
	for _, id := range users {
		u, err := r.Store.User(ctx, id)
		if err == nil && !u.Disabled {
			add(form, u.Email)
		}
	}
}

// mail is a mail to people with a report that has ended.
func (r *Room) mail(ctx context.Context, rep harrier.Report, to []string, form harrier.MailForm) harrier.Mail {
	to = slices.Clone(to)
	slices.Sort(to)
	m := harrier.Mail{
		To: to, Subject: "Report: " + rep.Title, About: fmt.Sprintf("report %d", rep.ID),
		Key: "report " + rep.UUID.String() + " " + string(rep.Status) + " " + strings.Join(to, ","),
	}
	if rep.Status == harrier.ReportFailed {
		m.Text = fmt.Sprintf("The report %q could not be made: %s\n", rep.Title, rep.Error)
		return m
	}
	name, path, kind := rep.Name, rep.Path, ""
	if f, ok := r.format(rep.Format); ok {
		kind = f.MIME
	}
	if form == harrier.AsZip {
		if err := r.zipped(rep); err != nil {
			r.Log.ErrorContext(ctx, "report not packed", "report", rep.ID, "err", err)
		} else {
			name, path, kind = name+zipEnd, path+zipEnd, "application/zip"
		}
	}
	info, err := os.Stat(filepath.Join(r.Dir, path))
	switch {
	case err != nil:
		m.Text = fmt.Sprintf("The report %q was made; its file is gone by now.\n", rep.Title)
	case form == harrier.AsNotice:
		m.Text = fmt.Sprintf("The report %q is ready: fetch it from the console.\n", rep.Title)
	case info.Size() > maxAttached:
		m.Text = fmt.Sprintf("The report %q is ready. Its file has %d MB, too much for a mail: fetch it from the console.\n", rep.Title, info.Size()>>20)
	default:
		m.Text = fmt.Sprintf("The report %q is attached.\n", rep.Title)
		m.Attachments = []harrier.Attachment{{Name: name, Type: kind, Path: filepath.Join(filepath.Base(r.Dir), path)}}
	}
	return m
}

// zipEnd ends the name of a packed report beside its file.
const zipEnd = ".zip"

// zipped packs the file of a report.
func (r *Room) zipped(rep harrier.Report) error {
	in, err := os.Open(filepath.Join(r.Dir, rep.Path))
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	return r.file(filepath.Join(r.Dir, rep.Path+zipEnd), func(w io.Writer) error {
		archive := zip.NewWriter(w)
		file, err := archive.Create(rep.Name)
		if err != nil {
			return err
		}
		if _, err := io.Copy(file, in); err != nil {
			return err
		}
		return archive.Close()
	})
}

// send puts mails with a report into the outbox, in the transaction of ctx.
func (r *Room) send(ctx context.Context, rep harrier.Report, mails []harrier.Mail) error {
	if len(mails) > 0 && r.Mail == nil {
		r.Log.WarnContext(ctx, "report not sent: no mail can be sent from here", "report", rep.ID)
		return nil
	}
	for _, m := range mails {
		if err := r.Mail.Send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
