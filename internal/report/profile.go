package report

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// ProfileStore tells what people of an organisation may not use.
type ProfileStore interface {
	ProfileOf(ctx context.Context, organization harrier.ID) (harrier.Profile, error)
}

// allowed answers Forbidden for a format that the profile of by's organisation
// takes away. Those who run the installation have all formats.
func (r *Room) allowed(ctx context.Context, by harrier.Actor, format string) error {
	p, err := r.Profile(ctx, by)
	if err == nil && !p.Allows(format) {
		err = harrier.Errorf(harrier.Forbidden, "your organization has no reports of format %s", format)
	}
	return err
}

// Profile is what the people of by's organisation may use.
func (r *Room) Profile(ctx context.Context, by harrier.Actor) (harrier.Profile, error) {
	if by.Organization == 0 {
		return harrier.Profile{}, nil
	}
	return r.Store.ProfileOf(ctx, by.Organization)
}

// written answers Forbidden for a definition whose document the profile takes
// away. Chapters that it takes away are left out when the document is made.
func (r *Room) written(ctx context.Context, by harrier.Actor, d harrier.ReportDefinition) error {
	if d.Template == "" || d.OwnTemplate != 0 {
		return nil
	}
	p, err := r.Profile(ctx, by)
	if err == nil && !p.Only.MayWrite(d.Template) {
		err = harrier.Errorf(harrier.Forbidden, "your organization has no documents of template %s", d.Template)
	}
	return err
}
