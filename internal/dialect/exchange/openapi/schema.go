package openapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
)

// schema is the shape of JSON values: the part of JSON Schema that can be
// learnt from values. The nil schema is that of no value at all.
type schema struct {
	Types      []string // sorted; of "array", "boolean", "integer", "null", "number", "object", "string"
	Properties map[string]*schema
	Required   []string // sorted; keys that every object had
	Others     *schema  // of an object whose keys are data, not names
	Items      *schema
}

// learn gives the shape of one value, as encoding/json decodes it with numbers
// kept as json.Number.
func learn(v any) *schema {
	switch v := v.(type) {
	case nil:
		return &schema{Types: []string{"null"}}
	case bool:
		return &schema{Types: []string{"boolean"}}
	case string:
		return &schema{Types: []string{"string"}}
	case json.Number:
		if bytes.ContainsAny([]byte(v), ".eE") {
			return &schema{Types: []string{"number"}}
		}
		return &schema{Types: []string{"integer"}}
	case []any:
		s := &schema{Types: []string{"array"}}
		for _, e := range v {
			s.Items = union(s.Items, learn(e))
		}
		return s
	case map[string]any:
		s := &schema{Types: []string{"object"}}
		for key, e := range v {
			if s.Properties == nil {
				s.Properties = map[string]*schema{}
			}
			s.Properties[key] = learn(e)
		}
		s.Required = slices.Sorted(maps.Keys(v))
		return s.tidy()
	}
	return nil
}

// name is what a key looks like that a programmer chose: others are data.
var name = regexp.MustCompile(`^[A-Za-z_$@][A-Za-z0-9_.-]{0,59}$`)

// tidy makes a map of an object that has keys which are no names.
func (s *schema) tidy() *schema {
	data := s.Others != nil
	for key := range s.Properties {
		data = data || !name.MatchString(key)
	}
	if data {
		for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
			s.Others = union(s.Others, s.Properties[key])
		}
		s.Properties, s.Required = nil, nil
	}
	return s
}

// union is the narrowest schema for what a or b allows. It shares nothing that
// it changes with either.
func union(a, b *schema) *schema {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	u := &schema{Types: slices.Concat(a.Types, b.Types), Others: union(a.Others, b.Others), Items: union(a.Items, b.Items)}
	slices.Sort(u.Types)
	u.Types = slices.Compact(u.Types)
	if slices.Contains(u.Types, "number") {
		u.Types = slices.DeleteFunc(u.Types, func(t string) bool { return t == "integer" })
	}
	if len(a.Properties)+len(b.Properties) > 0 {
		u.Properties = maps.Clone(a.Properties)
		if u.Properties == nil {
			u.Properties = map[string]*schema{}
		}
		for key, s := range b.Properties {
			u.Properties[key] = union(u.Properties[key], s)
		}
	}
	switch objectA, objectB := a.has("object"), b.has("object"); {
	case objectA && objectB:
		u.Required = slices.DeleteFunc(slices.Clone(a.Required), func(key string) bool { return !slices.Contains(b.Required, key) })
	case objectA:
		u.Required = a.Required
	case objectB:
		u.Required = b.Required
	}
	return u.tidy()
}

func (s *schema) has(t string) bool { return s != nil && slices.Contains(s.Types, t) }

// without returns s without required keys: what may be sent, rather than what
// is answered.
func (s *schema) without() *schema {
	if s == nil {
		return nil
	}
	c := *s
	c.Required, c.Items, c.Others = nil, s.Items.without(), s.Others.without()
	if s.Properties != nil {
		c.Properties = map[string]*schema{}
		for key, p := range s.Properties {
			c.Properties[key] = p.without()
		}
	}
	return &c
}

// wire is how a schema is written in a document.
type wire struct {
	Type       any                `json:"type,omitempty"` // a text, or a list of texts
	Properties map[string]*schema `json:"properties,omitempty"`
	Required   []string           `json:"required,omitempty"`
	Others     *schema            `json:"additionalProperties,omitempty"`
	Items      *schema            `json:"items,omitempty"`
}

// MarshalJSON writes s as JSON Schema, in the dialect of OpenAPI 3.1.
func (s *schema) MarshalJSON() ([]byte, error) {
	w := wire{Properties: s.Properties, Required: s.Required, Others: s.Others, Items: s.Items}
	switch len(s.Types) {
	case 0:
	case 1:
		w.Type = s.Types[0]
	default:
		w.Type = s.Types
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *schema) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*s = schema{Properties: w.Properties, Required: w.Required, Others: w.Others, Items: w.Items}
	switch t := w.Type.(type) {
	case string:
		s.Types = []string{t}
	case []any:
		for _, e := range t {
			if text, ok := e.(string); ok {
				s.Types = append(s.Types, text)
			}
		}
	}
	return nil
}
