// Package search reads the search language: conditions on assets, on the
// findings of assets and on the catalogue of vulnerabilities, as people and
// clients write them. docs/search.md describes the language; its source is
// section 10 of insightvm-api.md.
//
// Reading takes time and memory in proportion to the text. The answer is a
// harrier.Expr in the model's fields: SQL, the copy in memory and
// harrier.Matches all understand it.
package search

import (
	"fmt"
	"time"

	"github.com/harrier-scan/harrier"
)

// Bounds of an expression. Beyond them it is refused.
const (
	MaxText    = 1 << 20 // bytes
	MaxValues  = 20_000  // in one list
	MaxDepth   = 100     // parentheses within one another
	MaxParts   = 20_000  // comparisons; those of one field that OR joins are one list
	MaxNodes   = 900     // comparisons of fields of the model, and what joins them
	MaxPattern = 500     // bytes of a regular expression
)

// Options say how an expression is meant.
type Options struct {
	Now time.Time // the instant of the question; zero: time.Now
	// Server begins the ids of assets that are texts with their number behind it:
	// those of other consoles are nobody's. "" takes all for its own.
	Server string
}

// The reasons of an Error.
const (
	Syntax   = "syntax"   // the text is no expression
	Field    = "field"    // there is no such field, or not here
	Operator = "operator" // the operator does not fit the field
	Value    = "value"    // the value does not fit the field
	Limit    = "limit"    // the text is longer, deeper or has more parts than the bounds allow
)

// Error says what is wrong with an expression, and where. Its kind is
// harrier.Invalid.
type Error struct {
	Text     string // "Unknown field: foo at 12"
	Position int    // the byte of the expression, from 0
	Reason   string // one of the reasons
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns e as an error of the model, whose kind is Invalid.
func (e *Error) Unwrap() error { return harrier.Errorf(harrier.Invalid, "%s", e.Text) }

func fail(reason string, at int, format string, args ...any) *Error {
	return &Error{Text: fmt.Sprintf(format, args...) + fmt.Sprintf(" at %d", at), Position: at, Reason: reason}
}

// Assets reads an expression over assets to a condition on assets. Comparisons
// of vulnerabilities in it become harrier.Has: the asset has an open finding
// for which they hold; those that AND joins must hold for one and the same
// finding. An empty expression is nil, which holds for everything. It answers
// an Error.
func Assets(text string, o Options) (harrier.Expr, error) { return read(text, ofAssets, o) }

// Findings reads an expression over vulnerabilities and findings to a condition
// on findings: the "vulnerability" member of an asset search. It answers like
// Assets.
func Findings(text string, o Options) (harrier.Expr, error) { return read(text, ofFindings, o) }

// Vulnerabilities reads an expression over the catalogue to a condition on
// definitions. It answers like Assets.
func Vulnerabilities(text string, o Options) (harrier.Expr, error) {
	return read(text, ofCatalogue, o)
}

func read(text string, in domain, o Options) (harrier.Expr, error) {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	tree, err := parse(text)
	if tree == nil || err != nil {
		return nil, asError(err)
	}
	e, err := compiler{in: in, now: o.Now, server: o.Server}.expr(tree)
	if err != nil {
		return nil, asError(err)
	}
	if whole := e.whole(); nodes(whole) <= MaxNodes {
		return whole, nil
	}
	return nil, fail(Limit, 0, "The expression has too many different comparisons")
}

// nodes counts the parts of a condition.
func nodes(e harrier.Expr) int {
	list := func(parts []harrier.Expr) int {
		n := 1
		for _, p := range parts {
			n += nodes(p)
		}
		return n
	}
	switch e := e.(type) {
	case harrier.And:
		return list(e)
	case harrier.Or:
		return list(e)
	case harrier.Not:
		return 1 + nodes(e.Of)
	case harrier.Has:
		return 1 + nodes(e.Of)
	}
	return 1
}

// asError keeps a nil *Error from becoming an error.
func asError(err *Error) error {
	if err == nil {
		return nil
	}
	return err
}
