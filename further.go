package harrier

import (
	"strings"
	"time"
)

// FurtherRun is one more time at which a site is scanned by itself, beside
// Site.Schedule, and how such a scan differs from the others.
type FurtherRun struct {
	Schedule    Schedule `json:"schedule"`               // never After another site
	Targets     string   `json:"targets,omitempty"`      // instead of the site's, see ParseTargets
	MaxDuration Duration `json:"max_duration,omitempty"` // instead of what the site says; 0: as the site says
	Variant     *Variant `json:"variant,omitempty"`      // nil: as the site's policy says
	// Continue has a scan that reaches MaxDuration pause, and the next run of the
	// schedule go on with it instead of beginning another one.
	Continue bool `json:"continue,omitempty"`
}

// Variant is what a scan does otherwise than the policy of its site says; the
// credentials stay those of the policy.
type Variant struct {
	Name     string         `json:"name"`     // for people
	Template string         `json:"template"` // as in Policy
	Settings Settings       `json:"settings"`
	Checks   CheckSelection `json:"checks"`
}

// maxFurther bounds SiteOptions.Further.
const maxFurther = 100

func (s *Site) checkFurther() error {
	if len(s.Options.Further) > maxFurther {
		return Invalidf("schedules", "are more than %d", maxFurther)
	}
	for _, f := range s.Options.Further {
		if strings.TrimSpace(f.Targets) != "" {
			if _, err := ParseTargets(f.Targets); err != nil {
				return err
			}
		}
		if f.MaxDuration < 0 {
			return Invalidf("max_duration", "must not be negative")
		}
		if f.Schedule.After != 0 {
			return Invalidf("schedules", "a further one can not come after another site")
		}
		if f.Variant != nil {
			if err := f.Variant.Settings.Check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Runs are all the times at which a site is scanned by itself, Schedule first.
func (s *Site) Runs() []FurtherRun {
	return append([]FurtherRun{{Schedule: s.Schedule}}, s.Options.Further...)
}

// Planned reports whether any schedule of the site ever runs anything.
func (s *Site) Planned() bool {
	for _, f := range s.Runs() {
		if f.Schedule.Planned() {
			return true
		}
	}
	return false
}

// Next is the first run of the site that is later than after, by any of its
// schedules; zero for none. next is calendar.Next.
func (s *Site) Next(after time.Time, next func(Schedule, time.Time) (time.Time, error)) (time.Time, error) {
	var first time.Time
	for _, f := range s.Runs() {
		at, err := next(f.Schedule, after)
		if err != nil {
			return time.Time{}, err
		}
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first, nil
}
