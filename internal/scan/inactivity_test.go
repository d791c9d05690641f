package scan

import (
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// TestInactivity: a scan of which nothing is heard for so long is stopped, as its
// terms for unfinished scans say. One that is slow and brings results is not, nor
// is one that waits for an engine.
func TestInactivity(t *testing.T) {
	onlyFast(t)
	const limit = 30 * time.Second
	for _, c := range []struct {
		name    string
		perHost time.Duration // 0: there is no engine
		want    harrier.ScanStatus
		rest    bool // another scan goes on with what was left
	}{
		{"slow", 20 * time.Second, harrier.ScanCompleted, false},
		{"silent", 50 * time.Second, harrier.ScanStopped, true},
		{"no engine", 0, harrier.ScanRunning, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *house) {
				defer h.run(t)()
				if c.perHost > 0 {
					_, kill := h.engine(t, c.perHost)
					defer kill()
				}
				s := h.site(t, "192.0.2.0/30", func(s *harrier.Site) {
					s.Options.Terms = harrier.Terms{Inactivity: harrier.Duration(limit), Unfinished: harrier.RollOver}
				})
				sc := h.launch(t, s)
				if c.perHost == 0 {
					time.Sleep(2 * limit)
				}
				sc = h.await(t, sc.ID, c.want, 3*time.Minute)
				stopped := strings.Contains(sc.Reason, "brought no result for 30s")
				if stopped != (c.want == harrier.ScanStopped) {
					t.Errorf("it is %s, reason %q", sc.Status, sc.Reason)
				}
				if stopped {
					adds(t, sc, 4)
				}
				sites, err := h.db.Sites(t.Context())
				must(t, err)
				if (len(sites) == 2) != c.rest {
					t.Errorf("%d sites; a scan for the rest: want %v", len(sites), c.rest)
				}
			})
		})
	}
}
