package harrier

import (
	"slices"
	"time"
)

// Event tells that something happened to an entity. Events carry names only:
// whoever needs more asks a room.
type Event struct {
	Kind   EventKind
	At     time.Time
	Site   ID
	Scan   ID
	Asset  ID
	Detail string
}

// EventKind is what happened.
type EventKind string

// The kinds of events.
const (
	ScanLaunched EventKind = "scan.launched"
	ScanEnded    EventKind = "scan.ended"  // however it ended
	ScanFailed   EventKind = "scan.failed" // ended otherwise than completed
	ScanHeld     EventKind = "scan.paused"
	ScanGoesOn   EventKind = "scan.resumed"
	FindingsNew  EventKind = "findings.new" // a scan ended that found what was not open before
	EngineLost   EventKind = "engine.lost"
)

// EventKinds lists the kinds of events.
var EventKinds = []EventKind{ScanLaunched, ScanEnded, ScanFailed, ScanHeld, ScanGoesOn, FindingsNew, EngineLost}

// Known reports whether there is such an event.
func (k EventKind) Known() bool { return slices.Contains(EventKinds, k) }
