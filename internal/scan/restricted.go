package scan

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

// excluded is what a scan of s leaves out: what the site says, and what the
// organisation of its owner may not scan.
func (r *Room) excluded(ctx context.Context, s harrier.Site) (string, error) {
	u, err := r.Store.User(ctx, s.Owner)
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		return "", err
	}
	if u.Organization == 0 {
		return s.Exclude, nil
	}
	o, err := r.Store.Organization(ctx, u.Organization)
	if err != nil || strings.TrimSpace(o.RestrictedIPs) == "" {
		return s.Exclude, err
	}
	if strings.TrimSpace(s.Exclude) == "" {
		return o.RestrictedIPs, nil
	}
	return s.Exclude + "," + o.RestrictedIPs, nil
}
