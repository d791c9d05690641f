package nexpose

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/calendar"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// startLayout is the form of harrier.Schedule.Start.
const startLayout = "20060102T150405"

// attrsOf are the attributes of an element that are not empty.
func attrsOf(e *element) map[string]string {
	out := map[string]string{}
	for _, a := range e.attrs {
		if a.value != "" {
			out[a.key] = a.value
		}
	}
	return out
}

// weekdays by their first three letters.
var weekdays = map[string]string{"mon": "MO", "tue": "TU", "wed": "WE", "thu": "TH", "fri": "FR", "sat": "SA", "sun": "SU"}

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

func three(s string) string { return strings.ToLower(s[:min(3, len(s))]) }

// readSchedule reads a schedule of scans from its attributes, by their keys. One
// without a start and a time of its own plans nothing. It answers Invalid.
//
// Source: section 3.5.
func (a *api) readSchedule(ctx context.Context, by harrier.Actor, at map[string]string, enabled bool) (harrier.FurtherRun, error) {
	var run harrier.FurtherRun
	e := &element{}
	for k, v := range at {
		e.attrs = append(e.attrs, attribute{k, v})
	}
	var err error
	if run.Schedule.Enabled, err = e.bool("enabled", enabled); err != nil {
		return run, err
	}
	minutes, err := e.number("maxDuration", 0)
	if err != nil {
		return run, err
	}
	if minutes > 0 { // below zero: no limit
		run.MaxDuration = harrier.Duration(time.Duration(min(minutes, 1<<22)) * time.Minute)
	}
	switch how := strings.ToLower(e.attr("repeaterType")); how {
	case "", "restart", "restart-scan":
	case "continue", "resume-scan":
		run.Continue = run.MaxDuration > 0
	default:
		return run, harrier.Invalidf("repeaterType", "%q is neither restart nor continue", clip(how))
	}
	if id := e.attr("template"); id != "" {
		v, _, err := words.Variant(ctx, a.Policies, by, id)
		if err != nil {
			return run, err
		}
		run.Variant = &v
	}
	interval, err := e.number("interval", 0)
	if err != nil {
		return run, err
	}
	if interval < 0 {
		return run, harrier.Invalidf("interval", "must not be negative")
	}
	extended, err := e.bool("is-extended", false)
	if err != nil {
		return run, err
	}
	start, dated := parseTime(e.attr("start"))
	switch {
	case !dated && e.attr("start") != "":
		return run, harrier.Invalidf("start", "%q is not a date and time", clip(e.attr("start")))
	case !dated && !extended && !run.Schedule.Enabled:
		return run, nil // an empty slot of a form
	case !dated && !extended:
		return run, harrier.Invalidf("start", "is missing")
	case !dated:
		start = a.Now().UTC().Truncate(time.Hour).Add(time.Hour)
	}
	run.Schedule.Timezone = e.attr("timezone")
	if extended {
		if start, err = extendedStart(e, start); err != nil {
			return run, err
		}
	}
	run.Schedule.Start = start.Format(startLayout)
	if run.Schedule.Rule, err = scheduleRule(e, interval, start); err != nil {
		return run, err
	}
	if until, ok := parseTime(e.attr("notValidAfter")); ok && interval > 0 {
		run.Schedule.Rule += ";UNTIL=" + until.Format(startLayout) + "Z"
	}
	check := run.Schedule
	check.Enabled = true // one that is off must be right too
	return run, calendar.Check(check)
}

// extendedStart puts the time of day of an extended schedule into its start.
func extendedStart(e *element, start time.Time) (time.Time, error) {
	hour, err := e.number("hour", start.Hour())
	if err != nil {
		return start, err
	}
	minute, err := e.number("minute", 0)
	if err != nil {
		return start, err
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return start, harrier.Invalidf("hour", "%d:%d is no time of the day", hour, minute)
	}
	month := start.Month()
	if name := e.attr("start-month"); name != "" {
		for i, m := range months {
			if m == three(name) {
				month = time.Month(i + 1)
			}
		}
		if month != start.Month() {
			next := time.Date(start.Year(), month, 1, hour, minute, 0, 0, time.UTC)
			if next.Before(start) {
				next = next.AddDate(1, 0, 0)
			}
			return next, nil
		}
	}
	return time.Date(start.Year(), month, start.Day(), hour, minute, 0, 0, time.UTC), nil
}

// scheduleRule is the recurrence rule of a schedule.
func scheduleRule(e *element, interval int, start time.Time) (string, error) {
	kind := strings.ToLower(e.attr("type"))
	if interval == 0 && kind == "" {
		return "FREQ=ONETIME", nil
	}
	day := weekdays[three(start.Weekday().String())]
	if given := e.attr("day"); given != "" {
		if day = weekdays[three(given)]; day == "" {
			return "", harrier.Invalidf("day", "%q is not a day of the week", clip(given))
		}
	}
	var freq, on string
	switch kind {
	case "hourly", "daily":
		freq = strings.ToUpper(kind)
	case "weekly":
		freq, on = "WEEKLY", ";BYDAY="+day
	case "monthly-date":
		date := cmp.Or(strings.ToLower(e.attr("date")), strconv.Itoa(start.Day()))
		if date == "last" {
			date = "-1"
		}
		if n, err := strconv.Atoi(date); err != nil || n < -1 || n == 0 || n > 31 {
			return "", harrier.Invalidf("date", "%q is not a day of a month", clip(date))
		}
		freq, on = "MONTHLY", ";BYMONTHDAY="+date
	case "monthly-day":
		n := cmp.Or(strings.ToLower(e.attr("occurrence")), strconv.Itoa((start.Day()-1)/7+1))
		if n == "last" || n == "5" {
			n = "-1"
		}
		if k, err := strconv.Atoi(n); err != nil || k < -1 || k == 0 || k > 4 {
			return "", harrier.Invalidf("occurrence", "%q is not 1 to 4 or last", clip(n))
		}
		freq, on = "MONTHLY", ";BYDAY="+n+day
	default:
		return "", harrier.Invalidf("type", "there is no schedule %q", clip(kind))
	}
	if interval == 0 {
		return "FREQ=ONETIME", nil
	}
	return fmt.Sprintf("FREQ=%s;INTERVAL=%d%s", freq, interval, on), nil
}

// scheduleAttrs are the attributes that a schedule shows: those that it was
// given, as long as it is the one that they make, or what its rule says.
func (a *api) scheduleAttrs(run harrier.FurtherRun, given []map[string]string) map[string]string {
	at := map[string]string{}
	found := false
	for _, g := range given {
		if g["="] == scheduleKey(run) {
			for k, v := range g {
				if k != "=" {
					at[k] = v
				}
			}
			found = true
			break
		}
	}
	if !found {
		ruleAttrs(run, at)
	}
	at["enabled"] = digit(run.Schedule.Enabled)
	at["timezone"] = cmp.Or(run.Schedule.Timezone, "UTC")
	if next, err := calendar.Next(run.Schedule, a.Now()); err == nil && !next.IsZero() {
		at["next-run-time"] = stamp(next)
	}
	return at
}

func scheduleKey(run harrier.FurtherRun) string {
	return fmt.Sprint(run.Schedule.Start, " ", run.Schedule.Rule, " ", run.Schedule.Timezone, " ", time.Duration(run.MaxDuration), " ", run.Variant != nil)
}

// ruleAttrs says in the words of this API what the schedule of another door is.
func ruleAttrs(run harrier.FurtherRun, at map[string]string) {
	if start, err := time.Parse(startLayout, run.Schedule.Start); err == nil {
		at["start"] = stamp(start)
	}
	if run.MaxDuration > 0 {
		at["maxduration"] = strconv.Itoa(int(time.Duration(run.MaxDuration) / time.Minute))
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.ToUpper(run.Schedule.Rule), ";") {
		k, v, _ := strings.Cut(part, "=")
		parts[k] = v
	}
	at["interval"] = cmp.Or(parts["INTERVAL"], "1")
	switch parts["FREQ"] {
	case "HOURLY", "DAILY", "WEEKLY":
		at["type"] = strings.ToLower(parts["FREQ"])
	case "MONTHLY":
		at["type"] = "monthly-date"
		if parts["BYDAY"] != "" {
			at["type"] = "monthly-day"
		}
	case "YEARLY":
		at["type"] = "monthly-date"
		if n, err := strconv.Atoi(at["interval"]); err == nil {
			at["interval"] = strconv.Itoa(12 * n)
		}
	default:
		at["type"], at["interval"] = "daily", "0"
	}
}

// scheduleNames are the attributes of a schedule in the order in which they are
// written.
var scheduleNames = []string{
	"enabled", "type", "interval", "start", "maxDuration", "notValidAfter", "repeaterType", "template", "is-extended", "hour", "minute",
	"date", "day", "occurrence", "start-month", "timezone", "next_run_time",
}

func writeSchedule(o *out, at map[string]string) {
	o.start("Schedule")
	for _, name := range scheduleNames {
		if v := at[key(name)]; v != "" {
			o.attr(name, v)
		}
	}
	o.end()
}
