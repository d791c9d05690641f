package document

import (
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/format"
)

// TestZone: what stands below the title is told in the time zone of those for
// whom the document is.
func TestZone(t *testing.T) {
	at := time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{
		"": "1 July 2026, 22:30 UTC", "Europe/Berlin": "2 July 2026, 00:30 CEST", "America/New_York": "1 July 2026, 18:30 EDT",
		"Local": "1 July 2026, 22:30 UTC", "Mars": "1 July 2026, 22:30 UTC",
	} {
		s := format.Scan{Options: map[string]string{"time_zone": zone}}
		s.Scan.Started = at
		got := map[string]string{}
		for _, row := range (&Digest{Made: at}).Head(s) {
			got[row[0]] = row[1]
		}
		if got["Made"] != want || got["Scanned"] != "since "+want {
			t.Errorf("in %q: %v; want %s", zone, got, want)
		}
	}
}
