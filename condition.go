package harrier

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Condition is an Expr that can be kept as JSON: {"and":[…]}, {"or":[…]},
// {"not":…}, {"has":…}, {"asset":…} or {"field":…,"op":…,"values":[…]}; null holds for
// everything.
type Condition struct{ Expr Expr }

// IsZero reports whether c holds for everything because nothing was said.
func (c Condition) IsZero() bool { return c.Expr == nil }

// maxConditionDepth bounds what is read.
const maxConditionDepth = 32

type conditionJSON struct {
	And    *[]json.RawMessage `json:"and,omitempty"`
	Or     *[]json.RawMessage `json:"or,omitempty"`
	Not    json.RawMessage    `json:"not,omitempty"`
	Has    json.RawMessage    `json:"has,omitempty"`
	Asset  json.RawMessage    `json:"asset,omitempty"`
	Field  string             `json:"field,omitempty"`
	Op     Op                 `json:"op,omitempty"`
	Values []json.RawMessage  `json:"values,omitempty"`
}

// MarshalJSON writes c. It answers Invalid for values of other types than those
// of a Cmp.
func (c Condition) MarshalJSON() ([]byte, error) {
	var out conditionJSON
	var err error
	switch e := c.Expr.(type) {
	case nil:
		return []byte("null"), nil
	case And:
		out.And, err = conditionList(e)
	case Or:
		out.Or, err = conditionList(e)
	case Not:
		out.Not, err = Condition{e.Of}.MarshalJSON()
	case Has:
		out.Has, err = Condition{e.Of}.MarshalJSON()
	case OfAsset:
		out.Asset, err = Condition{e.Of}.MarshalJSON()
	case Cmp:
		out.Field, out.Op = e.Field, e.Op
		for _, v := range e.Values {
			var text []byte
			if text, err = conditionValue(v); err != nil {
				break
			}
			out.Values = append(out.Values, text)
		}
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func conditionList(list []Expr) (*[]json.RawMessage, error) {
	out := make([]json.RawMessage, len(list))
	for i, e := range list {
		var err error
		if out[i], err = (Condition{e}).MarshalJSON(); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// conditionValue writes a value so that its type comes back: a float64 always
// has a point or an exponent.
func conditionValue(v any) ([]byte, error) {
	switch v := v.(type) {
	case int64, string, bool:
		return json.Marshal(v)
	case float64:
		text, err := json.Marshal(v)
		if err == nil && !bytes.ContainsAny(text, ".e") {
			text = append(text, ".0"...)
		}
		return text, err
	}
	return nil, Errorf(Invalid, "a condition can not have a value of type %T", v)
}

// UnmarshalJSON reads what MarshalJSON writes. It answers Invalid for anything
// else.
func (c *Condition) UnmarshalJSON(text []byte) error {
	e, err := readCondition(text, 0)
	c.Expr = e
	return err
}

func readCondition(text []byte, depth int) (Expr, error) {
	var in conditionJSON
	if depth > maxConditionDepth {
		return nil, Errorf(Invalid, "the condition is nested too deeply")
	}
	if string(bytes.TrimSpace(text)) == "null" {
		return nil, nil
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, Errorf(Invalid, "the condition can not be read").Because(err)
	}
	switch {
	case in.And != nil:
		list, err := readConditions(*in.And, depth)
		return And(list), err
	case in.Or != nil:
		list, err := readConditions(*in.Or, depth)
		return Or(list), err
	case len(in.Not) > 0:
		of, err := readCondition(in.Not, depth+1)
		return Not{of}, err
	case len(in.Has) > 0:
		of, err := readCondition(in.Has, depth+1)
		return Has{of}, err
	case len(in.Asset) > 0:
		of, err := readCondition(in.Asset, depth+1)
		return OfAsset{of}, err
	case in.Field == "":
		return nil, Errorf(Invalid, "the condition names no field")
	}
	out := Cmp{Field: in.Field, Op: in.Op}
	for _, v := range in.Values {
		value, err := readConditionValue(string(bytes.TrimSpace(v)))
		if err != nil {
			return nil, err
		}
		out.Values = append(out.Values, value)
	}
	return out, nil
}

func readConditions(list []json.RawMessage, depth int) ([]Expr, error) {
	out := make([]Expr, len(list))
	for i, text := range list {
		var err error
		if out[i], err = readCondition(text, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readConditionValue(text string) (any, error) {
	var err error
	switch {
	case text == "true" || text == "false":
		return text == "true", nil
	case strings.HasPrefix(text, `"`):
		var s string
		err = json.Unmarshal([]byte(text), &s)
		return s, err
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, Errorf(Invalid, "%s is not a value of a condition", text)
	}
	return f, nil
}
