package nexpose

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// readGenerate reads when a report is made.
//
// Source: sections 3.5 and 8.5.
func readGenerate(e *element, d *harrier.ReportDefinition) error {
	var err error
	if d.AfterScan, err = e.bool("after-scan", false); err != nil {
		return err
	}
	d.Schedule = harrier.Schedule{}
	on, err := e.bool("schedule", false)
	s := e.child("Schedule")
	if err != nil || s == nil || s.attr("start") == "" {
		return err
	}
	d.Given[givenSchedule] = attrsText(s)
	start, ok := parseTime(s.attr("start"))
	if !ok {
		return harrier.Invalidf("start", "%q is not a date and time", clip(s.attr("start")))
	}
	enabled, err := s.bool("enabled", true)
	if err != nil {
		return err
	}
	every, err := s.number("interval", 0)
	if err != nil {
		return err
	}
	d.Schedule = harrier.Schedule{Enabled: on && enabled, Start: start.Format("20060102T150405"), Rule: "FREQ=ONETIME", Timezone: cmp.Or(s.attr("timezone"), "UTC")}
	if every > 0 {
		freq, ok := map[string]string{"hourly": "HOURLY", "daily": "DAILY", "weekly": "WEEKLY", "monthly-date": "MONTHLY", "monthly-day": "MONTHLY"}[strings.ToLower(s.attr("type"))]
		if !ok {
			return harrier.Invalidf("type", "%q is not a kind of schedule", clip(s.attr("type")))
		}
		d.Schedule.Rule = fmt.Sprintf("FREQ=%s;INTERVAL=%d", freq, every)
		if freq == "WEEKLY" {
			d.Schedule.Rule += ";BYDAY=" + strings.ToUpper(start.Weekday().String()[:2])
		}
	}
	return nil
}

// writeGenerate writes when a report is made: the schedule as it was given, or
// in the words of one that another API made.
func writeGenerate(o *out, d harrier.ReportDefinition) {
	o.start("Generate", "after-scan", digit(d.AfterScan), "schedule", digit(d.Schedule.Enabled))
	if d.Schedule.Start != "" {
		attrs := map[string]string{}
		if err := json.Unmarshal([]byte(d.Given[givenSchedule]), &attrs); err != nil || len(attrs) == 0 {
			attrs = map[string]string{"type": "daily", "interval": "0", "start": d.Schedule.Start + "000"}
			for part := range strings.SplitSeq(d.Schedule.Rule, ";") {
				switch name, value, _ := strings.Cut(part, "="); {
				case name == "INTERVAL":
					attrs["interval"] = value
				case name == "FREQ" && value == "MONTHLY":
					attrs["type"] = "monthly-date"
				case name == "FREQ" && value != "ONETIME":
					attrs["type"] = strings.ToLower(value)
				}
			}
		}
		attrs["enabled"] = digit(d.Schedule.Enabled)
		o.start("Schedule")
		writeAttrs(o, attrs)
		o.end()
	}
	o.end()
}

// writtenAs are attributes whose names are kept in lower case.
var writtenAs = map[string]string{
	"maxduration": "maxDuration", "notvalidafter": "notValidAfter", "repeatertype": "repeaterType", "next-run-time": "next_run_time",
}

func writeAttrs(o *out, attrs map[string]string) {
	var names []string
	for name := range attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		o.attr(cmp.Or(writtenAs[name], name), attrs[name])
	}
}
