package store

import (
	"errors"
	"regexp"
	"strings"
	"sync"
)

// matchFunction is Go's regexp in SQL.
const matchFunction = "harrier_match"

// maxPattern bounds what a regular expression may be: PostgreSQL's own engine
// is not linear for long ones.
const maxPattern = 512

// errTooLong is what compilePattern answers beyond maxPattern.
var errTooLong = errors.New("the expression is too long")

// patterns holds what was compiled last: SQL asks for the same one per row.
var patterns struct {
	sync.Mutex
	text string
	re   *regexp.Regexp
}

func compilePattern(s string) (*regexp.Regexp, error) {
	patterns.Lock()
	defer patterns.Unlock()
	if patterns.re != nil && patterns.text == s {
		return patterns.re, nil
	}
	if len(s) > maxPattern {
		return nil, errTooLong
	}
	re, err := regexp.Compile("(?i)" + s)
	if err != nil {
		return nil, err
	}
	patterns.text, patterns.re = s, re
	return re, nil
}

// matches returns the condition that a column matches a regular expression,
// without regard to case.
func (db *DB) matches(column, pattern string, with any) string {
	if db.driver == sqliteDialect {
		return matchFunction + "(" + column + ", " + pattern + ")"
	}
	if s, _ := with.(string); strings.ContainsFunc(s, func(r rune) bool { return r > 127 }) {
		column += ` COLLATE "und-x-icu"`
	}
	return column + " ~* " + pattern
}

// inBody returns a member of the JSON of a vulnerability as text.
func (db *DB) inBody(name string) string { return db.inJSON("body", name) }

// inJSON returns a member of the JSON in a column as text, "" where it has none.
func (db *DB) inJSON(column, name string) string {
	if db.driver == sqliteDialect {
		return "coalesce(json_extract(" + column + ", '$." + name + "'), '')"
	}
	return "coalesce(" + column + "::jsonb ->> '" + name + "', '')"
}

// numberInBody returns a member of the JSON of a vulnerability as a number, 0
// where it has none.
func (db *DB) numberInBody(name string) string {
	if db.driver == sqliteDialect {
		return "coalesce(CAST(json_extract(body, '$." + name + "') AS REAL), 0)"
	}
	return "coalesce(CAST(body::jsonb ->> '" + name + "' AS DOUBLE PRECISION), 0)"
}
