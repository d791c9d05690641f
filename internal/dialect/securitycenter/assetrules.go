package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// Bounds of asset rules: deeper or larger ones are refused.
const (
	maxRuleDepth = 12
	maxClauses   = 100
)

// allDefinedRanges is the asset list that every organisation has.
const allDefinedRanges harrier.ID = 0

// assetExpr is the condition that a finding's asset is in a list. It answers
// NotFound for a list that by may not see.
func (a api) assetExpr(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Expr, error) {
	return a.assetExprWithin(ctx, by, id, 0)
}

func (a api) assetExprWithin(ctx context.Context, by harrier.Actor, id harrier.ID, depth int) (harrier.Expr, error) {
	if id == allDefinedRanges {
		return everything, nil
	}
	if depth > maxRuleDepth { // also of a list that contains itself
		return nil, fault(codeInvalid, 0, "Asset #%d is nested too deeply.", id)
	}
	l, err := a.AssetLists.List(ctx, by, id)
	if err != nil {
		return nil, err
	}
	return a.listExpr(ctx, by, l, depth)
}

// listExpr is the condition that a finding's asset is in l.
func (a api) listExpr(ctx context.Context, by harrier.Actor, l harrier.AssetList, depth int) (harrier.Expr, error) {
	switch l.Kind {
	case "dnsname":
		var names []any
		for _, n := range definedItems(l.Definition) {
			names = append(names, n)
		}
		return harrier.Or{eq("fqdn", harrier.Eq, names...), eq("host", harrier.Eq, names...)}, nil
	case "dynamic":
		return readRule([]byte(l.Definition), a.Now())
	case "combination":
		return readCombination([]byte(l.Definition), 0, func(id harrier.ID) (harrier.Expr, error) {
			return a.assetExprWithin(ctx, by, id, depth+1)
		})
	}
	ranges, err := definedRanges(l.Definition)
	if err != nil {
		return nil, err
	}
	return eq("address", harrier.In, ranges...), nil
}

// definedItems are the items of definedIPs and definedDNSNames.
func definedItems(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' || r == ';' })
}

// definedRanges reads the grammar of definedIPs: addresses, networks and ranges,
// separated by commas, lines or blanks. It answers a fault that names the item
// that is wrong.
//
// Source: section 13.1.
func definedRanges(s string) ([]any, error) {
	var out []any
	for _, item := range definedItems(s) {
		text, ok := addressRange(item)
		if !ok {
			return nil, fault(codeInvalid, 0, "Invalid item '%s' in definedIPs.", cut(item, 64))
		}
		if out = append(out, text); len(out) > 10_000 {
			return nil, fault(codeInvalid, 0, "definedIPs has more than 10000 items.")
		}
	}
	return out, nil
}

// normalized is definedIPs as the API gives it back: the items as they were
// sent, separated by commas.
func normalized(s string) string { return strings.Join(definedItems(s), ",") }

func (t term) assets() (harrier.Expr, error) {
	if t.op == "~" {
		return readCombination(t.value, 0, t.asset)
	}
	if obj := bytes.TrimSpace(t.value); bytes.HasPrefix(obj, []byte("{")) && bytes.Contains(obj, []byte("operand1")) {
		return readCombination(t.value, 0, t.asset)
	}
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	if len(list) > maxClauses {
		return nil, t.bad("more than %d lists", maxClauses)
	}
	var some harrier.Or
	for _, s := range list {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return nil, t.bad("%q is not the id of an asset list", cut(s, 64))
		}
		e, err := t.asset(harrier.ID(n))
		if err != nil {
			return nil, err
		}
		some = append(some, e)
	}
	return t.negated(some), nil
}

// combination is set algebra of asset lists.
//
// Source: section 11.6, "assetID / asset".
type combination struct {
	ID       json.RawMessage `json:"id"`
	Operator string          `json:"operator"`
	First    json.RawMessage `json:"operand1"`
	Second   json.RawMessage `json:"operand2"`
}

func readCombination(b []byte, depth int, list func(harrier.ID) (harrier.Expr, error)) (harrier.Expr, error) {
	if depth > maxRuleDepth {
		return nil, fault(codeInvalid, 0, "The combination is nested more than %d deep.", maxRuleDepth)
	}
	var c combination
	if err := json.Unmarshal(b, &c); err != nil {
		var n kit.Int
		if n.UnmarshalJSON(b) != nil || n < 0 {
			return nil, fault(codeInvalid, 0, "A combination needs operator, operand1 and operand2.")
		}
		return list(harrier.ID(n))
	}
	if c.Operator == "" {
		var n kit.Int
		if n.UnmarshalJSON(c.ID) != nil || n < 0 || len(c.ID) == 0 {
			return nil, fault(codeInvalid, 0, "A combination contains a record without a numeric 'id' field.")
		}
		return list(harrier.ID(n))
	}
	first, err := readCombination(c.First, depth+1, list)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(c.Operator, "complement") {
		return harrier.Not{Of: first}, nil
	}
	second, err := readCombination(c.Second, depth+1, list)
	switch {
	case err != nil:
		return nil, err
	case strings.EqualFold(c.Operator, "union"):
		return harrier.Or{first, second}, nil
	case strings.EqualFold(c.Operator, "intersection"):
		return harrier.And{first, second}, nil
	case strings.EqualFold(c.Operator, "difference"):
		return harrier.And{first, harrier.Not{Of: second}}, nil
	}
	return nil, fault(codeInvalid, 0, "'%s' is not an operator (union, intersection, complement, difference).", cut(c.Operator, 32))
}

// rule is a group or a clause of a dynamic asset list.
//
// Source: section 13.1, "Dynamic rules".
type rule struct {
	Type       string          `json:"type"`
	Operator   string          `json:"operator"`
	Children   []rule          `json:"children"`
	Filter     string          `json:"filterName"`
	Value      json.RawMessage `json:"value"`
	Constraint json.RawMessage `json:"pluginIDConstraint"`
}

// readRule reads the tree of a dynamic list, whose days count back from now.
func readRule(b []byte, now time.Time) (harrier.Expr, error) {
	var r rule
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fault(codeInvalid, 0, "rules is not a tree of groups and clauses.")
	}
	clauses := 0
	return r.expr(0, &clauses, now)
}

func (r rule) expr(depth int, clauses *int, now time.Time) (harrier.Expr, error) {
	if *clauses++; *clauses > maxClauses || depth > maxRuleDepth {
		return nil, fault(codeInvalid, 0, "rules has more than %d clauses or is nested more than %d deep.", maxClauses, maxRuleDepth)
	}
	if r.Type == "clause" || r.Type == "" && r.Filter != "" {
		return r.clause(now)
	}
	var parts []harrier.Expr
	for _, c := range r.Children {
		e, err := c.expr(depth+1, clauses, now)
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
	}
	switch {
	case len(parts) == 0:
		return nil, fault(codeInvalid, 0, "A group of rules needs children.")
	case strings.EqualFold(r.Operator, "all"):
		return harrier.And(parts), nil
	case strings.EqualFold(r.Operator, "any"):
		return harrier.Or(parts), nil
	}
	return nil, fault(codeInvalid, 0, "'%s' is not an operator of a group (all, any).", cut(r.Operator, 32))
}

// ruleFields says what the names of clauses mean.
var ruleFields = map[string]struct{ field, kind string }{
	"dns": {"fqdn", "text"}, "mac": {"mac", "text"}, "os": {"os", "text"}, "uuid": {"uuid", "text"}, "ip": {"address", "address"},
	"netbioshost": {"netbios", "text"}, "netbiosworkgroup": {"netbios", "text"}, "plugintext": {"evidence", "text"},
	"exploitframeworks": {"exploits", "text"}, "xref": {"aliases", "text"}, "exploitavailable": {"exploit", "bool"},
	"sshv1": {"evidence", "text"}, "sshv2": {"evidence", "text"},
	"firstseen": {"first_seen", "days"}, "lastseen": {"last_seen", "days"},
	"pluginid": {"vulnerability", "number"}, "port": {"port", "number"}, "severity": {"severity", "number"},
	"tcpport": {"port", "number"}, "udpport": {"port", "number"},
}

var ruleOps = map[string]harrier.Op{
	"eq": harrier.Eq, "ne": harrier.Ne, "lt": harrier.Lt, "lte": harrier.Le, "gt": harrier.Gt, "gte": harrier.Ge,
	"contains": harrier.Contains, "regex": harrier.Like, "pcre": harrier.Like,
}

// clause is the condition that the host has a finding that the clause holds for;
// "ne" that it has none that it holds not for.
func (r rule) clause(now time.Time) (harrier.Expr, error) {
	f, known := ruleFields[strings.ToLower(r.Filter)]
	op, is := ruleOps[strings.ToLower(r.Operator)]
	if !known || !is {
		return nil, fault(codeInvalid, 0, "The rule '%s' '%s' is invalid.", cut(r.Filter, 32), cut(r.Operator, 32))
	}
	t := term{reading: reading{now: now}, name: r.Filter, op: "=", value: r.Value}
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	lacks := op == harrier.Ne
	if lacks {
		op = harrier.Eq
	}
	e, err := t.ruleCmp(f.field, f.kind, op, list)
	if err != nil {
		return nil, err
	}
	of := harrier.And{e}
	switch strings.ToLower(r.Filter) {
	case "tcpport":
		of = append(of, eq("protocol", harrier.Eq, "tcp"))
	case "udpport":
		of = append(of, eq("protocol", harrier.Eq, "udp"))
	}
	plugins, err := r.plugins()
	if err != nil {
		return nil, err
	}
	if plugins != nil {
		of = append(of, plugins)
	}
	if lacks {
		return harrier.Not{Of: harrier.Has{Of: of}}, nil
	}
	return harrier.Has{Of: of}, nil
}

// plugins is what pluginIDConstraint narrows a clause to; nil for all.
func (r rule) plugins() (harrier.Expr, error) {
	t := term{name: "pluginIDConstraint", op: "=", value: r.Constraint}
	list, err := t.items()
	if err != nil || len(list) == 0 || slices.Contains(list, "-1") {
		return nil, err
	}
	return numberOf("vulnerability", 1<<31-1)(t)
}

func (t term) ruleCmp(field, kind string, op harrier.Op, list []string) (harrier.Expr, error) {
	text, err := t.text()
	if err != nil {
		return nil, err
	}
	switch {
	case kind == "text" && op == harrier.Like:
		t.op = "pcre"
		return t.textual(field, text)
	case kind == "text" && op == harrier.Contains:
		t.op = "~="
		return t.textual(field, text)
	case kind == "text" && op == harrier.Eq:
		return eq(field, harrier.Eq, text), nil
	case kind == "address" && op == harrier.Eq:
		return t.addresses()
	case kind == "address" && op == harrier.Contains && len(text) < 64:
		return eq(field, harrier.Contains, text), nil
	case kind == "bool" && op == harrier.Eq:
		return t.exploit()
	case kind == "number" && (op == harrier.Eq || op == harrier.Contains):
		return numberOf(field, 1<<31-1)(t)
	case (kind == "number" || kind == "days") && len(list) == 1 && op != harrier.Like && op != harrier.Contains:
		n, err := strconv.ParseInt(list[0], 10, 64)
		if err != nil || n < 0 || n > 1<<31-1 {
			return nil, t.bad("%q is not a number", cut(list[0], 64))
		}
		if kind == "number" {
			return eq(field, op, n), nil
		}
		if n > maxDays {
			return nil, t.bad("%d days are too many", n)
		}
		return t.daysAgo(field, op, n), nil
	}
	return nil, t.bad("the operator does not fit")
}

// daysAgo compares how many days ago an instant was with n.
func (t term) daysAgo(field string, op harrier.Op, n int64) harrier.Expr {
	at := func(days int64) int64 { return t.now.Add(-time.Duration(days) * 24 * time.Hour).UnixMicro() }
	switch op {
	case harrier.Lt, harrier.Le:
		return eq(field, harrier.Ge, at(n))
	case harrier.Gt, harrier.Ge:
		return eq(field, harrier.Lt, at(n))
	default: // within that day
		return harrier.And{eq(field, harrier.Ge, at(n+1)), eq(field, harrier.Lt, at(n))}
	}
}
