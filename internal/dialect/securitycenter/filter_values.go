package securitycenter

import (
	"encoding/json"
	"strings"

	"github.com/harrier-scan/harrier/internal/asset/members"
)

// items are the single values: of a text with commas or lines, of a list, of an
// object with an id, of a list of such objects.
func (t term) items() ([]string, error) {
	var v any
	if err := json.Unmarshal(t.value, &v); err != nil && len(t.value) > 0 {
		return nil, t.bad("not JSON")
	}
	out, ok := members.Items(v)
	switch {
	case !ok:
		return nil, fault(codeInvalid, 0, "The value for Filter \"%s\" contains a record without a numeric 'id' field.", t.name)
	case len(out) > maxFilterItems:
		return nil, t.bad("more than %d values", maxFilterItems)
	}
	return out, nil
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
