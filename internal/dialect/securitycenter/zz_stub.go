// Package securitycenter is the door of the SecurityCenter API.
package securitycenter

// This file stands for the frame of the door and for its families until they
// are here. It goes away with them.

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

type (
	api     struct{ kit.Rooms }
	handler func(ctx context.Context, by harrier.Actor, q *query) (any, error)
	router  struct{ patterns []string }
	query   struct{ raw *http.Request }
	ref     struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	nullRef struct {
		ID          int    `json:"id"`
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	given     harrier.ID
	givens    []given
	family    struct{ name string }
	familyRef struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Type string `json:"type"`
	}
)

const (
	codeInvalid  = 146
	codeView     = 142
	codeAnalysis = 143
	codeMissing  = 147
)

var noRef = nullRef{ID: -1}

// New returns a door that answers nothing yet.
func New(rooms kit.Rooms) http.Handler {
	a, m := api{rooms}, &router{}
	for _, add := range []func(*router){
		a.analysisRoutes, a.assetRoutes, a.repositoryRoutes, a.ruleRoutes, a.savedQueryRoutes, a.hostRoutes, a.solutionRoutes,
	} {
		add(m)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) })
}

func (m *router) handle(pattern string, _ handler)       { m.patterns = append(m.patterns, pattern) }
func (g *given) UnmarshalJSON(b []byte) error            { return json.Unmarshal(b, (*int64)(g)) }
func (g givens) ids() []harrier.ID                       { return make([]harrier.ID, len(g)) }
func (q *query) path(name string) string                 { return q.raw.PathValue(name) }
func (q *query) id() harrier.ID                          { return idOf(q.path("id")) }
func (q *query) param(name string) string                { return q.raw.URL.Query().Get(name) }
func (q *query) words(name string) []string              { return strings.Fields(q.param(name)) }
func (q *query) fields(otherwise ...string) []string     { return otherwise }
func (q *query) filter(word string) bool                 { return q.param("filter") == word }
func (q *query) body(to any) error                       { return json.NewDecoder(q.raw.Body).Decode(to) }
func (q *query) number(string, int64) (int64, error)     { return 0, nil }
func (f family) ref() familyRef                          { return familyRef{Name: f.name} }
func (a api) familyNamed(context.Context, string) family { return family{} }

func (a api) familyByID(context.Context, int) (family, bool) { return family{}, false }

func sid[N ~int | ~int64](id N) string { return strconv.FormatInt(int64(id), 10) }
func sbool(b bool) string              { return strconv.FormatBool(b) }
func suuid(u harrier.UUID) string      { return strings.ToUpper(u.String()) }

func stime(t time.Time) string {
	if t.IsZero() {
		return "-1"
	}
	return sid(t.Unix())
}

func idOf(s string) harrier.ID {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return harrier.ID(n)
}

func cut(s string, most int) string { return s[:min(len(s), most)] }

func fault(_, _ int, format string, args ...any) error {
	return harrier.Errorf(harrier.Invalid, "%s", fmt.Sprintf(format, args...))
}

func noObject(resource, id, verb string) error {
	return harrier.Errorf(harrier.NotFound, "no %s %s to %s", resource, id, verb)
}

func missing(err error, resource, id, verb string) error {
	if harrier.KindOf(err) != harrier.NotFound {
		return err
	}
	return noObject(resource, id, verb)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func pick(v any, _ []string, _ ...string) any { return v }

func lists[T any](_ harrier.Actor, _ *query, usable, _ []T, _ []string, _ ...string) any {
	return usable
}

var _ = codeMissing
