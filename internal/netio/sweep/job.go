package sweep

import (
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Job is one host and what it is asked.
type Job struct {
	Addr       netip.Addr
	Plan       *Plan
	First      bool          // ends with the first sign of life
	StopSilent bool          // ends as soon as the host stops answering; else it is given some 15 s to come back
	RTT        time.Duration // measured before; 0 when it was not
	Witness    Item          // what the host answered before, if Known
	Known      bool
	Guess      bool          // Witness is only hoped for: what the host answers first takes its place
	Tries      int           // how often at most a question is asked, and with First how often; 0 means as often as the loss on the way asks for
	MinWait    time.Duration // for an answer, at least; 0 means a customary one
	MaxWait    time.Duration // for an answer, at most; 0 means a customary one
	Flight     int           // questions that may be without an answer at a time, where the transport tells of silence; 0: no limit
	NoLimits   bool          // a host that answers only so many questions a second is not asked at that pace
	NoProof    bool          // silence need not be proven: the host is not asked at the end whether it still answers
	NoResets   bool          // a reset is no sign of life
	NoRoute    bool          // a router's word that there is no host ends the job like a sign of life
	Limit      *Limit        // each packet to the host takes a token; nil means no cap
}

// Limit caps what is sent to a host. The zero value caps nothing; a cap may be
// stored at any time, from any goroutine.
type Limit = atomic.Pointer[rate.Limiter]

// Reply is what one question brought.
type Reply struct {
	Item   Item
	State  State // Open, Closed or Unreachable
	Self   bool  // it is Unreachable, and the host itself said so
	RTT    time.Duration
	TTL    uint8
	Window uint16
	MAC    [6]byte
	Type   uint8 // of the ICMP or ICMPv6 error that made it Unreachable; 0 when it was not seen
	Code   uint8
	DF     bool    // of a raw IPv4 answer
	IPID   uint16  // of a raw IPv4 answer
	Traits *Traits // of an answer to Stack; else nil
}

// Report is what became known of a host.
type Report struct {
	Sent   int  // packets, repeats among them
	Passes int  // how often the plan was gone through
	Alive  bool // the host answered something, or said itself that it does not
	GaveUp bool // the host stopped answering and was left alone

	plan                   *Plan
	settled, open, refused set // refused: unreachable; open and refused may be nil
	untold                 set // not asked for reasons of our own; may be nil
	proven                 int // silence is proven below this index
}

// State says what is known of question i of the plan: Open, Closed or
// Unreachable as it was answered, Silent when it was not although the host
// still answered other questions later, and Local when nothing is known.
func (r *Report) State(i int) State {
	switch {
	case r.settled == nil:
		return Local
	case r.settled.has(i) && r.open != nil && r.open.has(i):
		return Open
	case r.settled.has(i) && r.refused != nil && r.refused.has(i):
		return Unreachable
	case r.settled.has(i):
		return Closed
	case i < r.proven && (r.untold == nil || !r.untold.has(i)):
		return Silent
	default:
		return Local
	}
}

// Unsettled counts the questions that were not answered.
func (r *Report) Unsettled() int {
	n := 0
	for i := r.settled.next(0, r.plan.Len()); i < r.plan.Len(); i = r.settled.next(i+1, r.plan.Len()) {
		n++
	}
	return n
}
