package securitycenter

import (
	"cmp"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/calendar"
)

// scheduleItem is a schedule as a scan shows it; nextRun is a number: 0 for
// none, -1 when the last run is over.
//
// Source: securitycenter-api.md, section 3.7 and trap 15.
type scheduleItem struct {
	ID         string `json:"id"`
	ObjectType string `json:"objectType"`
	Type       string `json:"type"`
	Start      string `json:"start"`
	Rule       string `json:"repeatRule"`
	Enabled    string `json:"enabled"`
	NextRun    int64  `json:"nextRun"`
	Dependent  any    `json:"dependent"`
}

// dependent is the scan that another one comes after.
type dependent struct {
	ref
	Status string `json:"status"`
}

func (a api) newSchedule(ctx context.Context, by harrier.Actor, s harrier.Site) (scheduleItem, error) {
	kept := keptOf(s)
	w := scheduleItem{ID: sid(s.ID), ObjectType: "scan", Type: kept[givenKind], Start: kept[givenStart], Rule: kept[givenRule], Enabled: sbool(true), Dependent: noRef}
	if s.Schedule.Start != "" || s.Schedule.After != 0 {
		w.Enabled = sbool(s.Schedule.Enabled)
	}
	switch {
	case w.Type == rolloverKind && s.Options.RolloverOf != 0:
		w.Start, w.Rule = "", ""
		if s.Schedule.Start != "" {
			w.Start, w.Rule = startText(s.Schedule), s.Schedule.Rule
		}
	case s.Schedule.After != 0:
		w.Type, w.Start, w.Rule = "dependent", "", ""
	case w.Type == "dependent": // what it came after is gone
		w.Type = "never"
	case s.Schedule.Planned() && (w.Type != "ical" || scheduleOf(w.Start, w.Rule) != enabled(s.Schedule)): // another dialect made it
		w.Type, w.Start, w.Rule = "ical", startText(s.Schedule), s.Schedule.Rule
	case w.Type == "" || w.Type == "ical" && s.Schedule.Start == "":
		w.Type, w.Start, w.Rule = "template", "", ""
	}
	switch {
	case !s.NextRun.IsZero():
		w.NextRun = s.NextRun.Unix()
	case (w.Type == "ical" || w.Type == rolloverKind) && s.Schedule.Enabled && s.Schedule.Start != "":
		w.NextRun = -1
	}
	if id := s.Schedule.After; id != 0 {
		other, err := a.Sites.Site(ctx, by, id)
		if err != nil && harrier.KindOf(err) != harrier.NotFound {
			return w, err
		}
		if err == nil {
			w.Dependent = dependent{ref{sid(id), other.Name, other.Description}, "0"}
		}
	}
	return w, nil
}

// enabled is a schedule without its switch, as scheduleOf reads one.
func enabled(s harrier.Schedule) harrier.Schedule {
	s.Enabled = false
	return s
}

// startText is the start of a schedule in this API's form.
func startText(s harrier.Schedule) string { return "TZID=" + cmp.Or(s.Timezone, "UTC") + ":" + s.Start }

// scheduleOf reads a start such as TZID=America/New_York:20171212T160900, with
// a Z at its end for UTC or without a zone for the console's, which is UTC.
func scheduleOf(start, rule string) harrier.Schedule {
	s := harrier.Schedule{Rule: strings.TrimSpace(rule)}
	start = strings.TrimSpace(start)
	if zoned, ok := strings.CutPrefix(start, "TZID="); ok {
		s.Timezone, start, _ = strings.Cut(zoned, ":")
	}
	s.Start = strings.TrimSuffix(start, "Z")
	if s.Start != start { // an instant
		s.Timezone = "UTC"
	}
	return s
}

// checkSchedule answers Invalid for a schedule that can not be followed.
func checkSchedule(s harrier.Schedule) error {
	if s.Start == "" {
		return nil
	}
	s.Enabled = true // one that is off must be right too
	if err := calendar.Check(s); err != nil {
		return harrier.Errorf(harrier.Invalid, "The schedule is invalid: %s.", strings.TrimSuffix(harrier.MessageOf(err), "."))
	}
	return nil
}
