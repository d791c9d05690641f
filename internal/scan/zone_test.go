package scan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestPoolByTargets: the work of a site that is bound to nothing goes to the pool
// that is there for its targets, that of others to the console's own engine.
func TestPoolByTargets(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		must(t, h.db.InsertPool(t.Context(), &harrier.Pool{Name: "far", Targets: "192.0.2.0/24"}))
		defer h.run(t)()
		inside, outside := h.launch(t, h.site(t, "192.0.2.0-192.0.2.9")), h.launch(t, h.site(t, "192.0.2.9,198.51.100.1"))
		for pool, want := range map[string]harrier.ID{"far": inside.ID, harrier.LocalPool: outside.ID} {
			d, err := h.bus.FetchJob(t.Context(), pool)
			must(t, err)
			if d.Job.Scan != want {
				t.Errorf("the work in %q is of scan %d; want %d", pool, d.Job.Scan, want)
			}
		}
	})
}

// TestZoneOfOrganization launches scans of an organisation that is told where its
// scans go: what it does not allow is refused and stores nothing, what it leaves
// open goes to the pools that it has.
func TestZoneOfOrganization(t *testing.T) {
	bubble(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		o := harrier.Organization{Name: "other", UUID: harrier.NewUUID(h.Now()), Scores: harrier.DefaultScores}
		must(t, h.db.InsertOrganization(ctx, &o))
		u := harrier.User{Name: "zoned", UUID: harrier.NewUUID(h.Now()), Role: harrier.Administrator, Organization: o.ID}
		must(t, h.db.InsertUser(ctx, &u))
		must(t, h.db.InsertPool(ctx, &harrier.Pool{Name: "far", Targets: "192.0.2.0/28"}))
		must(t, h.db.InsertPool(ctx, &harrier.Pool{Name: "mine", Targets: "192.0.2.0/24", Given: map[string]string{harrier.GivenOrganizations: fmt.Sprint(o.ID)}}))
		must(t, h.db.InsertPool(ctx, &harrier.Pool{Name: "theirs", Targets: "192.0.2.0/29", Given: map[string]string{harrier.GivenOrganizations: "1"}}))
		defer h.run(t)()
		for _, c := range []struct{ way, pool, queue string }{ // queue "" is refused
			{harrier.ZoneAutoOnly, "", "theirs"},
			{harrier.ZoneAutoOnly, "mine", ""},
			{harrier.ZoneLocked, "", "mine"},
			{harrier.ZoneLocked, "far", ""},
			{harrier.ZoneSelectable, "", ""},
			{harrier.ZoneSelectable, "far", "far"},
			{harrier.ZoneSelectable, "theirs", ""},
			{harrier.ZoneAuto, "", "theirs"},
			{harrier.ZoneAuto, harrier.LocalPool, harrier.LocalPool},
			{harrier.ZoneAutoRestricted, "", "far"},
		} {
			o.ZoneSelection = c.way
			must(t, h.db.UpdateOrganization(ctx, &o))
			s := h.site(t, "192.0.2.0-192.0.2.3", func(s *harrier.Site) { s.Owner, s.Pool = u.ID, c.pool })
			sc, err := h.Launch(ctx, owner, s.ID, Launch{})
			if c.queue == "" {
				scans, _ := h.db.ScansOf(ctx, s.ID)
				if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), "zone") || len(scans) != 0 {
					t.Errorf("%s, zone %q: %v, %d scans; want Invalid for the zone, none", c.way, c.pool, err, len(scans))
				}
				continue
			}
			must(t, err)
			d, err := h.bus.FetchJob(ctx, c.queue)
			must(t, err)
			if d.Job.Scan != sc.ID {
				t.Errorf("%s, zone %q: the work in %q is of scan %d; want %d", c.way, c.pool, c.queue, d.Job.Scan, sc.ID)
			}
			must(t, h.Command(ctx, owner, sc.ID, harrier.Stop))
		}
	})
}
