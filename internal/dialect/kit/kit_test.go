package kit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// testWire tells of errors as "KIND: MESSAGE" and knows who has a name.
var testWire = Wire{
	Authenticate: func(r *http.Request) (harrier.Actor, error) {
		if name := r.Header.Get("Who"); name != "" {
			return harrier.Actor{Name: name}, nil
		}
		return harrier.Actor{}, harrier.Errorf(harrier.Unauthenticated, "who?")
	},
	Fail: func(w http.ResponseWriter, _ *http.Request, err error) {
		status := map[harrier.Kind]int{harrier.Invalid: 400, harrier.Unauthenticated: 401, harrier.NotFound: 404, harrier.Internal: 500}[harrier.KindOf(err)]
		if errors.Is(err, ErrMethod) {
			status = 405
		}
		WriteJSON(w, status, []byte(harrier.KindOf(err).String()+": "+harrier.MessageOf(err)))
	},
	Log: slog.New(slog.DiscardHandler),
}

type inner struct {
	ID int `from:"path id"`
}

type question struct {
	inner
	Limit *Int       `from:"query limit"`
	Read  *Bool      `from:"query read" json:"read"`
	Host  string     `from:"header X-Host"`
	From  string     `from:"remote"`
	All   url.Values `from:"query *"`

	Name  Text            `json:"name"`
	Count Int             `json:"count"`
	List  Texts           `json:"list"`
	IDs   Ints            `json:"ids"`
	Deep  map[string]Text `json:"deep"`
}

func ask(t *testing.T, h http.Handler, method, path, body string) (int, string, http.Header) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://x"+path, strings.NewReader(body))
	r.Header.Set("Who", "anna")
	r.Header.Set("X-Host", "h")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

func TestHandleFillsRequests(t *testing.T) {
	var got question
	mux := NewMux(testWire)
	mux.Handle("PUT /things/{id}", Handle(testWire, func(_ context.Context, by harrier.Actor, q question) (Empty, error) {
		if by.Name != "anna" {
			t.Errorf("actor = %q; want anna", by.Name)
		}
		got = q
		return Empty{}, nil
	}))
	limit, yes, no := Int(5), Bool(true), Bool(false)
	for _, c := range []struct {
		path, body string
		want       question
	}{
		{"/things/7", ``, question{inner: inner{7}}},
		{"//things/7/?limit=5&read=true", `null`, question{inner: inner{7}, Limit: &limit, Read: &yes}},
		{"/things/7?read=yes", `{"read":0}`, question{inner: inner{7}, Read: &no}},
		{"/things/7", `{"name":3,"count":"12","list":"a","ids":["4",5],"deep":{"a":true},"other":[{}]}`, question{
			inner: inner{7}, Name: "3", Count: 12, List: Texts{"a"}, IDs: Ints{4, 5}, Deep: map[string]Text{"a": "true"},
		}},
		{"/things/7", "name=a%20b&count=3&list=x&list=y&ids[]=9&deep[k]=v", question{
			inner: inner{7}, Name: "a b", Count: 3, List: Texts{"x", "y"}, IDs: Ints{9}, Deep: map[string]Text{"k": "v"},
		}},
		{"/things/7", "\xef\xbb\xbf {\"count\":1e3} ", question{inner: inner{7}, Count: 1000}},
	} {
		status, body, _ := ask(t, mux, "PUT", c.path, c.body)
		if status != 200 || body != "" {
			t.Errorf("PUT %s %s = %d %q; want 200 and nothing", c.path, c.body, status, body)
		}
		got.All, got.From = nil, ""
		c.want.Host = "h"
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(question{}, inner{})); d != "" {
			t.Errorf("PUT %s %s: -want +got\n%s", c.path, c.body, d)
		}
	}
}

func TestHandleRefuses(t *testing.T) {
	small := testWire
	small.MaxBody = 64
	mux := NewMux(small)
	mux.Handle("PUT /things/{id}", Handle(small, func(context.Context, harrier.Actor, question) (Empty, error) { return Empty{}, nil }))
	mux.Handle("POST /up", Handle(small, func(context.Context, harrier.Actor, struct {
		Name Text `json:"name"`
	},
	) (Empty, error) {
		return Empty{}, nil
	}))
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"PUT", "/things/x", ``, 404, "not found: no such id"},
		{"PUT", "/things/7?limit=many", ``, 400, `invalid: limit: "many" is not a whole number`},
		{"PUT", "/things/7", `{"count":"many"}`, 400, `invalid: count: "many" is not a whole number`},
		{"PUT", "/things/7", `{"read":"perhaps"}`, 400, `invalid: read: "perhaps" is not a yes or a no`},
		{"PUT", "/things/7", `{"name":{}}`, 400, "invalid: name: an object where a single value should be"},
		{"PUT", "/things/7", `{"deep":3}`, 400, "invalid: deep: a number where there should be an object"},
		{"PUT", "/things/7", `{"count":1.5}`, 400, `invalid: count: "1.5" is not a whole number`},
		{"PUT", "/things/7", `{"name":`, 400, "invalid: malformed JSON at byte 8: unexpected end of JSON input"},
		{"PUT", "/things/7", `{} x`, 400, "invalid: malformed JSON at byte 4: invalid character 'x' after top-level value"},
		{"PUT", "/things/7", `"text"`, 400, "invalid: the body must be a JSON object"},
		{"PUT", "/things/7", `text`, 400, "invalid: the body must be a JSON object"},
		{"PUT", "/things/7", `{"name":"` + strings.Repeat("x", 100) + `"}`, 400, "invalid: the body is larger than 64 bytes"},
		{"GET", "/things/7", ``, 405, "invalid: this method is not allowed here"},
		{"PUT", "/other", ``, 404, "not found: no such route"},
	} {
		status, body, _ := ask(t, mux, c.method, c.path, c.body)
		if status != c.status || body != c.want {
			t.Errorf("%s %s %s = %d %q; want %d %q", c.method, c.path, c.body, status, body, c.status, c.want)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), "PUT", "/things/7", nil)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	if w.Code != 401 {
		t.Errorf("PUT without a name = %d; want 401", w.Code)
	}
}

func TestHandleEncodes(t *testing.T) {
	mux := NewMux(testWire)
	mux.Handle("GET /json", Handle(testWire, func(context.Context, harrier.Actor, struct{}) (map[string]any, error) {
		return map[string]any{"a": "<&>", "b": []int{}}, nil
	}))
	mux.Handle("GET /file", Handle(testWire, func(context.Context, harrier.Actor, struct{}) (File, error) {
		return File{Name: "a.csv", Size: 3, Body: io.NopCloser(strings.NewReader("x,y"))}, nil
	}))
	mux.Handle("GET /panic", Handle(testWire, func(context.Context, harrier.Actor, struct{}) (Empty, error) { panic("boom") }))
	mux.Handle("GET /error", Handle(testWire, func(context.Context, harrier.Actor, struct{}) (Empty, error) { return Empty{}, io.ErrUnexpectedEOF }))

	for _, c := range []struct {
		method, path string
		status       int
		body         string
		headers      map[string]string
	}{
		{"GET", "/json", 200, `{"a":"<&>","b":[]}`, map[string]string{"Content-Type": "application/json", "Content-Length": "18"}},
		{"GET", "/file", 200, "x,y", map[string]string{"Content-Type": "application/octet-stream", "Content-Length": "3", "Content-Disposition": `attachment; filename="a.csv"`}},
		{"HEAD", "/file", 200, "", map[string]string{"Content-Length": "3"}},
		{"GET", "/panic", 500, "internal: internal error", nil},
		{"GET", "/error", 500, "internal: internal error", nil},
	} {
		status, body, h := ask(t, mux, c.method, c.path, "")
		if status != c.status || body != c.body {
			t.Errorf("%s %s = %d %q; want %d %q", c.method, c.path, status, body, c.status, c.body)
		}
		for name, want := range c.headers {
			if got := h.Get(name); got != want {
				t.Errorf("%s %s: %s = %q; want %q", c.method, c.path, name, got, want)
			}
		}
	}
}

func TestMuxPrefersLiterals(t *testing.T) {
	mux := NewMux(testWire)
	for _, p := range []string{"GET /e/{type}/{id}/families", "GET /e/{type}/templates/{uuid}", "GET /e/scan/{id}/{x}"} {
		mux.Handle(p, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, p) }))
	}
	for path, want := range map[string]string{
		"/e/policy/1/families":         "GET /e/{type}/{id}/families",
		"/e/policy/templates/families": "GET /e/{type}/templates/{uuid}",
		"/e/scan/templates/1":          "GET /e/scan/{id}/{x}",
	} {
		if _, got, _ := ask(t, mux, "GET", path, ""); got != want {
			t.Errorf("GET %s = %q; want %q", path, got, want)
		}
	}
	want := []string{"GET /e/scan/{id}/{x}", "GET /e/{type}/templates/{uuid}", "GET /e/{type}/{id}/families"}
	got := mux.Patterns()
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Patterns: -want +got\n%s", d)
	}
	defer func() {
		if recover() == nil {
			t.Error("the same route twice did not panic")
		}
	}()
	mux.Handle("GET /e/scan/{other}/{y}", http.NotFoundHandler())
}

func TestCleanPath(t *testing.T) {
	for in, want := range map[string]string{"": "/", "/": "/", "//": "/", "//session": "/session", "/scans/": "/scans", "/a//b///c/": "/a/b/c"} {
		if got := CleanPath(in); got != want {
			t.Errorf("CleanPath(%q) = %q; want %q", in, got, want)
		}
	}
}

func FuzzDecodeBody(f *testing.F) {
	for _, s := range []string{``, `null`, `{"a":[1,"2"]}`, `a=b&c[d]=e&c=f&c[d][e]=g&l[]=1`, `a[b=c`, `=`, `{"a"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := DecodeBody(b)
		if err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Errorf("DecodeBody(%q) = %v; want Invalid", b, err)
			}
			return
		}
		for name, raw := range keys {
			if !json.Valid(raw) {
				t.Errorf("DecodeBody(%q)[%q] = %q; want JSON", b, name, raw)
			}
		}
		var q question
		if err := Fill(keys, &q); err != nil && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Fill(%q) = %v; want Invalid", b, err)
		}
	})
}

// TestLargeBodyIsAnswered: a client that sends all of a body that is too large
// before it reads gets the answer, not a broken connection.
func TestLargeBodyIsAnswered(t *testing.T) {
	mux := NewMux(testWire)
	mux.Handle("POST /things/{id}", Handle(testWire, func(context.Context, harrier.Actor, question) (Empty, error) { return Empty{}, nil }))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const size = MaxBody + 32<<20
	if _, err := fmt.Fprintf(conn, "POST /things/7 HTTP/1.1\r\nHost: x\r\nWho: ann\r\nContent-Length: %d\r\n\r\n", size); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(conn, bytes.NewReader(bytes.Repeat([]byte("x"), size))); err != nil {
		t.Fatalf("the body was not read to its end: %v", err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if want := "invalid: the body is larger than 16777216 bytes"; err != nil || res.StatusCode != 400 || string(body) != want {
		t.Errorf("answer = %d %s, %v; want 400 %s", res.StatusCode, body, err, want)
	}
}
