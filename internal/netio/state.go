package netio

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"syscall"
)

// State is what an attempt to reach a port told.
type State uint8

// The states. Local says nothing about the target: it is to be tried again.
const (
	Local       State = iota // our own resources are exhausted, or we were told to stop
	Open                     // it accepted
	Closed                   // it refused: the host answers
	Silent                   // nothing came back in time
	Unreachable              // a router or the host itself said that it can not be reached
)

var stateNames = [...]string{"local", "open", "closed", "silent", "unreachable"}

// String returns the state in lower case.
func (s State) String() string { return stateNames[min(s, Unreachable)] }

// Answered reports whether the host itself showed that it is there.
func (s State) Answered() bool { return s == Open || s == Closed }

// Filtered reports whether something stands between us and the port, or
// nothing is there.
func (s State) Filtered() bool { return s == Silent || s == Unreachable }

// Classify reads the error of a connection attempt or of an exchange. Errors
// that it does not know are Local: they must not count as an answer.
func Classify(err error) State {
	var timeout net.Error
	var number syscall.Errno
	switch {
	case err == nil:
		return Open
	case errors.Is(err, context.Canceled):
		return Local
	case errors.As(err, &number):
		switch {
		case slices.Contains(refusedErrors, number):
			return Closed
		case slices.Contains(unreachableErrors, number):
			return Unreachable
		case slices.Contains(silentErrors, number):
			return Silent
		}
		return Local
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return Silent
	}
	return Local
}
