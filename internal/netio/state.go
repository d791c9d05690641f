package netio

import (
	"github.com/harrier-scan/harrier/internal/netio/dial"
	"github.com/harrier-scan/harrier/internal/netio/sweep"
)

// State is what an attempt to reach a port told.
type State = sweep.State

// The states.
const (
	Local       = sweep.Local
	Open        = sweep.Open
	Closed      = sweep.Closed
	Silent      = sweep.Silent
	Unreachable = sweep.Unreachable
)

// Classify reads the error of a connection attempt or of an exchange. Errors
// that it does not know are Local: they must not count as an answer.
func Classify(err error) State { return dial.Classify(err) }
