package probe

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier/internal/netio"
)

// The conversations that may go on at a time: with one host when NewPeer is not
// told, and with all. What one costs is bounded (an answer of maxReply, a
// handshake, two stacks), so the second number bounds memory: with 10,000 ports
// in hand whose peers say as much as they may, the process stays below 512 MiB.
const (
	hostPlaces = 128
	allPlaces  = 1536
)

// everybody is the gate before all conversations of the process. A closer look
// may hold some connections more than its one place, hence only a part of what
// the process may open.
var everybody = sync.OnceValue(func() *gate { return newGate(min(allPlaces, max(8, netio.Files()/3))) })

// How many ports of one host that nobody recognises are asked about protocols
// that their numbers give no reason for: the first patientPorts with patience,
// the others up to oddPorts briefly.
const (
	patientPorts = 16
	oddPorts     = 64
	briefWait    = time.Second
)

// Peer is what the identifications of one host share: a bound of what goes on
// with it at a time, and what its ports were like so far. Its methods may
// overlap.
type Peer struct {
	gate *gate
	odd  atomic.Int32 // ports that came to unlikely questions, and were not recognised by them
}

// NewPeer returns a Peer that bounds the conversations with the host to places;
// 0 means 128.
func NewPeer(places int) *Peer {
	if places <= 0 {
		places = hostPlaces
	}
	return &Peer{gate: newGate(places)}
}

// enter waits for a place with the host and in the process.
func (p *Peer) enter(ctx context.Context, r rank) (leave func(), err error) {
	if err := p.gate.enter(ctx, r); err != nil {
		return nil, err
	}
	if err := everybody().enter(ctx, r); err != nil {
		p.gate.leave(r)
		return nil, err
	}
	return func() {
		everybody().leave(r)
		p.gate.leave(r)
	}, nil
}

// patience is how long the answer to an unlikely question is waited for at the
// n-th odd port; 0 means that it is not asked.
func (p *Peer) patience(n int32, usual time.Duration) time.Duration {
	switch {
	case n <= patientPorts:
		return usual
	case n <= oddPorts:
		return min(briefWait, usual)
	}
	return 0
}
