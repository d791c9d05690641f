package securitycenter

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// maxDrain is how much of a body that is too large is read and thrown away, in
// bytes: a client that writes all before it reads would get a broken connection
// instead of the answer.
const maxDrain = 256 << 20

// query is a request.
type query struct {
	raw    *http.Request
	header http.Header // of the answer
	byKey  bool        // signed in with API keys, not with a session
	params url.Values
	keys   map[string]json.RawMessage // of the body
	// organization is the one below which the route is; 0 for none.
	organization harrier.ID
}

// newQuery reads the body, whatever its declared type, unless it is a
// multipart form.
//
// Source: section 1, "Request body", "Empty bodies" and "GET parameters".
func newQuery(w http.ResponseWriter, r *http.Request, c caller) (*query, error) {
	q := &query{raw: r, header: w.Header(), byKey: c.byKey, params: r.URL.Query()}
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/") {
		return q, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, kit.MaxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			_, _ = io.CopyN(io.Discard, r.Body, maxDrain) // what it says does not matter
			return nil, harrier.Errorf(harrier.Invalid, "the body is larger than %d bytes", large.Limit)
		}
		return nil, harrier.Errorf(harrier.Invalid, "the body ended early").Because(err)
	}
	switch body = bytes.TrimSpace(body); string(body) {
	case `""`, "[]":
		return q, nil
	}
	q.keys, err = kit.DecodeBody(body)
	return q, err
}

// path is a wildcard of the route.
func (q *query) path(name string) string { return q.raw.PathValue(name) }

// id is the wildcard {id}; 0, which no object has, for what is no id. Users,
// groups and assets that this API numbers with 0 or less read path instead.
func (q *query) id() harrier.ID { return idOf(q.path("id")) }

func idOf(s string) harrier.ID {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return harrier.ID(n)
}

// param is a value of the query string, else of a key of the body that holds a
// single value; "" for none.
func (q *query) param(name string) string {
	if q.params.Has(name) {
		return q.params.Get(name)
	}
	if raw, ok := q.keys[name]; ok {
		if s, ok := kit.Scalar(raw); ok {
			return s
		}
	}
	return ""
}

// truth is a param that is a yes or a no; no when it is missing. It answers
// Invalid for anything else.
func (q *query) truth(name string) (bool, error) {
	v, err := kit.ParseBool(q.param(name))
	if err != nil {
		return false, harrier.Invalidf(name, "%s", err)
	}
	return v, nil
}

// number is a param that is a whole number, or otherwise when it is missing. It
// answers Invalid for anything else.
func (q *query) number(name string, otherwise int64) (int64, error) {
	s := strings.TrimSpace(q.param(name))
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, harrier.Invalidf(name, "%q is not a whole number", s)
	}
	return n, nil
}

// words is a param that is a comma separated list, without blanks around its
// parts and without empty ones; in a body it may be a list.
func (q *query) words(name string) []string {
	parts := strings.Split(q.param(name), ",")
	if raw, ok := q.keys[name]; ok && !q.params.Has(name) {
		var list kit.Texts
		if json.Unmarshal(raw, &list) == nil && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
			parts = list
		}
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(s string) bool { return s == "" })
}

// fields are the members that the answer shall have; otherwise where the
// request names none, and all of them for no otherwise.
//
// Source: section 3.2.
func (q *query) fields(otherwise ...string) []string {
	if f := q.words("fields"); len(f) > 0 {
		return f
	}
	return otherwise
}

// filter reports whether a word is in the list "filter".
func (q *query) filter(word string) bool { return slices.Contains(q.words("filter"), word) }

// body puts the values of the body into the struct that to points to, by its
// json tags, with the tolerant types of kit and words.go. Keys without a field
// are ignored. It answers Invalid, naming the key, for a value that does not
// fit.
func (q *query) body(to any) error { return kit.Fill(q.keys, to) }
