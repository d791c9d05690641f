package kit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/harrier-scan/harrier"
)

// source is where a field of a wire struct comes from.
type source struct {
	index []int
	kind  string // "path", "query", "header", "remote", "multipart"; "" for the body alone
	name  string
	key   string // in the body; "" for none
}

// plan is how a wire struct is filled: made once, when a route is registered.
type plan struct {
	fields    []source
	body      bool // some field comes from the body
	multipart bool
}

// planOf reads the tags of a wire struct: `from:"path id"`, `from:"query q"`,
// `from:"header X-Y"`, `from:"remote"`, `from:"multipart"` and `json:"key"`. A
// field with both tags takes the value of the body when that has the key. The
// name "*" stands for all of a query (url.Values) or of a body (the map of
// DecodeBody).
func planOf(t reflect.Type) plan {
	var p plan
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		kind, name, _ := strings.Cut(f.Tag.Get("from"), " ")
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch kind {
		case "", "path", "query", "header", "remote":
		case "multipart":
			p.multipart = true
		default:
			panic(fmt.Sprintf("%s.%s: unknown source %q", t, f.Name, kind))
		}
		if key == "-" {
			key = ""
		}
		p.body = p.body || key != ""
		p.fields = append(p.fields, source{f.Index, kind, name, key})
	}
	return p
}

// fill reads r into v, a struct of the planned type.
func (p plan) fill(r *http.Request, v reflect.Value, limit int64) error {
	query := r.URL.Query()
	for _, f := range p.fields {
		if err := f.fromRequest(r, query, v.FieldByIndex(f.index)); err != nil {
			return err
		}
	}
	if !p.body || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	keys, err := readBody(r, limit)
	if err != nil {
		return err
	}
	return p.fillKeys(keys, v)
}

func (p plan) fillKeys(keys map[string]json.RawMessage, v reflect.Value) error {
	for _, f := range p.fields {
		if f.key == "*" {
			v.FieldByIndex(f.index).Set(reflect.ValueOf(keys))
			continue
		}
		raw, given := keys[f.key]
		if !given || f.key == "" {
			continue
		}
		if err := json.Unmarshal(raw, v.FieldByIndex(f.index).Addr().Interface()); err != nil {
			return harrier.Invalidf(f.key, "%s", wrongValue(err)).Because(err)
		}
	}
	return nil
}

func (f source) fromRequest(r *http.Request, query url.Values, to reflect.Value) error {
	switch f.kind {
	case "path":
		if err := setText(to, r.PathValue(f.name)); err != nil {
			return harrier.Errorf(harrier.NotFound, "no such %s", f.name).Because(err)
		}
	case "query":
		if f.name == "*" {
			to.Set(reflect.ValueOf(query))
			return nil
		}
		if query.Has(f.name) {
			if err := setText(to, query.Get(f.name)); err != nil {
				return harrier.Invalidf(f.name, "%s", wrongValue(err)).Because(err)
			}
		}
	case "header":
		to.SetString(r.Header.Get(f.name))
	case "remote":
		to.SetString(RemoteAddr(r))
	case "multipart":
		parts, err := r.MultipartReader()
		if err != nil {
			return harrier.Errorf(harrier.Invalid, "the body is no multipart form").Because(err)
		}
		to.Set(reflect.ValueOf(parts))
	}
	return nil
}

var readerType = reflect.TypeFor[*multipart.Reader]()

// setText puts text from a path or query into a field of any tolerant type.
func setText(to reflect.Value, s string) error {
	if to.Kind() == reflect.Pointer && to.Type() != readerType {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	if u, ok := to.Addr().Interface().(json.Unmarshaler); ok {
		quoted, err := json.Marshal(s)
		if err != nil {
			return err
		}
		return u.UnmarshalJSON(quoted)
	}
	if to.Kind() == reflect.String {
		to.SetString(s)
		return nil
	}
	n, err := parseInt(s)
	if err != nil || s == "" {
		return fmt.Errorf("%q is not a whole number", shorten(s))
	}
	to.SetInt(n)
	return nil
}

// wrongValue says what is wrong with a value, for the client.
func wrongValue(err error) string {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		want := kind.Type.Kind().String()
		switch kind.Type.Kind() {
		case reflect.Map, reflect.Struct:
			want = "an object"
		case reflect.Slice:
			want = "a list"
		default:
		}
		if kind.Field != "" {
			return fmt.Sprintf("%s: a %s where there should be %s", kind.Field, kind.Value, want)
		}
		return fmt.Sprintf("a %s where there should be %s", kind.Value, want)
	}
	return err.Error()
}

// maxDrain is how much of a body that is too large is read and thrown away, in
// bytes: a client that writes all before it reads would get a broken connection
// instead of the answer.
const maxDrain = 256 << 20

// Drain reads what is left of the body of a request that is refused, up to a
// bound, and throws it away.
func Drain(r *http.Request) {
	_, _ = io.CopyN(io.Discard, r.Body, maxDrain) // what it says does not matter
}

// readBody reads the body as JSON or as a form, whatever its declared type: an
// empty one and null have no keys.
func readBody(r *http.Request, limit int64) (map[string]json.RawMessage, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			Drain(r)
			return nil, harrier.Errorf(harrier.Invalid, "the body is larger than %d bytes", large.Limit)
		}
		return nil, harrier.Errorf(harrier.Invalid, "the body ended early").Because(err)
	}
	return DecodeBody(body)
}

// DecodeBody reads a JSON object or an HTML form into its keys. The form's
// values become JSON texts, and names such as a[b] nested objects. It answers
// Invalid, saying what is wrong and where, for anything else.
func DecodeBody(body []byte) (map[string]json.RawMessage, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0 || string(body) == "null":
		return nil, nil
	case body[0] == '{':
		var keys map[string]json.RawMessage
		if err := json.Unmarshal(body, &keys); err != nil {
			return nil, malformed(err)
		}
		return keys, nil
	case bytes.IndexByte(body, '=') < 0 || strings.IndexByte("[\"", body[0]) >= 0:
		return nil, harrier.Errorf(harrier.Invalid, "the body must be a JSON object")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "the body is no form").Because(err)
	}
	return formKeys(form)
}

func malformed(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return harrier.Errorf(harrier.Invalid, "malformed JSON at byte %d: %s", syntax.Offset, syntax.Error()).Because(err)
	}
	return harrier.Errorf(harrier.Invalid, "malformed JSON").Because(err)
}

func formKeys(form url.Values) (map[string]json.RawMessage, error) {
	tree := map[string]any{}
	for name, values := range form {
		var v any = values
		if list := strings.TrimSuffix(name, "[]"); list != name {
			name = list
		} else if len(values) == 1 {
			v = values[0]
		}
		place(tree, strings.Split(strings.ReplaceAll(name, "]", ""), "["), v)
	}
	keys := make(map[string]json.RawMessage, len(tree))
	for name, v := range tree {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, harrier.Errorf(harrier.Invalid, "the body is no form").Because(err)
		}
		keys[name] = raw
	}
	return keys, nil
}

// place puts v at path into tree; what contradicts its shape is left out.
func place(tree map[string]any, path []string, v any) {
	for len(path) > 1 {
		next, ok := tree[path[0]].(map[string]any)
		if !ok {
			if _, taken := tree[path[0]]; taken {
				return
			}
			next = map[string]any{}
			tree[path[0]] = next
		}
		tree, path = next, path[1:]
	}
	if _, taken := tree[path[0]].(map[string]any); !taken {
		tree[path[0]] = v
	}
}

// RemoteAddr is the address that r comes from, without the port.
func RemoteAddr(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Fill puts the values of keys into the fields of the struct that to points to,
// by their json tags. It answers Invalid, naming the key, for a value that does
// not fit; keys without a field are ignored.
func Fill(keys map[string]json.RawMessage, to any) error {
	v := reflect.ValueOf(to).Elem()
	return planOf(v.Type()).fillKeys(keys, v)
}

// Keys lists the json tags of the struct T: what Fill reads.
func Keys[T any]() []string {
	var out []string
	for _, f := range planOf(reflect.TypeFor[T]()).fields {
		if f.key != "" {
			out = append(out, f.key)
		}
	}
	return out
}
