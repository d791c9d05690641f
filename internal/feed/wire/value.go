package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

// String is a string, or "" where the publisher wrote another kind of value.
type String string

// UnmarshalJSON takes any value.
func (t *String) UnmarshalJSON(b []byte) error {
	*t = ""
	switch {
	case len(b) < 2 || b[0] != '"':
		return nil
	case bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b): // most are: nothing to resolve
		*t = String(b[1 : len(b)-1])
		return nil
	}
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = String(s)
	}
	return nil
}

// Strings are the strings of an array, or the one that stands for it. What is no
// string is left out.
type Strings []string

// UnmarshalJSON takes any value.
func (t *Strings) UnmarshalJSON(b []byte) error {
	*t = nil
	var one String
	if len(b) > 0 && b[0] == '"' && one.UnmarshalJSON(b) == nil && one != "" {
		*t = Strings{string(one)}
		return nil
	}
	var many []String
	if len(b) > 0 && b[0] == '[' && json.Unmarshal(b, &many) == nil {
		for _, s := range many {
			if s != "" {
				*t = append(*t, string(s))
			}
		}
	}
	return nil
}

// Number is a number that some write as one and others as a string.
type Number float64

// UnmarshalJSON answers Invalid for what is neither.
func (n *Number) UnmarshalJSON(data []byte) error {
	s := string(data)
	if len(s) >= 2 && s[0] == '"' {
		if err := json.Unmarshal(data, &s); err != nil {
			return Broken(err)
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return harrier.Errorf(harrier.Invalid, "%.40q is no number", s)
	}
	*n = Number(v)
	return nil
}
