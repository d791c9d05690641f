package securitycenter

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// The codes of failures that clients know.
//
// Source: section 4.
const (
	codeInternal     = 1
	codeLogin        = 11  // wrong name or password
	codeToken        = 12  // no session, or one that has ended
	codeKeys         = 74  // wrong API keys
	codeScanImport   = 139 // a scan result can not be imported
	codeView         = 142 // individual analysis without a view
	codeAnalysis     = 143 // the query can not be processed
	codeInvalid      = 146 // a wrong parameter, a missing right, a wrong moment
	codeMissing      = 147 // no such object
	codeUnavailable  = 148 // not now
	failure          = http.StatusForbidden
	textToken        = "This request contains an invalid token."
	textKeys         = "Invalid API keys."
	textLogin        = "Invalid login credentials"
	textNoRoute      = "Unknown resource."
	textInternal     = "An internal error occurred."
	retryAfterSecond = "5"
)

// answer is what the door makes of a kind of error.
type answer struct {
	code, status int
	text         string // "" shows the error's own message
}

// answers is the whole error policy of this dialect: 403 for whatever is wrong
// with a request, and 5xx, which clients try again, for what is wrong with us.
var answers = map[harrier.Kind]answer{
	harrier.Invalid:         {codeInvalid, failure, ""},
	harrier.Unauthenticated: {codeToken, failure, textToken},
	harrier.Forbidden:       {codeInvalid, failure, ""},
	harrier.NotFound:        {codeMissing, failure, ""},
	harrier.Conflict:        {codeInvalid, failure, ""},
	harrier.Unavailable:     {codeUnavailable, http.StatusServiceUnavailable, ""},
	harrier.Internal:        {codeInternal, http.StatusInternalServerError, textInternal},
}

// refusal is an error with a code of this API.
type refusal struct {
	answer
	cause error
}

// Error is the text that the client sees, and the cause.
func (r *refusal) Error() string {
	if r.cause != nil {
		return r.text + ": " + r.cause.Error()
	}
	return r.text
}

// Unwrap returns the cause.
func (r *refusal) Unwrap() error { return r.cause }

// fault is a failure with a code and an HTTP status of its own; status 0 is 403.
func fault(code, status int, format string, args ...any) error {
	if status == 0 {
		status = failure
	}
	text := fmt.Sprintf(format, args...)
	return &refusal{answer{code, status, text}, harrier.Errorf(harrier.Invalid, "%s", text)}
}

// missing replaces a NotFound error by what this API says of an object that is
// not there: missing(err, "Scan", q.path("id"), "delete"). Other errors and nil
// stay.
func missing(err error, resource, id, verb string) error {
	if err == nil || harrier.KindOf(err) != harrier.NotFound {
		return err
	}
	return noObject(resource, id, verb)
}

// noObject says that there is no object of an id.
func noObject(resource, id, verb string) error {
	id = cut(id, 64)
	text := fmt.Sprintf("Unable to find existing %s #%s to %s.\n%s #%s does not exist.", resource, id, verb, resource, id)
	return &refusal{answer{codeMissing, failure, text}, harrier.Errorf(harrier.NotFound, "no %s %s", resource, id)}
}

// notAllowed says that a user's role lacks a right.
func notAllowed(format string, args ...any) error {
	return harrier.Errorf(harrier.Forbidden, format, args...)
}

func cut(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// failed logs what an operator should know of and tells the client.
func (m *router) failed(w http.ResponseWriter, r *http.Request, err error) {
	switch kind := harrier.KindOf(err); {
	case r.Context().Err() != nil: // the client has gone: nobody reads the answer
	case kind == harrier.Internal || kind == harrier.Unavailable:
		m.a.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	m.a.fail(w, r, err)
}

// fail tells a client of err.
func (a api) fail(w http.ResponseWriter, r *http.Request, err error) {
	says := answers[harrier.KindOf(err)]
	var own *refusal
	switch {
	case errors.Is(err, kit.ErrMethod) && r.Method == http.MethodOptions:
		a.envelope(w, r, http.StatusOK, envelope{Response: ""}) // the header Allow is there
		return
	case errors.Is(err, kit.ErrNoRoute):
		says = answer{codeInvalid, failure, textNoRoute}
	case errors.As(err, &own):
		says = own.answer
	case says.text == "":
		says.text = harrier.MessageOf(err)
	}
	if says.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfterSecond)
	}
	a.envelope(w, r, says.status, envelope{Response: "", ErrorCode: says.code, ErrorMsg: line(says.text)})
}

// line ends a message as the API does.
func line(text string) string {
	if text == "" {
		return ""
	}
	return strings.TrimRight(text, "\n") + "\n"
}
