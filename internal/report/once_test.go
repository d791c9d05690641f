package report

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

// port is the condition that a finding is at that port.
func port(n int64) harrier.Condition { return harrier.Condition{Expr: eq("port", n)} }

// TestOnce makes a report of a definition that nobody keeps.
func TestOnce(t *testing.T) {
	h := newHouse(t, nil)
	defer run(t, h.Room)()
	h.asset(t, 1, 2, 80, 443)
	rep, err := h.Once(t.Context(), ann, harrier.ReportDefinition{Name: "once", Format: "lines", Scope: harrier.Scope{Only: port(80)}})
	must(t, err)
	if got, want := read(t, h.Room, rep), "192.0.2.1 80/tcp\n"; got != want {
		t.Errorf("Once = %q; want %q", got, want)
	}
	if list, err := h.Definitions(t.Context(), ann); err != nil || len(list) != 0 {
		t.Errorf("definitions after Once = %v, %v; want none", list, err)
	}
	for _, wrong := range []harrier.ReportDefinition{{Name: "x", Format: "pdf"}, {Name: "x", Format: "lines", Scope: harrier.Scope{Sites: []harrier.ID{9}}}, {Format: "lines"}} {
		if _, err := h.Once(t.Context(), ann, wrong); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Once(%+v) = %v; want Invalid", wrong, err)
		}
	}
}

// TestDeleteWithReports removes a definition and what was made of it, for its
// owner alone.
func TestDeleteWithReports(t *testing.T) {
	h := newHouse(t, nil)
	defer run(t, h.Room)()
	h.asset(t, 1, 1, 80)
	d := harrier.ReportDefinition{Name: "mine", Format: "lines"}
	must(t, h.CreateDefinition(t.Context(), ann, &d))
	for range 2 {
		rep, err := h.Launch(t.Context(), ann, d.ID, 0)
		must(t, err)
		read(t, h.Room, rep)
	}
	list, err := h.Of(t.Context(), ann, d.ID)
	if err != nil || len(list) != 2 || list[0].ID > list[1].ID {
		t.Fatalf("Of = %v, %v; want two by rising id", list, err)
	}
	if _, err := h.Of(t.Context(), bob, d.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Of for a stranger = %v; want NotFound", err)
	}
	if err := h.DeleteWithReports(t.Context(), bob, d.ID); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("DeleteWithReports of a stranger = %v; want NotFound", err)
	}
	must(t, h.DeleteWithReports(t.Context(), ann, d.ID))
	if all, err := h.Reports(t.Context(), ann); err != nil || len(all) != 0 {
		t.Errorf("reports after DeleteWithReports = %v, %v; want none", all, err)
	}
}
