package harrier

import (
	"strings"
	"time"
)

// Freeze is a window in which no scan starts: it begins when its schedule says
// and lasts for Duration. Runs wait until it is over; those that go on are left
// alone, or held with HoldRunning. It is for the scans of its owner's
// organisation; one of the installation's own people is for all.
//
// Source: securitycenter-api.md, section 25, freezeWindow.
type Freeze struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Owner       ID
	Schedule    Schedule // Enabled: the window is in force
	Duration    Duration
	Targets     string // only scans that meet them, see ParseTargets; "" for all scans
	HoldRunning bool   // scans that go on are paused, and go on after it
	Created     time.Time
	Modified    time.Time
}

// maxFreeze bounds a window.
const maxFreeze = 31 * 24 * time.Hour

// Check answers Invalid, naming the field, for a window that breaks its own
// rules.
func (f *Freeze) Check() error {
	if err := checkName(f.Name); err != nil {
		return err
	}
	switch {
	case f.Schedule.Start == "":
		return Invalidf("start", "must be given")
	case f.Duration <= 0 || f.Duration > Duration(maxFreeze):
		return Invalidf("duration", "must be between one second and 31 days")
	case strings.TrimSpace(f.Targets) == "":
		return nil
	}
	_, err := ParseTargets(f.Targets)
	return err
}

// Meets reports whether the window is about a scan of targets. A list that can
// not be read is about all.
func (f *Freeze) Meets(targets Targets) bool {
	if strings.TrimSpace(f.Targets) == "" {
		return true
	}
	mine, err := ParseTargets(f.Targets)
	if err != nil {
		return true
	}
	for _, t := range targets {
		for _, m := range mine {
			if t.Name != "" && t.Name == m.Name {
				return true
			}
		}
	}
	return targets.Subtract(mine).Count() < targets.Count()
}

// Until returns when the window that holds the instant at ends, the zero time
// outside of windows. Next is calendar.Next.
func (f *Freeze) Until(at time.Time, next func(Schedule, time.Time) (time.Time, error)) (time.Time, error) {
	if !f.Schedule.Planned() {
		return time.Time{}, nil
	}
	length := time.Duration(f.Duration)
	began, err := next(f.Schedule, at.Add(-length))
	if err != nil || began.IsZero() || began.After(at) {
		return time.Time{}, err
	}
	return began.Add(length), nil
}
