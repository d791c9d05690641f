package store

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Bounds of a condition: beyond them the databases refuse or crawl.
const (
	maxComparisons = 1000
	maxValues      = 200_000
	maxText        = 4096
)

const (
	always = "1 = 1"
	never  = "1 = 0"
)

// condition turns an expression into SQL. What the caller gave goes into
// parameters and never into the text.
type condition struct {
	db     *DB
	fields map[string]field
	args   []any
	count  int
}

// where returns the condition for e.
func (c *condition) where(e harrier.Expr) (string, error) {
	if c.count++; c.count > maxComparisons {
		return "", harrier.Errorf(harrier.Invalid, "the condition has more than %d parts", maxComparisons)
	}
	switch e := e.(type) {
	case nil:
		return always, nil
	case harrier.And:
		return c.join(e, " AND ", always)
	case harrier.Or:
		return c.join(e, " OR ", never)
	case harrier.Not:
		if of, ok := e.Of.(harrier.Cmp); ok && opposite[of.Op] != "" { // an index may serve the opposite, none serves NOT
			return c.compare(harrier.Cmp{Field: of.Field, Op: opposite[of.Op], Values: of.Values})
		}
		text, err := c.where(e.Of)
		return "NOT (" + text + ")", err
	case harrier.Cmp:
		return c.compare(e)
	case harrier.Has:
		return c.has(e)
	case harrier.OfAsset:
		return c.ofAsset(e)
	}
	return "", harrier.Errorf(harrier.Invalid, "a condition can not be a %T", e)
}

// has returns the condition that the asset has an open finding that e.Of holds
// for.
func (c *condition) has(e harrier.Has) (string, error) {
	key, fields := "asset", c.fields
	if _, ok := fields["os_confidence"]; ok {
		key = "id"
	}
	c.fields = findingFields
	text, err := c.where(e.Of)
	c.fields = fields
	return key + " IN (SELECT asset FROM finding WHERE closed = 0 AND " + text + ")", err
}

// ofAsset returns the condition that e.Of holds for the asset.
func (c *condition) ofAsset(e harrier.OfAsset) (string, error) {
	if _, ok := c.fields["os_confidence"]; ok {
		return c.where(e.Of)
	}
	fields := c.fields
	c.fields = assetFields
	text, err := c.where(e.Of)
	c.fields = fields
	return "asset IN (SELECT id FROM asset WHERE " + text + ")", err
}

var opposite = map[harrier.Op]harrier.Op{
	harrier.Eq: harrier.Ne, harrier.Ne: harrier.Eq, harrier.Contains: harrier.Lacks, harrier.Lacks: harrier.Contains,
}

func (c *condition) join(parts []harrier.Expr, with, none string) (string, error) {
	if len(parts) == 0 {
		return none, nil
	}
	texts := make([]string, len(parts))
	for i, p := range parts {
		text, err := c.where(p)
		if err != nil {
			return "", err
		}
		texts[i] = text
	}
	return balanced(texts, with), nil
}

// balanced joins conditions so that their tree stays flat: SQLite bounds its
// depth.
func balanced(texts []string, with string) string {
	const few = 100
	if len(texts) > few {
		half := len(texts) / 2
		return "(" + balanced(texts[:half], with) + with + balanced(texts[half:], with) + ")"
	}
	return "(" + strings.Join(texts, with) + ")"
}

func (c *condition) compare(e harrier.Cmp) (string, error) {
	f, ok := c.fields[e.Field]
	if !ok {
		return "", harrier.Invalidf(e.Field, "can not be searched by")
	}
	if len(e.Values) > maxValues {
		return "", harrier.Invalidf(e.Field, "has more than %d values", maxValues)
	}
	for _, v := range e.Values {
		if err := checkValue(e.Field, v); err != nil {
			return "", err
		}
	}
	// Not to be there is the opposite of being there, also for a field with
	// several values or none. One with few values lists those that are left.
	few := f.within == "" && (f.choices != nil || f.ordinal != "")
	switch e.Op {
	case harrier.Ne, harrier.Lacks:
		if few {
			return c.positive(f, e), nil
		}
	case harrier.Eq, harrier.Lt, harrier.Le, harrier.Gt, harrier.Ge, harrier.Contains, harrier.Begins, harrier.Ends, harrier.Between:
	case harrier.Like:
		for _, v := range e.Values {
			if s, ok := v.(string); ok {
				if _, err := compilePattern(s); err != nil {
					return "", harrier.Invalidf(e.Field, "%q is not a regular expression", s)
				}
			}
		}
	case harrier.In:
		if f.key == "" {
			return "", harrier.Invalidf(e.Field, "is no address")
		}
		text, err := c.ranges(f, e)
		if f.within != "" && text != never {
			text = fmt.Sprintf(f.within, "("+text+")")
		}
		return text, err
	default:
		return "", harrier.Invalidf(e.Field, "there is no comparison %q", string(e.Op))
	}
	if e.Op == harrier.Ne || e.Op == harrier.Lacks {
		text, err := c.compare(harrier.Cmp{Field: e.Field, Op: opposite[e.Op], Values: e.Values})
		return "NOT (" + text + ")", err
	}
	text := c.positive(f, e)
	if f.within != "" && text != never {
		text = fmt.Sprintf(f.within, "("+text+")")
	}
	return text, nil
}

func checkValue(field string, v any) error {
	switch v := v.(type) {
	case int64, bool:
		return nil
	case float64:
		if !math.IsNaN(v) {
			return nil
		}
	case string:
		if len(v) <= maxText {
			return nil
		}
		return harrier.Invalidf(field, "a text is longer than %d bytes", maxText)
	}
	return harrier.Invalidf(field, "can not be compared with %v", v)
}

// positive returns the condition on the column for Eq, Lt, Le, Gt, Ge and
// Contains, and for a column with few values also for Ne and Lacks.
func (c *condition) positive(f field, e harrier.Cmp) string {
	if name, ok := strings.CutPrefix(f.decimal, inBody); ok {
		f.decimal = c.db.numberInBody(name)
	}
	if f.body != "" {
		f.text = c.db.inBody(f.body)
	}
	if f.subject != "" {
		f.text = c.db.inJSON("t.subject", f.subject)
	}
	holds := func(value any) bool {
		return harrier.Matches(e, func(string) []any { return []any{value} })
	}
	switch {
	case f.choices != nil:
		var texts []string
		for _, ch := range f.choices {
			if holds(ch.value) {
				texts = append(texts, ch.condition)
			}
		}
		return either(texts, len(f.choices))
	case f.ordinal != "":
		var hold []int
		for i := range f.values {
			if holds(int64(i)) {
				hold = append(hold, i)
			}
		}
		return ordinals(f.ordinal, hold, f.values)
	case e.Op == harrier.Between:
		return c.between(f, e.Values)
	}
	if e.Op == harrier.Eq && (len(e.Values) > fewValues || f.lowered) {
		return c.manyOf(f, e.Values)
	}
	if e.Op == harrier.Eq && f.text == "" {
		return c.oneOf(f, e.Values)
	}
	var texts []string
	for _, v := range e.Values {
		var text string
		if f.text != "" {
			text = c.textual(f.text, e.Op, v)
		} else {
			text = c.numeric(f, e.Op, v)
		}
		if text != never {
			texts = append(texts, text)
		}
	}
	return either(texts, -1)
}

// either joins conditions by OR; all of them together hold always.
func either(texts []string, all int) string {
	switch {
	case len(texts) == 0:
		return never
	case len(texts) == all:
		return always
	case len(texts) == 1:
		return texts[0]
	}
	return balanced(texts, " OR ")
}

// ordinals tells the values of a column with few; a range where it is one,
// which an index serves in its order.
func ordinals(column string, hold []int, all int) string {
	if len(hold) == 0 {
		return never
	}
	first, last := hold[0], hold[len(hold)-1]
	switch {
	case len(hold) == all:
		return always
	case len(hold) <= last-first:
		return column + " IN (" + strings.Trim(strings.ReplaceAll(fmt.Sprint(hold), " ", ", "), "[]") + ")"
	case first == last:
		return fmt.Sprintf("%s = %d", column, first)
	case last == all-1:
		return fmt.Sprintf("%s >= %d", column, first)
	}
	return fmt.Sprintf("%s BETWEEN %d AND %d", column, first, last)
}

func (c *condition) parameter(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

// oneOf returns the condition that a column of numbers has one of the values.
func (c *condition) oneOf(f field, values []any) string {
	var list []string
	for _, v := range values {
		n, ok := number(v)
		switch {
		case !ok:
		case f.decimal != "":
			list = append(list, "CAST("+c.parameter(n)+" AS DOUBLE PRECISION)")
		default:
			if i, exact := whole(v); exact {
				list = append(list, "CAST("+c.parameter(i)+" AS BIGINT)")
			}
		}
	}
	switch len(list) {
	case 0:
		return never
	case 1:
		return f.number + f.decimal + " = " + list[0]
	}
	return f.number + f.decimal + " IN (" + strings.Join(list, ", ") + ")"
}

// numeric compares a column of numbers by order. Every number comes before
// every text.
func (c *condition) numeric(f field, op harrier.Op, v any) string {
	n, ok := number(v)
	switch {
	case op == harrier.Contains || op == harrier.Like || op == harrier.Begins || op == harrier.Ends:
		return never
	case !ok && (op == harrier.Lt || op == harrier.Le):
		return always
	case !ok:
		return never
	case f.decimal != "":
		return f.decimal + " " + string(op) + " CAST(" + c.parameter(n) + " AS DOUBLE PRECISION)"
	}
	i, exact := whole(v)
	if !exact { // between two integers, or beyond all
		up := op == harrier.Lt || op == harrier.Ge
		switch {
		case n >= math.MaxInt64:
			return map[bool]string{true: always, false: never}[op == harrier.Lt || op == harrier.Le]
		case n < math.MinInt64:
			return map[bool]string{true: always, false: never}[op == harrier.Gt || op == harrier.Ge]
		case up:
			i = int64(math.Ceil(n))
		default:
			i = int64(math.Floor(n))
		}
	}
	return f.number + " " + string(op) + " CAST(" + c.parameter(i) + " AS BIGINT)"
}

// textual compares a column of text without regard to case. Every text comes
// after every number.
func (c *condition) textual(column string, op harrier.Op, v any) string {
	s, ok := v.(string)
	switch {
	case !ok && (op == harrier.Gt || op == harrier.Ge):
		return always
	case !ok:
		return never
	}
	s = strings.ToLower(clean(s))
	if op == harrier.Like {
		return c.db.matches(column, c.parameter(v), v)
	}
	lower := c.db.lower(column, s)
	before, behind := "", ""
	switch op {
	case harrier.Contains:
		before, behind = "%", "%"
	case harrier.Begins:
		behind = "%"
	case harrier.Ends:
		before = "%"
	default:
		return lower + " " + string(op) + " " + c.parameter(s)
	}
	return lower + " LIKE " + c.parameter(before+likeEscape.Replace(s)+behind) + ` ESCAPE '\'`
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// lower returns the column in lower case. The databases' own lower changes
// ASCII letters only, which is enough to compare with ASCII text.
func (db *DB) lower(column, with string) string {
	ascii := !strings.ContainsFunc(with, func(r rune) bool { return r > 127 })
	switch {
	case ascii:
		return "lower(" + column + ")"
	case db.driver == sqliteDialect:
		return lowerFunction + "(" + column + ")"
	}
	return "lower(" + column + ` COLLATE "und-x-icu") COLLATE "C"`
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		return float64(b2i(v)), true
	}
	return 0, false
}

// whole returns v as an integer; false when it is none.
func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case bool:
		return int64(b2i(v)), true
	case float64:
		if v >= math.MinInt64 && v < math.MaxInt64 && v == math.Trunc(v) {
			return int64(v), true
		}
	}
	return 0, false
}

// fieldsOf returns the fields that e speaks of, each once.
func fieldsOf(e harrier.Expr) []string {
	var out []string
	var walk func(e harrier.Expr)
	walk = func(e harrier.Expr) {
		switch e := e.(type) {
		case harrier.And:
			for _, p := range e {
				walk(p)
			}
		case harrier.Or:
			for _, p := range e {
				walk(p)
			}
		case harrier.Not:
			walk(e.Of)
		case harrier.Has:
			out = append(out, "has")
		case harrier.OfAsset:
			out = append(out, "asset of")
		case harrier.Cmp:
			out = append(out, e.Field)
		}
	}
	walk(e)
	slices.Sort(out)
	return slices.Compact(out)
}
