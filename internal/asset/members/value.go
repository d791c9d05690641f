package members

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

const (
	maxText    = 4096
	maxPattern = 500
	maxRanges  = 200
	maxValues  = 5000
)

// value is what a clause compares with.
type value struct {
	name string
	raw  json.RawMessage
}

// bad says that the value is wrong.
func (v value) bad(format string, args ...any) error {
	return bad("Invalid value for Filter '"+v.name+"': "+format, args...)
}

// items are the single values: of a text with commas or lines, of a list, of an
// object with an id, of a list of such objects.
func (v value) items() ([]string, error) {
	var any any
	if err := json.Unmarshal(v.raw, &any); err != nil && len(v.raw) > 0 {
		return nil, v.bad("not JSON")
	}
	out, ok := Items(any)
	switch {
	case !ok:
		return nil, bad("The value for Filter \"%s\" contains a record without a numeric 'id' field.", v.name)
	case len(out) > maxValues:
		return nil, v.bad("more than %d values", maxValues)
	}
	return out, nil
}

// Items are the single values of decoded JSON: of a text with commas or lines,
// of a list, of an object with a numeric id, of a list of such objects. False
// for anything else.
func Items(v any) (out []string, ok bool) { return itemsOf(v, 0) }

func itemsOf(v any, depth int) (out []string, ok bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
		return out, true
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}, true
	case bool:
		return []string{strconv.FormatBool(v)}, true
	case []any:
		for _, one := range v {
			part, ok := itemsOf(one, depth+1)
			if !ok || depth > 2 {
				return nil, false
			}
			out = append(out, part...)
		}
		return out, true
	case map[string]any:
		part, ok := itemsOf(v["id"], depth+1)
		if !ok || len(part) != 1 || depth > 2 {
			return nil, false
		}
		if _, err := strconv.ParseInt(part[0], 10, 64); err != nil {
			return nil, false
		}
		return part, true
	}
	return nil, false
}

// text is the value as one text.
func (v value) text() (string, error) {
	var s string
	if json.Unmarshal(v.raw, &s) == nil {
		return strings.TrimSpace(s), nil
	}
	list, err := v.items()
	return strings.Join(list, ","), err
}

// like is the condition that a field fits a regular expression.
func (v value) like(field, s string) (harrier.Expr, error) {
	p, err := Pattern(s)
	if err != nil {
		return nil, v.bad("%q is not a regular expression", cut(s, 64))
	}
	return cmp(field, harrier.Like, p), nil
}

// Pattern reads a regular expression, which may stand between slashes. It
// answers Invalid for one that is too long or can not be read.
func Pattern(s string) (string, error) {
	if strings.HasPrefix(s, "/") {
		if i := strings.LastIndex(s[1:], "/"); i >= 0 && strings.Trim(s[i+2:], "imsx") == "" {
			s = s[1 : i+1]
		}
	}
	if len(s) > maxPattern {
		return "", harrier.Invalidf("pcre", "longer than %d bytes", maxPattern)
	}
	_, err := regexp.Compile(s)
	return s, err
}

func (v value) contains(field, s string) (harrier.Expr, error) {
	if len(s) > maxText {
		return nil, v.bad("longer than %d bytes", maxText)
	}
	return cmp(field, harrier.Contains, s), nil
}

// numbers reads numbers, lists of them and ranges: "1,5-7".
func (v value) numbers(field string, high int64) (harrier.Expr, error) {
	list, err := v.items()
	if err != nil {
		return nil, err
	}
	return Numbers(field, list, high, v.bad)
}

// Numbers reads numbers and ranges of them, "1" and "5-7", as a condition on a
// field. What can not be read, and more than 200 ranges, it tells by bad, whose
// error it returns; high is only told.
func Numbers(field string, list []string, high int64, bad func(format string, args ...any) error) (harrier.Expr, error) {
	var single []any
	var some harrier.Or
	for _, s := range list {
		a, b, isRange := strings.Cut(s, "-")
		if !isRange {
			b = a
		}
		from, err1 := strconv.ParseInt(strings.TrimSpace(a), 10, 64)
		to, err2 := strconv.ParseInt(strings.TrimSpace(b), 10, 64)
		switch {
		case err1 != nil || err2 != nil || from > to || from < 0:
			return nil, bad("%q is neither a number from %d to %d nor a range", cut(s, 64), 0, high)
		case from == to:
			single = append(single, from)
		default:
			some = append(some, harrier.And{cmp(field, harrier.Ge, from), cmp(field, harrier.Le, to)})
		}
	}
	if len(some) > maxRanges {
		return nil, bad("more than %d ranges", maxRanges)
	}
	if len(single) > 0 || len(some) == 0 {
		some = append(some, cmp(field, harrier.Eq, single...))
	}
	if len(some) == 1 {
		return some[0], nil
	}
	return some, nil
}

// addresses reads addresses, networks and ranges.
func (v value) addresses() (harrier.Expr, error) {
	list, err := v.items()
	if err != nil {
		return nil, err
	}
	var ranges []any
	for _, s := range list {
		for _, part := range strings.Fields(strings.ReplaceAll(strings.ReplaceAll(s, " -", "-"), "- ", "-")) {
			text, ok := Range(part)
			if !ok {
				return nil, v.bad("%q is not an address, a network or a range", cut(part, 64))
			}
			ranges = append(ranges, text)
		}
	}
	return cmp("address", harrier.In, ranges...), nil
}

func (v value) exploit() (harrier.Expr, error) {
	s, err := v.text()
	if err != nil {
		return nil, err
	}
	e := harrier.Or{cmp("exploit", harrier.Eq, true), cmp("exploited", harrier.Eq, true)}
	switch strings.ToLower(s) {
	case "true", "yes", "1":
		return e, nil
	case "false", "no", "0":
		return harrier.Not{Of: e}, nil
	}
	return nil, v.bad("%q is neither true nor false", cut(s, 64))
}
