package scan

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

// targets are what a scan of s goes to when nobody says otherwise: the targets of
// the site or what its lists define now, and the members of the other asset lists
// that it names.
func (r *Room) targets(ctx context.Context, s harrier.Site) (string, error) {
	if len(s.Options.Defined) > 0 && r.Defined != nil {
		var err error
		if s.Targets, err = r.ofLists(ctx, s, s.Options.Defined, r.Defined); err != nil {
			return "", err
		}
	}
	more, err := r.members(ctx, s, s.Options.Lists)
	if err != nil || more == "" {
		return s.Targets, err
	}
	return join(s.Targets, more), nil
}

// members are the addresses of the assets in lists, as the owner of s sees them.
func (r *Room) members(ctx context.Context, s harrier.Site, lists []harrier.ID) (string, error) {
	if len(lists) == 0 || r.Members == nil {
		return "", nil
	}
	return r.ofLists(ctx, s, lists, r.Members)
}

// ofLists is what targets makes of lists, as the owner of s sees them.
func (r *Room) ofLists(ctx context.Context, s harrier.Site, lists []harrier.ID, targets func(context.Context, harrier.Actor, []harrier.ID) (string, error)) (string, error) {
	by := harrier.System
	if r.Actor != nil && s.Owner != 0 {
		var err error
		if by, err = r.Actor(ctx, s.Owner); err != nil {
			return "", err
		}
	}
	text, err := targets(ctx, by, lists)
	if harrier.KindOf(err) == harrier.NotFound {
		return "", harrier.Errorf(harrier.Conflict, "%q names an asset list that its owner can not see: %s", s.Name, harrier.MessageOf(err))
	}
	return text, err
}

// Targets are what a scan of a site would go to now, before what is excluded. It
// answers NotFound for a site that by may not see.
func (r *Room) Targets(ctx context.Context, by harrier.Actor, site harrier.ID) (string, error) {
	if level, err := r.level(ctx, by, site); err != nil || level < harrier.MayView {
		return "", harrier.Errorf(harrier.NotFound, "no site %d", site).Because(err)
	}
	s, err := r.Store.Site(ctx, site)
	if err != nil {
		return "", err
	}
	return r.targets(ctx, s)
}

// join makes one target list of two, each of which may be empty.
func join(a, b string) string {
	switch {
	case strings.TrimSpace(a) == "":
		return b
	case strings.TrimSpace(b) == "":
		return a
	}
	return a + "," + b
}
