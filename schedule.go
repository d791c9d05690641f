package harrier

// Schedule says when a site is scanned by itself. The zero value: on demand
// only.
type Schedule struct {
	Enabled bool `json:"enabled,omitempty"`
	// Start is the local time of the first run, "20260301T093000"; "" for none.
	Start string `json:"start,omitempty"`
	// Rule is an iCalendar recurrence rule such as
	// "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO"; "FREQ=ONETIME" runs once.
	Rule     string `json:"rule,omitempty"`
	Timezone string `json:"timezone,omitempty"` // IANA name; "" is UTC
	// After is another site: each of its scans that ends with results, whole or in
	// part, is followed by one of this site. Start and Rule are empty then.
	After ID `json:"after,omitempty"`
}

// Planned reports whether the schedule ever runs anything.
func (s Schedule) Planned() bool { return s.Enabled && s.Start != "" }
