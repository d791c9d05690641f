package calendar

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
)

const (
	newYork = "America/New_York"
	london  = "Europe/London"
)

// runs returns the first n runs after the given time, as RFC 3339.
func runs(t *testing.T, s harrier.Schedule, after string, n int) []string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, after)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for range n {
		if at, err = Next(s, at); err != nil {
			t.Fatalf("Next(%+v) = %v", s, err)
		}
		if at.IsZero() {
			return append(out, "never")
		}
		if at.Location() != time.UTC {
			t.Errorf("Next(%+v) is in %v; want UTC", s, at.Location())
		}
		out = append(out, at.Format(time.RFC3339))
	}
	return out
}

func TestNext(t *testing.T) {
	for _, c := range []struct {
		name, start, rule, zone, after string
		want                           []string
	}{
		{"once", "20260301T093000", "FREQ=ONETIME", newYork, "2026-01-01T00:00:00Z", []string{"2026-03-01T14:30:00Z", "never"}},
		{"once, Tenable.sc's way", "20260301T093000", "FREQ=NOW;INTERVAL=1", "", "2026-01-01T00:00:00Z", []string{"2026-03-01T09:30:00Z", "never"}},
		{"no rule", "20260301T093000", "", "", "2026-01-01T00:00:00Z", []string{"2026-03-01T09:30:00Z", "never"}},
		{"by a person", "20260301T093000", "FREQ=ON_DEMAND", "", "2026-01-01T00:00:00Z", []string{"never"}},
		{"after another scan", "20260301T093000", "FREQ=DEPENDENT;INTERVAL=1", "", "2026-01-01T00:00:00Z", []string{"never"}},
		{"lower case, blanks, empty parts", "20260301T093000", "rrule:freq=daily; interval=2; byday=;", "", "2026-03-02T00:00:00Z", []string{"2026-03-03T09:30:00Z", "2026-03-05T09:30:00Z"}},
		{
			"over the start of summer time", "20260306T093000", "FREQ=DAILY;INTERVAL=1", newYork, "2026-03-07T00:00:00Z",
			[]string{"2026-03-07T14:30:00Z", "2026-03-08T13:30:00Z", "2026-03-09T13:30:00Z"},
		},
		{"over its end", "20261030T093000", "FREQ=DAILY", newYork, "2026-10-31T00:00:00Z", []string{"2026-10-31T13:30:00Z", "2026-11-01T14:30:00Z"}},
		{
			"over its start in London", "20260327T013000", "FREQ=DAILY", london, "2026-03-28T00:00:00Z",
			[]string{"2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z" /* 02:30 BST */, "2026-03-30T00:30:00Z"},
		},
		{
			"skipped hour", "20260301T023000", "FREQ=DAILY", newYork, "2026-03-07T12:00:00Z",
			[]string{"2026-03-08T07:30:00Z" /* 03:30 EDT */, "2026-03-09T06:30:00Z"},
		},
		{
			"repeated hour", "20261001T013000", "FREQ=DAILY", newYork, "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T05:30:00Z" /* the first, EDT */, "2026-11-02T06:30:00Z"},
		},
		{
			"repeated hour in London", "20261001T013000", "FREQ=DAILY", london, "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		},
		{"skipped hour, once", "20260308T023000", "FREQ=ONETIME", newYork, "2026-03-01T00:00:00Z", []string{"2026-03-08T07:30:00Z", "never"}},
		{
			"two times around the skipped hour", "20260307T023000", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15", newYork, "2026-03-08T06:00:00Z",
			[]string{"2026-03-08T07:15:00Z", "2026-03-09T06:15:00Z", "2026-03-09T07:15:00Z"},
		},
		{
			"a day that Samoa did not have", "20111201T100000", "FREQ=DAILY", "Pacific/Apia", "2011-12-29T00:00:00Z",
			[]string{"2011-12-29T20:00:00Z", "2011-12-30T20:00:00Z", "2011-12-31T20:00:00Z"},
		},
		{
			"weekly", "20260302T080000", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "", "2026-03-02T08:00:00Z",
			[]string{"2026-03-05T08:00:00Z", "2026-03-16T08:00:00Z", "2026-03-19T08:00:00Z"},
		},
		{
			"weekly, week begins on Sunday", "20260302T080000", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "", "2026-03-02T08:00:00Z",
			[]string{"2026-03-15T08:00:00Z", "2026-03-16T08:00:00Z"},
		},
		{
			"the 31st", "20260131T000000", "FREQ=MONTHLY;BYMONTHDAY=31", "", "2026-02-01T00:00:00Z",
			[]string{"2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z"},
		},
		{"the last day", "20260131T000000", "FREQ=MONTHLY;BYMONTHDAY=-1", "", "2026-02-01T00:00:00Z", []string{"2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"}},
		{"the third Thursday", "20260101T120000", "FREQ=MONTHLY;BYDAY=3TH", "", "2026-01-16T00:00:00Z", []string{"2026-02-19T12:00:00Z", "2026-03-19T12:00:00Z"}},
		{"yearly on 29 February", "20240229T000000", "FREQ=YEARLY", "", "2024-03-01T00:00:00Z", []string{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
		{
			"hourly over the repeated hour", "20261101T000000", "FREQ=HOURLY", newYork, "2026-11-01T04:30:00Z",
			[]string{"2026-11-01T05:00:00Z", "2026-11-01T07:00:00Z"},
		},
		{"count", "20260301T000000", "FREQ=DAILY;COUNT=3", "", "2026-03-01T00:00:00Z", []string{"2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", "never"}},
		{
			"until an instant", "20260301T200000", "FREQ=DAILY;UNTIL=20260303T010000Z", newYork, "2026-03-01T00:00:00Z",
			[]string{"2026-03-02T01:00:00Z", "2026-03-03T01:00:00Z", "never"},
		},
		{
			"until a day", "20260301T200000", "FREQ=DAILY;UNTIL=20260302", newYork, "2026-03-01T00:00:00Z",
			[]string{"2026-03-02T01:00:00Z", "2026-03-03T01:00:00Z", "never"},
		},
		{"starts on another day than the rule's", "20260301T080000", "FREQ=WEEKLY;BYDAY=MO", "", "2026-01-01T00:00:00Z", []string{"2026-03-02T08:00:00Z"}},
		{"a day that no year has", "20260101T000000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "", "2026-01-01T00:00:00Z", []string{"never"}},
		{"until far away", "20260301T000000", "FREQ=DAILY;UNTIL=99991231T000000Z", "", "2026-03-01T00:00:00Z", []string{"2026-03-02T00:00:00Z"}},
		{"a Friday the 13th", "20260101T000000", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "", "2026-03-14T00:00:00Z", []string{"2026-11-13T00:00:00Z", "2027-08-13T00:00:00Z"}},
		{"the last leap day before 2104", "20260101T000000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "", "2096-03-01T00:00:00Z", []string{"2104-02-29T00:00:00Z"}},
		{"after the end of time", "20260101T000000", "FREQ=DAILY", "", "2500-03-01T00:00:00Z", []string{"never"}},
		{"many years later", "19990101T063000", "FREQ=DAILY;INTERVAL=7", newYork, "2026-06-01T00:00:00Z", []string{"2026-06-05T10:30:00Z"}},
	} {
		s := harrier.Schedule{Enabled: true, Start: c.start, Rule: c.rule, Timezone: c.zone}
		if diff := cmp.Diff(c.want, runs(t, s, c.after, len(c.want))); diff != "" {
			t.Errorf("%s: runs after %s (-want +got):\n%s", c.name, c.after, diff)
		}
	}
}

func TestNextNotPlanned(t *testing.T) {
	for _, s := range []harrier.Schedule{
		{},
		{Enabled: true, Rule: "FREQ=DAILY", Timezone: newYork},
		{Start: "20260301T093000", Rule: "nonsense"},
	} {
		if got, err := Next(s, time.Time{}); err != nil || !got.IsZero() {
			t.Errorf("Next(%+v) = %v, %v; want never", s, got, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ start, rule, zone, field string }{
		{"20260301T093000", "FREQ=FORTNIGHTLY", "", "rrules"},
		{"20260301T093000", "FREQ=DAILY;INTERVAL=-1", "", "rrules"},
		{"20260301T093000", "FREQ=DAILY;INTERVAL=99999999", "", "rrules"},
		{"20260301T093000", "FREQ=DAILY;INTERVAL=x", "", "rrules"},
		{"20260301T093000", "FREQ=MINUTELY", "", "rrules"},
		{"20260301T093000", "FREQ=SECONDLY", "", "rrules"},
		{"20260301T093000", "FREQ=DAILY;BYEASTER=1", "", "rrules"},
		{"20260301T093000", "FREQ=MONTHLY;BYMONTHDAY=32", "", "rrules"},
		{"20260301T093000", "FREQ=WEEKLY;BYDAY=XX", "", "rrules"},
		{"20260301T093000", "FREQ=HOURLY;INTERVAL=24;BYHOUR=1", "", "rrules"},
		{"20260301T093000", "INTERVAL=1", "", "rrules"},
		{"20260301T093000", "FREQ", "", "rrules"},
		{"20260301T093000", "rubbish", "", "rrules"},
		{"20260301T093000", "FREQ=WEEKLY;BYDAY=" + strings.Repeat("MO,", 400) + "MO", "", "rrules"},
		{"20260301T093000", "FREQ=DAILY;DTSTART=20260101T000000", "", "rrules"},
		{"20260301T093000", "FREQ=DAILY;COUNT=10001", "", "rrules"},
		{"19691231T235959", "FREQ=DAILY", "", "starttime"},
		{"22010101T000000", "FREQ=DAILY", "", "starttime"},
		{"2026-03-01 09:30", "FREQ=DAILY", "", "starttime"},
		{"20260231T093000", "FREQ=DAILY", "", "starttime"},
		{"20260301T093000", "FREQ=DAILY", "Mars/Olympus", "timezone"},
		{"20260301T093000", "FREQ=DAILY", "Local", "timezone"},
		{"20260301T093000", "FREQ=DAILY", "../../etc/passwd", "timezone"},
	} {
		err := Check(harrier.Schedule{Enabled: true, Start: c.start, Rule: c.rule, Timezone: c.zone})
		if harrier.KindOf(err) != harrier.Invalid || !strings.HasPrefix(harrier.MessageOf(err), c.field+": ") {
			t.Errorf("Check(%s %.40s %s) = %v; want Invalid about %s", c.start, c.rule, c.zone, err, c.field)
		}
	}
	if err := Check(harrier.Schedule{Enabled: true, Start: "20260301T093000", Rule: "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO", Timezone: london}); err != nil {
		t.Errorf("Check of a good schedule = %v; want nil", err)
	}
}

// TestNextIsFast asks rules that have run for a quarter of a century, and such
// as never match, for which a library may search for long.
func TestNextIsFast(t *testing.T) {
	after := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, rule := range []string{
		"FREQ=HOURLY", "FREQ=HOURLY;INTERVAL=5", "FREQ=HOURLY;COUNT=10000", "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=MO,TU",
		"FREQ=MONTHLY;BYDAY=3TH", "FREQ=DAILY;COUNT=10000", "FREQ=MONTHLY;BYMONTHDAY=31",
		"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYSETPOS=300",
		"FREQ=HOURLY;INTERVAL=24;BYDAY=MO", "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
	} {
		began := time.Now()
		at, err := Next(harrier.Schedule{Enabled: true, Start: "20000101T003000", Rule: rule, Timezone: newYork}, after)
		if err != nil {
			t.Errorf("Next(%s) = %v", rule, err)
		}
		took := time.Since(began)
		t.Logf("%-45s %v %v", rule, took, at)
		if took > 2*time.Second {
			t.Errorf("Next(%s) took %v", rule, took)
		}
	}
}

func TestTimezones(t *testing.T) {
	zones := Timezones()
	if !slices.IsSorted(zones) || len(slices.Compact(slices.Clone(zones))) != len(zones) || len(zones) < 400 {
		t.Errorf("Timezones() has %d names; want many, sorted, each once", len(zones))
	}
	for _, name := range zones {
		if _, err := location(name); err != nil {
			t.Errorf("location(%q) = %v", name, err)
		}
	}
	for _, name := range []string{"UTC", "Etc/UTC", newYork, london, "Asia/Kolkata", "Australia/Lord_Howe"} {
		if !slices.Contains(zones, name) {
			t.Errorf("Timezones() lacks %s", name)
		}
	}
}

// FuzzNext shows that no rule stops the console, and that the next run is
// always in the future.
func FuzzNext(f *testing.F) {
	f.Add("20260301T093000", "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO", newYork)
	f.Add("20260301T023000", "freq=daily;until=20270101", london)
	f.Add("00010101T000000", "FREQ=HOURLY;BYMONTHDAY=31;BYSETPOS=-1", "")
	f.Fuzz(func(t *testing.T, start, rule, zone string) {
		after := time.Date(2026, 3, 8, 6, 59, 59, 0, time.UTC)
		at, err := Next(harrier.Schedule{Enabled: true, Start: start, Rule: rule, Timezone: zone}, after)
		if err != nil && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Next(%q, %q, %q) = %v; want an Invalid error", start, rule, zone, err)
		}
		if err == nil && !at.IsZero() && !at.After(after) {
			t.Errorf("Next(%q, %q, %q) = %v; want it after %v", start, rule, zone, at, after)
		}
	})
}
