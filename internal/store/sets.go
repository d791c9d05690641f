package store

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// fewValues is up to how many values are compared one by one. More are one
// parameter, so that the text of the query stays short and the index is asked
// for each.
const fewValues = 20

// manyOf returns the condition that a column has one of many values.
func (c *condition) manyOf(f field, values []any) string {
	if f.text != "" {
		return c.manyTexts(f, values)
	}
	var decimals []float64
	var wholes []int64
	for _, v := range values {
		n, ok := number(v)
		switch {
		case !ok:
		case f.decimal != "":
			decimals = append(decimals, n)
		default:
			if i, exact := whole(v); exact {
				wholes = append(wholes, i)
			}
		}
	}
	if f.decimal != "" {
		return c.inList(f.decimal, decimals, "DOUBLE PRECISION", len(decimals))
	}
	slices.Sort(wholes)
	return c.inList(f.number, wholes, "BIGINT", len(wholes))
}

// manyTexts compares without regard to case, texts of ASCII letters apart from
// others: see lower.
func (c *condition) manyTexts(f field, values []any) string {
	var plain, others []string
	for _, v := range values {
		s, ok := v.(string)
		if !ok {
			continue
		}
		s = strings.ToLower(clean(s))
		if strings.ContainsFunc(s, func(r rune) bool { return r > 127 }) {
			others = append(others, s)
		} else {
			plain = append(plain, s)
		}
	}
	var texts []string
	if len(plain) > 0 {
		column := f.text
		if !f.lowered {
			column = c.db.lower(f.text, "")
		}
		texts = append(texts, c.inList(column, plain, "TEXT", len(plain)))
	}
	if len(others) > 0 {
		texts = append(texts, c.inList(c.db.lower(f.text, others[0]), others, "TEXT", len(others)))
	}
	return either(texts, -1)
}

func (c *condition) inList(column string, list any, kind string, n int) string {
	if n == 0 {
		return never
	}
	text, err := json.Marshal(list)
	if err != nil { // of numbers and texts there is none
		return never
	}
	p := c.parameter(string(text))
	if c.db.driver == postgresDialect {
		return column + " IN (SELECT CAST(json_array_elements_text(CAST(" + p + " AS json)) AS " + kind + "))"
	}
	return column + " IN (SELECT value FROM json_each(" + p + "))"
}

// between returns the condition that a column is from one value to another.
func (c *condition) between(f field, values []any) string {
	if len(values) != 2 {
		return never
	}
	var texts [2]string
	for i, op := range []harrier.Op{harrier.Ge, harrier.Le} {
		if f.text != "" {
			texts[i] = c.textual(f.text, op, values[i])
		} else {
			texts[i] = c.numeric(f, op, values[i])
		}
	}
	switch {
	case texts[0] == never || texts[1] == never:
		return never
	case texts[0] == always:
		return texts[1]
	case texts[1] == always:
		return texts[0]
	}
	return "(" + texts[0] + " AND " + texts[1] + ")"
}
