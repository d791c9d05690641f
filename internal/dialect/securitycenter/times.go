package securitycenter

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// span is a range of time: from the first instant up to, but without, the
// second. A zero one has no end on that side.
type span struct{ from, to time.Time }

// maxDays bounds day ranges: more than Harrier's findings can be old.
const maxDays = 365 * 200

// readSpan reads "0:11" (days before today, the nearer first), "3:all" (older),
// "1700000000-1700086400" (seconds since 1970, both within), and words such as
// "lastMonth". Days begin at midnight in the zone of now.
//
// Source: section 11.6, "Time values".
func readSpan(s string, now time.Time) (span, bool) {
	today := midnight(now, 0)
	if near, far, ok := strings.Cut(s, ":"); ok {
		a, err := strconv.Atoi(strings.TrimSpace(near))
		if err != nil || a < 0 || a > maxDays {
			return span{}, false
		}
		out := span{to: midnight(now, 1-a)}
		if far = strings.TrimSpace(far); far == "all" {
			return out, true
		}
		b, err := strconv.Atoi(far)
		out.from = midnight(now, -b)
		return out, err == nil && a <= b && b <= maxDays
	}
	if first, last, ok := strings.Cut(s, "-"); ok {
		a, err1 := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
		b, err2 := strconv.ParseInt(strings.TrimSpace(last), 10, 64)
		const most = 253402300799 // the end of the year 9999
		return span{time.Unix(a, 0), time.Unix(b+1, 0)}, err1 == nil && err2 == nil && 0 <= a && a <= b && b <= most
	}
	y, m, _ := now.Date()
	month := func(back, length int) span {
		first := time.Date(y, m, 1, 0, 0, 0, 0, now.Location())
		return span{first.AddDate(0, -back, 0), first.AddDate(0, length-back, 0)}
	}
	quarter := int(m-1) % 3
	switch s {
	case "currentMonth":
		return month(0, 1), true
	case "lastMonth":
		return month(1, 1), true
	case "currentQuarter":
		return month(quarter, 3), true
	case "lastQuarter":
		return month(quarter+3, 3), true
	case "currentYear":
		return month(int(m-1), 12), true
	case "lastYear":
		return month(int(m-1)+12, 12), true
	case "today":
		return span{today, midnight(now, 1)}, true
	}
	return span{}, false
}

// midnight is the beginning of a day counted from now's.
func midnight(now time.Time, days int) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, now.Location())
}

func (t term) span() (span, error) {
	s, err := t.text()
	if err != nil {
		return span{}, err
	}
	out, ok := readSpan(s, t.now)
	if !ok {
		return span{}, fault(codeInvalid, 0, "End day must be later (i.e. less than) than start day. Filter '%s' must be in the following format: <end>:<start>", t.name)
	}
	return out, nil
}

// timeOf reads a range of time of a field of instants.
func timeOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		switch {
		case t.name == "lastSeen" && t.source == patched:
			return nil, fault(codeInvalid, 0, "Filter 'lastSeen' can not be used with the source type 'patched'.")
		case t.name == "lastMitigated" && t.source != patched:
			return nil, fault(codeInvalid, 0, "Filter 'lastMitigated' needs the source type 'patched'.")
		}
		s, err := t.span()
		if err != nil {
			return nil, err
		}
		from := int64(1) // 0 is never
		if !s.from.IsZero() {
			from = s.from.UnixMicro()
		}
		return harrier.And{eq(field, harrier.Ge, from), eq(field, harrier.Lt, s.to.UnixMicro())}, nil
	}
}

// dateOf is timeOf for a field of instants written like "2026-01-02T03:04:05Z".
func dateOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.span()
		if err != nil {
			return nil, err
		}
		from := "0002"
		if !s.from.IsZero() {
			from = s.from.UTC().Format(time.RFC3339)
		}
		return harrier.And{eq(field, harrier.Ge, from), eq(field, harrier.Lt, s.to.UTC().Format(time.RFC3339))}, nil
	}
}

// daysToMitigated reads how many days findings were open: numbers and ranges, of
// which the ends stand before and behind a colon or a hyphen.
func (t term) daysToMitigated() (harrier.Expr, error) {
	s, err := t.text()
	if err != nil {
		return nil, err
	}
	if t.value, err = json.Marshal(strings.ReplaceAll(s, ":", "-")); err != nil {
		return nil, err
	}
	return numberOf("open_days", math.MaxInt32)(t)
}

// daysMitigated reads how many days ago findings were closed.
func (t term) daysMitigated() (harrier.Expr, error) {
	s, err := t.text()
	if err != nil {
		return nil, err
	}
	a, b, isRange := strings.Cut(s, ":")
	if !isRange {
		a, b, isRange = strings.Cut(s, "-")
	}
	if !isRange {
		b = a
	}
	near, err1 := strconv.Atoi(strings.TrimSpace(a))
	far, err2 := strconv.Atoi(strings.TrimSpace(b))
	if err1 != nil || err2 != nil || near < 0 || far < near || far > maxDays || isRange && t.op != "=" {
		return nil, t.bad("%q is neither a number of days nor a range", cut(s, 64))
	}
	const day = 24 * time.Hour
	newest, oldest := t.now.Add(-time.Duration(near)*day).UnixMicro(), t.now.Add(-time.Duration(far+1)*day).UnixMicro()
	closed := eq("closed", harrier.Gt, int64(0))
	switch t.op {
	case ">=":
		return harrier.And{closed, eq("closed", harrier.Le, newest)}, nil
	case "<=":
		return harrier.And{closed, eq("closed", harrier.Gt, oldest)}, nil
	}
	return harrier.And{closed, eq("closed", harrier.Le, newest), eq("closed", harrier.Gt, oldest)}, nil
}
