package securitycenter

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// pick leaves of the members of v, an object or a list of objects, those that
// fields and always name; all for no fields. Names that v does not have are
// passed over.
//
// Source: section 3.2.
func pick(v any, fields []string, always ...string) any {
	if len(fields) == 0 {
		return v
	}
	return picked{v, append(slices.Clone(fields), always...)}
}

// picked is a value of which only some members are shown.
type picked struct {
	of   any
	want []string
}

// MarshalJSON writes the wanted members in the order in which v has them.
func (p picked) MarshalJSON() ([]byte, error) {
	list := reflect.ValueOf(p.of)
	if list.Kind() != reflect.Slice {
		return p.object(p.of)
	}
	out := []byte("[")
	for i := range list.Len() {
		if i > 0 {
			out = append(out, ',')
		}
		one, err := p.object(list.Index(i).Interface())
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return append(out, ']'), nil
}

func (p picked) object(v any) ([]byte, error) {
	whole, err := kit.Marshal(v)
	if err != nil {
		return nil, err
	}
	in := json.NewDecoder(bytes.NewReader(whole))
	if start, err := in.Token(); err != nil || start != json.Delim('{') {
		return whole, err // nothing that has members
	}
	out := []byte("{")
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return nil, err
		}
		if !slices.Contains(p.want, name.(string)) { //nolint:forcetypeassert // a name is a text
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		quoted, err := kit.Marshal(name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, quoted...), ':'), value...)
	}
	return append(out, '}'), nil
}

// orEmpty is list, never null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// isAdmin reports whether by is an administrator of the installation, whom this
// API places outside of every organisation.
func isAdmin(by harrier.Actor) bool { return by.Role == harrier.Operator }
