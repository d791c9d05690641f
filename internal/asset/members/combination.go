package members

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// combination is set algebra of asset lists.
type combination struct {
	ID       json.RawMessage `json:"id"`
	Operator string          `json:"operator"`
	First    json.RawMessage `json:"operand1"`
	Second   json.RawMessage `json:"operand2"`
}

// Combination reads set algebra of asset lists, each of which list gives. It
// answers Invalid, and whatever list does.
func Combination(b []byte, list func(harrier.ID) (harrier.Expr, error)) (harrier.Expr, error) {
	return combine(b, 0, list)
}

func combine(b []byte, depth int, list func(harrier.ID) (harrier.Expr, error)) (harrier.Expr, error) {
	if depth > MaxDepth {
		return nil, bad("The combination is nested more than %d deep.", MaxDepth)
	}
	var c combination
	if err := json.Unmarshal(b, &c); err != nil {
		n, ok := idIn(b)
		if !ok {
			return nil, bad("A combination needs operator, operand1 and operand2.")
		}
		return list(n)
	}
	if c.Operator == "" {
		n, ok := idIn(c.ID)
		if !ok {
			return nil, bad("A combination contains a record without a numeric 'id' field.")
		}
		return list(n)
	}
	first, err := combine(c.First, depth+1, list)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(c.Operator, "complement") {
		return harrier.Not{Of: first}, nil
	}
	second, err := combine(c.Second, depth+1, list)
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
	return nil, bad("'%s' is not an operator (union, intersection, complement, difference).", cut(c.Operator, 32))
}

// idIn reads a number that may be written as a text.
func idIn(b []byte) (harrier.ID, bool) {
	text := string(b)
	if json.Unmarshal(b, &text) != nil {
		text = string(b)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return harrier.ID(n), err == nil && n >= 0
}

// Parts are the lists that l is made of, directly; none but for a combination.
func Parts(l harrier.AssetList) []harrier.ID {
	if l.Kind != "combination" {
		return nil
	}
	var out []harrier.ID
	_, _ = Combination([]byte(l.Definition), func(id harrier.ID) (harrier.Expr, error) { // it was read before
		out = append(out, id)
		return Everything, nil
	})
	return out
}
