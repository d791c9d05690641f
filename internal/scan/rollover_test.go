package scan

import (
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/calendar"
)

// TestNextDay: the rest of a scan runs at the same clock time on the next day
// that is still to come, over changes of daylight saving time.
func TestNextDay(t *testing.T) {
	r := New(Config{Next: calendar.Next})
	for _, c := range []struct {
		zone, began, now, start, next string
	}{
		{"", "2026-05-05T10:00:00Z", "2026-05-05T11:00:00Z", "20260506T100000", "2026-05-06T10:00:00Z"},
		{"America/New_York", "2026-05-05T14:00:00Z", "2026-05-05T15:00:00Z", "20260506T100000", "2026-05-06T14:00:00Z"},
		{"America/New_York", "2026-03-07T15:00:00Z", "2026-03-07T16:00:00Z", "20260308T100000", "2026-03-08T14:00:00Z"}, // 23 hours
		{"America/New_York", "2026-10-31T14:00:00Z", "2026-10-31T16:00:00Z", "20261101T100000", "2026-11-01T15:00:00Z"}, // 25 hours
		{"Europe/Berlin", "2026-03-28T01:30:00Z", "2026-03-28T02:00:00Z", "20260329T023000", "2026-03-29T01:30:00Z"},    // no such clock time
		{"Nowhere/Land", "2026-12-31T23:59:59Z", "2027-01-01T00:30:00Z", "20270101T235959", "2027-01-01T23:59:59Z"},
		{"", "2026-05-05T10:00:00Z", "2026-05-06T16:00:00Z", "20260507T100000", "2026-05-07T10:00:00Z"}, // it took more than a day
	} {
		at := func(s string) time.Time {
			v, err := time.Parse(time.RFC3339, s)
			must(t, err)
			return v
		}
		s, next, err := r.nextDay(c.zone, at(c.began), at(c.now))
		if err != nil || s.Start != c.start || !next.Equal(at(c.next)) || !s.Enabled {
			t.Errorf("nextDay(%q, %s, %s) = %s, %s, %v; want %s, %s", c.zone, c.began, c.now, s.Start, next, err, c.start, c.next)
		}
	}
}
