package insightvm

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/search"
)

// The standard texts.
//
// Source: section 3.5.
const (
	textNoBody         = "Required request body is missing."
	textNoBodyHere     = "A request body must be provided."
	textNoKey          = "Full authentication is required to access this resource."
	textNoKeyHere      = "Authorization is required to interact with this resource."
	textMissing        = "The resource does not exist."
	textMissingHere    = "The requested resource does not exist."
	textInternal       = "An unexpected error occurred. Please look into the log of this console."
	textUnavailable    = "Service unavailable."
	textUnavailableToo = "The service is not currently available. Please try again."
	textMethod         = "The request method is not supported for this resource."
	textForbidden      = "The operation is not permitted on this resource."
)

// retryAfter is how many seconds a client should wait that was not served.
const retryAfter = "5"

// problem is an error as clients see it.
type problem struct {
	status    int
	message   string
	localized string // "" is null
	cause     error
}

// Error is the text that clients see.
func (p *problem) Error() string { return p.message }

// Unwrap returns the cause.
func (p *problem) Unwrap() error { return p.cause }

// problems is the whole error policy of this dialect. A message of "" shows the
// error's own. What may not be seen looks like what is not there; see notAllowed
// for what may be seen and not done.
var problems = map[harrier.Kind]problem{
	harrier.Invalid:         {http.StatusBadRequest, "", "", nil},
	harrier.Unauthenticated: {http.StatusUnauthorized, textNoKey, textNoKeyHere, nil},
	harrier.Forbidden:       {http.StatusNotFound, textMissing, textMissingHere, nil},
	harrier.NotFound:        {http.StatusNotFound, textMissing, textMissingHere, nil},
	harrier.Conflict:        {http.StatusBadRequest, "", "", nil},
	harrier.Unavailable:     {http.StatusServiceUnavailable, textUnavailable, textUnavailableToo, nil},
	harrier.Internal:        {http.StatusInternalServerError, textInternal, textInternal, nil},
}

var (
	errNoAsset   = &problem{http.StatusNotFound, textMissingHere, textMissingHere, nil} // as recorded
	errNoBody    = &problem{http.StatusBadRequest, textNoBody, textNoBodyHere, nil}
	errMediaType = &problem{status: http.StatusUnsupportedMediaType}
	errTooLarge  = &problem{http.StatusRequestEntityTooLarge, fmt.Sprintf("The request body is larger than %d bytes.", maxBody), "", nil}
)

// invalid says what is wrong with a request.
func invalid(format string, args ...any) error {
	return &problem{http.StatusBadRequest, fmt.Sprintf(format, args...), "", nil}
}

// listed joins what is wrong: "has 2 errors: a; b".
func listed(lead string, errs []string) error {
	if len(errs) == 1 {
		return invalid("%s has 1 error: %s", lead, errs[0])
	}
	return invalid("%s has %d errors: %s", lead, len(errs), strings.Join(errs, "; "))
}

// notAllowed turns Forbidden into status 403, for what the caller may see.
func notAllowed(err error) error {
	if err != nil && harrier.KindOf(err) == harrier.Forbidden {
		return &problem{http.StatusForbidden, textForbidden, harrier.MessageOf(err), err}
	}
	return err
}

// badQueries says what is wrong with the expressions of a request. One that
// can not be read at all is told in the words that clients know; of others the
// reason is told.
//
// Source: section 3.5, recorded texts; section 10.5.
func badQueries(texts []string, errs []error) error {
	var list []string
	for i, err := range errs {
		var why *search.Error
		switch {
		case err == nil:
			continue
		case errors.As(err, &why) && why.Reason == search.Syntax:
			q := shown(texts[i])
			list = append(list, fmt.Sprintf("Unable to parse query: %s due to The query %s seems to be invalid format: null", q, q))
		default:
			list = append(list, harrier.MessageOf(err))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return listed("Your query string format is not valid. It", list)
}

// maxShown bounds what of an expression is shown in an error, in bytes.
const maxShown = 2000

func shown(text string) string {
	if len(text) > maxShown {
		return strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}

// errorBody is the body of every failure but 415.
//
// Source: section 3.5.
type errorBody struct {
	Status    int     `json:"status"`
	Localized *string `json:"localized_message"`
	Message   string  `json:"message"`
}

// fail tells a client of err.
func (a api) fail(w http.ResponseWriter, r *http.Request, err error) {
	var own *problem
	p := problems[harrier.KindOf(err)]
	switch {
	case isMethod(err) && r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusOK) // the header Allow is there
		return
	case isMethod(err):
		p = problem{http.StatusMethodNotAllowed, textMethod, "", nil}
	case errors.Is(err, kit.ErrNoRoute):
	case errors.As(err, &own):
		p = *own
	case p.message == "":
		p.message = harrier.MessageOf(err)
	}
	if r.Context().Err() == nil && p.status >= http.StatusInternalServerError {
		a.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	switch p.status {
	case http.StatusUnsupportedMediaType:
		w.WriteHeader(p.status)
		return
	case http.StatusServiceUnavailable, http.StatusRequestTimeout:
		w.Header().Set("Retry-After", retryAfter)
	}
	body := errorBody{Status: p.status, Message: p.message}
	if p.localized != "" {
		body.Localized = &p.localized
	}
	a.write(w, r, reply{status: p.status, body: body, root: "ErrorResource"})
}
