package finding

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

// member is somebody of an organisation with all rights who may use some
// repositories.
func member(narrow bool, repositories ...harrier.ID) harrier.Actor {
	return harrier.Actor{
		User: 7, Organization: 2, Permissions: harrier.Administrator.Permissions(),
		Place: &harrier.Standing{Repositories: append([]harrier.ID{}, repositories...), Narrow: narrow},
	}
}

// TestMergeInSight merges and parts assets on behalf of people who see another
// repository, or a part of theirs alone: to them they do not exist.
func TestMergeInSight(t *testing.T) {
	db := open(t)
	repository := dhcp(t, db)
	r := room(db)
	sc := in(t, db, repository, day, 100)
	for _, h := range []*harrier.Host{hostAt("192.0.2.1", day), hostAt("192.0.2.2", day)} {
		h.MAC = "00:16:3e:00:00:0" + h.Name[len(h.Name)-1:]
		fold(t, r, shown(sc, h, nil, 100)...)
	}
	fold(t, r, done(sc))
	finish(t, db, sc, harrier.ScanCompleted)

	for name, by := range map[string]harrier.Actor{
		"another repository": member(false, repository+1), "a part": member(true, repository), "none": member(false),
	} {
		before := dump(t, db)
		if _, err := r.Merge(t.Context(), by, 1, 2); harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("%s: Merge = %v; want NotFound", name, err)
		}
		if after := dump(t, db); len(after) != len(before) {
			t.Errorf("%s: Merge left %d lines; want %d", name, len(after), len(before))
		}
	}
	by := member(false, repository)
	m, err := r.Merge(t.Context(), by, 1, 2)
	must(t, err)
	if _, err := r.UndoMerge(t.Context(), member(false, repository+1), m.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("UndoMerge by a stranger = %v; want NotFound", err)
	}
	if _, err := r.UndoMerge(t.Context(), by, m.ID); err != nil {
		t.Errorf("UndoMerge = %v", err)
	}
}

// TestExceptionStaysInSight writes a rule for all repositories: it speaks of those
// that its maker may use, and of all when the installation says so.
func TestExceptionStaysInSight(t *testing.T) {
	for name, tt := range map[string]struct {
		by   harrier.Actor
		want []harrier.ID
	}{
		"member":   {member(false, 3, 5), []harrier.ID{3, 5}},
		"operator": {harrier.System, []harrier.ID{0}},
	} {
		db := open(t)
		r := room(db)
		must(t, r.CreateException(t.Context(), tt.by, &harrier.Exception{Vulnerability: 100, Hide: true}))
		all, err := db.Exceptions(t.Context())
		must(t, err)
		if len(all) != len(tt.want) {
			t.Fatalf("%s: %d rules; want %d", name, len(all), len(tt.want))
		}
		for i, e := range all {
			if e.Repository != tt.want[i] {
				t.Errorf("%s: rule %d is for repository %d; want %d", name, i, e.Repository, tt.want[i])
			}
		}
	}
}
