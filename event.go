package harrier

import "time"

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
	ScanEnded    EventKind = "scan.ended"
	EngineLost   EventKind = "engine.lost"
)
