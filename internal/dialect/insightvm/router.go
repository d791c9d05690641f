package insightvm

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// handler answers one route.
type handler func(ctx context.Context, by harrier.Actor, q *query) (reply, error)

// reply is what a route answers with status 200, unless it says another one.
type reply struct {
	status int    // 0: 200
	body   any    // nil: an empty body
	root   string // name of the root element in XML; "": there is no XML
}

// router asks who calls before it looks for the route: whoever has no key does
// not learn what there is.
//
// Source: section 3.6.
type router struct {
	a   api
	mux *kit.Mux
}

type contextKey int

// Keys of what ServeHTTP found out.
const (
	actorKey contextKey = iota
	prefixKey
)

func (m *router) handle(pattern string, h handler) {
	m.mux.Handle(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by, _ := r.Context().Value(actorKey).(harrier.Actor)
		prefix, _ := r.Context().Value(prefixKey).(string)
		answer, err := h(r.Context(), by, &query{Request: r, prefix: prefix, values: r.URL.Query()})
		if err != nil {
			m.a.fail(w, r, err)
			return
		}
		m.a.write(w, r, answer)
	}))
}

// headers are those of every answer.
//
// Source: section 3.3.
var headers = map[string]string{
	"Cache-Control":          "no-store, must-revalidate",
	"X-Content-Type-Options": "nosniff",
	"X-Xss-Protection":       "1; mode=block",
	"X-Frame-Options":        "SAMEORIGIN",
	"X-Ua-Compatible":        "IE=edge,chrome=1",
	"Vary":                   "Accept, Accept-Encoding",
}

// correlation names a request in the logs of both sides.
const correlation = "R7-Correlation-Id"

// maxCorrelation bounds what is echoed and logged.
const maxCorrelation = 64

// ServeHTTP answers r.
func (m *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	if id := printable(r.Header.Get(correlation)); id != "" {
		w.Header().Set(correlation, id)
		m.a.Log.DebugContext(r.Context(), "request", "dialect", via, "path", r.URL.Path, "correlation", id)
	}
	prefix, path := region(kit.CleanPath(r.URL.Path))
	by, err := m.a.authenticate(r)
	if err != nil {
		m.a.fail(w, r, err)
		return
	}
	ctx := context.WithValue(context.WithValue(r.Context(), actorKey, by), prefixKey, prefix)
	r = r.Clone(ctx)
	r.URL.Path, r.URL.RawPath = path, ""
	m.mux.ServeHTTP(w, r)
}

func printable(s string) string {
	if len(s) > maxCorrelation || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' }) {
		return ""
	}
	return s
}

// authenticate finds out who has the key of a request.
//
// Source: section 2.
func (a api) authenticate(r *http.Request) (harrier.Actor, error) {
	key := strings.TrimSpace(r.Header.Get("X-Api-Key"))
	if key == "" || len(key) > 1000 {
		return harrier.Actor{}, harrier.Errorf(harrier.Unauthenticated, "no key")
	}
	return a.Identity.ByAPIKey(r.Context(), key, via)
}

// Patterns lists all routes in a stable order.
func (m *router) Patterns() []string { return m.mux.Patterns() }

// isMethod reports whether err says that a path is there, but not for a method.
func isMethod(err error) bool { return errors.Is(err, kit.ErrMethod) }
