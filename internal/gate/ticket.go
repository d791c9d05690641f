package gate

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// Box seals for this console, so that only it can read. It is a method set of
// the secret package.
type Box interface {
	Seal(purpose string, text []byte) ([]byte, error)
	Unseal(purpose string, sealed []byte) ([]byte, error)
}

// ticket is the console's word that it gave a batch to an engine.
type ticket struct {
	Scan    harrier.ID `json:"s"`
	Batch   int        `json:"b"`
	Attempt int        `json:"a"`
	Handle  string     `json:"h"` // of the delivery on the bus
	Given   int64      `json:"g"` // when, in nanoseconds: of two tickets for a batch the later one counts
}

func ticketFor(e harrier.UUID) string { return "ticket of engine " + e.String() }

func (t ticket) seal(box Box, e harrier.UUID) ([]byte, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return box.Seal(ticketFor(e), b)
}

// readTicket answers Forbidden for a ticket that this console did not give to
// that engine.
func readTicket(box Box, e harrier.UUID, sealed []byte) (t ticket, err error) {
	b, err := box.Unseal(ticketFor(e), sealed)
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil {
		return t, harrier.Errorf(harrier.Forbidden, "this batch was not given to you").Because(err)
	}
	return t, nil
}

// given remembers which engine has each batch, and when it last proved that.
// What a restart forgets the engines prove again by their tickets. Its methods
// may overlap.
type given struct {
	mu   sync.Mutex
	last map[harrier.ID]map[int]holding
}

// holding is a batch in an engine's hands.
type holding struct {
	engine harrier.UUID
	ticket ticket // with the newest handle
	proved time.Time
}

func newGiven() *given { return &given{last: map[harrier.ID]map[int]holding{}} }

// hand notes that a batch went to e.
func (g *given) hand(t ticket, e harrier.UUID, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.put(t, e, now)
}

// put is hand; the caller holds mu.
func (g *given) put(t ticket, e harrier.UUID, now time.Time) {
	of := g.last[t.Scan]
	if of == nil {
		of = map[int]holding{}
		g.last[t.Scan] = of
	}
	of[t.Batch] = holding{e, t, now}
}

// prove takes a ticket of e as the proof that e has the batch, and returns the
// newest handle of that. It answers Conflict when the batch went to another
// engine since.
func (g *given) prove(t ticket, e harrier.UUID, now time.Time) (handle string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h, known := g.last[t.Scan][t.Batch]
	switch {
	case known && h.engine != e && h.ticket.Given >= t.Given:
		return "", harrier.Errorf(harrier.Conflict, "the batch was given to another engine")
	case known && h.engine == e && h.ticket.Given >= t.Given:
		t = h.ticket
	}
	g.put(t, e, now)
	return t.Handle, nil
}

// holder is who has proved since an instant that the batch of job is in its
// hands, and when.
func (g *given) holder(job harrier.Job, since time.Time) (e harrier.UUID, proved time.Time, held bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h, known := g.last[job.Scan][job.Batch]
	return h.engine, h.proved, known && h.proved.After(since)
}

// adopt makes a further delivery of a batch that is in hand the one that its
// holder settles.
func (g *given) adopt(job harrier.Job, handle string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h, known := g.last[job.Scan][job.Batch]; known {
		h.ticket.Handle = handle
		g.last[job.Scan][job.Batch] = h
	}
}

// drop forgets what was acknowledged or given back.
func (g *given) drop(t ticket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.last[t.Scan], t.Batch)
	if len(g.last[t.Scan]) == 0 {
		delete(g.last, t.Scan)
	}
}
