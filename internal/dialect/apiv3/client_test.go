package apiv3_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/apiv3"
	"github.com/harrier-scan/harrier/internal/dialect/exchange/openapi"
)

// client talks to a console as scripts do, and holds each answer to the served
// document: what is answered must be described there, and nothing else.
type client struct {
	t                *testing.T
	url, name, pass  string
	document         *openapi.Document
	answered, failed map[string]bool // routes, by what came of them
}

func newClient(t *testing.T, url, name, pass string) *client {
	t.Helper()
	d, err := openapi.Read(apiv3.Document)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, url: url, name: name, pass: pass, document: d, answered: map[string]bool{}, failed: map[string]bool{}}
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
	asked, _, _ := strings.Cut(path, "?")
	route := c.document.Route(method, "/api/3"+asked)
	if short := method + " /" + strings.TrimPrefix(strings.TrimPrefix(route, method+" /api/3"), "/"); status >= 400 {
		c.failed[short] = true
	} else {
		c.answered[short] = true
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
	err := c.document.CheckAnswer(route, status, res.Header.Get("Content-Type"), text)
	if route == "" { // of no operation: an error all the same
		err = c.document.Check(&openapi.Schema{Ref: "#/components/schemas/Error"}, v, "$")
	}
	if err != nil {
		c.t.Error(err)
	}
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
