// Package calendar says when a schedule runs next: iCalendar recurrence rules
// in the time of a place, over changes of daylight saving time.
package calendar

import (
	"time"
	// Time zones have to be known also where the system has no database of
	// them: in minimal containers and on Windows.
	_ "time/tzdata"

	"github.com/harrier-scan/harrier"
	"github.com/teambition/rrule-go"
)

// startLayout is the form of Schedule.Start.
const startLayout = "20060102T150405"

// cycles is a number of years after which the calendar is the same again, day
// of the week included: the Gregorian one repeats itself every 400 years. Rules
// are followed that much later, because the library seeks what never comes
// until the year 9999: from there that is near.
const cycles = 19 * 400

// firstYear and lastYear bound the start of a schedule, so that at least 199
// years are searched.
const firstYear, lastYear = 1970, 2200

// overlap is how far a change of daylight saving time can put the order of
// clock times and the order of instants at odds.
const overlap = 3 * time.Hour

// Check answers Invalid, naming the field (starttime, rrules, timezone), for a
// schedule that is planned but can not be understood.
func Check(s harrier.Schedule) error {
	_, err := Next(s, time.Time{})
	return err
}

// Next returns the first run of s that is later than after, in UTC, or the
// zero time when there is none: never planned, or over. It answers Invalid,
// naming the field, for a schedule that can not be understood.
//
// Runs happen at the clock time of Start in the schedule's time zone, winter
// and summer. A clock time that is skipped when clocks go forward is taken on
// the old time (02:30 becomes 03:30); of one that occurs twice when they go
// back, the first is taken. A day that a month does not have is left out: a
// rule for the 31st runs seven times a year. The first run is the first one at
// or after Start that fits the rule.
//
// Source: RFC 5545, sections 3.3.5 and 3.3.10.
func Next(s harrier.Schedule, after time.Time) (time.Time, error) {
	if !s.Planned() {
		return time.Time{}, nil
	}
	zone, err := location(s.Timezone)
	if err != nil {
		return time.Time{}, err
	}
	start, err := time.Parse(startLayout, s.Start)
	if err != nil {
		return time.Time{}, harrier.Invalidf("starttime", "%q is not of the form 20060102T150405", s.Start)
	}
	if y := start.Year(); y < firstYear || y > lastYear {
		return time.Time{}, harrier.Invalidf("starttime", "%q is not between the years %d and %d", s.Start, firstYear, lastYear)
	}
	rule, err := parseRule(s.Rule, zone)
	if err != nil {
		return time.Time{}, err
	}
	switch rule.repeats {
	case never:
		return time.Time{}, nil
	case once:
		if at := instant(start, zone); at.After(after) {
			return at, nil
		}
		return time.Time{}, nil
	case again:
	}
	return rule.next(start, after, zone)
}

// next walks through the clock times of the rule, which are kept as UTC so
// that each day has 24 hours, and turns each into an instant.
func (r rule) next(start, after time.Time, zone *time.Location) (time.Time, error) {
	r.Dtstart = r.forward(start, clock(after, zone).Add(-overlap)).AddDate(cycles, 0, 0)
	if !r.Until.IsZero() {
		r.Until = r.Until.AddDate(cycles, 0, 0)
	}
	all, err := rrule.NewRRule(r.ROption)
	if err != nil {
		return time.Time{}, harrier.Invalidf("rrules", "%s", err)
	}
	var best, until time.Time
	for step, more := all.Iterator(), true; more; {
		var wall time.Time
		if wall, more = step(); !more {
			break
		}
		wall = wall.AddDate(-cycles, 0, 0)
		if !best.IsZero() && wall.After(until) {
			break
		}
		at := instant(wall, zone)
		if at.After(after) && (best.IsZero() || at.Before(best)) {
			best, until = at, wall.Add(overlap)
		}
	}
	return best, nil
}

// forward moves the start of a rule that has run for long by a multiple of its
// interval to shortly before the clock time to, so that Next takes no longer
// after ten years. A rule with a count has to be counted from its start.
func (r rule) forward(start, to time.Time) time.Time {
	var period time.Duration
	switch {
	case r.Count > 0 || !to.After(start):
		return start
	case r.Freq == rrule.HOURLY:
		period = time.Hour
	case r.Freq == rrule.DAILY:
		period = 24 * time.Hour
	case r.Freq == rrule.WEEKLY:
		period = 7 * 24 * time.Hour
	default:
		return start
	}
	period *= time.Duration(max(r.Interval, 1))
	periods := to.Sub(start)/period - 1
	return start.Add(max(periods, 0) * period)
}

// instant returns when clocks in zone show the time wall, see Next for skipped
// and repeated times.
func instant(wall time.Time, zone *time.Location) time.Time {
	const day = 24 * time.Hour
	old := wall.Add(-offset(wall.Add(-day), zone))
	if clock(old, zone).Equal(wall) {
		return old
	}
	if now := wall.Add(-offset(wall.Add(day), zone)); clock(now, zone).Equal(wall) {
		return now
	}
	return old // a skipped time
}

// clock returns the clock time of t in zone, written as UTC.
func clock(t time.Time, zone *time.Location) time.Time {
	return t.UTC().Add(offset(t, zone))
}

// offset is how far clocks in zone are ahead of UTC at t.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

func location(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	if name == "Local" { // the place of the console is not a place on the map
		return nil, harrier.Invalidf("timezone", "%q is not the name of a time zone", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, harrier.Invalidf("timezone", "%q is not the name of a time zone", name).Because(err)
	}
	return zone, nil
}
