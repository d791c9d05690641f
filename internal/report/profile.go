package report

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// ProfileStore tells what people of an organisation may not use.
type ProfileStore interface {
	Organization(ctx context.Context, id harrier.ID) (harrier.Organization, error)
	Profile(ctx context.Context, id harrier.ID) (harrier.Profile, error)
}

// allowed answers Forbidden for a format that the profile of by's organisation
// takes away. Those who run the installation have all formats.
func (r *Room) allowed(ctx context.Context, by harrier.Actor, format string) error {
	if by.Organization == 0 {
		return nil
	}
	o, err := r.Store.Organization(ctx, by.Organization)
	if harrier.KindOf(err) == harrier.NotFound || err == nil && o.Profile == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := r.Store.Profile(ctx, o.Profile)
	if err == nil && !p.Allows(format) {
		err = harrier.Errorf(harrier.Forbidden, "your organization has no reports of format %s", format)
	}
	return err
}
