package dial

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"syscall"

	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// Classify reads the error of a connection attempt or of an exchange. Errors
// that it does not know are Local: they must not count as an answer.
func Classify(err error) sweep.State {
	var timeout net.Error
	var number syscall.Errno
	switch {
	case err == nil:
		return sweep.Open
	case errors.Is(err, context.Canceled):
		return sweep.Local
	case errors.As(err, &number):
		return classify(number)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return sweep.Silent
	}
	return sweep.Local
}

func classify(number syscall.Errno) sweep.State {
	switch {
	case slices.Contains(refusedErrors, number):
		return sweep.Closed
	case slices.Contains(unreachableErrors, number):
		return sweep.Unreachable
	case slices.Contains(silentErrors, number):
		return sweep.Silent
	}
	return sweep.Local
}
