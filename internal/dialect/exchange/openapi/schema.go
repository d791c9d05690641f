package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Schema is what JSON may look like: the part of JSON Schema that documents of
// this project use, in the dialects of OpenAPI 3.0 and 3.1. Reading refuses the
// rest, so that nothing is said and not held to. The nil schema is that of no
// value at all.
type Schema struct {
	Ref         string
	Types       []string // sorted; of "array", "boolean", "integer", "null", "number", "object", "string"; none: any
	Nullable    bool     // as in OpenAPI 3.0
	Description string
	Format      string
	Pattern     string
	Enum        []any
	Minimum     *float64
	Maximum     *float64
	Default     any
	Items       *Schema
	Properties  map[string]*Schema
	Required    []string // sorted where they are learnt; keys that every object has
	OneOf       []*Schema
	Others      *Schema // of members that are not named
	Open        *bool   // whether there may be members that are not named, where a document says so
}

// learn gives the shape of one value, as encoding/json decodes it with numbers
// kept as json.Number.
func learn(v any) *Schema {
	switch v := v.(type) {
	case nil:
		return &Schema{Types: []string{"null"}}
	case bool:
		return &Schema{Types: []string{"boolean"}}
	case string:
		return &Schema{Types: []string{"string"}}
	case json.Number:
		if bytes.ContainsAny([]byte(v), ".eE") {
			return &Schema{Types: []string{"number"}}
		}
		return &Schema{Types: []string{"integer"}}
	case []any:
		s := &Schema{Types: []string{"array"}}
		for _, e := range v {
			s.Items = union(s.Items, learn(e))
		}
		return s
	case map[string]any:
		s := &Schema{Types: []string{"object"}}
		for key, e := range v {
			if s.Properties == nil {
				s.Properties = map[string]*Schema{}
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
func (s *Schema) tidy() *Schema {
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
func union(a, b *Schema) *Schema {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	u := &Schema{Types: slices.Concat(a.Types, b.Types), Others: union(a.Others, b.Others), Items: union(a.Items, b.Items)}
	slices.Sort(u.Types)
	u.Types = slices.Compact(u.Types)
	if slices.Contains(u.Types, "number") {
		u.Types = slices.DeleteFunc(u.Types, func(t string) bool { return t == "integer" })
	}
	if len(a.Properties)+len(b.Properties) > 0 {
		u.Properties = maps.Clone(a.Properties)
		if u.Properties == nil {
			u.Properties = map[string]*Schema{}
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

func (s *Schema) has(t string) bool { return s != nil && slices.Contains(s.Types, t) }

// without returns s without required keys: what may be sent, rather than what
// is answered.
func (s *Schema) without() *Schema {
	if s == nil {
		return nil
	}
	c := *s
	c.Required, c.Items, c.Others = nil, s.Items.without(), s.Others.without()
	if s.Properties != nil {
		c.Properties = map[string]*Schema{}
		for key, p := range s.Properties {
			c.Properties[key] = p.without()
		}
	}
	return &c
}

// wire is how a schema is written in a document.
type wire struct {
	Ref         string             `json:"$ref,omitempty"`
	Type        any                `json:"type,omitempty"` // a text, or a list of texts
	Description string             `json:"description,omitempty"`
	Nullable    bool               `json:"nullable,omitempty"` // OpenAPI 3.0
	Format      string             `json:"format,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	Enum        []any              `json:"enum,omitempty"`
	Minimum     *float64           `json:"minimum,omitempty"`
	Maximum     *float64           `json:"maximum,omitempty"`
	Default     any                `json:"default,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	OneOf       []*Schema          `json:"oneOf,omitempty"`
	Others      any                `json:"additionalProperties,omitempty"` // a truth value or a schema
	Items       *Schema            `json:"items,omitempty"`
}

// MarshalJSON writes s as JSON Schema, in the dialect of OpenAPI 3.1.
func (s *Schema) MarshalJSON() ([]byte, error) {
	w := wire{
		Ref: s.Ref, Nullable: s.Nullable, Description: s.Description, Format: s.Format, Pattern: s.Pattern, Enum: s.Enum, Minimum: s.Minimum, Maximum: s.Maximum, Default: s.Default,
		Properties: s.Properties, Required: s.Required, OneOf: s.OneOf, Items: s.Items,
	}
	if s.Others != nil {
		w.Others = s.Others
	} else if s.Open != nil {
		w.Others = *s.Open
	}
	switch len(s.Types) {
	case 0:
	case 1:
		w.Type = s.Types[0]
	default:
		w.Type = s.Types
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON writes, and "nullable". It answers an error
// for words that it does not know.
func (s *Schema) UnmarshalJSON(b []byte) error {
	var others json.RawMessage
	w := wire{Others: &others}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return err
	}
	*s = Schema{
		Ref: w.Ref, Nullable: w.Nullable, Description: w.Description, Format: w.Format, Pattern: w.Pattern, Enum: w.Enum, Minimum: w.Minimum, Maximum: w.Maximum, Default: w.Default,
		Properties: w.Properties, Required: w.Required, OneOf: w.OneOf, Items: w.Items,
	}
	switch t := w.Type.(type) {
	case nil:
	case string:
		s.Types = []string{t}
	case []any:
		for _, e := range t {
			text, ok := e.(string)
			if !ok {
				return fmt.Errorf("%v is no type", e)
			}
			s.Types = append(s.Types, text)
		}
	default:
		return fmt.Errorf("%v is no type", t)
	}
	if len(others) == 0 {
		return nil
	}
	if err := json.Unmarshal(others, &s.Open); err == nil {
		return nil
	}
	s.Open, s.Others = nil, new(Schema)
	return json.Unmarshal(others, s.Others)
}
