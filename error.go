package harrier

import (
	"errors"
	"fmt"
)

// Kind says what the caller of a failed operation can do about it. Each
// dialect maps kinds to its own wire form in one table.
type Kind uint8

// The kinds of errors. An error that carries none is Internal.
const (
	Internal        Kind = iota // a fault of ours: report it
	Invalid                     // the request is wrong: change it
	Unauthenticated             // sign in first
	Forbidden                   // signed in, but not allowed
	NotFound                    // no such object, or none that the caller may see
	Conflict                    // right request, wrong moment: look at the state
	Unavailable                 // try again later
)

var kindNames = [...]string{"internal", "invalid", "unauthenticated", "forbidden", "not found", "conflict", "unavailable"}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// Error is a failure with a kind and a message for the client. The cause, if
// any, is for the log and never shown to a client.
type Error struct {
	Kind    Kind
	Field   string // the field of the request that is wrong; "" when there is none
	Message string // for the client
	cause   error
}

// Errorf returns an error of kind with a message for the client.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Invalidf returns an Invalid error about field; the message names the field.
func Invalidf(field, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Field: field, Message: field + ": " + fmt.Sprintf(format, args...)}
}

// Because returns e with the cause err, which errors.Is and errors.As find.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// Error returns the message and the cause.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the kind of the first Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// MessageOf returns the text of err that a client may see: the message of the
// first Error in its chain, or "internal error".
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal {
		return e.Message
	}
	return "internal error"
}
