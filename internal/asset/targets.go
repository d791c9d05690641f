package asset

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Targets are the addresses of the assets that e holds for and that by sees, as a
// target list; the names of those that have none. "" is none at all.
func (r *Room) Targets(ctx context.Context, by harrier.Actor, e harrier.Expr) (string, error) {
	list, _, err := r.Assets(ctx, by, e, Page{Sort: "address"})
	if err != nil {
		return "", err
	}
	var out []string
	for _, a := range list {
		name := a.FQDN
		if a.Addr.IsValid() {
			name = a.Addr.String()
		}
		if _, err := harrier.ParseTargets(name); err == nil {
			out = append(out, name)
		}
	}
	return strings.Join(out, ","), nil
}
