package apiv3

import (
	"errors"
	"net/http"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// status and text are what the door makes of a kind of error; "" shows the
// error's own message. What one may not see fails like what does not exist.
type failure struct {
	status int
	text   string
}

// failures are the whole error policy of this dialect.
//
// Source: section 3.5.
var failures = map[harrier.Kind]failure{
	harrier.Invalid:         {http.StatusBadRequest, ""},
	harrier.Unauthenticated: {http.StatusUnauthorized, "Full authentication is required to access this resource."},
	harrier.Forbidden:       {http.StatusForbidden, ""},
	harrier.NotFound:        {http.StatusNotFound, "The resource does not exist."},
	harrier.Conflict:        {http.StatusConflict, ""},
	harrier.Unavailable:     {http.StatusServiceUnavailable, ""},
	harrier.Internal:        {http.StatusInternalServerError, "An unexpected error occurred."},
}

// errMedia is of a body of a type that is not read.
var errMedia = harrier.Errorf(harrier.Invalid, "the body must be JSON")

// fail tells the client of an error, or which methods there are to who asks by
// OPTIONS.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := failures[harrier.KindOf(err)]
	if errors.Is(err, kit.ErrMethod) {
		w.Header().Set("Allow", allow(w.Header().Get("Allow")))
		if r.Method == http.MethodOptions {
			w.Header().Set("Content-Length", "0")
			w.WriteHeader(http.StatusOK)
			return
		}
		f = failure{http.StatusMethodNotAllowed, "The method is not allowed on this resource."}
	}
	switch {
	case f.status == http.StatusUnauthorized:
		challenge(w)
	case errors.Is(err, errMedia):
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	case f.status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	case strings.Contains(harrier.MessageOf(err), "larger than"):
		f.status = http.StatusRequestEntityTooLarge
	}
	text := f.text
	if text == "" {
		text = harrier.MessageOf(err)
	}
	q := &query{r: r}
	writeJSON(w, r, f.status, obj{"status": f.status, "message": text, "links": []link{q.link("self", strings.TrimPrefix(r.URL.Path, base))}})
}

func allow(methods string) string {
	if strings.Contains(methods, http.MethodOptions) {
		return methods
	}
	return methods + ", " + http.MethodOptions
}
