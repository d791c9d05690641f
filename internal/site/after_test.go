package site

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestAfter: sites come after others that one sees, never in a circle, and are
// on demand when those are gone.
func TestAfter(t *testing.T) {
	ctx := t.Context()
	h := open(t)
	after := func(id harrier.ID) harrier.Schedule { return harrier.Schedule{Enabled: true, After: id} }
	a := h.site(t, harrier.Site{Name: "a"})
	b := h.site(t, harrier.Site{Name: "b", Schedule: after(a.ID)})
	c := h.site(t, harrier.Site{Name: "c", Schedule: after(b.ID)})
	if n, err := h.Followers(ctx); err != nil || n[a.ID] != 1 || n[b.ID] != 1 || n[c.ID] != 0 {
		t.Errorf("Followers = %v, %v; want one of a, one of b", n, err)
	}
	circle := a
	circle.Schedule = after(c.ID)
	wantKind(t, "a after c", h.Update(ctx, h.users[0], &circle), harrier.Invalid)
	circle.Schedule = after(a.ID)
	wantKind(t, "a after a", h.Update(ctx, h.users[0], &circle), harrier.Invalid)
	wantKind(t, "after nothing", h.Create(ctx, h.users[0], &harrier.Site{Name: "d", Schedule: after(99)}), harrier.Invalid)
	wantKind(t, "after another's", h.Create(ctx, h.users[1], &harrier.Site{Name: "d", Schedule: after(a.ID)}), harrier.Invalid)

	b.Schedule = after(a.ID)
	noError(t, "Retire", h.Retire(ctx, h.users[0], &b, nil))
	got, err := h.Site(ctx, h.users[0], c.ID)
	if err != nil || got.Schedule != (harrier.Schedule{}) {
		t.Errorf("c comes after %d, %v; want on demand", got.Schedule.After, err)
	}
	d := h.site(t, harrier.Site{Name: "d", Schedule: after(a.ID)})
	noError(t, "Delete", h.Delete(ctx, h.users[0], a.ID))
	if got, err = h.Site(ctx, h.users[0], d.ID); err != nil || got.Schedule.After != 0 {
		t.Errorf("d comes after %d, %v; want on demand", got.Schedule.After, err)
	}
}
