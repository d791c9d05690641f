package securitycenter

import (
	"context"
	_ "embed"
	"net/http"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// via is what the audit log calls this door.
const via = "securitycenter"

// Dialect is the SecurityCenter API.
var Dialect = kit.Dialect{Name: via, Owns: owns, Handler: New, OpenAPI: description}

//go:embed openapi.json
var description []byte

// base is the first segment of every path of this dialect.
const base = "rest"

func owns(r *http.Request) bool {
	first, _, _ := strings.Cut(kit.CleanPath(r.URL.Path)[1:], "/")
	return first == base
}

// api is the door with the rooms behind it.
type api struct {
	kit.Rooms
	*scanning
	*analysing
}

// New returns the handler of the whole dialect.
func New(rooms kit.Rooms) http.Handler { return newRouter(rooms) }

func newRouter(rooms kit.Rooms) *router {
	if rooms.Now == nil {
		rooms.Now = time.Now
	}
	a := api{rooms, newScanning(rooms), newAnalysing(rooms)}
	m := &router{a: a, mux: kit.NewMux(kit.Wire{Fail: a.fail, Log: rooms.Log})}
	a.consoleRoutes(m)
	a.scanningRoutes(m)
	a.analysingRoutes(m)
	return m
}

// consoleRoutes are sign-in, the installation and its people.
func (a api) consoleRoutes(m *router) {
	a.tokenRoutes(m)
	a.systemRoutes(m)
	a.userRoutes(m)
	a.roleRoutes(m)
	a.groupRoutes(m)
	a.organizationRoutes(m)
	a.feedRoutes(m)
	a.fileRoutes(m)
	a.emptyRoutes(m)
}

// handler answers one route. What it returns goes into the envelope: see
// router.write for what it may be.
type handler func(ctx context.Context, by harrier.Actor, q *query) (any, error)

// router finds the route of a request, asks who calls, and wraps the answer.
type router struct {
	a   api
	mux *kit.Mux
}

// handle adds a route for those who have signed in: "GET /scan/{id}", without
// the /rest before it.
func (m *router) handle(pattern string, h handler) { m.add(pattern, h, m.a.authenticate) }

// public adds a route for everybody.
func (m *router) public(pattern string, h handler) {
	m.add(pattern, h, func(*http.Request) (caller, error) { return caller{}, nil })
}

func (m *router) add(pattern string, h handler, who func(*http.Request) (caller, error)) {
	method, path, _ := strings.Cut(pattern, " ")
	m.mux.Handle(method+" /"+base+path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := m.call(w, r, h, who)
		if err != nil {
			m.failed(w, r, err)
			return
		}
		m.write(w, r, answer)
	}))
}

func (m *router) call(w http.ResponseWriter, r *http.Request, h handler, who func(*http.Request) (caller, error)) (any, error) {
	c, err := who(r)
	if err != nil {
		return nil, err
	}
	q, err := newQuery(w, r, c)
	if err != nil {
		return nil, err
	}
	return h(r.Context(), c.Actor, q)
}

// ServeHTTP answers r. Every answer names the version of the API.
func (m *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("SecurityCenter", apiVersion)
	m.mux.ServeHTTP(w, r)
}

// Patterns lists all routes in a stable order, without the /rest before them.
func (m *router) Patterns() []string {
	out := m.mux.Patterns()
	for i, p := range out {
		out[i] = strings.Replace(p, " /"+base, " ", 1)
	}
	return out
}
