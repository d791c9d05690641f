package openapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

var update = flag.Bool("openapi", false, "write what the conversations show into the OpenAPI documents")

// About says of a dialect what its routes do not.
type About struct {
	Title, Description string
	// Keys are the ways to sign in: the name of a scheme, and the header or
	// cookie ("cookie NAME") that carries it; "basic" for HTTP Basic.
	Keys map[string]string
	// Base begins the path of every route, "/rest"; the document names it once.
	Base string
	// Mux has the routes.
	Mux *kit.Mux
	// Summaries say in a sentence what routes do, without the base, where
	// method and path do not tell.
	Summaries map[string]string
}

// Book is a document that is compared with conversations while they happen. Its
// methods may be called at the same time.
type Book struct {
	t    *testing.T
	file string
	mu   sync.Mutex
	old  []byte
	doc  Document
	a    About
}

// Open reads the document in file. When t ends, Book fails t where the routes
// are not exactly the operations of the document, or where what was seen is not
// allowed by it. With the flag -openapi it writes file instead.
func Open(t *testing.T, file string, a About) *Book {
	t.Helper()
	b := &Book{t: t, file: file, a: a}
	b.old, _ = os.ReadFile(file) // none: the document begins empty
	if len(b.old) > 0 {
		if err := json.Unmarshal(b.old, &b.doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	b.begin()
	t.Cleanup(b.end)
	return b
}

// begin lays down what follows from the routes alone, and keeps what the
// document had of those that are there still.
func (b *Book) begin() {
	before := b.doc
	b.doc = Document{
		learnt:  true,
		OpenAPI: "3.1.0",
		Info:    info{b.a.Title, b.a.Description, "1", license{"Apache License 2.0", "Apache-2.0"}},
		Paths:   map[string]map[string]*operation{},
	}
	b.doc.Components.Responses = before.Components.Responses
	b.doc.Components.Schemes = map[string]scheme{}
	for name, place := range b.a.Keys {
		s := scheme{Type: "apiKey", In: "header", Name: place}
		if place == "basic" {
			s = scheme{Type: "http", Scheme: "basic"}
		} else if cookie, ok := strings.CutPrefix(place, "cookie "); ok {
			s = scheme{Type: "apiKey", In: "cookie", Name: cookie}
		}
		b.doc.Components.Schemes[name] = s
	}
	for _, name := range slices.Sorted(maps.Keys(b.a.Keys)) {
		b.doc.Security = append(b.doc.Security, map[string][]string{name: {}})
	}
	if b.a.Base != "" {
		b.doc.Servers = []server{{b.a.Base}}
	}
	routes := b.a.Mux.Patterns()
	for i := range routes {
		routes[i] = strings.Replace(routes[i], " "+b.a.Base, " ", 1)
	}
	for route := range b.a.Summaries {
		if !slices.Contains(routes, route) {
			b.t.Errorf("%s has a summary and is no route", route)
		}
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		method = strings.ToLower(method)
		if b.doc.Paths[path] == nil {
			b.doc.Paths[path] = map[string]*operation{}
		}
		o := newOperation(route, summary(routes, b.a.Summaries, route))
		if was := before.Paths[path][method]; was != nil {
			o.Request, o.Responses = was.Request, was.Responses
			for _, p := range was.Parameters {
				if p.In == "query" {
					o.Parameters = append(o.Parameters, p)
				}
			}
		}
		if len(o.Responses) == 0 {
			o.Responses["default"] = &answer{Description: "Not shown by a conversation."}
		}
		b.doc.Paths[path][method] = o
	}
}

// Watch holds an exchange to the document or, to write it, learns from it.
func (b *Book) Watch(q *http.Request, sent []byte, r *http.Response, got []byte) {
	route := b.a.Mux.Route(q.Method, q.URL.Path)
	if route == "" {
		return
	}
	method, path, _ := strings.Cut(strings.Replace(route, " "+b.a.Base, " ", 1), " ")
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.doc.Paths[path][strings.ToLower(method)]
	if o == nil { // the mux has more routes than it tells
		b.t.Errorf("%s is no operation of %s", route, b.file)
		return
	}
	kind, status := r.Header.Get("Content-Type"), strconv.Itoa(r.StatusCode)
	query, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		query = nil
	}
	if !*update {
		if r.StatusCode < 400 {
			if err := b.doc.CheckRequest(method+" "+path, query, q.Header.Get("Content-Type"), sent); err != nil {
				b.t.Errorf("%s: %v\nrun this test with -openapi", b.file, err)
			}
		}
		if err := b.doc.CheckAnswer(method+" "+path, r.StatusCode, kind, got); err != nil {
			b.t.Errorf("%s: %v\nrun this test with -openapi", b.file, err)
		}
		return
	}
	delete(o.Responses, "default")
	if r.StatusCode >= 400 {
		key := "Status" + status
		if b.doc.Components.Responses == nil {
			b.doc.Components.Responses = map[string]*answer{}
		}
		if b.doc.Components.Responses[key] == nil {
			b.doc.Components.Responses[key] = &answer{Description: http.StatusText(r.StatusCode)}
		}
		b.doc.Components.Responses[key].told(kind, got)
		o.Responses[status] = &answer{Ref: "#/components/responses/" + key}
		return
	}
	o.asked(query, q.Header.Get("Content-Type"), sent)
	if o.Responses[status] == nil {
		o.Responses[status] = &answer{Description: http.StatusText(r.StatusCode)}
	}
	o.Responses[status].told(kind, got)
}

func (b *Book) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var now bytes.Buffer
	e := json.NewEncoder(&now)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(b.doc); err != nil {
		b.t.Fatal(err)
	}
	switch {
	case bytes.Equal(now.Bytes(), b.old):
	case *update:
		if err := os.WriteFile(b.file, now.Bytes(), 0o600); err != nil {
			b.t.Fatal(err)
		}
	default:
		b.t.Errorf("%s is not of these routes: %s\nrun this test with -openapi", b.file, difference(b.old, now.Bytes()))
	}
}

// difference tells the first line in which two documents differ.
func difference(old, now []byte) string {
	a, b := strings.Split(string(old), "\n"), strings.Split(string(now), "\n")
	for i := range b {
		if i >= len(a) || a[i] != b[i] {
			return "line " + strconv.Itoa(i+1) + ": " + strings.TrimSpace(b[i]) + " below " + above(b, i)
		}
	}
	return "it says more"
}

// above names the path and operation that line i belongs to.
func above(lines []string, i int) string {
	for ; i > 0; i-- {
		if strings.HasPrefix(lines[i], `  "/`) {
			return strings.TrimSpace(lines[i])
		}
	}
	return "the head"
}
