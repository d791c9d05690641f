package harrier_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestZone asks each way of an organisation's zones for a scan that names none,
// its own, another one, everybody's and the console's own.
func TestZone(t *testing.T) {
	of := func(ids string) map[string]string { return map[string]string{harrier.GivenOrganizations: ids} }
	pools := []harrier.Pool{{Name: "all"}, {Name: "mine", Given: of("2,12")}, {Name: "theirs", Given: of("3,22")}}
	for _, c := range []struct {
		way, named string
		want       string // the pool, "auto" and what among, or "!" and what the error says
	}{
		{"auto_only", "", "auto all,mine,theirs"},
		{"auto_only", "mine", "!chosen by the targets"},
		{"", "mine", "!chosen by the targets"},
		{"auto_only", "local", "!chosen by the targets"},
		{"locked", "", "mine"},
		{"locked", "mine", "mine"},
		{"locked", "all", "!locked to zone"},
		{"selectable", "", "!has to choose"},
		{"selectable", "mine", "mine"},
		{"selectable", "all", "all"},
		{"selectable", "local", "local"},
		{"selectable", "theirs", "!has no zone"},
		{"selectable", "gone", "!has no zone"},
		{"selectable+auto", "", "auto all,mine,theirs"},
		{"selectable+auto", "theirs", "!has no zone"},
		{"selectable+auto", "mine", "mine"},
		{"selectable+auto_restricted", "", "auto all,mine"},
		{"selectable+auto_restricted", "mine", "mine"},
		{"selectable+auto_restricted", "theirs", "!has no zone"},
	} {
		o := harrier.Organization{ID: 2, Name: "two", ZoneSelection: c.way}
		got, among, err := o.Zone(c.named, pools)
		if text, refused := strings.CutPrefix(c.want, "!"); refused {
			if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "zone") {
				t.Errorf("%s, zone %q: %q, %v; want an error of %q", c.way, c.named, got, err, text)
			}
			continue
		}
		var names []string
		for _, p := range among {
			names = append(names, p.Name)
		}
		if got == "" {
			got = "auto " + strings.Join(names, ",")
		}
		if err != nil || got != c.want {
			t.Errorf("%s, zone %q: %q, %v; want %q", c.way, c.named, got, err, c.want)
		}
	}
	alone := harrier.Organization{ID: 4, ZoneSelection: harrier.ZoneLocked}
	if _, _, err := alone.Zone("", pools); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("an organization that is locked and has no zone: %v; want Invalid", err)
	}
	if !slices.Contains(harrier.ZoneSelections, alone.ZoneSelection) {
		t.Error("locked is none of the ways")
	}
}
