package site

import (
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestZone: a site is bound to no pool that the organisation of its owner does
// not let its scans use, whoever binds it; those without organisation bind theirs
// as they like.
func TestZone(t *testing.T) {
	h := open(t)
	o := harrier.Organization{Name: "other", UUID: harrier.NewUUID(noon), ZoneSelection: harrier.ZoneAutoRestricted, Scores: harrier.DefaultScores}
	if err := h.db.InsertOrganization(t.Context(), &o); err != nil {
		t.Fatal(err)
	}
	u := harrier.User{UUID: harrier.NewUUID(noon), Name: "zoned", Role: harrier.Analyst, Organization: o.ID}
	if err := h.db.InsertUser(t.Context(), &u); err != nil {
		t.Fatal(err)
	}
	for _, p := range []harrier.Pool{{Name: "all"}, {Name: "theirs", Given: map[string]string{harrier.GivenOrganizations: "1"}}} {
		if err := h.db.InsertPool(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
	}
	by := harrier.Actor{User: u.ID, Name: u.Name, Role: u.Role, Permissions: u.Role.Permissions(), Organization: o.ID, Via: "test"}
	s := harrier.Site{Name: "s", Targets: "192.0.2.1", Pool: "all", Owner: u.ID}
	if err := h.Create(t.Context(), harrier.System, &s); err != nil {
		t.Fatal(err)
	}
	for _, who := range []harrier.Actor{by, harrier.System} {
		changed := s
		changed.Pool = "theirs"
		if err := h.Update(t.Context(), who, &changed); harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), "zone") {
			t.Errorf("%s binds a site to the zone of others: %v; want Invalid for the zone", who.Name, err)
		}
	}
	for _, pool := range []string{"", "all", harrier.LocalPool} {
		s.Pool = pool
		if err := h.Update(t.Context(), by, &s); err != nil {
			t.Errorf("zone %q: %v", pool, err)
		}
	}
	free := harrier.Site{Name: "free", Targets: "192.0.2.1", Pool: "theirs"}
	if err := h.Create(t.Context(), h.users[2], &free); err != nil {
		t.Errorf("one without organisation: %v", err)
	}
}
