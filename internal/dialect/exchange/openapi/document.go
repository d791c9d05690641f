package openapi

import (
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Document is an OpenAPI document of version 3.0 or 3.1, as far as these documents
// go.
type Document struct {
	OpenAPI    string                           `json:"openapi"`
	Info       info                             `json:"info"`
	Servers    []server                         `json:"servers,omitempty"`
	Security   []map[string][]string            `json:"security,omitempty"`
	Paths      map[string]map[string]*operation `json:"paths"`
	Components components                       `json:"components"`

	// learnt is for documents of what was seen: what they do not name there is not,
	// be it an element of a list that was always empty.
	learnt bool
}

type server struct {
	URL string `json:"url"`
}

type info struct {
	Title       string  `json:"title"`
	Description string  `json:"description"`
	Version     string  `json:"version"`
	License     license `json:"license"`
}

type license struct {
	Name string `json:"name"`
	ID   string `json:"identifier"`
}

type components struct {
	Schemes   map[string]scheme  `json:"securitySchemes,omitempty"`
	Responses map[string]*answer `json:"responses,omitempty"`
	Schemas   map[string]*Schema `json:"schemas,omitempty"`
}

type scheme struct {
	Type        string `json:"type"`
	In          string `json:"in,omitempty"`
	Name        string `json:"name,omitempty"`
	Scheme      string `json:"scheme,omitempty"`
	Description string `json:"description,omitempty"`
}

type operation struct {
	Tags       []string           `json:"tags,omitempty"`
	Summary    string             `json:"summary"`
	ID         string             `json:"operationId"`
	Parameters []parameter        `json:"parameters,omitempty"`
	Request    *body              `json:"requestBody,omitempty"`
	Responses  map[string]*answer `json:"responses"`
}

type parameter struct {
	Name     string  `json:"name"`
	In       string  `json:"in"`
	Required bool    `json:"required,omitempty"`
	Schema   *Schema `json:"schema"`
}

type body struct {
	Content map[string]*media `json:"content"`
}

type media struct {
	Schema *Schema `json:"schema,omitempty"`
}

// answer is a reply, or a reference to one of the components.
type answer struct {
	Ref         string             `json:"$ref,omitempty"`
	Description string             `json:"description,omitempty"`
	Headers     map[string]*header `json:"headers,omitempty"`
	Content     map[string]*media  `json:"content,omitempty"`
}

type header struct {
	Schema *Schema `json:"schema"`
}

var text = &Schema{Types: []string{"string"}}

// wildcard is a parameter in a route: "{id}".
var wildcard = regexp.MustCompile(`\{([A-Za-z_]+)\}`)

// newOperation is what a route is before anything was seen of it.
func newOperation(pattern, summary string) *operation {
	method, path, _ := strings.Cut(pattern, " ")
	o := &operation{Summary: summary, ID: operationID(method, path), Responses: map[string]*answer{}}
	if first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); first != "" {
		o.Tags = []string{first}
	}
	for _, m := range wildcard.FindAllStringSubmatch(path, -1) {
		o.Parameters = append(o.Parameters, parameter{Name: m[1], In: "path", Required: true, Schema: text})
	}
	return o
}

func operationID(method, path string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/{}-_.", r) }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// place is a number within the name of a query parameter ("filter.3.value").
var place = regexp.MustCompile(`\.[0-9]+\.`)

// asked adds what a request that was answered with success sent.
func (o *operation) asked(query url.Values, kind string, sent []byte) {
	for _, key := range slices.Sorted(maps.Keys(query)) {
		key = place.ReplaceAllString(key, ".0.")
		at, found := slices.BinarySearchFunc(o.Parameters, parameter{In: "query", Name: key}, byPlace)
		if !found {
			o.Parameters = slices.Insert(o.Parameters, at, parameter{Name: key, In: "query", Schema: text})
		}
	}
	if len(sent) == 0 {
		return
	}
	if o.Request == nil {
		o.Request = &body{Content: map[string]*media{}}
	}
	add(o.Request.Content, kind, sent, true)
}

// byPlace orders parameters: those of the path as they come there, then those
// of the query by name.
func byPlace(a, b parameter) int {
	switch {
	case a.In != b.In:
		return strings.Compare(a.In, b.In)
	case a.In == "path":
		return -1
	}
	return strings.Compare(a.Name, b.Name)
}

// told adds a reply.
func (a *answer) told(kind string, got []byte) {
	if len(got) == 0 {
		return
	}
	if a.Content == nil {
		a.Content = map[string]*media{}
	}
	add(a.Content, kind, got, false)
}

func add(content map[string]*media, kind string, b []byte, request bool) {
	kind, _, _ = strings.Cut(kind, ";")
	var v any
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil || d.More() {
		if kind == "" || kind == "application/json" {
			kind = "application/octet-stream"
		}
		if content[kind] == nil {
			content[kind] = &media{}
		}
		return
	}
	s := learn(v)
	if request {
		kind, s = "application/json", s.without()
	}
	if content[kind] == nil {
		content[kind] = &media{}
	}
	content[kind].Schema = union(content[kind].Schema, s)
}
