package console

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// ReadFile reads a configuration file: one JSON object with the members of
// Options, each a text, a number, a list of texts or true and false. The values
// come back as the command line would have them. It answers one Invalid error
// that names every member that is unknown or of the wrong type.
func ReadFile(path string) (map[string]any, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, harrier.Invalidf("config", "%s can not be read", path).Because(err)
	}
	values := map[string]any{}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil || dec.More() {
		return nil, harrier.Invalidf("config", "%s is not one JSON object", path).Because(err)
	}
	var faults []error
	known := members()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		kind, ok := known[key]
		switch v := values[key].(type) {
		case string:
			ok = ok && kind == reflect.String
		case bool:
			ok = ok && kind == reflect.Bool
		case json.Number:
			_, err := v.Int64()
			ok = ok && kind == reflect.Int && err == nil
		case []any:
			ok = ok && kind == reflect.Slice && !slices.ContainsFunc(v, func(e any) bool { _, text := e.(string); return !text })
			if ok {
				values[key] = joined(v)
			}
		default:
			ok = false
		}
		switch {
		case ok:
		case known[key] == reflect.Invalid:
			faults = append(faults, harrier.Invalidf(key, "is not a setting"))
		default:
			faults = append(faults, harrier.Invalidf(key, "must be %s", map[reflect.Kind]string{reflect.String: "a text", reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Slice: "a list of texts"}[kind]))
		}
	}
	return values, together(faults)
}

func joined(list []any) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i], _ = e.(string)
	}
	return strings.Join(parts, ",")
}

// members are the names and kinds of the settings.
func members() map[string]reflect.Kind {
	out := map[string]reflect.Kind{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Options]()) {
		if !f.Anonymous {
			out[f.Tag.Get("json")] = f.Type.Kind()
		}
	}
	return out
}
