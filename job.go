package harrier

import "time"

// Job is one batch of a scan, as it goes to an engine. Running one twice does
// no harm.
type Job struct {
	Scan     ID      `json:"scan"`
	ScanUUID UUID    `json:"scan_uuid"`
	Batch    int     `json:"batch"` // from 1, unique in the scan
	Targets  Targets `json:"targets"`
	Plan     Plan    `json:"plan"`
	// Again says that an engine may have had the job before, whatever the attempt:
	// whoever takes it asks first which of its hosts are done. A bus that was killed
	// counts attempts anew, and a console that was killed can queue a batch again
	// whose end it has not taken in yet.
	Again bool `json:"again,omitempty"`
	// Sealed is what the scan signs in with, a list of Login, sealed for the engine
	// elsewhere that took the job. A job in the queue has none.
	Sealed []byte `json:"sealed,omitempty"`
}

// Result is one message from an engine about a batch. Exactly one of Host,
// Services, Observations, Coverage, Facts, Screenshots and Done says something, but
// for Host, which every message about a host carries so that it stands by itself.
//
// Results of one batch are ordered by (Attempt, Seq). Scan, Batch, Attempt and
// Seq together name a message: a repeat is harmless. What it says about a host
// is keyed by the host, so that a second attempt adds nothing twice.
type Result struct {
	Scan    ID     `json:"scan"`
	Batch   int    `json:"batch"`
	Attempt int    `json:"attempt"` // from 1: the deliveries of the job
	Seq     int    `json:"seq"`     // from 1
	Engine  string `json:"engine,omitempty"`

	Host         *Host         `json:"host,omitempty"`
	Services     []Service     `json:"services,omitempty"`     // of Host: found or recognised; a later one replaces
	Observations []Observation `json:"observations,omitempty"` // of Host: present ones
	Coverage     *Coverage     `json:"coverage,omitempty"`     // of Host: its run has ended
	Dead         []Span        `json:"dead,omitempty"`         // addresses that did not answer
	Facts        []Fact        `json:"facts,omitempty"`        // of a survey
	Screenshots  []Screenshot  `json:"screenshots,omitempty"`  // of pages that facts told of
	Done         *BatchDone    `json:"done,omitempty"`         // the batch has ended
}

// Span is a range of hosts of a batch that share an outcome, stored as one.
type Span struct {
	Target Target `json:"target"` // a range, or a name
	Count  int    `json:"count"`
	Reason string `json:"reason"`
}

// The reasons of a span that mean that a host was asked and is silent: nothing
// came back, or the last router on the way, which asked it by itself, says so.
// Others, a net that can not be reached or a rule that forbids to ask, mean that
// nobody knows.
const (
	NoAnswer        = "no answer"
	HostUnreachable = "icmp host unreachable"
)

// Silent reports whether reason says that a host was asked and is silent.
func Silent(reason string) bool { return reason == NoAnswer || reason == HostUnreachable }

// BatchDone ends a batch.
type BatchDone struct {
	At      time.Time `json:"at"`
	Stopped bool      `json:"stopped,omitempty"` // told to stop before the end
	Error   string    `json:"error,omitempty"`   // a fault that ended it early
}

// Batch is how a batch of a scan stands, for the record.
type Batch struct {
	Scan    ID
	Number  int
	Targets Targets
	Done    bool
	Attempt int // of the result that ended it
}

// Heartbeat is what an engine says of itself every few seconds, and at once
// when it follows a command.
type Heartbeat struct {
	Engine Engine     `json:"engine"`
	Active []Activity `json:"active,omitempty"` // batches in hand
	// Queues are where its work comes from: its pool for the console's own engine,
	// and what the console knows of one elsewhere.
	Queues []string `json:"queues,omitempty"`
	// Properties are those that the engine follows, see CheckProperties.
	Properties map[string]string `json:"properties,omitempty"`
}

// Activity is a batch in an engine's hands.
type Activity struct {
	Scan  ID   `json:"scan"`
	Batch int  `json:"batch"`
	Held  bool `json:"held,omitempty"` // paused: no packet leaves for it
}
