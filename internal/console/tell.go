package console

import (
	"context"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/report"
)

// mailer is a room that takes messages and is made later than those that write
// them.
type mailer func(ctx context.Context, m harrier.Mail) error

// Send stores a message in the outbox.
func (f mailer) Send(ctx context.Context, m harrier.Mail) error { return f(ctx, m) }

// reporter begins the reports that scans ask for.
type reporter func() (*report.Room, func(context.Context, harrier.ID) (harrier.Actor, error))

// Launch begins a report of a scan, as its owner.
func (f reporter) Launch(ctx context.Context, owner, definition, scan harrier.ID) error {
	reports, actor := f()
	by, err := actor(ctx, owner)
	if err != nil {
		return err
	}
	_, err = reports.Launch(ctx, by, definition, scan)
	return err
}
