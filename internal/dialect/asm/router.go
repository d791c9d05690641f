package asm

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// handler answers one route.
type handler func(ctx context.Context, q *query) (reply, error)

// reply is what a route answers, with status 200 unless it says another one.
type reply struct {
	status int
	body   any       // nil: an empty body
	raw    []byte    // instead of body
	file   *kit.File // instead of body
	kind   string    // Content-Type of raw
}

func ok(body any) reply      { return reply{body: body} }
func created(body any) reply { return reply{status: http.StatusCreated, body: body} }

var done = reply{status: http.StatusNoContent}

type router struct {
	a   api
	mux *kit.Mux
}

// handle adds a route for those who have a role.
func (m *router) handle(pattern string, role role, h handler) {
	m.open(pattern, func(ctx context.Context, q *query) (reply, error) {
		if q.err != nil {
			return reply{}, q.err
		}
		if role != "" && !slices.Contains(roles(q.by), string(role)) {
			return reply{}, harrier.Errorf(harrier.Forbidden, "this takes the role %s", role)
		}
		return h(ctx, q)
	})
}

// open adds a route for everybody.
func (m *router) open(pattern string, h handler) {
	m.mux.Handle(strings.Replace(pattern, " ", " "+base, 1), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &query{Request: r, values: r.URL.Query(), api: m.a}
		q.by, q.session, q.err = m.a.authenticate(r)
		answer, err := h(r.Context(), q)
		if err != nil {
			m.a.fail(w, r, err)
			return
		}
		m.a.write(w, r, answer)
	}))
}

// ServeHTTP answers r.
func (m *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	m.mux.ServeHTTP(w, r)
}

func (a api) write(w http.ResponseWriter, r *http.Request, answer reply) {
	status := answer.status
	if status == 0 {
		status = http.StatusOK
	}
	switch {
	case answer.file != nil:
		kit.Handle(kit.Wire{Fail: a.fail, Log: a.Log}, func(context.Context, harrier.Actor, struct{}) (kit.File, error) { return *answer.file, nil }).ServeHTTP(w, r)
	case answer.raw != nil:
		w.Header().Set("Content-Type", answer.kind)
		w.WriteHeader(status)
		_, _ = w.Write(answer.raw) // a client that has gone gets nothing
	case answer.body == nil:
		w.WriteHeader(status)
	default:
		body, err := kit.Marshal(answer.body)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		kit.WriteJSON(w, status, body)
	}
}

// Where keys and sessions are.
//
// Source: section 1.
const (
	keyHeader     = "X-Hexiosec-API-Key"
	csrfHeader    = "X-CSRF-Token"
	sessionCookie = "hexiosec-session"
)

// authenticate finds out who asks: by a key, or by the session of a browser, which
// has to prove on writes that a page of ours asks.
func (a api) authenticate(r *http.Request) (by harrier.Actor, session string, err error) {
	none := harrier.Errorf(harrier.Unauthenticated, "a key or a session is needed")
	if key := strings.TrimSpace(r.Header.Get(keyHeader)); key != "" {
		if len(key) > 1000 {
			return by, "", none
		}
		by, err = a.Identity.ByAPIKey(r.Context(), key, via)
		return by, "", err
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil || c.Value == "" || len(c.Value) > 1000 {
		return by, "", none
	}
	if by, err = a.Identity.Session(r.Context(), c.Value, via); err != nil {
		return by, "", err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && subtle.ConstantTimeCompare([]byte(r.Header.Get(csrfHeader)), []byte(csrf(c.Value))) != 1 {
		return harrier.Actor{}, "", &problem{http.StatusForbidden, "invalid_csrf", "the header " + csrfHeader + " is not the one of this session"}
	}
	return by, c.Value, nil
}

// csrf is what a page of ours knows of a session and another one does not.
func csrf(session string) string {
	sum := sha256.Sum256([]byte("csrf " + session))
	return hex.EncodeToString(sum[:])
}

// Patterns lists all routes in a stable order.
func (m *router) Patterns() []string { return m.mux.Patterns() }
