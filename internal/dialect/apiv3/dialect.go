package apiv3

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// via is what the audit log calls this door.
const via = "apiv3"

// base is where everything is.
const base = "/api/3"

// Dialect is version 3 of the console API. The exceptions are also read by
// clients of the XML API, with a session of theirs and without a password: those
// are left to that door.
var Dialect = kit.Dialect{Name: via, Owns: owns, Handler: New, OpenAPI: document}

const exceptionsPath = base + "/vulnerability_exceptions"

func owns(r *http.Request) bool {
	p := kit.CleanPath(r.URL.Path)
	if p == exceptionsPath && r.Header.Get("Authorization") == "" && (r.Header.Get("nexposeCCSessionID") != "" || hasCookie(r)) {
		return false
	}
	return p == base || strings.HasPrefix(p, base+"/")
}

func hasCookie(r *http.Request) bool {
	_, err := r.Cookie("nexposeCCSessionID")
	return err == nil
}

// api is the door with the rooms behind it.
type api struct {
	kit.Rooms
	mux      *kit.Mux
	sessions sync.Map // of those who signed in lately, by what they sent
	kept     int
	lock     sync.Mutex
}

// New returns the handler of the whole dialect.
func New(rooms kit.Rooms) http.Handler { return newAPI(rooms) }

func newAPI(rooms kit.Rooms) *api {
	if rooms.Now == nil {
		rooms.Now = time.Now
	}
	a := &api{Rooms: rooms}
	a.mux = kit.NewMux(kit.Wire{Fail: a.fail, Log: a.Log})
	a.rootRoutes()
	a.assetRoutes()
	a.groupRoutes()
	a.siteRoutes()
	a.targetRoutes()
	a.siteGroupRoutes()
	a.scheduleRoutes()
	a.credentialRoutes()
	a.scanRoutes()
	a.engineRoutes()
	a.poolRoutes()
	a.secretRoutes()
	a.vulnerabilityRoutes()
	a.exceptionRoutes()
	a.reportRoutes()
	a.tagRoutes()
	a.userRoutes()
	return a
}

// handler answers one request: with an obj, a created, a list, a kit.File or a
// plain JSON value.
type handler func(*query) (any, error)

// handle adds a route below base: "GET /assets/{id}".
func (a *api) handle(pattern string, do handler) {
	method, path, _ := strings.Cut(pattern, " ")
	path = base + strings.TrimSuffix(path, "/")
	a.mux.Handle(method+" "+path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &query{r: r, by: actorOf(r)}
		ans, err := do(q)
		if err == nil {
			err = a.write(w, q, ans)
		}
		if err != nil {
			switch kind := harrier.KindOf(err); {
			case r.Context().Err() != nil: // nobody reads the answer
			case kind == harrier.Internal || kind == harrier.Unavailable:
				a.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "err", err)
			}
			a.fail(w, r, err)
		}
	}))
}

type actorKey struct{}

func actorOf(r *http.Request) harrier.Actor {
	by, _ := r.Context().Value(actorKey{}).(harrier.Actor)
	return by
}

// ServeHTTP answers r. Who is not signed in learns nothing, not even what there
// is.
//
// Source: sections 3.3 and 3.6.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store, must-revalidate")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-XSS-Protection", "1; mode=block")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	by, err := a.authenticate(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), actorKey{}, by))
	a.mux.ServeHTTP(w, r)
}

// patterns lists the routes without the base, for the tests and the document.
func (a *api) patterns() []string {
	out := a.mux.Patterns()
	for i, p := range out {
		method, path, _ := strings.Cut(p, " ")
		out[i] = method + " /" + strings.TrimPrefix(strings.TrimPrefix(path, base), "/")
	}
	slices.Sort(out)
	return out
}
