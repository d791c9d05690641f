package securitycenter

import (
	"encoding/json"
	"strconv"
	"strings"
)

// items are the single values: of a text with commas or lines, of a list, of an
// object with an id, of a list of such objects.
func (t term) items() ([]string, error) {
	var v any
	if err := json.Unmarshal(t.value, &v); err != nil && len(t.value) > 0 {
		return nil, t.bad("not JSON")
	}
	out, ok := itemsOf(v, 0)
	switch {
	case !ok:
		return nil, fault(codeInvalid, 0, "The value for Filter \"%s\" contains a record without a numeric 'id' field.", t.name)
	case len(out) > maxFilterItems:
		return nil, t.bad("more than %d values", maxFilterItems)
	}
	return out, nil
}

func itemsOf(v any, depth int) (out []string, ok bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
		return out, true
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}, true
	case bool:
		return []string{strconv.FormatBool(v)}, true
	case []any:
		for _, one := range v {
			part, ok := itemsOf(one, depth+1)
			if !ok || depth > 2 {
				return nil, false
			}
			out = append(out, part...)
		}
		return out, true
	case map[string]any:
		part, ok := itemsOf(v["id"], depth+1)
		if !ok || len(part) != 1 || depth > 2 {
			return nil, false
		}
		if _, err := strconv.ParseInt(part[0], 10, 64); err != nil {
			return nil, false
		}
		return part, true
	}
	return nil, false
}

// text is the value as one text.
func (t term) text() (string, error) {
	var s string
	if json.Unmarshal(t.value, &s) == nil {
		return strings.TrimSpace(s), nil
	}
	list, err := t.items()
	return strings.Join(list, ","), err
}

func (t term) truth() (bool, error) {
	s, err := t.text()
	if err != nil {
		return false, err
	}
	switch strings.ToLower(s) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, t.bad("%q is neither true nor false", cut(s, 64))
}
