package kit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Int is a whole number that may arrive as a JSON number, as text ("3") or as
// a boolean. Empty text and null are zero.
type Int int64

// UnmarshalJSON reads any of the forms of an Int.
func (n *Int) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil {
		return err
	}
	v, err := parseInt(s)
	if err != nil {
		return err
	}
	*n = Int(v)
	return nil
}

func parseInt(s string) (int64, error) {
	switch s = strings.TrimSpace(s); s {
	case "", "false":
		return 0, nil
	case "true":
		return 1, nil
	}
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		return v, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, fmt.Errorf("%s is not a whole number", strconv.Quote(shorten(s)))
	}
	return int64(f), nil
}

// Bool is a truth value that may arrive as a JSON boolean, as a number or as
// text: yes, no, true, false, on, off, 1, 0. Empty text and null are false.
type Bool bool

// UnmarshalJSON reads any of the forms of a Bool.
func (v *Bool) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	if err != nil {
		return err
	}
	t, err := ParseBool(s)
	if err != nil {
		return err
	}
	*v = Bool(t)
	return nil
}

// ParseBool reads the text forms of a Bool, in any case. It answers a plain
// error for anything else.
func ParseBool(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "true", "on", "1", "enabled":
		return true, nil
	case "", "no", "false", "off", "0", "disabled":
		return false, nil
	}
	return false, fmt.Errorf("%s is not a yes or a no", strconv.Quote(shorten(s)))
}

// Text is text that may also arrive as a JSON number or boolean; null is "".
type Text string

// UnmarshalJSON reads any of the forms of a Text.
func (t *Text) UnmarshalJSON(b []byte) error {
	s, err := scalar(b)
	*t = Text(s)
	return err
}

// Texts is a list of texts that may also arrive as a single one; null is nil.
type Texts []string

// UnmarshalJSON reads any of the forms of a Texts.
func (t *Texts) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '[' {
		var list []Text
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		*t = make(Texts, len(list))
		for i, s := range list {
			(*t)[i] = string(s)
		}
		return nil
	}
	s, err := scalar(b)
	if err != nil {
		return err
	}
	if *t = nil; s != "" {
		*t = Texts{s}
	}
	return nil
}

// Ints is a list of whole numbers that may also arrive as a single one; null is
// nil.
type Ints []Int

// UnmarshalJSON reads any of the forms of an Ints.
func (n *Ints) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '[' {
		var list []Int
		err := json.Unmarshal(b, &list)
		*n = list
		return err
	}
	if string(b) == "null" {
		*n = nil
		return nil
	}
	var one Int
	err := json.Unmarshal(b, &one)
	*n = Ints{one}
	return err
}

// Scalar returns a JSON text, number or boolean as text, and null as "". The
// second result is false for an object, a list and what is no JSON.
func Scalar(b []byte) (string, bool) {
	s, err := scalar(b)
	return s, err == nil
}

func scalar(b []byte) (string, error) {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0:
		return "", fmt.Errorf("nothing where a value should be")
	case string(b) == "null":
		return "", nil
	case b[0] == '"':
		var s string
		err := json.Unmarshal(b, &s)
		return s, err
	case b[0] == '{':
		return "", fmt.Errorf("an object where a single value should be")
	case b[0] == '[':
		return "", fmt.Errorf("a list where a single value should be")
	case !json.Valid(b):
		return "", fmt.Errorf("no JSON value")
	}
	return string(b), nil
}

func shorten(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
