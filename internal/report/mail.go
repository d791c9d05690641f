package report

import (
	"context"
	"fmt"
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
	return r.Store.InTx(ctx, func(ctx context.Context) error { return r.send(ctx, rep, to) })
}

// send puts a report that has ended into the outbox, in the transaction of ctx.
func (r *Room) send(ctx context.Context, rep harrier.Report, to []string) error {
	if len(to) == 0 || rep.Status == harrier.ReportStopped {
		return nil
	}
	if r.Mail == nil {
		r.Log.WarnContext(ctx, "report not sent: no mail can be sent from here", "report", rep.ID)
		return nil
	}
	to = slices.Clone(to)
	slices.Sort(to)
	m := harrier.Mail{
		To: to, Subject: "Report: " + rep.Title, About: fmt.Sprintf("report %d", rep.ID),
		Key: "report " + rep.UUID.String() + " " + string(rep.Status) + " " + strings.Join(to, ","),
	}
	if rep.Status == harrier.ReportFailed {
		m.Text = fmt.Sprintf("The report %q could not be made: %s\n", rep.Title, rep.Error)
		return r.Mail.Send(ctx, m)
	}
	info, err := os.Stat(filepath.Join(r.Dir, rep.Path))
	f, _ := r.format(rep.Format)
	switch {
	case err != nil:
		m.Text = fmt.Sprintf("The report %q was made; its file is gone by now.\n", rep.Title)
	case info.Size() > maxAttached:
		m.Text = fmt.Sprintf("The report %q is ready. Its file has %d MB, too much for a mail: fetch it from the console.\n", rep.Title, info.Size()>>20)
	default:
		m.Text = fmt.Sprintf("The report %q is attached.\n", rep.Title)
		m.Attachments = []harrier.Attachment{{Name: rep.Name, Type: f.MIME, Path: filepath.Join(filepath.Base(r.Dir), rep.Path)}}
	}
	return r.Mail.Send(ctx, m)
}
