package search

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// compiler turns a tree into a condition.
type compiler struct {
	in     domain
	now    time.Time
	server string // see Options
}

// part is a condition. In an expression over assets, vuln says that it is one on
// a finding, and not yet that the asset has such a finding: AND joins those.
type part struct {
	of   harrier.Expr
	vuln bool
}

// whole is the condition on what the expression is about.
func (p part) whole() harrier.Expr {
	if p.vuln {
		return harrier.Has{Of: p.of}
	}
	return p.of
}

func (c compiler) expr(n *node) (part, *Error) {
	switch n.join {
	case single:
		return c.compare(&n.predicate)
	case none:
		of, err := c.expr(n.parts[0])
		return part{of: harrier.Not{Of: of.whole()}}, err
	default: // all or any of them
	}
	var own, vulns []harrier.Expr
	for _, p := range n.parts {
		of, err := c.expr(p)
		if err != nil {
			return part{}, err
		}
		if of.vuln {
			vulns = append(vulns, of.of)
		} else {
			own = append(own, of.of)
		}
	}
	together := func(list []harrier.Expr) harrier.Expr {
		switch {
		case len(list) == 1:
			return list[0]
		case n.join == all:
			return harrier.And(list)
		}
		return joined(list)
	}
	switch {
	case len(own) == 0:
		return part{together(vulns), true}, nil
	case len(vulns) > 0:
		own = append(own, harrier.Has{Of: together(vulns)})
	}
	return part{of: together(own)}, nil
}

// joined is an Or in which the comparisons for equality with one field are one.
func joined(list []harrier.Expr) harrier.Expr {
	var out harrier.Or
	at := map[string]int{}
	var add func(list []harrier.Expr)
	add = func(list []harrier.Expr) {
		for _, e := range list {
			if inner, ok := e.(harrier.Or); ok {
				add(inner)
				continue
			}
			same, ok := e.(harrier.Cmp)
			if !ok || same.Op != harrier.Eq && same.Op != harrier.In {
				out = append(out, e)
				continue
			}
			key := string(same.Op) + same.Field
			i, met := at[key]
			if !met {
				at[key] = len(out)
				same.Values = slices.Clone(same.Values)
				out = append(out, same)
				continue
			}
			first := out[i].(harrier.Cmp) // nothing else stands there
			first.Values = append(first.Values, same.Values...)
			out[i] = first
		}
	}
	add(list)
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func (c compiler) compare(p *predicate) (part, *Error) {
	if p.op == anyMatch {
		return c.anywhere(p)
	}
	f, vuln, err := c.in.find(p.field)
	if err != nil {
		return part{}, err
	}
	if f.form == special {
		out, err := f.build(c, p)
		out.vuln = vuln && c.in == ofAssets
		return out, err
	}
	e, err := f.compare(p)
	return part{e, vuln && c.in == ofAssets}, err
}

// anywhere is the condition that some text of the object contains the value.
func (c compiler) anywhere(p *predicate) (part, *Error) {
	scope := strings.ToLower(p.field.text)
	fields, more := assetFields, []string{"uuid", "mac", "device_type"}
	switch {
	case scope == "asset" && c.in != ofAssets:
		return part{}, fail(Field, p.field.at, "Field of assets where only vulnerabilities can be asked for: %s", p.field.text)
	case scope != "" && scope != "asset" && scope != "vulnerability":
		return part{}, fail(Operator, p.at, "The operator ~> follows asset, vulnerability or nothing, not %s", cut(p.field.text))
	case scope == "vulnerability" || scope == "" && c.in != ofAssets:
		fields, more = definitionFields, []string{"slug"}
		if c.in != ofCatalogue {
			fields = bothFields
		}
	}
	vuln := c.in == ofAssets && scope == "vulnerability"
	if err := checkText(p.value[0]); err != nil {
		return part{}, err
	}
	// What groups an asset is in follows from conditions, not from its texts, and how
	// signing in went from records of scans.
	seen := map[string]bool{"group": true, "custom_tag": true, "owner_tag": true, "location_tag": true, "sign_in": true}
	var some harrier.Or
	for _, f := range fields {
		for _, model := range f.model {
			if (f.form == text || f.form == address && model == "address") && !seen[model] {
				seen[model] = true
				some = append(some, cmp(model, harrier.Contains, p.value[0].text))
			}
		}
	}
	for _, model := range more {
		some = append(some, cmp(model, harrier.Contains, p.value[0].text))
	}
	sortParts(some)
	return part{some, vuln}, nil
}

// bothFields are those of findings and of their vulnerabilities.
var bothFields = func() map[string]field {
	out := map[string]field{}
	for _, fields := range []map[string]field{definitionFields, findingFields} {
		for name, f := range fields {
			out[name] = f
		}
	}
	return out
}()

func cmp(field string, op harrier.Op, values ...any) harrier.Cmp {
	return harrier.Cmp{Field: field, Op: op, Values: values}
}

// refuse says that the operator does not fit the field.
func (p *predicate) refuse() *Error {
	return fail(Operator, p.at, "The operator %s does not fit %s", p.operatorName(), cut(p.field.text))
}

func (p *predicate) operatorName() string {
	switch {
	case p.op == equal && p.not:
		return "!="
	case p.op == null && p.not:
		return "IS NOT NULL"
	case p.not:
		return "NOT " + string(p.op)
	}
	return string(p.op)
}

// compare is the condition of a comparison with f.
func (f field) compare(p *predicate) (harrier.Expr, *Error) {
	positive := func(model string) (harrier.Expr, *Error) { return f.positive(model, p) }
	if f.form == address {
		positive = func(string) (harrier.Expr, *Error) { return f.within(p) }
	}
	models := f.model
	if f.form == address {
		models = models[:1]
	}
	var some harrier.Or
	for _, model := range models {
		if p.op == null {
			some = append(some, f.present(model))
			continue
		}
		e, err := positive(model)
		if err != nil {
			return nil, err
		}
		some = append(some, e)
	}
	var e harrier.Expr = some
	if len(some) == 1 {
		e = some[0]
	}
	if p.op == null {
		if p.not {
			return e, nil
		}
		return harrier.Not{Of: e}, nil
	}
	if !p.not {
		return e, nil
	}
	e = harrier.Not{Of: e}
	switch p.op {
	case equal, oneOf, contains:
		return e, nil
	default: // false of a missing value, like what it denies
		var is harrier.Or
		for _, model := range models {
			is = append(is, f.present(model))
		}
		return harrier.And{e, is}, nil
	}
}

// present is the condition that there is a value.
func (f field) present(model string) harrier.Expr {
	switch {
	case f.form == address && f.model[1] == "4":
		return cmp(model, harrier.In, "0.0.0.0-255.255.255.255")
	case f.form == address && f.model[1] == "6":
		// Without those between, which are the ones of version 4 in the other form.
		return cmp(model, harrier.In, "::-::fffe:ffff:ffff", "::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	case f.form == text || f.form == address:
		return cmp(model, harrier.Gt, "")
	case f.form == boolean:
		return cmp(model, harrier.Eq, true, false)
	case f.form == date || f.blank:
		return cmp(model, harrier.Gt, int64(0))
	}
	return cmp(model, harrier.Ge, int64(math.MinInt64))
}

// positive is the condition without NOT.
func (f field) positive(model string, p *predicate) (harrier.Expr, *Error) {
	switch f.form {
	case text:
		return f.text(model, p)
	case boolean:
		return f.boolean(model, p)
	case severity:
		return grade(model, p)
	case date:
		return f.date(model, p)
	default:
		return f.number(model, p)
	}
}

// guarded is e for a field whose value zero stands for none.
func (f field) guarded(model string, zero any, e harrier.Cmp) harrier.Expr {
	if (f.form == text || f.form == date || f.blank) && harrier.Matches(e, func(string) []any { return []any{zero} }) {
		return harrier.And{e, f.present(model)}
	}
	return e
}

// maxValue bounds one value, in bytes.
const maxValue = 4096

func checkText(v token) *Error {
	if len(v.text) > maxValue {
		return fail(Value, v.at, "The value is longer than %d bytes", maxValue)
	}
	return nil
}

func (f field) text(model string, p *predicate) (harrier.Expr, *Error) {
	ops := map[op]harrier.Op{
		equal: harrier.Eq, oneOf: harrier.Eq, contains: harrier.Contains, starts: harrier.Begins, ends: harrier.Ends, like: harrier.Like,
	}
	o, ok := ops[p.op]
	if !ok {
		return nil, p.refuse()
	}
	e := cmp(model, o)
	for _, v := range p.value {
		if err := checkText(v); err != nil {
			return nil, err
		}
		if o == harrier.Like {
			if err := checkPattern(v); err != nil {
				return nil, err
			}
		}
		e.Values = append(e.Values, v.text)
	}
	return f.guarded(model, "", e), nil
}

func checkPattern(v token) *Error {
	if len(v.text) > MaxPattern {
		return fail(Limit, v.at, "The regular expression is longer than %d bytes", MaxPattern)
	}
	if _, err := regexp.Compile("(?i)" + v.text); err != nil {
		return fail(Value, v.at, "%q is not a regular expression", cut(v.text))
	}
	return nil
}

func (f field) boolean(model string, p *predicate) (harrier.Expr, *Error) {
	if p.op != equal && p.op != oneOf {
		return nil, p.refuse()
	}
	e := cmp(model, harrier.Eq)
	for _, v := range p.value {
		switch strings.ToLower(v.text) {
		case "true", "yes", "1":
			e.Values = append(e.Values, true)
		case "false", "no", "0":
			e.Values = append(e.Values, false)
		default:
			return nil, fail(Value, v.at, "%q is neither true nor false", cut(v.text))
		}
	}
	return e, nil
}
