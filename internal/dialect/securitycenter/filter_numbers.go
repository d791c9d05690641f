package securitycenter

import (
	"math"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
)

// numberOf reads numbers, lists of them and ranges: "1,5-7".
func numberOf(field string, high int64) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		list, err := t.items()
		if err != nil {
			return nil, err
		}
		if t.op == ">=" || t.op == "<=" {
			if len(list) != 1 {
				return nil, t.bad("one number is needed")
			}
			n, err := strconv.ParseInt(list[0], 10, 64)
			if err != nil {
				return nil, t.bad("%q is not a number", cut(list[0], 64))
			}
			return eq(field, harrier.Op(t.op), n), nil
		}
		e, err := members.Numbers(field, list, high, t.bad)
		if err != nil {
			return nil, err
		}
		return t.negated(e), nil
	}
}

func portOf(protocol string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		e, err := numberOf("port", 65535)(t)
		return harrier.And{eq("protocol", harrier.Eq, protocol), e}, err
	}
}

// protocols are the numbers of the protocols that findings have.
var protocols = map[string]string{
	"6": "tcp", "17": "udp", "1": "icmp", "58": "icmp", "132": "sctp",
	"tcp": "tcp", "udp": "udp", "icmp": "icmp", "sctp": "sctp",
}

func (t term) protocol() (harrier.Expr, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	var values []any
	for _, s := range list {
		p, ok := protocols[strings.ToLower(s)]
		if !ok {
			if _, err := strconv.ParseUint(s, 10, 8); err != nil && !strings.EqualFold(s, "unknown") {
				return nil, t.bad("%q is not a protocol", cut(s, 64))
			}
			p = ""
		}
		values = append(values, p)
	}
	return t.negated(eq("protocol", harrier.Eq, values...)), nil
}

// scoreOf reads a score, a range of scores, or "none". Without a field nothing
// has a score.
func scoreOf(field string) func(term) (harrier.Expr, error) {
	return func(t term) (harrier.Expr, error) {
		s, err := t.text()
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(s, "none") {
			if field == "" {
				return everything, nil
			}
			return harrier.Not{Of: eq(field, harrier.Gt, 0.0)}, nil
		}
		a, b, isRange := strings.Cut(s, "-")
		if !isRange {
			b = a
		}
		from, err1 := strconv.ParseFloat(strings.TrimSpace(a), 64)
		to, err2 := strconv.ParseFloat(strings.TrimSpace(b), 64)
		switch {
		case err1 != nil || err2 != nil || !(from <= to) || from < 0 || math.IsInf(to, 0) || isRange && t.op != "=":
			return nil, t.bad("%q is neither a score nor a range of scores", cut(s, 64))
		case field == "":
			return nothing, nil
		case t.op != "=":
			return eq(field, harrier.Op(t.op), from), nil
		}
		// Scores are kept as single floats by one database.
		const near = 1e-4
		return harrier.And{eq(field, harrier.Ge, from-near), eq(field, harrier.Le, to+near)}, nil
	}
}
