package securitycenter

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/harrier-scan/harrier/internal/asset/members"

	"github.com/harrier-scan/harrier"
)

// textOf reads one text: "=" takes * for any characters.
func textOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil {
			return nil, err
		}
		return t.textual(field, s)
	}
}

func (t term) textual(field, s string) (harrier.Expr, error) {
	switch {
	case len(s) > 4096:
		return nil, t.bad("longer than 4096 bytes")
	case t.op == "pcre":
		p, err := members.Pattern(s)
		if err != nil {
			return nil, t.bad("%q is not a regular expression", cut(s, 64))
		}
		return eq(field, harrier.Like, p), nil
	case t.op == "~=":
		return eq(field, harrier.Contains, s), nil
	case strings.Contains(s, "*"):
		p := "^" + strings.ReplaceAll(regexp.QuoteMeta(s), `\*`, ".*") + "$"
		if len(p) > maxPattern {
			return nil, t.bad("longer than %d bytes", maxPattern)
		}
		return t.negated(eq(field, harrier.Like, p)), nil
	}
	return t.negated(eq(field, harrier.Eq, s)), nil
}

// maxPattern bounds regular expressions, in bytes.
const maxPattern = 500

// listOf reads a list of texts for "=" and "!=", one text otherwise.
func listOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		if t.op == "~=" || t.op == "pcre" {
			return textOf(field)(t)
		}
		list, err := t.items()
		if err != nil {
			return nil, err
		}
		var values []any
		for _, s := range list {
			if len(s) > 4096 {
				return nil, t.bad("longer than 4096 bytes")
			}
			values = append(values, s)
		}
		return t.negated(eq(field, harrier.Eq, values...)), nil
	}
}

// memberOf is listOf for a field that is the JSON of a list of texts.
func memberOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		if t.op == "~=" || t.op == "pcre" {
			return textOf(field)(t)
		}
		list, err := t.items()
		if err != nil {
			return nil, err
		}
		var values []any
		for _, s := range list {
			quoted, err := json.Marshal(s)
			if err != nil || len(quoted) > 4096 {
				return nil, t.bad("%q is too long", cut(s, 64))
			}
			values = append(values, string(quoted))
		}
		return t.negated(eq(field, harrier.Contains, values...)), nil
	}
}

func containsIn(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil || len(s) > 4096 {
			return nil, t.bad("no text")
		}
		return eq(field, harrier.Contains, s), nil
	}
}

// xref reads a type, a bar and an id, in which * stands for any characters, as
// "IAVA|20*", "CWE|79", "RHSA|2024:*"; a list of them; or a text.
func (t term) xref() (harrier.Expr, error) {
	if t.op == "~=" || t.op == "pcre" {
		return textOf("aliases")(t)
	}
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var some harrier.Or
	for _, s := range list {
		kind, id, ok := strings.Cut(s, "|")
		if !ok {
			kind, id, _ = strings.Cut(s, ":")
		}
		id = strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(id)), `\*`, `[^",]*`)
		if len(id) > maxPattern/2 || len(kind) > 64 {
			return nil, t.bad("%q is too long", cut(s, 64))
		}
		switch kind = strings.TrimSpace(kind); {
		case strings.EqualFold(kind, "CWE"):
			some = append(some, eq("cwes", harrier.Like, `[\[,]`+id+`[\],]`))
		case strings.EqualFold(kind, "CVE"):
			some = append(some, eq("cve", harrier.Like, `^(CVE-)?`+id+`$`))
		default:
			some = append(some, eq("aliases", harrier.Like, `"`+regexp.QuoteMeta(kind)+`[-:# ]?`+id+`"`))
		}
	}
	return t.negated(some), nil
}
