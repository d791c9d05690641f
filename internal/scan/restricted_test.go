package scan

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestRestrictedForLauncher launches a site of one of the installation's people,
// who may scan anything: somebody of an organisation does not get further by it
// than by a site of their own.
func TestRestrictedForLauncher(t *testing.T) {
	db := openStore(t)
	h := build(t, db)
	ctx := t.Context()
	o, err := db.Organization(ctx, harrier.FirstOrganization)
	must(t, err)
	o.RestrictedIPs = "192.0.2.8/29"
	must(t, db.UpdateOrganization(ctx, &o))
	operator := harrier.User{UUID: harrier.NewUUID(h.Now()), Name: "operator", Role: harrier.Operator}
	must(t, db.InsertUser(ctx, &operator))
	role := harrier.Administrator
	of := harrier.Actor{User: operator.ID + 1, Role: role, Permissions: role.Permissions(), Organization: o.ID, Place: &harrier.Standing{Seats: map[harrier.ID]harrier.Seat{operator.ID: {User: operator.ID}}}}
	own := harrier.Actor{User: operator.ID, Role: harrier.Operator, Permissions: harrier.Operator.Permissions()}
	for _, tt := range []struct {
		by      harrier.Actor
		targets string
		count   int
	}{{of, "", 8}, {of, "192.0.2.4-192.0.2.11", 4}, {own, "", 16}} {
		s := h.site(t, "192.0.2.0/28", func(s *harrier.Site) { s.Owner = operator.ID })
		sc, err := h.Launch(ctx, tt.by, s.ID, Launch{Targets: tt.targets})
		must(t, err)
		if sc.HostsTotal != tt.count {
			t.Errorf("scan of %q by somebody of organization %d has %d hosts; want %d", tt.targets, tt.by.Organization, sc.HostsTotal, tt.count)
		}
	}
	s := h.site(t, "192.0.2.9", func(s *harrier.Site) { s.Owner = operator.ID })
	if _, err := h.Launch(ctx, of, s.ID, Launch{}); harrier.KindOf(err) != harrier.Invalid || err == nil {
		t.Errorf("a scan of nothing else = %v; want Invalid", err)
	}
}
