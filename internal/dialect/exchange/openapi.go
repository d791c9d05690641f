package exchange

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

// OpenAPI is an OpenAPI 3.0 document, as far as tests hold a dialect to it: its
// operations, and the schemas of what they answer.
type OpenAPI struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		RequestBody *struct {
			Content map[string]struct {
				Schema Schema `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"`
		Responses map[string]struct {
			Content map[string]struct {
				Schema Schema `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]Schema `json:"schemas"`
	} `json:"components"`
}

// Schema is what JSON may look like: the part of JSON Schema that documents of
// this project use. UnmarshalJSON refuses the rest, so that nothing is said and
// not held to.
type Schema struct {
	Ref         string             `json:"$ref"`
	Type        string             `json:"type"`
	Description string             `json:"description"`
	Nullable    bool               `json:"nullable"`
	Format      string             `json:"format"`
	Pattern     string             `json:"pattern"`
	Enum        []any              `json:"enum"`
	Minimum     *float64           `json:"minimum"`
	Maximum     *float64           `json:"maximum"`
	Items       *Schema            `json:"items"`
	Properties  map[string]*Schema `json:"properties"`
	Required    []string           `json:"required"`
	OneOf       []*Schema          `json:"oneOf"`
	Additional  json.RawMessage    `json:"additionalProperties"` // nothing, a truth value or a schema
	Default     any                `json:"default"`
}

// UnmarshalJSON reads a schema.
func (s *Schema) UnmarshalJSON(b []byte) error {
	type plain Schema
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.DisallowUnknownFields()
	return dec.Decode((*plain)(s))
}

// ReadOpenAPI reads a document. It answers an error for a schema with words that
// are not checked, and for a reference to one that is not there.
func ReadOpenAPI(document []byte) (*OpenAPI, error) {
	var d OpenAPI
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	for _, m := range regexp.MustCompile(`"\$ref":\s*"([^"]*)"`).FindAllSubmatch(document, -1) {
		if _, ok := d.Components.Schemas[strings.TrimPrefix(string(m[1]), schemaPrefix)]; !ok {
			return nil, fmt.Errorf("no schema %s", m[1])
		}
	}
	return &d, nil
}

const schemaPrefix = "#/components/schemas/"

// Operations lists the operations as routes, "GET /things/{id}", by rising path.
func (d *OpenAPI) Operations() []string {
	var out []string
	for path, methods := range d.Paths {
		for method := range methods {
			out = append(out, strings.ToUpper(method)+" "+path)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		_, x, _ := strings.Cut(out[i], " ")
		_, y, _ := strings.Cut(out[j], " ")
		return x+" "+out[i] < y+" "+out[j]
	})
	return out
}

// CheckAnswer holds an answer of an operation to the document: its status must be
// there, and a JSON body fit its schema. An answer that has a schema must have a
// body, and one without must have none.
func (d *OpenAPI) CheckAnswer(route string, status int, contentType string, body []byte) error {
	method, path, _ := strings.Cut(route, " ")
	op, ok := d.Paths[path][strings.ToLower(method)]
	if !ok {
		return fmt.Errorf("no operation %s", route)
	}
	r, ok := op.Responses[fmt.Sprint(status)]
	if !ok {
		return fmt.Errorf("%s never answers %d", route, status)
	}
	kind, _, _ := strings.Cut(contentType, ";")
	content, ok := r.Content[strings.TrimSpace(kind)]
	switch {
	case len(r.Content) == 0 && len(body) > 0:
		return fmt.Errorf("%s: status %d has a body of %d bytes", route, status, len(body))
	case len(r.Content) == 0:
		return nil
	case !ok:
		return fmt.Errorf("%s: status %d has no content %q", route, status, contentType)
	case !strings.HasSuffix(kind, "json"):
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("%s: status %d: %w", route, status, err)
	}
	if err := d.Check(&content.Schema, v, "$"); err != nil {
		return fmt.Errorf("%s: status %d: %w", route, status, err)
	}
	return nil
}

// Check holds a decoded JSON value to a schema; at is where it is, for the error.
func (d *OpenAPI) Check(s *Schema, v any, at string) error {
	if s.Ref != "" {
		to := d.Components.Schemas[strings.TrimPrefix(s.Ref, schemaPrefix)]
		if v == nil && s.Nullable {
			return nil
		}
		return d.Check(&to, v, at)
	}
	if v == nil {
		if s.Nullable {
			return nil
		}
		return fmt.Errorf("%s is null", at)
	}
	if len(s.OneOf) > 0 {
		fits := 0
		for _, one := range s.OneOf {
			if d.Check(one, v, at) == nil {
				fits++
			}
		}
		if fits != 1 {
			return fmt.Errorf("%s fits %d schemas; want 1", at, fits)
		}
		return nil
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return fmt.Errorf("%s = %v; want one of %v", at, v, s.Enum)
	}
	switch v := v.(type) {
	case string:
		return s.text(v, at)
	case float64:
		return s.number(v, at)
	case bool:
		return s.is("boolean", at)
	case []any:
		return d.list(s, v, at)
	case map[string]any:
		return d.object(s, v, at)
	}
	return fmt.Errorf("%s is a %T", at, v)
}

func (s *Schema) is(kind, at string) error {
	if s.Type != "" && s.Type != kind {
		return fmt.Errorf("%s is a %s; want %s", at, kind, s.Type)
	}
	return nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (s *Schema) text(v, at string) error {
	if err := s.is("string", at); err != nil {
		return err
	}
	if s.Pattern != "" {
		re, err := regexp.Compile(s.Pattern)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if !re.MatchString(v) {
			return fmt.Errorf("%s = %q; want %s", at, v, s.Pattern)
		}
	}
	switch s.Format {
	case "":
	case "date-time":
		if _, err := time.Parse(time.RFC3339, v); err != nil || !strings.HasSuffix(v, "Z") {
			return fmt.Errorf("%s = %q; want an instant", at, v)
		}
	case "uuid":
		if !uuidForm.MatchString(v) {
			return fmt.Errorf("%s = %q; want a UUID", at, v)
		}
	default:
		return fmt.Errorf("%s: the format %q is not checked", at, s.Format)
	}
	return nil
}

func (s *Schema) number(v float64, at string) error {
	switch {
	case s.Type == "integer" && v != float64(int64(v)):
		return fmt.Errorf("%s = %v; want a whole number", at, v)
	case s.Type != "integer" && s.Type != "number" && s.Type != "":
		return fmt.Errorf("%s is a number; want %s", at, s.Type)
	case s.Minimum != nil && v < *s.Minimum, s.Maximum != nil && v > *s.Maximum:
		return fmt.Errorf("%s = %v is out of its bounds", at, v)
	}
	return nil
}

func (d *OpenAPI) list(s *Schema, v []any, at string) error {
	if err := s.is("array", at); err != nil || s.Items == nil {
		return err
	}
	for i, one := range v {
		if err := d.Check(s.Items, one, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *OpenAPI) object(s *Schema, v map[string]any, at string) error {
	if err := s.is("object", at); err != nil {
		return err
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s has no %s", at, name)
		}
	}
	for name, value := range v {
		of, known := s.Properties[name]
		switch {
		case known:
		case len(s.Additional) == 0 || string(s.Additional) == "true":
			continue
		case string(s.Additional) == "false":
			return fmt.Errorf("%s has %s, which the schema does not know", at, name)
		default:
			of = new(Schema)
			if err := json.Unmarshal(s.Additional, of); err != nil {
				return fmt.Errorf("%s: %w", at, err)
			}
		}
		if err := d.Check(of, value, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// Route finds the operation of a request: of those that fit its path the one with
// the most literal segments; "" for none.
func (d *OpenAPI) Route(method, path string) string {
	want := strings.Split(strings.Trim(path, "/"), "/")
	best, most := "", -1
	for template, methods := range d.Paths {
		if _, ok := methods[strings.ToLower(method)]; !ok {
			continue
		}
		parts := strings.Split(strings.Trim(template, "/"), "/")
		literal := 0
		for i, s := range parts {
			switch {
			case len(parts) != len(want):
				literal = -1 << 20
			case s == want[i]:
				literal++
			case !strings.HasPrefix(s, "{"):
				literal = -1 << 20
			}
		}
		if literal > most {
			best, most = method+" "+template, literal
		}
	}
	return best
}

// Holding passes requests on to next and holds its answers to the document; path
// gives the one of a request as the document has it.
func (d *OpenAPI) Holding(t testing.TB, next http.Handler, path func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		if route := d.Route(r.Method, path(r)); route != "" && rec.Header().Get("Content-Encoding") == "" {
			if err := d.CheckAnswer(route, rec.Code, rec.Header().Get("Content-Type"), rec.Body.Bytes()); err != nil {
				t.Error(err)
			}
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // a client that has gone gets nothing
	})
}
