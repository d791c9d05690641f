package members

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

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
		return nil, bad("rules is not a tree of groups and clauses.")
	}
	clauses := 0
	return r.expr(0, &clauses, now)
}

func (r rule) expr(depth int, clauses *int, now time.Time) (harrier.Expr, error) {
	if *clauses++; *clauses > maxClauses || depth > MaxDepth {
		return nil, bad("rules has more than %d clauses or is nested more than %d deep.", maxClauses, MaxDepth)
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
		return nil, bad("A group of rules needs children.")
	case strings.EqualFold(r.Operator, "all"):
		return harrier.And(parts), nil
	case strings.EqualFold(r.Operator, "any"):
		return harrier.Or(parts), nil
	}
	return nil, bad("'%s' is not an operator of a group (all, any).", cut(r.Operator, 32))
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
		return nil, bad("The rule '%s' '%s' is invalid.", cut(r.Filter, 32), cut(r.Operator, 32))
	}
	v := value{r.Filter, r.Value}
	list, err := v.items()
	if err != nil {
		return nil, err
	}
	lacks := op == harrier.Ne
	if lacks {
		op = harrier.Eq
	}
	e, err := v.compare(f.field, f.kind, op, list, now)
	if err != nil {
		return nil, err
	}
	of := harrier.And{e}
	switch strings.ToLower(r.Filter) {
	case "tcpport":
		of = append(of, cmp("protocol", harrier.Eq, "tcp"))
	case "udpport":
		of = append(of, cmp("protocol", harrier.Eq, "udp"))
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
	v := value{"pluginIDConstraint", r.Constraint}
	list, err := v.items()
	if err != nil || len(list) == 0 || slices.Contains(list, "-1") {
		return nil, err
	}
	return v.numbers("vulnerability", 1<<31-1)
}

// compare is the condition that a field of some kind compares so.
func (v value) compare(field, kind string, op harrier.Op, list []string, now time.Time) (harrier.Expr, error) {
	text, err := v.text()
	if err != nil {
		return nil, err
	}
	switch {
	case kind == "text" && op == harrier.Like:
		return v.like(field, text)
	case kind == "text" && op == harrier.Contains:
		return v.contains(field, text)
	case kind == "text" && op == harrier.Eq:
		return cmp(field, harrier.Eq, text), nil
	case kind == "address" && op == harrier.Eq:
		return v.addresses()
	case kind == "address" && op == harrier.Contains && len(text) < 64:
		return cmp(field, harrier.Contains, text), nil
	case kind == "bool" && op == harrier.Eq:
		return v.exploit()
	case kind == "number" && (op == harrier.Eq || op == harrier.Contains):
		return v.numbers(field, 1<<31-1)
	case (kind == "number" || kind == "days") && len(list) == 1 && op != harrier.Like && op != harrier.Contains:
		n, err := strconv.ParseInt(list[0], 10, 64)
		if err != nil || n < 0 || n > 1<<31-1 {
			return nil, v.bad("%q is not a number", cut(list[0], 64))
		}
		if kind == "number" {
			return cmp(field, op, n), nil
		}
		if n > maxDays {
			return nil, v.bad("%d days are too many", n)
		}
		return daysAgo(field, op, n, now), nil
	}
	return nil, v.bad("the operator does not fit")
}

// maxDays bounds how far back a rule counts.
const maxDays = 365 * 200

// daysAgo compares how many days ago an instant was with n.
func daysAgo(field string, op harrier.Op, n int64, now time.Time) harrier.Expr {
	at := func(days int64) int64 { return now.Add(-time.Duration(days) * 24 * time.Hour).UnixMicro() }
	switch op {
	case harrier.Lt, harrier.Le:
		return cmp(field, harrier.Ge, at(n))
	case harrier.Gt, harrier.Ge:
		return cmp(field, harrier.Lt, at(n))
	default: // within that day
		return harrier.And{cmp(field, harrier.Ge, at(n+1)), cmp(field, harrier.Lt, at(n))}
	}
}
