package calendar

import (
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/teambition/rrule-go"
)

// maxRule is how long a rule may be.
const maxRule = 512

// rule is a recurrence rule as it was understood. Its clock times are written
// as UTC.
type rule struct {
	rrule.ROption
	repeats
}

type repeats uint8

const (
	never repeats = iota // by itself
	once                 // at the start
	again                // as ROption says
)

// words are the frequencies that iCalendar does not have. Scans that follow
// another scan, or wait for a person, are not for the calendar.
//
// Source: "launch" and "rrules" in nessus-api.md section 4.2; "schedule" in
// securitycenter-api.md.
var words = map[string]repeats{
	"": once, "ONETIME": once, "NOW": once, "ICAL": once,
	"ON_DEMAND": never, "TEMPLATE": never, "DEPENDENT": never, "NEVER": never, "ROLLOVER": never,
}

// parts are the parts of a rule that are understood. Scans by the second and
// Easter are left out.
var parts = []string{
	"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYSETPOS",
	"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY", "BYHOUR", "BYMINUTE",
}

// parseRule reads a rule such as "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO" in any
// case, blanks and empty parts ignored. It answers Invalid for anything else.
func parseRule(text string, zone *time.Location) (rule, error) {
	if len(text) > maxRule {
		return rule{}, harrier.Invalidf("rrules", "is longer than %d bytes", maxRule)
	}
	text = strings.ToUpper(strings.Join(strings.Fields(text), ""))
	text = strings.TrimPrefix(text, "RRULE:")
	if isWord(text) { // alone, or nothing at all
		return rule{repeats: words[text]}, nil
	}
	var kept []string
	var until string
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case value == "":
			if part != "" && !slices.Contains(parts, name) {
				return rule{}, harrier.Invalidf("rrules", "%q is not NAME=VALUE", part)
			}
			continue
		case !slices.Contains(parts, name):
			return rule{}, harrier.Invalidf("rrules", "%s is not supported", name)
		case name == "FREQ" && isWord(value):
			return rule{repeats: words[value]}, nil // whatever its other parts say
		case name == "FREQ" && (value == "MINUTELY" || value == "SECONDLY"):
			return rule{}, harrier.Invalidf("rrules", "FREQ=%s is too often: HOURLY is the most", value)
		case name == "UNTIL":
			until = value
		}
		kept = append(kept, part)
	}
	option, err := rrule.StrToROptionInLocation(strings.Join(kept, ";"), time.UTC)
	if err != nil {
		return rule{}, harrier.Invalidf("rrules", "%s", err)
	}
	if option.Freq == rrule.HOURLY && len(option.Byhour)+len(option.Byminute)+len(option.Bysetpos) > 0 {
		// An interval that never meets such an hour would be sought for ever.
		return rule{}, harrier.Invalidf("rrules", "FREQ=HOURLY goes with days and months only")
	}
	if option.Interval < 0 || option.Interval > 1000 || option.Count < 0 || option.Count > 10_000 {
		return rule{}, harrier.Invalidf("rrules", "INTERVAL is 1 to 1000 and COUNT 1 to 10000")
	}
	switch {
	case strings.HasSuffix(until, "Z"): // an instant, not a clock time
		option.Until = clock(option.Until, zone)
	case len(until) == len(rrule.DateFormat): // a date means its whole day
		option.Until = option.Until.Add(24*time.Hour - time.Second)
	}
	return rule{*option, again}, nil
}

func isWord(s string) bool {
	_, found := words[s]
	return found
}
