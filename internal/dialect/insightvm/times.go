package insightvm

import (
	"strings"
	"time"
)

// instant is when something happened, in UTC with milliseconds.
//
// Source: section 3.4.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// maybe is an instant, or nil for none.
func maybe(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := instant(t)
	return &s
}

// midnight is a date as an instant.
func midnight(t time.Time) string { return t.UTC().Format(time.DateOnly) + "T00:00:00Z" }

// forms are what an instant may look like. Fractions of a second may follow.
var forms = []string{time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"}

// parseTime reads an instant; the name of a zone in brackets behind it says
// nothing that its offset does not. False for anything else.
func parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if open := strings.IndexByte(s, '['); open > 0 && strings.HasSuffix(s, "]") {
		zone := s[open+1 : len(s)-1]
		s = s[:open]
		if !strings.ContainsAny(s[min(len(s), 10):], "+-Z") { // no offset: the zone says
			where, err := time.LoadLocation(zone)
			if err != nil || zone == "" || strings.EqualFold(zone, "local") {
				return time.Time{}, false
			}
			for _, form := range forms {
				if t, err := time.ParseInLocation(form, s, where); err == nil {
					return t, true
				}
			}
			return time.Time{}, false
		}
	}
	// A plus sign in a query that was not encoded is a blank.
	if n := len(s); n > 6 && s[n-6] == ' ' {
		s = s[:n-6] + "+" + s[n-5:]
	}
	for _, form := range forms {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// moment reads an instant of the query; the zero time when it is not there.
func (q *query) moment(name string) (time.Time, error) {
	text := q.values.Get(name)
	if strings.TrimSpace(text) == "" {
		return time.Time{}, nil
	}
	t, ok := parseTime(text)
	if !ok {
		return t, invalid("%s: %q is not a date and time such as 2026-01-31T08:17:56.321Z.", name, shown(text))
	}
	return t, nil
}
