package scan

import (
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
