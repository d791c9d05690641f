package asm

import (
	"errors"
	"net/http"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/survey"
)

// problem is an error as clients see it.
type problem struct {
	status  int
	code    string
	message string
}

// Error is the text for people.
func (p *problem) Error() string { return p.message }

// problems is the whole error policy of this dialect, beside the codes below.
// Conflict has no status of its own: no operation is said to answer 409.
var problems = map[harrier.Kind]problem{
	harrier.Invalid:         {http.StatusBadRequest, "invalid_request", ""},
	harrier.Unauthenticated: {http.StatusUnauthorized, "unauthorized", ""},
	harrier.Forbidden:       {http.StatusForbidden, "forbidden", ""},
	harrier.NotFound:        {http.StatusNotFound, "not_found", ""},
	harrier.Conflict:        {http.StatusBadRequest, "conflict", ""},
	harrier.Unavailable:     {http.StatusServiceUnavailable, "unavailable", ""},
	harrier.Internal:        {http.StatusInternalServerError, "internal_error", "An unexpected error occurred. Please look into the log of this console."},
}

// codes are the reasons of the room that clients tell apart by their text.
//
// Source: sections 4.5 and 5.
var codes = []error{
	survey.ErrSeed, survey.ErrSeedExists, survey.ErrSeedLimit, survey.ErrTags, survey.ErrReserved, survey.ErrNoSeeds, survey.ErrRunning, survey.ErrDisabled,
	survey.ErrType, survey.ErrSchedule, survey.ErrGroup, survey.ErrMark, survey.ErrIteration,
}

// invalid says what is wrong with a part of a request.
func invalid(what, message string) error {
	return &problem{http.StatusBadRequest, "invalid_" + what, what + ": " + message}
}

var errTooLarge = &problem{http.StatusBadRequest, "body_too_large", "the body is too large"}

// errorBody is the body of every failure.
type errorBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// fail tells a client of err.
func (a api) fail(w http.ResponseWriter, r *http.Request, err error) {
	var own *problem
	var known *harrier.Error
	p := problems[harrier.KindOf(err)]
	switch {
	case errors.As(err, &own):
		p = *own
	case errors.Is(err, kit.ErrMethod):
		p = problem{http.StatusMethodNotAllowed, "method_not_allowed", harrier.MessageOf(err)}
	default:
		for _, c := range codes {
			if errors.Is(err, c) {
				p.code = c.Error()
			}
		}
		if errors.As(err, &known) && known.Kind == harrier.Invalid && known.Field != "" {
			p.code = "invalid_" + known.Field
		}
		if p.message == "" {
			p.message = harrier.MessageOf(err)
		}
	}
	kit.Drain(r)
	if r.Context().Err() == nil && p.status >= http.StatusInternalServerError {
		a.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	body, err := kit.Marshal(errorBody{p.code, p.message})
	if err != nil {
		body = []byte(`{"code":"internal_error","message":""}`)
	}
	kit.WriteJSON(w, p.status, body)
}

// unless is err, but for one of a kind: that is an answer here.
func unless(kind harrier.Kind, err error) error {
	if err != nil && harrier.KindOf(err) == kind {
		return nil
	}
	return err
}
