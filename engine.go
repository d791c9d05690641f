package harrier

import "time"

// Engine is a worker process that runs scans from its place in the network.
type Engine struct {
	ID       ID
	UUID     UUID
	Name     string
	Pool     string // whose queue it serves
	Version  string
	Hostname string
	Raw      bool      // may send raw packets
	Started  time.Time // of the process
	LastSeen time.Time // of the last heartbeat
	Running  int       // batches in hand
}

// LocalPool is the pool of the engine that every console starts.
const LocalPool = "local"

// Alive reports whether the engine has been heard of within the last minute.
func (e Engine) Alive(now time.Time) bool { return now.Sub(e.LastSeen) < time.Minute }
