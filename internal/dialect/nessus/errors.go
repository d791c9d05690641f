package nessus

import (
	"errors"
	"net/http"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// answer is what the door makes of a kind of error.
type answer struct {
	status int
	text   string // "" shows the error's own message
}

// answers is the whole error policy of this dialect.
//
// Source: nessus-api.md, section 2.4. NotFound never tells what is missing, so
// that it looks the same as what one may not see. 503 is left to Unavailable,
// where clients are right to try again.
var answers = map[harrier.Kind]answer{
	harrier.Invalid:         {http.StatusBadRequest, ""},
	harrier.Unauthenticated: {http.StatusUnauthorized, "Invalid Credentials"},
	harrier.Forbidden:       {http.StatusForbidden, ""},
	harrier.NotFound:        {http.StatusNotFound, "The requested file was not found"},
	harrier.Conflict:        {http.StatusConflict, ""},
	harrier.Unavailable:     {http.StatusServiceUnavailable, ""},
	harrier.Internal:        {http.StatusInternalServerError, "An internal server error occurred"},
}

// The door's own refusals.
var (
	errFileNotFound = said(harrier.NotFound, "The requested file was not found")
	errScanNotFound = said(harrier.NotFound, "Scan not found")
	errCredentials  = said(harrier.Unauthenticated, "Invalid Credentials")
)

// literal is an error whose text clients compare.
type literal struct{ as *harrier.Error }

// Error is the text.
func (l literal) Error() string { return l.as.Error() }

// Unwrap lets harrier.KindOf find the kind.
func (l literal) Unwrap() error { return l.as }

func said(kind harrier.Kind, text string) error {
	return literal{harrier.Errorf(kind, "%s", text)}
}

// whenMissing replaces a NotFound error by another one.
func whenMissing(err, by error) error {
	if err != nil && harrier.KindOf(err) == harrier.NotFound {
		return by
	}
	return err
}

// errorReply is the body of every failure.
type errorReply struct {
	Error string `json:"error"`
}

// fail tells a client of err.
func fail(w http.ResponseWriter, _ *http.Request, err error) {
	a := answers[harrier.KindOf(err)]
	var own literal
	if errors.As(err, &own) || a.text == "" {
		a.text = harrier.MessageOf(err)
	}
	if errors.Is(err, kit.ErrMethod) {
		a.status = http.StatusMethodNotAllowed
	}
	if a.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	body, err := kit.Marshal(errorReply{a.text})
	if err != nil { // a text always encodes
		body = []byte(`{"error":"An internal server error occurred"}`)
	}
	kit.WriteJSON(w, a.status, body)
}
