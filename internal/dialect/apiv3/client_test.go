package apiv3_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/dialect/apiv3"
)

// client talks to a console as scripts do, and holds each answer to the served
// document: what is answered must be described there, and nothing else.
type client struct {
	t                *testing.T
	url, name, pass  string
	document         map[string]any
	answered, failed map[string]bool // routes, by what came of them
}

func newClient(t *testing.T, url, name, pass string) *client {
	t.Helper()
	c := &client{t: t, url: url, name: name, pass: pass, answered: map[string]bool{}, failed: map[string]bool{}}
	if err := json.Unmarshal(apiv3.Document, &c.document); err != nil {
		t.Fatal(err)
	}
	return c
}

// as is the same client for somebody else.
func (c *client) as(name, pass string) *client {
	o := *c
	o.name, o.pass = name, pass
	return &o
}

// reply is what an answer says beside its body.
type reply struct {
	StatusCode int
	Header     http.Header
}

// raw sends a request and returns the answer with its body.
func (c *client) raw(method, path string, body any, header ...string) (reply, []byte) {
	c.t.Helper()
	var from io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		if s, ok := body.(string); ok {
			text = []byte(s)
		}
		from = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/api/3"+path, from)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.name != "" {
		r.SetBasicAuth(c.name, c.pass)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept-Encoding", "gzip")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	in := io.Reader(res.Body)
	if res.Header.Get("Content-Encoding") == "gzip" {
		if in, err = gzip.NewReader(res.Body); err != nil {
			c.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	text, err := io.ReadAll(in)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return reply{res.StatusCode, res.Header}, text
}

// do sends a request, wants a status and returns the answer.
func (c *client) do(status int, method, path string, body any) map[string]any {
	c.t.Helper()
	res, text := c.raw(method, path, body)
	if res.StatusCode != status {
		c.t.Fatalf("%s %s = %d %s; want %d", method, path, res.StatusCode, text, status)
	}
	route, operation := c.operation(method, path)
	if status >= 400 {
		c.failed[route] = true
	} else {
		c.answered[route] = true
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		c.t.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
	if got := res.Header.Get("Content-Type"); got != "application/json;charset=UTF-8" {
		c.t.Errorf("%s %s: Content-Type %q", method, path, got)
	}
	if status == http.StatusCreated && !strings.HasPrefix(res.Header.Get("Location"), c.url+"/api/3/") {
		c.t.Errorf("%s %s: Location %q", method, path, res.Header.Get("Location"))
	}
	c.check(route, operation, status, v)
	o, _ := v.(map[string]any)
	return o
}

// get is do for what is simply read.
func (c *client) get(path string) map[string]any {
	c.t.Helper()
	return c.do(http.StatusOK, http.MethodGet, path, nil)
}

// rows are the objects of a list.
func (c *client) rows(path string) []map[string]any {
	c.t.Helper()
	list, ok := c.get(path)["resources"].([]any)
	if !ok {
		c.t.Fatalf("%s has no resources", path)
	}
	var out []map[string]any
	for _, v := range list {
		o, _ := v.(map[string]any)
		out = append(out, o)
	}
	return out
}

// made makes something and returns its id.
func (c *client) made(path string, body any) int {
	c.t.Helper()
	id, ok := c.do(http.StatusCreated, http.MethodPost, path, body)["id"].(float64)
	if !ok || id < 1 {
		c.t.Fatalf("POST %s has no id", path)
	}
	return int(id)
}

// operation finds the operation of the document that a request is of.
func (c *client) operation(method, path string) (string, map[string]any) {
	c.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	want := strings.Split(strings.Trim("/api/3"+path, "/"), "/")
	best, found, literal := "", map[string]any(nil), -1
	paths, _ := c.document["paths"].(map[string]any)
	for p, operations := range paths {
		have := strings.Split(strings.Trim(p, "/"), "/")
		if len(have) != len(want) {
			continue
		}
		n := 0
		for i := range have {
			if have[i] == want[i] {
				n++
			} else if !strings.HasPrefix(have[i], "{") {
				n = -100
			}
		}
		o, ok := operations.(map[string]any)[strings.ToLower(method)].(map[string]any)
		if n > literal && ok {
			best, found, literal = method+" /"+strings.TrimPrefix(strings.TrimPrefix(p, "/api/3"), "/"), o, n
		}
	}
	if found == nil {
		return method + " " + path, nil
	}
	return best, found
}

// check holds an answer to the document.
func (c *client) check(route string, operation map[string]any, status int, v any) {
	c.t.Helper()
	var schema any
	if status >= 400 {
		schema = map[string]any{"$ref": "#/components/schemas/Error"}
	} else {
		responses, _ := operation["responses"].(map[string]any)
		response, ok := responses[fmt.Sprint(status)].(map[string]any)
		if !ok {
			c.t.Errorf("%s: the status %d is not described", route, status)
			return
		}
		content, _ := response["content"].(map[string]any)
		media, _ := content["application/json"].(map[string]any)
		schema = media["schema"]
	}
	for _, problem := range c.against(schema, v, "") {
		c.t.Errorf("%s: %s", route, problem)
	}
}

func (c *client) against(schema, v any, at string) (problems []string) {
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		parts := strings.Split(ref, "/")
		components, _ := c.document["components"].(map[string]any)
		schemas, _ := components["schemas"].(map[string]any)
		return c.against(schemas[parts[len(parts)-1]], v, at)
	}
	kind, _ := s["type"].(string)
	switch v := v.(type) {
	case nil:
		if s["nullable"] != true && kind != "" {
			problems = append(problems, at+" is null")
		}
	case map[string]any:
		if kind != "object" && kind != "" {
			return []string{at + " is an object"}
		}
		known, _ := s["properties"].(map[string]any)
		required, _ := s["required"].([]any)
		for _, name := range required {
			if _, ok := v[name.(string)]; !ok {
				problems = append(problems, fmt.Sprintf("%s has no %s", at, name))
			}
		}
		for name, member := range v {
			if sub, ok := known[name]; ok {
				problems = append(problems, c.against(sub, member, at+"."+name)...)
			} else if len(known) > 0 {
				problems = append(problems, at+"."+name+" is not described")
			}
		}
	case []any:
		if kind != "array" && kind != "" {
			return []string{at + " is a list"}
		}
		for _, member := range v {
			problems = append(problems, c.against(s["items"], member, at+"[]")...)
		}
	case string:
		if kind != "string" && kind != "" {
			return []string{at + " is a text"}
		}
		if _, err := time.Parse(time.RFC3339, v); s["format"] == "date-time" && err != nil {
			problems = append(problems, at+" is no instant: "+v)
		}
		if list, ok := s["enum"].([]any); ok {
			among := false
			for _, e := range list {
				among = among || e == v
			}
			if !among {
				problems = append(problems, fmt.Sprintf("%s is %q", at, v))
			}
		}
	case float64:
		if kind != "number" && kind != "integer" && kind != "" || kind == "integer" && v != float64(int64(v)) {
			problems = append(problems, fmt.Sprintf("%s is the number %v", at, v))
		}
	case bool:
		if kind != "boolean" && kind != "" {
			problems = append(problems, at+" is a truth value")
		}
	}
	return problems
}
