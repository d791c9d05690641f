package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Read reads a document that was written by hand. It answers an error for a schema with words that
// are not checked, and for a reference to one that is not there.
func Read(document []byte) (*Document, error) {
	var d Document
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	for _, m := range regexp.MustCompile(`"\$ref":\s*"([^"]*)"`).FindAllSubmatch(document, -1) {
		to := string(m[1])
		_, schema := d.Components.Schemas[strings.TrimPrefix(to, schemaPrefix)]
		_, answer := d.Components.Responses[strings.TrimPrefix(to, responsePrefix)]
		if !schema && !answer {
			return nil, fmt.Errorf("there is no %s", to)
		}
	}
	return &d, nil
}

// What references to the parts of a document begin with.
const (
	schemaPrefix   = "#/components/schemas/"
	responsePrefix = "#/components/responses/"
)

// Operations lists the operations as routes, "GET /things/{id}", by rising path.
func (d *Document) Operations() []string {
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
// body, but where the document was learnt, and one without must have none.
func (d *Document) CheckAnswer(route string, status int, contentType string, body []byte) error {
	o := d.operation(route)
	if o == nil {
		return fmt.Errorf("no operation %s", route)
	}
	r := o.Responses[strconv.Itoa(status)]
	if r == nil && status >= 400 && !d.learnt {
		r = o.Responses["default"]
	}
	if r != nil && r.Ref != "" {
		r = d.Components.Responses[strings.TrimPrefix(r.Ref, responsePrefix)]
	}
	switch {
	case r == nil:
		return fmt.Errorf("%s never answers %d", route, status)
	case len(body) == 0 && (d.learnt || len(r.Content) == 0):
		return nil
	case len(r.Content) == 0:
		return fmt.Errorf("%s: status %d has a body of %d bytes", route, status, len(body))
	}
	if err := d.checkBody(r.Content, contentType, body); err != nil {
		return fmt.Errorf("%s: status %d: %w", route, status, err)
	}
	return nil
}

// CheckRequest holds a request that was answered with success to the document: the
// document must have what its query asks, and a body must fit its schema.
func (d *Document) CheckRequest(route string, query url.Values, contentType string, body []byte) error {
	o := d.operation(route)
	if o == nil {
		return fmt.Errorf("no operation %s", route)
	}
	for key := range query {
		key = place.ReplaceAllString(key, ".0.")
		if !slices.ContainsFunc(o.Parameters, func(p parameter) bool { return p.In == "query" && p.Name == key }) {
			return fmt.Errorf("%s has no parameter %s", route, key)
		}
	}
	switch {
	case len(body) == 0:
		return nil
	case o.Request == nil:
		return fmt.Errorf("%s has no body", route)
	}
	if json.Valid(body) {
		contentType = "application/json"
	}
	if err := d.checkBody(o.Request.Content, contentType, body); err != nil {
		return fmt.Errorf("%s: the body that is sent: %w", route, err)
	}
	return nil
}

// checkBody holds a body to one of the kinds of content that there are.
func (d *Document) checkBody(content map[string]*media, kind string, body []byte) error {
	kind, _, _ = strings.Cut(kind, ";")
	kind = strings.TrimSpace(kind)
	if d.learnt && (kind == "" || kind == "application/json") && !json.Valid(body) {
		kind = "application/octet-stream"
	}
	m := content[kind]
	if m == nil {
		return fmt.Errorf("there is no content %q", kind)
	}
	if !strings.HasSuffix(kind, "json") && (!d.learnt || !json.Valid(body)) {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	return d.Check(m.Schema, v, "$")
}

func (d *Document) operation(route string) *operation {
	method, path, _ := strings.Cut(route, " ")
	return d.Paths[path][strings.ToLower(method)]
}

// Check holds a decoded JSON value to a schema; at is where it is, for the error.
// An object has no members but those that its schema names, where it names some
// and does not say otherwise.
func (d *Document) Check(s *Schema, v any, at string) error {
	if s == nil {
		return fmt.Errorf("%s is not described", at)
	}
	if v == nil && (s.Nullable || s.has("null")) {
		return nil
	}
	if s.Ref != "" {
		return d.Check(d.Components.Schemas[strings.TrimPrefix(s.Ref, schemaPrefix)], v, at)
	}
	if v == nil {
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
	if len(s.Types) > 0 && !s.has(kind) {
		return fmt.Errorf("%s is a %s; want %s", at, kind, strings.Join(s.Types, " or "))
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
	case "date":
		if _, err := time.Parse(time.DateOnly, v); err != nil {
			return fmt.Errorf("%s = %q; want a day", at, v)
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
	case len(s.Types) == 0 || s.has("number"):
	case !s.has("integer"):
		return fmt.Errorf("%s is a number; want %s", at, strings.Join(s.Types, " or "))
	case v != float64(int64(v)):
		return fmt.Errorf("%s = %v; want a whole number", at, v)
	}
	if s.Minimum != nil && v < *s.Minimum || s.Maximum != nil && v > *s.Maximum {
		return fmt.Errorf("%s = %v is out of its bounds", at, v)
	}
	return nil
}

func (d *Document) list(s *Schema, v []any, at string) error {
	if err := s.is("array", at); err != nil || s.Items == nil && !d.learnt {
		return err
	}
	for i, one := range v {
		if err := d.Check(s.Items, one, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) object(s *Schema, v map[string]any, at string) error {
	if err := s.is("object", at); err != nil {
		return err
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s has no %s", at, name)
		}
	}
	open := len(s.Properties) == 0 && !d.learnt
	if s.Open != nil {
		open = *s.Open
	}
	for name, value := range v {
		of, known := s.Properties[name]
		if !known {
			of = s.Others
		}
		switch {
		case of == nil && open && !known:
			continue
		case of == nil && !known:
			return fmt.Errorf("%s has %s, which the schema does not know", at, name)
		}
		if err := d.Check(of, value, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// Route finds the operation of a request: of those that fit its path the one with
// the most literal segments; "" for none.
func (d *Document) Route(method, path string) string {
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
func (d *Document) Holding(t testing.TB, next http.Handler, path func(*http.Request) string) http.Handler {
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
