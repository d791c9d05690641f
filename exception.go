package harrier

import "time"

// Exception is a rule that hides or recasts findings in reads. It never
// touches their intervals.
type Exception struct {
	ID            ID
	UUID          UUID
	Vulnerability VulnID
	Host          string // an address or name as reported; "" for all
	Hide          bool   // accept: do not show
	Recast        Severity
	Reason        string
	Owner         ID
	Created       time.Time
	Expires       time.Time // zero: never
}

// Applies reports whether e speaks of vulnerability v on a host known by any
// of names, at time at.
func (e Exception) Applies(v VulnID, at time.Time, names ...string) bool {
	if e.Vulnerability != v || !e.Expires.IsZero() && !at.Before(e.Expires) {
		return false
	}
	if e.Host == "" {
		return true
	}
	for _, n := range names {
		if n == e.Host {
			return true
		}
	}
	return false
}

// Judge returns the severity at which a finding shows under the exceptions,
// and false when it is hidden. The last rule that applies wins.
func Judge(rules []Exception, v VulnID, s Severity, at time.Time, names ...string) (Severity, bool) {
	show := true
	for _, e := range rules {
		if !e.Applies(v, at, names...) {
			continue
		}
		if show = !e.Hide; show {
			s = e.Recast
		}
	}
	return s, show
}
