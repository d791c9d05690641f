package kit

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Mux finds the route of a request. Unlike http.ServeMux it never redirects,
// takes paths with double or trailing slashes as they are meant, lets a literal
// segment win over a wildcard from left to right so that no two routes
// conflict, and tells of a wrong path or method in the door's own way.
type Mux struct {
	wire   Wire
	routes map[int][]*route // by number of segments
}

type route struct {
	segments []string
	methods  map[string]http.Handler
}

// NewMux returns a mux without routes that fails by w.
func NewMux(w Wire) *Mux { return &Mux{wire: w, routes: map[int][]*route{}} }

// Handle adds a route such as "GET /scans/{id}". It panics on a pattern that is
// malformed or there already.
func (m *Mux) Handle(pattern string, h http.Handler) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok || !strings.HasPrefix(path, "/") || h == nil {
		panic(fmt.Sprintf("malformed route %q", pattern))
	}
	segments := split(path)
	list := m.routes[len(segments)]
	i, found := slices.BinarySearchFunc(list, segments, func(r *route, s []string) int { return order(r.segments, s) })
	if !found {
		list = slices.Insert(list, i, &route{segments: segments, methods: map[string]http.Handler{}})
		m.routes[len(segments)] = list
	}
	if list[i].methods[method] != nil {
		panic(fmt.Sprintf("route %q twice", pattern))
	}
	list[i].methods[method] = h
}

// Patterns lists all routes in a stable order.
func (m *Mux) Patterns() []string {
	var out []string
	for _, list := range m.routes {
		for _, r := range list {
			for method := range r.methods {
				out = append(out, method+" /"+strings.Join(r.segments, "/"))
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		_, x, _ := strings.Cut(a, " ")
		_, y, _ := strings.Cut(b, " ")
		return strings.Compare(x+" "+a, y+" "+b)
	})
	return out
}

// Route finds the pattern under which a request is served; "" for none.
func (m *Mux) Route(method, path string) string {
	segments := split(path)
	for _, route := range m.routes[len(segments)] {
		if route.matches(segments) && route.methods[method] != nil {
			return method + " /" + strings.Join(route.segments, "/")
		}
	}
	return ""
}

// ServeHTTP hands r to its route. A panic in the route becomes an Internal
// error and is logged with its stack.
func (m *Mux) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := &watched{ResponseWriter: rw}
	defer func() {
		if p := recover(); p != nil {
			m.recovered(w, r, p)
		}
	}()
	segments := split(r.URL.Path)
	allowed := map[string]bool{}
	for _, route := range m.routes[len(segments)] {
		if !route.matches(segments) {
			continue
		}
		if h := route.handler(r.Method); h != nil {
			for i, s := range route.segments {
				if isWild(s) {
					r.SetPathValue(s[1:len(s)-1], segments[i])
				}
			}
			h.ServeHTTP(w, r)
			return
		}
		for method := range route.methods {
			allowed[method] = true
		}
	}
	if len(allowed) > 0 {
		methods := make([]string, 0, len(allowed))
		for method := range allowed {
			methods = append(methods, method)
		}
		slices.Sort(methods)
		w.Header().Set("Allow", strings.Join(methods, ", "))
		m.wire.Fail(w, r, ErrMethod)
		return
	}
	m.wire.Fail(w, r, ErrNoRoute)
}

// Errors of the mux itself, for a door's table.
var (
	ErrNoRoute = harrier.Errorf(harrier.NotFound, "no such route")
	ErrMethod  = harrier.Errorf(harrier.Invalid, "this method is not allowed here")
)

func (m *Mux) recovered(w *watched, r *http.Request, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the value that net/http compares with
		panic(p)
	}
	m.wire.Log.LogAttrs(r.Context(), slog.LevelError, "request panicked",
		slog.String("path", r.URL.Path), slog.Any("err", p), slog.String("stack", string(debug.Stack())))
	if w.wrote {
		panic(http.ErrAbortHandler)
	}
	m.wire.Fail(w, r, harrier.Errorf(harrier.Internal, "panic: %v", p))
}

func (r *route) matches(segments []string) bool {
	for i, s := range r.segments {
		if !isWild(s) && s != segments[i] {
			return false
		}
	}
	return true
}

func (r *route) handler(method string) http.Handler {
	if h := r.methods[method]; h != nil || method != http.MethodHead {
		return h
	}
	return r.methods[http.MethodGet]
}

// CleanPath is p without double slashes and without one at the end.
func CleanPath(p string) string { return "/" + strings.Join(split(p), "/") }

func split(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" })
}

func isWild(s string) bool { return strings.HasPrefix(s, "{") }

// order puts literals before wildcards, from left to right. All wildcards are
// alike: two routes may not differ in their names alone.
func order(a, b []string) int {
	return slices.CompareFunc(a, b, func(x, y string) int {
		switch wx, wy := isWild(x), isWild(y); {
		case wx && wy:
			return 0
		case wx:
			return 1
		case wy:
			return -1
		}
		return strings.Compare(x, y)
	})
}

// watched notes whether an answer has begun.
type watched struct {
	http.ResponseWriter
	wrote bool
}

func (w *watched) WriteHeader(status int) {
	w.wrote = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
