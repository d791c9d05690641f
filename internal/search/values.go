package search

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// orders are the comparisons by size.
var orders = map[op]harrier.Op{equal: harrier.Eq, less: harrier.Lt, most: harrier.Le, greater: harrier.Gt, least: harrier.Ge}

func (f field) number(model string, p *predicate) (harrier.Expr, *Error) {
	var values []any
	for _, v := range p.value {
		n, err := parseNumber(v)
		if err != nil {
			return nil, err
		}
		values = append(values, n)
	}
	if p.op == oneOf {
		return f.guarded(model, int64(0), cmp(model, harrier.Eq, values...)), nil
	}
	if p.op == between {
		return f.guarded(model, int64(0), cmp(model, harrier.Between, values...)), nil
	}
	o, ok := orders[p.op]
	if !ok {
		return nil, p.refuse()
	}
	return f.guarded(model, int64(0), cmp(model, o, values...)), nil
}

func parseNumber(v token) (any, *Error) {
	s := strings.TrimSpace(v.text)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	// Hexadecimal digits, "inf" and "_" are no numbers here.
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.Trim(s, "0123456789+-.eE") == "" && !math.IsInf(f, 0) {
		return f, nil
	}
	return nil, fail(Value, v.at, "%q is not a number", cut(v.text))
}

// date compares instants in microseconds since 1970. What a value leaves open —
// the clock time, fractions of a second — "=" leaves open too.
func (f field) date(model string, p *predicate) (harrier.Expr, *Error) {
	type instant struct{ first, last int64 }
	var list []instant
	for _, v := range p.value {
		t, precision, err := parseDate(v)
		if err != nil {
			return nil, err
		}
		list = append(list, instant{t.UnixMicro(), t.Add(precision).UnixMicro() - 1})
	}
	switch p.op {
	case equal, oneOf:
		if len(list) == 0 {
			return harrier.Or{}, nil
		}
		some := make(harrier.Or, 0, len(list))
		for _, i := range list {
			some = append(some, cmp(model, harrier.Between, i.first, i.last))
		}
		if len(some) > maxDates {
			return nil, fail(Limit, p.at, "The list has more than %d dates", maxDates)
		}
		if len(some) == 1 {
			return some[0], nil
		}
		return some, nil
	case between:
		return f.guarded(model, int64(0), cmp(model, harrier.Between, list[0].first, list[1].first)), nil
	default:
	}
	o, ok := orders[p.op]
	if !ok {
		return nil, p.refuse()
	}
	return f.guarded(model, int64(0), cmp(model, o, list[0].first)), nil
}

// maxDates bounds a list of dates, each of which is a range.
const maxDates = 200

// ParseDate reads a date or an instant, as in section 3.4 of insightvm-api.md:
// "2026-01-02", "2026-01-02T03:04:05", with fractions of a second, with "Z", an
// offset or an offset and the name of a zone in brackets. Without a zone it is in
// UTC. It answers Invalid.
func ParseDate(s string) (time.Time, error) {
	t, _, err := parseDate(token{text: s})
	if err != nil {
		return t, harrier.Errorf(harrier.Invalid, "%q is not a date", cut(s))
	}
	return t, nil
}

// The first and the last instant that can be asked for.
var (
	firstInstant = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastInstant  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// parseDate tells also how long what the value names lasts.
func parseDate(v token) (t time.Time, precision time.Duration, e *Error) {
	s := strings.TrimSpace(v.text)
	bad := fail(Value, v.at, "%q is not a date", cut(v.text))
	if len(s) > 100 {
		return t, 0, bad
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, 24 * time.Hour, nil
	}
	if before, name, ok := strings.Cut(s, "["); ok {
		name, closed := strings.CutSuffix(name, "]")
		if !closed || name == "" || strings.Trim(name, zoneLetters) != "" || !hasOffset(before) {
			return t, 0, bad
		}
		s = before
	}
	s = strings.ToUpper(s)
	for _, layout := range []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t = t.UTC(); t.Before(firstInstant) || t.After(lastInstant) {
			return t, 0, bad
		}
		return t, precisionOf(s), nil
	}
	return t, 0, bad
}

// hasOffset reports whether a date and time ends with "Z" or "+hh:mm".
func hasOffset(s string) bool {
	n := len(s)
	return n > 6 && (s[n-1] == 'Z' || s[n-1] == 'z' || s[n-6] == '+' || s[n-6] == '-')
}

const zoneLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_+-"

// precisionOf is how long the last digit of a time lasts, at least a microsecond.
func precisionOf(s string) time.Duration {
	_, clock, _ := strings.Cut(s, "T")
	if at := strings.IndexAny(clock, "Z+-"); at >= 0 {
		clock = clock[:at]
	}
	if strings.Count(clock, ":") < 2 {
		return time.Minute
	}
	_, fraction, _ := strings.Cut(clock, ".")
	p := time.Second
	for range min(len(fraction), 6) {
		p /= 10
	}
	return p
}

// grades are the words for severities, by rising gravity; the second ones are
// accepted too.
var grades = []struct {
	words []string
	grade int64
}{
	{[]string{"none"}, -1},
	{[]string{"informational", "info"}, int64(harrier.Info)},
	{[]string{"low"}, int64(harrier.Low)},
	{[]string{"moderate", "medium"}, int64(harrier.Medium)},
	{[]string{"severe", "high"}, int64(harrier.High)},
	{[]string{"critical"}, int64(harrier.Critical)},
}

// grade compares severities, as words and by gravity.
func grade(model string, p *predicate) (harrier.Expr, *Error) {
	e := cmp(model, harrier.Eq)
	if o, ok := map[op]harrier.Op{contains: harrier.Contains, starts: harrier.Begins, ends: harrier.Ends, like: harrier.Like}[p.op]; ok {
		v := p.value[0]
		if o == harrier.Like {
			if err := checkPattern(v); err != nil {
				return nil, err
			}
		}
		for _, g := range grades {
			if harrier.Matches(cmp("", o, v.text), func(string) []any { return []any{g.words[0]} }) && g.grade >= 0 {
				e.Values = append(e.Values, g.grade)
			}
		}
		return e, nil
	}
	var values []any
	for _, v := range p.value {
		at := slices.IndexFunc(grades, func(g struct {
			words []string
			grade int64
		},
		) bool {
			return slices.Contains(g.words, strings.ToLower(strings.TrimSpace(v.text)))
		})
		if at < 0 {
			return nil, fail(Value, v.at, "%q is not a severity (none, informational, low, moderate, severe, critical)", cut(v.text))
		}
		values = append(values, grades[at].grade)
	}
	switch p.op {
	case oneOf:
		e.Values = values
	case between:
		e = cmp(model, harrier.Between, values...)
	default:
		e = cmp(model, orders[p.op], values...)
	}
	return e, nil
}

// within compares addresses.
func (f field) within(p *predicate) (harrier.Expr, *Error) {
	switch p.op {
	case equal, oneOf:
		e := cmp("address", harrier.In)
		for _, v := range p.value {
			r, ok := harrier.AddressRange(strings.TrimSpace(v.text))
			if !ok {
				return nil, fail(Value, v.at, "%q is not an address, a network or a range", cut(v.text))
			}
			e.Values = append(e.Values, r)
		}
		return e, nil
	case between:
		r := strings.TrimSpace(p.value[0].text) + "-" + strings.TrimSpace(p.value[1].text)
		if _, _, ok := harrier.ParseRange(r); !ok {
			return nil, fail(Value, p.value[0].at, "%q is not a range of addresses", cut(r))
		}
		return cmp("address", harrier.In, r), nil
	case contains, starts, ends, like:
		e, err := field{form: text}.text("address", p)
		if err != nil || f.model[1] == "" {
			return e, err
		}
		return harrier.And{e, f.present("address")}, nil
	default:
		return nil, p.refuse()
	}
}

func sortParts(list harrier.Or) {
	slices.SortFunc(list, func(a, b harrier.Expr) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}
